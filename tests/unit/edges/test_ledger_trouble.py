"""What goes wrong under an open ledger: each is said in words, loses nothing, and the same writes may come again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool
from tests.strategies import drop

from hotfolder.core.journal import InsertDrops, UpdateDrops, Write
from hotfolder.edges.ledger import open_ledger, read_ledger
from hotfolder.edges.ledger.database import Held, Place
from hotfolder.edges.ledger.schema import prepare_schema
from hotfolder.edges.ledger.writing import StoredLedger
from hotfolder.ports import Ledger, LedgerError

WRITES: list[Write] = [InsertDrops((drop(1), drop(2))), UpdateDrops(({"id": 1, "tries": 1},))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty ledger."""
    file = tmp_path / "ledger.db"
    open_ledger(f"sqlite:///{file}").close()
    return file


def reread(file: Path) -> list[int]:
    """Return the ids of the drops that another process sees."""
    return [drop.id for drop in read_ledger(f"sqlite:///{file}").unfinished().drops]


def opened_over(engine: Engine, file: Path) -> StoredLedger:
    """Open a ledger on an engine of ours."""
    held = Held(engine, Place(f"sqlite:///{file}"), lambda connection: None)
    prepare_schema(held)
    return StoredLedger(held, lambda: None)


class Pragma:
    """Settings that every new connection gets, changed by the test."""

    def __init__(self, file: Path) -> None:
        self.statement = "PRAGMA user_version"
        self.engine = Place(f"sqlite:///{file}").engine(read_only=False)
        event.listen(self.engine, "connect", lambda connection, record: connection.execute(self.statement))


@pytest.fixture
def pragma(file: Path) -> Pragma:
    return Pragma(file)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("PRAGMA max_page_count=1", "cannot grow, its disk is full; make room"),
        ("PRAGMA query_only=ON", "may not be written; make the file and its directory writable"),
    ],
)
def test_trouble_that_passes_is_told_and_the_same_writes_then_succeed(
    file: Path, pragma: Pragma, statement: str, words: str
) -> None:
    big = [*WRITES, InsertDrops(tuple(drop(number, "x" * 200) for number in range(3, 500)))]
    with opened_over(pragma.engine, file) as ledger:
        pragma.statement = statement
        with pytest.raises(LedgerError):
            ledger.commit([UpdateDrops(({"id": 77, "tries": 1},))])  # after any failure comes a new connection
        for _ in range(3):
            with pytest.raises(LedgerError, match=words) as told:
                ledger.commit(big)
            assert str(file) in str(told.value)
            assert reread(file) == []
        pragma.statement = "PRAGMA user_version"
        ledger.commit(big)
        assert reread(file) == list(range(1, 500))
        ledger.commit([UpdateDrops(({"id": 1, "tries": 2},))])


def test_a_program_that_locks_the_file_is_told_and_waited_for(file: Path, pragma: Pragma) -> None:
    pragma.statement = "PRAGMA busy_timeout=0"
    with opened_over(pragma.engine, file) as ledger, closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="is locked by another program"):
            ledger.commit(WRITES)
        other.execute("ROLLBACK")
        ledger.commit(WRITES)
    assert reread(file) == [1, 2]


# --- the answer to a commit is lost ---


class Forgetful(sqlite3.Connection):
    """A connection whose commits fail as told: "before" they are done or "after"."""

    fails: str = ""

    def commit(self) -> None:
        """Commit, or fail, or both."""
        fails, Forgetful.fails = Forgetful.fails, ""
        if fails != "before":
            super().commit()
        if fails:
            raise sqlite3.OperationalError("disk I/O error")


@pytest.fixture
def forgetful(file: Path) -> Iterator[StoredLedger]:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(file, isolation_level=None, factory=Forgetful),
        poolclass=NullPool,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with opened_over(engine, file) as ledger:
        yield ledger


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_same_writes_after_a_failed_commit_are_done_once(file: Path, forgetful: StoredLedger, when: str) -> None:
    for number in (1, 2, 3):
        writes: list[Write] = [InsertDrops((drop(number),))]
        Forgetful.fails = when
        with pytest.raises(LedgerError):
            forgetful.commit(writes)
        forgetful.commit(writes)
    assert reread(file) == [1, 2, 3]
    assert forgetful.unfinished().next_drop == 4


@pytest.mark.parametrize(("when", "ids"), [("before", [2]), ("after", [1, 2])])
def test_other_writes_after_a_failed_commit_are_done_too(
    file: Path, forgetful: StoredLedger, when: str, ids: list[int]
) -> None:
    Forgetful.fails = when
    with pytest.raises(LedgerError):
        forgetful.commit([InsertDrops((drop(1),))])
    forgetful.commit([InsertDrops((drop(2),))])
    assert reread(file) == ids


def test_other_writes_that_fail_in_turn_are_not_taken_for_those_whose_answer_was_lost(
    file: Path, forgetful: StoredLedger
) -> None:
    Forgetful.fails = "after"
    with pytest.raises(LedgerError):
        forgetful.commit([InsertDrops((drop(1),))])
    aside = file.rename(file.with_name("aside"))
    with pytest.raises(LedgerError):
        forgetful.commit([InsertDrops((drop(2),))])  # before it can look what became of the first
    aside.replace(file)
    for when in ("before", "after", "before"):
        Forgetful.fails = when
        with pytest.raises(LedgerError):
            forgetful.commit([InsertDrops((drop(2),))])
    forgetful.commit([InsertDrops((drop(2),))])
    forgetful.commit([InsertDrops((drop(3),))])
    assert reread(file) == [1, 2, 3]


def test_a_commit_that_keeps_failing_is_done_once(file: Path, forgetful: StoredLedger) -> None:
    for when in ("before", "after", "before", "after"):
        Forgetful.fails = when
        with pytest.raises(LedgerError):
            forgetful.commit(WRITES)
    forgetful.commit(WRITES)
    assert reread(file) == [1, 2]


# --- somebody does something to the file ---


def test_a_file_that_is_removed_in_use_takes_no_more_writes(file: Path) -> None:
    """The system would take them, and forget them all when the daemon ends."""
    with open_ledger(f"sqlite:///{file}") as ledger:
        ledger.commit(WRITES)
        aside = file.with_name("aside")
        file.rename(aside)
        with pytest.raises(LedgerError, match="has been removed or replaced"):
            ledger.commit([InsertDrops((drop(3),))])
        aside.rename(file)
        ledger.commit([InsertDrops((drop(3),))])
    assert reread(file) == [1, 2, 3]


def test_an_older_copy_put_in_its_place_is_noticed(file: Path, tmp_path: Path) -> None:
    backup = shutil.copy(file, tmp_path / "backup")
    with open_ledger(f"sqlite:///{file}") as ledger:
        ledger.commit(WRITES)
        Path(backup).replace(file)
        with pytest.raises(LedgerError, match="has been removed or replaced"):
            ledger.commit([InsertDrops((drop(3),))])


def test_an_owner_whose_lock_did_not_hold_writes_nothing_more(file: Path) -> None:
    """The lock lets only one in; this is for a file system that does not keep it."""
    engine = Place(f"sqlite:///{file}").engine(read_only=False)
    with opened_over(engine, file) as ledger:
        ledger.commit(WRITES)
        with opened_over(engine, file) as following:
            for number in (3, 4):
                with pytest.raises(LedgerError, match="has had another owner"):
                    ledger.commit([InsertDrops((drop(number),))])
                following.commit([InsertDrops((drop(number),))])
        with pytest.raises(LedgerError, match="has had another owner"):
            ledger.commit([InsertDrops((drop(5),))])
    assert reread(file) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "use",
    [
        lambda ledger: ledger.commit([]),
        lambda ledger: ledger.unfinished(),
        lambda ledger: ledger.known_copies(["a"]),
    ],
)
def test_a_closed_ledger_says_so(file: Path, use: Callable[[Ledger], object]) -> None:
    ledger = open_ledger(f"sqlite:///{file}")
    ledger.close()
    with pytest.raises(LedgerError, match="has been closed"):
        use(ledger)
