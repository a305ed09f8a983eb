"""
What the outside must do for us: small interfaces, real ones in `edges`, fakes in `testing`.

Each takes sequences where there may be many, so that a thousand small files cost a few syncs and not a few thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.journal import Write
from hotfolder.core.messages import (
    ClaimItem,
    ClaimResult,
    Entry,
    FilingItem,
    FilingResult,
    LookItem,
    LookResult,
    Orphan,
    RecallItem,
    RecallResult,
)
from hotfolder.core.model import Drop, Identity, Job, Post, Unfinished
from hotfolder.core.server import ActiveJob, Asset, Company, JobLog, PostAnswer


class Clock(Protocol):
    """Time; monotonic counts time asleep (CLOCK_BOOTTIME)."""

    def monotonic(self) -> float:
        """Return seconds that never go back; the zero means nothing."""

    def now(self) -> datetime:
        """Return the wall clock in UTC, aware."""


class Notifier(Protocol):
    """The service manager that started us. Nothing here raises; each call returns whether the message was taken."""

    def ready(self, status: str) -> bool:
        """Start-up, or a reload, is complete."""

    def status(self, text: str) -> bool:
        """Show one line to people."""

    def alive(self) -> bool:
        """Feed the watchdog."""

    def reloading(self) -> bool:
        """Settings are being read again; `ready` ends it."""

    def stopping(self) -> bool:
        """The end has begun."""

    def extend_timeout(self, seconds: float) -> bool:
        """Ask for this much more time, from now on, for starting, stopping or reloading; to be asked again before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One message to people."""

    title: str  # one line
    body: str  # plain text, ends with a line end


class CarrierError(Exception):
    """A message could not be delivered, or a URL is none that can be delivered to; names neither password nor URL."""


class Carrier(Protocol):
    """Where messages of one receiver go. One thread uses it; a call ends within a minute or so, whatever answers."""

    def send(self, letter: Letter) -> None:
        """Deliver a message, or raise `CarrierError`; then it may have arrived all the same."""


class BusyError(Exception):
    """The daemon's loop did not come to answer in time: it is in a long turn, or has ended."""


class FolderError(Exception):
    """A hot folder cannot be used at the moment; the text says why, for people."""


class Reader(Protocol):
    """An open claimed file; only this descriptor counts from now on."""

    size_bytes: int

    def blocks(self) -> Iterator[memoryview]:
        """Yield the content in blocks of up to 1 MiB; a view is valid until the next but one is asked for."""

    def check_unchanged(self) -> bool:
        """Return whether size, mtime and inode are still those of the opening."""

    def close(self) -> None:
        """Close the descriptor; a second call is harmless."""


class Files(Protocol):
    """
    One hot folder. Two threads may use it at a time, one for what is filed (`file_away` of what lies in `_working`,
    `leave_note`, `write_status`) and one for all else; and any thread may call `open_for_sending`.

    Every call raises `FolderError` when the root itself is missing, replaced or unreadable; trouble with one file is in
    that file's result and never raised.
    """

    def check(self, *, has_claimed: bool = False, mount_point: str = "") -> str:
        """
        Raise `FolderError` unless the root is there, is a directory, and may be read and written.

        With `has_claimed` its `_working` has to be there as well. `mount_point` is where its file system was mounted
        when it was last in use, perhaps by an earlier process; returns where it is now.
        """

    def orphans(self, known: Collection[str]) -> Sequence[Orphan]:
        """Return the ordinary files in `_working` that do not lie in the directory of one of these jobs."""

    def walk(self, below: str = "") -> Iterator[Sequence[Entry]]:
        """
        Yield all files below a directory in chunks of at most 1,000, without stat where the file system tells types.

        Reserved directories at the root and litter directories are not entered; litter directories are reported once.
        A directory that vanishes is skipped; one that cannot be read is an entry with its reason.
        """

    def look(self, items: Sequence[LookItem]) -> list[LookResult]:
        """Return what is at each path now, in the order asked."""

    def claim(self, items: Sequence[ClaimItem]) -> list[ClaimResult]:
        """
        Rename each file into `_working`, never onto anything, and sync the directories once at the end.

        Harmless when done before: a file found at its work path with the right identity counts as claimed.
        After a crash in the middle each file is at exactly one of its two places.
        """

    def open_for_sending(self, work_path: str, identity: Identity) -> Reader:
        """Open a claimed file without following links; raise `ChangedError` or `FolderError` if it is not that file."""

    def file_away(self, items: Sequence[FilingItem]) -> list[FilingResult]:
        """
        Publish the note and the receipt of each item, then move or delete the original, and sync once at the end.

        Never replaces anything: a taken name is reported and nothing of that item is moved.
        Harmless when done before: an original found at its target with the right identity counts as filed.
        """

    def bring_back(self, moves: Sequence[tuple[str, str]]) -> list[str]:
        """
        Rename filed originals back to where they were dropped, never onto anything; return the new paths.

        What is missing, or whose place is taken, is left where it is.
        """

    def remove_copies(self, copies: Mapping[str, str]) -> None:
        """Remove our own notes and receipts, path to SHA-256; one with other bytes is somebody's and stays."""

    def leave_note(self, path: str, text: str) -> None:
        """Publish a note if nothing has its name yet."""

    def write_status(self, text: str) -> None:
        """
        Have the status file at the root say this, whole at every moment; nothing else is ever replaced by it.

        A file of ours is one that begins with `companions.STATUS_MARK`. One that cannot be written is not told.
        """

    def tidy(self) -> None:
        """Remove empty directories that claiming left in `_working`."""


class WatchError(Exception):
    """A hot folder cannot be watched (limits of the kernel); the text says which and what to raise."""


class Watch(Protocol):
    """Hints that something changed in one hot folder; begins when it is made."""

    def is_alive(self) -> bool:
        """Return whether hints would still come."""

    def stop(self) -> None:
        """End it; a second call is harmless."""


class ChangedError(Exception):
    """A claimed file is missing, or is not the one that settled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostFile:
    """One file part."""

    drop: int
    header_name: str  # plain ASCII, for Content-Disposition
    size_bytes: int
    open: Callable[[], Reader]


@dataclass(frozen=True, kw_only=True, slots=True)
class PostRequest:
    """One POST (PROTOCOL 2.1 to 2.4); exactly one of job_name and job_handle."""

    company: Company
    destination: str  # below the company root, no slash at either end
    files: tuple[PostFile, ...] = ()
    job_name: str | None = None
    job_handle: str | None = None
    options: str | None = None  # canonical JSON; with the first POST only
    file_name: str | None = None  # the fileName element: one awkward name, one file
    end_job: bool = False
    source_address: str | None = None  # it leaves from this address of ours or not at all (PROTOCOL 2.4)


Progress = Callable[[int], None]
"""Called with the bytes sent so far, at least once per block."""


class Remote(Protocol):
    """
    The IPS server as one user and company. Safe for use by several threads.

    Every call raises `RemoteError`. A failed `post` tells by its trouble's kind whether the server may have got it.
    """

    def sign_in(self) -> Company:
        """Prove the credentials, read afresh, and find the company."""

    def password_expires(self) -> datetime | None:
        """Return when the password expires; None = never, or the server does not tell."""

    def credentials_changed(self) -> bool:
        """Return whether the password is another one than at the last `sign_in`."""

    def post(self, request: PostRequest, progress: Progress) -> PostAnswer:
        """Send one POST, once; never repeats by itself what the server may have taken."""

    def active_jobs(self, company: Company, *, original_name: str | None = None) -> list[ActiveJob]:
        """Return the jobs in progress, all or those of one name."""

    def job_logs(
        self, company: Company, *, handle: str | None = None, original_name: str | None = None
    ) -> list[JobLog]:
        """Return the logs of a handle or of all jobs of a name, every page read; empty = no log there yet."""

    def assets(self, company: Company, names: Sequence[str]) -> list[Asset]:
        """Return the assets with these IDs; raises a permanent `RemoteError` where the server does not offer it."""

    def names_in_use(self, company: Company, names: Sequence[str]) -> set[str]:
        """Return those of the asset IDs that are taken, in one call and one try; raises like `assets`."""

    def listed(self, company: Company, shelf: Shelf) -> list[Listed]:
        """Return all of one sort that options can name; raises a permanent `RemoteError` where it is not offered."""

    def close(self) -> None:
        """Let go of idle connections; a second call is harmless."""

    def publish(self, company: Company, name: str) -> None:
        """
        Submit an incremental publish of the company under this name, once; never repeats it by itself.

        Raises a permanent `RemoteError` where the server or our role does not offer it; otherwise, as with `post`, the
        trouble's kind tells whether the server may have got it.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryQuery:
    """Which drops `history` wants, newest first."""

    folder: str | None = None
    since: datetime | None = None
    outcome: str | None = None
    job: str | None = None
    path: str | None = None
    limit: int | None = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStory:
    """One job with everything that belongs to it."""

    job: Job
    posts: Sequence[Post]  # in their order
    drops: Sequence[Drop]  # by id


class LedgerError(Exception):
    """The ledger cannot be used; the text names it, the trouble and the next step."""


class RowsGoneError(LedgerError):
    """Rows that were to change, or that others belong to, have been taken out by somebody else; nothing is written."""

    def __init__(self, text: str, *, table: str, keys: Collection[int | tuple[int, int]]) -> None:
        """`keys` are ids, of POSTs the job and its number."""
        super().__init__(text)
        self.table = table
        self.keys = frozenset(keys)


class LedgerOwnedError(LedgerError):
    """Another instance owns the ledger."""


class LedgerReader(Protocol):
    """What commands read of a ledger, also while a daemon owns it."""

    def unfinished(self) -> Unfinished:
        """Return everything that is not at its end, and the jobs that unfinished drops belong to."""

    def history(self, query: HistoryQuery) -> Iterator[tuple[Drop, Job | None]]:
        """Yield finished drops with their jobs, newest first."""

    def find(self, folder: str, path: str) -> list[tuple[Drop, Job | None]]:
        """Return every drop that had, or now lies at, this path, newest first."""

    def drop(self, number: int) -> tuple[Drop, Job | None] | None:
        """Return one drop by its id, None if there is none."""

    def job(self, name: str) -> JobStory | None:
        """Return one job by its name, None if there is none; drops that left it for another job are not in it."""

    def totals(self) -> dict[str, dict[str, int]]:
        """Return how many drops have come to their end, by hot folder and outcome; counted afresh at every call."""

    def close(self) -> None:
        """Let go of it; a second call is harmless."""


class Ledger(LedgerReader, Protocol):
    """
    The durable record, opened by its one owner; one thread uses it.

    `commit` returns only when the writes would survive a power cut, all of them or none; it raises `LedgerError`, and
    the same writes may then be committed again; after a `RowsGoneError` only without the rows that it names.
    """

    @property
    def generation(self) -> int:
        """Return a number that grows with every commit, over all its owners; durable, and for any thread to read."""

    @property
    def ledger_id(self) -> str:
        """Return what tells this ledger, and copies of it, from every other one."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Make all writes durable, in order, in one transaction."""

    def recall(self, folder: str, items: Sequence[RecallItem]) -> list[RecallResult]:
        """Return for each found file what we did with it before, in the order asked; one query for many."""

    def known_copies(self, digests: Sequence[str]) -> set[str]:
        """Return those of the digests that belong to notes or receipts of ours."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
