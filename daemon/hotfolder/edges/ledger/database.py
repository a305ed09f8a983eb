"""
One connection to the database and what is special about SQLite; every database error leaves as a `LedgerError`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hotfolder.ports import LedgerError

BUSY_MS = 10_000  # readers never block a writer in WAL; this is for a backup tool that locks the file


def sqlite_file(url: URL) -> Path | None:
    """Return the file of a SQLite URL, None for another database."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def parsed(url: str) -> URL:
    """Return the URL, or raise `LedgerError` that names it without its password."""
    try:
        return make_url(url)
    except SQLAlchemyError as error:
        raise LedgerError(f"ledger.url: {error}") from error


def engine_for(url: URL, *, read_only: bool) -> Engine:
    """Return an engine whose connections are set up as the ledger needs them."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    file = sqlite_file(url)
    if file is None:
        raise LedgerError(
            "ledger.url: a ledger in memory would forget everything; name a file: sqlite:////path/ledger.db"
        )
    mode = "ro" if read_only else "rwc"

    def connect() -> sqlite3.Connection:
        path = str(file.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        connection = sqlite3.connect(
            f"file:{path}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # NORMAL may lose the last commits at a power cut
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def begin_explicitly(connection: Connection) -> None:
        """The driver would begin late and commit before DDL: migrations would not be transactional."""
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise every database error as a `LedgerError` that names the ledger, the trouble and the next step."""
    try:
        yield
    except DBAPIError as error:
        text = " ".join(str(error.orig).split())
        raise LedgerError(f"{name}: {text}{_next_step(text)}") from error
    except sqlite3.Error as error:
        text = str(error)
        raise LedgerError(f"{name}: {text}{_next_step(text)}") from error


def _next_step(text: str) -> str:
    steps = {
        "disk is full": "make room on its disk; work goes on by itself",
        "readonly": "make it and its directory writable for this user",
        "unable to open": "its directory must exist and be writable for this user",
        "malformed": "restore it from a backup, or move it away to begin afresh (see the README on a lost ledger)",
        "not a database": "ledger.url must name a ledger, or a file that does not exist yet",
        "locked": "another program holds it; end that program",
    }
    return next((f"; {step}" for sign, step in steps.items() if sign in text), "")
