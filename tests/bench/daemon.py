"""
A daemon that goes on running while things are dropped, and what it takes meanwhile.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.bench.processes import ROOT, BenchError
from tests.bench.share import PASSWORD, Share, daemon_command

_TICKS_S: Final = os.sysconf("SC_CLK_TCK")
_END_S: Final = 60.0  # for a stop


class Daemon:
    """`hotfolder run` in a place."""

    def __init__(self, share: Share) -> None:
        self.began_s = time.monotonic()
        self._log = share.log
        with share.log.open("w") as stderr:
            self._process = subprocess.Popen(
                [*daemon_command(), "--config", str(share.config), "run"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stderr=stderr,
                env={**os.environ, **PASSWORD},
            )
        self._proc = Path("/proc", str(self._process.pid))

    def await_ready(self) -> float:
        """Return the seconds from its start until it said that it is there."""
        wait_for(lambda: '"daemon.ready"' in self._log.read_text(), "the daemon to be ready", patience_s=60)
        return time.monotonic() - self.began_s

    def await_watches(self, count: int) -> float:
        """Return the seconds from its start until it watched so many directories."""
        wait_for(lambda: self.watches() >= count, f"{count} watches", patience_s=120, every_s=0.05)
        return time.monotonic() - self.began_s

    def watches(self) -> int:
        """Return how many directories it watches by inotify."""
        count = 0
        for path in (self._proc / "fdinfo").iterdir():
            try:
                count = max(count, path.read_bytes().count(b"inotify wd:"))
            except OSError:  # closed meanwhile
                continue
        return count

    def cpu_s(self) -> float:
        """Return the CPU seconds that it took so far."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_S

    def memory_mib(self) -> float:
        """Return its largest resident set so far."""
        lines = (self._proc / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

    def check(self) -> None:
        """Raise `BenchError` if it has ended by itself."""
        if self._process.poll() is not None:
            raise BenchError(f"the daemon ended with {self._process.returncode}: {self._log.read_text()[-2000:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            if error is None:
                raise BenchError(f"the daemon did not stop: {self._log.read_text()[-2000:]}") from None


def wait_for(is_there: Callable[[], bool], what: str, *, patience_s: float, every_s: float = 0.02) -> None:
    """Wait until something is so; raises `BenchError` when it does not become so in time."""
    deadline_s = time.monotonic() + patience_s
    while not is_there():
        if time.monotonic() > deadline_s:
            raise BenchError(f"waited {patience_s:.0f} s in vain for {what}")
        time.sleep(every_s)
