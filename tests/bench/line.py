"""
A long line with a limit: what comes in on one side leaves on the other half a round trip later, at a steady rate.

`python -m tests.bench.line PORT ROUND_TRIP_MS BYTES_PER_S` forwards to a port of this machine and prints its own. All
connections share the rate, in the direction of the upload; answers are only late. Each side holds what fits into the
line and little more, so that a sender feels the rate and cannot push everything into it at once.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Final, Self

from tests.bench.processes import ROOT

_BLOCK_BYTES: Final = 16 * 1024
_BUFFER_BYTES: Final = 128 * 1024  # of the socket that takes the upload in
_QUEUED_S: Final = 0.05  # what the line's own buffer holds


class Rate:
    """When the next byte may leave."""

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._lock = threading.Lock()
        self._free_s = 0.0

    def take(self, count: int) -> float:
        """Return when so many bytes have left."""
        with self._lock:
            self._free_s = max(self._free_s, time.monotonic()) + count / self._bytes_per_s
            return self._free_s


def carry(source: socket.socket, target: socket.socket, delay_s: float, rate: Rate | None) -> None:
    """Carry everything from one socket to another."""
    under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_deliver, args=(target, under_way), daemon=True).start()
    while True:
        try:
            data = source.recv(_BLOCK_BYTES)
        except OSError:
            data = b""
        left_s = rate.take(len(data)) if rate is not None else time.monotonic()
        under_way.put((left_s + delay_s, data))
        if not data:
            return
        early_s = left_s - _QUEUED_S - time.monotonic()
        if early_s > 0:
            time.sleep(early_s)


def _deliver(target: socket.socket, under_way: queue.SimpleQueue[tuple[float, bytes]]) -> None:
    while True:
        due_s, data = under_way.get()
        early_s = due_s - time.monotonic()
        if early_s > 0:
            time.sleep(early_s)
        try:
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)
        except OSError:
            return


class Line:
    """The line as a process of its own."""

    def __init__(self, port: int, *, round_trip_s: float, bytes_per_s: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.line", str(port), str(round_trip_s), str(bytes_per_s)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Forward until killed."""
    port, round_trip_s, bytes_per_s = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    rate = Rate(bytes_per_s)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target, limit in ((near, far, rate), (far, near, None)):
            threading.Thread(target=carry, args=(source, target, round_trip_s / 2, limit), daemon=True).start()


if __name__ == "__main__":
    main()
