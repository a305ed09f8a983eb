"""Hot folders share the places of a server: one that has much to send keeps no other waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from hotfolder.core.model import Drop
from hotfolder.core.settings import Settings
from hotfolder.core.turns import weight
from hotfolder.ports import PostRequest
from hotfolder.testing.simulation import START, World
from tests.crash.histories import check, settings

POST_S = 1.0  # the virtual time that every POST takes


def folders(priorities: Mapping[str, int], *, places: int, files_per_post: int = 20, max_files: int = 1000) -> Settings:
    """Return settings of hot folders with these priorities that share so many places."""
    given = settings(files_per_post=files_per_post, first_run_limit=0)
    catalog = replace(given.folders[0], poll_s=2)
    return replace(
        given,
        folders=tuple(
            replace(catalog, name=name, path=Path(f"/{name}"), priority=priority)
            for name, priority in priorities.items()
        ),
        upload=replace(given.upload, parallel_jobs=places),
        batch=replace(given.batch, max_files=max_files),
        recovery=replace(given.recovery, job_timeout_s=1800.0),
    )


def fill(world: World, folder: str, files: int) -> dict[str, bytes]:
    """Have files lie in a hot folder; return them."""
    dropped = {f"{folder}{number}.jpg": b"%s %d" % (folder.encode(), number) for number in range(files)}
    world.shares[folder].chunk = 1000
    for path, content in dropped.items():
        world.shares[folder].drop(path, content)
    return dropped


def took_s(drop: Drop) -> float:
    """Return how long a drop took from being complete to its place."""
    assert drop.ready_at is not None
    assert drop.filed_at is not None
    return (drop.filed_at - drop.ready_at).total_seconds()


@pytest.mark.parametrize("places", [1, 2])
def test_one_file_beside_thousands_in_another_hot_folder_is_stored_within_ten_seconds(places: int) -> None:
    world = World(folders({"crowd": 0, "single": 0}, places=places), seed=places, post_s=POST_S)
    crowd = fill(world, "crowd", 1500 * places)
    singles = {f"one{number}.jpg": b"single %d" % number for number in range(3)}
    for number, (path, content) in enumerate(singles.items()):
        world.at(22.0 + 13.0 * number, _dropping(path, content))
    world.run()
    check(world, crowd, folder="crowd")
    check(world, singles, folder="single")
    drops = list(world.ledger.drops.values())
    found = {drop.path: took_s(drop) for drop in drops if drop.folder == "single"}
    assert max(found.values()) <= 10.0 + world.settings.batch.linger_s, found
    last = max(drop.filed_at for drop in drops if drop.folder == "crowd" and drop.filed_at is not None)
    assert (last - START).total_seconds() > 60.0, "all of them came beside the crowd"


def _dropping(path: str, content: bytes) -> Callable[[World], None]:
    def drop(world: World) -> None:
        world.shares["single"].drop(path, content)

    return drop


@pytest.mark.parametrize("priority", [0, 3, -1])
def test_priority_gives_more_posts_and_starves_nobody(priority: int) -> None:
    world = World(
        folders({"first": priority, "other": 0}, places=1, files_per_post=1, max_files=20), seed=priority, post_s=POST_S
    )
    order: list[str] = []  # whose POSTs, as they came

    def weather(request: PostRequest) -> str:
        order.extend("first" if file.header_name.startswith("first") else "other" for file in request.files)
        return "ok"

    world.weather = weather
    dropped = {name: fill(world, name, 160) for name in ("first", "other")}
    world.run()
    for name, files in dropped.items():
        check(world, files, folder=name)
    last = min(len(order) - 1 - order[::-1].index(name) for name in ("first", "other"))  # then one is done
    both = order[20 : last + 1]
    share = both.count("first") / both.count("other")
    assert 0.8 * weight(priority) <= share <= 1.25 * weight(priority), share


def test_a_new_priority_holds_from_the_next_post_on() -> None:
    given = folders({"first": 0, "other": 0}, places=1, files_per_post=1, max_files=20)
    world = World(given, seed=5, post_s=POST_S)
    order: list[str] = []

    def weather(request: PostRequest) -> str:
        order.extend("first" if file.header_name.startswith("first") else "other" for file in request.files)
        if len(order) == 60:
            first, other = given.folders
            world.reload(replace(given, folders=(replace(first, priority=4), other)))
        return "ok"

    world.weather = weather
    for name in ("first", "other"):
        fill(world, name, 120)
    world.run()
    assert 18 <= order[20:60].count("first") <= 22
    assert 30 <= order[64:104].count("first") <= 34  # four of five


def test_trouble_halves_what_goes_side_by_side_and_it_comes_back_by_and_by() -> None:
    """The check of the simulation sees to it that there are never more POSTs than places."""
    world = World(folders({"crowd": 0}, places=4, files_per_post=1, max_files=20), seed=1, post_s=POST_S)
    began_s = world.clock.monotonic()
    limits: list[tuple[float, int]] = []

    def weather(request: PostRequest) -> str:
        assert world.coordinator is not None
        at_s, limit = world.clock.monotonic() - began_s, next(iter(world.coordinator.connections.values())).parallelism
        limits.append((at_s, limit.limit))
        return "busy" if 40 <= at_s < 45 or 80 <= at_s < 85 else "ok"

    world.weather = weather
    crowd = fill(world, "crowd", 550)
    world.run()
    check(world, crowd, folder="crowd")
    assert {limit for at_s, limit in limits if at_s < 40} == {4}
    assert {limit for at_s, limit in limits if 50 < at_s < 65} == {2}
    assert min(limit for _, limit in limits) >= 1
    assert limits[-1][1] == 4
    steps = [after - before for (_, before), (_, after) in pairwise(limits)]
    assert max(steps) == 1, "one more at a time"
    told = [notice for notice in world.notices if notice.event.startswith("uploads.")]
    assert [notice.event for notice in told].count("uploads.restored") == 1
    assert dict(told[0].fields) == {"parallel": 2, "of": 4, "reason": "HTTP 503"}
    assert told[-1].event == "uploads.restored"


def test_a_refused_file_is_no_trouble_of_the_server() -> None:
    world = World(folders({"crowd": 0}, places=2), weather=lambda request: "poison")
    crowd = fill(world, "crowd", 30)
    world.shares["crowd"].drop("bad.jpg", b"poison!")
    world.run()
    check(world, crowd | {"bad.jpg": b"poison!"}, failed=frozenset({"bad.jpg"}), folder="crowd")
    assert not [notice for notice in world.notices if notice.event.startswith("uploads.")]
