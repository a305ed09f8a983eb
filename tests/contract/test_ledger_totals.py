"""How many drops have come to their end, as every ledger counts them."""

from __future__ import annotations

from dataclasses import replace

from tests.strategies import MOMENT, drop

from hotfolder.core.journal import InsertDrops
from hotfolder.core.model import DropState, Outcome
from hotfolder.ports import Ledger


def test_only_drops_at_their_end_are_counted_by_folder_and_outcome(ledger: Ledger) -> None:
    ends = [
        ("catalog", DropState.FILED, Outcome.STORED),
        ("catalog", DropState.FILED, Outcome.STORED),
        ("catalog", DropState.FILED, Outcome.FAILED),
        ("archive", DropState.WITHDRAWN, Outcome.WITHDRAWN),
        ("archive", DropState.FILING, Outcome.STORED),
        ("archive", DropState.READY, None),
    ]
    drops = [
        replace(
            drop(number),
            folder=folder,
            state=state,
            outcome=outcome,
            filed_at=MOMENT if state in (DropState.FILED, DropState.WITHDRAWN) else None,
        )
        for number, (folder, state, outcome) in enumerate(ends, 1)
    ]
    ledger.commit([InsertDrops(tuple(drops))])

    assert ledger.totals() == {"catalog": {"stored": 2, "failed": 1}, "archive": {"withdrawn": 1}}


def test_a_new_ledger_counts_nothing(ledger: Ledger) -> None:
    assert ledger.totals() == {}
