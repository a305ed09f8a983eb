"""
What may overtake what in one hot folder.

In a folder where fifty thousand files settle there are always looks to be taken, and filing waits for the disk again
and again. So claims do not wait for looks, and nothing that is dropped waits for what was sent before.
"""

from __future__ import annotations

import itertools
import queue
from enum import IntEnum

from hotfolder.core.litter import WORKING
from hotfolder.core.messages import Action, FileAway, LeaveNote, Look, Scan, WriteStatus


class Lane(IntEnum):
    """Actions of one lane keep their order."""

    TAKING = 0  # what changes the hot folder: claims, and all that goes with its coming and going
    LOOKING = 1  # by the same thread, when there is nothing to take
    FILING = 2  # by a thread of its own: touches reserved places only, and nothing that is being claimed


def lane(action: Action) -> Lane:
    """
    Return the lane of an action in a hot folder.

    A claim may overtake looks and scans, for they say what is there when they are taken; but not the search for
    orphans, which would take for one what it moves. What is filed from its place in the hot folder is not filed beside
    the looks: one that found it there would be told after the news that it is gone.
    """
    match action:
        case Look() | Scan():
            return Lane.LOOKING
        case LeaveNote() | WriteStatus():
            return Lane.FILING
        case FileAway() if all(item.source_path.startswith(f"{WORKING}/") for item in action.items):
            return Lane.FILING
        case _:
            return Lane.TAKING


class TakingFirst:
    """What the thread that takes and looks has to do: any thread may put, one gets."""

    def __init__(self) -> None:
        self._queue: queue.PriorityQueue[tuple[int, int, Action | None]] = queue.PriorityQueue()
        self._count = itertools.count()  # keeps the order inside a lane; an action is never compared with another one

    def put(self, action: Action | None) -> None:
        """Add something to do; None is the end, once everything before and after it is done."""
        rank = len(Lane) if action is None else lane(action)
        self._queue.put((rank, next(self._count), action))

    def get(self) -> Action | None:
        """Return what is next, waiting until there is something."""
        return self._queue.get()[2]

    def empty(self) -> bool:
        """Return whether nothing waits."""
        return self._queue.empty()
