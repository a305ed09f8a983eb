"""
Running what is measured: each in a process of its own, with what it took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.request import urlopen

ROOT: Final = Path(__file__).parents[2]

PATIENCE_S: Final = 900.0
"""No run may take longer; it is killed then, so that a daemon that hangs fails its bench and not the machine."""


class BenchError(Exception):
    """A run did not do what it was to do: there is nothing to compare."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one run took."""

    wall_s: float
    cpu_s: float
    memory_mib: float  # the largest resident set of its processes
    post_s: float = 0.0  # at the server: from the first byte of the first POST to the last byte of the last one
    output: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """What the server saw."""

    posts: int
    files: int
    size_bytes: int
    span_s: float
    began_s: float  # of the first byte, by the clock of `time.monotonic`; 0 when nothing came
    arrivals: Mapping[str, float]  # by file name: when the first byte of its POST came
    reads: int
    cpu_s: float


class Server:
    """The server as a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.server"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._cpu_s = 0.0

    def base_url(self, line_mb_s: int = 0) -> str:
        """Return what stands in a configuration as `server.base_url`, on a line of so many MB/s if it is not 0."""
        return f"http://127.0.0.1:{self.port}/{f'line-{line_mb_s}' if line_mb_s else 'scene7'}"

    def take_traffic(self) -> Traffic:
        """Return what came since the last call."""
        with urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=60) as answer:
            stats: dict[str, Any] = json.load(answer)
        posts = stats["posts"]
        before, self._cpu_s = self._cpu_s, stats["cpu_s"]
        return Traffic(
            posts=len(posts),
            files=sum(len(post[3]) for post in posts),
            size_bytes=sum(post[2] for post in posts),
            span_s=max((post[1] for post in posts), default=0.0) - min((post[0] for post in posts), default=0.0),
            began_s=min((post[0] for post in posts), default=0.0),
            arrivals={name: post[0] for post in reversed(posts) for name in post[3]},
            reads=stats["reads"],
            cpu_s=self._cpu_s - before,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


def run(command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end; standard error goes to a file, and an exit code but 0 raises `BenchError`."""
    began = time.monotonic()
    with log.open("w") as stderr, _watched(command, stderr.fileno(), environment) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - began
    if process.returncode != 0:
        raise BenchError(f"{command[0]} ended with {process.returncode}: {output}{log.read_text()[-2000:]}")
    return Run(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,  # of the process and of those it waited for
        memory_mib=usage.ru_maxrss / 1024,
        output=output,
    )


@contextmanager
def _watched(
    command: Sequence[str], stderr: int, environment: Mapping[str, str] | None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        ["timeout", "--foreground", "--signal=KILL", str(PATIENCE_S), *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        if process.stdout is not None:
            process.stdout.close()
