"""The ledger is lost, or an older copy of it comes back: what lay in `_working` is found by those who dropped it."""

from __future__ import annotations

from hotfolder.core.model import DropState, Outcome
from hotfolder.testing.ledger import FakeLedger
from hotfolder.testing.simulation import World
from tests.crash.histories import settings


def test_whatever_the_moment_at_which_the_ledger_is_lost_every_file_lies_where_people_find_it() -> None:
    dropped = {"a.jpg": b"one", "spring/b.jpg": b"two", "spring/c.jpg": b"three"}
    crash_at, orphans = 0, 0
    while True:
        crash_at += 1
        world = World(settings())
        for path, content in dropped.items():
            world.shares["catalog"].drop(path, content)
        world.perils.crash_at = crash_at
        world.run(after_crash=lambda world: setattr(world, "ledger", FakeLedger()))
        files = world.shares["catalog"].files
        for path, content in dropped.items():
            places = [place for place, file in files.items() if file.content == content]
            assert len(places) == 1, (crash_at, places)
            if places[0] == f"_check/{path}":
                orphans += 1
                assert f"_check/{path} - PLEASE CHECK.txt" in files
            else:
                assert places[0].startswith("_done/"), (crash_at, places)
        assert all(drop.state is DropState.FILED for drop in world.ledger.drops.values())
        assert {drop.outcome for drop in world.ledger.drops.values()} <= {
            Outcome.STORED,
            Outcome.UPDATED,
            Outcome.UNKNOWN,
        }
        if not world.crashes:
            break
    assert orphans > 10
