"""
Writing the ledger: one transaction a turn, neighbouring writes of one shape in one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType
from typing import Any, Self, assert_never

from sqlalchemy import Connection, Executable, bindparam, delete, insert, update

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
from hotfolder.edges.ledger.database import translated
from hotfolder.edges.ledger.reading import StoredReader
from hotfolder.edges.ledger.rows import record_row, to_row
from hotfolder.edges.ledger.tables import counter, drop, folder, job, post


@dataclass(frozen=True, slots=True)
class _Step:
    """One row's part of a statement."""

    key: tuple[Any, ...]  # steps with one key share a statement
    row: dict[str, Any]


class StoredLedger(StoredReader):
    """The ledger in its owner's hands; fits `ports.Ledger`."""

    def __init__(self, connection: Connection, name: str, release: Callable[[], None]) -> None:
        super().__init__(connection, name)
        self._release = release
        self._statements: dict[tuple[Any, ...], Executable] = {}

    def commit(self, writes: Sequence[Write]) -> None:
        """Make all writes durable in one transaction; after a `LedgerError` none of them is."""
        steps = [step for write in writes for step in _steps(write)]
        with translated(self._name), self._connection.begin():
            for key, group in groupby(steps, key=lambda step: step.key):
                self._connection.execute(self._statement(key), [step.row for step in group])

    def _statement(self, key: tuple[Any, ...]) -> Executable:
        statement = self._statements.get(key)
        if statement is None:
            statement = self._statements[key] = _statement(key)
        return statement

    def close(self) -> None:
        """Close it and let another instance have it."""
        super().close()
        self._release()
        self._release = lambda: None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def _steps(write: Write) -> Iterator[_Step]:
    match write:
        case InsertDrops():
            for record in write.rows:
                yield _Step(("insert", "drop"), record_row(record))
            yield _Step(("count",), {"which": "drop", "to": max(record.id for record in write.rows) + 1})
        case UpdateDrops():
            for values in write.rows:
                row = to_row(values)
                row["the_id"] = row.pop("id")
                yield _Step(("update", "drop", *row), row)
        case DeleteDrops():
            for id_ in write.ids:
                yield _Step(("delete",), {"the_id": id_})
        case InsertJob():
            yield _Step(("insert", "job"), record_row(write.row))
            yield _Step(("count",), {"which": "job", "to": write.row.id + 1})
        case UpdateJob():
            row = to_row(write.values) | {"the_id": write.id}
            yield _Step(("update", "job", *row), row)
        case InsertPost():
            yield _Step(("insert", "post"), record_row(write.row))
        case UpdatePost():
            row = to_row(write.values) | {"the_job": write.job, "the_number": write.number}
            yield _Step(("update", "post", *row), row)
        case RememberFolder():
            yield _Step(("forget folder",), {"the_name": write.name})
            yield _Step(("remember folder",), {"name": write.name})
        case _:
            assert_never(write)


def _statement(key: tuple[Any, ...]) -> Executable:
    match key:
        case ("insert", "drop"):
            return insert(drop)
        case ("insert", "job"):
            return insert(job)
        case ("insert", "post"):
            return insert(post)
        case ("update", "drop", *columns):
            return update(drop).where(drop.c.id == bindparam("the_id")).values(_set(columns))
        case ("update", "job", *columns):
            return update(job).where(job.c.id == bindparam("the_id")).values(_set(columns))
        case ("update", "post", *columns):
            one = (post.c.job == bindparam("the_job")) & (post.c.number == bindparam("the_number"))
            return update(post).where(one).values(_set(columns))
        case ("delete",):
            return delete(drop).where(drop.c.id == bindparam("the_id"))
        case ("count",):
            return (
                update(counter)
                .where(counter.c.name == bindparam("which"), counter.c.next < bindparam("to"))
                .values(next=bindparam("to"))
            )
        case ("forget folder",):
            return delete(folder).where(folder.c.name == bindparam("the_name"))
        case ("remember folder",):
            return insert(folder)
        case _:
            raise AssertionError(f"no statement for {key}")


def _set(columns: Sequence[Any]) -> dict[str, Any]:
    return {name: bindparam(name) for name in columns if not name.startswith("the_")}
