"""
A long history: what a drop costs with a thousand and with a million finished ones in the ledger.

The finished rows are written by the ledger itself, a job for every two hundred. Compared are CPU seconds for each file,
less what an empty run takes with the same ledger.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from hotfolder.core.journal import InsertDrops, InsertJob, Write
from hotfolder.core.model import Drop, DropState, Identity, Job, JobState, Outcome
from hotfolder.edges.ledger import open_ledger
from tests.bench.processes import Run, Server
from tests.bench.share import Share
from tests.bench.table import Line, middle, show

ROWS: Final = (1_000, 1_000_000)
FILES: Final = 5_000
SIZE_BYTES: Final = 1_000
IN_A_JOB: Final = 200
JOBS_AT_ONCE: Final = 100  # in one transaction


def history(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    numbers, files = ((200, 2_000), 100) if quick else (ROWS, FILES)
    share, empty = Share(place=place / "history"), Share(place=place / "empty")
    for one in (share, empty):
        one.write_config(server.base_url())
    share.fill_with_photos(files, SIZE_BYTES)
    ledgers = {rows: place / f"ledger-{rows}.db" for rows in numbers}
    for rows, ledger in ledgers.items():
        fill(ledger, rows)
    sending: dict[int, list[Run]] = {rows: [] for rows in numbers}
    resting: dict[int, list[Run]] = {rows: [] for rows in numbers}
    for _ in range(rounds):
        for rows, ledger in ledgers.items():
            for one, runs, count in ((share, sending, files), (empty, resting, 0)):
                one.put_back()
                shutil.copyfile(ledger, one.ledger)
                runs[rows].append(one.send_all(server, files=count))
    few, many = ((middle(sending[rows]), middle(resting[rows])) for rows in numbers)
    costs = [(taken.cpu_s - nothing.cpu_s, taken.wall_s - nothing.wall_s) for taken, nothing in (few, many)]
    show(
        f"history: {files} drops with {numbers[0]} and {numbers[1]} finished ones in the ledger, medians of {rounds}",
        [
            Line(
                what=what,
                seconds=taken.wall_s,
                ratio=few[0].wall_s / taken.wall_s,
                cpu_s=taken.cpu_s,
                memory_mib=taken.memory_mib,
            )
            for what, taken in (
                (f"with {numbers[0]}", few[0]),
                ("  with nothing to send", few[1]),
                (f"with {numbers[1]}", many[0]),
                ("  with nothing to send", many[1]),
            )
        ],
        {
            f"of CPU per drop, {numbers[1]} to {numbers[0]}": costs[1][0] / max(costs[0][0], 0.001),
            f"of time per drop, {numbers[1]} to {numbers[0]}": costs[1][1] / max(costs[0][1], 0.001),
        },
    )


def fill(ledger: Path, rows: int) -> None:
    """Have a ledger with so many drops that were stored and filed."""
    with open_ledger(f"sqlite:///{ledger}") as kept:
        writes: list[Write] = []
        for job in range(1, rows // IN_A_JOB + 1):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=20 * job)
            writes += [
                InsertJob(_job(job, at)),
                InsertDrops(tuple(_drop(job, number, at) for number in range(IN_A_JOB))),
            ]
            if job % JOBS_AT_ONCE == 0:
                kept.commit(writes)
                writes = []
        kept.commit(writes)


def _job(job: int, at: datetime) -> Job:
    return Job(
        id=job,
        name=f"hf-share-{job:08}-bench",
        folder="share",
        company="c|1",
        options="{}",
        state=JobState.CLOSED,
        handle=f"j|{job}",
        created_at=at,
        first_post_at=at,
        last_post_at=at,
        ended_at=at + timedelta(seconds=10),
        files_total=IN_A_JOB,
        bytes_total=IN_A_JOB * 1_000_000,
    )


def _drop(job: int, number: int, at: datetime) -> Drop:
    id_ = (job - 1) * IN_A_JOB + number + 1
    name = f"earlier-{id_:08}"
    return Drop(
        id=id_,
        folder="share",
        path=f"{name}.jpg",
        state=DropState.FILED,
        identity=Identity(device=64512, inode=10_000_000 + id_, size_bytes=1_000_000 + id_, mtime_ns=id_ * 10**9),
        seen_at=at,
        ready_at=at,
        evidence="unchanged for 5.0 s, no writer, JPEG end found",
        options='{"overwrite":true}',
        destination="Bench",
        asset=name,
        sent_name=f"{name}.jpg",
        overwrite=True,
        job=job,
        post=number // 20 + 1,
        work_path=f"_working/hf-share-{job:08}-bench/{name}.jpg",
        sha256=f"{id_:064x}",
        sends=1,
        outcome=Outcome.STORED,
        asset_handle=f"a|{id_}",
        stored_as=name,
        target_path=f"_done/2026-01-01/{name}.jpg",
        stored_at=at + timedelta(seconds=10),
        filed_at=at + timedelta(seconds=10),
    )
