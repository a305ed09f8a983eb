"""Bandwidth is shared out by the clock, at the limit of the hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from hotfolder.core.bandwidth import Bandwidth, BandwidthWindow
from hotfolder.services.throttle import LOOK_S, Throttle
from hotfolder.testing.perils import VirtualClock
from hotfolder.testing.simulation import START

SLOW = Bandwidth(bytes_s=1000.0)


def throttle_of(clock: VirtualClock, bandwidth: Bandwidth, sleep: Callable[[float], object] | None = None) -> Throttle:
    """Return a throttle whose sleep moves the clock, which is UTC here."""
    return Throttle(
        bandwidth,
        monotonic=clock.monotonic,
        local=lambda: clock.now().replace(tzinfo=None),
        sleep=sleep or clock.advance,
    )


def test_bytes_take_the_time_that_the_bandwidth_gives_them() -> None:
    clock = VirtualClock(START)
    throttle = throttle_of(clock, SLOW)
    began_s = clock.monotonic()
    for _ in range(5):
        throttle.spend(400)
    assert clock.monotonic() - began_s == pytest.approx(2.0)


def test_time_without_a_post_is_not_saved_up() -> None:
    clock = VirtualClock(START)
    throttle = throttle_of(clock, SLOW)
    clock.advance(60.0)
    began_s = clock.monotonic()
    throttle.spend(3000)
    assert clock.monotonic() - began_s == pytest.approx(3.0)


def test_without_a_limit_nobody_waits() -> None:
    clock = VirtualClock(START)
    throttle_of(clock, Bandwidth(), sleep=lambda seconds: pytest.fail("slept")).spend(10**12)


def test_a_limit_begins_with_its_hours_and_ends_with_them_in_the_middle_of_a_block() -> None:
    """A block of 1 MiB at 1 kB/s would take a quarter of an hour: nobody waits for it to the end."""
    clock = VirtualClock(START)  # 09:00
    window = BandwidthWindow(begin=time(9, 1), end=time(9, 2), bytes_s=1000.0)
    throttle = throttle_of(clock, Bandwidth(windows=(window,)))
    throttle.spend(2**20)
    assert clock.now() == START
    clock.advance(70.0)
    throttle.spend(2**20)
    assert timedelta(minutes=2) <= clock.now() - START <= timedelta(minutes=2, seconds=LOOK_S)


def test_new_settings_hold_for_what_waits_already() -> None:
    clock = VirtualClock(START)

    def sleep(seconds: float) -> None:
        clock.advance(seconds)
        if clock.now() >= START + timedelta(seconds=10):
            throttle.change(Bandwidth(bytes_s=1e6))

    throttle = throttle_of(clock, SLOW, sleep)
    throttle.spend(1_000_000)
    assert timedelta(seconds=10) < clock.now() - START < timedelta(seconds=12)


def test_two_who_share_it_both_wait_for_what_both_have_spent() -> None:
    clock = VirtualClock(START)
    others = [2000]

    def sleep(seconds: float) -> None:
        if others:
            throttle.spend(others.pop())  # as another thread would, while the first one waits
        clock.advance(seconds)

    throttle = throttle_of(clock, SLOW, sleep)
    throttle.spend(1000)
    assert clock.now() - START >= timedelta(seconds=3)
