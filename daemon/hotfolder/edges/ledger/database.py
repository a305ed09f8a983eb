"""
Connections to the database, set up as the ledger needs them, and their errors in words.

Every error of a driver leaves as a `LedgerError` that names the ledger, the trouble and the next step.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hotfolder.ports import LedgerError

BUSY_MS = 10_000  # in WAL readers never hold up the writer; this is for a tool that locks the file, such as a backup

WAL_KEPT_BYTES = 64 * 1024**2  # a WAL that grew while somebody read for long is cut back to this

CONNECT_S = 10  # a database server that has not answered by then is taken for unreachable


class Place:
    """Where a ledger is: its URL in the words of people, and its file if it is one."""

    def __init__(self, url: str) -> None:
        """Raise `LedgerError` for a URL that names no ledger."""
        try:
            parsed = make_url(url)
        except SQLAlchemyError as error:
            raise LedgerError("ledger.url cannot be read; write it as sqlite:////path/to/ledger.db") from error
        self.file: Path | None = None
        match parsed.get_backend_name():
            case "sqlite" if parsed.database and parsed.database != ":memory:":
                # One file has one lock beside it, by whatever link it was found.
                self.file = Path(os.path.realpath(parsed.database))
                self.name = f"the ledger {self.file}"
            case "sqlite":
                raise LedgerError(
                    "ledger.url names no file, and a ledger in memory would forget what was sent; "
                    "write it as sqlite:////path/to/ledger.db"
                )
            case "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
                self.name = f"the ledger {parsed.render_as_string(hide_password=True)}"
            case other:
                raise LedgerError(f"ledger.url names {other}; a ledger is kept in sqlite or postgresql+psycopg")
        self.url = parsed

    def engine(self, *, read_only: bool, who: str = "") -> Engine:
        """Return an engine without a pool; `who` names this process to a database server."""
        if self.file is not None:
            return _sqlite(self.file, self.name, read_only=read_only)
        return _postgresql(self.url, self.name, read_only=read_only, who=who)


def _sqlite(file: Path, name: str, *, read_only: bool) -> Engine:
    address = f"file:{quote(os.fsencode(file))}"

    def connect() -> sqlite3.Connection:
        return _looked_at(file, address) if read_only else _owned(address, name)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def begin_explicitly(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _opened(address: str, *first: str) -> sqlite3.Connection:
    """Open a file and carry out the first statements."""
    # isolation_level: left alone, the driver begins late and commits before DDL, so migrations could stop half-way.
    connection = sqlite3.connect(
        address, uri=True, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        for statement in first:
            connection.execute(statement).fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _owned(address: str, name: str) -> sqlite3.Connection:
    connection = _opened(
        f"{address}?mode=rw",
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",  # NORMAL may lose the last commits at a power cut
        "PRAGMA foreign_keys=ON",
        f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}",
        # A process that died between writing and syncing left commits that can be read and are not on the disk yet.
        "PRAGMA wal_checkpoint",
    )
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.close()
        raise LedgerError(f"{name} is on a file system without shared memory; keep it on a disk of this machine")
    return connection


def _looked_at(file: Path, address: str) -> sqlite3.Connection:
    """
    Open for reading, also for users who may not write in its directory.

    SQLite wants to make its shared memory there. When nobody has the ledger open there is no WAL, and then the file
    alone is the whole ledger; should a daemon start at this very moment, the worst is an error that a second try cures.
    """
    try:
        return _opened(f"{address}?mode=ro", "PRAGMA schema_version")
    except sqlite3.OperationalError as error:
        is_refused = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if not is_refused or os.path.exists(f"{file}-wal"):
            raise
        return _opened(f"{address}?mode=ro&immutable=1", "PRAGMA schema_version")


def _postgresql(url: URL, name: str, *, read_only: bool, who: str) -> Engine:
    settings = ["synchronous_commit=on"]
    if read_only:
        settings.append("default_transaction_read_only=on")
    try:
        return create_engine(
            url,
            poolclass=NullPool,
            paramstyle="format",  # rows travel as plain tuples, as with SQLite
            isolation_level="REPEATABLE READ",
            connect_args={
                "connect_timeout": CONNECT_S,
                "application_name": who,
                "options": " ".join(f"-c {setting}" for setting in settings),
            },
        )
    except ImportError as error:
        raise LedgerError(f"{name} needs the psycopg package: pip install 'hotfolder[postgres]'") from error


class Held:
    """
    One connection that is kept, and given up after any failure: the next transaction begins with a new one.

    What a failed commit has left behind is only seen for certain by looking again.
    """

    def __init__(self, engine: Engine, place: Place, prepare: Callable[[Connection], None]) -> None:
        """`prepare` runs on every new connection, outside of transactions."""
        self.name = place.name
        self._engine = engine
        self._file = place.file
        self._prepare = prepare
        self._connection: Connection | None = None
        self._standing: tuple[int, int] | None = None  # the file that is open
        self._is_closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run one transaction: all of it, or none."""
        self._check_in_place()
        with translated(self.name):
            try:
                connection = self._connected()
                with connection.begin():
                    yield connection
            except BaseException:
                self._give_up()
                raise

    def _check_in_place(self) -> None:
        """A file that was removed while it is open takes writes for ever, and all are gone when it is closed."""
        if self._connection is not None and self._standing != _identity(self._file):
            raise LedgerError(f"{self.name} has been removed or replaced while in use; put it back, or begin afresh")

    def _connected(self) -> Connection:
        if self._is_closed:
            raise LedgerError(f"{self.name} has been closed")
        if self._connection is None:
            self._connection = self._engine.connect()
            self._standing = _identity(self._file)
            self._prepare(self._connection)
        return self._connection

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def close(self) -> None:
        """Close it for good; a second call is harmless."""
        self._is_closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            with translated(self.name):
                connection.close()


def _identity(file: Path | None) -> tuple[int, int] | None:
    try:
        found = None if file is None else os.stat(file)
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Raise every error of a database as a `LedgerError`."""
    try:
        yield
    except DBAPIError as error:
        raise LedgerError(f"{name} {_trouble(error.orig)}") from error
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise LedgerError(f"{name} {_trouble(error)}") from error


_SQLITE_TROUBLES = {
    sqlite3.SQLITE_CONSTRAINT: "has it already, or lacks what it belongs to; this is a mistake of the program",
    sqlite3.SQLITE_FULL: "cannot grow, its disk is full; make room there",
    sqlite3.SQLITE_IOERR_SHMSIZE: "cannot grow, its disk is full; make room there",  # for the memory that readers share
    sqlite3.SQLITE_READONLY: "may not be written; make the file and its directory writable for this user",
    sqlite3.SQLITE_PERM: "may not be opened; make the file and its directory accessible for this user",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; its directory must exist and be writable for this user",
    sqlite3.SQLITE_CORRUPT: "is damaged; end the daemon and restore the file from a backup",
    sqlite3.SQLITE_NOTADB: "is not a database; let ledger.url name another file, or restore this one from a backup",
    sqlite3.SQLITE_BUSY: "is locked by another program; end that program",
    sqlite3.SQLITE_IOERR: "cannot be read or written, its disk reports errors; look into the kernel's log",
}

_POSTGRESQL_TROUBLES = {
    "53100": "cannot grow, the disk of its server is full; make room there",
    "25006": "may not be written, its server is read-only; let ledger.url name the primary server",
    "42501": "may not be used by this user; grant it all on its database and schema",
    "23": "has it already, or lacks what it belongs to; this is a mistake of the program",
    "08": "cannot be reached; see that its server runs",
    "57P": "cannot be reached, its server is going down or starting; wait for it",
}
_UNREACHABLE = "cannot be reached; see that its server runs, and that it knows the user and the database in ledger.url"


def _trouble(error: BaseException | None) -> str:
    text = " ".join(str(error).split())
    words: str | None
    if isinstance(error, sqlite3.Error):
        code: int = getattr(error, "sqlite_errorcode", 0)
        words = _SQLITE_TROUBLES.get(code) or _SQLITE_TROUBLES.get(code & 0xFF)  # higher bits say which kind of it
    elif state := getattr(error, "sqlstate", None):
        words = next((words for begin, words in _POSTGRESQL_TROUBLES.items() if state.startswith(begin)), None)
    else:  # libpq gives no code when there is no connection
        words = _UNREACHABLE if type(error).__name__ == "OperationalError" else None
    return f"cannot be used: {text}" if words is None else f"{words} ({text})"
