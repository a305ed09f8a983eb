"""
The terminal as people want it: without colours and all other marks where NO_COLOR says so, and redrawn only if it can.
"""

from __future__ import annotations

import os
import shutil
import sys

from rich.console import Console
from rich.text import Text

INDENT = 2
"""Columns by which the rest of a line that is too long for the terminal stands in."""


def console(*, stderr: bool = False) -> Console:
    """Return standard output or error; what cannot be styled is plain text."""
    made = Console(stderr=stderr, color_system=None if os.environ.get("NO_COLOR") else "auto")
    if made.is_dumb_terminal:  # of which rich believes that it has 80 columns
        made.size = shutil.get_terminal_size()
    return made


def may_redraw(terminal: Console) -> bool:
    """Return whether what was printed can be taken back: a pipe cannot, nor a terminal that calls itself dumb."""
    return terminal.is_terminal and not terminal.is_dumb_terminal


def print_line(terminal: Console, line: str) -> None:
    """Print a line, which may have colours; one that is too long goes on further down between words, set in."""
    text = Text.from_ansi(line)
    if text.cell_len <= terminal.width:
        terminal.print(text, soft_wrap=True)
        return
    for number, part in enumerate(text.wrap(terminal, max(terminal.width - INDENT, INDENT), overflow="fold")):
        part.rstrip()
        terminal.print(Text(" " * INDENT).append_text(part) if number else part, soft_wrap=True)


def say(line: str) -> None:
    """Print a line of a result: as it is, but wrapped on a terminal."""
    terminal = console()
    if terminal.is_terminal:
        print_line(terminal, line)
    else:
        sys.stdout.write(line + "\n")
