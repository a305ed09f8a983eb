"""
Everything that is done in one hot folder: watching, looking, claiming, filing.

Each folder has threads of its own, so that a share that hangs holds up only itself; `lanes` says which does what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from hotfolder.core.messages import (
    BringBack,
    Changed,
    Claim,
    Claimed,
    CloseFolder,
    Entry,
    Event,
    FileAway,
    FiledAway,
    FindOrphans,
    FolderDown,
    FolderUp,
    Found,
    LeaveNote,
    Look,
    Looked,
    OpenFolder,
    OrphansFound,
    Overflowed,
    RemoveCopies,
    Scan,
    StatusWritten,
    Tidy,
    WriteStatus,
)
from hotfolder.ports import Files, FolderError, Watch, WatchError

FolderAction = (
    OpenFolder
    | CloseFolder
    | FindOrphans
    | Scan
    | Look
    | Claim
    | FileAway
    | BringBack
    | RemoveCopies
    | LeaveNote
    | WriteStatus
    | Tidy
)

StartWatch = Callable[
    [Callable[[tuple[str, ...], tuple[str, ...]], None], Callable[[], None], Callable[[str], None]], Watch | None
]
"""Begins to watch: called with on_change(files, directories), on_overflow() and on_dead(reason); None = poll."""


class FolderService:
    """One hot folder's executor; one thread uses it for what is to be filed, and one for all else."""

    def __init__(
        self,
        name: str,
        files: Files,
        *,
        start_watch: StartWatch,
        emit: Callable[[Event], None],
        warn: Callable[[str], None],
    ) -> None:
        self.name = name
        self.files = files
        self._start_watch = start_watch
        self._emit = emit  # for what the watch sees, from its own thread
        self._warn = warn
        self._watch: Watch | None = None
        self._scan = 0
        self._walk: Iterator[Sequence[Entry]] = iter(())

    def carry_out(self, action: FolderAction) -> list[Event]:
        """Do it and return the answer; a root that cannot be used is the answer to anything."""
        try:
            match action:
                case OpenFolder():
                    return [self._open(action)]
                case CloseFolder():
                    self.close()
                case FindOrphans():
                    return [OrphansFound(self.name, tuple(self.files.orphans(action.known)))]
                case Scan():
                    return [self._scan_on(action)]
                case Look():
                    return [Looked(self.name, tuple(self.files.look(action.items)))]
                case Claim():
                    return [Claimed(action.job, tuple(self.files.claim(action.items)))]
                case FileAway():
                    return [FiledAway(self.name, tuple(self.files.file_away(action.items)))]
                case BringBack():
                    return [Changed(self.name, tuple(self.files.bring_back(action.moves)))]
                case RemoveCopies():
                    self.files.remove_copies(action.copies)
                case LeaveNote():
                    self.files.leave_note(action.path, action.text)
                case WriteStatus():
                    self.files.write_status(action.text)
                    return [StatusWritten(self.name)]
                case Tidy():
                    self.files.tidy()
                case _:
                    assert_never(action)
        except FolderError as error:
            return [FolderDown(self.name, str(error))]
        return []

    def close(self) -> None:
        """Stop watching; a second call is harmless."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _open(self, action: OpenFolder) -> Event:
        self.close()
        mount_point = self.files.check(has_claimed=action.has_claimed, mount_point=action.mount_point)
        try:
            self._watch = self._start_watch(
                lambda files, directories: self._emit(Changed(self.name, files, directories)),
                lambda: self._emit(Overflowed(self.name)),
                lambda reason: self._emit(FolderDown(self.name, reason)),
            )
        except WatchError as error:
            self._warn(str(error))
            return FolderUp(self.name, "polling", mount_point)
        return FolderUp(self.name, "polling" if self._watch is None else "watching", mount_point)

    def _scan_on(self, action: Scan) -> Event:
        """Give the next chunk of a walk; the walk of an earlier number is given up."""
        if action.scan != self._scan:
            self._scan = action.scan
            self._walk = self.files.walk(action.below)
        for chunk in self._walk:
            return Found(self.name, action.scan, tuple(chunk), finished=False)
        return Found(self.name, action.scan, (), finished=True)
