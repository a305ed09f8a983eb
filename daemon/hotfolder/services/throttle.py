"""
The bandwidth that all POSTs share.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Throttle:
    """Spreads bytes over time; any number of threads may use it."""

    def __init__(self, bytes_s: float, *, monotonic: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self._bytes_s = bytes_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_s = monotonic()  # when everything spent so far has had its time

    def spend(self, size_bytes: int) -> None:
        """Wait until these bytes have had their time; what was not used earlier is not saved up."""
        with self._lock:
            now_s = self._monotonic()
            self._free_s = max(self._free_s, now_s) + size_bytes / self._bytes_s
            wait_s = self._free_s - now_s
        if wait_s > 0:
            self._sleep(wait_s)
