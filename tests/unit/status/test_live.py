"""What the running daemon says of one path."""

from dataclasses import replace

from rich.console import Console
from tests.unit.status.played import PlayedDaemon, settings_of

from hotfolder.cli.inspecting import status_text
from hotfolder.core.messages import FolderDown, HoldAsked, Woken
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import DEFAULT_SERVER
from hotfolder.core.wording import BY_PERSON
from hotfolder.status.live import of_folder, waiting
from hotfolder.status.snapshot import Recent, take
from hotfolder.testing.remote import COMPANY

LINGER_S = 60.0


def up() -> PlayedDaemon:
    daemon = PlayedDaemon()
    daemon.come_up()
    return daemon


def test_nothing_is_known_of_what_was_never_seen() -> None:
    assert waiting(up().coordinator, "catalog", "never.jpg") == {}
    assert waiting(up().coordinator, "elsewhere", "never.jpg") == {}


def test_a_file_that_settles_has_a_reason_and_no_drop_yet() -> None:
    daemon = up()
    daemon.drop("chair.jpg")
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert (found["state"], found["reason"], found["drop"]) == ("settling", "just found", None)


def test_a_ready_drop_has_the_moment_when_its_batch_forms() -> None:
    daemon = up()
    daemon.drop("chair.jpg", is_complete=True)
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert (found["state"], found["reason"]) == ("ready", "complete; waits for its batch to form")
    assert found["next_at"].endswith("Z")
    assert found["drop"] == 1


def test_of_two_that_become_one_asset_the_later_waits_for_the_other() -> None:
    daemon = up()
    daemon.drop("chair.jpg", is_complete=True)
    daemon.drop("sub/chair.png", is_complete=True)
    found = waiting(daemon.coordinator, "catalog", "sub/chair.png")
    assert found["reason"] == 'waits for another file that becomes "chair" as well'


def test_while_the_server_is_away_that_is_the_reason_and_its_next_try_the_moment() -> None:
    daemon = up()
    daemon.drop("chair.jpg", is_complete=True)
    daemon.coordinator.connections[DEFAULT_SERVER].report(Trouble(kind=Kind.TRANSIENT, text="no route", reached=False))
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert found["reason"] == "waits for the server, which is unreachable: no route"
    assert found["next_at"]


def test_a_hot_folder_that_has_not_answered_yet_is_the_reason_that_nothing_is_known() -> None:
    daemon = PlayedDaemon()
    daemon.step(Woken())
    assert waiting(daemon.coordinator, "catalog", "x.jpg")["folder_waits"] == (
        "the hot folder is degraded: it has not answered yet"
    )


def test_a_held_drop_tells_its_cure() -> None:
    daemon = up()
    daemon.drop("chair.jpg", is_complete=True)
    daemon.step(HoldAsked("catalog", ("chair.jpg",)))
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert (found["state"], found["reason"]) == ("held", BY_PERSON)
    assert found["cure"] == "'hotfolder release PATH' lets it go on"


def test_a_hot_folder_in_trouble_is_the_reason_for_all_that_waits_in_it() -> None:
    daemon = up()
    daemon.drop("chair.jpg", is_complete=True)
    daemon.step(FolderDown("catalog", "not mounted"))
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert (found["state"], found["reason"]) == ("ready", "the hot folder is degraded: not mounted")
    assert found["next_at"] is None
    assert "mounted" in found["cure"]
    assert waiting(daemon.coordinator, "catalog", "other.jpg")["folder_waits"].endswith("not mounted")


def test_a_hot_folder_tells_how_it_is_itself() -> None:
    daemon = up()
    assert of_folder(daemon.coordinator, "catalog")["folder_state"] == "watching"
    daemon.step(HoldAsked("catalog"))
    held = of_folder(daemon.coordinator, "catalog")
    assert held["folder_state"] == "held"
    assert held["cure"] == "'hotfolder release --folder catalog' lets it go on"


def test_an_ignored_file_tells_why() -> None:
    daemon = up()
    daemon.drop("Thumbs.db")
    assert waiting(daemon.coordinator, "catalog", "Thumbs.db") == {
        "state": None,
        "reason": "not a drop: Windows keeps previews in it",
        "cure": None,
    }


def with_places(places: int) -> PlayedDaemon:
    """Return a daemon with so many places, and a minute for batches to form."""
    given = settings_of("catalog", "archive")
    upload = replace(given.upload, parallel_jobs=places)
    daemon = PlayedDaemon(given=replace(given, batch=replace(given.batch, linger_s=LINGER_S), upload=upload))
    daemon.come_up()
    return daemon


def form_batches(daemon: PlayedDaemon) -> None:
    """Have a file in each hot folder, and one place for both."""
    for folder in ("catalog", "archive"):
        daemon.drop(f"{folder}.jpg", folder=folder, is_complete=True)
    daemon.clock.advance(LINGER_S)
    daemon.step(Woken())


def test_what_waits_because_there_are_fewer_places_since_trouble_is_told_so() -> None:
    daemon = with_places(2)
    connection = daemon.coordinator.connections[DEFAULT_SERVER]
    connection.report(Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503))
    connection.signed_in(COMPANY)
    form_batches(daemon)
    found = waiting(daemon.coordinator, "archive", "archive.jpg")
    assert found["state"] == "ready"
    assert found["reason"] == "complete; fewer uploads side by side, since the server had trouble"
    taken = take(daemon.coordinator, Recent())
    assert taken["server"]["parallel"] == {"now": 1, "most": 2}
    console = Console(width=100)
    with console.capture() as shown:
        console.print(status_text(taken, {}))
    assert "Server: ok; fewer uploads side by side (1 of 2), since the server had trouble" in shown.get()


def test_what_waits_for_a_place_without_trouble_is_not_told_of_any() -> None:
    daemon = with_places(1)
    form_batches(daemon)
    assert "trouble" not in waiting(daemon.coordinator, "archive", "archive.jpg")["reason"]
