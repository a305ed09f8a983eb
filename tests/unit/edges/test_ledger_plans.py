"""
How SQLite goes about every statement: by an index, so that a million finished drops cost what none cost.

Without statistics SQLite plans the same for a full table as for an empty one, so the plan is the proof.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.strategies import MOMENT, drop

from hotfolder.core.journal import (
    DeleteDrops,
    InsertDrops,
    InsertJob,
    InsertPost,
    InsertPublish,
    RememberFolder,
    UpdateDrops,
    UpdateJob,
    UpdatePost,
    UpdatePublish,
)
from hotfolder.core.messages import RecallItem
from hotfolder.core.model import DropState, Identity, Job, JobState, KnownFolder, Post, PostState, Publish, PublishState
from hotfolder.edges.ledger import open_ledger
from hotfolder.ports import HistoryQuery, Ledger

Seen = list[tuple[str, Any]]

# What may be gone through from end to end: it holds one row, a row for each hot folder, or what is unfinished only.
SMALL = {"SCAN progress", "SCAN folders", "SCAN drops USING INDEX drops_open", "SCAN jobs USING INDEX jobs_open"} | {
    "SCAN publishes USING INDEX publishes_open"
}


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Every statement carried out, with the values of its first row."""
    statements: Seen = []

    def listen(_connection: object, _cursor: object, sql: str, rows: Any, _context: object, is_many: bool) -> None:
        statements.append((sql, rows[0] if is_many else rows))

    event.listen(Engine, "before_cursor_execute", listen)
    yield statements
    event.remove(Engine, "before_cursor_execute", listen)


def items(many: int) -> list[RecallItem]:
    """Return files just found, and things that look like notes."""
    return [
        RecallItem(f"{number}.jpg", Identity(1, number, 3, 10**18 + number), f"{number:064}") for number in range(many)
    ]


def fill(ledger: Ledger) -> None:
    """Write some of everything, two of each where it makes a difference."""
    job = Job(id=1, name="catalog-1", folder="catalog", options="{}", state=JobState.CLAIMING, created_at=MOMENT)
    post = Post(job=1, number=1, state=PostState.INTENT, ends_job=True, files=1, size_bytes=1, sent_at=MOMENT)
    drops = tuple(replace(drop(number), filed_at=MOMENT, state=DropState.FILED) for number in range(1, 1200))
    ledger.commit(
        [InsertJob(job), InsertPost(post), InsertDrops(drops), RememberFolder(KnownFolder("catalog", "/catalog"))]
    )
    ledger.commit([UpdateDrops(tuple({"id": number, "job": 1, "state": DropState.FILED} for number in (1, 2)))])
    ledger.commit([UpdateJob(1, {"state": JobState.CLOSED}), UpdatePost(1, 1, {"state": PostState.ACCEPTED})])
    ledger.commit([DeleteDrops((3, 4))])
    publish = Publish(id=1, company="Example Co", state=PublishState.WAITING, created_at=MOMENT)
    ledger.commit([InsertPublish(publish), UpdateJob(1, {"publish": 1}), UpdatePublish(1, {"files": 2})])


QUESTIONS: dict[str, Callable[[Ledger], object]] = {
    "writing": fill,
    "unfinished": lambda ledger: ledger.unfinished(),
    "recall of one": lambda ledger: ledger.recall("catalog", items(1)),
    "recall of a hundred": lambda ledger: ledger.recall("catalog", items(100)),
    "recall of a thousand": lambda ledger: ledger.recall("catalog", items(1000)),
    "known copies": lambda ledger: ledger.known_copies([item.digest or "" for item in items(1000)]),
    "totals": lambda ledger: ledger.totals(),
    "a drop": lambda ledger: ledger.drop(5),
    "a job": lambda ledger: ledger.job("catalog-1"),
    "find": lambda ledger: ledger.find("catalog", "chair.jpg"),
    "history": lambda ledger: list(ledger.history(HistoryQuery(limit=None))),
    "history of a folder": lambda ledger: list(ledger.history(HistoryQuery(folder="catalog"))),
    "history since": lambda ledger: list(ledger.history(HistoryQuery(since=MOMENT))),
    "history of an outcome": lambda ledger: list(ledger.history(HistoryQuery(outcome="failed"))),
    "history of a job": lambda ledger: list(ledger.history(HistoryQuery(job="catalog-1"))),
    "history of a path": lambda ledger: list(ledger.history(HistoryQuery(path="chair.jpg", limit=None))),
    "history of everything said": lambda ledger: list(
        ledger.history(
            HistoryQuery(folder="catalog", since=MOMENT, outcome="stored", job="catalog-1", path="chair.jpg")
        )
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_statement_goes_through_a_table(tmp_path: Path, seen: Seen, question: str) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        if question != "writing":
            fill(ledger)
        seen.clear()
        QUESTIONS[question](ledger)
    plans = list(plans_of(tmp_path / "ledger.db", seen))
    assert plans
    for sql, steps in plans:
        assert {step for step in steps if is_long(step)} <= SMALL, f"{sql}\n{steps}"


def is_long(step: str) -> bool:
    """Return whether a step goes through all of something."""
    # "(job>?)" is all of an index in other words. By filed_at, history reads as far as it shows, and totals are of all.
    return (step.startswith("SCAN") and "CONSTANT ROW" not in step) or "(job>?)" in step


def test_totals_read_an_index_and_no_drop(tmp_path: Path, seen: Seen) -> None:
    """A million of them take a tenth of a second then, at the start of the daemon."""
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        seen.clear()
        ledger.totals()
    ((_, steps),) = plans_of(tmp_path / "ledger.db", seen)
    assert steps[0].startswith("SEARCH drops USING COVERING INDEX drops_filed_at")


def plans_of(file: Path, seen: Seen) -> Iterator[tuple[str, list[str]]]:
    """Yield each statement with the steps that SQLite takes for it."""
    with closing(sqlite3.connect(file)) as asked:
        for sql, values in seen:
            if not sql.startswith(("BEGIN", "PRAGMA")):
                yield sql, [row[3] for row in asked.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def test_a_thousand_rows_of_one_kind_are_one_statement(tmp_path: Path, seen: Seen) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        seen.clear()
        ledger.commit([InsertDrops((drop(number),)) for number in range(1, 1001)])
        ledger.commit([UpdateDrops(({"id": number, "tries": number},)) for number in range(1, 1001)])
        assert len(ledger.recall("catalog", items(1000))) == 1000
    words = [sql.split(None, 2)[:2] for sql, _ in seen]
    assert words == [
        ["BEGIN", "IMMEDIATE"],
        ["UPDATE", "progress"],
        ["INSERT", "INTO"],
        ["BEGIN", "IMMEDIATE"],
        ["UPDATE", "progress"],
        ["UPDATE", "drops"],
        ["BEGIN", "IMMEDIATE"],  # known copies
        ["SELECT", "drops.note_digest"],
        ["BEGIN", "IMMEDIATE"],
        ["SELECT", "drops.asset,"],
        ["SELECT", "drops.id,"],
    ]
