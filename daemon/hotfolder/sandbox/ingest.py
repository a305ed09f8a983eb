"""
Turning posted files into assets, one at a time: asset names, overwriting, and the log rows that tell of it.

The rules are PROTOCOL 3.1 and 3.2 (overwrite), 4.3 (log types) and 6.2 (names).
It runs inside the caller's transaction. One file may give several assets and rows: see `byproducts`.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hotfolder.sandbox.byproducts import is_unpacked, layer_names, members
from hotfolder.sandbox.documents import Tree, is_true, items_of
from hotfolder.sandbox.faults import Fault, FaultScript
from hotfolder.sandbox.names import OverwriteMode, Target, asset_type, target_of, with_asset_name
from hotfolder.sandbox.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class LogRow:
    """One JobLogDetail."""

    log_type: str
    message: str
    at: datetime
    asset_name: str | None = None
    asset_type: str | None = None
    asset_handle: str | None = None
    aux: list[tuple[str, str]] = field(default_factory=list)  # log type, message


@dataclass(frozen=True, kw_only=True, slots=True)
class PostedFile:
    """One file of a job, received in full."""

    job: int
    position: int
    target: Target
    size_bytes: int
    sha256: str
    problem: str | None  # why its content cannot be ingested
    content: str  # name below incoming/


def asset_handle(number: int) -> str:
    """PROTOCOL 2.7."""
    return f"a|{number}"


TRASH: Final = timedelta(days=7)
"""How long a deleted asset keeps its name (PROTOCOL 3.2, 6.1)."""


class Ingest:
    """Makes assets of posted files, by the company's overwrite mode."""

    def __init__(self, store: Store, mode: OverwriteMode, script: FaultScript) -> None:
        self._store = store
        self._mode = mode
        self._script = script

    def ingest(self, file: PostedFile, job_name: str, options: Tree, at: datetime) -> list[LogRow]:
        """Store one file as an asset, or not; the rows say which. The posted content is used up."""
        content = self._store.incoming / file.content
        name = file.target.asset_name
        faults = self._script.for_file(file.target.file_name, job_name)
        problem = file.problem
        if not name:
            problem = "Nothing is left of its name"
        if "upload-error" in faults:
            problem = faults["upload-error"].message
        if "fatal" in faults:
            content.unlink(missing_ok=True)
            return [LogRow(log_type="FatalError", message=faults["fatal"].message, at=at)]
        if problem is not None or "vanish" in faults:
            content.unlink(missing_ok=True)
            rows = [] if problem is None else [_failed(file, f"{_path(file.target)}: {problem}", at)]
        elif self._comes_again_in_job(file):
            content.unlink(missing_ok=True)
            rows = [_duplicate(file, f"{_path(file.target)} was skipped: its name came before in this job", at)]
        elif is_unpacked(options, file.target.file_name):
            rows = self._unpack(file, options, at)
        else:
            layers = layer_names(options, file.target.file_name, content)
            rows = [self._store_asset(file, options, at, is_renamed="rename" in faults)]
            if rows[0].asset_handle is not None:
                rows += self._store_parts(file, layers, options, at)
        return _scripted(rows, faults, at)

    def _unpack(self, file: PostedFile, options: Tree, at: datetime) -> list[LogRow]:
        """Each file in an archive becomes an asset; the archive itself becomes none."""
        content = self._store.incoming / file.content
        try:
            found = members(file.target.file_name, content)
        except ValueError as error:
            return [_failed(file, f"{_path(file.target)}: {error}", at)]
        finally:
            content.unlink(missing_ok=True)
        return [
            self._store_asset(
                replace(
                    file,
                    target=target_of(file.target.folder, member.name),
                    size_bytes=member.size_bytes,
                    sha256="",
                    content="",
                ),
                options,
                at,
            )
            for member in found
        ]

    def _store_parts(self, file: PostedFile, layers: list[str], options: Tree, at: datetime) -> list[LogRow]:
        """The layers of a PSD as assets, and the row of a mask, which is part of its asset."""
        rows = []
        for name in layers:
            target = Target(folder=file.target.folder, file_name=with_asset_name(file.target.file_name, name))
            layer = replace(file, target=target, size_bytes=0, sha256="", content="")
            rows.append(replace(self._store_asset(layer, options, at), asset_type="Layer"))
        if is_true(options, "createMask") and asset_type(file.target.file_name) == "Image":
            name = f"{file.target.asset_name}_mask"
            message = f"{_path(file.target)}: mask created"
            rows.append(LogRow(log_type="UploadSuccess", message=message, at=at, asset_name=name, asset_type="Mask"))
        return rows

    def _comes_again_in_job(self, file: PostedFile) -> bool:
        """The same name twice in one job is a duplicate (PROTOCOL 4.3, DuplicateSkipped)."""
        earlier = self._store.db.execute(
            "select 1 from received where job = ? and asset_name = ? and position < ? and problem is null",
            (file.job, file.target.asset_name, file.position),
        )
        return earlier.fetchone() is not None

    def _store_asset(self, file: PostedFile, options: Tree, at: datetime, *, is_renamed: bool = False) -> LogRow:
        target = file.target
        self._empty_trash(target.asset_name, at)
        existing = self._find(target.asset_name)
        is_in_trash = existing is not None and existing["trashed_at"] is not None
        if existing is not None and not is_in_trash and not is_true(options, "overwrite"):
            self._use_up(file)
            return _duplicate(file, f"{_path(target)} was skipped: the name is in use", at)
        is_replaced = (
            existing is not None
            and not is_in_trash
            and self._mode.replaces(Target(folder=existing["folder"], file_name=existing["file_name"]), target)
        )
        if existing is not None and is_replaced and not is_renamed:
            number = self._update(existing, file, options, at)
            message, log_type = f"{_path(target)} was updated", "FileUpdated"
        else:
            if existing is not None or is_renamed:
                free = self._free_name(target.asset_name)
                target = Target(folder=target.folder, file_name=with_asset_name(target.file_name, free))
            number = self._insert(target, file, options, at)
            message, log_type = f"{_path(target)} was processed into IPS", "UploadSuccess"
        self._store.db.executemany(
            "insert or ignore into asset_project (asset, project) values (?, ?)",
            [(number, project) for project in items_of(options, "projectHandleArray") or []],
        )
        self._use_up(file, self._store.content / str(number))
        return LogRow(
            log_type=log_type,
            message=message,
            at=at,
            asset_name=target.asset_name,
            asset_type=_log_type(target),
            asset_handle=asset_handle(number),
        )

    def discard(self, file: PostedFile) -> None:
        """Forget a file whose job came to nothing."""
        self._use_up(file)

    def _use_up(self, file: PostedFile, kept: Path | None = None) -> None:
        """The posted content becomes an asset's, or nothing's; by-products have none."""
        source = self._store.incoming / file.content
        if file.content and source.exists():  # else a crash came between this and its commit
            if kept is None:
                source.unlink()
            else:
                source.replace(kept)

    def _find(self, name: str) -> sqlite3.Row | None:
        """The asset that has a name, in the trash too."""
        row: sqlite3.Row | None = self._store.db.execute("select * from asset where name = ?", (name,)).fetchone()
        return row

    def _empty_trash(self, name: str, at: datetime) -> None:
        """A name is free again when its asset has been in the trash for long enough."""
        old = (name, (at - TRASH).isoformat())
        self._store.db.execute(
            "delete from asset_project where asset in (select number from asset where name = ? and trashed_at <= ?)",
            old,
        )
        self._store.db.execute("delete from asset where name = ? and trashed_at <= ?", old)

    def _free_name(self, name: str) -> str:
        """The first of name-1, name-2, ... that is free (PROTOCOL 3.2)."""
        number = 1
        while self._find(f"{name}-{number}") is not None:
            number += 1
        return f"{name}-{number}"

    def _insert(self, target: Target, file: PostedFile, options: Tree, at: datetime) -> int:
        cursor = self._store.db.execute(
            """
            insert into asset (name, type, folder, file_name, size_bytes, sha256, versions, is_ready, job,
                               created_at, modified_at)
            values (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)
            """,
            (
                target.asset_name,
                asset_type(target.file_name),
                target.folder,
                target.file_name,
                file.size_bytes,
                file.sha256,
                is_true(options, "readyForPublish"),
                file.job,
                at.isoformat(),
                at.isoformat(),
            ),
        )
        number = cursor.lastrowid
        if number is None:
            raise sqlite3.DatabaseError("no number for a new asset")
        return number

    def _update(self, existing: sqlite3.Row, file: PostedFile, options: Tree, at: datetime) -> int:
        keeps_state = is_true(options, "preservePublishState")
        number: int = existing["number"]
        self._store.db.execute(
            """
            update asset set type = ?, folder = ?, file_name = ?, size_bytes = ?, sha256 = ?, versions = versions + 1,
                             is_ready = ?, job = ?, modified_at = ?
            where number = ?
            """,
            (
                asset_type(file.target.file_name),
                file.target.folder,
                file.target.file_name,
                file.size_bytes,
                file.sha256,
                existing["is_ready"] if keeps_state else is_true(options, "readyForPublish"),
                file.job,
                at.isoformat(),
                number,
            ),
        )
        return number


def insert_rows(db: sqlite3.Connection, job: int, rows: list[LogRow]) -> None:
    """Write log rows of a job, in their order."""
    db.executemany(
        """
        insert into log (job, log_type, message, at, asset_name, asset_type, asset_handle, aux)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                job,
                row.log_type,
                row.message,
                row.at.isoformat(),
                row.asset_name,
                row.asset_type,
                row.asset_handle,
                json.dumps(row.aux),
            )
            for row in rows
        ],
    )


def content_path(directory: Path, number: int) -> Path:
    """Where the bytes of an asset lie in a data directory."""
    return directory / "content" / str(number)


def _path(target: Target) -> str:
    return target.folder + target.file_name


def _log_type(target: Target) -> str:
    """assetType of a log entry: MasterImage is recorded for images (PROTOCOL 4.4); other files show their kind."""
    kind = asset_type(target.file_name)
    return "MasterImage" if kind == "Image" else kind


def _failed(file: PostedFile, message: str, at: datetime) -> LogRow:
    name = file.target.asset_name
    return LogRow(log_type="UploadError", message=message, at=at, asset_name=name or None)


def _duplicate(file: PostedFile, message: str, at: datetime) -> LogRow:
    return LogRow(log_type="DuplicateSkipped", message=message, at=at, asset_name=file.target.asset_name)


def _scripted(rows: list[LogRow], faults: Mapping[str, Fault], at: datetime) -> list[LogRow]:
    """What scripted faults make of a file's rows; by-products keep theirs."""
    if "no-log-row" in faults:
        return []
    first = rows[:1]
    if "upload-warning" in faults:
        first = [_warned(row, faults["upload-warning"].message) for row in first if row.asset_handle] or first
    if "log-type" in faults:
        first = [replace(row, log_type=faults["log-type"].log_type) for row in first]
    noise = faults["noise"].rows if "noise" in faults else 0
    before = [
        replace(row, log_type="FileProgress", message=f"{number} of {noise}", aux=[])
        for row in first
        for number in range(noise)
    ]
    if "nameless-row" in faults:
        first = [replace(row, asset_name=None, asset_type=None, asset_handle=None) for row in first]
    return [*before, *first, *rows[1:]]


def _warned(row: LogRow, message: str) -> LogRow:
    return LogRow(
        log_type="UploadWarning",
        message=f"{row.message} with a warning: {message}",
        at=row.at,
        asset_name=row.asset_name,
        asset_type=row.asset_type,
        asset_handle=row.asset_handle,
        aux=[("IPSJobLog.gcUploadWarning", message)],
    )
