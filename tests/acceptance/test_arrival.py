"""How files come into a hot folder: whatever the way, only whole files are sent, and each of them once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.place import Place, Table, check_all_arrived, numbered, sha256
from tests.acceptance.process import Process


@contextmanager
def watched(place: Place, **folder: object) -> Iterator[Process]:
    """Run the daemon on one hot folder, from the moment on that it watches."""
    table: Table = {"name": "hot"} | folder
    place.configure(table)
    with place.start() as daemon:
        place.drop("hot/first.jpg", place_holder())
        daemon.await_event("drop.filed", path="first.jpg", outcome="stored")
        yield daemon
        ended = daemon.end()
    assert ended.code == 0
    assert not ended.noise
    assert not ended.named("daemon.trouble")


def place_holder() -> bytes:
    """Return a small complete JPEG that no other picture here equals."""
    return b"\xff\xd8\xff\xfe\x00\x07first\xff\xd9"


def let_quiet_time_pass(place: Place, daemon: Process, image: bytes) -> None:
    """Let a file come that is whole: when it is filed, everything that came before it has been quiet for longer."""
    number = daemon.count("drop.filed")
    place.drop(f"hot/clock-{number}.jpg", image)
    daemon.await_event("drop.filed", path=f"clock-{number}.jpg")


@pytest.mark.parametrize("way", ["keeps it open", "comes back later"])
def test_a_file_whose_writer_pauses_is_not_sent_before_its_end_is_there(
    place: Place, images: list[bytes], way: str
) -> None:
    whole = images[0]
    target = place.hot("hot") / "paused.jpg"
    with watched(place) as daemon:
        with target.open("wb") as writer:
            writer.write(whole[:300])
            writer.flush()
            if way == "keeps it open":
                let_quiet_time_pass(place, daemon, images[2])
                let_quiet_time_pass(place, daemon, images[4])
                writer.write(whole[300:])
        if way == "comes back later":
            let_quiet_time_pass(place, daemon, images[2])
            let_quiet_time_pass(place, daemon, images[4])
            with target.open("ab") as writer:
                writer.write(whole[300:])
        assert daemon.count("drop.filed", path="paused.jpg") == 0
        assert "paused" not in place.assets()
        ready = daemon.await_event("drop.ready", path="paused.jpg")
        assert "JPEG end found" in ready["evidence"]
        daemon.await_event("drop.filed", path="paused.jpg", outcome="stored")
    asset = place.assets()["paused"]
    assert (asset["sha256"], asset["versions"]) == (sha256(whole), 1)


def test_a_file_of_an_unknown_format_is_not_sent_while_its_writer_has_it_open(place: Place) -> None:
    with watched(place, include=["*"]) as daemon:
        with (place.hot("hot") / "open.data").open("wb") as writer:
            writer.write(b"half")
            writer.flush()
            let_quiet_time_pass(place, daemon, place_holder() + b"2")
            let_quiet_time_pass(place, daemon, place_holder() + b"3")
            assert daemon.count("drop.ready", path="open.data") == 0
            writer.write(b" and half")
        daemon.await_event("drop.filed", path="open.data", outcome="stored")
    assert place.assets()["open"]["sha256"] == sha256(b"half and half")


def test_a_file_renamed_into_place_is_sent_under_its_new_name(place: Place, images: list[bytes]) -> None:
    with watched(place) as daemon:
        outside = place.root / "outside.jpg"
        outside.write_bytes(images[0])
        outside.rename(place.hot("hot") / "from outside.jpg")
        part = place.drop("hot/copy.jpg.part", images[2])
        part.rename(part.with_name("copy.jpg"))
        daemon.await_event("drop.filed", path="from outside.jpg", outcome="stored")
        daemon.await_event("drop.filed", path="copy.jpg", outcome="stored")
    assert set(place.assets()) == {"first", "from outside", "copy"}


def test_a_directory_tree_moved_in_is_sent_whole(place: Place, images: list[bytes]) -> None:
    dropped = {f"hot/season/{'deep/' * (n % 5)}{n}.jpg": images[2 * n] for n in range(60)}
    with watched(place) as daemon:
        for path, content in dropped.items():
            target = place.root / "elsewhere" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (place.root / "elsewhere/hot/season").rename(place.hot("hot") / "season")
        daemon.await_event("drop.filed", times=61)
    check_all_arrived(place, dropped | {"hot/first.jpg": place_holder()})


def test_a_burst_of_five_thousand_files_in_new_folders_is_found_whole(place: Place) -> None:
    """Faster than watches can be put on the folders: what they miss, the look into each new folder finds."""
    place.configure(
        {"name": "hot", "include": ["*"], "destination": "Burst"},
        upload={"files_per_post": 200},
        batch={"max_files": 1000},
    )
    dropped = {f"hot/{n % 97}/{n % 7}/{n}.data": b"number %d" % n for n in range(5000)}
    with place.start() as daemon:
        place.drop("hot/first.jpg", place_holder())
        daemon.await_event("drop.filed", path="first.jpg", outcome="stored")
        for path, content in dropped.items():
            place.drop(path, content)
        daemon.await_event("drop.filed", times=5001)
        ended = daemon.end()
    assert ended.code == 0
    assert len(ended.named("drop.filed", outcome="stored")) == 5001
    check_all_arrived(place, dropped | {"hot/first.jpg": place_holder()})


SENT = ["_DSC1234.jpg", "sub/_done/looks like ours.jpg", "sub/Thumbs.jpg", "_donegal.jpg", "UPPER.JPG"]

IGNORED = [
    ".DS_Store",
    "._photo.jpg",
    ".hidden.jpg",
    "Thumbs.db",
    "desktop.ini",
    "~$photo.jpg",
    "photo.jpg.part",
    "download.crdownload",
    "sub/.~lock.photo.jpg",
    "sub/@eaDir/photo.jpg",
    "__MACOSX/photo.jpg",
    ".hidden directory/photo.jpg",
    "no such format.xyz",
    "excluded/photo.jpg",
]

RESERVED = ["_done/mine.jpg", "_FAILED/mine.jpg", "_check/deep/mine.jpg", "_working/mine.jpg", "_status.html"]


@pytest.mark.parametrize("mode", ["once", "watching", "polling"])
def test_only_what_is_meant_to_be_sent_is_sent(place: Place, images: list[bytes], mode: str) -> None:
    place.configure({"name": "hot", "exclude": ["excluded/*"], "watch": "auto" if mode == "once" else _watch(mode)})
    by_path = dict(zip([*SENT, *IGNORED, *RESERVED], images[0::2], strict=False))
    dropped = {f"hot/{path}": by_path[path] for path in SENT}
    left = [*IGNORED, *RESERVED]
    if mode == "once":
        for path, content in by_path.items():
            place.drop(f"hot/{path}", content)
        assert place.run_once().code == 0
    else:
        with place.start() as daemon:
            daemon.await_event("daemon.ready")
            for path in reversed(by_path):
                place.drop(f"hot/{path}", by_path[path])
            daemon.await_event("drop.filed", times=len(SENT))
            assert daemon.end().code == 0
    there = place.originals("hot")
    assert {path: there.pop(path) for path in left} == {path: sha256(by_path[path]) for path in left}
    assert sorted(there) == sorted(path for path in there if path.startswith("_done/"))
    assert {asset["file_name"] for asset in place.box.assets()} == {path.rpartition("/")[2] for path in SENT}
    assert {asset["sha256"] for asset in place.box.assets()} == {sha256(content) for content in dropped.values()}
    if mode == "once":
        assert "unfinished" in place.explain(place.hot("hot") / "photo.jpg.part")["reason"]
        assert "excluded" in place.explain(place.hot("hot") / "excluded/photo.jpg")["reason"]


def _watch(mode: str) -> str:
    return "inotify" if mode == "watching" else "polling"


def test_a_file_written_again_before_it_was_taken_is_sent_as_it_is_last(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"}, batch={"linger": "1s"})
    with place.start() as daemon:
        target = place.drop("hot/chair.jpg", images[0])
        daemon.await_event("drop.ready", path="chair.jpg")
        target.write_bytes(images[2])
        daemon.await_event("drop.ready", path="chair.jpg", times=2)
        daemon.await_event("drop.filed", path="chair.jpg", outcome="stored")
        daemon.end()
    asset = place.assets()["chair"]
    assert (asset["sha256"], asset["versions"]) == (sha256(images[2]), 1)
    assert [entry["outcome"] for entry in place.history()] == ["stored"]


def test_a_file_taken_back_in_time_is_not_sent(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"}, batch={"linger": "1s"})
    with place.start() as daemon:
        target = place.drop("hot/chair.jpg", images[0])
        daemon.await_event("drop.ready", path="chair.jpg")
        target.unlink()
        daemon.await_event("drop.withdrawn", path="chair.jpg")
        daemon.end()
    assert place.assets() == {}
    assert [entry["outcome"] for entry in place.history()] == ["withdrawn"]


@pytest.mark.parametrize("watch", ["inotify", "polling"])
def test_kept_files_are_sent_once_however_often_they_are_looked_at(
    place: Place, images: list[bytes], watch: str
) -> None:
    place.configure(
        {"name": "hot", "on_success": "keep", "watch": watch, "poll": "100ms", "rescan": "200ms", "receipts": True}
    )
    dropped = dict(numbered(images, "hot", 20))
    slow = place.box.add_fault(on="getActiveJobs", do="slow", seconds=1.5, nth=1)
    with place.start() as daemon:
        for path, content in dropped.items():
            place.drop(path, content)
        daemon.await_event("drop.filed", times=20)
        changed = next(iter(dropped))
        place.drop(changed, images[100])
        daemon.await_event("drop.filed", path=changed.removeprefix("hot/"), outcome="updated")
        daemon.end()
    assert place.run_once().stdout == "nothing to do\n"
    assert slow.hits == 1
    dropped[changed] = images[100]
    assert place.originals("hot") == {
        path.removeprefix("hot/"): sha256(content) for path, content in sorted(dropped.items())
    }
    versions = {asset["file_name"]: asset["versions"] for asset in place.box.assets()}
    assert versions == {path.removeprefix("hot/"): 2 if path == changed else 1 for path in dropped}


def test_things_that_are_not_plain_files_are_left_alone_with_a_note(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "include": ["*"]})
    secret = place.root / "secret.jpg"
    secret.write_bytes(images[0])
    hot = place.hot("hot")
    (hot / "link.jpg").symlink_to(secret)
    (hot / "folder link").symlink_to(place.root)
    os.mkfifo(hot / "fifo.jpg")
    os.link(secret, hot / "second name.jpg")
    Path(os.fsdecode(os.fsencode(hot) + b"/d\xe9cor.jpg")).write_bytes(images[4])
    place.drop("hot/good.jpg", images[2])

    ended = place.run_once()

    assert ended.code == 1
    assert set(place.assets()) == {"good"}
    left = {os.fsencode(path.name) for path in hot.iterdir() if not path.name.startswith("_")}
    assert left == {b"link.jpg", b"folder link", b"fifo.jpg", b"second name.jpg", b"d\xe9cor.jpg"}
    notes = {path.name for path in (hot / "_failed").iterdir()}
    assert notes == {
        f"{name} - NOT SENT.txt" for name in ("link.jpg", "folder link", "fifo.jpg", "second name.jpg", "d%E9cor.jpg")
    }


def test_an_incomplete_file_is_held_in_place_and_goes_on_when_it_is_whole(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "settle": {"quiet": "200ms", "limit": "600ms"}})
    place.drop("hot/half.jpg", images[0][:300])

    ended = place.run_once()
    assert ended.code == 1
    (held,) = ended.named("drop.held")
    assert "the end of the JPEG is missing" in held["reason"]
    assert list(place.originals("hot")) == ["half.jpg"]

    with place.start() as daemon:
        daemon.await_event("drop.held", path="half.jpg")
        place.drop("hot/half.jpg", images[0])
        daemon.await_event("drop.filed", path="half.jpg", outcome="stored")
        daemon.end()
    assert place.assets()["half"]["sha256"] == sha256(images[0])


def test_an_empty_file_is_rejected_after_its_grace(place: Place) -> None:
    place.configure({"name": "hot", "settle": {"quiet": "200ms", "empty_grace": "500ms"}})
    place.drop("hot/empty.jpg", b"")
    ended = place.run_once()
    assert ended.code == 1
    assert sorted(place.files("hot")) == ["_failed/empty.jpg", "_failed/empty.jpg - NOT SENT.txt"]
    assert place.assets() == {}
    assert not [request for request in place.box.requests if request.operation == "UploadFile"]
