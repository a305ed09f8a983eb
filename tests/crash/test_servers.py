"""Several companies: one that is down or refuses us holds up no other, and crashes lose nothing at either."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.leftovers import gone_servers
from hotfolder.core.model import DropState, JobState
from hotfolder.core.server import Kind, Trouble
from hotfolder.testing.perils import CrashNow
from hotfolder.testing.remote import COMPANY
from hotfolder.testing.simulation import World
from tests.crash.histories import check, server, settings, two_companies

DOWN = Trouble(kind=Kind.TRANSIENT, text="no route", reached=False)
REFUSED = Trouble(kind=Kind.FATAL, text="wrong password", code=10001)


def drop(world: World, *, files: int = 2) -> dict[str, dict[str, bytes]]:
    """Drop files of the same names, but not of the same content, into both hot folders."""
    dropped = {
        folder: {f"photo {number}.jpg": f"{folder} {number}".encode() for number in range(files)}
        for folder in world.shares
    }
    for folder, contents in dropped.items():
        for path, content in contents.items():
            world.shares[folder].drop(path, content)
    return dropped


def check_both(world: World, dropped: dict[str, dict[str, bytes]]) -> None:
    """Check each hot folder against its own server."""
    for folder, server_ in (("catalog", "default"), ("archive", "archive")):
        check(world, dropped[folder], folder=folder, server=server_)


@pytest.mark.parametrize("outage", [DOWN, REFUSED], ids=["down", "refused"])
def test_a_company_in_trouble_holds_up_no_other(outage: Trouble) -> None:
    world = World(two_companies())
    until_s = world.clock.monotonic() + 600.0
    world.line = lambda name, now_s: outage if name == "archive" and now_s < until_s else None
    dropped = drop(world)
    filed_s: list[float] = []

    def look(world: World) -> None:
        done = [path for path in world.shares["catalog"].files if path.startswith("_done/")]
        if len(done) == 4:  # with receipts
            filed_s.append(world.clock.monotonic())
        assert not any(path.startswith("_working/") for path in world.shares["archive"].files)

    for second in range(60, 600, 60):
        world.at(second, look)
    world.run()
    check_both(world, dropped)
    assert filed_s, "the other company had to wait"
    events = [(notice.event, notice.fields.get("server")) for notice in world.notices if "server." in notice.event]
    trouble = "server.refused" if outage is REFUSED else "server.unreachable"
    assert (trouble, "archive") in events
    assert ("server.recovered", "archive") in events
    assert not [event for event in events if event[1] == "default"]


def test_files_of_one_name_do_not_wait_for_each_other_in_two_companies() -> None:
    world = World(two_companies())
    for model in world.servers.values():
        model.work_s = 100.0
    dropped = drop(world, files=1)
    behind: list[int] = []

    def look(world: World) -> None:
        unfinished = world.ledger.unfinished()
        behind.append(sum(known.state is DropState.SENT for known in unfinished.drops))

    world.at(30.0, look)
    world.run()
    check_both(world, dropped)
    assert behind == [2]


@pytest.mark.parametrize("outage", [None, DOWN], ids=["fine", "one down for a while"])
def test_a_crash_at_any_step_loses_nothing_in_either_company(outage: Trouble | None) -> None:
    def play(crash_at: int | None, seed: int) -> World:
        world = World(two_companies(), seed=seed)
        until_s = world.clock.monotonic() + 30.0
        world.line = lambda name, now_s: outage if name == "archive" and now_s < until_s else None
        dropped = drop(world)
        world.perils.crash_at = crash_at
        world.run()
        check_both(world, dropped)
        return world

    steps = play(None, 0).perils.steps
    for step in range(1, steps + 1):
        play(step, step)


def test_drops_that_were_claimed_stay_with_their_server_and_ready_ones_follow_the_settings() -> None:
    world = World(two_companies())
    until_s = world.clock.monotonic() + 300.0
    world.line = lambda name, now_s: DOWN if until_s - 280.0 < now_s < until_s else None
    world.servers["default"].work_s = 10_000.0
    world.shares["catalog"].drop("first.jpg", b"first")

    def moved(world: World) -> None:
        folders = tuple(replace(folder, server="archive") for folder in world.settings.folders)
        world.reload(replace(world.settings, folders=folders))

    def second(world: World) -> None:
        world.shares["catalog"].drop("second.jpg", b"second")

    world.at(25.0, second)
    world.at(200.0, moved)
    world.at(400.0, lambda world: setattr(world.servers["default"], "work_s", 1.0))
    world.run(quiet_end_s=1000.0)
    check(world, {"first.jpg": b"first"})
    check(world, {"second.jpg": b"second"}, server="archive")


def test_a_server_that_is_gone_from_the_settings_is_named_while_files_need_it() -> None:
    world = World(two_companies())
    world.servers["archive"].work_s = 10_000.0
    drop(world)
    seen: list[dict[str, int]] = []

    def look(world: World) -> None:
        without = replace(world.settings, servers=world.settings.servers[:1])
        seen.append(gone_servers(without, world.ledger.unfinished()))
        world.servers["archive"].work_s = 1.0

    world.at(60.0, look)
    world.run()
    assert seen == [{"archive": 2}]
    assert gone_servers(replace(world.settings, servers=world.settings.servers[:1]), world.ledger.unfinished()) == {}


def test_two_servers_that_turn_out_to_be_one_company_do_not_both_work() -> None:
    """Its asset IDs are company-wide: files of one name would get in each other's way unseen."""
    same = replace(server("archive"), soap_url=server().soap_url, company=None, company_handle="c|1")
    given = two_companies()
    world = World(replace(given, servers=(given.servers[0], same)))
    states: list[str] = []

    def look(world: World) -> None:
        coordinator = world.coordinator
        assert isinstance(coordinator, Coordinator)
        states.extend(sorted(connection.state for connection in coordinator.connections.values()))
        world.reload(replace(world.settings, folders=world.settings.folders[:1]))

    world.at(60.0, look)
    world.run()
    assert states == ["ok", "refused"]


def test_a_server_that_comes_with_a_reload_works_and_one_that_goes_is_let_go_of() -> None:
    given = two_companies()
    world = World(replace(given, servers=given.servers[:1], folders=given.folders[:1]))
    world.shares["catalog"].drop("first.jpg", b"first")

    def come(world: World) -> None:
        world.reload(given)
        world.shares["archive"].drop("second.jpg", b"second")

    def go(world: World) -> None:
        assert world.coordinator is not None
        assert world.coordinator.under_way_on("archive") == 0
        folders = tuple(replace(folder, server="default") for folder in given.folders)
        world.reload(replace(given, servers=given.servers[:1], folders=folders))
        world.shares["archive"].drop("third.jpg", b"third")

    world.at(60.0, come)
    world.at(120.0, go)
    world.run(quiet_end_s=600.0)
    check(world, {"first.jpg": b"first"})
    check(world, {"second.jpg": b"second"}, folder="archive", server="archive")
    check(world, {"third.jpg": b"third"}, folder="archive")
    assert world.coordinator is not None
    assert list(world.coordinator.connections) == ["default"]


def test_a_ghost_of_a_server_that_is_gone_is_asked_for_no_more() -> None:
    """A day is long to keep a table in the settings for the sake of a warning."""
    given = two_companies()
    lost = iter(["swallow before"])
    world = World(given, weather=lambda request: next(lost, "ok"))
    world.shares["archive"].drop("lost.jpg", b"lost")
    world.run()
    check(world, {"lost.jpg": b"lost"}, folder="archive", server="archive")
    ghosts = [job for job in world.ledger.unfinished().jobs if job.state is JobState.GHOST]
    assert [ghost.server for ghost in ghosts] == ["archive"]
    folders = tuple(replace(folder, server="default") for folder in given.folders)
    world.settings = replace(given, servers=given.servers[:1], folders=folders)
    world.run()
    assert not world.ledger.unfinished().jobs


def test_another_company_under_the_same_name_is_refused_while_files_are_at_the_former_one() -> None:
    """It could not be asked what became of them (PROTOCOL 2.7: handles belong to a company)."""
    world = World(settings())
    world.server.work_s = 10_000.0
    world.shares["catalog"].drop("a.jpg", b"one")
    errors: list[str | None] = []

    def leave(world: World) -> None:
        world.server.company = replace(COMPANY, handle="c|2", name="Other Co")
        raise CrashNow

    def look(world: World) -> None:
        assert world.coordinator is not None
        connection = world.coordinator.connections["default"]
        errors.append(connection.error if connection.state == "refused" else None)
        world.server.company = COMPANY
        world.server.work_s = 1.0

    world.at(30.0, leave)
    world.at(60.0, look)
    world.run(quiet_end_s=2000.0)
    check(world, {"a.jpg": b"one"})
    assert errors == [
        "it is now the company Other Co (c|2), but 1 files are under way at c|1; "
        "put the former company back into the settings until they are done"
    ]
