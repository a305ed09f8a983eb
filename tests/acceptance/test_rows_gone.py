"""Somebody deletes rows of the ledger by hand while the daemon works: it says so, and everything goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.acceptance.place import Place, check_all_arrived, numbered
from tests.acceptance.process import Process

FILES = 6


def delete(place: Place, *tables: str) -> int:
    """Delete every second drop, or all of another table, as the sqlite3 shell does; return how many rows."""
    with closing(sqlite3.connect(place.root / "ledger.db", timeout=30)) as db, db:
        return sum(db.execute(f"delete from {name}{' where id % 2' * (name == 'drops')}").rowcount for name in tables)  # noqa: S608


def let_work(place: Place, process: Process, stage: str) -> None:
    """Wait until files are at a stage of their way, and stay there until the faults are cleared."""
    match stage:
        case "ready":
            process.await_event("drop.ready", times=FILES)
        case "sending":
            assert process.has_met(place.box.add_fault(on="UploadFile", do="hold", nth=2))
        case _:
            assert process.has_met(place.box.add_fault(on="getJobLogDetails", do="hold", nth=1))


@pytest.mark.slow  # all twelve together
@pytest.mark.parametrize("tables", [("drops",), ("drops", "jobs", "posts"), ("jobs",), ("posts",)])
@pytest.mark.parametrize("stage", ["ready", "sending", "sent"])
def test_rows_that_are_deleted_at_work_hold_up_nothing(
    place: Place, images: list[bytes], stage: str, tables: tuple[str, ...]
) -> None:
    place.configure({"name": "hot", "receipts": True}, upload={"files_per_post": 1})
    dropped = dict(numbered(images, "hot", FILES))
    if stage == "ready":
        place.box.add_fault(do="http-503")  # until it is gone nothing is claimed
    with place.start() as process:
        process.await_event("daemon.ready")
        for path, content in dropped.items():
            place.drop(path, content)
        let_work(place, process, stage)
        is_told = delete(place, *tables) > 0
        place.box.clear_faults()
        for path in dropped:
            process.await_event("drop.filed", path=path.removeprefix("hot/"), outcome="stored")
        place.drop("hot/later.jpg", images[100])
        process.await_event("drop.filed", path="later.jpg", outcome="stored")
        ended = process.end()

    check_all_arrived(place, dropped | {"hot/later.jpg": images[100]})
    told = [event["reason"] for event in ended.named("daemon.trouble")]
    assert len(told) <= is_told
    assert all("another program has taken them out" in reason for reason in told)
    assert told or not is_told or tables == ("posts",)  # of which nothing may have been left to change
    assert {entry["file"] for entry in place.history()} == {
        *(path.removeprefix("hot/") for path in dropped),
        "later.jpg",
    }
    assert place.run_once().stdout == "nothing to do\n"
