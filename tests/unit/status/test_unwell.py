"""Which files somebody should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tests.strategies import MOMENT, drop

from hotfolder.core.journal import InsertDrops
from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.status.unwell import KEPT, LATELY, Ended, Unwell, unwell_before
from hotfolder.testing.ledger import FakeLedger


def ended(number: int, path: str, outcome: Outcome, *, after: timedelta = timedelta()) -> Drop:
    return replace(drop(number), path=path, state=DropState.FILED, outcome=outcome, filed_at=MOMENT + after)


def numbers(found: Sequence[Ended]) -> list[int]:
    return [one.id for one, _ in found]


def test_a_file_is_told_until_it_comes_to_a_better_end() -> None:
    unwell = Unwell()
    for one in (
        ended(1, "a.jpg", Outcome.FAILED),
        ended(2, "b.jpg", Outcome.UNKNOWN),
        ended(3, "c.jpg", Outcome.STORED),
        ended(4, "b.jpg", Outcome.DUPLICATE),
        ended(5, "a.jpg", Outcome.UPDATED),
        ended(6, "d.jpg", Outcome.RENAMED),
    ):
        unwell.ended(one, None)
    assert numbers(unwell.lately(MOMENT)) == [6, 4]


def test_a_file_that_was_dragged_back_to_another_place_is_still_the_same() -> None:
    unwell = Unwell()
    unwell.ended(ended(1, "spring/a.jpg", Outcome.FAILED), None)
    unwell.ended(replace(ended(2, "a.jpg", Outcome.FAILED), origin="spring/a.jpg"), None)
    assert numbers(unwell.lately(MOMENT)) == [2]
    unwell.ended(ended(3, "a.jpg", Outcome.STORED), None)  # another file that has that name now
    assert numbers(unwell.lately(MOMENT)) == [2]
    unwell.ended(replace(ended(4, "b/a.jpg", Outcome.STORED), origin="spring/a.jpg"), None)
    assert unwell.lately(MOMENT) == ()


def test_the_same_path_in_another_folder_is_another_file() -> None:
    unwell = Unwell()
    unwell.ended(ended(1, "a.jpg", Outcome.FAILED), None)
    unwell.ended(replace(ended(2, "a.jpg", Outcome.STORED), folder="another"), None)
    assert numbers(unwell.lately(MOMENT)) == [1]


def test_what_is_long_past_is_not_told_any_more() -> None:
    unwell = Unwell()
    unwell.ended(ended(1, "a.jpg", Outcome.FAILED), None)
    assert numbers(unwell.lately(MOMENT + LATELY - timedelta(seconds=1))) == [1]
    assert unwell.lately(MOMENT + LATELY) == ()


def test_a_storm_keeps_the_newest() -> None:
    unwell = Unwell()
    for number in range(1, KEPT + 10):
        unwell.ended(ended(number, f"{number}.jpg", Outcome.FAILED), None)
    assert numbers(unwell.lately(MOMENT)) == list(range(KEPT + 9, 9, -1))


def test_a_start_begins_with_what_the_ledger_knows_and_nothing_has_put_right_since() -> None:
    ledger = FakeLedger()
    ledger.commit(
        [
            InsertDrops(
                (
                    ended(1, "old.jpg", Outcome.FAILED, after=-LATELY - timedelta(seconds=1)),
                    ended(2, "cured.jpg", Outcome.FAILED),
                    ended(3, "again.jpg", Outcome.UNKNOWN),
                    ended(4, "cured.jpg", Outcome.STORED),
                    ended(5, "bad.jpg", Outcome.DUPLICATE, after=timedelta(seconds=2)),
                    replace(drop(6), path="again.jpg"),
                    ended(7, "worse.jpg", Outcome.FAILED, after=timedelta(seconds=1)),
                    ended(8, "spring/dragged.jpg", Outcome.FAILED),
                    replace(ended(9, "dragged.jpg", Outcome.STORED), origin="spring/dragged.jpg"),
                    replace(ended(10, "worse.jpg", Outcome.STORED), origin="another.jpg"),
                )
            )
        ]
    )
    found = unwell_before(ledger, ledger.totals(), MOMENT)
    assert numbers(found) == [5, 7]
    unwell = Unwell(found)
    unwell.ended(ended(11, "new.jpg", Outcome.FAILED), None)
    assert numbers(unwell.lately(MOMENT)) == [11, 5, 7]
    assert numbers(list(unwell.of_this_run())) == [11]
