"""Bandwidth is shared out by the clock."""

from __future__ import annotations

import pytest

from hotfolder.services.throttle import Throttle
from hotfolder.testing.perils import VirtualClock
from hotfolder.testing.simulation import START


def test_bytes_take_the_time_that_the_bandwidth_gives_them() -> None:
    clock = VirtualClock(START)
    throttle = Throttle(1000.0, monotonic=clock.monotonic, sleep=clock.advance)
    began_s = clock.monotonic()
    for _ in range(5):
        throttle.spend(400)
    assert clock.monotonic() - began_s == pytest.approx(2.0)


def test_time_without_a_post_is_not_saved_up() -> None:
    clock = VirtualClock(START)
    throttle = Throttle(1000.0, monotonic=clock.monotonic, sleep=clock.advance)
    clock.advance(60.0)
    began_s = clock.monotonic()
    throttle.spend(3000)
    assert clock.monotonic() - began_s == pytest.approx(3.0)
