"""Which originals can be sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.strategies import MOMENT, drop
from tests.unit.status.played import settings_of

from hotfolder.core.journal import InsertDrops
from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.status.explain import Kind
from hotfolder.status.retrying import TWICE, Found, Move, Obstacle, by_folder, by_path
from hotfolder.testing.ledger import FakeLedger

SETTINGS = settings_of("catalog")
CATALOG = SETTINGS.folders[0]


def filed(number: int, path: str, outcome: Outcome = Outcome.FAILED, **changes: Any) -> Drop:
    root = "_check" if outcome in (Outcome.RENAMED, Outcome.UNKNOWN) else "_failed"
    whole: dict[str, Any] = {
        "state": DropState.FILED,
        "outcome": outcome,
        "filed_at": MOMENT,
        "target_path": f"{root}/{path}",
    }
    return replace(drop(number, path), **(whole | {"work_path": f"_working/{number}"} | changes))


def ledger_of(*drops: Drop) -> FakeLedger:
    ledger = FakeLedger()
    ledger.commit([InsertDrops(drops)])
    return ledger


def retried(path: str, *drops: Drop, there: Mapping[str, Kind] | None = None) -> list[Found]:
    files: dict[str, Kind] = {f"/catalog/{one.target_path}": "file" for one in drops}
    files |= there or {}
    return by_path(SETTINGS, ledger_of(*drops), Path(path), lambda at: files.get(str(at), "nothing"))


@pytest.mark.parametrize("path", ["/catalog/sub/chair.jpg", "/catalog/_failed/sub/chair.jpg"])
def test_an_original_goes_back_to_where_it_was_dropped(path: str) -> None:
    (move,) = retried(path, filed(1, "sub/chair.jpg"))
    assert move == Move(folder="catalog", source="_failed/sub/chair.jpg", target="sub/chair.jpg")


def test_one_that_was_dragged_back_before_goes_to_its_first_place() -> None:
    (move,) = retried("/catalog/chair.jpg", filed(2, "chair.jpg", origin="sub/chair.jpg"))
    assert isinstance(move, Move)
    assert move.target == "sub/chair.jpg"


@pytest.mark.parametrize("outcome", [Outcome.RENAMED, Outcome.UNKNOWN])
def test_doubtful_ones_carry_a_warning_and_go_only_by_their_paths(outcome: Outcome) -> None:
    one = filed(1, "chair.jpg", outcome)
    (move,) = retried("/catalog/chair.jpg", one)
    assert isinstance(move, Move)
    assert move.warning == TWICE
    assert list(by_folder(CATALOG, ledger_of(one), lambda at: "file")) == []


@pytest.mark.parametrize(
    ("one", "there", "reason"),
    [
        (filed(1, "a.jpg", Outcome.STORED), {}, "it was stored: to send it again, drop it again"),
        (filed(1, "a.jpg"), {"/catalog/_failed/a.jpg": "nothing"}, "it is no longer at /catalog/_failed/a.jpg"),
        (
            filed(1, "a.jpg"),
            {"/catalog/a.jpg": "file"},
            "something else lies at /catalog/a.jpg now; move that away first",
        ),
        (filed(1, "a.jpg"), {"/catalog/_failed/a.jpg": "no answer"}, "the hot folder does not answer"),
        (
            filed(1, "a.jpg", work_path="a.jpg"),
            {},
            "it lies where it was dropped; save it again there and it is sent again",
        ),
        (replace(drop(1, "a.jpg"), state=DropState.SENDING), {}, "it is under way already: working"),
        (replace(drop(1, "a.jpg"), state=DropState.HELD), {}, "it is held; 'hotfolder release' lets it go on"),
        (
            replace(drop(1, "a.jpg"), state=DropState.WITHDRAWN, filed_at=MOMENT),
            {},
            "it was taken away before it was sent; drop it again",
        ),
    ],
)
def test_what_cannot_go_back_tells_why(one: Drop, there: Mapping[str, Kind], reason: str) -> None:
    (found,) = retried("/catalog/a.jpg", one, there=there)
    assert isinstance(found, Obstacle)
    assert found.path == "/catalog/a.jpg"
    assert found.reason.startswith(reason)


def test_paths_that_nobody_knows_tell_why() -> None:
    assert retried("/etc/passwd") == [Obstacle(path="/etc/passwd", reason="in none of the hot folders")]
    (never,) = retried("/catalog/never.jpg")
    assert isinstance(never, Obstacle)
    assert never.reason == "never seen: the ledger knows of no drop there"


def test_the_newest_drop_of_a_path_counts() -> None:
    (found,) = retried("/catalog/a.jpg", filed(1, "a.jpg"), filed(2, "a.jpg", Outcome.STORED))
    assert isinstance(found, Obstacle)


def test_a_directory_stands_for_what_failed_below_it() -> None:
    drops = [filed(1, "sub/a.jpg"), filed(2, "b.jpg")]
    below = retried("/catalog/_failed/sub", *drops, there={"/catalog/_failed/sub": "directory"})
    every = retried("/catalog/_failed", *drops, there={"/catalog/_failed": "directory"})
    none = retried("/catalog/_done", *drops, there={"/catalog/_done": "directory"})
    assert [move.source for move in below if isinstance(move, Move)] == ["_failed/sub/a.jpg"]
    assert len(every) == 2
    assert none == [Obstacle(path="/catalog/_done", reason="nothing that failed lies below it")]


def test_of_a_whole_folder_only_what_still_lies_there_is_meant() -> None:
    drops = [filed(number, f"{number}.jpg", outcome) for number, outcome in enumerate(Outcome, 1)]
    ledger = ledger_of(*drops)

    def look_at(path: Path) -> Kind:
        return "file" if path.parent.name == "_failed" and path.name != "4.jpg" else "nothing"

    found = by_folder(CATALOG, ledger, look_at)
    names = {move.target for move in found if isinstance(move, Move)}
    expected = {Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED}
    assert names == {one.path for one in drops if one.outcome in expected and one.path != "4.jpg"}


def test_a_folder_that_hangs_is_asked_only_once() -> None:
    looked: list[Path] = []

    def look_at(path: Path) -> Kind:
        looked.append(path)
        return "no answer"

    found = list(by_folder(CATALOG, ledger_of(filed(1, "a.jpg"), filed(2, "b.jpg")), look_at))
    assert found == [Obstacle(path="/catalog", reason="the hot folder does not answer")]
    assert len(looked) == 1
