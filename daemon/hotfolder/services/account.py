"""
One server as the daemon uses it: the line to it, and the company that the last sign-in found.
"""

from __future__ import annotations

from dataclasses import dataclass

from hotfolder.core.server import Company
from hotfolder.ports import Remote


@dataclass(slots=True)
class Account:
    """The thread that asks the server sets `company`; any may read it."""

    remote: Remote
    company: Company | None = None  # None = nobody has signed in yet
