"""
Reading the ledger.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from hotfolder.core.companions import NOT_SENT, PLEASE_CHECK, note_name, receipt_name
from hotfolder.core.messages import RecallItem, RecallResult
from hotfolder.core.model import Drop, Job, Outcome, Unfinished
from hotfolder.edges.ledger import queries
from hotfolder.edges.ledger.database import translated
from hotfolder.edges.ledger.rows import from_path, to_drop, to_job, to_moment, to_path, to_post, wrapped
from hotfolder.edges.ledger.tables import drop, job
from hotfolder.ports import HistoryQuery

ASKED_AT_ONCE = 500  # parameters of one IN list; SQLite allows 32,766, but its plans are made for short lists

_RETURNABLE = frozenset(
    outcome.value for outcome in (Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED, Outcome.RENAMED, Outcome.UNKNOWN)
)


class EmptyLedger:
    """A ledger that nobody has written yet."""

    def unfinished(self) -> Unfinished:
        """Return nothing."""
        return Unfinished()

    def history(self, query: HistoryQuery) -> Iterator[tuple[Drop, Job | None]]:
        """Yield nothing."""
        return iter(())

    def find(self, folder: str, path: str) -> list[tuple[Drop, Job | None]]:
        """Return nothing."""
        return []

    def close(self) -> None:
        """Nothing is open."""


class StoredReader:
    """A ledger that is there; fits `ports.LedgerReader`."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def _rows(self, statement: Any, values: Mapping[str, Any] | None = None) -> list[Mapping[str, Any]]:
        with translated(self._name), self._connection.begin():
            return [dict(row._mapping) for row in self._connection.execute(statement, values or {})]

    def unfinished(self) -> Unfinished:
        """Return everything that is not at its end."""
        jobs = [to_job(row) for row in self._rows(queries.OPEN_JOBS)]
        posts = [
            to_post(row)
            for chunk in _chunks([job.id for job in jobs])
            for row in self._rows(queries.POSTS_OF, {"jobs": chunk})
        ]
        counters = {row["name"]: row["next"] for row in self._rows(queries.COUNTERS)}
        return Unfinished(
            drops=[to_drop(row) for row in self._rows(queries.OPEN_DROPS)],
            jobs=jobs,
            posts=posts,
            next_drop=counters.get("drop", 1),
            next_job=counters.get("job", 1),
            known_folders=frozenset(row["name"] for row in self._rows(queries.FOLDERS)),
        )

    def history(self, query: HistoryQuery) -> Iterator[tuple[Drop, Job | None]]:
        """Yield finished drops with their jobs, newest first."""
        statement = queries.HISTORY
        if query.folder is not None:
            statement = statement.where(drop.c.folder == query.folder)
        if query.since is not None:
            statement = statement.where(drop.c.filed_at >= to_moment(query.since))
        if query.outcome is not None:
            statement = statement.where(drop.c.outcome == query.outcome)
        if query.job is not None:
            statement = statement.where((job.c.name == query.job) | (job.c.handle == query.job))
        if query.path is not None:
            at = to_path(query.path)
            statement = statement.where((drop.c.path == at) | (drop.c.origin == at) | (drop.c.target_path == at))
        if query.limit is not None:
            statement = statement.limit(query.limit)
        with translated(self._name), self._connection.begin():
            for row in self._connection.execute(statement):
                yield _with_job(dict(row._mapping))

    def find(self, folder: str, path: str) -> list[tuple[Drop, Job | None]]:
        """Return every drop that had, or has, this path, newest first."""
        rows = self._rows(queries.AT_PATH, {"in_folder": folder, "at": os.fsencode(path)})
        return [_with_job(row) for row in rows]

    def recall(self, folder: str, items: Sequence[RecallItem]) -> list[RecallResult]:
        """Return for each found file what was done with it before, in the order asked."""
        digests = [item.digest for item in items if item.digest is not None]
        copies = self.known_copies(digests) if digests else set()
        known: dict[tuple[int, int, int, int], list[Mapping[str, Any]]] = {}
        for inodes in _chunks([wrapped(item.identity.inode) for item in items]):
            for row in self._rows(queries.FILED_WITH_INODE, {"in_folder": folder, "inodes": inodes}):
                key = (row["device"], row["inode"], row["size_bytes"], row["mtime_ns"])
                known.setdefault(key, []).append(row)
        return [RecallResult(item.path, "copy") if item.digest in copies else _recalled(item, known) for item in items]

    def known_copies(self, digests: Sequence[str]) -> set[str]:
        """Return those of the digests that belong to notes or receipts of ours."""
        return {
            row["digest"]
            for chunk in _chunks(list(digests))
            for row in self._rows(queries.COPIES, {"notes": chunk, "receipts": chunk})
        }

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._connection.engine.dispose()


def _chunks(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), ASKED_AT_ONCE):
        yield values[start : start + ASKED_AT_ONCE]


def _with_job(row: Mapping[str, Any]) -> tuple[Drop, Job | None]:
    if row["job_id"] is None:
        return to_drop(row), None
    return to_drop(row), to_job({column.name: row[f"job_{column.name}"] for column in job.c})


def _recalled(item: RecallItem, known: Mapping[tuple[int, int, int, int], list[Mapping[str, Any]]]) -> RecallResult:
    identity = item.identity
    key = (wrapped(identity.device), wrapped(identity.inode), identity.size_bytes, identity.mtime_ns)
    for row in known.get(key, ()):
        target = from_path(row["target_path"])
        if not target:
            if from_path(row["path"]) == item.path:
                return RecallResult(item.path, "kept", row["id"])
        elif row["outcome"] in _RETURNABLE:
            origin = from_path(row["origin"]) or from_path(row["path"])
            return RecallResult(item.path, "returned", row["id"], origin, _copies(row, target))
    return RecallResult(item.path)


def _copies(row: Mapping[str, Any], target: str) -> dict[str, str]:
    above, _, name = target.rpartition("/")
    copies: dict[str, str] = {}
    if row["note_digest"] is not None:
        suffix = PLEASE_CHECK if row["outcome"] in (Outcome.RENAMED, Outcome.UNKNOWN) else NOT_SENT
        copies[f"{above}/{note_name(name, suffix)}"] = row["note_digest"]
    if row["receipt_digest"] is not None:
        copies[f"{above}/{receipt_name(name)}"] = row["receipt_digest"]
    return copies
