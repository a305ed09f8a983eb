"""Originals that stay where they were dropped, while their droppers go on working with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from hotfolder.core.model import Outcome
from hotfolder.core.settings import OnSuccess
from hotfolder.ports import PostRequest
from hotfolder.testing.files import FakeFile
from hotfolder.testing.simulation import World
from tests.crash.histories import settings

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
        self.world.run(quiet_end_s=30.0)  # the change is found by a rescan at the latest

    def _weather(self, request: PostRequest) -> str:
        if not self.changed:
            self.changed = next(path for path in FILES if path != request.files[0].header_name)
            self._change(self.world, self.changed)
        return "ok"

    @property
    def contents(self) -> dict[str, bytes]:
        """What lies in the folder."""
        return {path: file.content for path, file in self.world.shares["catalog"].files.items()}

    def outcomes(self, path: str) -> list[Outcome | None]:
        """What became of all drops of a path."""
        return [drop.outcome for drop in self.world.ledger.drops.values() if drop.path == path]


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
        assert history.outcomes(history.changed) == [Outcome.WITHDRAWN]


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
