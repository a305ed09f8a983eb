"""
What the daemon tells systemd: datagrams of `KEY=value` lines to the socket that NOTIFY_SOCKET names (sd_notify(3)).

Nothing in here raises into the caller: an init system that does not listen is no reason to stop sending files.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

NOTIFY_SOCKET = "NOTIFY_SOCKET"
WATCHDOG_USEC = "WATCHDOG_USEC"
WATCHDOG_PID = "WATCHDOG_PID"

SEND_TIMEOUT_S = 1.0
"""How long a full socket may hold up the loop: systemd empties it in milliseconds, and a ping comes again."""

LONGEST_STATUS = 500  # characters; `systemctl status` shows one line


class SystemdNotifier:
    """
    Fits `ports.Notifier`. Any thread may use it.

    `address` is what NOTIFY_SOCKET says: a path, or an abstract name after an "@"; with None nobody listens and
    everything succeeds.
    Each call returns whether the message was taken.
    """

    def __init__(self, address: str | None, *, send_timeout_s: float = SEND_TIMEOUT_S) -> None:
        self._send_timeout_s = send_timeout_s
        self._address = _socket_address(address) if address else None

    def ready(self, status: str) -> bool:
        """Start-up, or a reload, is complete."""
        return self._send("READY=1", _status_line(status))

    def status(self, text: str) -> bool:
        """Show one line to people."""
        return self._send(_status_line(text))

    def alive(self) -> bool:
        """Feed the watchdog."""
        return self._send("WATCHDOG=1")

    def reloading(self) -> bool:
        """Settings are being read again; `ready` ends it."""
        # without this stamp systemd 253 and newer would take the READY=1 of an earlier reload for the end of this one
        return self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> bool:
        """The end has begun."""
        return self._send("STOPPING=1", _status_line("stopping"))

    def extend_timeout(self, seconds: float) -> bool:
        """Ask for this much more time, from now on, for starting, stopping or reloading; to be asked again before."""
        return self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def _send(self, *lines: str) -> bool:
        if self._address is None:
            return True
        message = "\n".join(lines).encode("utf-8", "replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(self._send_timeout_s)
                sender.sendto(message, self._address)
        except (OSError, ValueError):  # ValueError: a NUL in the path
            return False
        return True


def notify_address(environment: Mapping[str, str]) -> str | None:
    """Return where systemd listens; None if it does not."""
    return environment.get(NOTIFY_SOCKET) or None


def watchdog_interval_s(environment: Mapping[str, str], pid: int | None = None) -> float | None:
    """
    Return within how many seconds each ping must follow the one before, None if nobody waits for any.

    `pid` is ours unless given: what is meant for another process, such as the parent that started us, does not count.
    """
    meant_for = environment.get(WATCHDOG_PID)
    if meant_for and meant_for != str(os.getpid() if pid is None else pid):
        return None
    try:
        interval_us = int(environment.get(WATCHDOG_USEC, ""))
    except ValueError:
        return None
    return interval_us / 1_000_000 if interval_us > 0 else None


def _socket_address(address: str) -> str:
    return "\0" + address[1:] if address.startswith("@") else address


def _status_line(text: str) -> str:
    """Return the assignment; a line break would begin another one."""
    return "STATUS=" + " ".join(text.split())[:LONGEST_STATUS]
