"""
What events and actions carry where there may be many: one entry, one look, one claim, one filing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from hotfolder.core.model import Identity, Observation, Unsafe


class EntryKind(StrEnum):
    """What a directory listing says of a name."""

    FILE = "file"
    LITTER_DIRECTORY = "litter directory"
    UNREADABLE_DIRECTORY = "unreadable directory"
    OTHER = "other"  # link, FIFO, socket, device: never touched


@dataclass(frozen=True, slots=True)
class Entry:
    """One name found by a walk."""

    path: str  # inside the hot folder
    kind: EntryKind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LookItem:
    """Look at this path; take evidence if it still is what we expect."""

    path: str
    expect: Identity | None = None  # evidence is taken when the identity found equals this
    evidence_always: bool = False  # quiet 0: the first look is also the last
    formats: bool = True
    digest: bool = False  # its name looks like one of our notes or receipts: take its SHA-256 if it is small


class LookStatus(StrEnum):
    """What a look found."""

    PRESENT = "present"
    MISSING = "missing"
    UNSAFE = "unsafe"
    DENIED = "denied"  # there, but not ours to read


@dataclass(frozen=True, slots=True)
class LookResult:
    """What is at a path."""

    path: str
    status: LookStatus
    observation: Observation | None = None  # with PRESENT
    unsafe: Unsafe | None = None
    reason: str = ""
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimItem:
    """Rename this file out of its dropper's reach."""

    drop: int
    path: str
    work_path: str
    identity: Identity


class ClaimStatus(StrEnum):
    """What became of a claim."""

    CLAIMED = "claimed"
    MISSING = "missing"  # in neither place: taken away
    CHANGED = "changed"  # the hot folder has another version there now
    BUSY = "busy"  # somebody still writes into it: it is back in its place
    STRANDED = "stranded"  # it changed while it was taken, and another file has its place: it is at its work path
    FAILED = "failed"  # could not be renamed


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What became of one claim."""

    drop: int
    status: ClaimStatus
    reason: str = ""


class Fate(StrEnum):
    """What filing does with an original."""

    MOVE = "move"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FilingItem:
    """Bring an original to its end, with what is said about it."""

    drop: int
    source_path: str
    identity: Identity | None  # None = whatever lies there (it changed under our hands)
    fate: Fate
    target_path: str  # with DELETE and KEEP only where notes and receipts go
    note: tuple[str, str] | None = None  # path and text
    receipt: tuple[str, str] | None = None


class FilingStatus(StrEnum):
    """What became of a filing."""

    FILED = "filed"
    REPLACED = "replaced"  # filed, and in the place where it was to stay lies another version
    TAKEN = "taken"  # the target or one of its companions belongs to another file
    MISSING = "missing"  # the original is at neither place
    CHANGED = "changed"  # what lies in `_working` is not what was sent
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FilingResult:
    """What became of one filing."""

    drop: int
    status: FilingStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file in `_working` that no job we know of has put there (RELIABILITY L2)."""

    path: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class RecallItem:
    """Ask the ledger what it knows of a file just found."""

    path: str
    identity: Identity
    digest: str | None = None  # with files that look like our notes and receipts


@dataclass(frozen=True, slots=True)
class DroppedAt:
    """Where a file was first dropped."""

    server: str  # that its hot folder sent it to
    folder: str
    path: str


@dataclass(frozen=True, slots=True)
class RecallResult:
    """What the ledger knows of a file just found."""

    path: str
    known: Literal["new", "kept", "returned", "copy"] = "new"  # done and left here; dragged back; our own note
    drop: int | None = None  # the earlier drop
    origin: str | None = None  # where it lay when it was first dropped
    copies: Mapping[str, str] = field(default_factory=dict)  # its note and receipt: path to SHA-256
    stored: tuple[DroppedAt, ...] = ()  # of each server the file stored last under the asset ID that this one gets
