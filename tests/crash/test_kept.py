"""Originals that stay where they were dropped, while their droppers go on working with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from hotfolder.core.model import JobState, Outcome
from hotfolder.core.settings import OnSuccess
from hotfolder.ports import PostRequest
from hotfolder.testing.files import FakeFile
from hotfolder.testing.remote import ModelJob
from hotfolder.testing.simulation import World
from tests.crash.histories import settings
from tests.crash.rows import begin, committed, play

FILES = {"a.jpg": b"one", "b.jpg": b"two"}


class History:
    """Two files; while the first of them to be sent is on its way, a dropper does something to the other one."""

    def __init__(self, change: Callable[[World, str], object], crash_at: int | None = None) -> None:
        given = settings(files_per_post=1)
        self.world = World(
            replace(given, folders=(replace(given.folders[0], on_success=OnSuccess.KEEP, rescan_s=20.0),))
        )
        self.world.weather = self._weather
        self.world.perils.crash_at = crash_at
        self._change = change
        self.changed = ""  # path of the other one
        for path, content in FILES.items():
            self.world.shares["catalog"].drop(path, content)
        self.world.run(quiet_end_s=120.0)  # the change is found by a rescan at the latest

    def _weather(self, request: PostRequest) -> str:
        if not self.changed:
            self.changed = next(path for path in FILES if path != request.files[0].header_name)
            self._change(self.world, self.changed)
        return "ok"

    @property
    def contents(self) -> dict[str, bytes]:
        """What of theirs lies in the folder."""
        return {path: file.content for path, file in self.world.shares["catalog"].files.items() if path in FILES}

    def outcomes(self, path: str) -> list[Outcome | None]:
        """
        What became of all drops of a path, but for failed ones with an attempt that was written off.

        It may turn up, and somebody has to answer for it till then.
        """
        drops, jobs = self.world.ledger.drops.values(), self.world.ledger.jobs.values()
        awaited = {id_ for job in jobs if job.state is JobState.GHOST for id_ in job.written_off.split("\n")}
        return [
            drop.outcome
            for drop in drops
            if drop.path == path and not (drop.outcome is Outcome.FAILED and str(drop.id) in awaited)
        ]


def every_crash(change: Callable[[World, str], object]) -> Iterator[History]:
    """Play it undisturbed, and crashed at every step."""
    undisturbed = History(change)
    yield undisturbed
    for step in range(1, undisturbed.world.perils.steps + 1):
        yield History(change, step)


def test_what_is_saved_again_before_it_is_sent_is_a_new_version_and_no_failure() -> None:
    for history in every_crash(lambda world, path: world.shares["catalog"].drop(path, b"saved again")):
        assert history.contents == FILES | {history.changed: b"saved again"}
        assert history.outcomes(history.changed) == [Outcome.STORED]
        stored = history.world.server.assets[history.changed.removesuffix(".jpg")].contents
        assert stored == [hashlib.sha256(b"saved again").hexdigest()]


def test_what_is_taken_away_before_it_is_sent_is_withdrawn() -> None:
    for history in every_crash(lambda world, path: world.shares["catalog"].files.pop(path)):
        assert history.changed not in history.contents
        assert history.outcomes(history.changed) in ([Outcome.WITHDRAWN], [])


def test_what_is_back_when_it_is_looked_for_is_sent() -> None:
    """It was renamed and renamed back."""
    away: list[FakeFile] = []

    def rename(world: World, path: str) -> None:
        away.append(world.shares["catalog"].files.pop(path))
        world.at(0.0, lambda world: world.shares["catalog"].files.update({path: away[0]}))

    for history in every_crash(rename):
        away.clear()
        assert history.contents == FILES
        assert history.outcomes(history.changed) == [Outcome.STORED]


def test_what_the_server_may_have_had_keeps_its_row_when_it_changes_before_it_is_sent_again() -> None:
    """Its first job was refused for now and may have been taken all the same; when it turns up, somebody is told."""
    given = settings(files_per_post=1)
    seldom = replace(given.folders[0], on_success=OnSuccess.KEEP, rescan_s=3600.0, poll_s=3600.0)
    world = World(replace(given, folders=(seldom,)))
    catalog = world.shares["catalog"]

    def weather(request: PostRequest) -> str:
        if any(asked.startswith("post") for asked in world.server.requests):
            return "ok"
        catalog.drop("a.jpg", b"saved again")
        return "busy"

    world.weather = weather
    catalog.drop("a.jpg", b"one")
    world.run(quiet_end_s=7200.0)
    (ghost,) = (job for job in world.ledger.jobs.values() if job.state is JobState.GHOST)

    def turn_up(world: World) -> None:
        late = ModelJob("j|late", ghost.name, overwrite=True, last_post_s=world.clock.monotonic())
        world.server.jobs[late.handle] = late

    world.at(0.0, turn_up)
    world.at(3700.0, lambda world: None)  # it is asked for once an hour
    world.run()
    first, *_, last = sorted(world.ledger.drops.values(), key=lambda drop: drop.id)
    assert (first.outcome, first.possible_second_copy) == (Outcome.FAILED, True)
    assert last.outcome is Outcome.STORED


def test_what_is_saved_again_while_the_daemon_is_down_is_sent_before_the_next_rescan() -> None:
    """The scan at the start finds at its path what was sent from there and has no outcome yet."""

    def save_again(world: World) -> None:
        world.shares["catalog"].drop("a.jpg", b"saved again")

    given = settings()
    seldom = replace(given.folders[0], on_success=OnSuccess.KEEP, rescan_s=3600.0, poll_s=3600.0)
    row = begin("a.jpg", configured=replace(given, folders=(seldom,)))
    is_sent = committed(lambda world: any(job.state is JobState.ENDED for job in world.ledger.jobs.values()))
    play(row, ends=is_sent, while_down=save_again)
    assert [drop.outcome for drop in row.drops] == [Outcome.STORED, Outcome.UPDATED]
    assert row.world.clock.monotonic() - row.posts[0][0] < 600.0
