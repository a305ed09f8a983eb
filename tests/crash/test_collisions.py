"""Two hot folders whose files become one asset: told before anything is sent, and one after the other."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.core.settings import Settings
from hotfolder.testing.simulation import World
from tests.crash.histories import server, settings


def two_folders(**changes: object) -> Settings:
    given = settings(receipts=True, files_per_post=20)
    archive = replace(given.folders[0], name="archive", path=Path("/archive"), **changes)  # type: ignore[arg-type]
    return replace(given, folders=(*given.folders, archive))


def by_path(world: World) -> dict[str, Drop]:
    return {f"{drop.folder}/{drop.path}": drop for drop in world.ledger.drops.values()}


def colliding(crash_at: int | None = None) -> World:
    world = World(two_folders())
    world.shares["catalog"].drop("a/chair.psd", b"one")
    world.shares["archive"].drop("b/chair.jpg", b"two")
    world.shares["archive"].drop("stool.jpg", b"three")
    world.perils.crash_at = crash_at
    world.run()
    return world


def check(world: World) -> None:
    found = by_path(world)
    psd, jpg = found["catalog/a/chair.psd"], found["archive/b/chair.jpg"]
    first, second = sorted((psd, jpg), key=lambda drop: drop.id)
    assert {drop.state for drop in found.values()} == {DropState.FILED}
    assert second.caution.startswith('it gets the name "chair" online')
    assert first.caution == found["archive/stool.jpg"].caution == ""
    assert first.job != second.job
    assert first.stored_at is not None
    assert world.ledger.jobs[second.job or 0].created_at >= first.stored_at
    assert (first.outcome, second.outcome) == (Outcome.STORED, Outcome.UPDATED)
    versions = world.server.assets["chair"].contents
    contents = {psd.id: b"one", jpg.id: b"two"}
    assert versions[-1] == hashlib.sha256(contents[second.id]).hexdigest()


def test_two_folders_that_collide_are_told_and_go_one_after_the_other_wherever_a_crash_comes() -> None:
    world = colliding()
    check(world)
    for step in range(1, world.perils.steps + 1, 3):
        check(colliding(step))


def test_a_collision_is_told_once_and_before_anything_is_sent() -> None:
    told = [notice for notice in colliding().notices if "caution" in notice.fields]
    (notice,) = told
    assert (notice.event, notice.level) == ("drop.ready", "warning")


def test_a_file_that_takes_the_place_of_one_stored_long_ago_is_told_where_that_came_from() -> None:
    world = World(two_folders())
    world.shares["catalog"].drop("a/chair.psd", b"one")
    world.run()
    world.shares["archive"].drop("chair.jpg", b"two")
    world.run()
    world.shares["archive"].drop("chair.jpg", b"a newer version of the same file")
    world.run()
    first, second, third = sorted(world.ledger.drops.values(), key=lambda drop: drop.id)
    assert (first.caution, third.caution) == ("", "")
    assert second.caution == (
        'it gets the name "chair" online, which "a/chair.psd" of the hot folder catalog has already'
    )
    receipt = world.shares["archive"].files["_done/2026-03-01/chair.jpg.receipt.toml"].content.decode()
    assert 'which \\"a/chair.psd\\" of the hot folder catalog has already' in receipt


def test_names_that_differ_in_case_only_are_two_assets_and_told_so() -> None:
    world = World(settings())
    world.shares["catalog"].drop("Chair.jpg", b"one")
    world.shares["catalog"].drop("chair.jpg", b"two")
    world.run()
    assert set(world.server.assets) == {"Chair", "chair"}
    cautions = [drop.caution for drop in world.ledger.drops.values() if drop.caution]
    assert len(cautions) == 1
    assert "two different ones online" in cautions[0]


def test_folders_of_two_companies_do_not_collide() -> None:
    given = two_folders(server="archive")
    world = World(replace(given, servers=(server(), server("archive"))))
    world.shares["catalog"].drop("chair.psd", b"one")
    world.shares["archive"].drop("chair.jpg", b"two")
    world.run()
    assert [drop.caution for drop in world.ledger.drops.values()] == ["", ""]
