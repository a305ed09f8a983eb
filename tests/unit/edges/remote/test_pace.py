"""
When a network that moves is too slow.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.edges.remote.pace import LEAST_BYTES_PER_S, Pace, TooSlowError

moves = st.lists(st.tuples(st.integers(1, 1_000_000), st.floats(0.0, 59.0)), max_size=50)


def test_silence_of_a_stretch_with_a_little_at_its_end_is_too_slow() -> None:
    pace = Pace(60.0)
    pace.moved(16384, 59.0)
    with pytest.raises(TooSlowError, match="only 16385 bytes in 118 s"):
        pace.moved(1, 59.0)


def test_what_was_quick_before_does_not_make_up_for_it() -> None:
    pace = Pace(60.0)
    for _ in range(120):
        pace.moved(1_000_000, 0.5)
    with pytest.raises(TooSlowError):
        pace.moved(1, 60.0)


def test_a_short_stall_is_forgiven() -> None:
    pace = Pace(60.0)
    pace.moved(1, 59.0)
    pace.moved(1_000_000, 1.0)
    pace.moved(1, 59.0)


@given(moves)
def test_a_peer_that_keeps_the_rate_is_never_given_up(moves: list[tuple[int, float]]) -> None:
    pace = Pace(60.0)
    for count, waited_s in moves:
        pace.moved(max(count, int(waited_s * LEAST_BYTES_PER_S) + 1), waited_s)


@given(moves)
def test_no_two_stretches_pass_below_the_rate(moves: list[tuple[int, float]]) -> None:
    """So a thread is held for two minutes at the most by a peer that gives next to nothing."""
    pace = Pace(60.0)
    slow_s = 0.0
    for _, waited_s in moves:
        slow_s += waited_s
        try:
            pace.moved(int(waited_s * LEAST_BYTES_PER_S) // 2, waited_s)
        except TooSlowError:
            return
        assert slow_s < 120.0
