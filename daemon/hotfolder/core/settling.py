"""
The files of one hot folder that settle, and when each is to be looked at.

Owns the order of looks; what they say is judged elsewhere.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hotfolder.core import settle, wording
from hotfolder.core.board import Board
from hotfolder.core.companions import is_companion_name
from hotfolder.core.messages import Look, LookItem, RecallResult
from hotfolder.core.model import Identity
from hotfolder.core.settings import FolderSettings

LOOKS_AT_ONCE = 1000  # one thread serves the folder: longer lists would keep claims waiting


@dataclass(slots=True)
class Settling:
    """A path on its way through the settle gate."""

    path: str
    seen_at: datetime
    due_s: float
    closed: bool  # an event told us that it was closed or renamed into place
    track: settle.Track | None = None
    memory: RecallResult | None = None
    recalling: bool = False
    digest: str | None = None
    told: bool = False  # that it was seen: said once, however it grows
    looking: bool = False
    again: bool = False  # something happened while we looked
    evidence: str | None = None  # settled; only the ledger's answer is still to come
    linked: bool = False  # had a second name at the last look
    held: str | None = None  # why it stays in place
    caution: str = ""  # what it meets online, as far as that could be told so far
    missing: str = wording.JUST_FOUND  # what it waits for


class SettlingFiles:
    """All of one hot folder."""

    def __init__(self, board: Board, folder: FolderSettings, poison: Mapping[str, Identity]) -> None:
        self.folder = folder
        self.entries: dict[str, Settling] = {}  # by path
        self.poison = dict(poison)  # versions that ended the daemon when their content was looked into
        self._board = board
        self._due: list[tuple[float, int, str]] = []
        self._order = 0

    def add(self, path: str, *, closed: bool) -> None:
        """Have a file settle; it is looked at now."""
        board = self._board
        entry = Settling(path=path, seen_at=board.now.wall, due_s=board.now.monotonic, closed=closed)
        self.entries[path] = entry
        board.live_in[self.folder.name] += 1
        self.look(entry)

    def look(self, entry: Settling, after_s: float = 0.0) -> None:
        """Have a file looked at, now or after a while."""
        self.look_at(entry, self._board.now.monotonic + after_s)

    def look_at(self, entry: Settling, at_s: float) -> None:
        """Have a file looked at at a moment of our clock."""
        entry.due_s = at_s
        self._order += 1
        heapq.heappush(self._due, (at_s, self._order, entry.path))

    def look_at_all(self) -> None:
        """What was asked is not answered any more: have everything looked at afresh."""
        for entry in self.entries.values():
            entry.looking = entry.recalling = False
            self.look(entry)

    def forget(self, entry: Settling) -> None:
        """Nothing comes of a file."""
        if self.entries.pop(entry.path, None) is not None:
            self._board.live_in[self.folder.name] -= 1

    def has_become_drop(self, entry: Settling) -> None:
        """Its place in the window goes with it."""
        self.entries.pop(entry.path, None)

    def ask(self) -> None:
        """Ask for the looks that are due."""
        now_s = self._board.now.monotonic
        items: list[LookItem] = []
        while self._due and self._due[0][0] <= now_s:
            due_s, _, path = heapq.heappop(self._due)
            entry = self.entries.get(path)
            if entry is None or entry.looking or entry.due_s != due_s:
                continue
            entry.looking = True
            entry.again = False
            items.append(self._item(entry))
            if len(items) == LOOKS_AT_ONCE:
                self._board.do(Look(self.folder.name, tuple(items)))
                items = []
        if items:
            self._board.do(Look(self.folder.name, tuple(items)))

    def _item(self, entry: Settling) -> LookItem:
        if entry.path in self.poison:
            return LookItem(entry.path, formats=False)  # what it is, and nothing of what is in it
        gate = self.folder.settle
        return LookItem(
            entry.path,
            entry.track.observation.identity if entry.track else None,
            entry.closed and gate.quiet_s == 0,
            gate.formats,
            is_companion_name(entry.path),
        )

    def next_due_s(self) -> float | None:
        """Return when the next look is due."""
        while self._due:
            due_s, _, path = self._due[0]
            entry = self.entries.get(path)
            if entry is not None and entry.due_s == due_s and not entry.looking:
                return due_s
            heapq.heappop(self._due)
        return None
