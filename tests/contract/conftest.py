"""
The ledgers that the contract suite runs over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.ledgers import MemoryStore, PostgresServer, Store, postgres_server, sqlite_store

from hotfolder.ports import Ledger


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole run; it takes two seconds to begin."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A place for one ledger, empty."""
    match request.param:
        case "fake":
            return MemoryStore()
        case "sqlite":
            return sqlite_store(tmp_path)
        case _:
            server: PostgresServer = request.getfixturevalue("postgres")
            return server.store()


@pytest.fixture
def ledger(store: Store) -> Iterator[Ledger]:
    """A new ledger, open."""
    with store.open() as ledger:
        yield ledger
