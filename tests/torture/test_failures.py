"""Calls and statements fail as they are told to, and no other ones; whatever fails, all comes to its end."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from hotfolder.testing.perils import VirtualClock
from tests.torture import failures
from tests.torture.calls import DiskCalls
from tests.torture.disk import Disk
from tests.torture.failures import LEDGER_ERRORS, Breaker, Case, FailingCalls, failing_statements
from tests.torture.moments import Moments
from tests.torture.simulated import START, Places

ROOT = "/torture/catalog"


def test_one_call_fails_or_all_that_follow_for_a_while() -> None:
    clock = VirtualClock(START)
    once = Breaker(clock, 2)
    assert [once.strikes() for _ in range(4)] == [False, True, False, False]
    for_ever = Breaker(clock, 2, for_ever=True)
    assert [for_ever.strikes() for _ in range(4)] == [False, True, True, True]
    clock.advance(failures.HEALED_S)
    assert not for_ever.strikes()


@pytest.mark.parametrize("done_first", [False, True])
def test_a_call_that_fails_is_refused_or_done_all_the_same(done_first: bool) -> None:
    clock = VirtualClock(START)
    disk = Disk(clock, (ROOT,))
    calls = FailingCalls(disk, Moments(), Breaker(clock, 2), errno.ENOSPC, done_first=done_first)
    root = calls.open_root(ROOT)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        calls.mkdir("_working", root, 0o700)
    assert (disk.find(ROOT, "_working") is not None) is done_first


def test_a_file_whose_sync_failed_never_comes_to_the_disk() -> None:
    clock = VirtualClock(START)
    disk = Disk(clock, (ROOT,))
    calls = FailingCalls(disk, Moments(), Breaker(clock, 4), errno.EIO, done_first=False)
    fd = calls.create("note.txt", calls.open_root(ROOT))
    calls.write(fd, b"something")
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        calls.fsync(fd)
    calls.fsync(fd)
    node = disk.find(ROOT, "note.txt")
    assert node is not None
    assert node.kept_content is None


def test_every_call_that_can_fail_is_counted() -> None:
    uncounted = {"close", "fadvise", "fsync_each", "set_rights", "start_writing_back", "seek_data", "read", "tick"}
    uncounted |= {"resolved"}
    calls = {name for name in vars(DiskCalls) if not name.startswith("_")}
    assert calls - uncounted == set(failures.COUNTED)


@pytest.mark.parametrize(("done_first", "rows"), [(False, 0), (True, 1)])
def test_a_commit_that_fails_is_refused_or_done_all_the_same(tmp_path: Path, done_first: bool, rows: int) -> None:
    file = tmp_path / "a.db"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(file, isolation_level=None), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("create table t (a)"))
    breaker = Breaker(VirtualClock(START), 3)  # after the beginning of the transaction and the statement
    with failing_statements(breaker, LEDGER_ERRORS["ENOSPC"], done_first=done_first), engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.execute(text("insert into t values (1)"))
        with pytest.raises(sqlite3.OperationalError, match="full"):
            connection.commit()
    assert breaker.hits == 1
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from t")).scalar() == rows


@pytest.mark.parametrize(
    "name", ["files/2/move/EIO/once/after", "files/1/delete/ENOSPC/for ever/before", "ledger/1/move/EIO/once/after"]
)
def test_some_failing_calls_end_well(tmp_path: Path, name: str) -> None:
    case = Case(*name.split("/"))
    runs = list(failures.replayed(f"{case}@*6", Places(tmp_path)))
    assert [finding for run in runs for finding in run.findings] == []
    assert sum(run.counts["faults"] for run in runs) >= 6
