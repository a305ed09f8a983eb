"""
What goes in and out of the coordinator: events, actions and notices, and the items they carry.

Events say what happened outside. Actions say what is to be done there, and are carried out only after the writes of
their turn are durable. Notices are log events. All carry sequences where there may be many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.model import Identity, Observation, Unsafe
from hotfolder.core.server import ActiveJob, Asset, Company, JobLog, SentFile, Trouble
from hotfolder.core.settings import Settings

# --- items ---


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


# --- events ---


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
    """The server did not say; nothing follows from that."""

    server: str
    trouble: Trouble


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


# --- actions ---


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """
    Check a hot folder's root and begin to watch it; answered by FolderUp or FolderDown.

    With drops of ours in `_working` that directory must be there: else it is the empty place of an unmounted share.
    """

    folder: str
    has_claimed: bool = False


@dataclass(frozen=True, slots=True)
class CloseFolder:
    """A folder that is no longer configured has no work left: stop watching it. Not answered."""

    folder: str


@dataclass(frozen=True, slots=True)
class FindOrphans:
    """Look into `_working` for files of other jobs than these, by name; answered by OrphansFound."""

    folder: str
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scan:
    """Begin a walk, or go on with the one of this number; answered by one Found."""

    folder: str
    scan: int
    below: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """Answered by Looked."""

    folder: str
    items: tuple[LookItem, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """Answered by Recalled."""

    folder: str
    items: tuple[RecallItem, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """Answered by Claimed."""

    folder: str
    job: int
    items: tuple[ClaimItem, ...]


@dataclass(frozen=True, slots=True)
class PostPart:
    """One file of a POST."""

    drop: int
    work_path: str
    identity: Identity
    header_name: str


@dataclass(frozen=True, slots=True)
class SendPost:
    """Answered by PostAccepted or PostFailed; exactly one of name and handle."""

    server: str
    folder: str
    job: int
    number: int
    destination: str
    parts: tuple[PostPart, ...]
    job_name: str | None = None
    job_handle: str | None = None
    options: str | None = None
    file_name: str | None = None
    end_job: bool = False
    source_address: str | None = None  # the address of ours that it has to come from


@dataclass(frozen=True, slots=True)
class SignIn:
    """Answered by SignedIn or SignInFailed; unless forced, sends nothing while the credentials are the refused ones."""

    server: str
    forced: bool = True


@dataclass(frozen=True, slots=True)
class AskExpiry:
    """Ask when the password expires; answered by ExpiryTold or ExpiryUntold."""

    server: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A job to ask about."""

    job: int
    name: str  # others may turn up under it: a request that something on the way has sent twice opens two
    handles: tuple[str, ...]  # more than one where several jobs turned up under our name


@dataclass(frozen=True, slots=True)
class Poll:
    """One getActiveJobs for all, then the logs of those that are no longer active; answered by Polled or PollFailed."""

    server: str
    jobs: tuple[Followed, ...]


@dataclass(frozen=True, slots=True)
class Seek:
    """Ask for a job by its name; answered by Sought or SeekFailed."""

    server: str
    job: int
    name: str


@dataclass(frozen=True, slots=True)
class FindAssets:
    """Ask for assets by ID; answered by AssetsSeen or AssetsFailed."""

    server: str
    job: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListNames:
    """Read one list of what options can name; answered by NamesListed or ListFailed."""

    server: str
    shelf: Shelf


@dataclass(frozen=True, slots=True)
class CheckTaken:
    """Ask which of these asset IDs are taken; answered by TakenSeen or TakenFailed, whatever else is being asked."""

    server: str
    assets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubmitPublish:
    """Publish all that is marked in the company and changed; answered by PublishSubmitted or PublishFailed."""

    server: str
    publish: int
    name: str


@dataclass(frozen=True, slots=True)
class SeekPublish:
    """Ask for a publish by its name; answered by PublishSought or PublishSeekFailed."""

    server: str
    publish: int
    name: str


@dataclass(frozen=True, slots=True)
class FileAway:
    """Answered by FiledAway."""

    folder: str
    items: tuple[FilingItem, ...]


@dataclass(frozen=True, slots=True)
class BringBack:
    """Rename originals back into the hot folder, as a person would drag them; answered by Changed."""

    folder: str
    moves: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RemoveCopies:
    """Remove our own notes and receipts; path to SHA-256. Not answered."""

    folder: str
    copies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LeaveNote:
    """Say beside a thing we leave alone why; not answered."""

    folder: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class WriteStatus:
    """Have the status file in a hot folder say this; answered by StatusWritten."""

    folder: str
    text: str


@dataclass(frozen=True, slots=True)
class Tidy:
    """Remove empty directories in `_working`; not answered."""

    folder: str


Action = (
    OpenFolder
    | CloseFolder
    | FindOrphans
    | Scan
    | Look
    | Recall
    | Claim
    | SendPost
    | SignIn
    | AskExpiry
    | Poll
    | Seek
    | FindAssets
    | ListNames
    | CheckTaken
    | SubmitPublish
    | SeekPublish
    | FileAway
    | BringBack
    | RemoveCopies
    | LeaveNote
    | WriteStatus
    | Tidy
)


# --- time and turns ---


@dataclass(frozen=True, slots=True)
class Now:
    """One reading of both clocks."""

    monotonic: float  # seconds, asleep ones included
    wall: datetime  # UTC
    local: datetime  # naive: what calendar and clock of this machine's place say

    @property
    def today(self) -> date:
        """The day by the local calendar, for `_done/DATE` and templates."""
        return self.local.date()


@dataclass(frozen=True, slots=True)
class Notice:
    """A log event (DESIGN 4.4)."""

    event: str
    fields: Mapping[str, Any]
    level: Literal["debug", "info", "warning", "error"] = "info"
