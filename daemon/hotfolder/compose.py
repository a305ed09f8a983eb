"""
The one place that names concrete classes and plugs them together.
"""

from __future__ import annotations

import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import hotfolder
from hotfolder.config.addresses import split_listen
from hotfolder.config.notify import destinations
from hotfolder.config.secret import read_secret
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.leftovers import gone_servers, leftover_folders
from hotfolder.core.messages import Event, Now
from hotfolder.core.model import Drop, DropState, Job, Unfinished
from hotfolder.core.settings import FolderSettings, ServerSettings, Settings, WatchMode
from hotfolder.core.tidings import Tidings
from hotfolder.daemon import Daemon, needed
from hotfolder.edges.carrier import AppriseCarrier
from hotfolder.edges.clock import SystemClock
from hotfolder.edges.files import FolderFiles, Owner
from hotfolder.edges.ledger import ledger_file, open_ledger, read_ledger
from hotfolder.edges.listeners import ControlSocket, ListenError, open_tcp
from hotfolder.edges.logs import NoticeLog, Redaction
from hotfolder.edges.remote import IpsRemote
from hotfolder.edges.touching import Touching
from hotfolder.edges.watch import FolderWatch
from hotfolder.ports import CarrierError, HistoryQuery, LedgerError
from hotfolder.services.account import Account
from hotfolder.services.folder import FolderService, StartWatch
from hotfolder.services.supervisor import IDLE_WAKE_S, Ask, Supervisor
from hotfolder.services.throttle import Throttle
from hotfolder.services.upload import UploadService
from hotfolder.status.courier import Courier, Receiver
from hotfolder.status.serving import Listeners, StatusServer
from hotfolder.status.sheets import Sheets
from hotfolder.status.snapshot import RECENT, Recent
from hotfolder.status.telling import trial
from hotfolder.status.unwell import unwell_before
from hotfolder.status.view import View
from hotfolder.status.voices import voice_of

CONNECT_TIMEOUT_S = 30.0
READ_TIMEOUT_S = 120.0  # for the answer after the last byte: the server may scan what it got first


def build(
    settings: Settings,
    *,
    read_password: Callable[[str], str],
    log: NoticeLog,
    redaction: Redaction,
    once: bool = False,
    idle_wake_s: float = IDLE_WAKE_S,
) -> Daemon:
    """
    Open the ledger as its owner and build the daemon around it; nothing is begun yet.

    `read_password` reads that of a server, by its name, afresh.
    Raises `LedgerError`, and `ListenError` when the control socket cannot be had.
    """
    clock = SystemClock()
    events: queue.SimpleQueue[Event | Ask] = queue.SimpleQueue()
    with ExitStack() as stack:
        ledger = open_ledger(settings.ledger_url)
        stack.callback(ledger.close)

        remotes: list[IpsRemote] = []
        stack.callback(_close, remotes)

        def make_account(server: ServerSettings) -> Account:
            def password() -> str:
                value = read_password(server.name)
                redaction.hide(value)
                return value

            for secret in server.secrets:  # it may have come with a reload
                redaction.hide(secret)
            remote = connect(server, password, connections=settings.upload.parallel_jobs + 1)
            remotes.append(remote)
            return Account(remote)

        unfinished = ledger.unfinished()
        _refuse_moved(settings, unfinished)
        _refuse_gone(settings, unfinished)

        touching = Touching(_touching_file(settings))
        stack.callback(touching.close)

        owner = Owner(
            ledger_id=ledger.ledger_id,
            host=socket.gethostname(),
            found=ledger.generation,
            generation=lambda: ledger.generation,
        )

        def make_folder(folder: FolderSettings) -> FolderService:
            files = FolderFiles(folder.path, touching=touching.slot(folder.name).touching, owner=owner)
            return _folder(folder, files, events, log, once=once)

        folders = {
            folder.name: make_folder(folder) for folder in (*settings.folders, *leftover_folders(settings, unfinished))
        }

        def local() -> datetime:
            return clock.now().astimezone().replace(tzinfo=None)

        throttle = Throttle(settings.upload.bandwidth, monotonic=clock.monotonic, local=local, sleep=time.sleep)
        upload = UploadService(
            lambda name: supervisor.account(name),
            lambda name: supervisor.files(name),
            clock,
            events.put,
            throttle,
        )

        def now() -> Now:
            wall = clock.now()
            return Now(clock.monotonic(), wall, wall.astimezone().replace(tzinfo=None))

        coordinator = Coordinator(
            settings,
            now(),
            token=lambda: secrets.token_hex(4),
            unfinished=unfinished,
            once=once,
            poison=touching.poison,
            voice_of=voice_of,
        )
        stirred = threading.Event()
        couriers: list[Courier] = []  # one, or none where nobody wants messages

        def stir() -> None:
            stirred.set()
            for courier in couriers:
                courier.stirred()

        def finished(drop: Drop, job: Job | None) -> None:
            recent.add(drop, job)
            for courier in couriers:
                courier.ended(drop)

        latest = list(ledger.history(HistoryQuery(limit=RECENT)))
        for _, job in latest:
            if job is not None:
                coordinator.publishing.adopt(job)
        totals = ledger.totals()
        recent = Recent(totals, latest, unwell_before(ledger, totals, clock.now()))
        supervisor = Supervisor(
            coordinator,
            ledger=ledger,
            clock=clock,
            now=now,
            folders=folders,
            upload=upload,
            accounts={server.name: make_account(server) for server in settings.servers},
            uploads=settings.upload.parallel_jobs,
            log=log,
            events=events,
            finished=finished,
            stirred=stir,
            idle_wake_s=idle_wake_s,
        )
        view = View(
            supervisor,
            recent=recent,
            ledger=read_ledger(settings.ledger_url),
            clock=clock,
            sent_bytes=lambda: upload.sent_bytes,
            read_original=lambda folder, path, identity: supervisor.files(folder).open_for_sending(path, identity),
        )
        sheets = Sheets(view, stirred, voice_of=voice_of, warn=log.trouble)
        stack.callback(sheets.close)
        receivers = list(_receivers(settings, log, now()))
        if receivers:
            courier = Courier(
                view,
                receivers,
                now=now,
                voice_of=voice_of,
                delivered=log.delivered,
                caution=log.caution,
                warn=log.trouble,
            )
            stack.callback(courier.close)
            couriers.append(courier)
        page = _serve(view, settings, log, stack)

        def load() -> None:
            for remote in remotes:
                remote.load()
            sheets.load({folder.language for folder in settings.folders if folder.status_file})

        return Daemon(
            settings=settings,
            supervisor=supervisor,
            coordinator=coordinator,
            ledger=ledger,
            recent=recent,
            log=log,
            make_folder=make_folder,
            make_account=make_account,
            sheets=sheets,
            throttle=throttle,
            load=load,
            courier=couriers[0] if couriers else None,
            page=page,
            _stack=stack.pop_all(),
        )
    raise AssertionError("unreachable")


def connect(server: ServerSettings, read_password: Callable[[], str], *, connections: int = 1) -> IpsRemote:
    """Return the line to a server; its user closes it. Nothing is sent yet."""
    return IpsRemote(
        server,
        read_password=read_password,
        connect_timeout_s=CONNECT_TIMEOUT_S,
        read_timeout_s=READ_TIMEOUT_S,
        connections=connections,
        app_version=hotfolder.__version__,
        boundary=lambda: f"hotfolder-{secrets.token_hex(16)}",
    )


def _receivers(settings: Settings, log: NoticeLog, now: Now) -> Iterator[Receiver]:
    """Yield everybody who gets messages; one that cannot be reached at all is told, and keeps nothing from running."""
    for notify in settings.notify:
        for url, folders in destinations(notify, settings.folders):
            try:
                carrier = AppriseCarrier(url)
            except CarrierError as error:
                log.caution(f"messages to {notify.name} cannot be delivered: {error}")
            else:
                yield Receiver(settings=notify, tidings=Tidings(notify, folders, now), carrier=carrier)


def try_messages(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """Deliver a message that says that it is a trial, everywhere; yield each name, and why it was not delivered."""
    for notify in settings.notify:
        for url, _ in destinations(notify, settings.folders):
            try:
                AppriseCarrier(url).send(trial(notify.name, voice_of(notify.language)))
            except CarrierError as error:
                yield notify.name, str(error)
            else:
                yield notify.name, None


def _close(remotes: Sequence[IpsRemote]) -> None:
    for remote in remotes:
        remote.close()


def _serve(view: View, settings: Settings, log: NoticeLog, stack: ExitStack) -> str | None:
    """Serve the control socket, and the page if it can be had; return its URL."""
    control = ControlSocket(settings.control_socket)
    stack.callback(control.close)
    public: list[socket.socket] = []
    host = page = ""
    if settings.web_listen:
        host, port = split_listen(settings.web_listen)
        try:
            public = open_tcp(host, port)
        except ListenError as error:
            log.caution(f"the page is not served: {error}")
        for listener in public:
            stack.callback(listener.close)
    if public:
        shown_host = f"[{host}]" if ":" in host else host
        page = f"http://{shown_host}:{public[0].getsockname()[1]}/"
    password_file = settings.web_password_file
    listeners = Listeners(
        control=control.listener,
        public=public,
        host=host,
        own_name=socket.gethostname(),
        read_password=None if password_file is None else lambda: read_secret(password_file),
        links=settings.web_links,
        read_secret=read_secret,
    )
    stack.callback(StatusServer(view, listeners, log.trouble).close)
    return page or None


def _refuse_moved(settings: Settings, unfinished: Unfinished) -> None:
    """Raise `LedgerError` if a folder's path changed while claimed files of it still lie at the old one."""
    for folder in settings.folders:
        known = unfinished.folders.get(folder.name)
        if known is None or known.path == str(folder.path):
            continue
        claimed = sum(
            drop.folder == folder.name and drop.state not in (DropState.READY, DropState.HELD)
            for drop in unfinished.drops
        )
        if claimed:
            raise LedgerError(
                f"folder {folder.name}: its path was {known.path} when {claimed} files were taken over that are not "
                f"done yet; put that path back until they are, or give the folder at {folder.path} another name"
            )


def _refuse_gone(settings: Settings, unfinished: Unfinished) -> None:
    """Raise `LedgerError` if a server is no longer in the settings that has files which are not done yet."""
    for name, count in gone_servers(settings, unfinished).items():
        raise LedgerError(needed(name, count))


def _folder(
    folder: FolderSettings,
    files: FolderFiles,
    events: queue.SimpleQueue[Event | Ask],
    log: NoticeLog,
    *,
    once: bool,
) -> FolderService:
    return FolderService(
        folder.name,
        files,
        start_watch=_no_watch if once or folder.watch is WatchMode.POLLING else _watch_of(folder, files),
        emit=events.put,
        warn=log.trouble,
    )


def _touching_file(settings: Settings) -> Path:
    """Return where marks of what is being read are kept: beside the ledger, or the socket where that is no file."""
    beside = ledger_file(settings.ledger_url) or settings.control_socket
    return beside.with_name(beside.name + ".touching")


def bring_back(folder: FolderSettings, moves: Sequence[tuple[str, str]]) -> list[str]:
    """Rename originals of a hot folder back where they were dropped, without a daemon; as `Files.bring_back`."""
    return FolderFiles(folder.path).bring_back(moves)


def _no_watch(on_change: object, on_overflow: object, on_dead: object) -> None:
    """Have a folder polled."""


def _watch_of(folder: FolderSettings, files: FolderFiles) -> StartWatch:
    """
    Return how to watch, which decides in the folder's own thread: a share that hangs must not hold up the start.

    What other machines write to a network mount gives no event here, so such folders are polled unless told otherwise.
    """

    def start(
        on_change: Callable[[tuple[str, ...], tuple[str, ...]], None],
        on_overflow: Callable[[], None],
        on_dead: Callable[[str], None],
    ) -> FolderWatch | None:
        if folder.watch is WatchMode.AUTO and not files.lies_on().tells_changes:
            return None
        return FolderWatch(folder.path, on_change=on_change, on_overflow=on_overflow, on_dead=on_dead)

    return start
