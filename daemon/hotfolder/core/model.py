"""
What the daemon knows of drops, jobs and POSTs: the values that the ledger keeps and the coordinator moves.

`Drop`, `Job` and `Post` are records with one owner, the coordinator, which changes them only through its journal;
everything else is a frozen value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hotfolder.core.settings import DEFAULT_SERVER


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """
    What tells one version of a file from another.

    ctime is left out: our own rename changes it, and Finder sets attributes late.
    """

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """A version of a file whose content was being looked into."""

    folder: str
    path: str  # inside the hot folder
    identity: Identity


class DropState(StrEnum):
    """Where a drop stands; see `lifecycle` for who may go where."""

    READY = "ready"  # complete, in its place in the hot folder
    CLAIMING = "claiming"  # about to be renamed into _working, or just renamed
    CLAIMED = "claimed"  # in _working; not sent, or certainly not received
    SENDING = "sending"  # named by a POST whose result is not known yet
    SENT = "sent"  # the server accepted the POST
    DOUBTED = "doubted"  # the server may have it: it has to be asked
    FILING = "filing"  # outcome and target are fixed, the original is on its way there
    FILED = "filed"  # at its target, or deleted or kept as told
    HELD = "held"  # cannot go on without a person
    WITHDRAWN = "withdrawn"  # taken away before it was claimed


class Outcome(StrEnum):
    """What became of a drop at the end."""

    STORED = "stored"  # a new asset
    UPDATED = "updated"  # replaced an asset
    RENAMED = "renamed"  # stored, but under another name
    DUPLICATE = "duplicate"  # the name exists and overwrite is off: nothing changed
    FAILED = "failed"  # the server would not have it
    REJECTED = "rejected"  # we would not send it
    UNKNOWN = "unknown"  # nobody can tell
    WITHDRAWN = "withdrawn"  # its dropper took it back

    @property
    def is_good(self) -> bool:
        """Whether the dropper got what they wanted."""
        return self in (Outcome.STORED, Outcome.UPDATED)


class JobState(StrEnum):
    """Where a job stands; see `lifecycle`."""

    CLAIMING = "claiming"  # its drops are being renamed into _working
    PLANNED = "planned"  # claimed; no POST was ever begun, or the first was certainly not received
    OPENING = "opening"  # the first POST is under way
    SEEKING = "seeking"  # the first POST's answer was lost: the server is asked for the name
    OPEN = "open"  # has a handle and takes POSTs
    CLOSING = "closing"  # takes no more files; a file-less endJob is due or under way
    ENDED = "ended"  # the server knows that no more will come, or will notice by its time-out
    OVER = "over"  # log read, every drop decided
    CLOSED = "closed"  # every drop filed or handed on
    GHOST = "ghost"  # written off, but watched in case it shows up after all
    VOID = "void"  # never opened, and its drops have gone elsewhere


class PublishState(StrEnum):
    """Where a publish stands; see `lifecycle`."""

    WAITING = "waiting"  # files wait for it; the server certainly does not have it
    SUBMITTING = "submitting"  # named in a submission whose answer is not known
    SUBMITTED = "submitted"  # the server has it
    PUBLISHED = "published"  # done: what waited for it is out
    DROPPED = "dropped"  # nobody wants it any more: publishing was switched off before it began


class PostState(StrEnum):
    """What is known of one POST."""

    INTENT = "intent"  # committed before the first byte left
    ACCEPTED = "accepted"  # answered with a job handle
    REFUSED = "refused"  # answered with a fault, nothing kept
    NOT_SENT = "not_sent"  # certainly never processed
    UNKNOWN = "unknown"  # the answer was lost


@dataclass(kw_only=True, slots=True)
class Drop:
    """One version of one file that someone placed in a hot folder."""

    id: int
    folder: str  # name of the hot folder
    path: str  # inside the hot folder, "/"-separated; bytes that are not UTF-8 as surrogates (os.fsdecode)
    state: DropState
    identity: Identity
    seen_at: datetime  # first look, UTC
    ready_at: datetime | None = None
    evidence: str = ""  # why we took it for complete, for people
    origin: str | None = None  # path it first had, when it was dragged back from _failed or _check
    retry_of: int | None = None  # the drop it was then
    rule: int | None = None  # index of the rule that matched
    server: str = DEFAULT_SERVER  # name of the server it goes to; fixed once claimed
    options: str = "{}"  # resolved, canonical JSON: the key of a batch
    destination: str = ""  # folder below the company root, no slash at either end; "" = the root itself
    asset: str = ""  # asset ID that should result (PROTOCOL 6.2)
    sent_name: str = ""  # file name as the server is to see it
    overwrite: bool = False
    alone: bool = False  # must have a job of its own: a POST it shared was refused
    job: int | None = None
    post: int | None = None  # number of the POST inside the job
    work_path: str | None = None  # inside the hot folder, once claimed
    sha256: str | None = None  # of the bytes sent
    tries: int = 0  # attempts that failed by this drop's own fault
    sends: int = 0  # attempts after which the server may have had the file
    outcome: Outcome | None = None
    caution: str = ""  # in words, told before it was sent: another file gets the same name
    reason: str = ""  # in words, for the note and the receipt
    warnings: str = ""  # of the server, one a line
    asset_handle: str | None = None
    stored_as: str | None = None  # asset ID the server reported
    target_path: str | None = None  # inside the hot folder, where the original goes
    stored_at: datetime | None = None  # when the outcome was known
    filed_at: datetime | None = None
    possible_second_copy: bool = False
    note_digest: str | None = None  # SHA-256 of the note beside it, to recognise our own
    receipt_digest: str | None = None

    @property
    def was_kept(self) -> bool:
        """Whether it was sent from its place, as with `on_success = "keep"`: then only papers lie at its target."""
        return self.work_path == self.path


@dataclass(kw_only=True, slots=True)
class Job:
    """One batch and the server's work on it."""

    id: int
    name: str  # unique for ever: the key for finding it again (PROTOCOL 2.4)
    folder: str
    server: str = DEFAULT_SERVER  # the one that does the work, whatever its folder says by now
    company: str = ""  # handle of the company that the server was then
    options: str  # canonical JSON, the same for all drops in it
    state: JobState
    handle: str | None = None
    our_address: str | None = None  # of this machine, that all its POSTs come from (PROTOCOL 2.4); None = not known
    created_at: datetime
    first_post_at: datetime | None = None
    last_post_at: datetime | None = None  # when the latest began, or ended as far as we know
    ended_at: datetime | None = None
    absent_since: datetime | None = None  # first of the empty answers while seeking
    ghost_until: datetime | None = None
    other_handles: str = ""  # further jobs found under our name, one a line
    written_off: str = ""  # ids of the drops that went on without it, when it became a ghost; one a line
    files_total: int = 0
    bytes_total: int = 0
    log: str = ""  # the server's log as read at the end, JSON
    publish: int | None = None  # the one that its files wait for, or were published by
    publish_due: str = ""  # when that was due as they began to wait: what is written beside them says so for ever
    publishing: Publish | None = None  # the same as a record, which has a table of its own


@dataclass(kw_only=True, slots=True)
class Publish:
    """
    One publish of a company, and what waits for it.

    The server publishes by company, so everybody's files wait for the same one, and the earliest wish decides.
    """

    id: int
    server: str = DEFAULT_SERVER  # name of the one that it is submitted to
    company: str  # its name: another company under the same server's name is not to be published
    state: PublishState
    created_at: datetime
    wanted: str = "{}"  # hot folders whose files wait, and when each wants it: canonical JSON, as `due` gives it
    files: int = 0  # how many wait
    name: str | None = None  # of the latest submission: unique for ever, the key for finding it again (PROTOCOL 2.7)
    handle: str | None = None  # as the server shows it
    submitted_at: datetime | None = None
    takes_to: int = 0  # the newest publish whose files were on the server when this one was submitted
    absent_since: datetime | None = None  # first of the empty answers while nobody knows whether it was submitted
    tries: int = 0  # submissions that did not do their work
    reason: str = ""  # why the latest did not
    missed: str = ""  # asset IDs that the server could not publish; one a line
    ended_at: datetime | None = None

    @property
    def due(self) -> str:
        """
        When it is wanted, by the calendar and clock of this machine: "2026-03-01T22:00"; "" = as soon as possible.

        Text, since a moment of a local clock cannot be told in UTC before it comes: summer time may begin in between.
        """
        return min(json.loads(self.wanted).values(), default="")


@dataclass(kw_only=True, slots=True)
class Post:
    """One multipart request of a job."""

    job: int
    number: int  # from 1
    state: PostState
    ends_job: bool
    files: int  # 0 = an endJob alone
    size_bytes: int
    sent_at: datetime
    answered_at: datetime | None = None
    reason: str = ""


class Lease(StrEnum):
    """What a read lease says of writers (fcntl F_SETLEASE)."""

    FREE = "free"  # nobody has it open for writing
    WRITER = "writer"  # somebody has
    UNTOLD = "untold"  # this file system or our rights cannot tell


class FormatEnd(StrEnum):
    """What the end of a known format says."""

    COMPLETE = "complete"
    MISSING = "missing"
    UNTOLD = "untold"  # format not known, or not looked at


class NotTaken(StrEnum):
    """What the server does not take, by PROTOCOL 6.3; known from the head of a file."""

    PSB = "psb"
    PSD_DUOTONE = "psd duotone"
    PSD_LAB = "psd lab"
    PSD_INDEXED = "psd indexed"
    PSD_DEEP = "psd deep"  # more than 16 bit per channel
    TIFF_FLOAT = "tiff float"
    TIFF_LAB = "tiff lab"
    PNG_CHUNK = "png chunk"  # image data in pieces of more than 100 MB


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the file itself says of being complete, and of being welcome; taken from one open descriptor."""

    lease: Lease = Lease.UNTOLD
    trailing_hole: bool = False  # space reserved at the end and never written
    finder_busy: bool = False  # Finder marks it as a copy that is not finished
    format_end: FormatEnd = FormatEnd.UNTOLD
    format_name: str = ""  # "JPEG", ...
    looked_at_format: bool = field(default=False)
    not_taken: NotTaken | None = None  # None = nothing speaks against it, or it cannot be told


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What one look at a path found."""

    identity: Identity
    ctime_ns: int
    at_s: float  # our monotonic clock
    evidence: Evidence | None = None  # None = only stat was taken


class Unsafe(StrEnum):
    """Why a thing in a hot folder is left alone."""

    LINK = "a link"
    SPECIAL = "not an ordinary file"
    HARD_LINKS = "it has a second name elsewhere (hard link)"
    UNDECODABLE = "its name is not valid UTF-8"
    OTHER_DEVICE = "on another file system mounted inside the hot folder"


MAY_BE_STORED = frozenset({Outcome.STORED, Outcome.UPDATED, Outcome.UNKNOWN, Outcome.DUPLICATE})
"""
Outcomes with which a file is online under its own asset ID, or may be.

What a duplicate met may be its own earlier attempt, refused for now and taken all the same.
"""

STORED_KEPT = 20_000
"""
Of how many files it is kept in memory when they were stored: some MB, and what a busy day stores.

Far more than the few minutes store that clocks may differ by.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """One file that was stored, or may have been: as far as later versions of it need to know."""

    server: str  # name of the one that it went to
    asset: str
    stored_at: datetime
    filed_at: datetime  # when it came to its end, never before that


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """What is kept of a hot folder that has been seen: where it is, and what a person holds."""

    name: str
    path: str = ""
    held: bool = False
    held_paths: tuple[str, ...] = ()  # of files that are not drops yet, sorted
    mount_point: str = ""  # of the file system it was on when it was last in use; empty if that is not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """What the ledger held at start: all that is not at its end, and what was stored last."""

    drops: list[Drop] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    publishes: list[Publish] = field(default_factory=list)
    next_drop: int = 1
    next_job: int = 1
    next_publish: int = 1
    folders: dict[str, KnownFolder] = field(default_factory=dict)  # seen in an earlier run, by name
    stored: list[Stored] = field(default_factory=list)  # the newest STORED_KEPT of those at their end, newest first
