"""
Opening the ledger: one owner at a time, the schema brought up to date, and a clear word where that is not possible.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, text

from hotfolder.edges.ledger.database import Held, Place
from hotfolder.edges.ledger.reading import PassingReader
from hotfolder.edges.ledger.schema import prepare_schema
from hotfolder.edges.ledger.writing import StoredLedger
from hotfolder.ports import Ledger, LedgerError, LedgerOwnedError, LedgerReader

ADVISORY_LOCK = 0x686F74666F6C6472  # "hotfoldr": the one lock that all instances on one PostgreSQL database ask for

LOCK_PATIENCE_S = 2.0
LOCK_PAUSE_S = 0.05
"""A connection that was just closed, or whose process was killed, holds the lock until the server has noticed."""

MODE = 0o640
"""Of the file and of its lock: a ledger tells who sent what, so it is for the daemon's user and group."""


def open_ledger(url: str, *, instance: str = "hotfolder") -> Ledger:
    """
    Open the ledger as its one owner, making or upgrading it; its directory must be there.

    `instance` names this owner to the next that tries. Raises `LedgerOwnedError` when another instance has it,
    `LedgerError` when it cannot be used.
    """
    place = Place(url)
    who = f"{instance}, process {os.getpid()} on {socket.gethostname()}"
    with ExitStack() as opened:
        if place.file is not None:
            release = _own_file(place.file, place.name, who)
            opened.callback(release)
            _make_file(place.file, place.name)
            prepare: Callable[[Connection], None] = _check_file(place.name)
        else:
            release = _nothing
            prepare = _own_database(place.name)
        held = Held(place.engine(read_only=False, who=who), place, prepare)
        opened.callback(held.close)
        prepare_schema(held)
        ledger = StoredLedger(held, release)
        opened.pop_all()
    return ledger


def read_ledger(url: str) -> LedgerReader:
    """
    Read the ledger, also while a daemon owns it; one that is not there yet reads as empty.

    Any number of threads may use it: every call has a connection of its own.
    """
    place = Place(url)
    return PassingReader(place.engine(read_only=True, who="hotfolder, reading"), place)


def ledger_file(url: str) -> Path | None:
    """Return the file of a ledger, None for one in a database server; raises `LedgerError` for a URL of neither."""
    return Place(url).file


def _nothing() -> None:
    """Nothing is held."""


# --- SQLite ---


def _own_file(file: Path, name: str, who: str) -> Callable[[], None]:
    """
    Take the lock in a file beside the ledger, and write into it who has it.

    The kernel lets go of the lock however the process ends; the file stays, since removing it would let two in.
    """
    if not file.parent.is_dir():
        raise LedgerError(f"{file.parent} is not a directory; create it for the ledger, or change ledger.url")
    lock = file.with_name(file.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, MODE)
    except OSError as error:
        raise LedgerError(f"{lock}: {error.strerror}; make its directory writable for this user") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{who}\n".encode(errors="backslashreplace"), 0)
    except BlockingIOError as error:
        owner = os.pread(descriptor, 500, 0).decode(errors="replace").strip() or "another process"
        os.close(descriptor)
        raise _owned(name, owner) from error
    except OSError as error:
        os.close(descriptor)
        raise LedgerError(f"{lock}: {error.strerror}; the ledger needs a disk with room and with locks") from error
    return lambda: os.close(descriptor)


def _owned(name: str, owner: str) -> LedgerOwnedError:
    return LedgerOwnedError(f"{name} has an owner: {owner}; end that one, or give this one a ledger of its own")


def _make_file(file: Path, name: str) -> None:
    """
    Make the file if it is not there; SQLite gives what it writes beside it the same rights.

    Only done before the first connection: to close a file means, for POSIX, to drop all locks this process has on it.
    """
    if file.exists():
        return
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE))
    except OSError as error:
        raise LedgerError(f"{name} cannot be made: {error.strerror}; make its directory writable") from error


def _check_file(name: str) -> Callable[[Connection], None]:
    def check(connection: Connection) -> None:
        """A damaged file is better told at the start than met in the middle of a batch."""
        with connection.begin():
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise LedgerError(f"{name} is damaged; end the daemon and restore the file from a backup ({found})")

    return check


# --- PostgreSQL ---


def _own_database(name: str) -> Callable[[Connection], None]:
    def own(connection: Connection) -> None:
        """Take the advisory lock, which the server lets go of when the connection ends."""
        until_s = time.monotonic() + LOCK_PATIENCE_S
        while True:
            with connection.begin():
                if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}).scalar():
                    return
                owner = connection.execute(text(_OWNER), {"key": ADVISORY_LOCK}).scalar()
            if time.monotonic() > until_s:
                raise _owned(name, owner or "another process")
            time.sleep(LOCK_PAUSE_S)

    return own


# Who has the advisory lock: its 64 bits stand in two columns of 32.
_OWNER = """
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid::bigint << 32 | objid::bigint = :key AND objsubid = 1
"""
