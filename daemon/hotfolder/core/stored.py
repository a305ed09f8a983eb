"""
When earlier versions of ours were stored, as far as this run knows: what looks like a file just sent may be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hotfolder.core.board import Board
from hotfolder.core.model import Drop
from hotfolder.core.verdicts import CLOCK_TOLERANCE, Verdict

REMEMBERED = 20_000
"""Asset IDs of which we know when a version of ours was stored: some MB, and what a busy day stores."""


class StoredBefore:
    """What is forgotten, or from before this run, counts as stored just before that."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._stored_at: dict[tuple[tuple[str, ...], str], datetime] = {}  # by company and asset ID, oldest first
        self._since = board.now.wall  # those of before are not in it

    def may_be_another(self, drop: Drop, since: datetime) -> bool:
        """
        Return whether an earlier version of ours may have been stored so shortly before that it looks like this one.

        Its size tells little: many a format gives all pictures of one measure the same. What was stored before this
        run began is not known, so it may always have been.
        """
        earliest = since - 2 * CLOCK_TOLERANCE  # ours may be ahead of the server's by one of them, and behind by one
        return self._stored_at.get(self._key(drop), self._since) > earliest

    def remember(self, stored: Iterable[Verdict]) -> None:
        """Keep when versions of ours were stored; what is forgotten counts as from before this run."""
        for verdict in stored:
            drop = self._board.drops.get(verdict.drop)
            if drop is not None and verdict.outcome is not None and verdict.outcome.is_good:
                key = self._key(drop)
                self._stored_at.pop(key, None)
                self._stored_at[key] = self._board.now.wall
        while len(self._stored_at) > REMEMBERED:
            oldest = next(iter(self._stored_at))
            self._since = max(self._since, self._stored_at.pop(oldest))

    def _key(self, drop: Drop) -> tuple[tuple[str, ...], str]:
        return self._board.company_key(drop.server), drop.asset
