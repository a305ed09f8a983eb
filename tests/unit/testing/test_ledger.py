"""What the fake ledger can do that no real one should."""

from __future__ import annotations

import pytest
from tests.strategies import drop

from hotfolder.core.journal import InsertDrops, UpdateDrops, Write
from hotfolder.ports import LedgerError
from hotfolder.testing.ledger import FakeLedger

WRITES: list[Write] = [InsertDrops((drop(1),))]


def test_a_copy_has_what_was_committed_and_goes_its_own_way() -> None:
    ledger = FakeLedger()
    ledger.commit(WRITES)
    found = ledger.durable_copy()
    ledger.commit([UpdateDrops(({"id": 1, "tries": 1},))])
    found.commit([InsertDrops((drop(2),))])
    assert [record.tries for record in ledger.drops.values()] == [1]
    assert [record.tries for record in found.drops.values()] == [0, 0]


def test_a_commit_told_to_fail_does_nothing_and_may_come_again() -> None:
    ledger = FakeLedger()
    ledger.fail_at = {1}
    with pytest.raises(LedgerError):
        ledger.commit(WRITES)
    assert not ledger.drops
    ledger.commit(WRITES)
    assert list(ledger.drops) == [1]


def test_a_commit_whose_answer_is_lost_is_done_once() -> None:
    ledger = FakeLedger()
    ledger.lose_answer_at = {1, 2}
    for _ in range(2):
        with pytest.raises(LedgerError):
            ledger.commit(WRITES)
        assert list(ledger.drops) == [1]
    ledger.commit(WRITES)
    ledger.commit([InsertDrops((drop(2),))])
    assert list(ledger.drops) == [1, 2]


def test_a_copy_has_no_orders_to_fail() -> None:
    ledger = FakeLedger()
    ledger.fail_at = {1}
    ledger.durable_copy().commit(WRITES)
