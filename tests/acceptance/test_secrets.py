"""The password goes to the server and nowhere else, whatever it is made of and whoever repeats it."""

from __future__ import annotations

from tests.acceptance.canary import holders, joined
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, check_all_arrived, numbered
from tests.acceptance.process import Ended

PASSWORD = """ p<a&s"s w'o\\rd% """


def check_nowhere(place: Place, *runs: Ended) -> None:
    """Neither log lines nor results, ledger, notes, receipts or any other file of ours hold it."""
    said = [line for ended in runs for line in (ended.stdout, *ended.noise, *map(repr, ended.events))]
    said.append(repr(place.history()))
    written = {
        path: path.read_bytes()
        for path in place.root.rglob("*")
        if path.is_file() and path.name != "password" and "sandbox" not in path.relative_to(place.root).parts
    }
    assert any(path.name.startswith("ledger.db") for path in written)
    outputs = {str(path): content for path, content in written.items()} | {"what was said": joined(said)}
    assert not holders(PASSWORD, outputs)


def test_a_password_of_odd_characters_works_and_is_written_nowhere(make_place: MakePlace, images: list[bytes]) -> None:
    place = make_place(password=PASSWORD)
    place.configure({"name": "hot", "receipts": True}, upload={"files_per_post": 2})
    dropped = dict(numbered(images, "hot", 8))
    for path, content in dropped.items():
        place.drop(path, content)
    place.box.add_fault(on="UploadFile", do="swallow-after", nth=2)
    place.box.add_fault(on="getActiveJobs", do="html", nth=1)
    place.box.add_fault(on="getJobLogDetails", do="fault", code=30000, reason="Not now", nth=1)

    ended = place.run_once()

    assert ended.code == 0
    check_all_arrived(place, dropped)
    check_nowhere(place, ended)


def test_a_server_that_repeats_the_password_does_not_make_us_repeat_it(
    make_place: MakePlace, images: list[bytes]
) -> None:
    place = make_place(password=PASSWORD)
    place.configure({"name": "hot", "receipts": True, "contact": "us"}, upload={"files_per_post": 1})
    said = f"Cannot go on as ingest with {PASSWORD}!"
    place.box.add_fault(on="UploadFile", do="fault", code=30001, reason=said, file="post.jpg")
    place.box.add_fault(do="upload-error", message=said, file="log.jpg")
    place.box.add_fault(do="upload-warning", message=said, file="warning.jpg")
    place.box.add_fault(on="getActiveJobs", do="fault", code=30000, reason=said, nth=1)
    for name, image in zip(("post", "log", "warning"), images[::2], strict=False):
        place.drop(f"hot/{name}.jpg", image)

    first = place.run_once()

    assert first.code == 1
    assert {path for path in place.originals("hot") if path.startswith("_failed")} == {
        "_failed/post.jpg",
        "_failed/log.jpg",
    }
    check_nowhere(place, first)


def test_a_refusal_that_repeats_the_password_is_told_without_it(make_place: MakePlace, images: list[bytes]) -> None:
    place = make_place(password=PASSWORD)
    place.configure({"name": "hot"})
    place.box.add_fault(do="fault", code=10001, reason=f"Wrong password: {PASSWORD}")
    place.drop("hot/a.jpg", images[0])
    ended = place.run_once()
    assert ended.code == 3
    assert ended.named("server.refused", code=10001)
    check_nowhere(place, ended)
