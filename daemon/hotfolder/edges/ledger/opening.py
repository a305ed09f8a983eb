"""
Opening the ledger: one owner at a time, the schema brought up to date, and a clear word where that is not possible.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text

from hotfolder.edges.ledger.database import engine_for, parsed, sqlite_file, translated
from hotfolder.edges.ledger.reading import EmptyLedger, StoredReader
from hotfolder.edges.ledger.writing import StoredLedger
from hotfolder.ports import Ledger, LedgerError, LedgerOwnedError, LedgerReader

HEAD = "0001"
"""The newest schema this program knows; the last file in migrations/versions."""

ADVISORY_KEY = 0x686F7466  # "hotf": the one lock all instances on one PostgreSQL database ask for


def open_ledger(url: str) -> Ledger:
    """
    Open the ledger as its one owner, making or upgrading it.

    Raises `LedgerOwnedError` when another instance has it, `LedgerError` when it cannot be used.
    """
    where = parsed(url)
    name = where.render_as_string(hide_password=True)
    file = sqlite_file(where)
    release: Callable[[], None] = lambda: None  # noqa: E731 # replaced once something is held
    if file is not None:
        if not file.parent.is_dir():
            raise LedgerError(f"{file.parent}: not a directory; create it for the ledger, or change ledger.url")
        release = _own_file(file)
    try:
        with translated(name):
            connection = engine_for(where, read_only=False).connect()
            if file is None:
                _own_database(connection, name)
            _check(connection, file, name)
            _upgrade(connection, name)
    except BaseException:
        release()
        raise
    return StoredLedger(connection, name, release)


def read_ledger(url: str) -> LedgerReader:
    """Open the ledger for reading, also while a daemon owns it; one that does not exist yet reads as empty."""
    where = parsed(url)
    name = where.render_as_string(hide_password=True)
    file = sqlite_file(where)
    if file is not None and not file.exists():
        return EmptyLedger()
    with translated(name):
        connection = engine_for(where, read_only=True).connect()
        if _version(connection) is None:
            connection.close()
            return EmptyLedger()
        _refuse_newer(connection, name)
    return StoredReader(connection, name)


def _own_file(file: Path) -> Callable[[], None]:
    """Take the lock beside the ledger; the kernel lets go of it however the process ends."""
    lock = file.with_name(file.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    except OSError as error:
        raise LedgerError(f"{lock}: {error.strerror}; the ledger's directory must be writable for this user") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "another process"
        os.close(descriptor)
        raise LedgerOwnedError(
            f"{file}: another instance owns this ledger ({owner}); end it, or give this one a ledger of its own"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return lambda: os.close(descriptor)


def _own_database(connection: Connection, name: str) -> None:
    """Take PostgreSQL's advisory lock, which ends with the connection."""
    with connection.begin():
        held = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_KEY}).scalar()
    if not held:
        raise LedgerOwnedError(
            f"{name}: another instance owns this ledger; end it, or give this one a ledger of its own"
        )


def _check(connection: Connection, file: Path | None, name: str) -> None:
    """A damaged file is better told at start than met in the middle of a batch."""
    if file is None:
        return
    with connection.begin():
        found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    if found != "ok":
        raise LedgerError(f"{name}: damaged ({found}); restore it from a backup, or move it away to begin afresh")
    file.chmod(0o640)


def _version(connection: Connection) -> str | None:
    with connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _refuse_newer(connection: Connection, name: str) -> str | None:
    version = _version(connection)
    if version is not None and version > HEAD:
        raise LedgerError(
            f"{name}: its schema is {version}, newer than the {HEAD} this program knows; run the newer hotfolder"
        )
    return version


def _upgrade(connection: Connection, name: str) -> None:
    if _refuse_newer(connection, name) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    with connection.begin():
        command.upgrade(config, "head")


def url_of(file: Path) -> str:
    """Return the URL of a ledger file."""
    return URL.create("sqlite", database=str(file)).render_as_string()
