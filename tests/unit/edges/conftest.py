"""What several edges' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.ledgers import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole run."""
    with postgres_server() as server:
        yield server
