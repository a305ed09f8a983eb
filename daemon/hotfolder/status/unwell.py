"""
Which files came to an end lately that somebody should look at, until the same file has come to a better one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from hotfolder.core.model import Drop, Job
from hotfolder.core.notes import NOTED
from hotfolder.ports import HistoryQuery, LedgerReader

KEPT: Final = 50

LATELY: Final = timedelta(days=3)
"""Over a weekend. Whoever has put a file right by other means is not reminded of it for ever."""

Ended = tuple[Drop, Job | None]


class Unwell:
    """Those files, newest first. The daemon's loop adds to it, and reads it for the questions it is asked."""

    def __init__(self, before: Iterable[Ended] = ()) -> None:
        """`before` are those that the ledger knew when the daemon began, newest first."""
        self._files: deque[Ended] = deque(before, maxlen=KEPT)
        self._before = frozenset(drop.id for drop, _ in self._files)

    def ended(self, drop: Drop, job: Job | None) -> None:
        """Take in how a file ended: the last word about it counts, wherever it was dragged back to."""
        for known in [one for one in self._files if _first_place(one[0]) == _first_place(drop)]:
            self._files.remove(known)
        if drop.outcome in NOTED:
            self._files.appendleft((drop, job))

    def lately(self, now: datetime) -> tuple[Ended, ...]:
        """Return those that ended within `LATELY`."""
        return tuple(one for one in self._files if _at(one[0]) > now - LATELY)

    def of_this_run(self) -> Iterator[Ended]:
        """Yield those that ended since the daemon began, newest first."""
        return (one for one in self._files if one[0].id not in self._before)


def unwell_before(ledger: LedgerReader, totals: dict[str, dict[str, int]], now: datetime) -> list[Ended]:
    """Return what `Unwell` begins with; `totals` are those of the ledger."""
    found: list[Ended] = []
    for outcome in NOTED:
        if any(outcome.value in of for of in totals.values()):
            found += ledger.history(HistoryQuery(since=now - LATELY, outcome=outcome.value, limit=KEPT))
    found.sort(key=lambda one: (_at(one[0]), one[0].id), reverse=True)
    return [one for one in found[:KEPT] if _is_last_word(ledger, one[0])]


def _at(drop: Drop) -> datetime:
    return drop.filed_at or drop.seen_at


def _is_last_word(ledger: LedgerReader, drop: Drop) -> bool:
    """Whether nothing has come of the same file since, as when somebody has put it right and dropped it again."""
    _, path = place = _first_place(drop)
    return all(other.id <= drop.id or _first_place(other) != place for other, _ in ledger.find(drop.folder, path))


def _first_place(drop: Drop) -> tuple[str, str]:
    """Return the hot folder, and where in it the file was dropped first, if it was dragged back since."""
    return drop.folder, drop.origin or drop.path
