"""
`run`: the daemon, and its single pass `--once`.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.live import Live

import hotfolder
from hotfolder.cli import passing
from hotfolder.cli.console import console, may_redraw, print_line, say
from hotfolder.cli.exits import Exit
from hotfolder.cli.live import SETTLING_SHOWN, LiveView, waits
from hotfolder.compose import build
from hotfolder.config import ConfigError, format_problem, load, read_server_password
from hotfolder.config.units import parse_duration
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import Notice, Woken
from hotfolder.core.settings import Settings
from hotfolder.daemon import Daemon, ReloadError
from hotfolder.edges.clock import SystemClock
from hotfolder.edges.logs import NoticeLog, Redaction
from hotfolder.edges.notify import SystemdNotifier, notify_address, watchdog_interval_s
from hotfolder.edges.spool import Spool
from hotfolder.ports import Notifier
from hotfolder.services.pulse import Pulse, ping_every_s
from hotfolder.services.supervisor import IDLE_WAKE_S
from hotfolder.status import attention, snapshot
from hotfolder.status.summary import one_line

PATIENCE_S = 60.0
"""For what is under way when a stop is asked: one POST of some GiB on a slow line; a second signal ends it at once."""

LIVE_EVERY_S = 0.2


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One pass over what lies there, then end")] = False,
    timeout: Annotated[
        str, typer.Option(help="With --once: how long a server may be unreachable before it is given up")
    ] = "5m",
) -> int:
    """Run the daemon."""
    config: Path = context.obj
    loaded = load(config, os.environ)
    try:
        timeout_s = parse_duration(timeout)
    except ValueError as error:
        raise typer.BadParameter(f"--timeout: {error}") from None
    terminal = console(stderr=True)
    with running_daemon(
        loaded.settings,
        read_password=lambda name: read_server_password(config, os.environ, name),
        once=once,
        live=terminal if sys.stdout.isatty() and may_redraw(terminal) else None,
        until=lambda daemon: once and passing.is_over(daemon, timeout_s),
        reload=lambda: load(config, os.environ).settings,
        notifier=SystemdNotifier(notify_address(os.environ)),
        watchdog_s=watchdog_interval_s(os.environ),
    ) as (daemon, asked):
        return _exit(daemon, asked, once=once)


@contextmanager
def running_daemon(
    settings: Settings,
    *,
    read_password: Callable[[str], str],
    until: Callable[[Daemon], bool],
    once: bool = False,
    live: Console | None = None,
    log_level: str = "info",
    idle_wake_s: float = IDLE_WAKE_S,
    listen: Callable[[Notice], None] | None = None,
    reload: Callable[[], Settings] | None = None,
    notifier: Notifier | None = None,
    watchdog_s: float | None = None,
) -> Iterator[tuple[Daemon, list[signal.Signals]]]:
    """
    Run until a signal or until `until` says so; then give the daemon, at rest, and the signals that came.

    `notifier` is told how it goes; `watchdog_s` is the longest time that may pass between two signs of life.
    """
    if watchdog_s is not None:
        idle_wake_s = min(idle_wake_s, ping_every_s(watchdog_s))
    redaction = Redaction()
    for secrets in (owner.secrets for owners in (settings.servers, settings.notify) for owner in owners):
        for secret in secrets:
            redaction.hide(secret)
    with (
        _log(redaction, log_level, listen, live) as log,
        build(
            settings,
            read_password=read_password,
            log=log,
            redaction=redaction,
            once=once,
            idle_wake_s=LIVE_EVERY_S if live else idle_wake_s,
        ) as daemon,
    ):
        logger = log.logger
        with _signals(daemon) as asked, _progress(daemon, live, once=once) as refresh:

            def is_over() -> bool:
                refresh()
                return until(daemon)

            pulse = Pulse(
                notifier or SystemdNotifier(None),
                daemon.supervisor,
                clock=SystemClock(),
                watchdog_s=watchdog_s,
                describe=lambda: one_line(daemon.coordinator),
                warn=daemon.log.trouble,
            )

            def reloaded(coordinator: Coordinator) -> None:
                if reload is not None:
                    pulse.reloading()
                    _reload(daemon, reload, logger)

            def hung_up(number: int, frame: FrameType | None) -> None:
                daemon.supervisor.call(reloaded)

            signal.signal(signal.SIGHUP, hung_up)
            if not once:  # it ends, and may find nothing to do
                daemon.load()
            # not before the signals are ours: whoever waits for this line may send one at once
            logger.info(
                "daemon.ready",
                version=hotfolder.__version__,
                folders=[folder.name for folder in settings.folders],
                once=once,
                page=daemon.page,
                control=str(settings.control_socket),
            )
            gc.freeze()  # what was loaded stays: searching it for garbage took a twentieth of a busy daemon's time
            daemon.supervisor.run(is_over, pulse.beat)
            pulse.stopping()
            logger.info("daemon.stopping", signal=asked[0].name if asked else None)
            daemon.say_farewell()
            daemon.supervisor.finish(PATIENCE_S)
            refresh()
        yield daemon, asked


def _reload(daemon: Daemon, read: Callable[[], Settings], logger: Any) -> None:
    """Take the configuration as it is now; a bad one changes nothing and is told problem by problem."""
    try:
        later = daemon.reload(read())
    except ConfigError as error:
        for problem in error.problems:
            logger.error("daemon.reload_refused", reason=format_problem(problem))
    except ReloadError as error:
        logger.error("daemon.reload_refused", reason=str(error))
    else:
        names = [folder.name for folder in daemon.settings.folders]
        logger.info("daemon.reloaded", folders=names, at_next_start=later or None)


@contextmanager
def _log(
    redaction: Redaction, level: str, listen: Callable[[Notice], None] | None, live: Console | None
) -> Iterator[NoticeLog]:
    """Log to standard error: to people as it comes, to anything else without ever waiting for it."""
    stderr = _Stderr(live or console(stderr=True))
    if stderr.isatty() or (fd := _descriptor(sys.stderr)) is None:
        yield NoticeLog(redaction, stream=stderr, level=level, listen=listen)
        return
    spool = Spool(fd, on_lost=lambda lost: log.caution(f"{lost} lines of the log were lost: nobody read them in time"))
    log = NoticeLog(redaction, stream=spool, level=level, listen=listen)
    try:
        yield log
    finally:
        spool.close()


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):  # one that a test, or another program, has put in its place
        return None


class _Stderr:
    """Standard error as it is at each write; on a terminal it fits lines in, above live progress if there is any."""

    def __init__(self, terminal: Console) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Write whole lines."""
        if not self.isatty():
            return sys.stderr.write(text)
        for line in text.splitlines():
            print_line(self._terminal, line)
        return len(text)

    def flush(self) -> None:
        """Flush."""
        sys.stderr.flush()

    def isatty(self) -> bool:
        """Return whether people read it."""
        return sys.stderr.isatty()


def _exit(daemon: Daemon, asked: list[signal.Signals], *, once: bool) -> int:
    if asked and asked[0] is signal.SIGINT:
        return Exit.INTERRUPTED
    if not once:
        return Exit.GOOD
    for line in passing.report(daemon):
        say(line)
    return passing.exit_code(daemon, is_stopped=bool(asked))


@contextmanager
def _signals(daemon: Daemon) -> Iterator[list[signal.Signals]]:
    """Turn SIGTERM and SIGINT into a stop; a second one ends the process at once, which recovery is made for."""
    asked: list[signal.Signals] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if asked:
            os._exit(Exit.INTERRUPTED if number == signal.SIGINT else 1)
        asked.append(signal.Signals(number))
        daemon.supervisor.stop()

    with _woken_by_signals(daemon):
        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield asked
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _woken_by_signals(daemon: Daemon) -> Iterator[None]:
    """
    Have every signal end the loop's sleep.

    The kernel gives a signal to any thread of the process, Python runs its handler in the main one, and that one may
    sleep on for half a minute; the byte that Python writes at once, whichever thread it was, wakes it.
    """
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)

    def wake() -> None:
        while ours.recv(64):
            daemon.supervisor.tell(Woken())

    thread = threading.Thread(target=wake, name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        pythons.close()  # ends the thread
        thread.join()
        ours.close()


@contextmanager
def _progress(daemon: Daemon, terminal: Console | None, *, once: bool) -> Iterator[Callable[[], None]]:
    """Give what shows how things are, for calling often: in place, or what a pass waits for line by line."""
    if terminal is not None:
        with _live(daemon, terminal) as refresh:
            yield refresh
    elif once and sys.stderr.isatty():
        yield partial(_tell_waits, daemon, console(stderr=True), set())
    else:
        yield lambda: None


def _tell_waits(daemon: Daemon, terminal: Console, told: set[str]) -> None:
    """Print what each file waits for that may be held in the end, once."""
    for file in islice(attention.settling(daemon.coordinator), passing.NAMED):
        line = waits(file).plain
        if file.get("limit_at") and line not in told:
            told.add(line)
            print_line(terminal, line)


@contextmanager
def _live(daemon: Daemon, terminal: Console) -> Iterator[Callable[[], None]]:
    view = LiveView()
    last_s = 0.0

    def take() -> None:
        view.snapshot = snapshot.take(daemon.coordinator, daemon.recent)
        view.settling = list(islice(attention.settling(daemon.coordinator), SETTLING_SHOWN))

    def refresh() -> None:
        nonlocal last_s
        if time.monotonic() - last_s >= LIVE_EVERY_S:
            last_s = time.monotonic()
            take()

    with Live(view, console=terminal, refresh_per_second=5, transient=False):
        yield refresh
        take()  # what stays on the screen
