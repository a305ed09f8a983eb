"""
Files being read for POSTs, watched from outside: a thread that waits for a share cannot say so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hotfolder.ports import Reader

PostKey = tuple[int, int]
"""A job and the number of its POST."""


class Readings:
    """Which POST waits for its share, and since when; any thread may use it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since_s: dict[PostKey, float] = {}

    @contextmanager
    def waiting(self, post: PostKey) -> Iterator[None]:
        """Count as waiting for the share inside of this."""
        self._since_s[post] = self._monotonic()
        try:
            yield
        finally:
            del self._since_s[post]

    def longer_than(self, seconds: float) -> set[PostKey]:
        """Return the POSTs that have waited for so long."""
        until_s = self._monotonic() - seconds
        return {post for post, since_s in self._since_s.copy().items() if since_s <= until_s}


class WatchedReader:
    """A reader whose every call counts as waiting for its share; fits `ports.Reader`."""

    def __init__(self, reader: Reader, readings: Readings, post: PostKey) -> None:
        self.size_bytes = reader.size_bytes
        self._reader = reader
        self._readings = readings
        self._post = post

    def blocks(self) -> Iterator[memoryview]:
        """Yield what the reader yields."""
        blocks = self._reader.blocks()
        while True:
            with self._readings.waiting(self._post):
                block = next(blocks, None)
            if block is None:
                return
            yield block

    def check_unchanged(self) -> bool:
        """Return what the reader says."""
        with self._readings.waiting(self._post):
            return self._reader.check_unchanged()

    def close(self) -> None:
        """Close the reader."""
        with self._readings.waiting(self._post):
            self._reader.close()
