"""
The two clocks of the sandbox: one to measure by, one to show. Both are arguments, so that tests move time themselves.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """Where the sandbox reads the time."""

    monotonic: Callable[[], float] = time.monotonic  # seconds; decides time-outs and progress
    now: Callable[[], datetime] = utc_now  # aware; stands in logs and on assets
