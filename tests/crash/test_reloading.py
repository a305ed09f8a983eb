"""New settings in the middle of work, with and without a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hotfolder.core.model import Outcome
from hotfolder.core.settings import FolderSettings, OnSuccess, Settings
from hotfolder.testing.simulation import World
from tests.crash.histories import OPTIONS, check, settings

DROPPED = {f"p{number}.jpg": b"content %d" % number for number in range(4)}


def started(crash_at: int | None = None, **changes: object) -> World:
    """Return a world with four files in its one folder."""
    world = World(settings(**changes))  # type: ignore[arg-type] # the keywords of settings, passed on
    for path, content in DROPPED.items():
        world.shares["catalog"].drop(path, content)
    world.perils.crash_at = crash_at
    return world


def reloading(new: Settings) -> Callable[[World], None]:
    """Return a deed that has new settings taken."""
    return lambda world: world.reload(new)


def without_catalog() -> Settings:
    """Return settings in which another folder has taken the place of the first."""
    archive = FolderSettings(name="archive", path=Path("/archive"), include=("*",), options=OPTIONS)
    return replace(settings(), folders=(archive,))


@pytest.mark.parametrize("after_s", [5.2, 7.2, 7.5, 9.0])
def test_a_removed_folders_claimed_drops_are_finished_and_the_rest_stays_in_place(after_s: float) -> None:
    world = started()
    world.at(after_s, reloading(without_catalog()))
    world.run()
    share = world.shares["catalog"].files
    unclaimed = [path for path in DROPPED if path in share]
    filed = [path for path in DROPPED if f"_done/2026-03-01/{path}" in share]
    assert sorted([*unclaimed, *filed]) == sorted(DROPPED)
    assert len(world.server.assets) == len(filed)
    assert not world.ledger.unfinished().drops


@pytest.mark.parametrize("crash_at", range(10, 46, 3))
def test_after_a_crash_a_removed_folders_claimed_drops_are_finished_from_the_ledger(crash_at: int) -> None:
    world = started(crash_at)
    world.settings = settings()
    world.at(7.1, reloading(without_catalog()))
    world.run()
    share = world.shares["catalog"].files
    assert not [path for path in share if path.startswith("_working/")], sorted(share)
    assert not world.ledger.unfinished().drops
    contents = sorted(file.content for file in share.values())
    assert contents == sorted(DROPPED.values())


def test_ready_drops_follow_new_rules_and_claimed_ones_keep_theirs() -> None:
    world = started()
    folder = settings().folders[0]
    masked = replace(folder, options={**OPTIONS, "createMask": True})
    world.at(6.0, reloading(replace(settings(), folders=(masked,))))  # settled, and waiting for their batch
    world.run()
    check(world, DROPPED)
    assert all(json.loads(job.options)["createMask"] is True for job in world.ledger.jobs.values())


def test_a_new_folder_is_worked_through() -> None:
    world = started()
    archive = FolderSettings(name="archive", path=Path("/archive"), include=("*",), options=OPTIONS)
    world.at(20.0, reloading(replace(settings(), folders=(settings().folders[0], archive))))
    world.at(25.0, _drop_into_archive)
    world.run(quiet_end_s=700.0)
    assert "_done/2026-03-01/old.jpg" in world.shares["archive"].files


def _drop_into_archive(world: World) -> None:
    world.shares["archive"].drop("old.jpg", b"old")


def test_kept_originals_stay_and_are_not_sent_again() -> None:
    world = World(replace(settings(), folders=(replace(settings().folders[0], on_success=OnSuccess.KEEP),)))
    world.shares["catalog"].drop("a.jpg", b"one")
    world.run(quiet_end_s=1000.0)  # several rescans
    assert list(world.shares["catalog"].files) == ["a.jpg"]
    (drop,) = world.ledger.drops.values()
    assert drop.outcome is Outcome.STORED
    world.shares["catalog"].drop("a.jpg", b"two")  # a new version under the same name
    world.run(quiet_end_s=2000.0)
    assert [drop.outcome for drop in world.ledger.drops.values()] == [Outcome.STORED, Outcome.UPDATED]


def test_deleted_originals_are_deleted_only_when_they_are_stored() -> None:
    folder = replace(settings().folders[0], on_success=OnSuccess.DELETE)
    world = World(replace(settings(), folders=(folder,)), weather=lambda request: "poison")
    world.shares["catalog"].drop("good.jpg", b"good")
    world.shares["catalog"].drop("bad.jpg", b"poison")
    world.run()
    assert sorted(world.shares["catalog"].files) == ["_failed/bad.jpg", "_failed/bad.jpg - NOT SENT.txt"]
