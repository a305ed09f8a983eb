"""
When lists of names are read, what their names stand for meanwhile, and what is told of those that are missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotfolder.core.board import Board
from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.connection import Connection
from hotfolder.core.lookup import PATIENCE, SLOWLY_S, Lookup, Standing
from hotfolder.core.messages import ListFailed, ListNames, NamesListed, Notice, Now
from hotfolder.core.rules import canonical
from hotfolder.core.server import Company, Kind, Trouble
from hotfolder.core.settings import FolderSettings, RuleSettings, ServerSettings, Settings

SPRING = canonical({"overwrite": True, "projectHandleArray": ["Spring"]})
BOTH = canonical(
    {"autoSetCreationOptions": {"autoSetsArray": ["Spin"]}, "overwrite": True, "projectHandleArray": ["Spring"]}
)
PLAIN = canonical({"overwrite": True})
COMPANY = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")


def trouble(kind: Kind = Kind.TRANSIENT, *, reached: bool = True, code: int | None = None) -> Trouble:
    return Trouble(kind=kind, text="it did not work", reached=reached, code=code)


def folder(
    name: str = "catalog", *, server: str = "default", projects: Iterable[str] = (), rule: str = ""
) -> FolderSettings:
    options: dict[str, object] = {"overwrite": True}
    if projects:
        options["projectHandleArray"] = list(projects)
    rules = (RuleSettings(match=("*",), options={"projectHandleArray": [rule]}),) if rule else ()
    return FolderSettings(name=name, path=Path("/") / name, server=server, options=options, rules=rules)


def settings(*folders: FolderSettings, servers: tuple[str, ...] = ("default",)) -> Settings:
    return Settings(
        servers=tuple(
            ServerSettings(
                name=name, upload_url="", soap_url=name, company="Co", company_handle=None, user="u", password="p"
            )
            for name in servers
        ),
        folders=folders,
        ledger_url="",
        control_socket=Path("/control.sock"),
    )


@dataclass
class Bench:
    """A lookup, and what it did."""

    settings: Settings = field(default_factory=lambda: settings(folder()))
    notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = Board(self.settings, self.at(0.0), lambda: "token")
        self.connections = {server.name: Connection(self.board, server.name) for server in self.settings.servers}
        for connection in self.connections.values():
            connection.signed_in(COMPANY)
        self.lookup = Lookup(self.board, self.connections)

    @staticmethod
    def at(seconds: float) -> Now:
        wall = datetime(2026, 3, 1, 9, tzinfo=UTC)
        return Now(1000.0 + seconds, wall, wall.replace(tzinfo=None))

    def wake(self, at_s: float, *waiting: str, server: str = "default") -> list[ListNames]:
        """Wake it at a time, with options that wait; return what it has read."""
        self.board.now = self.at(at_s)
        self.lookup.wake([(server, options) for options in waiting])
        turn = self.board.take_turn()
        self.notices += turn.notices
        return [action for action in turn.actions if isinstance(action, ListNames)]

    def listed(self, *names: str, shelf: Shelf = Shelf.PROJECTS, server: str = "default") -> None:
        prefix = {Shelf.PROJECTS: "p|1|", Shelf.PROPERTY_SETS: "ps|", Shelf.PROFILES: "a|"}[shelf]
        listed = tuple(Listed(handle=f"{prefix}{name}", name=name) for name in names)
        self.lookup.listed(NamesListed(server, shelf, listed))

    def failed(self, why: Trouble, shelf: Shelf = Shelf.PROJECTS) -> None:
        self.lookup.failed(ListFailed("default", shelf, why))

    def standing(self, options: str = SPRING, server: str = "default") -> Standing:
        return self.lookup.standing(server, options)

    def told(self) -> list[tuple[str, str]]:
        """Return the events, with what they are about."""
        self.notices += self.board.take_turn().notices
        return [(notice.event, notice.fields["what"]) for notice in self.notices]


PROJECTS = ListNames("default", Shelf.PROJECTS)
SETS = ListNames("default", Shelf.PROPERTY_SETS)


def test_options_without_names_wait_for_nothing() -> None:
    bench = Bench()
    assert bench.wake(0, PLAIN) == []
    assert bench.standing(PLAIN) is Standing.KNOWN
    assert bench.lookup.waits_for("default", PLAIN) is None
    assert bench.lookup.with_handles("default", PLAIN) == PLAIN
    assert bench.lookup.next_wake_s() is None


def test_only_the_lists_that_are_needed_are_read() -> None:
    assert Bench().wake(0, SPRING) == [PROJECTS]
    assert set(Bench().wake(0, BOTH)) == {PROJECTS, SETS}


def test_a_list_is_read_once_and_its_handles_are_put_in() -> None:
    bench = Bench()
    assert bench.wake(0, SPRING) == [PROJECTS]
    assert bench.standing() is Standing.ASKED
    assert bench.lookup.waits_for("default", SPRING) == "the server has not told its projects yet"
    assert bench.wake(1, SPRING) == []
    bench.listed("Spring", "Autumn")
    assert bench.standing() is Standing.KNOWN
    assert bench.lookup.with_handles("default", SPRING) == '{"overwrite":true,"projectHandleArray":["p|1|Spring"]}'
    assert bench.wake(5000, SPRING) == []
    assert bench.lookup.next_wake_s() is None


def test_nothing_is_asked_of_a_server_that_does_not_answer() -> None:
    bench = Bench()
    bench.connections["default"].report(trouble(reached=False))
    assert bench.wake(0, SPRING) == []
    assert bench.lookup.next_wake_s() is None
    bench.connections["default"].signed_in(COMPANY)
    assert bench.wake(1, SPRING) == [PROJECTS]


def test_nothing_is_asked_once_the_daemon_stops() -> None:
    bench = Bench()
    bench.board.stopping = True
    assert bench.wake(0, SPRING) == []


def test_a_missing_name_is_looked_for_once_a_minute_while_somebody_waits_for_it() -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.listed("Autumn")
    assert bench.standing() is Standing.MISSING
    assert "nearest" not in (bench.lookup.waits_for("default", SPRING) or "nearest")
    assert bench.lookup.next_look_s("default", SPRING) == 1060.0
    assert bench.wake(59, SPRING) == []
    assert bench.lookup.next_wake_s() == 1060.0
    assert bench.wake(60, SPRING) == [PROJECTS]
    bench.listed("Autumn")
    assert bench.wake(61) == []
    assert bench.lookup.next_wake_s() is None
    assert bench.wake(90, SPRING) == []
    assert bench.wake(120, SPRING) == [PROJECTS]
    bench.listed("Autumn", "Spring")
    assert bench.standing() is Standing.KNOWN


def test_a_missing_name_is_told_once_and_once_that_it_is_there() -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.listed("Autumn")
    bench.wake(60, SPRING)
    bench.listed("Autumn")
    bench.wake(61, SPRING)
    assert bench.told() == [("names.unknown", 'project "Spring"')]
    bench.wake(120, SPRING)
    bench.listed("Spring")
    assert bench.told()[1:] == [("names.known", 'project "Spring"')]


def test_a_name_that_was_read_before_anybody_needed_it_is_known_at_once() -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.listed("Autumn", "Spring")
    autumn = SPRING.replace("Spring", "Autumn")
    assert bench.standing(autumn) is Standing.KNOWN
    assert bench.wake(1, autumn) == []


def test_names_of_the_settings_are_looked_up_before_any_file_comes() -> None:
    bench = Bench(settings(folder(projects=["Spring"], rule="Autumn")))
    assert bench.wake(0) == [PROJECTS]
    bench.listed("Spring")
    assert bench.told() == [("names.unknown", 'project "Autumn"')]
    (missing,) = bench.lookup.missing()
    assert (missing.server, missing.folders) == ("default", ("catalog",))
    assert '"Autumn" is not known' in missing.reason
    assert missing.next_s == 1000.0 + SLOWLY_S  # nobody waits for it


def test_every_hot_folder_that_names_what_is_missing_is_named() -> None:
    bench = Bench(settings(folder("one", projects=["Spring"]), folder("two", projects=["Spring", "Autumn"])))
    bench.wake(0)
    bench.listed("Autumn")
    (missing,) = bench.lookup.missing()
    assert missing.folders == ("one", "two")


def test_new_settings_are_looked_up_at_once() -> None:
    bench = Bench(settings(folder(projects=["Sprng"])))
    bench.wake(0)
    bench.listed("Spring")
    bench.board.now = bench.at(10)
    bench.board.settings = settings(folder(projects=["Winter"]))
    bench.lookup.configure()
    assert bench.wake(10) == [PROJECTS]
    bench.listed("Winter")
    assert list(bench.lookup.missing()) == []


def test_a_sign_in_has_known_names_read_again_before_they_count() -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.listed("Spring")
    bench.lookup.signed_in("default")
    assert bench.standing() is Standing.KNOWN  # what was read in the last minute is good enough
    assert bench.wake(10, SPRING) == []
    bench.board.now = bench.at(300)
    bench.lookup.signed_in("default")
    assert bench.standing() is Standing.ASKED
    assert bench.wake(300, SPRING) == [PROJECTS]
    bench.listed("Autumn")
    assert bench.standing() is Standing.MISSING


def test_one_list_that_is_not_given_holds_no_names_of_another() -> None:
    bench = Bench()
    bench.wake(0, BOTH, SPRING)
    bench.listed("Spring")
    bench.failed(trouble(Kind.PERMANENT, code=20003), Shelf.PROPERTY_SETS)
    assert bench.standing(SPRING) is Standing.KNOWN
    assert bench.standing(BOTH) is Standing.MISSING
    assert bench.lookup.waits_for("default", BOTH) == 'the batch set preset "Spin" cannot be looked up: it did not work'


@pytest.mark.parametrize(
    ("why", "wait_s"),
    [
        (trouble(Kind.PERMANENT), SLOWLY_S),
        (trouble(Kind.FATAL, code=20003), SLOWLY_S),
        (trouble(), 1.0),
        (trouble(code=30000), 1.0),
        (replace(trouble(), retry_after_s=30.0), 30.0),
    ],
)
def test_a_list_that_is_not_given_is_asked_for_again_and_nobody_calls_the_server_down(
    why: Trouble, wait_s: float
) -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.failed(why)
    assert bench.connections["default"].is_ok
    assert bench.lookup.next_wake_s() == 1000.0 + wait_s
    assert bench.wake(wait_s, SPRING) == [PROJECTS]


@pytest.mark.parametrize("why", [trouble(Kind.FATAL, code=10001), trouble(reached=False)])
def test_a_server_that_refuses_us_or_is_not_there_is_no_matter_of_one_list(why: Trouble) -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.failed(why)
    assert not bench.connections["default"].is_ok
    assert bench.wake(100, SPRING) == []


def test_trouble_with_a_list_is_told_once_and_for_a_blip_not_at_all() -> None:
    bench = Bench()
    at_s = 0.0
    for number in range(PATIENCE + 3):
        assert bench.told() == [("names.unknown", "projects")] * (number >= PATIENCE)
        assert bench.wake(at_s, SPRING) == [PROJECTS]
        bench.failed(trouble())
        at_s += 60.0
    assert bench.lookup.is_hopeless("default", SPRING)
    bench.wake(at_s, SPRING)
    bench.listed("Spring")
    assert bench.told() == [("names.unknown", "projects"), ("names.known", "projects")]


def test_names_that_are_known_still_count_when_reading_them_again_fails() -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.listed("Spring")
    bench.board.now = bench.at(60)
    bench.lookup.signed_in("default")
    bench.wake(60, SPRING)
    bench.failed(trouble())
    assert bench.standing() is Standing.KNOWN


def test_a_single_pass_waits_for_a_blip_and_not_for_a_missing_name() -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    assert not bench.lookup.is_hopeless("default", SPRING)
    bench.failed(trouble())
    assert not bench.lookup.is_hopeless("default", SPRING)
    bench.wake(1, SPRING)
    bench.listed("Autumn")
    assert bench.lookup.is_hopeless("default", SPRING)


def test_a_refused_job_has_its_names_looked_up_again_once() -> None:
    """When they are still the same they are not to blame, and the job's refusal counts."""
    bench = Bench()
    bench.wake(0, SPRING, BOTH)
    bench.listed("Spring")
    bench.listed("Spin", shelf=Shelf.PROPERTY_SETS)
    assert not bench.lookup.doubt("default", PLAIN)
    assert bench.lookup.doubt("default", SPRING)
    assert bench.standing() is Standing.ASKED
    assert bench.wake(1, SPRING) == [PROJECTS]
    bench.listed("Spring")
    assert bench.standing() is Standing.KNOWN
    assert not bench.lookup.doubt("default", SPRING)


def test_a_refused_job_whose_handles_have_changed_is_doubted_again() -> None:
    bench = Bench()
    bench.wake(0, SPRING)
    bench.listed("Spring")
    assert bench.lookup.doubt("default", SPRING)
    bench.lookup.listed(NamesListed("default", Shelf.PROJECTS, (Listed(handle="p|1|new", name="Spring"),)))
    assert '"p|1|new"' in bench.lookup.with_handles("default", SPRING)
    assert bench.lookup.doubt("default", SPRING)


def test_each_server_has_names_of_its_own() -> None:
    bench = Bench(settings(folder(), servers=("default", "archive")))
    bench.wake(0, SPRING)
    bench.listed("Spring")
    assert bench.standing(SPRING, "archive") is Standing.ASKED
    assert bench.wake(1, SPRING, server="archive") == [ListNames("archive", Shelf.PROJECTS)]
    bench.listed("Autumn", server="archive")
    assert bench.standing(SPRING, "archive") is Standing.MISSING
    assert bench.standing(SPRING) is Standing.KNOWN
    assert [notice.fields.get("server") for notice in bench.notices + list(bench.board.take_turn().notices)] == [
        "archive"
    ]
