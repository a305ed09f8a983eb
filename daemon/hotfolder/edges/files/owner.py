"""
Whose `_working` it is: a mark in it names the ledger that knows what lies there, and how old that was.

Two daemons with ledgers of their own on one share would take each other's claimed files for lost ones (RELIABILITY
D10). A ledger that was put back from an older copy knows nothing of what was sent since (D9): its generation is below
the one that the mark tells.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hotfolder.core import file_troubles
from hotfolder.core.litter import WORKING
from hotfolder.edges.files.beneath import Directories
from hotfolder.edges.files.publish import Companion, Publisher, temporary_name
from hotfolder.edges.files.words import shown, trouble
from hotfolder.ports import FolderError

MARK: Final = f"{WORKING}/.owner"

MARKED_S: Final = 60.0
"""How long a mark is good enough: one more file to sync a minute costs nothing, one a job would be felt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Who works in hot folders."""

    ledger_id: str
    host: str  # for people only: a daemon may move to another machine with its ledger
    found: int  # the ledger's generation when it was opened
    generation: Callable[[], int]  # its generation now
    told: dict[str, int] = field(default_factory=dict)  # by hot folder's root: what the mark tells that we made there


class Ownership:
    """An owner's mark in one hot folder. One thread at a time."""

    def __init__(self, owner: Owner, monotonic: Callable[[], float]) -> None:
        self._owner = owner
        self._monotonic = monotonic
        self._marked_s: float | None = None

    def check(self, directories: Directories) -> bool:
        """Return whether the mark is there and ours, False where there is none; raise FolderError for another's."""
        place = f"{shown(directories.root)}/{MARK}"
        try:
            data = Publisher(directories).read(MARK)
            written = directories.lstat(MARK)
        except OSError as error:
            raise FolderError(trouble(f"{directories.root}/{MARK}", error)) from error
        if data is None:
            return False
        try:
            found = json.loads(data)
            ledger_id, host, generation = str(found["ledger"]), str(found["host"]), int(found["generation"])
        except (ValueError, TypeError, KeyError):
            ledger_id, host, generation = "", file_troubles.HOST_UNKNOWN, 0
        working = f"{shown(directories.root)}/{WORKING}"
        if ledger_id != self._owner.ledger_id:
            raise FolderError(file_troubles.ANOTHER_OWNER.format(path=working, host=host, mark=place))
        if generation > max(self._owner.found, self._owner.told.get(directories.root, 0)):
            when = "" if written is None else f"{datetime.fromtimestamp(written.st_mtime).astimezone():%Y-%m-%d %H:%M}"
            raise FolderError(file_troubles.OLDER_LEDGER.format(path=working, when=when, mark=place))
        return True

    def take(self, directories: Directories) -> None:
        """Make the mark, or bring it up to date; `_working` must be there. Raises FolderError for another's."""
        is_there = self.check(directories)
        now_s = self._monotonic()
        if is_there and self._marked_s is not None and now_s - self._marked_s < MARKED_S:
            return
        generation = self._owner.generation()
        told = {"ledger": self._owner.ledger_id, "host": self._owner.host, "generation": generation}
        publisher = Publisher(directories)
        mark = Companion(MARK, json.dumps(told).encode(), temporary_name(f"owner-{self._owner.ledger_id}"))
        self._owner.told[directories.root] = generation
        try:
            publisher.write(mark)
            publisher.sync(mark)
            if is_there:
                publisher.replace(mark)
            elif not publisher.publish(mark):
                self.check(directories)
        except OSError as error:
            publisher.drop(mark)
            raise FolderError(trouble(f"{directories.root}/{MARK}", error)) from error
        self._marked_s = now_s
