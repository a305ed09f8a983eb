"""
Every call failing in turn: each system call in the hot folders and each statement of the ledger, the N-th of them once
and from then on for some minutes, refused or done and reported as failed; then all is well, and everything has to come
to its end.

The system calls are the daemon's own port (`edges.files.Syscalls`), the statements are met where SQLAlchemy tells of
them; nothing of the daemon is patched. A run is named such as "files/2/move/ENOSPC/for ever/before@137", with
"+40c" for a power cut at the 40th moment after that.
"""

from __future__ import annotations

import errno
import os
import random
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from hotfolder.core.settings import OnSuccess
from hotfolder.testing.perils import VirtualClock
from tests.torture import settings as made
from tests.torture.calls import DiskCalls
from tests.torture.disk import Disk
from tests.torture.histories import Told, finish
from tests.torture.moments import End, Moments
from tests.torture.plan import Plan
from tests.torture.short import FILES
from tests.torture.simulated import START, Places, Ports, World
from tests.torture.tally import Run
from tests.torture.users import Users
from tests.torture.weather import Weather

HEALED_S: Final = 200.0
"""How long "for ever" is: long enough for everything to back off more than once."""

ERRORS: Final = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EROFS": errno.EROFS, "EMFILE": errno.EMFILE}
LEDGER_ERRORS: Final = {
    "EIO": (sqlite3.SQLITE_IOERR, "disk I/O error"),
    "ENOSPC": (sqlite3.SQLITE_FULL, "database or disk is full"),
}
SPANS: Final = ("once", "for ever")
WHEN: Final = ("before", "after")  # it is refused, or it is done and reported as failed

COUNTED: Final = (
    *("open_root", "open_beneath", "create", "lstat", "fstat", "scandir", "check_writable", "pread", "preadv"),
    *("write", "fsync", "rename", "take", "unlink", "mkdir", "rmdir", "try_read_lease", "file_system_magic"),
)


@dataclass
class Breaker:
    """Counts calls, from 1, and says which fail."""

    clock: VirtualClock
    at: int = 0  # 0 = none
    for_ever: bool = False
    count: int = 0
    struck_s: float | None = None  # when it struck first
    hits: int = 0

    def strikes(self) -> bool:
        """Count one call; return whether it fails."""
        self.count += 1
        now_s = self.clock.monotonic()
        if self.count == self.at:
            self.struck_s = now_s
        fails = self.count == self.at or (
            self.for_ever and self.struck_s is not None and now_s < self.struck_s + HEALED_S
        )
        self.hits += fails
        return fails


class FailingCalls(DiskCalls):
    """Calls of which some fail; a file whose fsync has failed is clean for the kernel, and not on the disk."""

    def __init__(self, disk: Disk, moments: Moments, breaker: Breaker, number: int, *, done_first: bool) -> None:
        super().__init__(disk, moments)
        self._breaker = breaker
        self._number = number
        self._done_first = done_first

    def perform(self, name: str, real: Callable[..., Any], *arguments: Any) -> Any:
        """Make one call, unless it fails."""
        if not self._breaker.strikes():
            return real(self, *arguments)
        if self._done_first:
            real(self, *arguments)
        elif name == "fsync" and self._fds[arguments[0]].is_file:
            self._fds[arguments[0]].is_spoilt = True
        raise OSError(self._number, os.strerror(self._number), name)


def _counted(name: str) -> Callable[..., Any]:
    real = getattr(DiskCalls, name)

    def call(self: FailingCalls, *arguments: Any) -> Any:
        return self.perform(name, real, *arguments)

    return call


for _name in COUNTED:
    setattr(FailingCalls, _name, _counted(_name))


def _failure(code: int, words: str) -> sqlite3.OperationalError:
    failure = sqlite3.OperationalError(words)
    failure.sqlite_errorcode = code
    return failure


@contextmanager
def failing_statements(breaker: Breaker, error: tuple[int, str], *, done_first: bool) -> Iterator[None]:
    """Have statements, beginnings and commits of every database of this process fail, while the context is open."""

    def fail() -> None:
        raise _failure(*error)

    def on_statement(
        connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if breaker.strikes():
            fail()

    def on_commit(connection: Connection) -> None:
        if breaker.strikes():
            if done_first:
                held: Any = connection.connection.dbapi_connection
                held.execute("COMMIT")
            fail()

    event.listen(Engine, "before_cursor_execute", on_statement)
    event.listen(Engine, "commit", on_commit)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", on_statement)
        event.remove(Engine, "commit", on_commit)


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of failure in one history."""

    layer: str
    files: str
    on_success: str
    error: str
    span: str
    when: str

    def __str__(self) -> str:
        return "/".join((self.layer, self.files, self.on_success, self.error, self.span, self.when))


def cases() -> Iterator[Case]:
    """Yield every case there is."""
    for files, on_success, error, span, when in product(("1", "2"), ("move", "delete"), ERRORS, SPANS, WHEN):
        yield Case("files", files, on_success, error, span, when)
    for files, error, span, when in product(("1", "2"), LEDGER_ERRORS, SPANS, WHEN):
        yield Case("ledger", files, "move", error, span, when)


def play(case: Case, at: int, cut: str, place: Path) -> tuple[Told, Breaker]:
    """Play one case with its `at`-th call failing, 0 for none, and judge it."""
    clock = VirtualClock(START)
    breaker = Breaker(clock, at, case.span == "for ever")
    done_first = case.when == "after"
    ports = Ports()
    if case.layer == "files":
        ports = Ports(
            calls=lambda disk, moments: FailingCalls(disk, moments, breaker, ERRORS[case.error], done_first=done_first)
        )
    names = dict.fromkeys(folder for folder, _ in FILES[case.files])
    folders = [made.folder(name, receipts=True, on_success=OnSuccess(case.on_success)) for name in names]
    weather = Weather(clock, str(case))
    moments = Moments({int(cut[:-1]): End.CUT}) if cut else Moments()
    world = World(made.settings(place, *folders), weather, clock, place, str(case), moments, ports, harsh=True)
    users = Users(world, random.Random(str(case)))
    for number, (folder, path) in enumerate(FILES[case.files]):
        world.at(number * 0.5, _dropping(users, folder, path, case.error))
    if case.layer == "files":
        return finish(world, users), breaker
    with failing_statements(breaker, LEDGER_ERRORS[case.error], done_first=done_first):
        world.run()
    return finish(world, users), breaker


def _dropping(users: Users, folder: str, path: str, error: str) -> Callable[[World], None]:
    def drop(world: World) -> None:
        dropped = users.drop(folder, path)
        if error == "EIO":
            dropped.excuses.add("a bad block is the file's own trouble")

    return drop


# --- as a part of the bench ---


def work(plan: Plan) -> Iterator[str]:
    """Yield the cases of this part; "@*" stands for every call, "@*12" for so many of them, drawn."""
    drawn = list(cases())
    random.Random(f"failures {plan.seed}").shuffle(drawn)
    for case in drawn:
        yield f"{case}@*" if plan.failures is None else f"{case}@*{plan.failures}"


def replayed(what: str, places: Places) -> Iterator[Run]:
    """Play a case with one call failing, or with each that a pattern stands for; with a power cut after every third."""
    name, _, where = what.partition("@")
    case = Case(*name.split("/"))
    single = re.fullmatch(r"(\d+)(?:\+(\d+c))?", where)
    if single:
        yield _run(case, int(single.group(1)), single.group(2) or "", places)
        return
    told, breaker = play(case, 0, "", places.new())
    yield told.run(f"{case}@0")
    chance = random.Random(what)
    calls = range(1, breaker.count + 1)
    most = where.removeprefix("*")
    for at in chance.sample(calls, min(int(most), len(calls))) if most else calls:
        yield _run(case, at, "", places)
        if at % 3 == 0:
            yield _run(case, at, f"{chance.randint(5, 80)}c", places)


def _run(case: Case, at: int, cut: str, places: Places) -> Run:
    told, breaker = play(case, at, cut, places.new())
    run = told.run(f"{case}@{at}" + (f"+{cut}" if cut else ""))
    return Run(
        replay=run.replay,
        findings=run.findings,
        counts={**run.counts, "faults": breaker.hits},
        kinds={f"{case.layer}: {case.error} {case.span}, {case.when}": breaker.hits, **run.kinds},
        notes=run.notes,
    )
