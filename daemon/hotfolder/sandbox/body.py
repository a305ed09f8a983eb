"""
The body of one request as it comes in, with the scripted trouble that can befall it.
"""

from collections.abc import Callable
from io import BufferedIOBase
from typing import Final

from hotfolder.sandbox.faults import Fault, RequestWatch

BLOCK: Final = 256 * 1024
"""Bytes per read: more was no faster over loopback, and every connection holds about two of them."""


class BodyCutError(Exception):
    """The sender went away before the end of the body."""


class ResetDueError(Exception):
    """A scripted fault wants the connection reset here."""


class StallDueError(Exception):
    """A scripted fault wants nothing more to be read here."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.do)
        self.fault = fault


class Body:
    """Exactly Content-Length bytes of a stream."""

    def __init__(
        self, stream: BufferedIOBase, size: int, watch: RequestWatch, pause: Callable[[float], object]
    ) -> None:
        self._stream = stream
        self._remaining = size
        self._taken = 0
        self._watch = watch
        self._pause = pause
        self.size = size

    def read(self) -> bytes:
        """The next block, b"" at the end; `BodyCutError`, `ResetDueError` or `StallDueError` instead."""
        most = min(BLOCK, self._remaining)
        fault = self._watch.acting
        if fault is not None and fault.do in ("reset", "stall"):
            most = min(most, fault.after_bytes - self._taken)
            if most <= 0:
                raise ResetDueError if fault.do == "reset" else StallDueError(fault)
        elif fault is not None and fault.do == "slow-read":
            most = min(most, max(1, fault.bytes_per_second // 10))
            self._pause(most / fault.bytes_per_second)
        if most == 0:
            return b""
        block = self._stream.read1(most)
        if not block:
            raise BodyCutError
        self._remaining -= len(block)
        self._taken += len(block)
        return block

    def drain(self) -> None:
        """Read what is left and forget it, so that the sender gets to read the answer."""
        while self.read():
            pass

    def content(self) -> bytes:
        """All of a small body."""
        return b"".join(iter(self.read, b""))
