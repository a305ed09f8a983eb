"""
Tells the service manager how the loop does: ready, alive, what it is at, and that it needs time to stop.

It beats with the loop's own turns and has no thread: a loop that hangs falls silent, and the watchdog restarts the
daemon. Folders and servers that hang have threads of their own, so they silence nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from hotfolder.ports import Clock, Notifier

STATUS_EVERY_S = 5.0  # people look at it, and each change goes through systemd's own loop

EXTENSION_S = 20.0
"""
What is asked for, again and again, while a POST is finishing.

Long enough to span the longest wait between two turns of a stopping loop, short enough that a loop that hangs in the
meantime does not delay a shutdown for long.
"""

EXTEND_EVERY_S = 5.0


class Loop(Protocol):
    """What is to be known of the loop."""

    turns: int  # finished ones
    ledger_error: str | None

    @property
    def is_posting(self) -> bool:
        """Whether a POST is under way, or waits for a thread."""

    def dead_threads(self) -> Sequence[str]:
        """Return the names of threads that have ended and should not have."""


class Pulse:
    """The loop calls `beat` after each turn."""

    def __init__(
        self,
        notifier: Notifier,
        loop: Loop,
        *,
        clock: Clock,
        watchdog_s: float | None,
        describe: Callable[[], str],
        warn: Callable[[str], None],
    ) -> None:
        self._notifier = notifier
        self._loop = loop
        self._clock = clock
        self._ping_every_s = None if watchdog_s is None else ping_every_s(watchdog_s)
        self._describe = describe
        self._warn = warn
        self._is_ready = False
        self._is_stopping = False
        self._pinged_s: float | None = None
        self._extended_s: float | None = None
        self._told_s: float | None = None
        self._told = ""
        self._missed: set[str] = set()  # dead threads that were warned of

    def beat(self) -> None:
        """Say what is due; to be called after each turn, and when the loop waits for its ledger."""
        now_s = self._clock.monotonic()
        if not self._is_ready:
            self._begin(now_s)
        else:
            self._tell(now_s)
        if self._ping_every_s is not None and _is_due(self._pinged_s, self._ping_every_s, now_s) and self._is_sound():
            self._pinged_s = now_s if self._notifier.alive() else None
        if self._is_stopping and self._loop.is_posting and _is_due(self._extended_s, EXTEND_EVERY_S, now_s):
            self._extended_s = now_s if self._notifier.extend_timeout(EXTENSION_S) else None

    def reloading(self) -> None:
        """Settings are being read again; the next turn says that it is over."""
        self._notifier.reloading()
        self._is_ready = False

    def stopping(self) -> None:
        """The loop is asked to end; `beat` goes on while it finishes."""
        self._is_stopping = True
        self._notifier.stopping()
        self._told_s = None

    def _begin(self, now_s: float) -> None:
        """Be ready after the first turn; before it, the ledger may not even be writable."""
        if self._loop.turns:
            text = self._text()
            self._is_ready = self._notifier.ready(text)
            self._told, self._told_s = text, now_s

    def _tell(self, now_s: float) -> None:
        if not _is_due(self._told_s, STATUS_EVERY_S, now_s):
            return
        self._is_sound()
        if (text := self._text()) != self._told:
            self._told_s = now_s
            if self._notifier.status(text):
                self._told = text

    def _text(self) -> str:
        if self._is_stopping:
            return "stopping; a POST is being finished" if self._loop.is_posting else "stopping"
        if self._missed:
            return f"a thread has died: {', '.join(sorted(self._missed))}; only a restart helps"
        if self._loop.ledger_error is not None:
            return f"the ledger cannot be written: {self._loop.ledger_error}"
        return self._describe()

    def _is_sound(self) -> bool:
        """Return whether work that is begun gets done: a thread that hangs may come back, a dead one will not."""
        for name in self._loop.dead_threads():
            if name not in self._missed:
                self._missed.add(name)
                self._warn(f"the thread {name!r} has died, and only a restart helps; no watchdog is fed any more")
        return not self._missed


def ping_every_s(watchdog_s: float) -> float:
    """Return how often to ping, and how often the loop has to turn for that: two may come late or get lost."""
    return watchdog_s / 3


def _is_due(last_s: float | None, every_s: float, now_s: float) -> bool:
    return last_s is None or now_s - last_s >= every_s
