"""The limit of the line at any moment of the local clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.bandwidth import Bandwidth, BandwidthWindow, overlapping

DAY = datetime(2026, 3, 1)  # noqa: DTZ001 # the local clock is naive


def window(begin: str, end: str, bytes_s: float | None = 1000.0) -> BandwidthWindow:
    return BandwidthWindow(begin=time.fromisoformat(begin), end=time.fromisoformat(end), bytes_s=bytes_s)


def at(text: str) -> datetime:
    return datetime.combine(DAY.date(), time.fromisoformat(text))


@pytest.mark.parametrize(
    ("moment", "limit"),
    [
        ("07:59:59.999999", None),
        ("08:00:00", 10.0),
        ("17:59:59.999999", 10.0),
        ("18:00:00", None),
        ("21:59:00", None),
        ("22:00:00", 20.0),
        ("23:59:59", 20.0),
        ("00:00:00", 20.0),
        ("05:59:59", 20.0),
        ("06:00:00", None),
    ],
)
def test_a_window_holds_from_its_first_minute_to_before_its_last_also_over_midnight(
    moment: str, limit: float | None
) -> None:
    bandwidth = Bandwidth(windows=(window("08:00", "18:00", 10.0), window("22:00", "06:00", 20.0)))
    assert bandwidth.limit_at(at(moment)) == limit


def test_a_whole_day_has_one_limit() -> None:
    bandwidth = Bandwidth(windows=(window("00:00", "00:00"),))
    assert {bandwidth.limit_at(DAY + timedelta(minutes=minute)) for minute in range(24 * 60)} == {1000.0}


def test_windows_that_touch_do_not_overlap() -> None:
    assert overlapping((window("08:00", "18:00"), window("18:00", "08:00"))) is None


def test_the_later_one_of_two_that_overlap_is_named_with_the_earlier() -> None:
    windows = (window("08:00", "12:00"), window("12:00", "18:00"), window("17:59", "20:00"))
    assert overlapping(windows) == (2, 1)
    assert overlapping((window("22:00", "06:00"), window("05:59", "07:00"))) == (1, 0)


_times = st.builds(time, hour=st.integers(0, 23), minute=st.integers(0, 59))
_windows = st.lists(
    st.builds(BandwidthWindow, begin=_times, end=_times, bytes_s=st.floats(1000, 1e9)), min_size=1, max_size=5
).map(tuple)
_moments = st.datetimes(min_value=DAY, max_value=DAY + timedelta(days=400))


@given(_windows, _moments)
def test_the_limit_is_that_of_the_window_that_has_the_minute(
    windows: tuple[BandwidthWindow, ...], moment: datetime
) -> None:
    minute = moment.hour * 60 + moment.minute
    of_minute = [each.bytes_s for each in windows if minute in each.minutes()]
    limit = Bandwidth(windows=windows).limit_at(moment)
    assert limit == (of_minute[0] if of_minute else None)
    if overlapping(windows) is None:
        assert len(of_minute) <= 1


@given(_windows, _moments)
def test_nothing_changes_before_the_moment_that_is_named(
    windows: tuple[BandwidthWindow, ...], moment: datetime
) -> None:
    bandwidth = Bandwidth(windows=windows)
    until = bandwidth.holds_until(moment)
    assert until is not None
    assert moment < until <= moment + timedelta(days=1)
    assert until.second == until.microsecond == 0
    limit = bandwidth.limit_at(moment)
    minutes = int((until - moment) / timedelta(minutes=1))
    for step in {0, minutes // 2, minutes}:
        assert bandwidth.limit_at(min(moment + timedelta(minutes=step), until - timedelta(microseconds=1))) == limit


@given(_windows, st.permutations(range(5)))
def test_whether_windows_overlap_does_not_hang_on_their_order(
    windows: tuple[BandwidthWindow, ...], order: list[int]
) -> None:
    shuffled = tuple(windows[position] for position in order if position < len(windows))
    assert (overlapping(shuffled) is None) == (overlapping(windows) is None)


def test_without_windows_there_is_nothing_to_wait_for() -> None:
    assert Bandwidth(bytes_s=5.0).holds_until(DAY) is None
    assert Bandwidth().is_unlimited
    assert not Bandwidth(windows=(window("08:00", "09:00"),)).is_unlimited
