"""A listener for watches: gathers what it is told and can be waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hotfolder.edges.watch import FolderWatch

PATIENCE_S = 20.0  # far beyond what anything here takes; only a failing test waits for it


class Listener:
    """What a watch said, from its own thread."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self.calls: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self.files: dict[str, float] = {}  # by when it was last told, monotonic
        self.directories: dict[str, float] = {}
        self.overflows = 0
        self.deaths: list[str] = []

    def on_change(self, files: tuple[str, ...], directories: tuple[str, ...]) -> None:
        with self._news:
            now_s = time.monotonic()
            self.calls.append((files, directories))
            self.files.update(dict.fromkeys(files, now_s))
            self.directories.update(dict.fromkeys(directories, now_s))
            self._news.notify_all()

    def on_overflow(self) -> None:
        with self._news:
            self.overflows += 1
            self._news.notify_all()

    def on_dead(self, reason: str) -> None:
        with self._news:
            self.deaths.append(reason)
            self._news.notify_all()

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until it holds."""
        with self._news:
            assert self._news.wait_for(condition, PATIENCE_S), (self.files, self.directories, self.deaths)

    def wait_for_file(self, path: str, *, since_s: float = 0.0) -> None:
        self.wait(lambda: self.files.get(path, -1.0) > since_s)

    def wait_for_directory(self, path: str) -> None:
        self.wait(lambda: path in self.directories)


@contextmanager
def watching(root: Path, listener: Listener) -> Iterator[FolderWatch]:
    """Watch a directory for the length of a block."""
    watch = FolderWatch(root, on_change=listener.on_change, on_overflow=listener.on_overflow, on_dead=listener.on_dead)
    try:
        yield watch
    finally:
        watch.stop()
