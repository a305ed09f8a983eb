"""
What the server tells us, in our words; the `ips` layer translates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never


class Kind(StrEnum):
    """What can be done about a failure."""

    TRANSIENT = "transient"  # again, later
    PERMANENT = "permanent"  # never with this drop
    UNKNOWN = "unknown"  # it may have happened: ask first
    FATAL = "fatal"  # stop talking to this server, tell the operator


class Action(StrEnum):
    """What becomes of the files of a POST that was answered so; `ips.faults` says which answer asks for which."""

    STOP = "stop"  # nothing more is sent until a sign-in succeeds; no file loses a try
    WAIT = "wait"  # the same files again once the server is well; no file loses a try
    SIFT = "sift"  # as WAIT; but files that are turned away while others pass go alone, and then fail
    RETRY = "retry"  # the same files a few times more, with growing waits, soon each alone; then they fail
    REFUSE = "refuse"  # each file alone; one that is refused alone fails
    DENY = "deny"  # as REFUSE; and when this goes on, the hot folder is held
    ASK = "ask"  # it may have been taken: the server is asked before anything is sent again


KINDS = {
    Action.STOP: Kind.FATAL,
    Action.WAIT: Kind.TRANSIENT,
    Action.SIFT: Kind.TRANSIENT,
    Action.RETRY: Kind.TRANSIENT,
    Action.REFUSE: Kind.PERMANENT,
    Action.DENY: Kind.PERMANENT,
    Action.ASK: Kind.UNKNOWN,
}
"""The kind of every action."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One failure of one call."""

    kind: Kind
    text: str  # what happened, for people and logs; never a secret
    reached: bool = True  # False: the server never got the request (no connection, no TLS)
    code: int | None = None  # IPS fault code (PROTOCOL 1.5)
    status: int | None = None  # HTTP status
    retry_after_s: float | None = None
    row: Action | None = None  # what the table says of a POST; None where no answer was read from it
    has_moved: bool = False  # our address that the job was begun from is gone: no POST may follow (PROTOCOL 2.4)

    @property
    def action(self) -> Action:
        """What becomes of the files of a POST: by its row, else by its kind."""
        if self.row is not None:
            return self.row
        match self.kind:
            case Kind.FATAL:
                return Action.STOP
            case Kind.UNKNOWN:
                return Action.ASK
            case Kind.PERMANENT:
                return Action.REFUSE
            case Kind.TRANSIENT:
                return Action.WAIT if self.code is None else Action.RETRY
            case _:
                assert_never(self.kind)


class RemoteError(Exception):
    """A call to the server failed; `trouble` says how, and what can be done."""

    def __init__(self, trouble: Trouble, *, files: tuple[SentFile, ...] = (), changed: tuple[int, ...] = ()) -> None:
        super().__init__(trouble.text)
        self.trouble = trouble
        self.files = files  # of a POST: what had left in full before the trouble
        self.changed = changed  # of a POST: drops whose file was missing or another one


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """The account we upload for."""

    handle: str
    name: str
    root_path: str  # ends with "/", such as "ExampleCo/"
    max_post_bytes: int | None = None  # UploadPostMaxFileSize; None = the server would not say


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveJob:
    """A job the server is still busy with (PROTOCOL 4.1)."""

    handle: str
    original_name: str
    state: str  # open set of words: WaitingClient, Running, Done, ...
    progress: float | None = None  # 0 to 1, from the tasks
    files_done: int | None = None
    message: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the server calls it done, about to leave the list."""
        return self.state.casefold() == "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class LogRow:
    """One line of a job log (PROTOCOL 4.3)."""

    log_type: str
    message: str = ""
    asset_name: str | None = None
    asset_type: str | None = None
    asset_handle: str | None = None
    at: datetime | None = None
    aux: tuple[LogRow, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class JobLog:
    """One run of one job, all pages of it."""

    handle: str
    original_name: str
    ended_at: datetime | None
    rows: tuple[LogRow, ...]
    is_complete: bool  # as many rows as the server announced
    started_at: datetime | None = None
    fatal_error: str = ""
    success_count: int = 0
    error_count: int = 0
    warning_count: int = 0
    duplicate_count: int = 0
    update_count: int = 0

    @property
    def has_end(self) -> bool:
        """Whether the job says itself that it has ended (PROTOCOL 4.2)."""
        return self.ended_at is not None or any(
            row.log_type.casefold() in ("endupload", "fatalerror") for row in self.rows
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """An asset as the server describes it."""

    name: str  # the asset ID
    handle: str
    folder: str
    file_name: str
    size_bytes: int | None
    modified_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SentFile:
    """What really left for one file."""

    drop: int
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PostAnswer:
    """The server accepted a POST."""

    job_handle: str
    files: tuple[SentFile, ...]
    our_address: str | None = None  # that it came from, as far as we can tell
