"""
Whose turn it is, where several want the same: by weight, and nobody is kept waiting for ever.

Whoever has a weight of 2 gets two turns for each one of somebody with 1, while both want some. Nobody saves up turns:
who did not want any for a while comes first once, and then shares as all do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable


def weight(priority: int) -> float:
    """Return how many turns a hot folder of that priority gets for each one of a hot folder with priority 0."""
    return 1.0 + priority if priority >= 0 else 1.0 / (1.0 - priority)


class Turns:
    """Puts those who want a turn in order; each turn taken moves its taker back, the less the more it weighs."""

    def __init__(self, weight_of: Callable[[str], float]) -> None:
        self._weight_of = weight_of
        self._next: dict[str, float] = {}  # the tag that each may have at its next turn
        self._last: dict[str, int] = {}  # the number of each one's last turn
        self._now = 0.0  # the tag of the last turn
        self._count = 0

    def order(self, names: Iterable[str]) -> list[str]:
        """Return those who want a turn, the next one first; of equals whoever has waited longest, then as given."""
        return sorted(names, key=lambda name: (self._tag(name), self._last.get(name, 0)))

    def take(self, name: str) -> None:
        """Somebody takes a turn; it need not be the first one, if the others could not use it."""
        tag = self._tag(name)
        self._now = max(self._now, tag)
        self._next[name] = tag + 1.0 / self._weight_of(name)
        self._count += 1
        self._last[name] = self._count

    def _tag(self, name: str) -> float:
        return max(self._next.get(name, 0.0), self._now)
