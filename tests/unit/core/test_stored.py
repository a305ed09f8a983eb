"""Whether an earlier version of ours may be what looks like a file just sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.crash.histories import settings
from tests.strategies import MOMENT, drop

from hotfolder.core.board import Board
from hotfolder.core.messages import Now
from hotfolder.core.model import STORED_KEPT, Drop, DropState, Outcome, Stored, Unfinished
from hotfolder.core.stored import StoredBefore
from hotfolder.core.verdicts import Verdict

CHAIR = replace(drop(1), asset="chair")


def minutes(number: float) -> datetime:
    """Return a moment, so many minutes after the start of the run."""
    return MOMENT + timedelta(minutes=number)


def begun(*stored: Stored, drops: tuple[Drop, ...] = (), next_drop: int = 9) -> StoredBefore:
    """Return what a run knows that began with this."""
    before = StoredBefore(Board(settings(), Now(0.0, MOMENT, MOMENT.replace(tzinfo=None)), lambda: "token"))
    before.restore(Unfinished(stored=list(stored), drops=list(drops), next_drop=next_drop))
    return before


def stored(asset: str, at: float, server: str = CHAIR.server) -> Stored:
    """Return what the ledger says of one file."""
    return Stored(server=server, asset=asset, stored_at=minutes(at), filed_at=minutes(at + 1))


def test_what_an_earlier_run_stored_long_before_is_no_reason_to_doubt() -> None:
    assert not begun(stored("chair", -10)).may_be_another(CHAIR, minutes(-5))


def test_what_an_earlier_run_stored_shortly_before_is_one() -> None:
    assert begun(stored("chair", -10)).may_be_another(CHAIR, minutes(-7))


def test_what_was_never_stored_is_none_however_young_the_run_is() -> None:
    assert not begun(stored("table", -1)).may_be_another(CHAIR, minutes(0))


def test_what_another_company_has_is_none() -> None:
    assert not begun(stored("chair", -1, "other")).may_be_another(CHAIR, minutes(0))


@pytest.mark.parametrize("outcome", [Outcome.STORED, Outcome.UPDATED, Outcome.UNKNOWN, Outcome.DUPLICATE])
def test_what_is_still_on_its_way_to_its_place_counts(outcome: Outcome) -> None:
    on_its_way = replace(CHAIR, id=2, state=DropState.FILING, outcome=outcome, stored_at=minutes(-1))
    assert begun(drops=(on_its_way,)).may_be_another(CHAIR, minutes(0))


def test_what_a_ledger_does_not_reach_back_to_counts_as_stored_just_before_that() -> None:
    many = [stored(f"asset{number}", -number / 1000) for number in range(STORED_KEPT)]
    before = begun(*many)
    assert before.may_be_another(CHAIR, minutes(-19 + 1))
    assert not before.may_be_another(CHAIR, minutes(-19 + 7))


def test_a_ledger_that_knows_nothing_may_stand_in_for_one_that_was_lost() -> None:
    before = begun(next_drop=1)
    assert before.may_be_another(CHAIR, minutes(3))
    assert not before.may_be_another(CHAIR, minutes(5))


def test_what_this_run_stored_counts_until_there_is_too_much_of_it() -> None:
    board = Board(settings(), Now(0.0, minutes(60), minutes(60).replace(tzinfo=None)), lambda: "token")
    before = StoredBefore(board)
    before.restore(Unfinished(next_drop=9))
    for number in range(STORED_KEPT + 1):
        board.drops[number] = replace(CHAIR, id=number, asset=f"asset{number}")
    verdicts = [
        Verdict(drop=number, outcome=Outcome.STORED, reason="", warnings=(), asset_handle=None, stored_as=None)
        for number in board.drops
    ]
    before.remember(verdicts[:-1])
    assert before.may_be_another(board.drops[0], minutes(63))
    assert not before.may_be_another(CHAIR, minutes(63))
    before.remember(verdicts[-1:])
    assert before.may_be_another(CHAIR, minutes(63)), "the oldest is forgotten, and so is which one it was"


def test_what_met_a_name_that_was_taken_may_have_taken_it_itself() -> None:
    """Its first attempt was refused for now, and taken all the same: it looks like any other of that size."""
    board = Board(settings(), Now(0.0, MOMENT, MOMENT.replace(tzinfo=None)), lambda: "token")
    before = StoredBefore(board)
    before.restore(Unfinished(next_drop=9))
    board.drops[2] = replace(CHAIR, id=2)
    before.remember(
        [Verdict(drop=2, outcome=Outcome.DUPLICATE, reason="", warnings=(), asset_handle=None, stored_as=None)]
    )
    assert before.may_be_another(CHAIR, minutes(1))
