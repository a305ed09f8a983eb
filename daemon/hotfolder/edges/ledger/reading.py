"""
Reading the ledger: the same questions for its owner and for everybody else.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Row

from hotfolder.core import recall
from hotfolder.core.messages import DroppedAt, RecallItem, RecallResult
from hotfolder.core.model import Drop, Identity, Job, KnownFolder, Stored, Unfinished
from hotfolder.edges.ledger import queries
from hotfolder.edges.ledger.database import Place, translated
from hotfolder.edges.ledger.rows import (
    DROP,
    JOB,
    POST,
    PUBLISH,
    Record,
    Shape,
    identity_hash,
    known_moment,
    to_moment,
    to_path,
    to_text,
)
from hotfolder.edges.ledger.schema import check_readable
from hotfolder.ports import HistoryQuery, JobStory, LedgerError

ASKED_AT_ONCE = 1000  # values in one list; what one look brings in, and far below what databases take (32,766)

PAGE = 500  # drops of history read in one go: some 250 KB, and no reader keeps a transaction while it prints


class Reading(ABC):
    """What can be asked of a ledger; who opens it says how a connection is come by."""

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[Connection | None]:
        """Give a connection that sees one state throughout; None = nothing has been written yet."""

    def unfinished(self) -> Unfinished:
        """Return everything that is not at its end."""
        with self._snapshot() as connection:
            if connection is None:
                return Unfinished()
            _, _, next_drop, next_job = connection.execute(queries.PROGRESS).one()
            folders = connection.execute(queries.KNOWN_FOLDERS).all()
            last_publish = connection.execute(queries.LAST_PUBLISH).scalar()
            return Unfinished(
                drops=_records(connection, DROP, queries.OPEN_DROPS),
                jobs=_with_publishes(connection, _records(connection, JOB, queries.OPEN_JOBS)),
                posts=_records(connection, POST, queries.OPEN_POSTS),
                publishes=_records(connection, PUBLISH, queries.OPEN_PUBLISHES),
                next_drop=next_drop,
                next_job=next_job,
                next_publish=(last_publish or 0) + 1,
                folders={row.name: _known_folder(row) for row in folders},
                stored=[
                    Stored(server=server, asset=asset, stored_at=known_moment(stored), filed_at=known_moment(filed))
                    for server, asset, stored, filed in connection.execute(queries.LAST_STORED)
                ],
            )

    def history(self, query: HistoryQuery) -> Iterator[tuple[Drop, Job | None]]:
        """Yield finished drops with their jobs, newest first, read page by page."""
        values = _narrowing(query)
        left = query.limit
        while left is None or left > 0:
            values["page"] = PAGE if left is None else min(PAGE, left)
            found = self._with_jobs(queries.history(values), values)
            yield from found
            if len(found) < values["page"]:
                return
            last = found[-1][0]
            values |= {"before_at": to_moment(last.filed_at), "before_id": last.id}
            left = None if left is None else left - len(found)

    def find(self, folder: str, path: str) -> list[tuple[Drop, Job | None]]:
        """Return every drop that had, or has, this path, newest first."""
        return self._with_jobs(queries.AT_PATH, {"folder": to_text(folder), "path": to_path(path)})

    def drop(self, number: int) -> tuple[Drop, Job | None] | None:
        """Return one drop with its job, None if there is none."""
        return next(iter(self._with_jobs(queries.DROP, {"id": number})), None)

    def job(self, name: str) -> JobStory | None:
        """Return one job with its POSTs and drops, None if there is none."""
        with self._snapshot() as connection:
            if connection is None:
                return None
            found = _with_publishes(connection, _records(connection, JOB, queries.JOB, {"name": to_text(name)}))
            if not found:
                return None
            (job,) = found
            return JobStory(
                job=job,
                posts=_records(connection, POST, queries.POSTS_OF, {"job": job.id}),
                drops=_records(connection, DROP, queries.DROPS_OF, {"job": job.id}),
            )

    def totals(self) -> dict[str, dict[str, int]]:
        """Return how many drops have come to their end, by hot folder and outcome."""
        totals: defaultdict[str, dict[str, int]] = defaultdict(dict)
        with self._snapshot() as connection:
            if connection is not None:
                for folder, outcome, count in connection.execute(queries.TOTALS):
                    totals[folder][outcome] = count
        return dict(totals)

    def _with_jobs(self, query: Executable, values: dict[str, Any]) -> list[tuple[Drop, Job | None]]:
        with self._snapshot() as connection:
            if connection is None:
                return []
            drops = _records(connection, DROP, query, values)
            ids = sorted({drop.job for drop in drops if drop.job is not None})
            jobs = {job.id: job for job in _with_publishes(connection, _by_ids(connection, JOB, queries.JOBS, ids))}
            return [(drop, None if drop.job is None else jobs.get(drop.job)) for drop in drops]

    def recall(self, folder: str, items: Sequence[RecallItem]) -> list[RecallResult]:
        """Return for each found file what was done with it before, in the order asked."""
        digests = [item.digest for item in items if item.digest is not None]
        ours = self.known_copies(digests) if digests else set()
        earlier: defaultdict[Identity, list[Drop]] = defaultdict(list)
        stored: defaultdict[str, list[DroppedAt]] = defaultdict(list)
        assets = [recall.asset_of(item) for item in items]
        with self._snapshot() as connection:
            if connection is not None:
                for chunk in _chunks(sorted({to_text(asset) for asset in assets})):
                    for asset, server, other, path, origin in connection.execute(
                        queries.STORED_UNDER, {"assets": chunk}
                    ):
                        stored[asset].append(DroppedAt(server, other, os.fsdecode(path if origin is None else origin)))
                for chunk in _chunks([identity_hash(item.identity) for item in items]):
                    for drop in _records(connection, DROP, queries.FILED_LIKE, {"folder": folder, "hashes": chunk}):
                        earlier[drop.identity].append(drop)
        return [
            recall.judge(item, earlier.get(item.identity, ()), ours, tuple(stored.get(asset, ())))
            for item, asset in zip(items, assets, strict=True)
        ]

    def known_copies(self, digests: Sequence[str]) -> set[str]:
        """Return those of the digests that belong to notes or receipts of ours."""
        with self._snapshot() as connection:
            if connection is None:
                return set()
            return {
                digest
                for chunk in _chunks(digests)
                for digest in connection.execute(queries.OUR_COPIES, {"digests": chunk}).scalars()
            }


class PassingReader(Reading):
    """A ledger that may have another owner, or not be there yet; fits `ports.LedgerReader`."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self._engine = engine
        self._place = place

    @contextmanager
    def _snapshot(self) -> Iterator[Connection | None]:
        place = self._place
        try:
            is_missing = place.file is not None and not place.file.exists()
        except OSError as error:
            raise LedgerError(f"{place.name} may not be looked at: {error.strerror}") from error
        if is_missing:
            yield None
            return
        with translated(place.name), self._engine.connect() as connection, connection.begin():
            yield connection if check_readable(connection, place.name) else None

    def close(self) -> None:
        """Nothing is open between calls."""


def _narrowing(query: HistoryQuery) -> dict[str, Any]:
    """Return the values of those filters that are set."""
    values = {
        "folder": to_text(query.folder),
        "since": to_moment(query.since),
        "outcome": to_text(query.outcome),
        "job": to_text(query.job),
        "path": to_path(query.path),
    }
    return {name: value for name, value in values.items() if value is not None}


def _records(
    connection: Connection, shape: Shape[Record], query: Executable, values: dict[str, Any] | None = None
) -> list[Record]:
    result = connection.execute(query, values)
    return shape.records(tuple(result.keys()), result.all())


def _known_folder(row: Row[Any]) -> KnownFolder:
    return KnownFolder(
        name=row.name,
        path=os.fsdecode(row.path),
        held=bool(row.held),
        held_paths=tuple(os.fsdecode(row.held_paths).split("\0")) if row.held_paths else (),
        mount_point=os.fsdecode(row.mount_point or b""),
    )


def _by_ids(connection: Connection, shape: Shape[Record], query: Executable, ids: Sequence[int]) -> list[Record]:
    return [record for chunk in _chunks(ids) for record in _records(connection, shape, query, {"ids": chunk})]


def _with_publishes(connection: Connection, jobs: list[Job]) -> list[Job]:
    """Give jobs the publishes that their files wait for, or were published by."""
    ids = sorted({job.publish for job in jobs if job.publish is not None})
    if ids:
        publishes = {publish.id: publish for publish in _by_ids(connection, PUBLISH, queries.PUBLISHES, ids)}
        for job in jobs:
            job.publishing = None if job.publish is None else publishes.get(job.publish)
    return jobs


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), ASKED_AT_ONCE):
        yield values[start : start + ASKED_AT_ONCE]
