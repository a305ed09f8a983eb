"""
A command on a terminal of a given width and kind: what it writes there, byte by byte.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.cells import cell_len

from tests.acceptance.process import PATIENCE_S

_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STYLES = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """One command that believes to be on a terminal."""

    def __init__(self, *arguments: str, columns: int, kind: str, colours: bool) -> None:
        environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
        environment |= {"TERM": kind} | ({} if colours else {"NO_COLOR": "1"})
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        hotfolder = Path(sys.executable).with_name("hotfolder")
        self._popen = subprocess.Popen(
            [hotfolder, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self._fd = ours
        self._data = b""

    @property
    def text(self) -> str:
        """Return all that it wrote so far, with its codes."""
        return self._data.decode("utf-8", "replace")

    @property
    def lines(self) -> list[str]:
        """Return what it wrote without its codes, line by line."""
        return [line.rstrip("\r") for line in _CODES.sub("", self.text).split("\n")]

    @property
    def width(self) -> int:
        """Return how many columns the longest line takes."""
        return max(cell_len(line) for line in self.lines)

    @property
    def has_styles(self) -> bool:
        """Return whether it used colours, or anything else of the kind."""
        return _STYLES.search(self.text) is not None

    @property
    def shows_cursor(self) -> bool:
        """Return whether the cursor is there, as it should be in the end."""
        return self.text.rfind("\x1b[?25h") >= self.text.rfind("\x1b[?25l")

    def await_text(self, text: str) -> None:
        """Wait until it has written something."""
        until_s = time.monotonic() + PATIENCE_S
        while text not in self.text:
            assert time.monotonic() < until_s, self.text[-2000:]
            assert self._read(), self.text[-2000:]

    def end(self, *, interrupt: bool = False) -> int:
        """Read to its end, after Ctrl-C if told so; return its exit code."""
        if interrupt:
            self._popen.send_signal(2)
        while self._read():
            pass
        return self._popen.wait(PATIENCE_S)

    def _read(self) -> bool:
        """Take what there is, waiting for it; return whether more may come."""
        if select.select([self._fd], [], [], 1.0)[0]:
            try:
                data = os.read(self._fd, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                return False
            self._data += data
            return bool(data)
        return True

    def close(self) -> None:
        """End it, if it has not ended."""
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()
        os.close(self._fd)


@contextmanager
def on_terminal(
    *arguments: str, columns: int = 80, kind: str = "xterm-256color", colours: bool = False
) -> Iterator[Terminal]:
    """Start `hotfolder` with these arguments."""
    terminal = Terminal(*arguments, columns=columns, kind=kind, colours=colours)
    try:
        yield terminal
    finally:
        terminal.close()
