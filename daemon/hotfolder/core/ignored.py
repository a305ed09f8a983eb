"""
What one hot folder ignores, and why: for people who wonder where their file stays.
"""

from __future__ import annotations

IGNORED_LISTED = 1000  # files named for people; beyond it they are only counted


class Ignored:
    """What the latest full scan met, and what has come since."""

    def __init__(self) -> None:
        self._told = _List()
        self._met = _List()  # by the full scan under way

    @property
    def names(self) -> dict[str, str]:
        """Path to reason: the first thousand."""
        return self._told.names

    @property
    def count(self) -> int:
        """How much is ignored."""
        return self._told.count

    def add(self, path: str, reason: str, *, by_scan: bool) -> None:
        """Something is ignored; what a full scan meets is told at its end, instead of what the one before has met."""
        (self._met if by_scan else self._told).add(path, reason)

    def begin_scan(self) -> None:
        """A full scan begins."""
        self._met = _List()

    def finish_scan(self) -> None:
        """It has come to its end."""
        self._told, self._met = self._met, _List()


class _List:
    """The first paths by name, and how many there are; a path comes again with each event of it."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.count = 0

    def add(self, path: str, reason: str) -> None:
        if path in self.names:
            return
        self.count += 1  # beyond the names, one that comes again counts again, until the next full scan
        if len(self.names) < IGNORED_LISTED:
            self.names[path] = reason
