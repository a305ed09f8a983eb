"""Who may open a ledger, what is made, and what is said where it cannot be opened."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.strategies import drop

from hotfolder.core.journal import InsertDrops
from hotfolder.core.model import Unfinished
from hotfolder.edges.ledger import open_ledger, read_ledger
from hotfolder.ports import HistoryQuery, LedgerError, LedgerOwnedError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def url_of(file: Path) -> str:
    """Return the URL of a ledger in a file."""
    return f"sqlite:///{file}"


def run_sql(file: Path, sql: str) -> list[Any]:
    """Do something to the file that no ledger would."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        return other.execute(sql).fetchall()


# --- one owner ---


def test_the_second_owner_is_refused_and_told_who_the_first_is(file: Path) -> None:
    with (
        open_ledger(url_of(file), instance="/etc/hotfolder/hotfolder.toml"),
        pytest.raises(LedgerOwnedError) as refused,
    ):
        open_ledger(url_of(file), instance="another")
    for word in (str(file), "/etc/hotfolder/hotfolder.toml", f"process {os.getpid()}", socket.gethostname()):
        assert word in str(refused.value)


def test_a_refused_owner_leaves_the_first_its_lock_and_its_name(file: Path) -> None:
    with open_ledger(url_of(file), instance="first"):
        for _ in range(2):
            with pytest.raises(LedgerOwnedError, match="first"):
                open_ledger(url_of(file), instance="second")


def test_one_file_has_one_owner_by_whatever_link_it_is_found(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(file)
    with open_ledger(url_of(file)), pytest.raises(LedgerOwnedError):
        open_ledger(url_of(link))


def test_the_next_owner_may_have_it_when_the_first_has_closed_it(file: Path) -> None:
    for _ in range(3):
        open_ledger(url_of(file)).close()


def test_an_owner_whose_opening_failed_keeps_nobody_out(file: Path) -> None:
    file.write_bytes(b"not a database" * 1000)
    with pytest.raises(LedgerError):
        open_ledger(url_of(file))
    file.unlink()
    open_ledger(url_of(file)).close()


# --- what is made ---


def test_a_new_ledger_is_for_its_user_and_group_only(file: Path) -> None:
    with open_ledger(url_of(file)) as ledger:
        ledger.commit([InsertDrops((drop(1),))])
        found = {path.name: oct(path.stat().st_mode & 0o777) for path in file.parent.iterdir()}
    assert set(found) == {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock"}
    assert {int(mode, 8) & 0o137 for mode in found.values()} == {0}


def test_rights_that_somebody_gave_stay(file: Path) -> None:
    open_ledger(url_of(file)).close()
    file.chmod(0o664)
    open_ledger(url_of(file)).close()
    assert file.stat().st_mode & 0o777 == 0o664


def test_a_missing_directory_is_named_and_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(LedgerError, match=f"{missing} is not a directory; create it"):
        open_ledger(url_of(missing / "ledger.db"))
    assert not missing.exists()


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "#1.db", "Ä é.db", "a&b=c.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    from sqlalchemy import URL

    url = URL.create("sqlite", database=str(tmp_path / name)).render_as_string()
    with open_ledger(url) as ledger:
        ledger.commit([InsertDrops((drop(1),))])
        assert read_ledger(url).unfinished().drops == [drop(1)]
    assert (tmp_path / name).is_file()


def test_opening_a_ledger_that_is_up_to_date_needs_no_alembic(file: Path) -> None:
    open_ledger(url_of(file)).close()
    code = f"""
import sys
from hotfolder.edges.ledger import open_ledger
open_ledger({url_of(file)!r}).close()
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- what is refused ---


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("nonsense", "cannot be read"),
        ("mysql://user:secret@host/db", "names mysql"),
        ("", "cannot be read"),
    ],
)
def test_a_url_of_no_ledger_is_refused_with_an_example(url: str, words: str) -> None:
    for opening in (open_ledger, read_ledger):
        with pytest.raises(LedgerError, match=words) as refused:
            opening(url)
        assert "sqlite" in str(refused.value)
        assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path) -> None:
    file.write_text("a letter\n" * 1000)
    with pytest.raises(LedgerError, match="is not a database"):
        open_ledger(url_of(file))
    with pytest.raises(LedgerError, match="is not a database"):
        read_ledger(url_of(file)).unfinished()
    assert file.read_text() == "a letter\n" * 1000


def test_a_database_of_another_program_is_refused_and_left_alone(file: Path) -> None:
    run_sql(file, "CREATE TABLE songs (title)")
    with pytest.raises(LedgerError, match="belongs to another program"):
        open_ledger(url_of(file))
    assert run_sql(file, "SELECT name FROM sqlite_master") == [("songs",)]


def test_a_directory_in_its_place_is_refused_in_words(file: Path) -> None:
    file.mkdir()
    for use in (lambda: open_ledger(url_of(file)), lambda: read_ledger(url_of(file)).unfinished()):
        with pytest.raises(LedgerError, match=r"ledger\.db"):
            use()


def test_a_damaged_ledger_is_refused_at_the_start(file: Path) -> None:
    with open_ledger(url_of(file)) as ledger:
        ledger.commit([InsertDrops(tuple(drop(number, f"photo {number}.jpg") for number in range(1, 500)))])
    with file.open("r+b") as damaged:
        damaged.seek(file.stat().st_size // 2)
        damaged.write(os.urandom(8192))
    with pytest.raises(LedgerError, match=r"is damaged; .* restore"):
        open_ledger(url_of(file))


def test_a_ledger_of_a_newer_program_is_refused_and_left_alone(file: Path) -> None:
    open_ledger(url_of(file)).close()
    run_sql(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match=r"schema 9999.* newer"):
        open_ledger(url_of(file))
    with pytest.raises(LedgerError, match="schema 9999"):
        read_ledger(url_of(file)).unfinished()


# --- reading beside the owner ---


def test_a_ledger_that_is_not_there_reads_as_empty_and_is_not_made(tmp_path: Path) -> None:
    for file in (tmp_path / "ledger.db", tmp_path / "missing" / "ledger.db"):
        reader = read_ledger(url_of(file))
        assert reader.unfinished() == Unfinished()
        assert list(reader.history(HistoryQuery())) == []
        assert reader.find("catalog", "chair.jpg") == []
        reader.close()
        assert not file.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_is_just_being_made_reads_as_empty(file: Path) -> None:
    file.touch()
    assert read_ledger(url_of(file)).unfinished() == Unfinished()


def test_a_reader_sees_a_ledger_that_is_made_later_and_every_commit_at_once(file: Path) -> None:
    reader = read_ledger(url_of(file))
    assert reader.unfinished() == Unfinished()
    with open_ledger(url_of(file)) as ledger:
        for number in range(1, 4):
            ledger.commit([InsertDrops((drop(number),))])
            assert len(reader.unfinished().drops) == number
    assert len(reader.unfinished().drops) == 3


def test_a_reader_in_the_middle_of_history_holds_nobody_up(file: Path) -> None:
    """A page that nobody reads on, or a pager left open over night, must not keep the WAL growing."""
    finished = [drop(number, f"photo {number}.jpg") for number in range(1, 1201)]
    with open_ledger(url_of(file)) as ledger:
        for record in finished:
            record.filed_at = record.seen_at
        ledger.commit([InsertDrops(tuple(finished))])
        half_read = read_ledger(url_of(file)).history(HistoryQuery(limit=None))
        next(half_read)
        with closing(sqlite3.connect(file)) as other:
            assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)  # not busy, nothing left
        assert sum(1 for _ in half_read) == 1199


@pytest.fixture
def public_file() -> Iterator[Path]:
    """A ledger where other users can reach it."""
    with tempfile.TemporaryDirectory(prefix="hotfolder-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory) / "ledger.db"


@pytest.mark.root
def test_who_may_read_the_file_may_read_the_ledger_of_a_daemon_that_does_not_run(public_file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    with open_ledger(url_of(public_file)) as ledger:
        ledger.commit([InsertDrops((drop(1),))])
    public_file.chmod(0o644)
    os.seteuid(65534)
    try:
        found = read_ledger(url_of(public_file)).unfinished()
    finally:
        os.seteuid(0)
    assert found.drops == [drop(1)]
