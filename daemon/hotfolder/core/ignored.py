"""
What one hot folder ignores, and why: for people who wonder where their file stays.
"""

from __future__ import annotations

IGNORED_LISTED = 1000  # files named for people; beyond it they are only counted


class Ignored:
    """What the latest full scan met, and what has come since."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # path to reason
        self.count = 0
        self._met: dict[str, str] = {}  # by the scan under way
        self._met_count = 0

    def add(self, path: str, reason: str, *, by_scan: bool) -> None:
        """Something is ignored; what a scan meets is told at its end, instead of what the one before has met."""
        self._met_count += 1
        if len(self._met) < IGNORED_LISTED:
            self._met[path] = reason
        if not by_scan and path not in self.names:
            self.count += 1
            self.names[path] = reason

    def begin_scan(self) -> None:
        """A full scan begins."""
        self._met, self._met_count = {}, 0

    def finish_scan(self) -> None:
        """It has come to its end."""
        self.names, self._met = self._met, {}
        self.count, self._met_count = self._met_count, 0
