"""
The bandwidth that all POSTs share.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from hotfolder.core.bandwidth import Bandwidth

LOOK_S = 1.0
"""A thread that waits looks at the limit so often: the hours of another one may have begun, or new settings come."""

CLOSE_BYTES = 0.001  # what clocks cannot tell from nothing


class Throttle:
    """Spreads bytes over time; any number of threads may use it."""

    def __init__(
        self,
        bandwidth: Bandwidth,
        *,
        monotonic: Callable[[], float],
        local: Callable[[], datetime],
        sleep: Callable[[float], object],
    ) -> None:
        """`local` is the naive clock of this machine's place, which the hours of a limit go by."""
        self._bandwidth = bandwidth
        self._monotonic = monotonic
        self._local = local
        self._sleep = sleep
        self._lock = threading.Lock()
        self._spent_bytes = 0.0  # by everybody so far
        self._paid_bytes = 0.0  # of them, what has had its time
        self._paid_until_s = monotonic()

    def change(self, bandwidth: Bandwidth) -> None:
        """Keep another bandwidth from now on, also for what waits already."""
        with self._lock:
            self._pay()
            self._bandwidth = bandwidth

    def spend(self, size_bytes: int) -> None:
        """Wait until these bytes have had their time; what was not used earlier is not saved up."""
        if self._bandwidth.is_unlimited:
            return
        with self._lock:
            self._pay()
            self._spent_bytes += size_bytes
            mine = self._spent_bytes
        while True:
            with self._lock:
                rate = self._pay()
                left_bytes = mine - self._paid_bytes
            if rate is None or left_bytes <= CLOSE_BYTES:
                return
            self._sleep(min(left_bytes / rate, LOOK_S))

    def _pay(self) -> float | None:
        """Give what was spent the time that has passed, at the limit of now; return that."""
        now_s = self._monotonic()
        rate = self._bandwidth.limit_at(self._local())
        if rate is None:
            self._paid_bytes = self._spent_bytes
        else:
            self._paid_bytes = min(self._spent_bytes, self._paid_bytes + (now_s - self._paid_until_s) * rate)
        self._paid_until_s = now_s
        return rate
