"""When hot folders want to publish."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.publish_times import is_due, is_marked, left_s, wish
from hotfolder.core.settings import PublishWhen

NOON = datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001 # local times have no zone here
local_times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        (PublishWhen.AFTER_JOB, ""),
        (time(22, 0), "2026-03-01T22:00"),
        (time(12, 0), "2026-03-02T12:00"),
        (time(11, 59), "2026-03-02T11:59"),
    ],
)
def test_a_wish_is_the_next_such_time(when: PublishWhen | time, wanted: str) -> None:
    assert wish(when, NOON) == wanted


@given(times, local_times)
def test_a_wish_comes_within_a_day_and_is_due_from_then_on(when: time, now: datetime) -> None:
    wanted = wish(when, now)
    in_s = left_s(wanted, now)
    assert 0 < in_s <= 86400
    assert not is_due(wanted, now)
    at = now + timedelta(seconds=in_s)
    assert is_due(wanted, at)
    assert is_due(wanted, at + timedelta(days=3))
    assert (at.hour, at.minute, at.second) == (when.hour, when.minute, 0)


@given(local_times)
def test_as_soon_as_possible_is_always_due_and_before_any_time(now: datetime) -> None:
    assert is_due(wish(PublishWhen.AFTER_JOB, now), now)
    assert wish(PublishWhen.AFTER_JOB, now) < wish(time(0, 0), now)


def test_a_time_that_summer_time_skips_is_due_right_after_it() -> None:
    """At 02:00 the clock goes to 03:00."""
    wanted = wish(time(2, 30), datetime(2026, 3, 29, 1, 59))  # noqa: DTZ001
    assert not is_due(wanted, datetime(2026, 3, 29, 1, 59, 59))  # noqa: DTZ001
    assert is_due(wanted, datetime(2026, 3, 29, 3, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("options", "marked"), [('{"readyForPublish": true}', True), ('{"readyForPublish": false}', False), ("{}", False)]
)
def test_only_what_is_marked_waits(options: str, marked: bool) -> None:
    assert is_marked(options) is marked
