"""
The running daemon as the pages and the control socket know it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import Event

T = TypeVar("T")


class Running(Protocol):
    """What is needed of it; fits `services.supervisor.Supervisor`. Any thread may call it."""

    @property
    def ledger_error(self) -> str | None:
        """Why the ledger cannot be written at the moment, None while it can."""

    @property
    def turns(self) -> int:
        """Turns of the loop so far."""

    def ask(self, question: Callable[[Coordinator], T], timeout_s: float = 5.0) -> T:
        """Return what a question finds after everything told before; raises `BusyError`."""

    def tell(self, event: Event) -> None:
        """Give the coordinator an event."""
