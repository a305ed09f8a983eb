"""
Filing: notes and receipts are published, then the original goes to its final place.

Owns that order and what a half-done filing looks like (RELIABILITY 3.4, L10 to L15). The steps are taken group by
group, because the disk syncs many small files in less time than one after the other: look at all, write all companions,
sync them, then item by item publish and move. The directories are synced once, at the end. A crash anywhere leaves each
original at one of its two places, and the same filing again goes on from there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from hotfolder.core import file_troubles
from hotfolder.core.litter import WORKING
from hotfolder.core.messages import Fate, FilingItem, FilingResult, FilingStatus
from hotfolder.edges.files.alike import AlikeNames
from hotfolder.edges.files.beneath import Directories, is_ours_alone, is_version, split
from hotfolder.edges.files.publish import Companion, Found, Publisher, encoded, temporary_name
from hotfolder.edges.files.returning import bring_back
from hotfolder.edges.files.words import OF_THE_DISK, of_path, shown, trouble, why
from hotfolder.ports import FolderError

_GROUP: Final = 32  # items: up to twice as many files are open at a time, and more would not sync any faster

_OF_ALL: Final = OF_THE_DISK - {errno.ENOSPC, errno.EDQUOT}
"""
Troubles that every other item would have too.

A full disk is not among them: most items need no room, and those with notes and receipts wait by themselves.
"""


@dataclass(slots=True)
class _Plan:
    """One item on its way."""

    item: FilingItem
    companions: list[Companion] = field(default_factory=list)  # those still to be published
    is_to_move: bool = True  # False: an earlier attempt did, or there is nothing to do
    is_replaced: bool = False  # another version lies where the original was to stay
    is_lost: bool = False  # the original is at neither place; what is known of it is still published
    result: FilingResult | None = None  # set = decided, nothing more is done


class Filing:
    """One call of `Files.file_away`."""

    def __init__(self, directories: Directories) -> None:
        self._directories = directories
        self._calls = directories.calls
        self._device = directories.device
        self._publisher = Publisher(directories)
        self._alike = AlikeNames(directories)

    def file_away(self, items: Sequence[FilingItem]) -> list[FilingResult]:
        """
        File each.

        Raises FolderError for trouble that every other file would have too, and when the directories cannot be synced
        at the end; what was filed by then is found filed the next time.
        """
        plans = [_Plan(item) for item in items]
        for start in range(0, len(plans), _GROUP):
            self._file_group(plans[start : start + _GROUP])
        self._directories.sync()
        self._remove_emptied(plans)
        return [plan.result or self._done(plan) for plan in plans]

    def _remove_emptied(self, plans: Sequence[_Plan]) -> None:
        """
        Remove the directories that claiming made and filing has emptied.

        A file whose claim failed may be on its way into one of them again: then that fails once more, and is tried
        again.
        """
        for path in dict.fromkeys(split(plan.item.source_path)[0] for plan in plans):
            while path != WORKING and is_ours_alone(path):
                path, _, name = path.rpartition("/")
                with suppress(OSError):  # it has something in it yet, or is gone
                    self._calls.rmdir(name, self._directories.open(path))

    def _done(self, plan: _Plan) -> FilingResult:
        if plan.is_lost:
            return FilingResult(plan.item.drop, FilingStatus.MISSING)
        return FilingResult(plan.item.drop, FilingStatus.REPLACED if plan.is_replaced else FilingStatus.FILED)

    def _file_group(self, plans: Sequence[_Plan]) -> None:
        for step in (self._look, self._write, self._sync, self._publish_and_move):
            for plan in plans:
                if plan.result is None:
                    try:
                        step(plan)
                    except OSError as error:
                        reason = trouble(plan.item.source_path, error)
                        self._end(plan, FilingStatus.FAILED, reason)
                        if error.errno in _OF_ALL:
                            raise FolderError(
                                trouble(f"{self._directories.root}/{plan.item.source_path}", error)
                            ) from error

    def _end(self, plan: _Plan, status: FilingStatus, reason: str = "") -> None:
        """Stop with an item, and leave nothing of it behind that this call made."""
        for companion in plan.companions:
            self._publisher.drop(companion)
        plan.result = FilingResult(plan.item.drop, status, reason)

    # --- the steps ---

    def _look(self, plan: _Plan) -> None:
        """Decide from what lies where: nothing is touched before all names are known to be free or ours."""
        item = plan.item
        texts = [text for text in (item.note, item.receipt) if text is not None]
        companions = [
            Companion(path, encoded(text), temporary_name(f"{item.drop}-{number}"))
            for number, (path, text) in enumerate(texts)
        ]
        if item.fate is Fate.MOVE:
            self._look_at_both_places(plan)
        elif item.fate is Fate.DELETE:
            self._look_at_what_to_delete(plan)
        else:
            source = self._directories.lstat(item.source_path)
            plan.is_to_move = False
            plan.is_replaced = source is not None and not self._is_original(source, item, is_alone=False)
        if plan.result is not None:
            self._take_back(companions)
            return
        for companion in companions:
            found = self._publisher.find(companion.path, companion.data)
            if found is Found.OTHER:
                self._clear(companions)
                self._end(plan, FilingStatus.TAKEN, of_path(companion.path, file_troubles.NAME_TAKEN))
                return
            if found is Found.NOTHING:
                plan.companions.append(companion)
            else:
                self._publisher.clear(companion)  # its second name, where a crash cut a move by links in two
        self._look_for_alike_names(plan)

    def _clear(self, companions: Sequence[Companion]) -> None:
        """Nothing will be published here: remove what an attempt that was cut short may have left."""
        for leftover in companions:
            self._publisher.clear(leftover)

    def _take_back(self, companions: Sequence[Companion]) -> None:
        """Nothing is filed here after all: remove also what such an attempt had published."""
        self._clear(companions)
        for companion in companions:
            self._publisher.take_back(companion)

    def _look_for_alike_names(self, plan: _Plan) -> None:
        paths = [companion.path for companion in plan.companions]
        if plan.is_to_move and plan.item.fate is Fate.MOVE:
            paths.append(plan.item.target_path)
        for path in paths:
            other = self._alike.taken(path)
            if other is not None:
                self._end(plan, FilingStatus.TAKEN, of_path(path, file_troubles.TOO_ALIKE.format(name=shown(other))))
                return
        for path in paths:
            self._alike.add(path)

    def _look_at_both_places(self, plan: _Plan) -> None:
        item = plan.item
        target = self._directories.lstat(item.target_path)
        source = self._directories.lstat(item.source_path)
        # by link and unlink that a crash cut in two, or on a disk that kept the new name but not that the old is gone
        is_half_moved = target is not None and source is not None and source.st_ino == target.st_ino
        if is_half_moved and self._is_dropped_again(source, item):
            target_parent, name = split(item.target_path)
            self._calls.unlink(name, self._directories.open(target_parent))
            self._directories.has_lost(target_parent)
            self._end(plan, FilingStatus.MISSING)
        elif target is not None and not (is_half_moved or self._is_original(target, item, is_alone=source is None)):
            self._end(plan, FilingStatus.TAKEN, of_path(item.target_path, file_troubles.NAME_TAKEN))
        elif target is not None:
            plan.is_to_move = False
            # an earlier attempt moved it, perhaps without living to sync either directory
            target_parent, _ = split(item.target_path)
            source_parent, name = split(item.source_path)
            self._directories.has_gained_with_parents(target_parent)
            self._directories.has_lost(source_parent)
            if is_half_moved:
                self._calls.unlink(name, self._directories.open(source_parent))
        elif source is None and is_ours_alone(item.source_path):
            # Claimed and gone: its dropper finds the note all the same (RELIABILITY L9).
            plan.is_to_move = False
            plan.is_lost = True
        elif source is None:
            self._end(plan, FilingStatus.MISSING)  # its dropper took it back
        elif not self._is_original(source, item, is_alone=True):
            self._end_with_another_version(plan)

    def _is_dropped_again(self, source: os.stat_result | None, item: FilingItem) -> bool:
        """Return whether its dropper has written another version into a file that still had its first name."""
        if source is None or item.identity is None or is_ours_alone(item.source_path):
            return False
        return not is_version(source, item.identity, self._device)

    def _is_original(self, found: os.stat_result, item: FilingItem, *, is_alone: bool) -> bool:
        if item.identity is not None:
            return is_version(found, item.identity, self._device)
        return is_alone and stat.S_ISREG(found.st_mode) and found.st_dev == self._device

    def _end_with_another_version(self, plan: _Plan) -> None:
        """Another file than the one meant lies at the source: in `_working` a fault, elsewhere somebody's new drop."""
        if is_ours_alone(plan.item.source_path):
            self._end(plan, FilingStatus.CHANGED, of_path(plan.item.source_path, file_troubles.CHANGED_SINCE))
        else:
            self._end(plan, FilingStatus.MISSING)

    def _look_at_what_to_delete(self, plan: _Plan) -> None:
        item = plan.item
        source = self._directories.lstat(item.source_path)
        if source is None:
            plan.is_to_move = False  # by an earlier attempt, perhaps without living to sync that
            self._directories.has_lost(split(item.source_path)[0])
        elif item.identity is None or not is_version(source, item.identity, self._device):
            self._end_with_another_version(plan)

    def _write(self, plan: _Plan) -> None:
        for companion in plan.companions:
            self._publisher.write(companion)

    def _sync(self, plan: _Plan) -> None:
        for companion in plan.companions:
            self._publisher.sync(companion)

    def _publish_and_move(self, plan: _Plan) -> None:
        for companion in plan.companions:
            if not self._publisher.publish(companion):
                self._end(plan, FilingStatus.TAKEN, of_path(companion.path, file_troubles.NAME_TAKEN))
                return
        # A crash here leaves companions without their original; the next attempt knows them by their bytes.
        if not plan.is_to_move:
            return
        if plan.item.fate is Fate.DELETE:
            self._delete(plan)
        else:
            self._move(plan)

    # --- originals ---

    def _delete(self, plan: _Plan) -> None:
        # its companions took their time, in which somebody may have written into it through an open handle
        self._look_at_what_to_delete(plan)
        if plan.result is not None or not plan.is_to_move:
            return
        parent, name = split(plan.item.source_path)
        self._calls.unlink(name, self._directories.open(parent))
        self._directories.has_lost(parent)

    def _move(self, plan: _Plan) -> None:
        item = plan.item
        source_parent, source = split(item.source_path)
        target_parent, target = split(item.target_path)
        target_fd = self._directories.make(target_parent)
        source_fd = self._directories.open(source_parent)
        self._directories.has_moved(source_parent, target_parent)
        try:
            self._calls.rename(source, source_fd, target, target_fd)
        except OSError as error:
            # A network file system may report an error for a rename that was done.
            moved = self._directories.lstat(item.target_path)
            is_gone = self._directories.lstat(item.source_path) is None
            if moved is not None and is_gone and self._is_original(moved, item, is_alone=True):
                return
            if error.errno == errno.EEXIST:
                self._end(plan, FilingStatus.TAKEN, of_path(item.target_path, file_troubles.NAME_TAKEN))
                return
            if error.errno in _OF_ALL:
                raise
            reason = file_troubles.NOT_MOVED.format(place=shown(item.target_path), why=why(error))
            self._end(plan, FilingStatus.FAILED, of_path(item.source_path, reason))
            return
        if not is_ours_alone(item.source_path) and self._has_given_back(item):
            self._end(plan, FilingStatus.MISSING)

    def _has_given_back(self, item: FilingItem) -> bool:
        """
        Put back what was moved if it is not what was meant: between the look and the move its dropper replaced it.

        If something else has its place by then, it stays where it is, beside its note.
        """
        moved = self._directories.lstat(item.target_path)
        if moved is None or item.identity is None or is_version(moved, item.identity, self._device):
            return False
        return bool(bring_back(self._directories, [(item.target_path, item.source_path)]))
