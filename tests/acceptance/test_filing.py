"""Where originals go once it is known what became of them, and what lies beside them for their droppers to read."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from hotfolder.sandbox import OverwriteMode
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, Table, receipts, sha256

KEYS = [
    "file",
    "asset",
    "asset_handle",
    "job",
    "job_handle",
    "outcome",
    "reason",
    "warnings",
    "sha256",
    "size_bytes",
    "dropped_at",
    "stored_at",
    "destination",
    "possible_second_copy",
    "published_at",
    "visible",
    "options",
]
"""Of one object of the history (DESIGN 4.4); a receipt (4.3) cannot learn when its file was published."""

CONTACT = "Photo desk, ext. 4711"

BROKEN = b"This is a text that somebody called a picture.\n"


def today(place: Place) -> str:
    """Return the one day on which something was filed."""
    (day,) = (place.hot("hot") / "_done").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day.name)
    return day.name


def test_subfolders_are_kept_and_a_taken_name_goes_below_a_numbered_one(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "receipts": True})
    for number, version in enumerate(["first", "second", "third"]):
        place.drop("hot/spring/oak/chair.jpg", images[2 * number])
        ended = place.run_once()
        assert ended.stdout == ("1 stored\n" if version == "first" else "1 updated\n")
    day = today(place)
    assert place.originals("hot") == {
        f"_done/{day}/spring/oak/chair.jpg": sha256(images[0]),
        f"_done/{day}/spring/oak/~2/chair.jpg": sha256(images[2]),
        f"_done/{day}/spring/oak/~3/chair.jpg": sha256(images[4]),
    }
    assert {path: receipt["outcome"] for path, receipt in receipts(place, "hot").items()} == {
        f"_done/{day}/spring/oak/chair.jpg": "stored",
        f"_done/{day}/spring/oak/~2/chair.jpg": "updated",
        f"_done/{day}/spring/oak/~3/chair.jpg": "updated",
    }
    assert not (place.hot("hot") / "spring/oak/chair.jpg").exists()
    assert [left.name for left in (place.hot("hot") / "_working").iterdir()] == [".owner"]


@pytest.mark.parametrize("receipts_wanted", [False, True])
def test_every_outcome_has_its_place_and_its_note(
    make_place: MakePlace, images: list[bytes], receipts_wanted: bool
) -> None:
    place = make_place(overwrite_mode=OverwriteMode.FULL_NAME.value)
    place.configure(
        {
            "name": "hot",
            "receipts": receipts_wanted,
            "contact": CONTACT,
            "rule": [{"match": ["once/*"], "options": {"overwrite": False}}],
        }
    )
    place.box.add_fault(do="upload-error", file="cursed.jpg", message="The asset of this job has no handle")
    place.drop("hot/stored.jpg", images[0])
    place.drop("hot/once/taken.jpg", images[2])
    place.drop("hot/table.jpg", images[4])
    assert place.run_once().code == 0
    place.drop("hot/stored.jpg", images[6])
    place.drop("hot/once/taken.jpg", images[8])
    place.drop("hot/other/table.jpg", images[10])
    place.drop("hot/deep/er/broken.jpg", BROKEN)
    place.drop("hot/cursed.jpg", images[12])
    place.drop("hot/{%}.jpg", images[14])

    ended = place.run_once()

    assert ended.code == 1
    assert ended.stdout.splitlines()[0] == "1 duplicate, 2 failed, 1 rejected, 1 renamed, 1 updated"
    day = today(place)
    expected = {
        f"_done/{day}/stored.jpg": images[0],
        f"_done/{day}/once/taken.jpg": images[2],
        f"_done/{day}/table.jpg": images[4],
        f"_done/{day}/~2/stored.jpg": images[6],
        "_failed/once/taken.jpg": images[8],
        "_check/other/table.jpg": images[10],
        "_failed/deep/er/broken.jpg": BROKEN,
        "_failed/cursed.jpg": images[12],
        "_failed/{%}.jpg": images[14],
    }
    assert place.originals("hot") == {path: sha256(content) for path, content in sorted(expected.items())}
    notes = {path for path in place.files("hot") if path.endswith(".txt")}
    assert notes == {
        f"{path} - {'PLEASE CHECK' if path.startswith('_check') else 'NOT SENT'}.txt"
        for path in expected
        if not path.startswith("_done")
    }
    for path in notes:
        check_note(place.hot("hot") / path)
    assert "table-1" in note(place, "_check/other/table.jpg - PLEASE CHECK.txt")
    assert "no reference" in note(place, "_failed/cursed.jpg - NOT SENT.txt")
    written = receipts(place, "hot")
    assert written.keys() == (expected.keys() if receipts_wanted else set())
    for path, receipt in written.items():
        check_receipt(receipt, path, expected[path], place)


def note(place: Place, inside: str) -> str:
    """Return a note's text, its lines made one."""
    return " ".join((place.hot("hot") / inside).read_text("utf-8-sig").split())


def check_note(path: Path) -> None:
    """Plain words, whom to ask, and a form that every editor shows."""
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig")
    assert raw.startswith(b"\xef\xbb\xbf")
    assert text.count("\r\n") == text.count("\n") == len(text.splitlines())
    assert not re.search(r"\b(asset|job|handle)s?\b", text, re.IGNORECASE), text
    assert CONTACT in text
    assert path.name.rpartition(" - ")[0] in text
    for heading in ("What happened", "Why", "What to do now", "Whom to ask"):
        assert heading in text.splitlines()


def check_receipt(receipt: Table, path: str, content: bytes, place: Place) -> None:
    """Exactly the keys, and what they must be for this original."""
    assert list(receipt) == [key for key in KEYS if key != "published_at"]
    name = path.rpartition("/")[2]
    assert receipt["file"].endswith(name)
    assert receipt["size_bytes"] == len(content)
    assert receipt["possible_second_copy"] is False
    assert isinstance(receipt["options"]["overwrite"], bool)
    assert receipt["options"]["emailSetting"] == "None"
    assert isinstance(receipt["warnings"], list)
    for key in ("dropped_at", "stored_at"):
        if receipt[key]:
            assert receipt[key].endswith("Z")
            assert datetime.fromisoformat(receipt[key].removesuffix("Z")).year >= 2024
    is_stored = receipt["outcome"] in ("stored", "updated", "renamed")
    assert is_stored == (not path.startswith("_failed"))
    assert bool(receipt["stored_at"]) == is_stored
    if receipt["outcome"] in ("rejected", "duplicate"):  # nothing was sent: the server told that its name is taken
        assert receipt["job"] == receipt["job_handle"] == receipt["sha256"] == ""
    else:
        assert receipt["sha256"] == sha256(content)
        assert receipt["job_handle"] in {job["handle"] for job in place.box.jobs()}
        assert receipt["job"] in receipt["job_handle"]
    if is_stored:
        asset = place.assets()[receipt["asset"]]
        assert receipt["asset_handle"] == asset["asset_handle"]
        assert asset["folder"] == f"Example Co/{receipt['destination']}/"


DRAGGED = [
    pytest.param([""], id="the file alone"),
    pytest.param(["", " - NOT SENT.txt"], id="the file and its note"),
    pytest.param(["", " - NOT SENT.txt", ".receipt.toml"], id="everything"),
]


@pytest.mark.parametrize("endings", DRAGGED)
def test_dragging_a_failed_file_back_tries_it_again_as_if_from_its_first_place(
    place: Place, images: list[bytes], endings: list[str]
) -> None:
    """It remembers the subfolder that it came from, and what we wrote beside it goes away."""
    place.configure({"name": "hot", "receipts": True, "include": ["*"], "destination": "In/{subfolder}"})
    place.box.add_fault(do="upload-error", file="chair.jpg", count=1)
    place.drop("hot/spring/oak/chair.jpg", images[0])
    assert place.run_once().code == 1
    hot = place.hot("hot")
    failed = hot / "_failed/spring/oak"
    assert {path.name for path in failed.iterdir()} == {
        "chair.jpg",
        "chair.jpg - NOT SENT.txt",
        "chair.jpg.receipt.toml",
    }

    for ending in endings:
        (failed / f"chair.jpg{ending}").rename(hot / f"chair.jpg{ending}")
    ended = place.run_once()

    assert ended.code == 0
    day = today(place)
    assert set(place.files("hot")) == {
        f"_done/{day}/spring/oak/chair.jpg",
        f"_done/{day}/spring/oak/chair.jpg.receipt.toml",
    }
    (asset,) = place.box.assets()
    assert (asset["folder"], asset["versions"]) == ("Example Co/In/spring/oak/", 1)
    assert [entry["outcome"] for entry in place.history()] == ["stored", "failed"]
    (seen,) = ended.named("drop.seen", path="chair.jpg")
    assert seen["retry_of"] == 1


def test_a_note_of_somebody_else_is_a_file_like_any_other(place: Place, images: list[bytes]) -> None:
    """Only what we wrote ourselves is taken for ours, whatever it is called."""
    place.configure({"name": "hot", "include": ["*"]})
    mine = b"Please do not forget the chair.\n"
    place.drop("hot/chair.jpg - NOT SENT.txt", mine)
    assert place.run_once().code == 0
    assert place.assets()["chair.jpg - NOT SENT"]["sha256"] == sha256(mine)


def test_stored_originals_can_be_deleted_and_failed_ones_never_are(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "on_success": "delete"})
    place.drop("hot/a/good.jpg", images[0])
    place.drop("hot/a/bad.jpg", BROKEN)
    assert place.run_once().code == 1
    assert sorted(place.files("hot")) == ["_failed/a/bad.jpg", "_failed/a/bad.jpg - NOT SENT.txt"]
    assert place.assets()["good"]["sha256"] == sha256(images[0])


def test_a_single_pass_after_which_nobody_has_to_look_ends_well(place: Place, images: list[bytes]) -> None:
    """Whatever is stored counts as good: with a remark, under another name, or known only by what the server has."""
    place.configure({"name": "hot"})
    place.box.add_fault(do="rename", file="renamed.jpg")
    place.box.add_fault(do="upload-warning", file="remark.jpg", message="Colour profile is missing")
    place.box.add_fault(do="no-log-row", file="silent.jpg")
    for name, image in zip(("plain", "renamed", "remark", "silent"), images[::2], strict=False):
        place.drop(f"hot/{name}.jpg", image)

    ended = place.run_once()

    assert (ended.code, ended.stdout) == (0, "1 renamed, 3 stored\n")
    entries = {entry["asset"]: entry for entry in place.history()}
    assert all(list(entry) == KEYS for entry in entries.values())
    assert {name: entry["outcome"] for name, entry in entries.items()} == {
        "plain": "stored",
        "renamed-1": "renamed",
        "remark": "stored",
        "silent": "stored",
    }
    assert any("Colour profile is missing" in warning for warning in entries["remark"]["warnings"])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(BROKEN, None, id="it is no picture"),
        pytest.param(None, {"do": "upload-error"}, id="the server cannot use it"),
        pytest.param(None, {"do": "vanish"}, id="it vanishes on the server"),
    ],
)
def test_one_file_that_fails_makes_a_single_pass_end_with_one(
    place: Place, images: list[bytes], content: bytes | None, fault: Table | None
) -> None:
    place.configure({"name": "hot"})
    if fault is not None:
        place.box.add_fault(file="chair.jpg", **fault)
    place.drop("hot/good.jpg", images[0])
    place.drop("hot/chair.jpg", images[2] if content is None else content)

    ended = place.run_once()

    assert (ended.code, ended.stdout.splitlines()[0]) == (1, "1 failed, 1 stored")
    (filed,) = ended.named("drop.filed", path="chair.jpg")
    assert (filed["outcome"], filed["target"]) == ("failed", "_failed/chair.jpg")


def test_explain_tells_where_a_file_is_now_and_what_became_of_it(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "rule": [{"match": ["*.jpg"], "destination": "Pictures"}]})
    planned = place.explain(place.hot("hot") / "spring/chair.jpg")
    assert (planned["rule"], planned["destination"], planned["asset"]) == (1, "Pictures", "chair")
    assert planned["options"]["overwrite"] is True
    place.drop("hot/spring/chair.jpg", images[0])
    place.run_once()
    found = place.explain(place.hot("hot") / "spring/chair.jpg")
    filed = place.hot("hot") / f"_done/{today(place)}/spring/chair.jpg"
    assert (found["state"], found["outcome"], found["now_at"]) == ("done", "stored", str(filed))
    assert place.explain(filed)["drop"] == found["drop"]


def test_what_is_kept_or_deleted_is_never_said_to_lie_where_only_its_receipt_is(
    place: Place, images: list[bytes]
) -> None:
    place.configure(
        {"name": "kept", "on_success": "keep", "receipts": True},
        {"name": "deleted", "on_success": "delete", "receipts": True},
    )
    kept = place.drop("kept/oak.jpg", images[0])
    deleted = place.drop("deleted/elm.jpg", images[2])
    ended = place.run_once()
    assert ended.stdout == "2 stored\n"
    filed = {event["folder"]: event for event in ended.events if event["event"] == "drop.filed"}
    assert [name for name, event in filed.items() if "target" in event] == []
    assert (place.explain(kept)["now_at"], kept.exists()) == (str(kept), True)
    assert (place.explain(deleted)["now_at"], deleted.exists()) == (None, False)
