"""
How much of the line all POSTs together may use, by the time of day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class BandwidthWindow:
    """
    Hours of every day with a limit of their own, by the clock of this machine's place.

    They begin with the minute `begin` and end before the minute `end`; an end that is not later than the beginning is
    on the next day, so that 00:00 is midnight.
    """

    begin: time
    end: time
    bytes_s: float | None  # None = unlimited

    def minutes(self) -> frozenset[int]:
        """Return the minutes of a day that lie in it."""
        first, last = _minute(self.begin), _minute(self.end)
        if first < last:
            return frozenset(range(first, last))
        return frozenset((*range(first, _DAY_MINUTES), *range(last)))

    def has(self, local: datetime) -> bool:
        """Return whether a moment of the local clock lies in it."""
        at = local.time()
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True, kw_only=True, slots=True)
class Bandwidth:
    """The limit at any time; without windows always the same."""

    bytes_s: float | None = None  # outside of every window; None = unlimited
    windows: tuple[BandwidthWindow, ...] = ()  # no two have a minute in common

    @property
    def is_unlimited(self) -> bool:
        """Whether there is never a limit, so that nobody needs to ask again."""
        return self.bytes_s is None and not self.windows

    def limit_at(self, local: datetime) -> float | None:
        """
        Return bytes per second at a moment, None for unlimited.

        `local` is naive: an hour that summer time leaves out never comes, and one that it repeats comes twice.
        """
        window = self._window_at(local)
        return self.bytes_s if window is None else window.bytes_s

    def holds_until(self, local: datetime) -> datetime | None:
        """Return when another limit may begin, by the same clock; None if never."""
        if not self.windows:
            return None
        edges = {edge for window in self.windows for edge in (window.begin, window.end)}
        return min(_next(edge, local) for edge in edges)

    def _window_at(self, local: datetime) -> BandwidthWindow | None:
        return next((window for window in self.windows if window.has(local)), None)


def overlapping(windows: tuple[BandwidthWindow, ...]) -> tuple[int, int] | None:
    """Return the positions of the first window that has a minute in common with an earlier one, and of that one."""
    for position, window in enumerate(windows):
        for earlier in range(position):
            if windows[earlier].minutes() & window.minutes():
                return position, earlier
    return None


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _next(edge: time, local: datetime) -> datetime:
    at = datetime.combine(local.date(), edge)
    return at if at > local else at + timedelta(days=1)
