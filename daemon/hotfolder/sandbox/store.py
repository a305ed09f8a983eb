"""
The sandbox's data directory: a lock, an index in SQLite, posted files in `incoming/`, assets in `content/`.

It owns the one connection and the lock under which everything that reads or writes the index runs.
Nothing is synced: a killed sandbox keeps what it had, a power cut may not.
"""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from hotfolder.sandbox.errors import SandboxError


class Store:
    """One open data directory; `close` gives it free, a second call is harmless."""

    def __init__(self, directory: Path) -> None:
        self.incoming = directory / "incoming"
        self.content = directory / "content"
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
            self.content.mkdir(exist_ok=True)
            self._lock_file = (directory / "lock").open("w")
        except OSError as error:
            raise SandboxError(f"{directory}: cannot be used as data directory: {error.strerror}") from error
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock_file.close()
            raise SandboxError(
                f"{directory}: another sandbox uses this data directory; stop it or give --data"
            ) from error
        self.lock = threading.RLock()
        self.db = sqlite3.connect(directory / "index.db", isolation_level=None, check_same_thread=False)
        try:
            self._open_index()
        except sqlite3.DatabaseError as error:
            self.close()
            raise SandboxError(f"{directory / 'index.db'}: not a sandbox index: {error}") from error

    def _open_index(self) -> None:
        self.db.row_factory = sqlite3.Row
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = off")
        self.db.executescript(resources.files("hotfolder.sandbox").joinpath("schema.sql").read_text("utf-8"))
        waiting = {row["content"] for row in self.db.execute("select content from received where is_done = 0")}
        for path in self.incoming.iterdir():
            if path.name not in waiting:  # of a POST that was never received in full
                path.unlink()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is kept or nothing; not to be nested."""
        with self.lock:
            self.db.execute("begin")
            try:
                yield self.db
            except BaseException:
                self.db.execute("rollback")
                raise
            self.db.execute("commit")

    def close(self) -> None:
        with self.lock:
            self.db.close()
            self._lock_file.close()
