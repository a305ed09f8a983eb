"""
What happened outside, as the coordinator is told of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.messages.actions import (
    Action,
)
from hotfolder.core.messages.items import (
    ClaimResult,
    Entry,
    FilingResult,
    LookResult,
    Orphan,
    RecallResult,
)
from hotfolder.core.server import ActiveJob, Asset, Company, JobLog, SentFile, Trouble
from hotfolder.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Woken:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Begin nothing more."""


@dataclass(frozen=True, slots=True)
class FolderUp:
    """A hot folder can be used (again)."""

    folder: str
    state: Literal["watching", "polling"]
    mount_point: str = ""  # of the file system it lies on


@dataclass(frozen=True, slots=True)
class FolderDown:
    """A hot folder cannot be used; also the answer to whatever was asked of it."""

    folder: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The watch saw files closed or renamed into place, or new directories."""

    folder: str
    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overflowed:
    """The watch lost events."""

    folder: str


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk of a scan."""

    folder: str
    scan: int
    entries: tuple[Entry, ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """Looks are done."""

    folder: str
    results: tuple[LookResult, ...]


@dataclass(frozen=True, slots=True)
class Recalled:
    """The ledger has answered."""

    folder: str
    results: tuple[RecallResult, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A batch's claims are done."""

    job: int
    results: tuple[ClaimResult, ...]


@dataclass(frozen=True, slots=True)
class PostAccepted:
    """The server took a POST."""

    job: int
    number: int
    job_handle: str
    files: tuple[SentFile, ...]
    our_address: str | None = None


@dataclass(frozen=True, slots=True)
class PostFailed:
    """A POST was not accepted, or nobody knows."""

    job: int
    number: int
    trouble: Trouble
    files: tuple[SentFile, ...] = ()  # what had left in full before the trouble
    changed: tuple[int, ...] = ()  # drops whose file was missing or another one
    local: bool = False  # the hot folder failed, not the server: nothing was sent


@dataclass(frozen=True, slots=True)
class PostProgressed:
    """Bytes of a POST have left."""

    job: int
    number: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class PostStands:
    """A POST has waited for a file of its hot folder for `stalls.STALL_S`, or does not any more."""

    job: int
    number: int
    stands: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The credentials are good and the company is known."""

    server: str
    company: Company


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """They are not, or nobody answers."""

    server: str
    trouble: Trouble | None  # None = not tried, the credentials are the refused ones


@dataclass(frozen=True, slots=True)
class ExpiryTold:
    """When the password expires; None = never, or the server does not tell."""

    server: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ExpiryUntold:
    """Nobody answered, or we are not let in."""

    server: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Polled:
    """What a server says of the jobs we follow there."""

    server: str
    active: Mapping[str, ActiveJob]  # by handle
    logs: Mapping[int, tuple[JobLog, ...]]  # by our job, for those asked that were not active


@dataclass(frozen=True, slots=True)
class PollFailed:
    """The server did not say all; nothing follows from what is missing."""

    server: str
    trouble: Trouble
    active: Mapping[str, ActiveJob] = field(default_factory=dict)  # by handle: what it said before it failed


@dataclass(frozen=True, slots=True)
class Sought:
    """What the server knows under a job's name."""

    job: int
    active: tuple[ActiveJob, ...]
    logs: tuple[JobLog, ...]


@dataclass(frozen=True, slots=True)
class SeekFailed:
    """The server did not say."""

    job: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class AssetsSeen:
    """What the server has under some asset IDs; None = it does not tell."""

    job: int
    assets: tuple[Asset, ...] | None


@dataclass(frozen=True, slots=True)
class AssetsFailed:
    """The server did not say."""

    job: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class NamesListed:
    """One list of what options can name was read."""

    server: str
    shelf: Shelf
    listed: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class ListFailed:
    """It was not given; what was read before still counts."""

    server: str
    shelf: Shelf
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class PublishSubmitted:
    """The server took a publish; the handle that it answers with is found nowhere again (PROTOCOL 2.7)."""

    publish: int


@dataclass(frozen=True, slots=True)
class PublishFailed:
    """A publish was not accepted, or nobody knows; permanent = this server or role does not offer it."""

    publish: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class TakenSeen:
    """Which of the asset IDs asked for are taken; None = the server does not tell, and why."""

    server: str
    taken: frozenset[str] | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TakenFailed:
    """The server did not say this time; nothing follows from that."""

    server: str


@dataclass(frozen=True, slots=True)
class PublishSought:
    """What the server knows under a publish's name; of one that it still works on no logs are read."""

    publish: int
    active: tuple[ActiveJob, ...]
    logs: tuple[JobLog, ...]


@dataclass(frozen=True, slots=True)
class PublishSeekFailed:
    """The server did not say."""

    publish: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class FiledAway:
    """A group of originals has been filed."""

    folder: str
    results: tuple[FilingResult, ...]


@dataclass(frozen=True, slots=True)
class OrphansFound:
    """What lies in `_working` and is not known."""

    folder: str
    orphans: tuple[Orphan, ...]


@dataclass(frozen=True, slots=True)
class StatusTold:
    """What the status file of a hot folder is to say."""

    folder: str
    text: str
    is_last: bool = False  # the daemon ends: nothing comes after it


@dataclass(frozen=True, slots=True)
class StatusWritten:
    """It says so now, or could not be written: either way there is nothing more to come."""

    folder: str


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """A person wants a folder, or files in it, to wait."""

    folder: str
    paths: tuple[str, ...] = ()  # none = the whole folder


@dataclass(frozen=True, slots=True)
class ReleaseAsked:
    """A person lets a folder, or files in it, go on."""

    folder: str
    paths: tuple[str, ...] = ()  # none = the whole folder


@dataclass(frozen=True, slots=True)
class RetryAsked:
    """A person wants filed originals to be sent again: from where they lie to where they go."""

    folder: str
    moves: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The configuration was read again; executors for new folders are there already."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class Crashed:
    """Carrying out an action ended in an exception that nobody foresaw."""

    action: Action
    error: str


Event = (
    Woken
    | StopAsked
    | FolderUp
    | FolderDown
    | Changed
    | Overflowed
    | Found
    | Looked
    | Recalled
    | Claimed
    | PostAccepted
    | PostFailed
    | PostProgressed
    | PostStands
    | SignedIn
    | SignInFailed
    | ExpiryTold
    | ExpiryUntold
    | Polled
    | PollFailed
    | Sought
    | SeekFailed
    | AssetsSeen
    | AssetsFailed
    | NamesListed
    | ListFailed
    | TakenSeen
    | TakenFailed
    | PublishSubmitted
    | PublishFailed
    | PublishSought
    | PublishSeekFailed
    | FiledAway
    | OrphansFound
    | StatusTold
    | StatusWritten
    | HoldAsked
    | ReleaseAsked
    | RetryAsked
    | Reloaded
    | Crashed
)
