"""
The one place that names concrete classes and plugs them together.
"""

from __future__ import annotations

import queue
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import hotfolder
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import Event, Notice, Now
from hotfolder.core.settings import FolderSettings, Settings, WatchMode
from hotfolder.edges.clock import SystemClock
from hotfolder.edges.files import FolderFiles
from hotfolder.edges.ledger import open_ledger
from hotfolder.edges.logs import NoticeLog, Redaction
from hotfolder.edges.remote import IpsRemote
from hotfolder.edges.watch import FolderWatch
from hotfolder.ports import FolderError, Ledger
from hotfolder.services.folder import FolderService, StartWatch
from hotfolder.services.supervisor import IDLE_WAKE_S, Ask, Supervisor
from hotfolder.services.tracking import TrackingService
from hotfolder.services.upload import UploadService
from hotfolder.status.snapshot import Recent

CONNECT_TIMEOUT_S = 30.0
READ_TIMEOUT_S = 120.0  # for the answer after the last byte: the server may scan what it got first


@dataclass(kw_only=True)
class Daemon:
    """A daemon ready to run; closes what it opened."""

    settings: Settings
    supervisor: Supervisor
    coordinator: Coordinator
    ledger: Ledger
    recent: Recent
    log: NoticeLog
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._stack.close()


def build(
    settings: Settings,
    *,
    read_password: Callable[[], str],
    logger: Any,
    redaction: Redaction,
    once: bool = False,
    idle_wake_s: float = IDLE_WAKE_S,
    listen: Callable[[Notice], None] | None = None,
) -> Daemon:
    """
    Open the ledger as its owner and build the daemon around it; nothing is begun yet.

    Raises `LedgerError`.
    """
    clock = SystemClock()
    log = NoticeLog(logger, listen)
    events: queue.SimpleQueue[Event | Ask] = queue.SimpleQueue()
    with ExitStack() as stack:
        ledger = open_ledger(settings.ledger_url)
        stack.callback(ledger.close)

        def password() -> str:
            value = read_password()
            redaction.hide(value)
            return value

        remote = IpsRemote(
            settings.server,
            read_password=password,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            read_timeout_s=READ_TIMEOUT_S,
            connections=settings.upload.parallel_jobs + 1,
            app_version=hotfolder.__version__,
            boundary=lambda: f"hotfolder-{secrets.token_hex(16)}",
        )
        stack.callback(remote.close)
        tracking = TrackingService(remote)
        folders = {folder.name: _folder(folder, events, log, once=once) for folder in settings.folders}
        upload = UploadService(remote, lambda name: folders[name].files, lambda: tracking.company, clock, events.put)

        def now() -> Now:
            wall = clock.now()
            return Now(clock.monotonic(), wall, datetime.now().astimezone().date())

        coordinator = Coordinator(
            settings,
            now(),
            token=lambda: secrets.token_hex(4),
            unfinished=ledger.unfinished(),
            once=once,
        )
        recent = Recent()
        supervisor = Supervisor(
            coordinator,
            ledger=ledger,
            clock=clock,
            now=now,
            folders=folders,
            upload=upload,
            tracking=tracking,
            uploads=settings.upload.parallel_jobs,
            log=log,
            events=events,
            finished=recent.add,
            idle_wake_s=idle_wake_s,
        )
        return Daemon(
            settings=settings,
            supervisor=supervisor,
            coordinator=coordinator,
            ledger=ledger,
            recent=recent,
            log=log,
            _stack=stack.pop_all(),
        )
    raise AssertionError("unreachable")


def _folder(
    folder: FolderSettings, events: queue.SimpleQueue[Event | Ask], log: NoticeLog, *, once: bool
) -> FolderService:
    files = FolderFiles(folder.path)
    return FolderService(
        folder.name,
        files,
        start_watch=None if once else _watch_of(folder, files),
        emit=events.put,
        warn=log.trouble,
    )


def _watch_of(folder: FolderSettings, files: FolderFiles) -> StartWatch | None:
    """Return how to watch, None to poll: events of other machines never reach this kernel (PROTOCOL of no mount)."""
    if folder.watch is WatchMode.POLLING:
        return None
    if folder.watch is WatchMode.AUTO and _is_remote(files):
        return None
    root: Path = folder.path
    return lambda on_change, on_overflow, on_dead: FolderWatch(
        root, on_change=on_change, on_overflow=on_overflow, on_dead=on_dead
    )


def _is_remote(files: FolderFiles) -> bool:
    try:
        return files.lies_on().is_remote
    except FolderError:
        return False
