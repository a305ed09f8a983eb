"""
Exit codes, as documented (DESIGN 4.1).
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's end says."""

    GOOD = 0  # all stored, updated or renamed, or nothing there
    ATTENTION = 1  # some duplicate, failed, rejected, unknown or held
    UNUSABLE = 2  # usage, configuration, or another instance owns the ledger
    REFUSED = 3  # the server refuses us; nothing was claimed
    UNREACHABLE = 4  # nobody answered in time; files are where they were
    INTERRUPTED = 130  # SIGINT
