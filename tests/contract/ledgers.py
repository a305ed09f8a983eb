"""
Where the ledgers of the contract suite are kept: in memory, in an SQLite file, in a PostgreSQL server of our own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from hotfolder.edges.ledger import open_ledger
from hotfolder.ports import Ledger
from hotfolder.testing.ledger import FakeLedger


class Store(Protocol):
    """A place that keeps one ledger while nobody has it open."""

    def open(self) -> Ledger:
        """Open what is there, as a new process would; the caller has closed the one before."""


class MemoryStore:
    """Keeps a fake."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()

    def open(self) -> Ledger:
        """Return what has been committed to the fake opened before."""
        self.ledger = self.ledger.durable_copy()
        return self.ledger


class UrlStore:
    """Keeps a database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> Ledger:
        """Open the database."""
        return open_ledger(self.url)


def sqlite_store(directory: Path) -> UrlStore:
    """Return a store in a file of this directory."""
    return UrlStore(f"sqlite:///{directory}/ledger.db")


class PostgresServer:
    """A PostgreSQL server that is reached by a socket in its own directory, and by nobody else."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._has_database = False

    def run(self, sql: str, database: str = "postgres") -> None:
        """Carry out one statement, outside of any ledger."""
        import psycopg

        with psycopg.connect(host=str(self._directory), user="hotfolder", dbname=database, autocommit=True) as server:
            server.execute(sql.encode())

    def store(self) -> UrlStore:
        """Return a store in an empty database; the one before is no more."""
        if self._has_database:  # emptying costs a third of making
            self.run(_END_OTHERS)
            self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public", _DATABASE)
        else:
            self.run(f"CREATE DATABASE {_DATABASE}")
            self._has_database = True
        return UrlStore(f"postgresql+psycopg://hotfolder@/{_DATABASE}?host={self._directory}")


_DATABASE = "ledger_1"
_END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ledger_1'"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server for these tests; skips them where none can be had."""
    pytest.importorskip("psycopg", reason="the extra 'postgres' is not installed")
    programs = shutil.which("initdb"), shutil.which("pg_ctl")
    if None in programs:
        pytest.skip("initdb and pg_ctl of PostgreSQL are not here")
    # A socket's path has at most 107 bytes, and the server's user must be able to reach it; not so in pytest's own.
    directory = Path(tempfile.mkdtemp(prefix="hotfolder-pg-"))
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    try:
        if user is not None:
            shutil.chown(directory, user)
        _run(user, "initdb", f"--pgdata={directory}/data", "-U", "hotfolder", "--auth=trust", "--no-sync", "-E", "UTF8")
        control = "pg_ctl", f"--pgdata={directory}/data", f"--log={directory}/log", "--wait"
        # fsync=off: these tests end the server, never the machine.
        settings = f"-c listen_addresses='' -c fsync=off -c shared_buffers=16MB -k {directory}"
        _run(user, *control, f"--options={settings}", "start")
        try:
            yield PostgresServer(directory)
        finally:
            _run(user, *control, "--mode=immediate", "stop")
    finally:
        shutil.rmtree(directory)


def _run(user: str | None, *command: str) -> None:
    done = subprocess.run(
        command,
        user=user,
        group=None if user is None else "nogroup",
        extra_groups=None if user is None else (),
        stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server runs
        stderr=subprocess.DEVNULL,
        cwd="/",
        timeout=60,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"PostgreSQL's {command[0]} fails here with {done.returncode}")
