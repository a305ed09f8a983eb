"""Turns go by weight, and nobody waits for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.turns import Turns, weight

_priorities = st.lists(st.integers(-100, 100), min_size=2, max_size=5)


def play(priorities: Sequence[int], count: int) -> list[int]:
    """Let everybody want every turn; return who had them."""
    names = {str(number): priority for number, priority in enumerate(priorities)}
    turns = Turns(lambda name: weight(names[name]))
    taken: list[int] = []
    for _ in range(count):
        first = turns.order(names)[0]
        turns.take(first)
        taken.append(int(first))
    return taken


@pytest.mark.parametrize(("priority", "turns"), [(0, 1.0), (1, 2.0), (3, 4.0), (-1, 0.5), (-2, 1 / 3)])
def test_a_priority_is_so_many_turns_for_each_one_of_priority_0(priority: int, turns: float) -> None:
    assert weight(priority) == pytest.approx(turns)


def test_equals_take_turns() -> None:
    assert play([0, 0, 0], 9) == [0, 1, 2] * 3


def test_two_turns_for_each_one() -> None:
    assert Counter(play([1, 0], 300)) == {0: 200, 1: 100}


@given(_priorities)
def test_turns_are_shared_by_weight(priorities: list[int]) -> None:
    weights = [weight(priority) for priority in priorities]
    count = 1000
    taken = Counter(play(priorities, count))
    for number, own in enumerate(weights):
        assert abs(taken[number] - count * own / sum(weights)) <= len(weights) + 1


@given(_priorities)
def test_nobody_waits_for_more_turns_than_the_weights_of_the_others_say(priorities: list[int]) -> None:
    weights = [weight(priority) for priority in priorities]
    lowest = min(range(len(priorities)), key=lambda number: weights[number])
    longest = sum(other / weights[lowest] for other in weights) + len(weights)
    assert lowest in play(priorities, int(longest) + 1)


@given(st.integers(1, 1000), st.integers(0, 50))
def test_nobody_saves_up_turns(away: int, priority: int) -> None:
    """Who comes back after a long while comes first, and then shares as if it had never been away."""
    turns = Turns(lambda name: weight(priority) if name == "busy" else 1.0)
    turns.take("guest")
    for _ in range(away):
        turns.take("busy")
    taken: list[str] = []
    for _ in range(2 * (priority + 1) + 2):
        taken.append(turns.order(["busy", "guest"])[0])
        turns.take(taken[-1])
    assert taken.count("guest") <= 3


def test_a_new_weight_holds_from_the_next_turn_on() -> None:
    weights = {"a": 1.0, "b": 1.0}
    turns = Turns(weights.__getitem__)
    taken: list[str] = []
    for number in range(200):
        if number == 100:
            weights["a"] = 4.0
        taken.append(turns.order(weights)[0])
        turns.take(taken[-1])
    assert taken[:100].count("a") == 50
    assert taken[100:].count("a") in range(79, 82)
