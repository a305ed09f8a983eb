"""
The whole coordinator with its real executors on fakes and a virtual clock: seeded, replayable, and crashable anywhere.

One thread plays all: which pending action is carried out next is drawn from the seed, so every order that threads
could take is a seed. A crash throws away everything but the share, the server and what the ledger has committed.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import (
    Action,
    AskExpiry,
    Changed,
    CheckTaken,
    Event,
    FindAssets,
    ListNames,
    Notice,
    Now,
    Poll,
    PostStands,
    Recall,
    Recalled,
    Reloaded,
    Seek,
    SeekPublish,
    SendPost,
    SignIn,
    SubmitPublish,
    Woken,
)
from hotfolder.core.server import Trouble
from hotfolder.core.settings import Settings
from hotfolder.core.stalls import STALL_S
from hotfolder.ports import PostRequest, Remote
from hotfolder.services.account import Account
from hotfolder.services.folder import FolderService
from hotfolder.services.lanes import lane
from hotfolder.services.listing import ListingService
from hotfolder.services.publishing import PublishService
from hotfolder.services.tracking import TrackingService
from hotfolder.services.upload import UploadService
from hotfolder.testing.files import FakeFiles, FakeShare
from hotfolder.testing.ledger import FakeLedger
from hotfolder.testing.perils import CrashNow, Perils, VirtualClock
from hotfolder.testing.places import lost_places, overfull
from hotfolder.testing.remote import ModelRemote, ModelServer

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

STEPS_MAX = 20_000
"""A history that takes more turns than this makes no progress: liveness is part of the promise."""


class StuckError(AssertionError):
    """A history does not come to its end."""


@dataclass
class World:
    """What outlives the daemon, and the knobs of one history."""

    settings: Settings
    seed: int = 0
    weather: Callable[[PostRequest], str] = lambda request: "ok"
    line: Callable[[str, float], Trouble | None] = lambda server, now_s: None  # what keeps a call from a server
    post_s: float = 0.0  # what every POST takes, beside others
    remote: Remote | None = None  # the line to a server of the test's own; None: to the model server
    publish_weather: Callable[[str], str] = lambda name: "ok"
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    perils: Perils = field(default_factory=Perils)
    hanging: set[str] = field(default_factory=set)  # threads that come to no end, such as "names default"
    notices: list[Notice] = field(default_factory=list)
    crashes: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 # replayable, nothing secret
        self.moments = random.Random(self.seed)  # noqa: S311 # at which it is seen that nothing is due
        self.shares = {folder.name: FakeShare() for folder in self.settings.folders}
        self.servers = {server.name: self._server() for server in self.settings.servers}
        self.ledger = FakeLedger()
        self._tokens = count(1)
        self._life: Life | None = None
        self._script: list[tuple[float, Callable[[World], None]]] = []

    def _server(self) -> ModelServer:
        return ModelServer(self.clock, job_timeout_s=self.settings.recovery.job_timeout_s)

    @property
    def server(self) -> ModelServer:
        """The first server, which in most histories is the only one."""
        return next(iter(self.servers.values()))

    @property
    def coordinator(self) -> Coordinator | None:
        """What decides at the moment, None before the first start."""
        return None if self._life is None else self._life.coordinator

    def at(self, after_s: float, do: Callable[[World], None]) -> None:
        """Have a user do something after a while."""
        self._script.append((self.clock.monotonic() + after_s, do))
        self._script.sort(key=lambda item: item[0])

    def next_script_s(self) -> float | None:
        """Return when a user does something next."""
        return self._script[0][0] if self._script else None

    def play_script(self) -> None:
        """Let users do what is due."""
        while self._script and self._script[0][0] <= self.clock.monotonic():
            self._script.pop(0)[1](self)

    def reload(self, settings: Settings) -> None:
        """Have the running daemon, and every later one, take new settings."""
        self.settings = settings
        for folder in settings.folders:
            self.shares.setdefault(folder.name, FakeShare())
        for server in settings.servers:
            if server.name not in self.servers:
                self.servers[server.name] = self._server()
        if self._life is not None:
            self._life.reload(settings)

    def token(self) -> str:
        """Return text never used before."""
        return f"{next(self._tokens):06d}"

    def now(self) -> Now:
        """Read both clocks."""
        wall = self.clock.now()
        return Now(self.clock.monotonic(), wall, wall.replace(tzinfo=None))

    def run(self, *, quiet_end_s: float = 0.0, after_crash: Callable[[World], None] = lambda world: None) -> None:
        """
        Run the daemon, over every crash, until nothing is left to do and the script is played.

        `after_crash` is what becomes of the world before the daemon starts again.
        """
        while True:
            self._life = Life(self)
            try:
                self._life.run(quiet_end_s)
            except CrashNow:
                self.crashes += 1
                self.perils.crash_at = None
                self.ledger = self.ledger.durable_copy()
                self.clock.advance(2.0)
                after_crash(self)
                continue
            return


class Life:
    """One process from start to crash or end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._accounts: dict[str, Account] = {}
        self._tracking: dict[str, TrackingService] = {}
        self._listing: dict[str, ListingService] = {}
        self._publishing: dict[str, PublishService] = {}
        self._events: deque[Event] = deque()
        self._files: dict[str, FakeFiles] = {}
        self._folders: dict[str, FolderService] = {}
        self._serve()
        self._upload = UploadService(
            self._accounts.__getitem__, self._files.__getitem__, world.clock, self._events.append
        )
        self._waits_since_s: dict[tuple[int, int], float] = {}  # POSTs whose share hangs
        self._standing: set[tuple[int, int]] = set()  # those of them that were told of
        self._posts_s: dict[tuple[int, int], float] = {}  # when the POSTs that are under way are through
        self._lines: dict[str, deque[Action]] = {}  # what waits, by the thread that would carry it out
        self.coordinator = Coordinator(
            world.settings, world.now(), token=world.token, unfinished=world.ledger.unfinished()
        )

    def _remote(self, name: str, server: ModelServer) -> Remote:
        world = self.world
        if world.remote is not None:
            return world.remote
        return ModelRemote(
            server,
            world.perils,
            lambda request: world.weather(request),
            lambda: world.line(name, world.clock.monotonic()),
            lambda publish: world.publish_weather(publish),
        )

    def _serve(self) -> None:
        for name, server in self.world.servers.items():
            if name not in self._accounts:
                account = self._accounts[name] = Account(self._remote(name, server))
                self._tracking[name] = TrackingService(account)
                self._listing[name] = ListingService(account)
                self._publishing[name] = PublishService(account)
        for name, share in self.world.shares.items():
            if name not in self._files:
                files = self._files[name] = FakeFiles(share, self.world.clock, self.world.perils)
                self._folders[name] = FolderService(
                    name, files, start_watch=lambda *hooks: None, emit=self._events.append, warn=lambda text: None
                )

    def reload(self, settings: Settings) -> None:
        """Take new settings."""
        self._serve()
        self._events.append(Reloaded(settings))

    def run(self, quiet_end_s: float) -> None:
        """Turn until nothing is left to do."""
        world = self.world
        self._turn(Woken())
        for _ in range(STEPS_MAX):
            world.play_script()
            if self._events:
                self._turn(self._events.popleft())
                continue
            self._check(lost_places(self.coordinator, (action for line in self._lines.values() for action in line)))
            if moving := self._moving():
                name = world.random.choice(sorted(moving))
                self._lines[name].remove(moving[name])
                self._carry_out(moving[name])
            elif not self._sleep(quiet_end_s):
                return
        raise StuckError(f"no end after {STEPS_MAX} turns; the last: {world.perils.trace[-10:]}")

    def _check(self, wrong: list[str]) -> None:
        if wrong:
            raise StuckError(f"{'; '.join(wrong)}; the last: {self.world.perils.trace[-10:]}")

    def _moving(self) -> dict[str, Action]:
        """Return what each thread does next, of those that do not hang."""
        moving: dict[str, Action] = {}
        for name, line in self._lines.items():
            for action in line if name not in self.world.hanging else ():
                if not self._waits_for_share(action) and not self._takes_longer(action):
                    moving[name] = action
                    break
                if not isinstance(action, SendPost):  # else others post what its thread cannot
                    break
        return moving

    def _waits_for_share(self, action: Action) -> bool:
        share = self.world.shares.get(getattr(action, "folder", ""))
        return share is not None and share.hangs

    def _takes_longer(self, action: Action) -> bool:
        if not isinstance(action, SendPost):
            return False
        return self._posts_s[action.job, action.number] > self.world.clock.monotonic()

    def _look_after_posts(self) -> bool:
        """Tell of POSTs that have begun to wait for their shares, or have ended to; return whether there were any."""
        now_s = self.world.clock.monotonic()
        waiting = {
            (action.job, action.number)
            for line in self._lines.values()
            for action in line
            if isinstance(action, SendPost) and action.parts and self._waits_for_share(action)
        }
        self._waits_since_s = {post: self._waits_since_s.get(post, now_s) for post in sorted(waiting)}
        standing = {post for post, since_s in self._waits_since_s.items() if now_s >= since_s + STALL_S}
        told = sorted(standing ^ self._standing)
        self._events.extend(PostStands(job, number, (job, number) in standing) for job, number in told)
        self._standing = standing
        return bool(told)

    def _sleep(self, quiet_end_s: float) -> bool:
        """Let time pass until something is due; return False when the history is at its end."""
        world = self.world
        if self._look_after_posts():
            return True
        times = [at for at in (self.coordinator.next_wake_s(), world.next_script_s()) if at is not None]
        times += [at for at in self._posts_s.values() if at > world.clock.monotonic()]
        times += [at + STALL_S for at in self._waits_since_s.values() if at + STALL_S > world.clock.monotonic()]
        if world.next_script_s() is None and self._is_at_rest(quiet_end_s):
            return False
        self._check_nothing_is_due()
        if not times:
            raise StuckError("nothing is due, and not everything is done")
        wait_s = max(min(times) - world.clock.monotonic(), 0.001)
        early_s = wait_s * world.moments.random()
        world.clock.advance(early_s)
        self._check_nothing_is_due()
        world.clock.advance(wait_s - early_s)
        self._events.append(Woken())
        return True

    def _check_nothing_is_due(self) -> None:
        """
        Check that a turn before the time that the coordinator names for it would do nothing.

        Nobody wakes it before, so what it could do by now would be done late, or never.
        """
        wake_s, now = self.coordinator.next_wake_s(), self.world.now()
        if wake_s is not None and wake_s <= now.monotonic:
            return
        turn = self.coordinator.step(Woken(), now)
        if turn.writes or turn.actions:
            what = sorted({type(work).__name__ for work in (*turn.actions, *turn.writes)})
            raise StuckError(f"{what} was due by {now.monotonic}, and the coordinator named {wake_s}")

    def _is_at_rest(self, quiet_end_s: float) -> bool:
        at_rest = self.coordinator.single_pass.is_finished()
        if at_rest and quiet_end_s and self.world.clock.monotonic() < 1000.0 + quiet_end_s:
            return False
        return at_rest

    def see(self, folder: str, *paths: str) -> None:
        """Let the watch see files."""
        self._events.append(Changed(folder, paths))

    def _turn(self, event: Event) -> None:
        world = self.world
        turn = self.coordinator.step(event, world.now())
        self._check(overfull(self.coordinator, turn.actions))
        if turn.writes:
            world.perils.tick("before a commit")
            world.ledger.commit(turn.writes)
            world.perils.tick("after a commit")
        world.notices += turn.notices
        for action in turn.actions:
            match action:
                case Recall():
                    self._events.append(
                        Recalled(action.folder, tuple(world.ledger.recall(action.folder, action.items)))
                    )
                case SendPost():
                    self._posts_s[action.job, action.number] = world.clock.monotonic() + world.post_s
                    self._lines.setdefault(f"upload {action.server}", deque()).append(action)
                case SignIn() | AskExpiry() | Poll() | Seek() | FindAssets() | SubmitPublish() | SeekPublish():
                    self._lines.setdefault(f"server {action.server}", deque()).append(action)
                case ListNames():
                    self._lines.setdefault(f"names {action.server}", deque()).append(action)
                case CheckTaken():
                    self._lines.setdefault(f"taken {action.server}", deque()).append(action)
                case _:
                    self._lines.setdefault(f"{lane(action).name} {action.folder}", deque()).append(action)

    def _carry_out(self, action: Action) -> None:
        match action:
            case SendPost():
                del self._posts_s[action.job, action.number]
                self._events.extend(self._upload.carry_out(action))
            case SignIn() | AskExpiry() | Poll() | Seek() | FindAssets() | CheckTaken():
                self._events.extend(self._tracking[action.server].carry_out(action))
            case ListNames():
                self._events.extend(self._listing[action.server].carry_out(action))
            case SubmitPublish() | SeekPublish():
                self._events.extend(self._publishing[action.server].carry_out(action))
            case Recall():
                pass
            case _:
                self._events.extend(self._folders[action.folder].carry_out(action))
