"""Whatever has happened, every ledger answers as the fake does: the simulations prove something about real ones."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.contract.ledgers import MemoryStore, Store
from tests.strategies import MOMENT, drop

from hotfolder.core.journal import (
    DeleteDrops,
    InsertDrops,
    InsertJob,
    InsertPublish,
    RememberFolder,
    UpdateDrops,
    UpdateJob,
    UpdatePublish,
    Write,
)
from hotfolder.core.messages import RecallItem
from hotfolder.core.model import DropState, Identity, Job, JobState, KnownFolder, Outcome, Publish, PublishState
from hotfolder.ports import HistoryQuery, Ledger

FOLDERS = ["catalog", "press"]
NOTE, RECEIPT = "a" * 64, "b" * 64
PATHS = ["a.jpg", "b.jpg", "_failed/a.jpg", "_done/b.jpg"]


@pytest.mark.parametrize("seed", range(5))
def test_every_ledger_answers_as_the_fake_does_whatever_has_happened(store: Store, seed: int) -> None:
    """Made-up lives of a hundred drops, with few different names, files and moments, so that they often meet."""
    chance = random.Random(seed)
    model = MemoryStore().open()
    with store.open() as ledger:
        for turn in range(12):
            writes = _made_up(chance, turn, model)
            for each in (model, ledger):
                each.commit(writes)
        answers = [_everything(each) for each in (model, ledger)]
        assert answers[0] == answers[1]
    with store.open() as ledger:
        assert _everything(ledger) == answers[0]


def _made_up(chance: random.Random, turn: int, model: Ledger) -> list[Write]:
    """Return the writes of a turn that a ledger in this state takes."""
    at = model.unfinished()
    job_id = at.next_job
    new_job = Job(
        id=job_id,
        name=f"catalog-{job_id}",
        folder="catalog",
        options="{}",
        state=JobState.OPEN,
        handle=f"j|{job_id}",
        created_at=MOMENT,
    )
    writes: list[Write] = [
        InsertJob(new_job),
        RememberFolder(KnownFolder(chance.choice(FOLDERS), "/srv", chance.random() < 0.5)),
    ]
    if turn % 4 == 0:
        publish = Publish(id=at.next_publish, company="Example Co", state=PublishState.WAITING, created_at=MOMENT)
        writes += [InsertPublish(publish), UpdateJob(job_id, {"publish": publish.id})]
    new = [
        replace(
            drop(at.next_drop + number, chance.choice(PATHS)),
            folder=chance.choice(FOLDERS),
            identity=Identity(1, 2**63 + chance.randrange(5), 10, chance.randrange(2)),
            origin=chance.choice([None, *PATHS]),
            job=chance.choice([None, job_id]),
        )
        for number in range(chance.randrange(15))
    ]
    if new:
        writes.append(InsertDrops(tuple(new)))
    for known in [*at.drops, *new]:
        match chance.randrange(6):
            case 0:
                writes.append(DeleteDrops((known.id,)))
            case 1 | 2:
                writes.append(
                    UpdateDrops(({"id": known.id, "work_path": chance.choice([known.path, "_working/a.jpg"])},))
                )
            case 3 | 4:
                end = {
                    "state": chance.choice([DropState.FILED, DropState.FILED, DropState.WITHDRAWN]),
                    "filed_at": _hours(chance.randrange(turn + 1)),
                    "outcome": chance.choice(list(Outcome)),
                    "stored_at": _hours(chance.randrange(turn + 1)),
                    "target_path": chance.choice([None, "", *PATHS]),
                    "note_digest": chance.choice([None, NOTE, RECEIPT]),
                }
                writes.append(UpdateDrops(({"id": known.id, **end},)))
            case _:
                pass
    writes += [UpdateJob(known.id, {"state": JobState.CLOSED}) for known in at.jobs if chance.random() < 0.3]
    writes += [
        UpdatePublish(known.id, {"state": PublishState.PUBLISHED, "ended_at": _hours(turn), "missed": "a\nb"})
        for known in at.publishes
        if chance.random() < 0.5
    ]
    return writes


def _everything(ledger: Ledger) -> list[object]:
    """Return what a ledger answers to every question."""
    files = [Identity(1, 2**63 + number, 10, mtime) for number in range(6) for mtime in range(2)]
    paths = [*PATHS, "_working/a.jpg"]
    queries = [
        HistoryQuery(),
        HistoryQuery(limit=7),
        HistoryQuery(job="j|3"),
        HistoryQuery(since=_hours(4), path="a.jpg"),
    ]
    return [
        ledger.unfinished(),
        ledger.known_copies([NOTE, RECEIPT, "c" * 64]),
        [ledger.recall(name, [RecallItem(path, file) for file in files for path in paths]) for name in FOLDERS],
        [list(ledger.history(query)) for query in queries],
        [ledger.find(name, path) for name in FOLDERS for path in paths],
        ledger.totals(),
        [ledger.drop(number) for number in range(30)],
        [ledger.job(f"catalog-{number}") for number in range(10)],
    ]


def _hours(number: int) -> datetime:
    return MOMENT + timedelta(hours=number)
