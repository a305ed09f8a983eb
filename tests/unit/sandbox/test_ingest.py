"""What becomes of posted files, seen through the log and the assets."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.sandbox.client import JPEG, KEEP, OPTIONS, Caller, HandClock

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
    ("mode", "same_folder", "any_folder", "any_ending", "neither"),
    [
        ("OverwriteFullName", True, False, False, False),
        ("OverwriteAnyExt", True, False, True, False),
        ("OverwriteFullNameAnyFolder", True, True, False, False),
        ("OverwriteAnyExtAnyFolder", True, True, True, True),
    ],
)
def test_overwrite_that_does_not_match_makes_a_renamed_copy(
    call: Callable[..., Caller], mode: str, same_folder: bool, any_folder: bool, any_ending: bool, neither: bool
) -> None:
    """PROTOCOL 3.2."""
    cases = [("jpg", "a", same_folder), ("jpg", "b", any_folder), ("png", "a", any_ending), ("png", "b", neither)]
    for ending, folder, is_replaced in cases:
        caller = call(overwrite_mode=mode)
        send(caller, "chair.jpg", "1", dest="Example Co/a/")
        content = PNG if ending == "png" else JPEG
        verdicts = send(caller, f"chair.{ending}", "2", content=content, dest=f"Example Co/{folder}/")
        name = "chair" if is_replaced else "chair-1"
        assert verdicts == [("FileUpdated" if is_replaced else "UploadSuccess", name)]
        asset = caller.box.assets()[-1]
        assert (asset["folder"], asset["file_name"]) == (f"Example Co/{folder}/", f"{name}.{ending}")


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
        ({"do": "log-type", "log_type": "UploadSucess"}, [("UploadSucess", "b")], ["b"]),
        ({"do": "nameless-row"}, [], ["b"]),
        ({"do": "noise", "rows": 2}, [("FileProgress", "b"), ("FileProgress", "b"), ("UploadSuccess", "b")], ["b"]),
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


def test_fatal_error_ends_the_job_there(caller: Caller) -> None:
    caller.box.add_fault(do="fatal", file="b*", message="no disk")
    handle = caller.post("a.jpg", "b.jpg", "c.jpg", job="j", end=True).handle
    assert caller.verdicts(handle) == [("UploadSuccess", "a")]
    (job,) = caller.box.jobs()
    assert [row["type"] for row in job["log"]][-1] == "FatalError"
    assert (job["log"][-1]["message"], job["state"]) == ("no disk", "Done")
    assert caller.log(handle=handle).texts("fatalError") == ["true"]


# --- the trash ---


def test_name_in_the_trash_is_still_taken_for_seven_days(caller: Caller, hand: HandClock) -> None:
    """PROTOCOL 3.2: a numeral is appended, whatever the options say."""
    send(caller, "chair.jpg", "1")
    caller.box.trash("chair")
    assert caller.box.assets() == []
    assert send(caller, "chair.jpg", "2", options=KEEP) == [("UploadSuccess", "chair-1")]
    hand.move(7 * 86400)
    assert send(caller, "chair.jpg", "3") == [("UploadSuccess", "chair")]
    assert [asset["name"] for asset in caller.box.assets()] == ["chair-1", "chair"]


def test_only_what_is_there_can_be_deleted(caller: Caller) -> None:
    send(caller, "a b.jpg", "1")
    assert caller.send("DELETE", "/api/assets/a%20b").status == 200
    assert caller.send("DELETE", "/api/assets/a%20b").status == 404
    assert caller.send("DELETE", "/healthz").status == 404
    with pytest.raises(KeyError):
        caller.box.trash("a b")


# --- by-products ---

LAYERS = OPTIONS.replace(
    "<emailSetting>",
    "<photoshopOptions><process>MaintainLayers</process><layerOptions><layerNaming>{}</layerNaming></layerOptions>"
    "</photoshopOptions><emailSetting>",
)
UNPACK = OPTIONS + "<unCompressOptions><process>UnCompress</process></unCompressOptions>"


def psd(layers: int) -> bytes:
    """The blocks of a PSD as far as its number of layers; negative with a merged alpha channel."""
    blocks = struct.pack(">I3xBI", 4, 0, 0) + struct.pack(">IIh", 6, 2, layers)
    return b"8BPS\0\x01" + bytes(20) + blocks


@pytest.mark.parametrize("count", [2, -2])
@pytest.mark.parametrize(
    ("naming", "names"),
    [
        ("LayerName", ["Layer 1", "Layer 2"]),
        ("AppendNumber", ["poster_1", "poster_2"]),
        ("AppendName", ["poster_Layer 1", "poster_Layer 2"]),
    ],
)
def test_layers_of_a_psd_become_assets_when_asked_for(
    caller: Caller, naming: str, names: list[str], count: int
) -> None:
    verdicts = send(caller, "poster.psd", "1", content=psd(count), options=LAYERS.format(naming))
    assert verdicts == [("UploadSuccess", name) for name in ["poster", *names]]
    assert [row["asset_type"] for row in caller.box.jobs()[0]["log"] if row["asset_name"]] == ["Psd", "Layer", "Layer"]
    assert [asset["name"] for asset in caller.box.assets()] == ["poster", *names]
    again = send(caller, "poster.psd", "2", content=psd(count), options=LAYERS.format(naming))
    assert again == [("FileUpdated", name) for name in ["poster", *names]]


@pytest.mark.parametrize("content", [psd(0), psd(3)[:26], psd(3)[:35], b"8BPS\0\x01"], ids=["none", "1", "2", "3"])
def test_psd_without_layers_that_can_be_counted_is_one_asset(caller: Caller, content: bytes) -> None:
    assert send(caller, "a.psd", "1", content=content, options=LAYERS.format("AppendNumber")) == [
        ("UploadSuccess", "a")
    ]


def test_layers_are_left_alone_unless_asked_for(caller: Caller) -> None:
    assert send(caller, "a.psd", "1", content=psd(2)) == [("UploadSuccess", "a")]
    assert send(caller, "b.jpg", "2", options=LAYERS.format("AppendNumber")) == [("UploadSuccess", "b")]


def test_mask_has_a_row_of_its_own(caller: Caller) -> None:
    options = OPTIONS.replace("<createMask>false", "<createMask>true")
    assert send(caller, "a.jpg", "1", options=options) == [("UploadSuccess", "a"), ("UploadSuccess", "a_mask")]
    assert [asset["name"] for asset in caller.box.assets()] == ["a"]


def packed(ending: str, *names: str) -> bytes:
    """An archive of files that hold their own names."""
    out = io.BytesIO()
    if ending == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            archive.mkdir("in")
            for name in names:
                archive.writestr(name, name)
    else:
        with tarfile.open(fileobj=out, mode="w:gz" if ending == "tgz" else "w") as tar:
            for name in names:
                tar.addfile(tarfile.TarInfo(name))
    return out.getvalue()


@pytest.mark.parametrize("ending", ["zip", "tar", "tgz"])
def test_contents_of_an_archive_become_assets_in_its_place_when_asked_for(caller: Caller, ending: str) -> None:
    content = packed(ending, "in/a.jpg", "b.txt")
    verdicts = send(caller, f"all.{ending}", "1", content=content, options=UNPACK)
    assert verdicts == [("UploadSuccess", "a"), ("UploadSuccess", "b")]
    assert [asset["file_name"] for asset in caller.box.assets()] == ["a.jpg", "b.txt"]
    again = send(caller, f"all.{ending}", "2", content=content, options=UNPACK)
    assert again == [("FileUpdated", "a"), ("FileUpdated", "b")]
    assert send(caller, f"all.{ending}", "3", content=content) == [("UploadSuccess", "all")]


def test_single_packed_file_is_unpacked_too(caller: Caller) -> None:
    assert send(caller, "a.txt.gz", "1", content=gzip.compress(b"text"), options=UNPACK) == [("UploadSuccess", "a")]


def test_archive_that_cannot_be_read_fails(caller: Caller) -> None:
    for number, ending in enumerate(("zip", "tar", "gz")):
        verdicts = send(caller, f"a.{ending}", str(number), content=b"PK but not really", options=UNPACK)
        assert verdicts == [("UploadError", "a")]
