"""How publishing stands, for machines and for people."""

from __future__ import annotations

from datetime import datetime, time

from rich.console import Console
from tests.crash.test_publishing import drop, publishing, weather

from hotfolder.cli.inspecting import status_text
from hotfolder.core.settings import PublishWhen
from hotfolder.status.plain import stamp
from hotfolder.status.snapshot import Recent, Snapshot, from_ledger, take
from hotfolder.testing.simulation import World

DUE = stamp(datetime(2026, 3, 1, 22, 0).astimezone())  # by the clock of this machine, as it is meant


def played(world: World, seconds: float) -> Snapshot:
    """Let a world with a dropped file live for a while, and return the state of its daemon."""
    found: list[Snapshot] = []

    def look(world: World) -> None:
        assert world.coordinator is not None
        found.append(take(world.coordinator, Recent()))

    drop(world, "a.jpg")
    world.at(seconds, look)
    world.run()
    return found[0]


def shown(taken: Snapshot) -> str:
    console = Console(width=200, file=None, record=True, quiet=False)
    with console.capture() as caught:
        console.print(status_text(taken, {}))
    return caught.get()


def test_nothing_waits() -> None:
    taken = played(World(publishing(PublishWhen.NEVER)), 60.0)
    assert taken["publishing"] == {
        "state": "idle",
        "files_waiting": 0,
        "due": None,
        "running": [],
        "error": None,
        "cure": None,
    }
    assert "Publishing" not in shown(taken)


def test_files_wait_for_their_time() -> None:
    taken = played(World(publishing(time(22, 0))), 60.0)
    found = taken["publishing"]
    assert (found["state"], found["files_waiting"], found["due"]) == ("waiting", 1, DUE)
    assert "Publishing: 1 waiting for 22:00 on 2026-03-01" in shown(taken)


def test_a_publish_under_way_is_named() -> None:
    world = World(publishing())
    world.server.work_s = 30.0
    taken = played(world, 50.0)
    (running,) = taken["publishing"]["running"]
    assert taken["publishing"]["state"] == "publishing"
    assert running["name"].startswith("publish-")
    assert (running["server"], running["files"]) == ("default", 1)
    assert "Publishing: 1 under way" in shown(taken)


def test_a_failure_says_why_and_that_it_is_tried_again() -> None:
    taken = played(World(publishing(), publish_weather=lambda name: "fails"), 60.0)
    assert taken["publishing"]["error"] == "the publish server is full"
    assert "the last try failed: the publish server is full" in shown(taken)


def test_a_role_that_may_not_publish_comes_with_what_can_be_done() -> None:
    taken = played(World(publishing(), publish_weather=weather(["refuse"])), 60.0)
    found = taken["publishing"]
    assert (found["state"], found["error"]) == ("refused", "the role may not publish")
    assert "What to do: give the user a role that may publish" in shown(taken)


def test_without_a_daemon_the_ledger_tells_what_waits() -> None:
    world = World(publishing(time(22, 0)))
    played(world, 60.0)
    taken = from_ledger([], [], world.ledger.unfinished(), {}, [])
    assert (taken["publishing"]["state"], taken["publishing"]["due"]) == ("waiting", DUE)
