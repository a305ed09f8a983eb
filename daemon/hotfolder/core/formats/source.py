"""The bytes of one file for the checks of its format: exact reads, and few."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

ReadAt = Callable[[int, int], bytes]

_READS_MAX: Final = 1024
_STEPS_MAX: Final = 65_536
_BYTES_MAX: Final = 2 << 20
"""
Together they bound what a hostile file can cost, to a fraction of a second.

Real files take one to ten reads; a GIF of 4 MiB is 16,000 steps, a TIFF of 100,000 tiles has tables of 0.8 to 1.6 MB.
"""

_WINDOW: Final = 4096  # structures are walked in small steps, and reading less than a page is no faster


class CutError(Exception):
    """The format's own structure shows that bytes are missing."""


class UnsureError(Exception):
    """It cannot be told: damaged, unusual, or too much to read."""


class Source:
    """Reads of one file."""

    def __init__(self, size: int, read_at: ReadAt) -> None:
        self.size = size
        self._read_at = read_at
        self._reads = 0
        self._steps = 0
        self._bytes = 0
        self._window = b""
        self._window_at = 0

    def at(self, offset: int, length: int) -> bytes:
        """Return just these bytes; raise CutError when they would lie beyond the end."""
        self.need(offset + length)
        self._steps += 1
        self._bytes += length
        if self._steps > _STEPS_MAX or self._bytes > _BYTES_MAX:
            raise UnsureError("too much to look at")
        start = offset - self._window_at
        if start < 0 or start + length > len(self._window):
            self._window = self._read(offset, min(max(length, _WINDOW), self.size - offset))
            self._window_at = offset
            start = 0
            if len(self._window) < length:
                raise UnsureError("the file is being cut while we read")
        return self._window[start : start + length]

    def number(self, form: str, offset: int) -> int:
        """Return one unsigned number, of a struct form such as ">I"."""
        (value,) = struct.unpack(form, self.at(offset, struct.calcsize(form)))
        return int(value)

    def need(self, end: int) -> None:
        """Raise CutError when the file is shorter than this."""
        if end > self.size:
            raise CutError(f"{end} bytes wanted, {self.size} there")

    def tail(self, length: int) -> bytes:
        """Return the last bytes, at most so many."""
        length = min(length, self.size)
        return self.at(self.size - length, length)

    def _read(self, offset: int, length: int) -> bytes:
        self._reads += 1
        if self._reads > _READS_MAX:
            raise UnsureError("too much to read")
        return self._read_at(offset, length)
