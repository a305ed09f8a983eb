"""What is different with PostgreSQL: its lock, its lost connections, its words."""

from __future__ import annotations

import os
import socket
import threading

import pytest
from tests.contract.ledgers import PostgresServer
from tests.strategies import drop

from hotfolder.core.journal import InsertDrops, Write
from hotfolder.core.model import Unfinished
from hotfolder.edges.ledger import open_ledger, read_ledger
from hotfolder.ports import LedgerError, LedgerOwnedError

END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname LIKE 'ledger%' AND pid != pg_backend_pid()
"""


def test_the_second_owner_is_refused_and_told_who_the_first_is(postgres: PostgresServer) -> None:
    url = postgres.store().url
    with open_ledger(url, instance="first"):
        with pytest.raises(LedgerOwnedError) as refused:
            open_ledger(url, instance="second")
        for word in ("first", f"process {os.getpid()}", socket.gethostname()[:8]):
            assert word in str(refused.value)
    open_ledger(url).close()


def test_an_owner_that_is_about_to_go_is_waited_for_a_moment(postgres: PostgresServer) -> None:
    """The server lets go of a lock some time after its connection has ended, as that of a process that was killed."""
    url = postgres.store().url
    first = open_ledger(url)
    going = threading.Timer(0.1, first.close)
    going.start()
    open_ledger(url).close()
    going.join()


def test_a_lost_connection_is_told_and_the_same_writes_then_succeed(postgres: PostgresServer) -> None:
    url = postgres.store().url
    with open_ledger(url) as ledger:
        for number in (1, 2):
            writes: list[Write] = [InsertDrops((drop(number),))]
            postgres.run(END_OTHERS)
            with pytest.raises(LedgerError, match="cannot be reached"):
                ledger.commit(writes)
            ledger.commit(writes)
        assert read_ledger(url).unfinished().drops == [drop(1), drop(2)]


def test_an_owner_that_lost_its_connection_does_not_get_in_beside_the_next(postgres: PostgresServer) -> None:
    url = postgres.store().url
    with open_ledger(url, instance="first") as first:
        postgres.run(END_OTHERS)
        with open_ledger(url, instance="next") as following:
            for _ in range(2):
                with pytest.raises(LedgerError):
                    first.commit([InsertDrops((drop(1),))])
            following.commit([InsertDrops((drop(1),))])
        with pytest.raises(LedgerError, match="has had another owner"):
            first.commit([InsertDrops((drop(1),))])


def test_a_reader_finds_an_empty_database_empty_and_makes_nothing(postgres: PostgresServer) -> None:
    url = postgres.store().url
    assert read_ledger(url).unfinished() == Unfinished()
    with open_ledger(url) as ledger:
        ledger.commit([InsertDrops((drop(1),))])
        assert read_ledger(url).unfinished().drops == [drop(1)]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://hotfolder:secret@127.0.0.1:1/ledger", "cannot be reached"),
        ("postgresql://hotfolder:secret@127.0.0.1:1/ledger", "cannot be reached"),
    ],
)
def test_a_server_that_is_not_there_is_told_without_the_password(url: str, words: str) -> None:
    pytest.importorskip("psycopg", reason="the extra 'postgres' is not installed")
    for use in (lambda: open_ledger(url), lambda: read_ledger(url).unfinished()):
        with pytest.raises(LedgerError, match=words) as told:
            use()
        assert "secret" not in str(told.value)


def test_a_database_that_does_not_exist_is_told(postgres: PostgresServer) -> None:
    url = postgres.store().url.replace("/ledger_", "/missing_")
    with pytest.raises(LedgerError, match=r"knows the user and the database in ledger\.url"):
        open_ledger(url)
