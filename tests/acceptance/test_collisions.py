"""Files of several hot folders that get one name online: told before they are sent, one after the other."""

from __future__ import annotations

from hotfolder.sandbox import OverwriteMode
from tests.acceptance.asking import command, daemon, explained, over_tcp, page_of
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, receipts, sha256

CAUTION = 'it gets the name "chair" online, as does "spring/chair.png" of the hot folder catalog, which goes first'


def test_two_hot_folders_that_collide_are_told_before_anything_is_sent(
    make_place: MakePlace, images: list[bytes]
) -> None:
    place = make_place(overwrite_mode=OverwriteMode.ANY_EXT_ANY_FOLDER.value)
    folders = [{"name": "catalog", "receipts": True}, {"name": "press", "receipts": True}]
    with daemon(place, *folders, batch={"linger": "1h"}) as process:
        place.drop("catalog/spring/chair.png", images[1])
        process.await_event("drop.ready", folder="catalog")
        second = place.drop("press/chair.jpg", images[0])
        place.drop("press/stool.jpg", images[2])
        told = process.await_event("drop.ready", folder="press", path="chair.jpg")
        process.await_event("drop.ready", folder="press", path="stool.jpg")
        answer, text = explained(place, second)
        page = over_tcp(page_of(process), "GET", "/").text
        wanted = over_tcp(page_of(process), "GET", "/api/attention").data
        assert not [request for request in place.box.requests if request.operation == "UploadFile"]

    assert (told["caution"], told["level"]) == (CAUTION, "warning")
    assert answer["state"] == "ready"
    assert answer["caution"] == CAUTION
    assert answer["reason"] == 'waits for another file that becomes "chair" as well'
    assert f"Caution: {CAUTION}." in " ".join(text.split())
    assert "Worth a look" in page
    assert [(entry["folder"], entry["path"]) for entry in wanted["cautions"]] == [("press", "chair.jpg")]

    place.configure(*folders)
    assert place.run_once().code == 0
    found = {entry["file"]: entry for entry in place.history()}
    first, last = found["spring/chair.png"], found["chair.jpg"]
    assert first["job"] != last["job"]
    jobs = {job["name"]: job for job in place.box.jobs()}
    assert jobs[last["job"]]["opened_at"] >= jobs[first["job"]]["ended_at"]
    assert (first["outcome"], last["outcome"]) == ("stored", "updated")
    assert place.assets()["chair"]["sha256"] == sha256(images[0])
    (receipt,) = (one for path, one in receipts(place, "press").items() if path.endswith("/chair.jpg"))
    assert receipt["warnings"] == [CAUTION]
    assert found["stool.jpg"]["warnings"] == []


def test_a_file_that_takes_the_place_of_an_older_one_is_told_so(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "catalog"}, {"name": "press"})
    place.drop("catalog/chair.png", images[1])
    assert place.run_once().code == 0
    second = place.drop("press/chair.jpg", images[0])
    ended = place.run_once()
    caution = 'it gets the name "chair" online, which "chair.png" of the hot folder catalog has already'
    assert ended.named("drop.ready", path="chair.jpg")[0]["caution"] == caution
    assert f"Caution: {caution}." in " ".join(command(place, "explain", second).stdout.split())
