"""
Writing the ledger: one transaction a turn, neighbouring writes of one kind in one statement.

SQLAlchemy makes each statement once; its rows go straight to the driver, because preparing them value by value would
cost more than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, assert_never, cast

from sqlalchemy import ClauseElement, Connection, Table, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.compiler import SQLCompiler

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
    Write,
)
from hotfolder.edges.ledger import queries
from hotfolder.edges.ledger.database import Held
from hotfolder.edges.ledger.reading import Reading
from hotfolder.edges.ledger.rows import DROP, JOB, POST, PUBLISH, Shape, to_path, to_text
from hotfolder.edges.ledger.tables import drops, jobs, posts, publishes
from hotfolder.ports import LedgerError, RowsGoneError

_TABLES: dict[str, tuple[Table, Shape[Any]]] = {
    "drops": (drops, DROP),
    "jobs": (jobs, JOB),
    "posts": (posts, POST),
    "publishes": (publishes, PUBLISH),
}

_KEYS = (("id",), ("job", "number"))  # a change of nothing


class _Kind(NamedTuple):
    """What writes must have in common to share a statement."""

    verb: Literal["insert", "change", "forget drop", "remember folder"]
    table: str = ""
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    """One statement with all its rows."""

    kind: _Kind
    columns: dict[str, list[Any]]
    rows: int


class _Progress(NamedTuple):
    """How far the ledger has come."""

    openings: int
    commits: int
    next_drop: int
    next_job: int


class StoredLedger(Reading):
    """The ledger in its owner's hands; fits `ports.Ledger`."""

    def __init__(self, held: Held, release: Callable[[], None]) -> None:
        """`release` lets the next owner in."""
        self._held = held
        self._release = release
        self._statements: dict[_Kind, tuple[str, list[str]]] = {}
        self._in_doubt: tuple[Write, ...] | None = None  # the last commit failed, and may be there all the same
        with self._snapshot() as connection:
            connection.execute(queries.COUNT_OPENING)
            self._progress = _progress(connection)
            self._ledger_id = str(connection.execute(queries.LEDGER_ID).scalar_one())

    @property
    def generation(self) -> int:
        """Return how many commits it has counted, over all its owners."""
        return self._progress.commits

    @property
    def ledger_id(self) -> str:
        """Return what tells this ledger from every other one."""
        return self._ledger_id

    def _snapshot(self) -> AbstractContextManager[Connection]:
        return self._held.transaction()

    def commit(self, writes: Sequence[Write]) -> None:
        """
        Make all writes durable, in order, in one transaction; after a `LedgerError` they may be committed again.

        Raises ValueError for a moment without time zone, before anything is written.
        """
        steps = [_step(kind, rows) for kind, rows in _kinds(writes) if kind.attributes not in _KEYS]
        these = tuple(writes)
        try:
            self._commit(steps, these)
        except LedgerError as error:
            self._tell_gone_jobs(error, these)
            raise

    def _commit(self, steps: Sequence[_Step], these: tuple[Write, ...]) -> None:
        progress = self._progress
        is_there = False
        with self._held.transaction() as connection:
            if self._in_doubt is not None:
                found = _progress(connection)
                if found[:2] == (progress.openings, progress.commits + 1):  # the one in doubt
                    progress = found
                    is_there = self._in_doubt == these
            if not is_there:
                # Only now that the doubt about the last one is settled may there be one about this.
                self._progress, self._in_doubt = progress, these
                progress = self._count(connection, progress, these)
                for step in steps:
                    self._carry_out(connection, step)
        self._progress, self._in_doubt = progress, None

    def _count(self, connection: Connection, old: _Progress, writes: Sequence[Write]) -> _Progress:
        new = _Progress(
            old.openings,
            old.commits + 1,
            max(old.next_drop, *_ids_after(writes, InsertDrops), 1),
            max(old.next_job, *_ids_after(writes, InsertJob), 1),
        )
        values = {
            "key_openings": old.openings,
            "key_commits": old.commits,
            "commits": new.commits,
            "next_drop": new.next_drop,
            "next_job": new.next_job,
        }
        if connection.execute(queries.COUNT_COMMIT, values).rowcount != 1:
            raise LedgerError(f"{self._held.name} has had another owner since, or is another copy; begin afresh")
        return new

    def _carry_out(self, connection: Connection, step: _Step) -> None:
        statement, order = self._statement(connection, step.kind)
        rows = list(zip(*(step.columns[name] for name in order), strict=True))
        done = connection.exec_driver_sql(statement, rows).rowcount
        if step.kind.verb == "change" and done != step.rows:
            names = [column.name for column in _TABLES[step.kind.table][0].primary_key]
            keys = set(zip(*(step.columns[f"key_{name}"] for name in names), strict=True))
            raise self._gone(connection, step.kind.table, keys)

    def _gone(self, connection: Connection, table: str, keys: Collection[tuple[int, ...]]) -> RowsGoneError:
        """Return what to raise when not all of these rows are there."""
        columns = _TABLES[table][0].primary_key.columns
        gone = [
            key
            for key in keys  # there are few, and it happens hardly ever
            if connection.execute(
                select(*columns).where(*(column == value for column, value in zip(columns, key, strict=True)))
            ).first()
            is None
        ]
        text = f"{self._held.name} has lost {len(gone)} of {len(keys)} {table} that were to change"
        return RowsGoneError(text, table=table, keys=[key[0] if len(key) == 1 else (key[0], key[1]) for key in gone])

    def _tell_gone_jobs(self, error: LedgerError, writes: Sequence[Write]) -> None:
        """Raise `RowsGoneError` if the database refused what belongs to jobs that are no longer there."""
        if not isinstance(error.__cause__, IntegrityError):
            return
        needed = {(job,) for write in writes for job in _jobs_of(write)}
        needed -= {(write.row.id,) for write in writes if isinstance(write, InsertJob)}
        with self._held.transaction() as connection:
            gone = self._gone(connection, "jobs", needed)
        if gone.keys:
            raise gone from error

    def _statement(self, connection: Connection, kind: _Kind) -> tuple[str, list[str]]:
        """Return a statement in the database's own words, and the names of its parameters in their order."""
        known = self._statements.get(kind)
        if known is None:
            compiled = cast(SQLCompiler, _clause(kind).compile(dialect=connection.dialect))
            known = self._statements[kind] = compiled.string, list(compiled.positiontup or ())
        return known

    def close(self) -> None:
        """Close it and let the next owner in; a second call is harmless."""
        release, self._release = self._release, _nothing
        try:
            self._held.close()
        finally:
            release()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def _nothing() -> None:
    """Nothing is held."""


def _progress(connection: Connection) -> _Progress:
    return _Progress(*connection.execute(queries.PROGRESS).one())


def _jobs_of(write: Write) -> Iterator[int]:
    """Yield the jobs that have to be there for a write."""
    match write:
        case InsertDrops(rows):
            yield from (drop.job for drop in rows if drop.job is not None)
        case UpdateDrops(rows):
            yield from (row["job"] for row in rows if row.get("job") is not None)
        case InsertPost(row):
            yield row.job
        case _:
            pass


def _ids_after(writes: Sequence[Write], kind: type[InsertDrops | InsertJob]) -> Iterator[int]:
    """Yield the ids after those that these writes give away."""
    for write in writes:
        if isinstance(write, kind):
            if isinstance(write, InsertDrops):
                yield from (drop.id + 1 for drop in write.rows)
            else:
                yield write.row.id + 1


def _kinds(writes: Sequence[Write]) -> Iterator[tuple[_Kind, list[Any]]]:
    """Yield neighbouring writes of one kind together, in order."""
    for kind, same in groupby(chain.from_iterable(map(_parts, writes)), key=itemgetter(0)):
        yield kind, list(chain.from_iterable(rows for _, rows in same))


def _parts(write: Write) -> Iterator[tuple[_Kind, Sequence[Any]]]:
    match write:
        case InsertDrops():
            yield _Kind("insert", "drops"), write.rows
        case UpdateDrops():
            for names, rows in groupby(write.rows, key=tuple):
                yield _Kind("change", "drops", names), list(rows)
        case DeleteDrops():
            yield _Kind("forget drop"), write.ids
        case InsertJob():
            yield _Kind("insert", "jobs"), [write.row]
        case UpdateJob():
            row = {"id": write.id, **write.values}
            yield _Kind("change", "jobs", tuple(row)), [row]
        case InsertPost():
            yield _Kind("insert", "posts"), [write.row]
        case UpdatePost():
            row = {"job": write.job, "number": write.number, **write.values}
            yield _Kind("change", "posts", tuple(row)), [row]
        case InsertPublish():
            yield _Kind("insert", "publishes"), [write.row]
        case UpdatePublish():
            row = {"id": write.id, **write.values}
            yield _Kind("change", "publishes", tuple(row)), [row]
        case RememberFolder():
            yield _Kind("remember folder"), [write.row]
        case _:
            assert_never(write)


def _step(kind: _Kind, rows: list[Any]) -> _Step:
    """Translate rows into columns; done for all writes before the transaction, which then is short."""
    columns: dict[str, list[Any]]
    match kind.verb:
        case "insert":
            columns = _TABLES[kind.table][1].whole(rows)
            for name in [name for name, values in columns.items() if values.count(None) == len(rows)]:
                del columns[name]  # a ready drop has no job, no outcome, no target: a third of a row's cost
            kind = kind._replace(attributes=tuple(columns))
        case "change":
            table, shape = _TABLES[kind.table]
            keys = [column.name for column in table.primary_key]
            columns = {
                f"key_{name}" if name in keys else name: values
                for name, values in shape.columns(kind.attributes, itemgetter, rows).items()
            }
        case "forget drop":
            columns = {"key_id": rows}
        case "remember folder":
            columns = {
                "name": [to_text(row.name) for row in rows],
                "path": [to_path(row.path) for row in rows],
                "held": [int(row.held) for row in rows],
                "held_paths": [to_path("\0".join(row.held_paths)) for row in rows],
                "mount_point": [to_path(row.mount_point or None) for row in rows],
            }
        case _:
            assert_never(kind.verb)
    return _Step(kind, columns, len(rows))


def _clause(kind: _Kind) -> ClauseElement:
    match kind.verb:
        case "insert":
            return queries.insertion(_TABLES[kind.table][0], kind.attributes)
        case "change":
            table, shape = _TABLES[kind.table]
            keys = {column.name for column in table.primary_key}
            return queries.change(table, [name for name in shape.names(kind.attributes) if name not in keys])
        case "forget drop":
            return queries.FORGET_DROP
        case "remember folder":
            return queries.REMEMBER_FOLDER
        case _:
            assert_never(kind.verb)
