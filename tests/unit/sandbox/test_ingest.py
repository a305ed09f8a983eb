"""What becomes of posted files, seen through the log and the assets."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.sandbox.client import JPEG, KEEP, OPTIONS, Caller

PNG = b"\x89PNG\r\n\x1a\n"


def send(caller: Caller, name: str, job: str, *, content: bytes = JPEG, **settings: Any) -> list[tuple[str, str]]:
    return caller.verdicts(caller.post(name, job=job, end=True, content=content, **settings).handle)


def test_overwrite_replaces_content_and_keeps_the_handle(caller: Caller) -> None:
    assert send(caller, "chair.jpg", "1") == [("UploadSuccess", "chair")]
    assert send(caller, "chair.jpg", "2", content=JPEG + b"2", dest="Example Co/new/") == [("FileUpdated", "chair")]
    (asset,) = caller.box.assets()
    assert (asset["asset_handle"], asset["versions"], asset["folder"]) == ("a|1", 2, "Example Co/new/")
    assert (asset["job"], asset["job_handle"]) == ("2", "j|2101||2|2")
    assert caller.box.content("chair").read_bytes() == JPEG + b"2"


def test_name_in_use_without_overwrite_is_a_duplicate(caller: Caller) -> None:
    send(caller, "chair.jpg", "1")
    assert send(caller, "chair.png", "2", content=PNG, options=KEEP) == [("DuplicateSkipped", "chair")]
    (asset,) = caller.box.assets()
    assert (asset["versions"], asset["file_name"]) == (1, "chair.jpg")


@pytest.mark.parametrize(
    ("mode", "verdict"),
    [
        ("OverwriteFullName", ("UploadSuccess", "chair-1")),
        ("OverwriteAnyExt", ("UploadSuccess", "chair-1")),
        ("OverwriteFullNameAnyFolder", ("UploadSuccess", "chair-1")),
        ("OverwriteAnyExtAnyFolder", ("FileUpdated", "chair")),
    ],
)
def test_overwrite_that_does_not_match_makes_a_renamed_copy(
    call: Callable[..., Caller], mode: str, verdict: tuple[str, str]
) -> None:
    """PROTOCOL 3.2."""
    caller = call(overwrite_mode=mode)
    send(caller, "chair.jpg", "1", dest="Example Co/a/")
    assert send(caller, "chair.png", "2", content=PNG, dest="Example Co/b/") == [verdict]
    asset = caller.box.assets()[-1]
    assert (asset["folder"], asset["file_name"]) == ("Example Co/b/", f"{verdict[1]}.png")


def test_renamed_copies_count_on(call: Callable[..., Caller]) -> None:
    caller = call(overwrite_mode="OverwriteFullName")
    names = [send(caller, "chair.jpg", str(n), dest=f"Example Co/{n}/")[0][1] for n in range(4)]
    assert names == ["chair", "chair-1", "chair-2", "chair-3"]


def test_names_differ_by_case(caller: Caller) -> None:
    send(caller, "Chair.jpg", "1")
    assert send(caller, "chair.jpg", "2") == [("UploadSuccess", "chair")]


def test_names_that_are_equal_without_forbidden_characters_are_one_asset(caller: Caller) -> None:
    send(caller, "a&b.jpg", "1")
    assert send(caller, "ab.jpg", "2") == [("FileUpdated", "ab")]


def test_same_name_twice_in_one_job_is_a_duplicate(caller: Caller) -> None:
    """The protocol tells such files from none other, so a caller must not send them (PROTOCOL 4.4)."""
    handle = caller.post("a.jpg", "a.png.jpg", "a.jpg", job="j", end=True).handle
    assert caller.verdicts(handle) == [("UploadSuccess", "a"), ("UploadSuccess", "a.png"), ("DuplicateSkipped", "a")]


def test_broken_file_fails_and_its_neighbours_do_not(caller: Caller) -> None:
    handle = caller.post("a.jpg", "b.png", job="j", end=True).handle
    assert caller.verdicts(handle) == [("UploadSuccess", "a"), ("UploadError", "b")]
    assert [asset["name"] for asset in caller.box.assets()] == ["a"]


def test_empty_file_fails(caller: Caller) -> None:
    assert send(caller, "a.txt", "1", content=b"") == [("UploadError", "a")]


def test_name_of_which_nothing_is_left_fails(caller: Caller) -> None:
    handle = caller.post("???", job="j", end=True).handle
    (job,) = caller.box.jobs()
    assert [row["type"] for row in job["log"]].count("UploadError") == 1
    assert caller.verdicts(handle) == []


@pytest.mark.parametrize(
    ("first", "second", "preserve", "is_ready"),
    [("true", "false", "true", True), ("true", "false", "false", False), ("false", "true", "false", True)],
)
def test_publish_state_is_preserved_when_asked(
    caller: Caller, first: str, second: str, preserve: str, is_ready: bool
) -> None:
    for number, ready in enumerate((first, second)):
        options = OPTIONS.replace("<readyForPublish>true", f"<readyForPublish>{ready}").replace(
            "<preservePublishState>true", f"<preservePublishState>{preserve}"
        )
        send(caller, "a.jpg", str(number), options=options)
    (asset,) = caller.box.assets()
    assert asset["ready_for_publish"] == is_ready


@pytest.mark.parametrize(
    ("fault", "verdicts", "stored"),
    [
        ({"do": "upload-error", "message": "virus"}, [("UploadError", "b")], []),
        ({"do": "upload-warning", "message": "odd"}, [("UploadWarning", "b")], ["b"]),
        ({"do": "no-log-row"}, [], ["b"]),
        ({"do": "rename"}, [("UploadSuccess", "b-1")], ["b-1"]),
        ({"do": "vanish"}, [], []),
    ],
)
def test_scripted_trouble_with_a_file(
    call: Callable[..., Caller], fault: dict[str, object], verdicts: list[tuple[str, str]], stored: list[str]
) -> None:
    caller = call(faults=[{**fault, "file": "b*", "job": "catalog-*"}])
    handle = caller.post("a.jpg", "b.jpg", "c.jpg", job="catalog-1", end=True).handle
    assert caller.verdicts(handle) == [("UploadSuccess", "a"), *verdicts, ("UploadSuccess", "c")]
    assert [asset["name"] for asset in caller.box.assets()] == ["a", *stored, "c"]
    if "message" in fault:
        assert any(str(fault["message"]) in row["message"] for row in caller.box.jobs()[0]["log"])
    other = caller.post("b.jpg", job="other", end=True).handle
    assert caller.verdicts(other)[0][0] in ("UploadSuccess", "FileUpdated")


def test_warning_has_its_text_beside_it(caller: Caller) -> None:
    caller.box.add_fault(do="upload-warning", message="odd colours")
    handle = caller.post("a.jpg", job="j", end=True).handle
    assert "IPSJobLog.gcUploadWarning" in caller.log(handle=handle).texts("logType")
    assert "odd colours" in caller.log(handle=handle).texts("logMessage")
