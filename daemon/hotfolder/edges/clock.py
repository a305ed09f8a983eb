"""
The machine's clocks.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Fits `ports.Clock`."""

    def monotonic(self) -> float:
        """Return seconds since boot, those asleep included: a job times out while a laptop sleeps, too."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def now(self) -> datetime:
        """Return the wall clock in UTC."""
        return datetime.now(UTC)
