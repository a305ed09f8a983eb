"""
One hot folder: whether it can be used, what is seen in it, and what people want held.

A desk per hot folder. What is seen settles (`settling`), passes the gate (`gate`) and then stands ready (`standing`).
Knows nothing of jobs or the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from hotfolder.core import wording
from hotfolder.core.board import Board, backoff_s
from hotfolder.core.collisions import Collisions
from hotfolder.core.companions import is_companion_name
from hotfolder.core.formats import finder
from hotfolder.core.gate import Gate, Ways
from hotfolder.core.ignored import Ignored
from hotfolder.core.litter import is_status_file
from hotfolder.core.messages import EntryKind, Found, LookResult, OpenFolder, RecallResult
from hotfolder.core.model import Drop, DropState, Identity, KnownFolder
from hotfolder.core.settings import FolderSettings
from hotfolder.core.settling import Settling, SettlingFiles
from hotfolder.core.standing import Standing
from hotfolder.core.walks import Walk, Walks


class Desk:
    """One hot folder's intake."""

    def __init__(
        self,
        board: Board,
        folder: FolderSettings,
        *,
        known: KnownFolder,
        poison: Mapping[str, Identity] | None = None,
        on_ready: Callable[[Drop], None],
        on_gone: Callable[[Drop], None],
        on_refused: Callable[[Drop], None],
        max_post_bytes: Callable[[], int | None],
        collisions: Collisions,
    ) -> None:
        self.board = board
        self.folder = folder
        self.state: Literal["opening", "watching", "polling", "degraded", "held"] = "opening"
        self._mode: Literal["watching", "polling"] = "watching"  # as of the last time it came up
        self.reason: str | None = None  # of being degraded or held
        self._is_known = known.path == str(folder.path)  # else its files are counted first, as those of a new one
        self._mount_point = known.mount_point
        self._held_by_person = known.held
        self._denied: str | None = None  # why the server would not take more of its files, until a person releases it
        self.retired = False  # no longer configured: takes nothing in, and brings what it has to its end
        self._held_paths = set(known.held_paths)  # files that a person holds before they are complete
        self._ignored = Ignored()
        self._files = SettlingFiles(board, folder, poison or {})
        self.standing = Standing(board, folder, on_ready=on_ready, on_gone=on_gone)
        self._gate = Gate(
            board,
            self._files,
            self.standing,
            ways=Ways(ignore=self._ignore, is_held=self._takes_hold, refused=on_refused),
            max_post_bytes=max_post_bytes,
            collisions=collisions,
        )
        self._walks = Walks(board, folder)
        self._overfull = False  # something was seen for which there was no room
        self._failures = 0
        self._open_s: float | None = board.now.monotonic  # when to open the folder (again)

    @property
    def settling(self) -> Mapping[str, Settling]:
        """What settles, by path."""
        return self._files.entries

    @property
    def in_place(self) -> Mapping[str, Drop]:
        """Ready drops by path."""
        return self.standing.in_place

    @property
    def ignored(self) -> Mapping[str, str]:
        """What is ignored, and why: the first thousand."""
        return self._ignored.names

    @property
    def ignored_count(self) -> int:
        """How much is ignored."""
        return self._ignored.count

    # --- the folder itself ---

    def came_up(self, mode: Literal["watching", "polling"], mount_point: str) -> None:
        """The folder can be used: everything about it is looked at afresh."""
        if self.state == "degraded":
            self.board.tell("folder.recovered", folder=self.folder.name)
        self._failures = 0
        self._open_s = None
        self._mode = mode
        self.state = mode
        self.reason = None
        if self._held_by_person or self._denied:
            self._hold_all(self._denied or wording.BY_PERSON)
        has_moved = mount_point != self._mount_point
        self._mount_point = mount_point
        if not self._is_known and not self.folder.first_run_limit:  # nothing to count for: a million names take seconds
            self._is_known = has_moved = True
        if has_moved:
            self._remember_if_known()
        self._walks.reset(None if self.retired else self.board.now.monotonic)
        self._files.look_at_all()

    def went_down(self, reason: str) -> None:
        """The folder cannot be used; it is tried again."""
        if self.state != "degraded":
            self.board.tell("folder.degraded", "warning", folder=self.folder.name, reason=reason)
        self.state = "degraded"
        self.reason = reason
        self._walks.reset(None)
        if self._open_s is None:  # else this is one more answer to what was asked before it went down
            self._failures += 1
            self._open_s = self.board.now.monotonic + backoff_s(1.0, 60.0, self._failures)

    @property
    def is_up(self) -> bool:
        """Whether files can be looked at."""
        return self.state in ("watching", "polling", "held")

    @property
    def may_send(self) -> bool:
        """Whether batches may form."""
        return self.state in ("watching", "polling")

    def change(self, folder: FolderSettings, nameless: Iterable[Drop] = ()) -> None:
        """
        The folder's settings were read again: drops that are ready follow them, those that were claimed do not.

        But for the `nameless`: claimed ones that were in no POST and wait for what their options name and nobody knows.
        """
        was_retired, self.retired = self.retired, False
        self.folder = self._files.folder = self._walks.folder = folder
        self.standing.change(folder, nameless)
        for entry in list(self.settling.values()):
            if not is_companion_name(entry.path) and self.standing.router.ignored(entry.path) is not None:
                self._files.forget(entry)
        if was_retired and self.state == "degraded":
            self._open_s = self.board.now.monotonic
        elif self.may_send:
            self._walks.want_full()

    def retire(self) -> None:
        """The folder is no longer configured: what still lies in its place is left there."""
        self.retired = True
        self.standing.leave_alone()
        for entry in list(self.settling.values()):
            self._files.forget(entry)
        self._walks.reset(None)

    def hold(self, paths: Iterable[str]) -> None:
        """A person wants these files to wait; of no paths, the whole folder."""
        paths = tuple(paths)
        if not paths:
            self._held_by_person = True
            self._remember()
            self._hold_all(wording.BY_PERSON)
        for path in paths:
            drop = self.in_place.get(path)
            if drop is None:
                self._held_paths.add(path)
                self._remember_if_known()
            elif drop.state is DropState.READY:
                self.standing.hold(drop)

    def deny(self, reason: str) -> None:
        """The server would not take more of its files either: they wait for a person, or for the next start."""
        self._denied = wording.DENIED.format(reason=reason)
        self._hold_all(self._denied)

    def release(self, paths: Iterable[str]) -> None:
        """A person lets these files go on; of no paths, the whole folder."""
        paths = tuple(paths)
        for path in paths:
            if path in self._held_paths:
                self._held_paths.discard(path)
                self._remember_if_known()
            if self._files.poison.pop(path, None) is not None and path in self.settling:
                self._files.look(self.settling[path])
            drop = self.in_place.get(path)
            if drop is not None:
                self.standing.release(drop)
        if paths:
            return
        self._held_by_person = False
        self._denied = None
        self._is_known = True
        self._remember()
        if self.state == "held":
            self.state = self._mode
            self.reason = None
            self.board.tell("folder.recovered", folder=self.folder.name)
            self._walks.want_full()

    def _remember(self) -> None:
        self.board.journal.remember_folder(
            KnownFolder(
                self.folder.name,
                str(self.folder.path),
                self._held_by_person,
                tuple(sorted(self._held_paths)),
                self._mount_point,
            )
        )

    def _remember_if_known(self) -> None:
        if self._is_known:  # else it would be known at the next start, and its files not counted
            self._remember()

    def _takes_hold(self, path: str) -> bool:
        """Whether a person holds a file that is ready now; from now on the drop itself is held."""
        if path not in self._held_paths:
            return False
        self._held_paths.discard(path)
        self._remember_if_known()
        return True

    def _hold_all(self, reason: str) -> None:
        if self.state in ("watching", "polling"):
            self.state = "held"
            self.reason = reason
            self.board.tell("folder.held", "warning", folder=self.folder.name, reason=reason)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more will come of what lies here now, without a change from outside."""
        if self.state in ("degraded", "held") or self.retired:
            return True
        if not self._walks.is_idle or self._overfull:
            return False
        return all(entry.held or self._never_rests(entry) for entry in self.settling.values())

    def _never_rests(self, entry: Settling) -> bool:
        """Whether a file is still being written after all the time that a single pass can give it."""
        if not self.board.once or entry.track is None or entry.looking:  # this look may hold it in its place
            return False
        return self.board.now.monotonic - entry.track.first_seen_s > self.folder.settle.limit_s

    # --- hints ---

    def changed(self, files: Iterable[str], directories: Iterable[str]) -> None:
        """The watch saw something."""
        if not self.may_send or not self._is_known:
            return
        for path in files:
            self._see(path, closed=True)
            self._beside(path)
        self._walks.want(directories)

    def _beside(self, path: str) -> None:
        """Look at a file at once when Finder's data beside it changes: that is how a copy from a Mac ends."""
        above, slash, name = path.rpartition("/")
        entry = self.settling.get(above + slash + name.removeprefix(finder.APPLE_DOUBLE_NAME))
        if entry is not None and entry.path != path and not entry.looking:
            self._files.look(entry)

    def overflowed(self) -> None:
        """The watch lost events: only a full scan tells."""
        if not self.retired:
            self._walks.want_full()

    def found(self, event: Found) -> None:
        """A chunk of our scan has come in."""
        walk = self._walks.current
        if walk is None or not self._walks.is_current(event.scan):
            return
        for entry in event.entries:
            if entry.kind is EntryKind.FILE:
                walk.unseen.discard(entry.path)
                self._see(entry.path, closed=False, census=walk)
            elif entry.kind is EntryKind.OTHER:
                self._see(entry.path, closed=False, census=walk)
            else:
                self._ignore(entry.path, entry.reason or entry.kind.value)
        if walk.is_census and self.folder.first_run_limit and walk.counted > self.folder.first_run_limit:
            self._hold_first_run()
        elif event.finished:
            self._finish(walk)
        else:
            walk.waiting = True

    def _finish(self, walk: Walk) -> None:
        self._walks.finish(walk, polling=self.state == "polling")
        if walk.is_census:
            self._is_known = True
            self._remember()
            self._walks.reset(self.board.now.monotonic)
        elif not walk.below:
            self._ignored.finish_scan()
            for path in walk.unseen:
                if path in self.in_place:
                    self._see(path, closed=False, again=True)

    def _hold_first_run(self) -> None:
        self._walks.reset(None)
        self._hold_all(wording.FIRST_RUN.format(limit=self.folder.first_run_limit, folder=self.folder.name))

    def _see(self, path: str, *, closed: bool, census: Walk | None = None, again: bool = False) -> None:
        if self.retired:
            return
        entry = self.settling.get(path)
        if entry is not None:
            if closed:
                entry.closed = entry.again = True
                if not entry.looking:
                    self._files.look(entry)
            return
        if (path in self.in_place or path in self.standing.leaving) and not (closed or again):
            return
        if is_status_file(path):
            return
        if not is_companion_name(path):
            reason = self.standing.router.ignored(path)
            if reason is not None:
                self._ignore(path, reason)
                return
        if census is not None and census.is_census:
            census.counted += 1
            return
        if not self.board.room_in(self.folder.name):
            self._overfull = True
            return
        self._files.add(path, closed=closed)

    def _ignore(self, path: str, reason: str) -> None:
        walk = self._walks.current
        self._ignored.add(path, reason, by_scan=walk is not None and not walk.below)

    def look_again(self, path: str) -> None:
        """A path is free again, and may be another file's already: its events came while it was not."""
        self._see(path, closed=False, again=True)

    def look_first(self, drop: Drop) -> None:
        """A drop is ready as before, but may be another file now, or gone."""
        self.standing.stays(drop)
        self._see(drop.path, closed=False, again=True)

    def settle_again(self, drop: Drop) -> None:
        """A drop that was ready is being written again, or is another file now."""
        self.standing.forget(drop)
        self._see(drop.path, closed=False)

    # --- answers ---

    def looked(self, results: Iterable[LookResult]) -> None:
        """Looks have come in."""
        self._gate.looked(results)

    def recalled(self, results: Iterable[RecallResult]) -> None:
        """The ledger has said what it knows of some files."""
        self._gate.recalled(results)

    # --- time ---

    def wake(self) -> None:
        """Do what is due: open, scan, look; and record what was found in this turn."""
        self._wake()
        self.standing.record_found()

    def _wake(self) -> None:
        board, now_s = self.board, self.board.now.monotonic
        if board.stopping:
            return
        if self._open_s is not None and now_s >= self._open_s:
            self._open_s = None
            board.do(OpenFolder(self.folder.name, self._has_claimed(), self._mount_point))
        if not self.is_up or self.state == "held":
            return
        if (
            self._overfull
            and self._walks.current is None
            and self.board.room_in(self.folder.name)
            and self._half_empty()
        ):
            self._overfull = False
            self._walks.want_full()
        begun = self._walks.wake(is_known=self._is_known, in_place=self.in_place.keys)
        if begun is not None:
            self._ignored.begin_scan()
        self._files.ask()

    def _half_empty(self) -> bool:
        """A window refilled for every file that leaves would mean a scan per file."""
        return len(self.settling) + len(self.in_place) < 25_000

    def _has_claimed(self) -> bool:
        """Whether something of ours must lie in `_working`, so that the folder without it is not the real one."""
        certain = (DropState.CLAIMED, DropState.SENDING, DropState.SENT, DropState.DOUBTED, DropState.FILING)
        return any(
            drop.folder == self.folder.name and drop.state in certain and drop.work_path not in (None, drop.path)
            for drop in self.board.drops.values()
        )

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        times = [self._open_s]
        if self.is_up and self.state != "held":
            times += [self._walks.next_wake_s(), self._files.next_due_s()]
        return min((at for at in times if at is not None), default=None)
