"""
Between the records of the core and the rows of the tables: which columns keep an attribute, and how, both ways.

Works on whole columns of many records at once, because a batch writes a thousand rows in one statement and a start
reads all that is unfinished.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Generic, TypeVar

from hotfolder.core.journal import DROP_COLUMNS, JOB_COLUMNS, POST_COLUMNS, PUBLISH_COLUMNS
from hotfolder.core.model import (
    Drop,
    DropState,
    Identity,
    Job,
    JobState,
    Outcome,
    Post,
    PostState,
    Publish,
    PublishState,
)

Record = TypeVar("Record", Drop, Job, Post, Publish)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NS_PER_S = 1_000_000_000


def to_moment(at: datetime | None) -> int | None:
    """Return microseconds since 1970 UTC; a naive moment is a mistake of ours and raises ValueError."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return (at - _EPOCH) // _MICROSECOND


def known_moment(stored: int) -> datetime:
    """Return the aware moment, in UTC."""
    return _EPOCH + timedelta(microseconds=stored)


def from_moment(stored: int | None) -> datetime | None:
    """Return the aware moment, in UTC, of a column that may hold none."""
    return None if stored is None else known_moment(stored)


def to_path(path: str | None) -> bytes | None:
    """
    Return a path's bytes; names that are not UTF-8 survive.

    Text that no file system can have given, from a query of some program, gets bytes that no path has.
    """
    if path is None:
        return None
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogatepass")


def from_path(stored: bytes | None) -> str | None:
    """Return a path as the core knows it."""
    return None if stored is None else os.fsdecode(stored)


def to_text(value: str | None) -> str | None:
    r"""
    Return text that every database takes: half surrogates and NUL become "\udce4" and "\x00".

    They come with reasons that quote a name or a server. One of them must not keep a whole commit from its disk.
    """
    if value is None or (value.isascii() and "\0" not in value):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def wrapped(number: int) -> int:
    """Return an unsigned 64-bit number as the signed one of the same bits: databases have no other."""
    return number - 2**64 if number >= 2**63 else number


def unwrapped(number: int) -> int:
    """Undo `wrapped`."""
    return number + 2**64 if number < 0 else number


def identity_hash(identity: Identity) -> int:
    """
    Return 64 bits to look an identity up by; two identities may share them, so the whole one has to be compared.

    The inode alone would not do, since file systems give the inodes of deleted files again, and neither would mtime,
    since tools copy it. The product spreads neighbouring inodes (Knuth's multiplicative hashing, 2^64 / golden ratio).
    """
    return (identity.inode * 0x9E3779B97F4A7C15 + identity.mtime_ns) % 2**64 - 2**63


def _identity(device: int, inode: int, size_bytes: int, mtime_s: int, mtime_part_ns: int, _: int) -> Identity:
    return Identity(unwrapped(device), unwrapped(inode), size_bytes, mtime_s * _NS_PER_S + mtime_part_ns)


@dataclass(frozen=True, slots=True)
class Kept:
    """How one attribute of a record is kept."""

    columns: tuple[str, ...]
    encode: tuple[Callable[[Any], Any] | None, ...]  # one for each column; None = as it is
    decode: Callable[..., Any] | None  # takes as many values as there are columns; None = as it is


_IDENTITY = Kept(
    ("device", "inode", "size_bytes", "mtime_s", "mtime_part_ns", "identity_hash"),
    (
        lambda identity: wrapped(identity.device),
        lambda identity: wrapped(identity.inode),
        lambda identity: identity.size_bytes,
        lambda identity: identity.mtime_ns // _NS_PER_S,
        lambda identity: identity.mtime_ns % _NS_PER_S,
        identity_hash,
    ),
    _identity,
)

_MOMENTS = frozenset(
    (
        *("seen_at", "ready_at", "stored_at", "filed_at"),
        *("created_at", "first_post_at", "last_post_at", "ended_at", "absent_since", "ghost_until"),
        *("sent_at", "answered_at", "submitted_at"),
    )
)
_PATHS = frozenset(("path", "origin", "work_path", "target_path"))
_FLAGS = frozenset(("overwrite", "alone", "possible_second_copy", "ends_job"))
_TEXTS = frozenset(
    (
        *("folder", "server", "evidence", "options", "destination", "asset", "sent_name", "caution"),
        *("reason", "warnings", "asset_handle", "stored_as"),
        *(
            "name",
            "handle",
            "other_handles",
            "written_off",
            "log",
            "our_address",
            "company",
            "wanted",
            "missed",
            "publish_due",
        ),
    )
)


def _kept(attribute: str, words: Mapping[str, type[StrEnum]]) -> Kept:
    if attribute == "identity":
        return _IDENTITY
    if attribute in words:
        return Kept((attribute,), (_to_word,), _from_word(words[attribute]))
    if attribute in _MOMENTS:
        return Kept((attribute,), (to_moment,), from_moment)
    if attribute in _PATHS:
        return Kept((attribute,), (to_path,), from_path)
    if attribute in _FLAGS:
        return Kept((attribute,), (int,), bool)
    if attribute in _TEXTS:
        return Kept((attribute,), (to_text,), None)
    return Kept((attribute,), (None,), None)


def _to_word(member: StrEnum | None) -> str | None:
    return None if member is None else str.__str__(member)


def _from_word(words: type[StrEnum]) -> Callable[[str | None], StrEnum | None]:
    members: dict[str | None, StrEnum | None] = {member.value: member for member in words}
    members[None] = None
    return members.__getitem__


class Shape(Generic[Record]):
    """How records of one kind are kept."""

    def __init__(self, kind: type[Record], attributes: Sequence[str], **words: type[StrEnum]) -> None:
        self.attributes = tuple(attributes)
        self._kind: type[Record] = kind
        self._kept = {attribute: _kept(attribute, words) for attribute in attributes}

    def names(self, attributes: Iterable[str]) -> list[str]:
        """Return the columns that keep some attributes."""
        return [column for attribute in attributes for column in self._kept[attribute].columns]

    def columns(
        self, attributes: Iterable[str], pick: Callable[[str], Callable[[Any], Any]], rows: Sequence[Any]
    ) -> dict[str, list[Any]]:
        """
        Return some attributes of many records, or of rows that name the same attributes, as columns of a table.

        `pick` is `attrgetter` for records and `itemgetter` for rows.
        """
        columns: dict[str, list[Any]] = {}
        for attribute in attributes:
            values = list(map(pick(attribute), rows))
            kept = self._kept[attribute]
            is_empty = values.count(None) == len(values)
            for column, encode in zip(kept.columns, kept.encode, strict=True):
                columns[column] = values if encode is None or is_empty else list(map(encode, values))
        return columns

    def whole(self, records: Sequence[Record]) -> dict[str, list[Any]]:
        """Return all columns of many records."""
        return self.columns(self.attributes, attrgetter, records)

    def records(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Record]:
        """
        Return the records of rows that a query found; `columns` names their values.

        Attributes whose columns were not asked for have their defaults.
        """
        if not rows:
            return []
        found = dict(zip(columns, zip(*rows, strict=True), strict=True))
        asked = {attribute: kept for attribute, kept in self._kept.items() if kept.columns[0] in found}
        decoded = [self._decoded(kept, found) for kept in asked.values()]
        return [self._kind(**dict(zip(asked, values, strict=True))) for values in zip(*decoded, strict=True)]

    def _decoded(self, kept: Kept, found: Mapping[str, Sequence[Any]]) -> Iterable[Any]:
        stored = [found[column] for column in kept.columns]
        return stored[0] if kept.decode is None else map(kept.decode, *stored)


DROP = Shape(Drop, DROP_COLUMNS, state=DropState, outcome=Outcome)
JOB = Shape(Job, JOB_COLUMNS, state=JobState)
POST = Shape(Post, POST_COLUMNS, state=PostState)
PUBLISH = Shape(Publish, PUBLISH_COLUMNS, state=PublishState)
