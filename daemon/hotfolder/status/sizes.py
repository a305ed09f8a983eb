"""
Sizes as people say them, on pages and on terminals alike.
"""

from __future__ import annotations

from typing import Final

from hotfolder.core.saying import Say, english

SIZES: Final = ("bytes", "KB", "MB", "GB")


def size(size_bytes: int, say: Say = english) -> str:
    """Return a size for people."""
    value = float(size_bytes)
    for unit in SIZES[:-1]:
        if value < 1000:
            return f"{value:.0f} {say(unit)}" if unit == SIZES[0] else f"{value:.1f} {say(unit)}"
        value /= 1000
    return f"{value:.1f} {say(SIZES[-1])}"
