"""
When to ask one server how its jobs stand: soon while something moves, ever more seldom while nothing does.
"""

from __future__ import annotations

from datetime import datetime

from hotfolder.core.board import Board

GROWTH = 1.5


class Rhythm:
    """The polling of one server."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.followed: dict[int, None] = {}  # jobs to ask about, in order; may hold some that are not any more
        self.told_at: datetime | None = None  # when it last told how jobs stand
        self.is_asking = False
        self._interval_s = board.settings.tracking.poll_s
        self._next_s = board.now.monotonic

    def follow(self, job: int) -> None:
        """One more job: the next question comes soon."""
        now_s, poll_s = self._board.now.monotonic, self._board.settings.tracking.poll_s
        self.followed[job] = None
        self._interval_s = poll_s
        self._next_s = min(self._next_s, now_s + poll_s) if self._next_s > now_s else now_s + poll_s

    def is_due(self) -> bool:
        """Whether it is time to ask."""
        return not self.is_asking and self._board.now.monotonic >= self._next_s

    def next_wake_s(self) -> float | None:
        """Return when to ask, None while nothing is to be asked or an answer is still due."""
        return None if self.is_asking or not self.followed else self._next_s

    def answered(self, *, something_new: bool) -> None:
        """The answer is here, or will not come."""
        limits = self._board.settings.tracking
        self.is_asking = False
        self._interval_s = limits.poll_s if something_new else min(limits.poll_max_s, self._interval_s * GROWTH)
        self._next_s = self._board.now.monotonic + self._interval_s
