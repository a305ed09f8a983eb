"""
The terminal as people want it: without colours and all other marks where NO_COLOR says so, and redrawn only if it can.
"""

from __future__ import annotations

import os

from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """Return standard output or error; what cannot be styled is plain text."""
    return Console(stderr=stderr, color_system=None if os.environ.get("NO_COLOR") else "auto")


def may_redraw(terminal: Console) -> bool:
    """Return whether what was printed can be taken back: a pipe cannot, nor a terminal that calls itself dumb."""
    return terminal.is_terminal and not terminal.is_dumb_terminal
