"""
The time at which a turn is taken, and what it has to log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Now:
    """One reading of both clocks."""

    monotonic: float  # seconds, asleep ones included
    wall: datetime  # UTC
    local: datetime  # naive: what calendar and clock of this machine's place say

    @property
    def today(self) -> date:
        """The day by the local calendar, for `_done/DATE` and templates."""
        return self.local.date()


@dataclass(frozen=True, slots=True)
class Notice:
    """A log event (DESIGN 4.4)."""

    event: str
    fields: Mapping[str, Any]
    level: Literal["debug", "info", "warning", "error"] = "info"
