"""
A ledger in memory: fits `ports.Ledger`, keeps exactly what was committed, and fails when told.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self, assert_never

from hotfolder.core.companions import NOT_SENT, PLEASE_CHECK, note_name, receipt_name
from hotfolder.core.journal import (
    DeleteDrops,
    InsertDrops,
    InsertJob,
    InsertPost,
    RememberFolder,
    UpdateDrops,
    UpdateJob,
    UpdatePost,
    Write,
)
from hotfolder.core.messages import RecallItem, RecallResult
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome, Post, Unfinished
from hotfolder.ports import HistoryQuery, LedgerError

_ENDED_DROPS = (DropState.FILED, DropState.WITHDRAWN)
_ENDED_JOBS = (JobState.CLOSED, JobState.VOID)
_RETURNABLE = (Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED, Outcome.RENAMED, Outcome.UNKNOWN)


class FakeLedger:
    """What has been committed, and nothing else."""

    def __init__(self) -> None:
        self.drops: dict[int, Drop] = {}
        self.jobs: dict[int, Job] = {}
        self.posts: dict[tuple[int, int], Post] = {}
        self.folders: set[str] = set()
        self.next_drop = 1
        self.next_job = 1
        self.commits = 0
        self.fail_at: set[int] = set()  # numbers of commits that fail, from 1

    def durable_copy(self) -> FakeLedger:
        """Return what a new process would find."""
        return copy.deepcopy(self)

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none."""
        self.commits += 1
        if self.commits in self.fail_at:
            raise LedgerError("the fake ledger was told to fail")
        for write in writes:
            self._apply(write)

    def _apply(self, write: Write) -> None:
        match write:
            case InsertDrops():
                for drop in write.rows:
                    if drop.id in self.drops:
                        raise LedgerError(f"drop {drop.id} is there already")
                    self.drops[drop.id] = replace(drop)
                    self.next_drop = max(self.next_drop, drop.id + 1)
            case UpdateDrops():
                for row in write.rows:
                    for column, value in row.items():
                        setattr(self.drops[row["id"]], column, value)
            case DeleteDrops():
                for id_ in write.ids:
                    self.drops.pop(id_, None)
            case InsertJob():
                if any(job.name == write.row.name for job in self.jobs.values()):
                    raise LedgerError(f"job {write.row.name} is there already")
                self.jobs[write.row.id] = replace(write.row)
                self.next_job = max(self.next_job, write.row.id + 1)
            case UpdateJob():
                for column, value in write.values.items():
                    setattr(self.jobs[write.id], column, value)
            case InsertPost():
                self.posts[write.row.job, write.row.number] = replace(write.row)
            case UpdatePost():
                for column, value in write.values.items():
                    setattr(self.posts[write.job, write.number], column, value)
            case RememberFolder():
                self.folders.add(write.name)
            case _:
                assert_never(write)

    def unfinished(self) -> Unfinished:
        """Return copies of everything that is not at its end."""
        drops = [replace(drop) for drop in self.drops.values() if drop.state not in _ENDED_DROPS]
        needed = {drop.job for drop in drops}
        jobs = [replace(job) for job in self.jobs.values() if job.state not in _ENDED_JOBS or job.id in needed]
        open_jobs = {job.id for job in jobs}
        return Unfinished(
            drops=drops,
            jobs=jobs,
            posts=[replace(post) for post in self.posts.values() if post.job in open_jobs],
            next_drop=self.next_drop,
            next_job=self.next_job,
            known_folders=frozenset(self.folders),
        )

    def recall(self, folder: str, items: Sequence[RecallItem]) -> list[RecallResult]:
        """Return what is known of each file."""
        return [self._recall(folder, item) for item in items]

    def _recall(self, folder: str, item: RecallItem) -> RecallResult:
        if item.digest is not None and item.digest in self.known_copies([item.digest]):
            return RecallResult(item.path, "copy")
        for drop in sorted(self.drops.values(), key=lambda drop: drop.id, reverse=True):
            if drop.folder != folder or drop.state is not DropState.FILED or drop.identity != item.identity:
                continue
            if not drop.target_path and drop.path == item.path:
                return RecallResult(item.path, "kept", drop.id)
            if drop.outcome in _RETURNABLE and drop.target_path:
                return RecallResult(item.path, "returned", drop.id, drop.origin or drop.path, _copies(drop))
        return RecallResult(item.path)

    def known_copies(self, digests: Sequence[str]) -> set[str]:
        """Return the digests that belong to notes or receipts of ours."""
        ours = {drop.note_digest for drop in self.drops.values()} | {
            drop.receipt_digest for drop in self.drops.values()
        }
        return {digest for digest in digests if digest in ours}

    def history(self, query: HistoryQuery) -> Iterator[tuple[Drop, Job | None]]:
        """Yield finished drops, newest first."""
        found = [drop for drop in self.drops.values() if drop.state in _ENDED_DROPS and _fits(drop, query)]
        found.sort(key=lambda drop: (drop.filed_at or drop.seen_at, drop.id), reverse=True)
        for drop in found[: query.limit]:
            job = None if drop.job is None else self.jobs.get(drop.job)
            if query.job is None or (job is not None and query.job in (job.name, job.handle)):
                yield drop, job

    def find(self, folder: str, path: str) -> list[tuple[Drop, Job | None]]:
        """Return every drop that had, or has, this path."""
        found = [
            drop
            for drop in self.drops.values()
            if drop.folder == folder and path in (drop.path, drop.origin, drop.target_path, drop.work_path)
        ]
        found.sort(key=lambda drop: drop.id, reverse=True)
        return [(drop, None if drop.job is None else self.jobs.get(drop.job)) for drop in found]

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""


def _copies(drop: Drop) -> dict[str, str]:
    above, _, name = (drop.target_path or "").rpartition("/")
    copies = {}
    if drop.note_digest is not None:
        suffix = PLEASE_CHECK if drop.outcome in (Outcome.RENAMED, Outcome.UNKNOWN) else NOT_SENT
        copies[f"{above}/{note_name(name, suffix)}"] = drop.note_digest
    if drop.receipt_digest is not None:
        copies[f"{above}/{receipt_name(name)}"] = drop.receipt_digest
    return copies


def _fits(drop: Drop, query: HistoryQuery) -> bool:
    return (
        query.folder in (None, drop.folder)
        and (query.outcome is None or query.outcome == drop.outcome)
        and (query.since is None or (drop.filed_at is not None and drop.filed_at >= query.since))
        and (query.path is None or query.path in (drop.path, drop.origin, drop.target_path))
    )
