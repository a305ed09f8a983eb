"""
The one way to change drops, jobs, POSTs and publishes: memory and ledger get the same change, the tables are asked
first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

from hotfolder.core import lifecycle
from hotfolder.core.model import Drop, Job, KnownFolder, Post, Publish

Row = dict[str, Any]
"""Column to value; values are those of the records, enums and datetimes included."""


@dataclass(frozen=True, slots=True)
class InsertDrops:
    """New drops, whole."""

    rows: tuple[Drop, ...]


@dataclass(frozen=True, slots=True)
class UpdateDrops:
    """The same columns of many drops, each with its own values; every row also has `id`."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class DeleteDrops:
    """Drops that were ready and are being written again: they settle anew and leave no trace."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InsertJob:
    """A new job, whole."""

    row: Job


@dataclass(frozen=True, slots=True)
class UpdateJob:
    """Columns of one job."""

    id: int
    values: Row


@dataclass(frozen=True, slots=True)
class InsertPost:
    """A new POST, whole."""

    row: Post


@dataclass(frozen=True, slots=True)
class UpdatePost:
    """Columns of one POST."""

    job: int
    number: int
    values: Row


@dataclass(frozen=True, slots=True)
class InsertPublish:
    """A new publish, whole."""

    row: Publish


@dataclass(frozen=True, slots=True)
class UpdatePublish:
    """Columns of one publish."""

    id: int
    values: Row


@dataclass(frozen=True, slots=True)
class RememberFolder:
    """Keep this of a hot folder; the last word counts."""

    row: KnownFolder


Write = (
    InsertDrops
    | UpdateDrops
    | DeleteDrops
    | InsertJob
    | UpdateJob
    | InsertPost
    | UpdatePost
    | InsertPublish
    | UpdatePublish
    | RememberFolder
)


class Journal:
    """Collects the writes of one turn, in order."""

    def __init__(self) -> None:
        self._writes: list[Write] = []

    def take(self) -> list[Write]:
        """Return the writes collected since the last call."""
        writes, self._writes = self._writes, []
        return writes

    def add_drops(self, drops: Sequence[Drop]) -> None:
        """Record new drops."""
        for drop in drops:
            lifecycle.check(lifecycle.DROP, None, drop.state)
        if drops:
            self._writes.append(InsertDrops(tuple(map(_copy, drops))))

    def change_drops(self, drops: Iterable[Drop], **values: Any) -> None:
        """Give many drops the same values."""
        self.change_each((drop, values) for drop in drops)

    def change_each(self, changes: Iterable[tuple[Drop, Row]]) -> None:
        """Give each drop its own values; all rows must name the same columns."""
        rows: list[Row] = []
        for drop, values in changes:
            if "state" in values:
                lifecycle.check(lifecycle.DROP, drop.state, values["state"])
            for column, value in values.items():
                setattr(drop, column, value)
            rows.append({"id": drop.id, **values})
        if rows:
            self._writes.append(UpdateDrops(tuple(rows)))

    def amend(self, ids: Iterable[int], **values: Any) -> None:
        """Add to what the ledger says of drops that may be at their end and out of memory; never their state."""
        rows = tuple({"id": id_, **values} for id_ in ids)
        if rows:
            self._writes.append(UpdateDrops(rows))

    def delete_drops(self, drops: Sequence[Drop]) -> None:
        """Forget drops that never left their place."""
        if drops:
            self._writes.append(DeleteDrops(tuple(drop.id for drop in drops)))

    def add_job(self, job: Job) -> None:
        """Record a new job."""
        lifecycle.check(lifecycle.JOB, None, job.state)
        self._writes.append(InsertJob(replace(job)))

    def change_job(self, job: Job, **values: Any) -> None:
        """Change a job."""
        if "state" in values:
            lifecycle.check(lifecycle.JOB, job.state, values["state"])
        for column, value in values.items():
            setattr(job, column, value)
        self._writes.append(UpdateJob(job.id, values))

    def add_post(self, post: Post) -> None:
        """Record a POST about to be made."""
        lifecycle.check(lifecycle.POST, None, post.state)
        self._writes.append(InsertPost(replace(post)))

    def change_post(self, post: Post, **values: Any) -> None:
        """Change a POST."""
        if "state" in values:
            lifecycle.check(lifecycle.POST, post.state, values["state"])
        for column, value in values.items():
            setattr(post, column, value)
        self._writes.append(UpdatePost(post.job, post.number, values))

    def add_publish(self, publish: Publish) -> None:
        """Record a publish that files begin to wait for."""
        lifecycle.check(lifecycle.PUBLISH, None, publish.state)
        self._writes.append(InsertPublish(replace(publish)))

    def change_publish(self, publish: Publish, **values: Any) -> None:
        """Change a publish."""
        if "state" in values:
            lifecycle.check(lifecycle.PUBLISH, publish.state, values["state"])
        for column, value in values.items():
            setattr(publish, column, value)
        self._writes.append(UpdatePublish(publish.id, values))

    def remember_folder(self, folder: KnownFolder) -> None:
        """Record that a folder has been seen and released, or is held by a person, or files of it that settle are."""
        self._writes.append(RememberFolder(folder))


def _copy(drop: Drop) -> Drop:
    """Do what `dataclasses.replace` does, at less than half its price: there is one for every file."""
    return Drop(**dict(zip(DROP_COLUMNS, _values_of(drop), strict=True)))


DROP_COLUMNS = tuple(column.name for column in fields(Drop))
JOB_COLUMNS = tuple(column.name for column in fields(Job) if column.name != "publishing")  # that is another record
POST_COLUMNS = tuple(column.name for column in fields(Post))
PUBLISH_COLUMNS = tuple(column.name for column in fields(Publish))

_values_of = attrgetter(*DROP_COLUMNS)
