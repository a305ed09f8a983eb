"""
The scans of one hot folder: which is under way, which is next, and what it has not met yet.

A scan is asked for chunk by chunk, so that a million files never lie in memory; a full one repairs missed events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hotfolder.core.board import Board
from hotfolder.core.messages import Scan
from hotfolder.core.settings import FolderSettings

POLL_STRETCH = 10  # DESIGN 4.2: polling is stretched to ten times what a scan costs


@dataclass(slots=True)
class Walk:
    """A scan under way."""

    number: int
    below: str
    is_census: bool  # a folder never seen before is counted before it is worked through
    unseen: set[str]  # ready drops that this full scan has not met yet
    begun_s: float
    waiting: bool = False  # for room in the window
    counted: int = 0


class Walks:
    """Begins scans and continues them as there is room."""

    def __init__(self, board: Board, folder: FolderSettings) -> None:
        self.folder = folder  # as the settings are now: a reload may change how often it is looked through
        self._board = board
        self._begun = 0
        self._below: dict[str, None] = {}  # directories that appeared, oldest first
        self.current: Walk | None = None
        self.next_full_s: float | None = None
        self.finished_once = False  # a full scan since the folder came up
        self.last_cost_s = 0.0

    def reset(self, next_full_s: float | None) -> None:
        """Forget what is under way; the next full scan is due then."""
        self.current = None
        self._below.clear()
        self.next_full_s = next_full_s
        self.finished_once = False

    def want(self, directories: Iterable[str]) -> None:
        """Have directories looked through that appeared."""
        self._below.update(dict.fromkeys(directories))

    def want_full(self) -> None:
        """Have everything looked through as soon as possible."""
        self.next_full_s = self._board.now.monotonic

    @property
    def is_idle(self) -> bool:
        """Whether everything asked for so far has been looked through."""
        return self.finished_once and self.current is None and not self._below

    def is_current(self, number: int) -> bool:
        """Whether a chunk belongs to the scan under way."""
        return self.current is not None and self.current.number == number

    def finish(self, walk: Walk, *, polling: bool) -> None:
        """A scan has come to its end."""
        self.current = None
        if walk.below:
            return
        now_s = self._board.now.monotonic
        self.last_cost_s = now_s - walk.begun_s
        self.finished_once = True
        interval_s = self.folder.rescan_s
        if polling:  # a tenth of the time at most goes into looking
            interval_s = max(self.folder.poll_s, POLL_STRETCH * self.last_cost_s)
        if self._board.once:  # `run --once` scans once: what is dropped meanwhile is for the next run
            return
        if self.next_full_s is None:  # else another was asked for meanwhile: this one may have missed what it is for
            self.next_full_s = now_s + interval_s

    def wake(self, *, is_known: bool, in_place: Callable[[], Iterable[str]]) -> Walk | None:
        """Begin or continue what is due; return a full scan that has just begun."""
        board, now_s = self._board, self._board.now.monotonic
        if self.current is not None:
            if self.current.waiting and board.room_in(self.folder.name):
                self.current.waiting = False
                board.do(Scan(self.folder.name, self.current.number, self.current.below))
            return None
        if self.next_full_s is not None and now_s >= self.next_full_s:
            self.next_full_s = None
            return self._begin("", not is_known, set(in_place()))
        if self._below and is_known:
            below = next(iter(self._below))
            del self._below[below]
            self._begin(below, False, set())
        return None

    def _begin(self, below: str, is_census: bool, unseen: set[str]) -> Walk:
        self._begun += 1
        self.current = Walk(
            number=self._begun,
            below=below,
            is_census=is_census,
            unseen=unseen,
            begun_s=self._board.now.monotonic,
        )
        self._board.do(Scan(self.folder.name, self._begun, below))
        return self.current

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do that no event will announce."""
        return self.next_full_s if self.current is None else None
