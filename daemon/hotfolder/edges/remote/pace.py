"""
Patience with a network that moves, but hardly: a minimum rate for sending and for answers (RELIABILITY E18).

A time-out alone bounds only silence: a peer that takes or gives a byte a minute would hold a thread for days, since TLS
waits anew for every record of 16 KiB and a reader for every byte. Time spent elsewhere, such as for a bandwidth of the
settings, is not held against the peer.
"""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from hotfolder.core import line_troubles

if TYPE_CHECKING:
    import socket

    from _typeshed import ReadableBuffer, WriteableBuffer
    from urllib3.connection import HTTPConnection

LEAST_BYTES_PER_S = 4096
"""
Less is as good as nothing: 33 kbit/s, a share of a telephone line. A guess, and low, because a POST that is given up is
sent once more: slow lines have to get through.
"""


class TooSlowError(TimeoutError):
    """The network moves, but less than is worth waiting for."""


class Pace:
    """Watches one direction of one exchange."""

    def __init__(self, stretch_s: float) -> None:
        """Judge every stretch of `stretch_s` seconds of waiting by itself."""
        self._stretch_s = stretch_s
        self._bytes = 0
        self._waited_s = 0.0

    def moved(self, count: int, waited_s: float) -> None:
        """Count bytes and what they took; raises `TooSlowError` when a whole stretch had too few."""
        self._bytes += count
        self._waited_s += waited_s
        if self._waited_s < self._stretch_s:
            return
        if self._bytes < LEAST_BYTES_PER_S * self._waited_s:
            raise TooSlowError(line_troubles.ONLY_BYTES.format(count=self._bytes, time=f"{self._waited_s:.0f}"))
        self._bytes, self._waited_s = 0, 0.0


def send(connection: HTTPConnection, block: ReadableBuffer, pace: Pace, monotonic: Callable[[], float]) -> None:
    """Send a whole block, a part at a time as the network takes it."""
    rest = memoryview(block)
    while rest:
        begun_s = monotonic()
        count = connection.sock.send(rest)
        pace.moved(count, monotonic() - begun_s)
        rest = rest[count:]


def time_answer(
    connection: HTTPConnection, *, silence_s: float, whole_s: float, monotonic: Callable[[], float]
) -> None:
    """
    Bound the next answer on a connection, head and body: silence, rate, and all of it.

    The wait for its first byte is the server's work and counts as silence only.
    """
    until_s = monotonic() + whole_s
    connection.response_class = partial(  # type: ignore[assignment] # called like the class it stands for
        _TimedAnswer, silence_s=silence_s, until_s=until_s, monotonic=monotonic
    )


class _TimedAnswer(http.client.HTTPResponse):
    """An answer read from a socket with limits; http.client itself knows none but that of the socket."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        silence_s: float,
        until_s: float,
        monotonic: Callable[[], float],
        method: str | None = None,
        **given: Any,
    ) -> None:
        super().__init__(sock, method=method, **given)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(raw, sock, silence_s, until_s, monotonic))


class _TimedReader(io.RawIOBase):
    """The bytes of a socket."""

    def __init__(
        self, raw: io.RawIOBase, sock: socket.socket, silence_s: float, until_s: float, monotonic: Callable[[], float]
    ) -> None:
        self._raw = raw
        self._sock = sock
        self._silence_s = silence_s
        self._until_s = until_s
        self._monotonic = monotonic
        self._pace: Pace | None = None  # from the second read on

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        begun_s = self._monotonic()
        left_s = self._until_s - begun_s
        if left_s <= 0:
            raise TooSlowError(line_troubles.ANSWER_NOT_COMPLETE)
        self._sock.settimeout(min(self._silence_s, left_s))
        count: int | None = self._raw.readinto(buffer)
        if count and self._pace is not None:
            self._pace.moved(count, self._monotonic() - begun_s)
        self._pace = self._pace or Pace(self._silence_s)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
