"""
One thread that carries out actions in order, and tells how long it has been at one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from hotfolder.core.messages import Action

HANG_S = 30.0
"""One action in a hot folder is a thousand looks or a batch of renames: half a minute for it means a dead share."""


class Inbox(Protocol):
    """What one or several workers have to do; None ends the one that takes it."""

    def put(self, action: Action | None, /) -> None:
        """Add something."""

    def get(self) -> Action | None:
        """Return what is next, waiting until there is something."""

    def empty(self) -> bool:
        """Return whether nothing waits."""


class Worker:
    """One daemon thread; it never holds up the exit."""

    def __init__(self, name: str, inbox: Inbox, do: Callable[[Action], None], monotonic: Callable[[], float]) -> None:
        self.name = name
        self.inbox = inbox
        self.current: tuple[Action, float] | None = None  # what it does, and since when
        self.hang_told = False
        self.is_relieved = False  # another one was hired to do its work while it waits for a share
        self.has_left = False  # was told to end
        self._do = do
        self._monotonic = monotonic
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether it carries out something."""
        return self.current is not None

    def hangs(self, now_s: float, longest_s: float = HANG_S) -> bool:
        """Whether it has been at one action for so long that its share, or its server, must be hanging."""
        current = self.current
        return current is not None and now_s - current[1] > longest_s

    def _run(self) -> None:
        while (action := self.inbox.get()) is not None:
            self.current = action, self._monotonic()
            self._do(action)
            self.current = None
            self.hang_told = self.is_relieved = False
        self.has_left = True

    def is_alive(self) -> bool:
        """Return whether it goes on; it ends only when told to, or by an error that nothing catches."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end after its inbox got None."""
        self._thread.join(timeout_s)
