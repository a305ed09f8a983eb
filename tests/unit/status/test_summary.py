"""
One line that says how it goes.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.crash.histories import settings

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import Changed, Event, FolderDown, FolderUp, SignedIn, SignInFailed
from hotfolder.core.model import KnownFolder, Unfinished
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import DEFAULT_SERVER
from hotfolder.status.summary import one_line
from hotfolder.testing.remote import COMPANY
from hotfolder.testing.simulation import World


def line_after(events: Sequence[Event], *, folders: int = 1) -> str:
    """The line once a daemon with so many hot folders, named 1, 2, ..., has taken in these events."""
    given = settings()
    many = tuple(
        replace(given.folders[0], name=str(number), path=Path(f"/{number}")) for number in range(1, folders + 1)
    )
    world = World(replace(given, folders=many))
    known = Unfinished(folders={folder.name: KnownFolder(folder.name, str(folder.path)) for folder in many})
    coordinator = Coordinator(world.settings, world.now(), token=world.token, unfinished=known)
    for event in events:
        coordinator.step(event, world.now())
    return one_line(coordinator)


def test_at_the_start_nothing_is_known_of_the_server() -> None:
    assert line_after([]) == "signing in, 1 folder, 0 jobs, 0 files under way"


def test_a_server_that_knows_us_is_well() -> None:
    assert line_after([SignedIn(DEFAULT_SERVER, COMPANY)]) == "server ok, 1 folder, 0 jobs, 0 files under way"


def test_a_server_that_is_away_is_told_from_one_that_refuses() -> None:
    away = SignInFailed(DEFAULT_SERVER, Trouble(kind=Kind.TRANSIENT, text="no route", reached=False))
    refuses = SignInFailed(DEFAULT_SERVER, Trouble(kind=Kind.FATAL, text="wrong password", code=10000))
    assert line_after([away]).startswith("server unreachable, ")
    assert line_after([refuses]).startswith("server refuses us, ")


def test_folders_in_trouble_are_counted() -> None:
    events: list[Event] = [FolderUp("1", "watching"), FolderDown("2", "not mounted"), FolderDown("3", "not mounted")]
    assert "3 folders (2 degraded), " in line_after(events, folders=3)


def test_files_that_settle_are_under_way() -> None:
    events: list[Event] = [FolderUp("1", "watching"), Changed("1", ("chair.jpg", "lamp.jpg"))]
    assert line_after(events) == "signing in, 1 folder, 0 jobs, 2 files under way"
