"""
A ledger in memory: fits `ports.Ledger`, keeps exactly what was committed, and fails when told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar, assert_never

from hotfolder.core import recall
from hotfolder.core.journal import (
    DROP_COLUMNS,
    JOB_COLUMNS,
    POST_COLUMNS,
    PUBLISH_COLUMNS,
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
    Write,
)
from hotfolder.core.messages import DroppedAt, RecallItem, RecallResult
from hotfolder.core.model import (
    MAY_BE_STORED,
    STORED_KEPT,
    Drop,
    DropState,
    Identity,
    Job,
    JobState,
    KnownFolder,
    Outcome,
    Post,
    Publish,
    PublishState,
    Stored,
    Unfinished,
)
from hotfolder.ports import HistoryQuery, JobStory, LedgerError, RowsGoneError

_ENDED_DROPS = (DropState.FILED, DropState.WITHDRAWN)
_ENDED_JOBS = (JobState.CLOSED, JobState.VOID)
_ENDED_PUBLISHES = (PublishState.PUBLISHED, PublishState.DROPPED)

Record = TypeVar("Record", Drop, Job, Post, Publish)
Key = TypeVar("Key")


class FakeLedger:
    """
    What has been committed, and nothing else.

    The records in `drops`, `jobs`, `posts` and `publishes` are for looking at; change them by `commit` only.
    """

    def __init__(self) -> None:
        self._rows = _Rows()
        self._in_doubt: tuple[Write, ...] | None = None  # durable, though the caller was told otherwise
        self.ledger_id = "ledger of the tests"
        self.commits = 0
        self.fail_at: set[int] = set()  # numbers of commits that fail with nothing done, from 1
        self.lose_answer_at: set[int] = set()  # numbers of commits that become durable and fail all the same

    @property
    def generation(self) -> int:
        """Return how many commits are durable."""
        return self._rows.generation

    @property
    def drops(self) -> Mapping[int, Drop]:
        """Return every drop by its id."""
        return self._rows.drops

    @property
    def jobs(self) -> Mapping[int, Job]:
        """Return every job by its id."""
        return self._rows.jobs

    @property
    def posts(self) -> Mapping[tuple[int, int], Post]:
        """Return every POST by its job and number."""
        return self._rows.posts

    @property
    def publishes(self) -> Mapping[int, Publish]:
        """Return every publish by its id."""
        return self._rows.publishes

    def durable_copy(self) -> FakeLedger:
        """Return what a new process would find: all that was committed, and no orders to fail."""
        found = FakeLedger()
        found._rows = self._rows.copy()
        return found

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none."""
        self.commits += 1
        if self.commits in self.fail_at:
            raise LedgerError("the fake ledger was told to fail")
        in_doubt, self._in_doubt = self._in_doubt, None
        if in_doubt != tuple(writes):
            rows = self._rows.copy()
            for write in writes:
                rows.apply(write)
            rows.check_jobs()
            rows.generation += 1
            self._rows = rows
        if self.commits in self.lose_answer_at:
            self._in_doubt = tuple(writes)
            raise LedgerError("the fake ledger was told to lose its answer")

    def unfinished(self) -> Unfinished:
        """Return copies of everything that is not at its end."""
        rows = self._rows
        drops = [drop for drop in rows.drops.values() if drop.state not in _ENDED_DROPS]
        needed = {drop.job for drop in drops}
        jobs = [job for job in rows.jobs.values() if job.state not in _ENDED_JOBS or job.id in needed]
        open_jobs = {job.id for job in jobs}
        return Unfinished(
            drops=[_with(Drop, DROP_COLUMNS, drop) for drop in sorted(drops, key=lambda drop: drop.id)],
            jobs=[rows.whole(job) for job in sorted(jobs, key=lambda job: job.id)],
            posts=[_with(Post, POST_COLUMNS, rows.posts[key]) for key in sorted(rows.posts) if key[0] in open_jobs],
            next_drop=rows.next_drop,
            publishes=[
                _with(Publish, PUBLISH_COLUMNS, rows.publishes[id_])
                for id_ in sorted(rows.publishes)
                if rows.publishes[id_].state not in _ENDED_PUBLISHES
            ],
            next_job=rows.next_job,
            next_publish=max(rows.publishes, default=0) + 1,
            folders=rows.folders.copy(),
            stored=self._stored(),
        )

    def _stored(self) -> list[Stored]:
        found = [
            (drop.id, Stored(server=drop.server, asset=drop.asset, stored_at=drop.stored_at, filed_at=drop.filed_at))
            for drop in self.drops.values()
            if drop.outcome in MAY_BE_STORED and drop.stored_at is not None and drop.filed_at is not None
        ]
        found.sort(key=lambda entry: (entry[1].filed_at, entry[0]), reverse=True)
        return [stored for _, stored in found[:STORED_KEPT]]

    def recall(self, folder: str, items: Sequence[RecallItem]) -> list[RecallResult]:
        """Return what is known of each file."""
        earlier: defaultdict[Identity, list[Drop]] = defaultdict(list)
        for drop in self.drops.values():
            if drop.folder == folder:
                earlier[drop.identity].append(drop)
        ours = self.known_copies([item.digest for item in items if item.digest is not None])
        stored = self._stored_under()
        return [
            recall.judge(item, earlier.get(item.identity, ()), ours, tuple(stored.get(recall.asset_of(item), ())))
            for item in items
        ]

    def _stored_under(self) -> dict[str, list[DroppedAt]]:
        """Return where that was dropped which is stored, by asset ID: of each server the newest."""
        newest: dict[tuple[str, str], Drop] = {}
        for drop in sorted(self.drops.values(), key=lambda drop: drop.id):
            if drop.outcome in (Outcome.STORED, Outcome.UPDATED):
                newest[drop.server, drop.asset] = drop
        stored: defaultdict[str, list[DroppedAt]] = defaultdict(list)
        for (server, asset), drop in sorted(newest.items()):
            place = drop.path if drop.origin is None else drop.origin
            stored[asset].append(DroppedAt(server, drop.folder, place))
        return stored

    def known_copies(self, digests: Sequence[str]) -> set[str]:
        """Return the digests that belong to notes or receipts of ours."""
        if not digests:
            return set()
        ours = {digest for drop in self.drops.values() for digest in (drop.note_digest, drop.receipt_digest)}
        return {digest for digest in digests if digest in ours}

    def history(self, query: HistoryQuery) -> Iterator[tuple[Drop, Job | None]]:
        """Yield finished drops, newest first."""
        found = [
            (drop, job)
            for drop, job in self._with_jobs(self.drops.values())
            if drop.state in _ENDED_DROPS and _fits(drop, job, query)
        ]
        found.sort(key=lambda pair: (pair[0].filed_at or pair[0].seen_at, pair[0].id), reverse=True)
        yield from found[: query.limit]

    def find(self, folder: str, path: str) -> list[tuple[Drop, Job | None]]:
        """Return every drop that had, or has, this path, newest first."""
        found = [drop for drop in self.drops.values() if drop.folder == folder and _was_at(drop, path)]
        return list(self._with_jobs(sorted(found, key=lambda drop: drop.id, reverse=True)))

    def drop(self, number: int) -> tuple[Drop, Job | None] | None:
        """Return one drop."""
        return next(iter(self._with_jobs(drop for drop in self.drops.values() if drop.id == number)), None)

    def job(self, name: str) -> JobStory | None:
        """Return one job with what belongs to it."""
        rows = self._rows
        job = next((job for job in rows.jobs.values() if job.name == name), None)
        if job is None:
            return None
        return JobStory(
            job=rows.whole(job),
            posts=[_with(Post, POST_COLUMNS, rows.posts[key]) for key in sorted(rows.posts) if key[0] == job.id],
            drops=[
                _with(Drop, DROP_COLUMNS, rows.drops[id_])
                for id_ in sorted(rows.drops)
                if rows.drops[id_].job == job.id
            ],
        )

    def totals(self) -> dict[str, dict[str, int]]:
        """Return how many drops have come to their end."""
        totals: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for drop in self.drops.values():
            if drop.state in _ENDED_DROPS and drop.outcome is not None:
                of_folder = totals[drop.folder]
                of_folder[drop.outcome.value] = of_folder.get(drop.outcome.value, 0) + 1
        return dict(totals)

    def _with_jobs(self, drops: Iterable[Drop]) -> Iterator[tuple[Drop, Job | None]]:
        for drop in drops:
            job = None if drop.job is None else self.jobs.get(drop.job)
            yield _with(Drop, DROP_COLUMNS, drop), None if job is None else self._rows.whole(job)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class _Rows:
    """All tables; a record in them is never changed, only replaced, so that copies may share it."""

    drops: dict[int, Drop] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    posts: dict[tuple[int, int], Post] = field(default_factory=dict)
    publishes: dict[int, Publish] = field(default_factory=dict)
    folders: dict[str, KnownFolder] = field(default_factory=dict)
    next_drop: int = 1
    next_job: int = 1
    generation: int = 0

    def copy(self) -> _Rows:
        return _Rows(
            self.drops.copy(),
            self.jobs.copy(),
            self.posts.copy(),
            self.publishes.copy(),
            self.folders.copy(),
            self.next_drop,
            self.next_job,
            self.generation,
        )

    def whole(self, job: Job) -> Job:
        """Return a copy of a job with its publish."""
        copy = _with(Job, JOB_COLUMNS, job)
        if job.publish is not None:
            copy.publishing = _with(Publish, PUBLISH_COLUMNS, self.publishes[job.publish])
        return copy

    def check_jobs(self) -> None:
        named = {drop.job for drop in self.drops.values()} | {job for job, _ in self.posts}
        if gone := {job for job in named if job is not None} - self.jobs.keys():
            raise RowsGoneError(f"the ledger has no jobs {gone}", table="jobs", keys=gone)
        if strangers := {job.publish for job in self.jobs.values()} - self.publishes.keys() - {None}:
            raise LedgerError(f"the ledger has no publishes {strangers}")
        names = [publish.name for publish in self.publishes.values() if publish.name is not None]
        if len(set(names)) != len(names):
            raise LedgerError(f"two publishes have one name: {names}")

    def apply(self, write: Write) -> None:
        match write:
            case InsertDrops():
                for drop in write.rows:
                    _insert(self.drops, drop.id, _with(Drop, DROP_COLUMNS, drop))
                    self.next_drop = max(self.next_drop, drop.id + 1)
            case UpdateDrops():
                _check_standing("drops", self.drops, [row["id"] for row in write.rows])
                for row in write.rows:
                    self.drops[row["id"]] = _with(Drop, DROP_COLUMNS, self.drops[row["id"]], row)
            case DeleteDrops():
                for id_ in write.ids:
                    self.drops.pop(id_, None)
            case InsertJob(row=job):
                if any(standing.name == job.name for standing in self.jobs.values()):
                    raise LedgerError(f"the ledger has a job {job.name} already")
                _insert(self.jobs, job.id, _with(Job, JOB_COLUMNS, job))
                self.next_job = max(self.next_job, job.id + 1)
            case UpdateJob():
                _check_standing("jobs", self.jobs, [write.id])
                self.jobs[write.id] = _with(Job, JOB_COLUMNS, self.jobs[write.id], write.values)
            case InsertPost(row=post):
                _insert(self.posts, (post.job, post.number), _with(Post, POST_COLUMNS, post))
            case UpdatePost(job=number):
                key = (number, write.number)
                _check_standing("posts", self.posts, [key])
                self.posts[key] = _with(Post, POST_COLUMNS, self.posts[key], write.values)
            case InsertPublish(row=publish):
                _insert(self.publishes, publish.id, _with(Publish, PUBLISH_COLUMNS, publish))
            case UpdatePublish():
                _check_standing("publishes", self.publishes, [write.id])
                self.publishes[write.id] = _with(Publish, PUBLISH_COLUMNS, self.publishes[write.id], write.values)
            case RememberFolder(row=folder):
                self.folders[folder.name] = folder
            case _:
                assert_never(write)


def _insert(table: dict[Key, Record], key: Key, record: Record) -> None:
    if key in table:
        raise LedgerError(f"the ledger has {type(record).__name__} {key} already")
    table[key] = record


def _check_standing(name: str, table: Mapping[Any, object], keys: Collection[int | tuple[int, int]]) -> None:
    gone = [key for key in keys if key not in table]
    if gone:
        raise RowsGoneError(f"the ledger has no {name} {gone} that could be changed", table=name, keys=gone)


def _with(
    kind: type[Record], columns: Sequence[str], record: Record, values: Mapping[str, Any] | None = None
) -> Record:
    """Return a copy of a record with some columns changed."""
    row = {column: getattr(record, column) for column in columns} | dict(values or {})
    for column, value in row.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{column} has no time zone: {value}")
    return kind(**row)


def _fits(drop: Drop, job: Job | None, query: HistoryQuery) -> bool:
    return (
        query.folder in (None, drop.folder)
        and (query.outcome is None or query.outcome == drop.outcome)
        and (query.since is None or (drop.filed_at is not None and drop.filed_at >= query.since))
        and (query.path is None or query.path in (drop.path, drop.origin, drop.target_path))
        and (query.job is None or (job is not None and query.job in (job.name, job.handle)))
    )


def _was_at(drop: Drop, path: str) -> bool:
    """Return whether a drop lay here when it was found or before it was dragged back, or lies or goes here now."""
    if path in (drop.path, drop.origin, drop.target_path):
        return True
    return drop.state not in _ENDED_DROPS and drop.work_path == path
