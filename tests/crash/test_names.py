"""
Names in options: what the server does not know, or does not tell, holds only the files that need it, and loses none.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hotfolder.core.catalogue import Shelf
from hotfolder.core.model import DropState
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import FolderSettings, Settings, UploadSettings
from hotfolder.ports import PostRequest
from hotfolder.testing.simulation import World
from tests.crash.histories import check, settings

NOT_ALLOWED = Trouble(kind=Kind.PERMANENT, text="the server does not tell about projects: fault 20003", code=20003)
BROKEN = Trouble(kind=Kind.TRANSIENT, text="HTTP 500", status=500)
NOBODY = Trouble(kind=Kind.TRANSIENT, text="no route", reached=False)


def named(*projects: str, **changes: object) -> Settings:
    """Return settings of two hot folders, of which `catalog` puts its files into projects."""
    given = settings()
    catalog = replace(given.folders[0], poll_s=20.0, options={**given.folders[0].options, **in_projects(*projects)})
    plain = replace(given.folders[0], name="plain", path=Path("/plain"), poll_s=20.0)
    return replace(given, folders=(catalog, plain), **changes)  # type: ignore[arg-type]


def in_projects(*names: str) -> dict[str, object]:
    return {"projectHandleArray": list(names)}


def renamed(given: Settings, *projects: str) -> Settings:
    """Return the settings with other projects."""
    catalog: FolderSettings = given.folders[0]
    changed = replace(catalog, options={**catalog.options, **in_projects(*projects)})
    return replace(given, folders=(changed, *given.folders[1:]))


def make(world: World, *projects: str) -> None:
    """Make projects on the server."""
    for server in world.servers.values():
        server.shelves[Shelf.PROJECTS] = {name: f"p|1|{name}" for name in projects}


def drop(world: World, folder: str, *names: str) -> dict[str, bytes]:
    dropped = {name: f"{folder} {name}".encode() for name in names}
    for path, content in dropped.items():
        world.shares[folder].drop(path, content)
    return dropped


def projects_of(world: World, asset: str) -> set[str]:
    return world.servers["default"].assets[asset].projects


def told(world: World, event: str) -> list[str]:
    """Return what was told under one name of a log event."""
    return [
        str(notice.fields.get("reason", notice.fields["what"])) for notice in world.notices if notice.event == event
    ]


def questions(world: World) -> int:
    return world.servers["default"].requests.count("list projects")


def test_files_get_into_the_project_that_the_options_name() -> None:
    world = World(named("Spring", "Autumn"))
    make(world, "Spring", "Autumn", "Winter")
    dropped = drop(world, "catalog", "a.jpg", "b.jpg", "c.jpg")
    others = drop(world, "plain", "x.jpg")
    world.run()
    check(world, dropped)
    check(world, others, folder="plain")
    assert projects_of(world, "a") == {"p|1|Spring", "p|1|Autumn"}
    assert projects_of(world, "x") == set()
    assert questions(world) == 1
    assert told(world, "names.unknown") == []


def test_the_ledger_keeps_names_and_no_handles() -> None:
    """Handles are true for one run only (PROTOCOL 2.7)."""
    world = World(named("Spring"))
    make(world, "Spring")
    drop(world, "catalog", "a.jpg")
    world.run()
    kept = {job.options for job in world.ledger.jobs.values()} | {drop.options for drop in world.ledger.drops.values()}
    assert kept
    assert all('"Spring"' in options and "p|1|Spring" not in options for options in kept)


def test_a_name_that_nobody_knows_holds_only_its_own_files_until_it_is_there() -> None:
    world = World(named("Sprng"))
    make(world, "Spring")
    dropped = drop(world, "catalog", "a.jpg", "b.jpg")
    others = drop(world, "plain", "x.jpg", "y.jpg")

    def look(world: World) -> None:
        assert world.ledger.drops
        states = {drop.path: drop.state for drop in world.ledger.drops.values()}
        assert states["a.jpg"] is states["b.jpg"] is DropState.READY
        assert states["x.jpg"] is states["y.jpg"] is DropState.FILED
        assert not any(path.startswith("_working") for path in world.shares["catalog"].files)

    world.at(400, look)
    world.at(600, lambda world: make(world, "Spring", "Sprng"))
    world.run(quiet_end_s=900)
    check(world, dropped)
    check(world, others, folder="plain")
    assert projects_of(world, "a") == {"p|1|Sprng"}
    assert told(world, "names.unknown") == ['the project "Sprng" is not known to the server; the nearest is "Spring"']
    assert told(world, "names.known") == ['project "Sprng"']
    assert 8 <= questions(world) <= 13  # once a minute for ten minutes


def test_the_right_name_in_new_settings_lets_the_files_go_at_once() -> None:
    world = World(named("Sprng"))
    make(world, "Spring")
    dropped = drop(world, "catalog", "a.jpg")
    world.at(200, lambda world: world.reload(renamed(world.settings, "Spring")))
    filed: list[bool] = []
    world.at(230, lambda world: filed.append("_done/2026-03-01/a.jpg" in world.shares["catalog"].files))
    world.run()
    check(world, dropped)
    assert projects_of(world, "a") == {"p|1|Spring"}
    assert filed == [True]


@pytest.mark.parametrize("trouble", [NOT_ALLOWED, BROKEN], ids=["not allowed", "broken"])
def test_a_list_that_is_not_given_holds_only_the_files_that_need_it_and_is_told_once(trouble: Trouble) -> None:
    world = World(named("Spring"))
    make(world, "Spring")
    world.servers["default"].untold[Shelf.PROJECTS] = trouble
    dropped = drop(world, "catalog", "a.jpg")
    others = drop(world, "plain", "x.jpg")
    filed: list[bool] = []
    world.at(60, lambda world: filed.append("_done/2026-03-01/x.jpg" in world.shares["plain"].files))
    world.at(3000, lambda world: world.servers["default"].untold.clear())
    world.run(quiet_end_s=4500)
    check(world, dropped)
    check(world, others, folder="plain")
    assert filed == [True]
    assert told(world, "names.unknown") == [trouble.text]
    assert told(world, "names.known") == ["projects"]
    assert not [notice for notice in world.notices if notice.event.startswith("server.")]
    assert questions(world) <= (6 if trouble is NOT_ALLOWED else 60)


def test_a_server_that_does_not_answer_for_its_names_is_told_as_down_once() -> None:
    world = World(named("Spring"))
    make(world, "Spring")
    world.servers["default"].untold[Shelf.PROJECTS] = NOBODY
    dropped = drop(world, "catalog", "a.jpg")
    world.at(100, lambda world: world.servers["default"].untold.clear())
    world.run(quiet_end_s=400)
    check(world, dropped)


def test_a_project_that_is_taken_away_while_the_daemon_runs_fails_no_file() -> None:
    """The first job finds out that its handle is no more; nothing of it is called failed for that."""
    world = World(named("Spring"))
    make(world, "Spring")
    first = drop(world, "catalog", "a.jpg")
    late: dict[str, bytes] = {}

    def take_away(world: World) -> None:
        make(world, "Winter")
        late.update(drop(world, "catalog", "b.jpg", "c.jpg", "d.jpg"))

    world.at(100, take_away)
    world.at(400, lambda world: make(world, "Winter", "Spring"))
    world.run(quiet_end_s=700)
    check(world, {**first, **late})
    assert projects_of(world, "d") == {"p|1|Spring"}
    assert told(world, "names.unknown") == ['the project "Spring" is not known to the server; known are "Winter"']


def test_claimed_files_whose_project_is_no_more_follow_new_settings() -> None:
    """They cannot go on under the settings they were claimed with, and nothing of them was ever sent."""
    world = World(named("Spring"))
    make(world, "Spring")
    first = drop(world, "catalog", "a.jpg")
    late: dict[str, bytes] = {}

    def take_away(world: World) -> None:
        make(world, "Winter")
        late.update(drop(world, "catalog", "b.jpg", "c.jpg"))

    claimed: list[bool] = []

    def look(world: World) -> None:
        claimed.append(any(path.startswith("_working") for path in world.shares["catalog"].files))

    world.at(100, take_away)
    world.at(300, look)
    world.at(400, lambda world: world.reload(renamed(world.settings, "Winter")))
    world.run()
    check(world, {**first, **late})
    assert claimed == [True]
    assert projects_of(world, "c") == {"p|1|Winter"}


def test_a_file_that_the_server_refuses_for_itself_still_fails() -> None:
    """Names that are looked up again and still the same are not to blame."""
    world = World(named("Spring"), weather=lambda request: "poison")
    make(world, "Spring")
    world.shares["catalog"].drop("bad.jpg", b"poison")
    dropped = {"bad.jpg": b"poison"} | drop(world, "catalog", "a.jpg")
    world.run()
    check(world, dropped, failed=frozenset({"bad.jpg"}))
    assert any(path.startswith("_failed/bad.jpg") for path in world.shares["catalog"].files)
    assert projects_of(world, "a") == {"p|1|Spring"}


def restarted_with_a_claimed_job(world: World) -> dict[str, bytes]:
    """Have the daemon end when its first POST did not get through; the job is still to be opened then."""
    dropped = drop(world, "catalog", "a.jpg", "b.jpg")

    def weather(request: PostRequest) -> str:
        if world.crashes or world.perils.crash_at:
            return "ok"
        world.perils.crash_at = world.perils.steps + 2  # once that is in the ledger
        return "not sent"

    world.weather = weather
    return dropped


@pytest.mark.parametrize("how", ["not given", "hangs"])
def test_a_claimed_job_that_waits_for_its_names_after_a_restart_holds_up_no_other(how: str) -> None:
    world = World(named("Spring", upload=UploadSettings(parallel_jobs=1)))
    make(world, "Spring")
    dropped = restarted_with_a_claimed_job(world)
    others: dict[str, bytes] = {}
    seen: list[tuple[bool, bool]] = []

    def withhold(world: World) -> None:
        if how == "hangs":
            world.hanging.add("names default")
        else:
            world.servers["default"].untold[Shelf.PROJECTS] = BROKEN

    def give(world: World) -> None:
        world.hanging.clear()
        world.servers["default"].untold.clear()

    def look(world: World) -> None:
        others_done = "_done/2026-03-01/x.jpg" in world.shares["plain"].files
        mine_claimed = any(path.startswith("_working") for path in world.shares["catalog"].files)
        seen.append((others_done, mine_claimed))

    world.at(3, withhold)
    world.at(10, lambda world: others.update(drop(world, "plain", "x.jpg")))
    world.at(100, look)
    world.at(600, give)
    world.at(700, look)
    world.run(quiet_end_s=700)
    assert world.crashes == 1
    assert seen == [(True, True), (True, False)]
    check(world, dropped)
    check(world, others, folder="plain")
    assert projects_of(world, "a") == {"p|1|Spring"}


def test_a_claimed_job_keeps_the_names_it_was_claimed_with() -> None:
    """Though nothing else names them any more, they are looked up for it."""
    world = World(named("Spring"))
    make(world, "Spring")
    dropped = restarted_with_a_claimed_job(world)
    weather = world.weather

    def new_settings_at_the_restart(request: PostRequest) -> str:
        world.settings = renamed(world.settings)  # no project at all
        return weather(request)

    world.weather = new_settings_at_the_restart
    world.run()
    assert world.crashes == 1
    check(world, dropped)
    assert projects_of(world, "a") == {"p|1|Spring"}


def test_a_claimed_job_whose_project_is_no_more_after_a_restart_follows_new_settings() -> None:
    world = World(named("Spring", upload=UploadSettings(parallel_jobs=1)))
    make(world, "Spring")
    dropped = restarted_with_a_claimed_job(world)
    others: dict[str, bytes] = {}
    world.at(3, lambda world: make(world, "Winter"))
    world.at(10, lambda world: others.update(drop(world, "plain", "x.jpg")))
    world.at(300, lambda world: world.reload(renamed(world.settings, "Winter")))
    world.run(quiet_end_s=400)
    assert world.crashes == 1
    check(world, dropped)
    check(world, others, folder="plain")
    assert projects_of(world, "a") == {"p|1|Winter"}


def test_handles_that_changed_while_the_server_was_away_are_not_used_after_it() -> None:
    world = World(named("Spring"))
    make(world, "Spring")
    first = drop(world, "catalog", "a.jpg")
    late: dict[str, bytes] = {}
    began_s = world.clock.monotonic()
    world.line = lambda name, now_s: NOBODY if 100 < now_s - began_s < 300 else None

    def change(world: World) -> None:
        world.servers["default"].shelves[Shelf.PROJECTS] = {"Spring": "p|9|Spring"}
        late.update(drop(world, "catalog", "b.jpg"))

    world.at(150, change)
    world.run(quiet_end_s=500)
    check(world, first | late)
    assert projects_of(world, "b") == {"p|9|Spring"}
    assert not [notice for notice in world.notices if "no such project" in str(notice.fields)]


def test_nothing_more_is_to_be_done_while_a_name_is_missing() -> None:
    """A single pass ends then, also if other files wait behind those that become the same asset."""
    world = World(named("Sprng"))
    make(world, "Spring")
    drop(world, "catalog", "a.jpg")
    world.at(10, lambda world: drop(world, "plain", "a.jpg").clear())
    world.run(quiet_end_s=60)
    assert world.clock.monotonic() < 1000.0 + 150.0
    assert {(drop.folder, drop.state) for drop in world.ledger.drops.values()} == {
        ("catalog", DropState.READY),
        ("plain", DropState.READY),
    }


def history(*, crash_at: int | None, seed: int = 0) -> World:
    """Play a history in which a name is missing, appears, and is no more for a while."""
    world = World(named("Spring"), seed=seed)
    world.perils.crash_at = crash_at
    make(world, "Winter")
    dropped = drop(world, "catalog", "a.jpg", "b.jpg")
    others = drop(world, "plain", "x.jpg")
    late: dict[str, bytes] = {}

    def take_away(world: World) -> None:
        make(world, "Winter")
        late.update(drop(world, "catalog", "c.jpg"))

    world.at(70, lambda world: make(world, "Winter", "Spring"))
    world.at(200, take_away)
    world.at(400, lambda world: make(world, "Winter", "Spring"))
    world.run(quiet_end_s=700)
    check(world, {**dropped, **late})
    check(world, others, folder="plain")
    assert projects_of(world, "c") == {"p|1|Spring"}
    return world


def test_a_crash_at_any_step_loses_nothing_while_names_come_and_go() -> None:
    steps = history(crash_at=None).perils.steps
    for step in range(1, steps + 1):
        world = history(crash_at=step, seed=step)
        assert world.crashes == 1 or world.perils.steps < step  # another order may take fewer steps
