"""
The daemon as people run it: the installed program as a process of its own, read through its log lines.

Nothing in here sleeps: whoever waits is woken by the next log line, or by the end of the process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self, TypeVar

from hotfolder.sandbox import Fault

PROGRAM = Path(sys.executable).with_name("hotfolder")

PATIENCE_S = 60.0
"""What a busy machine may need for what takes a second or two; a test that waits so long has failed."""

LOOK_S = 0.1  # between two looks at what no log line announces

Event = dict[str, Any]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a process that has ended leaves behind."""

    code: int  # exit code, negative for a signal that ended it
    stdout: str
    events: tuple[Event, ...]
    noise: tuple[str, ...]  # lines on stderr that are no JSON

    def named(self, name: str, **fields: object) -> list[Event]:
        """Return the events of this name with these fields."""
        return [event for event in self.events if fits(event, name, fields)]


def fits(event: Event, name: str, fields: Mapping[str, object]) -> bool:
    """Return whether an event has this name and these fields."""
    return event["event"] == name and all(event.get(key) == value for key, value in fields.items())


def run(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end."""
    with Process(*arguments, environment=environment) as process:
        return process.wait()


@dataclass
class _Heard:
    """What has come on stderr so far."""

    events: list[Event] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    over: bool = False


class Process:
    """One run of the program; killed, if it still runs, when its context is left."""

    def __init__(
        self,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str | Path] = (PROGRAM,),
    ) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("HOTFOLDER_")}
        self._popen = subprocess.Popen(
            [*program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=inherited | dict(environment or {}),
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
        self._heard = _Heard()
        self._news = threading.Condition()
        self._stdout: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_log, args=(self._popen.stderr,), daemon=True),
            threading.Thread(target=self._read_results, args=(self._popen.stdout,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    # --- what it says ---

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def events(self) -> list[Event]:
        """Return what it has logged so far."""
        with self._news:
            return list(self._heard.events)

    def is_alive(self) -> bool:
        """Return whether it runs."""
        return self._popen.poll() is None

    def count(self, name: str, **fields: object) -> int:
        """Return how many such events there were."""
        return sum(fits(event, name, fields) for event in self.events)

    def await_event(self, name: str, *, times: int = 1, within_s: float = PATIENCE_S, **fields: object) -> Event:
        """Wait for the n-th such event, counted from the beginning, and return it."""
        seen = found = 0

        def look() -> Event | None:
            nonlocal seen, found
            while seen < len(self._heard.events):
                event = self._heard.events[seen]
                seen += 1
                found += fits(event, name, fields)
                if found == times:
                    return event
            return None

        return self.await_that(look, f"{times} × {name} {fields or ''}", within_s)

    def has_logged(self, lines: int) -> bool:
        """Wait for so many log lines; False if it ends with fewer."""
        with self._news:
            self._news.wait_for(lambda: len(self._heard.events) >= lines or self._heard.over, PATIENCE_S)
            return len(self._heard.events) >= lines

    def has_met(self, fault: Fault) -> bool:
        """Wait until a scripted fault of the sandbox acts; False if it ends without."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not fault.met.wait(LOOK_S) and not self._heard.over:
            assert time.monotonic() < deadline_s, self._last_lines()
        return fault.met.is_set()

    def await_that(self, condition: Callable[[], T | None], what: str, within_s: float = PATIENCE_S) -> T:
        """Wait until something is true of the world, asked after every log line and often; return what it gives."""
        deadline_s = time.monotonic() + within_s
        with self._news:
            while True:
                value = condition()
                if value:
                    return value
                left_s = deadline_s - time.monotonic()
                if self._heard.over or left_s <= 0:
                    why = "it ended" if self._heard.over else f"that did not come within {within_s:.0f} s"
                    raise AssertionError(f"waited for {what}, but {why}; {self._last_lines()}")
                self._news.wait(min(left_s, LOOK_S))

    def _last_lines(self) -> str:
        lines = [json.dumps(event) for event in self._heard.events[-12:]] + self._heard.noise[-30:]
        return "its last lines:\n  " + "\n  ".join(lines)

    # --- what is done to it ---

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; one that has ended already does not mind."""
        self._popen.send_signal(number)

    def wait(self, within_s: float = PATIENCE_S) -> Ended:
        """Wait for its end."""
        try:
            code = self._popen.wait(within_s)
        except subprocess.TimeoutExpired:
            with self._news:
                raise AssertionError(f"still running after {within_s:.0f} s; {self._last_lines()}") from None
        for reader in self._readers:
            reader.join()
        return Ended(code=code, stdout="".join(self._stdout), events=tuple(self.events), noise=tuple(self._heard.noise))

    def end(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """Send it a signal and wait for its end."""
        self.send(number)
        return self.wait()

    # --- readers ---

    def _read_log(self, pipe: IO[str]) -> None:
        for line in pipe:
            with self._news:
                try:
                    event = json.loads(line)
                except json.JSONDecodeError:
                    self._heard.noise.append(line)
                else:
                    self._heard.events.append(event)
                self._news.notify_all()
        with self._news:
            self._heard.over = True
            self._news.notify_all()

    def _read_results(self, pipe: IO[str]) -> None:
        self._stdout += pipe
