"""
A service manager as far as the daemon sees one: the socket that NOTIFY_SOCKET names, and what arrives there.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.acceptance.process import PATIENCE_S


class Manager:
    """Listens while its context is open."""

    def __init__(self, address: Path) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(address))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def environment(self, watchdog_s: float) -> Mapping[str, str]:
        """Return what a service is given that has to show signs of life so often."""
        return {"NOTIFY_SOCKET": str(self._address), "WATCHDOG_USEC": str(round(watchdog_s * 1_000_000))}

    def receive(self, within_s: float = PATIENCE_S) -> list[str]:
        """Wait for the next message and return its assignments."""
        self._socket.settimeout(within_s)
        return self._socket.recv(65536).decode().split("\n")

    def receive_until_silence(self, silence_s: float) -> list[list[str]]:
        """Return messages until none has come for so long."""
        messages = []
        with suppress(TimeoutError):
            while True:
                messages.append(self.receive(silence_s))
        return messages

    def await_line(self, beginning: str) -> list[str]:
        """Wait for a message with such an assignment, and return it; others are passed over."""
        deadline_s = time.monotonic() + PATIENCE_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            message = self.receive(left_s)
            if any(line.startswith(beginning) for line in message):
                return message
        raise AssertionError(f"no {beginning} for {PATIENCE_S:.0f} s")
