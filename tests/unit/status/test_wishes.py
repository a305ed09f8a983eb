"""What people ask of the daemon, and what they are told of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.strategies import MOMENT, drop
from tests.unit.status.played import PlayedDaemon, settings_of

from hotfolder.core.journal import InsertDrops
from hotfolder.core.messages import FolderDown, RetryAsked
from hotfolder.core.model import DropState, Outcome
from hotfolder.status.filters import FilterError
from hotfolder.status.wishes import Result, Wish, Wishes, brought_back, read_wish, retry_moves
from hotfolder.testing.ledger import FakeLedger


def told(results: list[Result]) -> dict[str, tuple[bool, str]]:
    return {result["path"]: (result["done"], result["text"]) for result in results}


def up(*names: str) -> tuple[PlayedDaemon, Wishes]:
    daemon = PlayedDaemon(*names)
    daemon.come_up()
    return daemon, Wishes(daemon, daemon.ledger, lambda path: "file" if "_failed" in str(path) else "nothing")


def of(*paths: str) -> Wish:
    return Wish(paths=tuple(Path(path) for path in paths))


# --- reading ---


def test_a_wish_is_one_of_three() -> None:
    assert read_wish({"folder": "catalog"}, ["catalog"], may_be_all=False) == Wish(folder="catalog")
    assert read_wish({"all": True}, [], may_be_all=True) == Wish(everything=True)
    assert read_wish({"paths": ["/a", "/b", "/a"]}, [], may_be_all=False) == of("/a", "/b")


@pytest.mark.parametrize(
    "document",
    [
        *(None, 1, "x", [], {}, {"folder": 1}, {"folder": "nope"}, {"paths": []}, {"paths": "x"}, {"paths": ["x"]}),
        *({"paths": ["/a\0b"]}, {"paths": [1]}, {"all": False}, {"all": 1, "folder": "catalog"}, {"other": 1}),
    ],
)
def test_anything_else_is_refused(document: object) -> None:
    with pytest.raises(FilterError, match="wanted"):
        read_wish(document, ["catalog"], may_be_all=True)


def test_not_every_wish_may_be_for_all() -> None:
    with pytest.raises(FilterError, match="wanted a JSON object with one of"):
        read_wish({"all": True}, ["catalog"], may_be_all=False)


# --- hold and release ---


def test_files_are_held_each_by_what_it_is() -> None:
    daemon, wishes = up()
    daemon.drop("settling.jpg")
    daemon.drop("ready.jpg", is_complete=True)

    found = told(
        wishes.hold(
            daemon.settings, of("/catalog/settling.jpg", "/catalog/ready.jpg", "/catalog/never.jpg", "/elsewhere/x")
        )
    )

    assert found == {
        "/catalog/settling.jpg": (True, "it will be held as soon as it is complete"),
        "/catalog/ready.jpg": (True, "held; 'hotfolder release' lets it go on"),
        "/catalog/never.jpg": (False, "nothing of that name waits there"),
        "/elsewhere/x": (False, "in none of the hot folders"),
    }
    assert daemon.coordinator.desks["catalog"].in_place["ready.jpg"].state is DropState.HELD


def test_what_is_sent_already_cannot_be_held() -> None:
    daemon, wishes = up()
    daemon.drop("chair.jpg", is_complete=True)
    one = daemon.coordinator.desks["catalog"].in_place["chair.jpg"]
    daemon.coordinator.desks["catalog"].standing.leaves(one)
    one.state = DropState.SENDING

    assert told(wishes.hold(daemon.settings, of("/catalog/chair.jpg"))) == {
        "/catalog/chair.jpg": (False, "too late: it has been taken over already, and is being sent")
    }


def test_releasing_says_what_was_held() -> None:
    daemon, wishes = up()
    daemon.drop("held.jpg", is_complete=True)
    daemon.drop("ready.jpg", is_complete=True)
    wishes.hold(daemon.settings, of("/catalog/held.jpg"))

    assert told(wishes.release(daemon.settings, of("/catalog/held.jpg", "/catalog/ready.jpg"))) == {
        "/catalog/held.jpg": (True, "released: it goes on"),
        "/catalog/ready.jpg": (True, "it was not held"),
    }


def test_a_folder_is_meant_by_its_name_and_by_its_path() -> None:
    daemon, wishes = up("catalog", "archive")
    by_name = wishes.hold(daemon.settings, Wish(folder="catalog"))
    by_path = wishes.hold(daemon.settings, of("/archive"))

    for results in (by_name, by_path):
        assert [result["text"] for result in results] == ["held: nothing new of it is sent; what is under way goes on"]
    assert {desk.state for desk in daemon.coordinator.desks.values()} == {"held"}


def test_a_folder_in_trouble_is_held_when_it_is_back() -> None:
    daemon, wishes = up()
    daemon.step(FolderDown("catalog", "not mounted"))
    (result,) = wishes.hold(daemon.settings, Wish(folder="catalog"))
    assert (result["done"], result["text"]) == (True, "it is degraded; as soon as it is back it will be held")


def test_releasing_all_means_every_folder_and_every_file_held_by_a_person() -> None:
    daemon, wishes = up("catalog", "archive")
    daemon.drop("chair.jpg", is_complete=True)
    wishes.hold(daemon.settings, of("/catalog/chair.jpg", "/archive"))

    results = wishes.release(daemon.settings, Wish(everything=True))

    assert all(result["done"] for result in results)
    assert [result["path"] for result in results] == ["/catalog", "/archive", "/catalog/chair.jpg"]
    assert {desk.state for desk in daemon.coordinator.desks.values()} == {"watching"}


# --- retry ---


def failed_twice() -> FakeLedger:
    """Return a ledger where one name failed two times, and both originals lie there."""
    ledger = FakeLedger()
    ledger.commit(
        [
            InsertDrops(
                tuple(
                    replace(
                        drop(number),
                        state=DropState.FILED,
                        outcome=Outcome.FAILED,
                        filed_at=MOMENT,
                        work_path=f"_working/{number}",
                        target_path=target,
                    )
                    for number, target in ((1, "_failed/chair.jpg"), (2, "_failed/~2/chair.jpg"))
                )
            )
        ]
    )
    return ledger


def test_two_that_belong_to_one_place_go_one_after_the_other() -> None:
    settings = settings_of("catalog")

    moves, results = retry_moves(
        settings, failed_twice(), Wish(everything=True), lambda path: "file" if "_failed" in str(path) else "nothing"
    )

    assert [move.source for move in moves["catalog"]] == ["_failed/~2/chair.jpg"]
    assert told(results) == {
        "/catalog/_failed/chair.jpg": (
            False,
            "a later one goes back to the same place; once that is done, try this one again",
        )
    }


def test_the_daemon_is_told_once_for_each_folder() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    wishes = Wishes(daemon, failed_twice(), lambda path: "file" if "_failed" in str(path) else "nothing")

    results = wishes.retry(daemon.settings, of("/catalog/chair.jpg"))

    assert daemon.told == [RetryAsked("catalog", (("_failed/~2/chair.jpg", "chair.jpg"),))]
    assert told(results) == {"/catalog/_failed/~2/chair.jpg": (True, "on its way back to chair.jpg, to be sent again")}


def test_without_a_daemon_each_move_tells_how_it_went() -> None:
    settings = settings_of("catalog")
    moves, _ = retry_moves(
        settings, failed_twice(), Wish(everything=True), lambda path: "file" if "_failed" in str(path) else "nothing"
    )
    folder = settings.folders[0]

    good = brought_back(settings, folder, moves["catalog"], ["chair.jpg"])
    bad = brought_back(settings, folder, moves["catalog"], [])

    assert told(good) == {
        "/catalog/_failed/~2/chair.jpg": (True, "back at chair.jpg; it is sent again when the daemon runs")
    }
    assert told(bad) == {"/catalog/_failed/~2/chair.jpg": (False, "it could not be moved")}
