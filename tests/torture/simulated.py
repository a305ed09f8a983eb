"""
The daemon in a simulation: the real coordinator, executors, file code and ledger, on a virtual clock, a disk in memory
and the model server. One thread plays all; which pending action comes next is drawn from the seed.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import (
    Action,
    AskExpiry,
    Changed,
    CheckTaken,
    Crashed,
    Event,
    FindAssets,
    ListNames,
    Notice,
    Now,
    Poll,
    Recall,
    Recalled,
    Seek,
    SeekPublish,
    SendPost,
    SignIn,
    SubmitPublish,
    Woken,
)
from hotfolder.core.settings import Settings
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.edges.ledger import open_ledger
from hotfolder.ports import Ledger, LedgerError, PostRequest, Remote
from hotfolder.services.account import Account
from hotfolder.services.folder import FolderService
from hotfolder.services.lanes import lane
from hotfolder.services.listing import ListingService
from hotfolder.services.publishing import PublishService
from hotfolder.services.tracking import TrackingService
from hotfolder.services.upload import UploadService
from hotfolder.testing.perils import VirtualClock
from hotfolder.testing.places import lost_places, overfull
from tests.torture.calls import DiskCalls
from tests.torture.disk import Disk
from tests.torture.model import Line, Model
from tests.torture.moments import End, EndNow, Moments
from tests.torture.weather import Weather

START: Final = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

TURNS_MAX: Final = 60_000
"""A history that takes more turns makes no progress: a day of watching ghosts takes a few thousand."""

DAYS_MAX_S: Final = 4 * 86_400.0
"""Virtual time in which every history has to come to its end, once nothing goes wrong any more."""

RESTART_S: Final = 5.0
"""After so long the service manager starts a daemon again that could not open its ledger."""

ACTION_S: Final = 0.0001
"""What every action takes at least: a clock that stands still would let us turn in circles that no real one does."""

QUIET_S: Final = 60.0
"""Longer than any file takes to settle."""

COMMIT_TRIES: Final = 1_000


class StuckError(AssertionError):
    """A history does not come to its end."""


@dataclass(frozen=True, slots=True)
class Ports:
    """How a life's outside is made; planted bugs wrap these."""

    calls: Callable[[Disk, Moments], Syscalls] = DiskCalls
    line: Callable[[Model, Moments], Remote] = lambda model, moments: Line(model, moments)
    ledger: Callable[[Ledger], Ledger] = lambda ledger: ledger


@dataclass
class World:
    """What outlives the daemon."""

    settings: Settings
    weather: Weather
    clock: VirtualClock
    place: Path  # for the ledger
    seed: int | str = 0
    moments: Moments = field(default_factory=Moments)
    ports: Ports = field(default_factory=Ports)
    downtime_s: Callable[[random.Random], float] = lambda chance: 2.0
    harsh: bool = False  # a power cut loses all that was not synced
    notices: list[Notice] = field(default_factory=list)
    ends: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(f"turns {self.seed}")
        self.disk = Disk(self.clock, tuple(str(folder.path) for folder in self.settings.folders))
        self.model = Model(self.clock, self.weather, job_timeout_s=self.settings.recovery.job_timeout_s)
        self._tokens = iter(range(10**6))
        self._script: deque[tuple[float, Callable[[World], None]]] = deque()
        self.model.witness = self._see_post
        self.unrecorded: list[str] = []  # POSTs that began before their intent was on the disk
        self._life: Life | None = None
        self._quiet_s = 0.0  # by then everything that users did has been found, by a rescan if not by the watch

    def root(self, folder: str) -> str:
        """Return a hot folder's path."""
        found = self.settings.folder(folder)
        assert found is not None
        return str(found.path)

    def at(self, after_s: float, do: Callable[[World], None]) -> None:
        """Have a user do something after a while."""
        self._script.append((self.clock.monotonic() + after_s, do))
        self._script = deque(sorted(self._script, key=lambda item: item[0]))

    def next_deed_s(self) -> float | None:
        """Return when a user does something next."""
        return self._script[0][0] if self._script else None

    def let_users(self) -> None:
        """Let users do what is due."""
        while self._script and self._script[0][0] <= self.clock.monotonic():
            self._script.popleft()[1](self)
            self.disturb()

    def disturb(self) -> None:
        """A user has done something: a rescan has to come before all is quiet."""
        self._quiet_s = self.clock.monotonic() + self.settings.folders[0].rescan_s + QUIET_S

    def saw(self, folder: str, path: str) -> None:
        """Have the watch of the daemon that runs, if one does, see that a file was closed or renamed into place."""
        if self._life is not None:
            self._life.see(folder, path)

    def _see_post(self, request: PostRequest) -> None:
        """Look into the ledger, as anybody could, whether it knows of a POST that is about to leave."""
        with closing(sqlite3.connect(f"file:{self.place / 'ledger.db'}?mode=ro", uri=True)) as db:
            known = db.execute(
                "select 1 from posts join jobs on jobs.id = posts.job "
                "where posts.state = 'intent' and (jobs.name = ? or jobs.handle = ?)",
                (request.job_name, request.job_handle),
            ).fetchone()
        if known is None:
            self.unrecorded.append(request.job_name or request.job_handle or "")

    def token(self) -> str:
        """Return text never used before."""
        return f"{next(self._tokens):06d}"

    def now(self) -> Now:
        """Read both clocks."""
        wall = self.clock.now()
        return Now(self.clock.monotonic(), wall, wall.replace(tzinfo=None))

    def run(self) -> None:
        """Run the daemon over every end until nothing is left to do, anywhere."""
        while True:
            try:
                ledger = self.ports.ledger(open_ledger(self.settings.ledger_url))
            except LedgerError:
                self.clock.advance(RESTART_S)
                continue
            try:
                self._life = Life(self, ledger)
                self._life.run()
            except EndNow as end:
                self._life = None
                self.ends += 1
                if end.how is End.CUT:
                    self.disk.cut(self.chance, harsh=self.harsh)
                self.clock.advance(self.downtime_s(self.chance))
                self.let_users()
            except LedgerError:  # while it was read at the start
                self.clock.advance(RESTART_S)
            else:
                return
            finally:
                ledger.close()

    def is_over(self) -> bool:
        """Return whether neither users nor the server will do anything more by themselves."""
        return not self._script and self.clock.monotonic() >= self._quiet_s and self.model.is_at_rest()


class _Watch:
    """Fits `ports.Watch`; what it sees is told by `World.saw`."""

    def __init__(self, *hooks: object) -> None:
        self._is_alive = True

    def is_alive(self) -> bool:
        return self._is_alive

    def stop(self) -> None:
        self._is_alive = False


class Life:
    """One process from its start to its end."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        self._world = world
        self._ledger = ledger
        line = world.ports.line(world.model, world.moments)
        calls = world.ports.calls(world.disk, world.moments)
        self._events: deque[Event] = deque()
        self._lines: dict[str, deque[Action]] = {}  # what waits, by the thread that would carry it out
        self._files = {
            folder.name: FolderFiles(folder.path, monotonic=world.clock.monotonic, calls=calls)
            for folder in world.settings.folders
        }
        self._folders = {
            name: FolderService(name, files, start_watch=_Watch, emit=self._events.append, warn=lambda text: None)
            for name, files in self._files.items()
        }
        account = Account(line)
        self._tracking = TrackingService(account)
        self._listing = ListingService(account)
        self._publishing = PublishService(account)
        self._upload = UploadService(lambda server: account, self._files.__getitem__, world.clock, self._events.append)
        self.coordinator = Coordinator(world.settings, world.now(), token=world.token, unfinished=ledger.unfinished())

    def see(self, folder: str, path: str) -> None:
        """Have the watch see something; before the folder is up there is no watch."""
        if self.coordinator.desks[folder].state == "watching":
            self._events.append(Changed(folder, (path,)))

    def run(self) -> None:
        """Turn until nothing is left to do."""
        world = self._world
        self._turn(Woken())
        deadline_s = world.clock.monotonic() + DAYS_MAX_S
        for _ in range(TURNS_MAX):
            world.let_users()
            if self._events:
                self._turn(self._events.popleft())
            elif any(self._lines.values()):
                name = world.chance.choice(sorted(name for name, line in self._lines.items() if line))
                self._carry_out(self._lines[name].popleft())
            elif self._is_at_rest():
                return
            elif world.clock.monotonic() > deadline_s:
                raise StuckError(f"no end after {DAYS_MAX_S / 86_400:.0f} days{self._where()}")
            else:
                self._sleep()
        raise StuckError(f"no end after {TURNS_MAX} turns{self._where()}")

    def _where(self) -> str:
        drops = [(drop.id, drop.path, str(drop.state)) for drop in self.coordinator.board.drops.values()]
        jobs = [(job.id, str(job.state)) for job in self.coordinator.board.jobs.values()]
        return f"; drops {drops}, jobs {jobs}, last moments {self._world.moments.trace[-8:]}"

    def _is_at_rest(self) -> bool:
        return (
            self._world.is_over()
            and self.coordinator.single_pass.is_finished()
            and not self.coordinator.board.drops
            and not self.coordinator.board.jobs  # ghosts are watched to the end of their day
            and all(desk.state == "watching" for desk in self.coordinator.desks.values())
        )

    def _sleep(self) -> None:
        """Let time pass until something is due."""
        world = self._world
        lost = lost_places(self.coordinator, ())
        if lost:
            raise StuckError(f"{lost}{self._where()}")
        wake_s = self.coordinator.next_wake_s()
        times = [at_s for at_s in (wake_s, world.next_deed_s()) if at_s is not None]
        if not times and world.is_over():
            raise StuckError(f"nothing is due, and not everything is done{self._where()}")
        now_s = world.clock.monotonic()
        world.clock.advance(max(min(times, default=now_s + 1.0) - now_s, 0.001))
        world.model.work()
        self._events.append(Woken())

    # --- turns ---

    def _turn(self, event: Event) -> None:
        world = self._world
        turn = self.coordinator.step(event, world.now())
        full = overfull(self.coordinator, turn.actions)
        if full:
            raise StuckError(f"{full}{self._where()}")
        if turn.writes:
            world.moments.tick("before a commit")
            self._commit(turn.writes)
            world.moments.tick("after a commit")
        world.notices += turn.notices
        for action in turn.actions:
            self._begin(action)

    def _commit(self, writes: object) -> None:
        """Commit as the supervisor does: until it is done."""
        for tries in range(COMMIT_TRIES):
            try:
                self._ledger.commit(writes)  # type: ignore[arg-type] # as the turn has them
            except LedgerError:
                self._world.clock.advance(min(0.5 * 2**tries, 30.0))
            else:
                return
        raise StuckError("the ledger takes nothing any more")

    def _begin(self, action: Action) -> None:
        match action:
            case Recall():
                self._carry_out(action)
            case SendPost():
                self._lines.setdefault("upload", deque()).append(action)
            case SignIn() | AskExpiry() | Poll() | Seek() | FindAssets() | SubmitPublish() | SeekPublish():
                self._lines.setdefault("server", deque()).append(action)
            case ListNames() | CheckTaken():
                self._lines.setdefault("questions", deque()).append(action)
            case _:
                self._lines.setdefault(f"{lane(action).name} {action.folder}", deque()).append(action)

    def _carry_out(self, action: Action) -> None:
        self._world.clock.advance(ACTION_S)
        try:
            match action:
                case Recall():
                    results = self._ledger.recall(action.folder, action.items)
                    self._events.append(Recalled(action.folder, tuple(results)))
                case SendPost():
                    self._events.extend(self._upload.carry_out(action))
                case ListNames():
                    self._events.extend(self._listing.carry_out(action))
                case SubmitPublish() | SeekPublish():
                    self._events.extend(self._publishing.carry_out(action))
                case SignIn() | AskExpiry() | Poll() | Seek() | FindAssets() | CheckTaken():
                    self._events.extend(self._tracking.carry_out(action))
                case _:
                    self._events.extend(self._folders[action.folder].carry_out(action))
        except Exception as error:  # noqa: BLE001 # as the supervisor does, so that its answer to this is tried as well
            self._events.append(Crashed(action, f"{type(error).__name__}: {error}"))


class Places:
    """Empty ledgers, one for each history, copied from one that was made once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._template = directory / "template.db"
        open_ledger(f"sqlite:///{self._template}").close()

    def new(self) -> Path:
        """Return a place with a new ledger in it; the one before is gone."""
        place = self.directory / "place"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        shutil.copy(self._template, place / "ledger.db")
        return place
