"""
When earlier versions of ours were stored, as far as that is known: what looks like a file just sent may be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hotfolder.core.board import Board
from hotfolder.core.model import MAY_BE_STORED, STORED_KEPT, Drop, Unfinished
from hotfolder.core.verdicts import CLOCK_TOLERANCE, Verdict


class StoredBefore:
    """What was stored last, in earlier runs too; what is not known counts as stored just before that."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._stored_at: dict[tuple[tuple[str, ...], str], datetime] = {}  # by company and asset ID, oldest first
        self._since = board.now.wall  # what is not in it was stored before, if it was

    def restore(self, unfinished: Unfinished) -> None:
        """Take over what the ledger knows, if that is anything: an empty one may stand in for one that was lost."""
        if unfinished.next_drop == 1:
            return
        is_all = len(unfinished.stored) < STORED_KEPT
        self._since = datetime.min.replace(tzinfo=UTC) if is_all else unfinished.stored[-1].filed_at
        for stored in reversed(unfinished.stored):
            self._keep(stored.server, stored.asset, stored.stored_at)
        for drop in unfinished.drops:
            if drop.stored_at is not None and drop.outcome in MAY_BE_STORED:
                self._keep(drop.server, drop.asset, drop.stored_at)

    def may_be_another(self, drop: Drop, since: datetime) -> bool:
        """
        Return whether an earlier version of ours may have been stored so shortly before that it looks like this one.

        Its size tells little: many a format gives all pictures of one measure the same.
        """
        earliest = since - 2 * CLOCK_TOLERANCE  # ours may be ahead of the server's by one of them, and behind by one
        return self._stored_at.get(self._key(drop.server, drop.asset), self._since) > earliest

    def remember(self, stored: Iterable[Verdict]) -> None:
        """Keep when versions of ours were stored."""
        for verdict in stored:
            drop = self._board.drops.get(verdict.drop)
            if drop is not None and verdict.outcome in MAY_BE_STORED:
                self._keep(drop.server, drop.asset, self._board.now.wall)
        while len(self._stored_at) > STORED_KEPT:
            oldest = next(iter(self._stored_at))
            self._since = max(self._since, self._stored_at.pop(oldest))

    def _keep(self, server: str, asset: str, at: datetime) -> None:
        key = self._key(server, asset)
        known = self._stored_at.pop(key, at)
        self._stored_at[key] = max(known, at)

    def _key(self, server: str, asset: str) -> tuple[tuple[str, ...], str]:
        return self._board.company_key(server), asset
