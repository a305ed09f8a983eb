"""One bad file, a bad folder, a bad hour of the server: what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.strategies import drop

from hotfolder.core.model import Drop
from hotfolder.core.refusals import DENIED_MAX, GENERAL_FACTOR, Refusals, Ruling
from hotfolder.core.server import KINDS, Action, Kind, Trouble
from hotfolder.core.settings import RetrySettings

RETRY = RetrySettings(first_s=1.0, max_s=300.0, tries=5)


def trouble(action: Action, retry_after_s: float | None = None) -> Trouble:
    return Trouble(kind=KINDS[action], text="No", row=action, retry_after_s=retry_after_s)


def ids(drops: Sequence[Drop]) -> list[int]:
    return [item.id for item in drops]


class Post:
    """A POST that is made again and again, with what its refusals did to its drops."""

    def __init__(self, refusals: Refusals, *numbers: int, alone: bool = False) -> None:
        self._refusals = refusals
        self.drops = [replace(drop(number), alone=alone) for number in numbers]

    def refused(self, action: Action, *, opens_job: bool = True, retry_after_s: float | None = None) -> Ruling:
        """Let it be refused once more."""
        ruling = self._refusals.judge(
            trouble(action, retry_after_s), "catalog", self.drops, opens_job=opens_job, retry=RETRY
        )
        for item in self.drops:
            item.tries += ruling.is_try
        return ruling

    def accepted(self) -> None:
        """Let it pass."""
        self._refusals.accepted("catalog", self.drops)


@pytest.fixture
def refusals() -> Refusals:
    return Refusals()


@pytest.mark.parametrize("action", [Action.STOP, Action.WAIT])
def test_trouble_of_the_server_burns_no_tries(refusals: Refusals, action: Action) -> None:
    post = Post(refusals, 1, 2)
    for _ in range(20):
        assert post.refused(action) == Ruling(again=post.drops, is_general=True)


def test_what_is_refused_together_is_tried_alone_and_fails_alone(refusals: Refusals) -> None:
    together = Post(refusals, 1, 2)
    assert together.refused(Action.REFUSE) == Ruling(again=together.drops, alone=True)
    single = Post(refusals, 1, alone=True)
    assert single.refused(Action.REFUSE) == Ruling(failed=single.drops)


def test_single_file_in_the_middle_of_a_job_gets_a_job_of_its_own_first(refusals: Refusals) -> None:
    """The job may be to blame, which the server may have ended (PROTOCOL 7)."""
    post = Post(refusals, 1)
    assert post.refused(Action.REFUSE, opens_job=False) == Ruling(again=post.drops, alone=True)
    assert post.refused(Action.REFUSE, opens_job=True) == Ruling(failed=post.drops)


def test_folder_is_held_when_its_files_are_denied_in_a_row(refusals: Refusals) -> None:
    rulings = [Post(refusals, number, alone=True).refused(Action.DENY) for number in range(DENIED_MAX)]
    assert [ruling.holds_folder for ruling in rulings] == [False] * (DENIED_MAX - 1) + [True]
    assert not Post(refusals, 99, alone=True).refused(Action.DENY).holds_folder  # it was released meanwhile


def test_folder_is_not_held_for_protected_files_among_others(refusals: Refusals) -> None:
    for number in range(10 * DENIED_MAX):
        assert not Post(refusals, number, alone=True).refused(Action.DENY).holds_folder
        if number % 3 == 0:
            Post(refusals, 1000 + number).accepted()


def test_catch_all_fault_is_tried_with_growing_waits_and_then_fails(refusals: Refusals) -> None:
    post = Post(refusals, 1)
    rulings = [post.refused(Action.RETRY) for _ in range(5)]
    assert [ruling.wait_s for ruling in rulings[:-1]] == [1, 2, 4, 8]
    assert [ids(ruling.again) for ruling in rulings] == [[1]] * 4 + [[]]
    assert ids(rulings[-1].failed) == [1]
    assert all(ruling.is_try and not ruling.is_general for ruling in rulings)


def test_second_catch_all_fault_parts_the_files(refusals: Refusals) -> None:
    post = Post(refusals, 1, 2)
    assert [post.refused(Action.RETRY).alone for _ in range(2)] == [False, True]


def test_catch_all_fault_that_meets_everything_has_long_waits_and_parts_nothing(refusals: Refusals) -> None:
    first, second = Post(refusals, 1, 2), Post(refusals, 3, 4)
    assert first.refused(Action.RETRY).wait_s == 1
    ruling = second.refused(Action.RETRY)
    assert (ruling.wait_s, ruling.alone) == (GENERAL_FACTOR, False)
    ruling = first.refused(Action.RETRY)
    assert (ruling.wait_s, ruling.alone) == (2 * GENERAL_FACTOR, False)
    second.accepted()
    ruling = first.refused(Action.RETRY)
    assert (ruling.wait_s, ruling.alone) == (4, True)


def test_wait_that_the_server_asks_for_is_the_least(refusals: Refusals) -> None:
    post = Post(refusals, 1)
    assert post.refused(Action.RETRY, retry_after_s=70).wait_s == 70
    assert post.refused(Action.RETRY, retry_after_s=0).wait_s == 2


def test_file_turned_away_while_others_pass_is_sifted_out_and_fails(refusals: Refusals) -> None:
    post, other = Post(refusals, 1, 2), Post(refusals, 3)
    assert post.refused(Action.SIFT).is_general
    other.accepted()
    ruling = post.refused(Action.SIFT)
    assert (ids(ruling.again), ruling.alone, ruling.is_try, ruling.is_general) == ([1, 2], True, True, False)
    single = Post(refusals, 1, alone=True)
    single.drops[0].tries = 1
    rulings = [single.refused(Action.SIFT) for _ in range(4)]
    assert [ruling.wait_s for ruling in rulings[:-1]] == [2, 4, 8]
    assert ids(rulings[-1].failed) == [1]


def test_proxy_that_turns_everything_away_burns_no_tries(refusals: Refusals) -> None:
    first, second = Post(refusals, 1, 2), Post(refusals, 3)
    for _ in range(20):
        for post in (first, second):
            assert post.refused(Action.SIFT) == Ruling(again=post.drops, is_general=True)


def test_acceptance_wipes_the_slate(refusals: Refusals) -> None:
    post, other = Post(refusals, 1, 2), Post(refusals, 3)
    post.refused(Action.SIFT)
    post.accepted()
    other.accepted()
    assert post.refused(Action.SIFT).is_general


def test_what_may_have_been_taken_is_not_judged(refusals: Refusals) -> None:
    with pytest.raises(ValueError, match="may have been taken"):
        Post(refusals, 1).refused(Action.ASK)


@pytest.mark.parametrize(
    ("kind", "code", "action"),
    [
        (Kind.FATAL, 10001, Action.STOP),
        (Kind.PERMANENT, None, Action.REFUSE),
        (Kind.TRANSIENT, None, Action.WAIT),
        (Kind.TRANSIENT, 30000, Action.RETRY),
        (Kind.UNKNOWN, None, Action.ASK),
    ],
)
def test_trouble_that_no_table_knows_is_taken_by_its_kind(kind: Kind, code: int | None, action: Action) -> None:
    assert Trouble(kind=kind, text="No", code=code).action is action
