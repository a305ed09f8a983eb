"""
Where a simulated crash or fault may strike: every fake calls `tick` before and after each effect of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta


class CrashNow(BaseException):
    """The process is gone; no handler of ours may catch it."""


class Perils:
    """Counts the steps of a history, and ends the process at the one it was told."""

    def __init__(self) -> None:
        self.steps = 0
        self.crash_at: int | None = None  # step number, from 1
        self.trace: list[str] = []

    def tick(self, what: str) -> None:
        """Take one step; raises `CrashNow` if it is the last."""
        self.steps += 1
        self.trace.append(what)
        if self.steps == self.crash_at:
            raise CrashNow(f"{self.steps}: {what}")


class VirtualClock:
    """A clock that moves only when told; fits `ports.Clock`."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._monotonic = 1000.0

    def monotonic(self) -> float:
        """Return virtual seconds."""
        return self._monotonic

    def now(self) -> datetime:
        """Return the virtual wall clock, UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)
