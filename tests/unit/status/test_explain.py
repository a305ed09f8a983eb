"""Everything about one path, put together from settings, ledger and daemon."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.strategies import MOMENT, drop
from tests.unit.status.played import settings_of

from hotfolder.core.journal import InsertDrops
from hotfolder.core.model import Drop, DropState, Outcome, Unsafe
from hotfolder.core.settings import OnSuccess, Settings
from hotfolder.core.wording import UNSAFE
from hotfolder.status.explain import Kind, explain, known_at, place_of, with_look
from hotfolder.testing.ledger import FakeLedger

SETTINGS = settings_of("catalog", "archive")
TODAY = date(2026, 3, 1)


def filed(number: int = 1, path: str = "chair.jpg", outcome: Outcome = Outcome.STORED, **changes: Any) -> Drop:
    """Return a drop at its end."""
    root = "_done/2026-03-01" if outcome.is_good else "_failed"
    return replace(
        drop(number, path),
        state=DropState.FILED,
        outcome=outcome,
        reason="because",
        work_path=f"_working/{number}",
        target_path=f"{root}/{path}",
        stored_at=MOMENT,
        filed_at=MOMENT,
        **changes,
    )


def answer(
    path: str,
    *found: Drop,
    kind: Kind = "nothing",
    live: dict[str, Any] | None = None,
    settings: Settings = SETTINGS,
    objection: str | None = None,
) -> dict[str, Any]:
    drops = [(one, None) for one in found]
    return explain(settings, Path(path), drops, kind=kind, today=TODAY, live=live, objection=objection)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/catalog/a/b.jpg", ("catalog", "a/b.jpg")),
        ("/catalog/a/../b.jpg", ("catalog", "b.jpg")),
        ("/catalog", ("catalog", "")),
        ("/catalog/", ("catalog", "")),
        ("/catalogue/b.jpg", None),
        ("/catalog/../etc/passwd", None),
    ],
)
def test_a_path_lies_in_a_hot_folder_or_in_none(path: str, expected: tuple[str, str] | None) -> None:
    place = place_of(SETTINGS, Path(path))
    assert (place and (place[0].name, place[1])) == expected


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("/etc/passwd", "file", "in none of the hot folders: /catalog, /archive"),
        ("/catalog/sub", "directory", "a directory: each file below it is a drop of its own"),
        ("/catalog/.hidden", "file", "not a drop: hidden file (its name begins with a dot)"),
        ("/catalog/link.jpg", "link", "not a drop: left in place: it is not a file but a link to something in another"),
        (
            "/catalog/pipe.jpg",
            "special",
            "not a drop: left in place: it is not a file but a pipe, a socket or a device",
        ),
        ("/catalog/_failed/x.jpg", "file", "in a place of hotfolder's own: what could not be stored lies there"),
        ("/catalog/_DONE", "directory", "a place of hotfolder's own: what was stored lies there"),
        ("/catalog/_done/x.jpg", "nothing", "nothing is there, and no drop of ours was ever put there"),
        ("/catalog/never.jpg", "nothing", "never seen: nothing is there, and nothing of this name ever was"),
        ("/catalog/never.jpg", "no answer", "never seen, and the hot folder does not answer"),
        ("/catalog/bad\x01.jpg", "file", "it would be rejected: "),
    ],
)
def test_what_is_no_drop_tells_why(path: str, kind: Kind, reason: str) -> None:
    found = answer(path, kind=kind, live={})
    assert found["state"] is None
    assert found["reason"].startswith(reason)


def test_a_file_that_would_be_refused_tells_why_before_anybody_looks() -> None:
    told = answer("/catalog/lab.psd", kind="file", objection="it is in Lab colour")
    assert (told["state"], told["reason"]) == (None, "it would be rejected: it is in Lab colour")
    settling = {"drop": None, "state": "settling", "reason": "still being written", "cure": None, "next_at": None}
    told = answer("/catalog/lab.psd", kind="file", live=settling, objection="it is in Lab colour")
    assert (told["state"], told["reason"]) == ("settling", "still being written")
    assert told["objection"] == "it would be rejected: it is in Lab colour"


def test_a_file_with_a_second_name_elsewhere_is_left_in_place() -> None:
    told = answer("/catalog/a.jpg", kind="file", objection=UNSAFE[Unsafe.HARD_LINKS])
    assert told["state"] is None
    assert told["reason"].startswith("not a drop: left in place: the same file has a second name in another place")
    assert told["cure"] == "take it away and put a copy of the file there"


def test_a_new_file_tells_where_it_would_go() -> None:
    found = answer("/catalog/sub/chair.jpg", kind="file", live={})
    assert (found["state"], found["reason"]) == ("settling", "new: the daemon has not looked at it yet")
    assert (found["destination"], found["asset"], found["options"]["overwrite"]) == ("catalog/sub", "chair", True)


def test_without_a_daemon_that_is_the_reason() -> None:
    assert answer("/catalog/chair.jpg", kind="file")["reason"] == "new: no daemon is running that could look"
    assert answer("/catalog/chair.jpg")["reason"].endswith("; no daemon is running that could look")


def test_a_hot_folder_that_waits_is_the_reason() -> None:
    live = {"folder_waits": "the hot folder is held: because", "cure": "release it", "next_at": None}
    found = answer("/catalog/chair.jpg", kind="file", live=live)
    assert (found["reason"], found["cure"]) == ("new: the hot folder is held: because", "release it")
    assert "folder_waits" not in found


@pytest.mark.parametrize("path", ["/catalog/chair.jpg", "/catalog/_done/2026-03-01/chair.jpg"])
def test_a_finished_drop_is_known_by_where_it_was_and_by_where_it_is(path: str) -> None:
    kind: Kind = "file" if "_done" in path else "nothing"
    found = answer(path, filed(), kind=kind, live={})
    assert (found["state"], found["outcome"], found["now_at"]) == (
        "done",
        "stored",
        "/catalog/_done/2026-03-01/chair.jpg",
    )


def test_a_file_where_another_was_dropped_is_a_new_one() -> None:
    found = answer("/catalog/chair.jpg", filed(outcome=Outcome.FAILED), kind="file", live={})
    assert found["state"] == "settling"
    assert (found["last_outcome"], found["earlier"]) == ("failed", 1)
    assert "outcome" not in found


@pytest.mark.parametrize("papers_at", ["", "_done/2026-03-01/chair.jpg"])
def test_a_kept_original_is_not_a_new_file_and_lies_where_it_was(papers_at: str) -> None:
    kept = replace(filed(), work_path="chair.jpg", target_path=papers_at)
    found = answer("/catalog/chair.jpg", kept, kind="file", live={})
    assert (found["state"], found["now_at"]) == ("done", "/catalog/chair.jpg")


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.DUPLICATE, Outcome.UNKNOWN])
def test_what_was_kept_is_cured_in_its_place(outcome: Outcome) -> None:
    kept = replace(filed(outcome=outcome), work_path="chair.jpg", target_path="")
    cure = answer("/catalog/chair.jpg", kept, kind="file", live={})["cure"]
    assert "in its place" in cure
    assert "retry" not in cure


def test_an_original_that_is_deleted_once_stored_is_nowhere() -> None:
    folders = tuple(replace(folder, on_success=OnSuccess.DELETE) for folder in SETTINGS.folders)
    settings = replace(SETTINGS, folders=folders)
    assert answer("/catalog/chair.jpg", filed(), settings=settings)["now_at"] is None
    failed = filed(outcome=Outcome.FAILED)
    assert answer("/catalog/chair.jpg", failed, settings=settings)["now_at"] == "/catalog/_failed/chair.jpg"


def test_what_the_daemon_says_of_the_same_drop_is_newer() -> None:
    live = {"drop": 7, "state": "ready", "reason": "complete; waits", "cure": None, "next_at": "2026-03-01T12:00:12Z"}
    found = answer("/catalog/chair.jpg", drop(7), kind="file", live=live)
    assert (found["reason"], found["next_at"]) == ("complete; waits", "2026-03-01T12:00:12Z")
    assert found["seen_at"]


def test_what_the_daemon_says_of_a_file_that_settles_wins_over_an_old_drop() -> None:
    live = {"drop": None, "state": "settling", "reason": "still being written", "cure": None, "next_at": None}
    found = answer("/catalog/chair.jpg", filed(), kind="file", live=live)
    assert (found["state"], found["reason"], found["last_outcome"]) == ("settling", "still being written", "stored")


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if not outcome.is_good and outcome != "withdrawn"])
def test_whatever_went_wrong_tells_what_to_do(outcome: Outcome) -> None:
    assert answer("/catalog/chair.jpg", filed(outcome=outcome))["cure"]


@pytest.mark.parametrize("state", DropState)
def test_every_state_of_a_drop_can_be_told(state: DropState) -> None:
    one = replace(drop(1), state=state, reason="")
    found = answer("/catalog/chair.jpg", one)
    assert found["state"] in ("ready", "working", "processing", "held", "done")
    assert found["reason"] or found["state"] == "done"


def test_where_the_original_lies_is_looked_at() -> None:
    told = answer("/catalog/chair.jpg", filed())
    asked: list[Path] = []

    def look(path: Path) -> Kind:
        asked.append(path)
        return kinds.pop()

    kinds: list[Kind] = ["no answer", "nothing", "file"]
    assert [with_look(told, look)["is_there"] for _ in range(3)] == [True, False, None]
    assert set(asked) == {Path("/catalog/_done/2026-03-01/chair.jpg")}
    assert "is_there" not in with_look(answer("/catalog/never.jpg"), look)


def test_the_story_is_there_of_what_was_seen() -> None:
    told = answer("/catalog/chair.jpg", filed(ready_at=MOMENT))
    assert [moment["what"] for moment in told["story"]] == ["seen", "complete", "decided", "filed"]
    settling = {"drop": None, "state": "settling", "reason": "just found", "cure": None, "next_at": None}
    told = answer("/catalog/chair.jpg", kind="file", live=settling | {"seen_at": "2026-03-01T12:00:00.000Z"})
    assert told["story"] == [{"what": "seen", "at": "2026-03-01T12:00:00.000Z"}]
    assert "story" not in answer("/catalog/never.jpg")


def test_a_drop_is_known_by_its_path_in_either_unicode_form() -> None:
    ledger = FakeLedger()
    ledger.commit([InsertDrops((filed(1, "cafe\u0301.jpg"),))])
    for spelled in ("cafe\u0301.jpg", "caf\u00e9.jpg"):
        assert [one.id for one, _ in known_at(ledger, "catalog", spelled)] == [1]
    assert known_at(ledger, "catalog", "cafe.jpg") == []
