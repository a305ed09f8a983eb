"""
Short histories that lead to one row of a table of recovery: the process ends where a condition holds, something happens
while it is down, and what comes of it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hotfolder.core.model import Drop, Job, Post, PostState
from hotfolder.core.settings import Settings
from hotfolder.ports import PostRequest
from hotfolder.testing.perils import CrashNow, Perils
from hotfolder.testing.simulation import World
from tests.crash.histories import settings

Moment = Callable[[World, str], bool]
"""Whether the process ends at this step; it is told the world and what is just done."""


class Ending(Perils):
    """Ends the process where a condition holds for the first time."""

    def __init__(self, is_time: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_time = is_time
        self.has_ended = False

    def tick(self, what: str) -> None:
        """Take one step."""
        super().tick(what)
        if not self.has_ended and self._is_time(what):
            self.has_ended = True
            raise CrashNow(what)


@dataclass
class Row:
    """One history, and what it is looked at for."""

    world: World
    posts: list[tuple[float, PostRequest]] = field(default_factory=list)  # every POST that left, and when

    @property
    def drops(self) -> list[Drop]:
        """Every drop, oldest first."""
        return [self.world.ledger.drops[number] for number in sorted(self.world.ledger.drops)]

    @property
    def drop(self) -> Drop:
        """The only drop."""
        (drop,) = self.drops
        return drop

    @property
    def jobs(self) -> list[Job]:
        """Every job, oldest first."""
        return [self.world.ledger.jobs[number] for number in sorted(self.world.ledger.jobs)]

    @property
    def post_states(self) -> list[PostState]:
        """How every POST of the first job went."""
        posts: list[Post] = [post for (job, _), post in sorted(self.world.ledger.posts.items()) if job == 1]
        return [post.state for post in posts]

    @property
    def files(self) -> dict[str, bytes]:
        """What lies in the share."""
        return {path: file.content for path, file in self.world.shares["catalog"].files.items()}

    def told(self, event: str) -> int:
        """Return how often something was told."""
        return sum(notice.event == event for notice in self.world.notices)


def begin(*paths: str, moods: Sequence[str] = (), configured: Settings | None = None, seed: int = 0) -> Row:
    """Return a history of files that are dropped at once; the POSTs go as `moods` says, and well after that."""
    row = Row(World(configured or settings(receipts=True, files_per_post=1), seed=seed))
    moods_left: Iterator[str] = iter(moods)

    def weather(request: PostRequest) -> str:
        row.posts.append((row.world.clock.monotonic(), request))
        return next(moods_left, "ok")

    row.world.weather = weather
    for path in paths:
        row.world.shares["catalog"].drop(path, path.encode())
    return row


def play(row: Row, ends: Moment | None = None, while_down: Callable[[World], None] = lambda world: None) -> Row:
    """Play a history to its end, over an end of the process on the way; that has to come."""
    world = row.world
    if ends is not None:
        world.perils = Ending(lambda what: ends(world, what))
    world.run(after_crash=while_down)
    assert world.crashes == (ends is not None)
    return row


def step(begins: str) -> Moment:
    """End at the first step whose words begin so."""
    return lambda world, what: what.startswith(begins)


def committed(holds: Callable[[World], bool]) -> Moment:
    """End as soon as what is durable is so."""
    return lambda world, what: what == "after a commit" and holds(world)


def passing(seconds: float) -> Callable[[World], None]:
    """Let time pass while the daemon is down, also for the server."""

    def do(world: World) -> None:
        for _ in range(20):
            world.clock.advance(seconds / 20)
            world.server.work()

    return do
