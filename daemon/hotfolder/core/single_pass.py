"""
Whether a single pass over the hot folders (`run --once`) has come to its end, and whether it leaves anything open.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from hotfolder.core.board import Board
from hotfolder.core.dispatch import Dispatch
from hotfolder.core.filing import Filing
from hotfolder.core.intake import Desk
from hotfolder.core.lookup import Lookup
from hotfolder.core.model import Drop, DropState, JobState
from hotfolder.core.publishing import Publishing
from hotfolder.core.tracking import Tracking


class SinglePass:
    """Knows what will not come to an end by itself, and so need not be waited for."""

    def __init__(
        self,
        board: Board,
        desks: Mapping[str, Desk],
        *,
        lookup: Lookup,
        dispatch: Dispatch,
        filing: Filing,
        publishing: Publishing,
        tracking: Tracking,
    ) -> None:
        self._board = board
        self._desks = desks
        self._lookup = lookup
        self._dispatch = dispatch
        self._filing = filing
        self._publishing = publishing
        self._tracking = tracking

    def is_finished(self, given_up: Container[str] = ()) -> bool:
        """
        Return whether every drop found is filed or held, and nothing is under way.

        What waits for a server that was given up is left as it is.
        """
        if any(desk.state == "opening" or not desk.is_quiet for desk in self._desks.values()):
            return False
        if self._publishing.is_busy(given_up):
            return False
        if not all(self._is_stuck(drop, given_up) for drop in self._board.drops.values()):
            return False
        return all(
            job.server in given_up
            or (job.state is JobState.GHOST and not self._tracking.is_asking(job))
            or self._tracking.is_overdue(job)
            or self._board.members_of(job)
            for job in self._board.jobs.values()
        )

    def _is_stuck(self, drop: Drop, given_up: Container[str]) -> bool:
        desk = self._desks[drop.folder]
        job = None if drop.job is None else self._board.jobs.get(drop.job)
        waits = drop.state in (DropState.READY, DropState.CLAIMED) and job is None
        return (
            drop.state is DropState.HELD
            or (drop.server in given_up and drop.state is not DropState.FILING)
            or (job is not None and self._tracking.is_overdue(job))
            or self._filing.trouble_of(drop) is not None
            or not desk.is_up
            or (waits and not desk.may_send)
            or (waits and self._dispatch.is_behind(drop))  # the one before it decides
            or (waits and self._lookup.is_hopeless(drop.server, drop.options))
        )

    def leaves_something(self) -> bool:
        """Return whether anything is held or undecided."""
        return bool(self._board.drops) or any(
            desk.state in ("degraded", "held") or desk.settling for desk in self._desks.values()
        )
