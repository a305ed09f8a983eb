"""
Where a simulated history may be cut short, and the clock that it lives by.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hotfolder.testing.perils import CrashNow


class End(enum.Enum):
    """How a process ends before its time."""

    KILL = "kill"  # the machine goes on: everything that was written is there
    CUT = "power cut"  # what was not synced may be gone, in any mixture


class EndNow(CrashNow):
    """The process is gone; no handler of the daemon's may catch it."""

    def __init__(self, how: End, where: str) -> None:
        super().__init__(where)
        self.how = how


@dataclass
class Moments:
    """
    Counts the moments of a history, from 1, and ends the process at those it was told.

    A moment is a step that changes something outside, just before it is taken: a system call, a commit, a request; and
    just after a commit or a request. What lies between two of them cannot be told apart from outside.
    """

    ends: Mapping[int, End] = field(default_factory=dict)
    deeds: Mapping[int, Callable[[], None]] = field(default_factory=dict)  # what users do just then
    count: int = 0
    trace: list[str] = field(default_factory=list)

    def tick(self, what: str) -> None:
        """Come to the next moment; raises `EndNow` if it is the last of this life."""
        self.count += 1
        self.trace.append(what)
        if self.count in self.deeds:
            self.deeds[self.count]()
        how = self.ends.get(self.count)
        if how is not None:
            raise EndNow(how, f"{self.count}: {what}")

    def ended_at(self, what: str) -> int:
        """Return how many lives have ended at a moment of this kind."""
        return sum(self.trace[at - 1] == what for at in self.ends if at <= self.count)
