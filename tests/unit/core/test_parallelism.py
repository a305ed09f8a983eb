"""Half as much after trouble, and one more after each while of good POSTs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.parallelism import GOOD_POSTS, HALVING_S, PATIENT_STEP_S, STEP_S, Parallelism


def good_posts(parallelism: Parallelism, count: int, *, from_s: float, every_s: float) -> float:
    """Have so many POSTs taken; return when the last one was."""
    for number in range(1, count + 1):
        parallelism.good(from_s + number * every_s)
    return from_s + count * every_s


@pytest.mark.parametrize(("most", "limits"), [(1, [1, 1]), (2, [1, 1]), (5, [2, 1]), (10, [5, 2, 1, 1])])
def test_every_trouble_halves_down_to_one(most: int, limits: list[int]) -> None:
    parallelism = Parallelism(most)
    for number, limit in enumerate(limits):
        was = parallelism.limit
        assert parallelism.trouble(number * HALVING_S) is (limit < was)
        assert parallelism.limit == limit


def test_posts_that_fail_together_are_one_trouble() -> None:
    parallelism = Parallelism(8)
    assert parallelism.trouble(100.0)
    assert not parallelism.trouble(100.0 + HALVING_S - 0.1)
    assert parallelism.limit == 4


def test_one_more_comes_back_after_enough_good_posts_and_enough_time() -> None:
    parallelism = Parallelism(4)
    parallelism.trouble(0.0)
    good_posts(parallelism, 100, from_s=0.0, every_s=STEP_S / 101)
    assert parallelism.limit == 2, "many, but soon"
    parallelism.good(STEP_S)
    assert parallelism.limit == 3
    at_s = good_posts(parallelism, GOOD_POSTS - 1, from_s=STEP_S, every_s=STEP_S)
    assert parallelism.limit == 3, "late, but few"
    assert parallelism.good(at_s + 1.0)
    assert parallelism.limit == 4


def test_of_the_largest_files_one_good_post_is_enough_after_minutes() -> None:
    parallelism = Parallelism(2)
    parallelism.trouble(0.0)
    assert not parallelism.good(PATIENT_STEP_S - 1)
    assert parallelism.good(PATIENT_STEP_S)


def test_trouble_begins_the_count_anew() -> None:
    parallelism = Parallelism(2)
    parallelism.trouble(0.0)
    good_posts(parallelism, GOOD_POSTS - 1, from_s=STEP_S, every_s=0.1)
    parallelism.trouble(2 * STEP_S)
    assert not parallelism.good(4 * STEP_S)
    assert parallelism.limit == 1


@given(
    st.integers(1, 10),
    st.lists(st.tuples(st.booleans(), st.floats(0.0, 400.0)), max_size=200),
)
def test_it_stays_between_one_and_all_and_grows_by_one(most: int, events: list[tuple[bool, float]]) -> None:
    parallelism = Parallelism(most)
    now_s = grown_s = 0.0
    for is_good, after_s in events:
        now_s += after_s
        was = parallelism.limit
        told = parallelism.good(now_s) if is_good else parallelism.trouble(now_s)
        assert 1 <= parallelism.limit <= most
        if is_good:
            assert parallelism.limit - was in (0, 1)
            assert told is (parallelism.limit == most and was < most)
        else:
            assert parallelism.limit in (was, max(1, was // 2))
            assert told is (parallelism.limit < was)
        if parallelism.limit > was:
            assert now_s - grown_s >= STEP_S
        if parallelism.limit != was:
            grown_s = now_s


@given(st.integers(1, 10), st.lists(st.floats(0.0, 60.0), max_size=20))
def test_whatever_went_wrong_all_comes_back(most: int, troubles: list[float]) -> None:
    parallelism = Parallelism(most)
    now_s = 0.0
    for after_s in troubles:
        now_s += after_s
        parallelism.trouble(now_s)
    good_posts(parallelism, GOOD_POSTS * most, from_s=now_s, every_s=STEP_S)
    assert parallelism.limit == most
