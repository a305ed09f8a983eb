"""
What is to be done outside, and what answers it. Nothing of it is begun before the writes of its turn are durable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hotfolder.core.catalogue import Shelf
from hotfolder.core.messages.items import (
    ClaimItem,
    FilingItem,
    LookItem,
    RecallItem,
)
from hotfolder.core.model import Identity


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """
    Check a hot folder's root and begin to watch it; answered by FolderUp or FolderDown.

    With drops of ours in `_working` that directory must be there, and a share that was mounted must be: else it is the
    empty place of an unmounted share.
    """

    folder: str
    has_claimed: bool = False
    mount_point: str = ""  # where its file system was mounted when it was last in use; empty if that is not known


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
