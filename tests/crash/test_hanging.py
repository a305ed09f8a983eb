"""A share that begins to hang in the middle of work holds up no other folder, and what was under way there goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hotfolder.core.settings import Settings
from hotfolder.core.stalls import STALL_S
from hotfolder.testing.perils import Perils
from hotfolder.testing.simulation import START, World
from tests.crash.histories import check, settings

SOON_S = STALL_S + 30.0
"""What a folder that does not hang needs at most from a drop on: it is polled, settles, lingers and is worked on."""

DROPPED_S = 40.0  # when the other folder gets its files: the one that hangs may have begun by then
AFTER_S = 400.0  # when the share answers again


class HangingPerils(Perils):
    """Has a share hang from a step on, whatever it is at."""

    def __init__(self, step: int, begin: Callable[[], None]) -> None:
        super().__init__()
        self._step = step
        self._begin = begin

    def tick(self, what: str) -> None:
        """Take one step."""
        super().tick(what)
        if self.steps == self._step:
            self._begin()


def two_folders(places: int) -> Settings:
    """Return settings of a folder that will hang and one that will not, and so many places for both."""
    given = settings(files_per_post=1)
    catalog = replace(given.folders[0], poll_s=2)
    press = replace(catalog, name="press", path=Path("/press"))
    return replace(
        given,
        folders=(catalog, press),
        upload=replace(given.upload, parallel_jobs=places),
        batch=replace(given.batch, max_files=2),  # of the one that hangs there are two jobs
    )


def play(places: int, step: int) -> World:
    """Let the first folder hang at a step of its work; the other one gets its files a little later."""
    world = World(two_folders(places), seed=step)
    catalog, press = world.shares["catalog"], world.shares["press"]
    world.perils = HangingPerils(step, lambda: setattr(catalog, "hangs", True))
    hanging = {f"c{number}.jpg": b"catalog %d" % number for number in range(4)}
    good = {f"p{number}.jpg": b"press %d" % number for number in range(3)}
    for path, content in hanging.items():
        catalog.drop(path, content)

    def drop_good(world: World) -> None:
        for path, content in good.items():
            press.drop(path, content)

    world.at(DROPPED_S, drop_good)
    world.at(AFTER_S, lambda world: setattr(catalog, "hangs", False))
    world.run()
    check(world, hanging)
    check(world, good, folder="press")
    return world


@pytest.mark.parametrize("places", [1, 2])
def test_a_share_that_hangs_at_any_step_holds_up_no_other_folder(places: int) -> None:
    steps = play(places, 0).perils.steps
    for step in range(1, steps + 1):
        world = play(places, step)
        for drop in world.ledger.drops.values():
            if drop.folder == "press" and drop.filed_at is not None:
                took_s = (drop.filed_at - START).total_seconds() - DROPPED_S
                assert took_s < SOON_S, (step, drop.path, took_s)
