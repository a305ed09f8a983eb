"""
Between the records of the core and the rows of the tables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from hotfolder.core.model import Drop, DropState, Identity, Job, JobState, Outcome, Post, PostState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_moment(at: datetime | None) -> int | None:
    """Return microseconds since 1970 UTC; a naive moment is a mistake and raises ValueError."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return (at - _EPOCH) // _MICROSECOND


def from_moment(stored: int | None) -> datetime | None:
    """Return an aware moment, UTC."""
    return None if stored is None else _EPOCH + timedelta(microseconds=stored)


def to_path(path: str | None) -> bytes | None:
    """Return a path's bytes: names that are not UTF-8 survive."""
    return None if path is None else os.fsencode(path)


def from_path(stored: bytes | None) -> str | None:
    """Return a path as the core knows it."""
    return None if stored is None else os.fsdecode(stored)


def wrapped(number: int) -> int:
    """Return an unsigned 64-bit number as the signed one of the same bits: databases have no other."""
    return number - 2**64 if number >= 2**63 else number


def unwrapped(number: int) -> int:
    """Undo `wrapped`."""
    return number + 2**64 if number < 0 else number


_MOMENTS = frozenset(
    (
        *("seen_at", "ready_at", "stored_at", "filed_at"),
        *("created_at", "first_post_at", "last_post_at", "ended_at", "absent_since", "ghost_until"),
        *("sent_at", "answered_at"),
    )
)
_PATHS = frozenset(("path", "origin", "work_path", "target_path"))
_TO: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_MOMENTS, to_moment),
    **dict.fromkeys(_PATHS, to_path),
    "state": lambda state: state.value,
    "outcome": lambda outcome: None if outcome is None else outcome.value,
}


def to_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns of a table for attributes of a record."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        if name == "identity":
            row["device"] = wrapped(value.device)
            row["inode"] = wrapped(value.inode)
            row["size_bytes"] = value.size_bytes
            row["mtime_ns"] = value.mtime_ns
        else:
            translate = _TO.get(name)
            row[name] = value if translate is None else translate(value)
    return row


def _names(record: type[Drop | Job | Post]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


_DROP, _JOB, _POST = _names(Drop), _names(Job), _names(Post)


def record_row(record: Drop | Job | Post) -> dict[str, Any]:
    """Return the whole row of a record."""
    match record:
        case Drop():
            names = _DROP
        case Job():
            names = _JOB
        case Post():
            names = _POST
    return to_row({name: getattr(record, name) for name in names})


def _from(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in names:
        if name in _MOMENTS:
            values[name] = from_moment(row[name])
        elif name in _PATHS:
            values[name] = from_path(row[name])
        elif name != "identity":
            values[name] = row[name]
    return values


def to_drop(row: Mapping[str, Any]) -> Drop:
    """Return the drop of a row."""
    values = _from(row, _DROP)
    values["state"] = DropState(row["state"])
    values["outcome"] = None if row["outcome"] is None else Outcome(row["outcome"])
    values["identity"] = Identity(unwrapped(row["device"]), unwrapped(row["inode"]), row["size_bytes"], row["mtime_ns"])
    return Drop(**values)


def to_job(row: Mapping[str, Any]) -> Job:
    """Return the job of a row."""
    return Job(**{**_from(row, _JOB), "state": JobState(row["state"])})


def to_post(row: Mapping[str, Any]) -> Post:
    """Return the POST of a row."""
    return Post(**{**_from(row, _POST), "state": PostState(row["state"])})
