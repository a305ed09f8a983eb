"""
A log stream that never makes anybody wait: lines go through a bounded queue to a thread that writes them.

Whoever reads our log may be slow, stand still, or be a pipe that nobody reads; the daemon's work goes on all the same
(RELIABILITY G10). What there is no room for is counted, and the count is told as soon as lines go out again.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

ROOM_BYTES = 8 * 1024**2
"""Of text that waits: some 30,000 lines, minutes of a busy daemon, in memory that nobody misses."""

PATIENCE_S = 2.0  # for what still waits at the end; a reader that stands still must not hold up the exit


class Spool:
    """
    Fits `edges.logs.Stream`. Several threads may write; `close` is harmless twice.

    Written is to the descriptor itself: a thread that is stuck in a stream of Python's would keep its lock, and the
    interpreter could not end.
    """

    def __init__(self, fd: int, *, on_lost: Callable[[int], None], room_bytes: int = ROOM_BYTES) -> None:
        """`on_lost` is called from the writing thread with how many lines were lost, and may write."""
        self._fd = fd
        self._on_lost = on_lost
        self._room_bytes = room_bytes
        self._news = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._lost = 0  # lines
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Take whole lines, or lose them if too many wait already."""
        data = text.encode("utf-8", "backslashreplace")
        is_ours = threading.current_thread() is self._thread  # the count of what was lost has always room
        with self._news:
            if self._is_closed or (self._waiting_bytes + len(data) > self._room_bytes and not is_ours):
                self._lost += text.count("\n")
            else:
                self._waiting.append(data)
                self._waiting_bytes += len(data)
                self._news.notify()
        return len(text)

    def flush(self) -> None:
        """Nothing: lines leave as soon as they can."""

    def isatty(self) -> bool:
        """Return whether people read it."""
        return os.isatty(self._fd)

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Let what waits go out, for so long at most."""
        with self._news:
            self._is_closed = True
            self._news.notify()
        self._thread.join(patience_s)

    def _run(self) -> None:
        while (data := self._next()) is not None:
            try:
                self._write(data)
            except OSError:  # nobody will ever read it: the same as lines for which there is no room
                with self._news:
                    self._lost += data.count(b"\n")
                    self._waiting.clear()
                    self._waiting_bytes = 0
                continue
            with self._news:
                self._waiting_bytes -= len(data)
                lost = 0 if self._is_closed else self._lost
                self._lost -= lost
            if lost:
                self._on_lost(lost)

    def _next(self) -> bytes | None:
        """Return what has waited longest, waiting for it; None once all is out and the spool closed."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._is_closed)
            return self._waiting.popleft() if self._waiting else None

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
