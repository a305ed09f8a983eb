"""What people can ask of a running daemon, and see of it, by commands: hold, release, retry, status."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise

import pytest

from tests.acceptance.asking import command, daemon, explained, over_socket
from tests.acceptance.place import Place
from tests.acceptance.process import PROGRAM

# --- hold, release, retry ---


def test_a_file_that_is_held_waits_until_it_is_released(place: Place, images: list[bytes]) -> None:
    """The only job there may be is kept by the server, so the two files behind it stay ready as long as it takes."""
    answering = place.box.add_fault(on="UploadFile", do="hold", count=1)
    with daemon(place, {"name": "hot"}, upload={"parallel_jobs": 1}) as process:
        place.drop("hot/first.jpg", images[4])
        assert answering.met.wait(60)
        path = place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.ready", path="chair.jpg")

        held = command(place, "hold", path)
        explanation, text = explained(place, path)
        place.drop("hot/lamp.jpg", images[2])
        answering.release()
        process.await_event("drop.filed", path="lamp.jpg")
        counts = place.status()["folders"][0]["counts"]
        released = command(place, "release", path)
        process.await_event("drop.filed", path="chair.jpg")

    assert held.code == released.code == 0
    assert held.stdout == f"{path}: held; 'hotfolder release' lets it go on\n"
    assert released.stdout == f"{path}: released: it goes on\n"
    assert explanation["state"] == "held"
    assert "What to do: 'hotfolder release PATH' lets it go on." in " ".join(text.split())
    assert (counts["held"], counts["done"]) == (1, 2)


def test_a_hot_folder_that_is_held_sends_nothing_and_stays_held_over_a_restart(
    place: Place, images: list[bytes]
) -> None:
    with daemon(place, {"name": "hot"}) as process:
        held = command(place, "hold", "--folder", "hot")
        place.drop("hot/chair.jpg", images[0])
        process.end()
    with place.start() as process:
        process.await_event("folder.held")
        while_held = place.status()["folders"][0]
        attention = over_socket(place.root / "control.sock", "GET", "/api/attention").data
        told = command(place, "status").stdout

        released = command(place, "release", "--all")
        process.await_event("drop.filed", path="chair.jpg")

    assert held.code == released.code == 0
    assert while_held["state"] == "held"
    assert [entry["folder"] for entry in attention["folders"]] == ["hot"]
    assert "hotfolder release --folder hot" in attention["folders"][0]["cure"]
    assert "hot: held" in told
    assert "hotfolder release --folder hot" in " ".join(told.split())


def test_what_cannot_be_held_is_told_one_by_one(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot"}) as process:
        done = place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.filed")

        ended = command(place, "hold", done, place.hot("hot") / "never.jpg", "/etc/passwd")

    assert ended.code == 1
    assert sorted(ended.stdout.splitlines()) == [
        "/etc/passwd: in none of the hot folders",
        f"{done}: nothing of that name waits there",
        f"{place.hot('hot')}/never.jpg: nothing of that name waits there",
    ]


@pytest.mark.parametrize("wish", ["hold", "release"])
def test_hold_and_release_need_a_daemon_and_say_so(place: Place, wish: str) -> None:
    place.configure({"name": "hot"})

    ended = command(place, wish, "--folder", "hot")

    assert ended.code == 2
    assert f"no daemon answers at {place.root}/control.sock" in "".join(ended.noise)


def test_what_failed_is_sent_again_from_where_it_was_dropped(place: Place, images: list[bytes]) -> None:
    failing = place.box.add_fault(file="*.jpg", do="upload-error", message="out of order", count=3)
    with daemon(place, {"name": "hot"}) as process:
        for name in ("sub/chair", "lamp", "table"):
            place.drop(f"hot/{name}.jpg", images[0] + name.encode())
        process.await_event("drop.filed", times=3)
        place.drop("hot/lamp.jpg", images[2])  # somebody else's, meanwhile
        process.await_event("drop.filed", times=4)

        by_old_path = command(place, "retry", place.hot("hot") / "sub" / "chair.jpg")
        by_place = command(place, "retry", place.hot("hot") / "_failed" / "table.jpg")
        process.await_event("drop.filed", times=6)
        rest = command(place, "retry", "--all")
        process.await_event("drop.filed", times=7)
        nothing = command(place, "retry", "--folder", "hot")

    assert failing.hits == 3
    assert by_old_path.stdout.endswith("_failed/sub/chair.jpg: on its way back to sub/chair.jpg, to be sent again\n")
    assert by_place.code == rest.code == 0
    assert [entry["file"] for entry in place.history()[:3] if entry["outcome"] in ("stored", "updated")] == [
        *("lamp.jpg", "table.jpg", "sub/chair.jpg")
    ]
    assert nothing.stdout == "nothing to send again\n"
    assert not list((place.hot("hot") / "_failed").rglob("*.txt")), "notes go with their files"


def test_without_a_daemon_what_failed_is_brought_back_and_sent_when_one_runs(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"})
    place.drop("hot/chair.jpg", images[0])
    place.box.add_fault(file="*.jpg", do="upload-error", message="out of order", count=1)
    assert place.run_once().code == 1

    ended = command(place, "retry", "--all")

    assert ended.code == 0
    assert "back at chair.jpg; it is sent again when the daemon runs" in ended.stdout
    assert place.run_once().code == 0


def test_doubtful_ones_are_sent_again_only_by_their_paths_and_with_a_warning(place: Place, images: list[bytes]) -> None:
    place.box.add_fault(file="*.jpg", do="rename")
    with daemon(place, {"name": "hot"}) as process:
        path = place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.filed", outcome="renamed")

        every = command(place, "retry", "--all")
        one = command(place, "retry", path)
        process.await_event("drop.filed", times=2)

    assert every.stdout == "nothing to send again\n"
    assert one.code == 0
    assert "caution: it may be on the server twice after this" in one.stdout


def test_what_cannot_go_back_is_told_with_the_reason(place: Place, images: list[bytes]) -> None:
    place.box.add_fault(file="broken*", do="upload-error", message="out of order")
    with daemon(place, {"name": "hot"}) as process:
        stored = place.drop("hot/chair.jpg", images[0])
        broken = place.drop("hot/broken.jpg", images[2])
        process.await_event("drop.filed", times=2)
        over_socket(place.root / "control.sock", "POST", "/api/hold", {"folder": "hot"})
        place.drop("hot/broken.jpg", images[4])

        ended = command(place, "retry", stored, broken, place.hot("hot") / "never.jpg")

    assert ended.code == 1
    assert ended.stdout.splitlines() == [
        f"{stored}: it was stored: to send it again, drop it again",
        f"{broken}: something else lies at {broken} now; move that away first",
        f"{place.hot('hot')}/never.jpg: never seen: the ledger knows of no drop there",
    ]


# --- status ---


def test_status_has_exactly_the_documented_keys(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot"}) as process:
        place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.filed")
        status = place.status()
        history = place.history()

    assert list(status) == ["server", "folders", "jobs", "publishing", "recent"]
    assert list(status["server"]) == ["state", "since", "error", "password_expires"]
    (folder,) = status["folders"]
    assert list(folder) == ["name", "path", "state", "counts"]
    assert (folder["name"], folder["path"], folder["state"]) == ("hot", str(place.hot("hot")), "watching")
    assert folder["counts"] == {
        **dict.fromkeys(("settling", "ready", "working", "processing", "held"), 0),
        "done": 1,
        "check": 0,
        "failed": 0,
        "ignored": 0,
    }
    assert status["recent"] == history


def test_counts_are_those_of_the_ledger_over_a_restart_and_without_a_daemon(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot"}) as process:
        place.drop("hot/chair.jpg", images[0])
        place.drop("hot/broken.jpg", b"no picture\n")
        process.await_event("drop.filed", times=2)
        process.end()
    at_rest = place.status()
    with place.start() as process:
        process.await_event("daemon.ready")
        again = place.status()

    for status in (at_rest, again):
        counts = status["folders"][0]["counts"]
        assert (counts["done"], counts["failed"]) == (1, 1)
        assert len(status["recent"]) == 2
    assert at_rest["server"]["error"] == "no daemon is running: this is what the ledger says"


def test_status_follow_prints_one_json_line_for_each_change(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot"}, batch={"linger": "1h"}) as process:
        process.await_event("daemon.ready")
        with subprocess.Popen(
            [PROGRAM, "-c", place.config, "status", "--follow", "--json"], stdout=subprocess.PIPE, text=True
        ) as follower:
            assert follower.stdout is not None
            first = json.loads(follower.stdout.readline())
            place.drop("hot/chair.jpg", images[0])
            changes = [first]
            for line in follower.stdout:
                changes.append(json.loads(line))
                if changes[-1]["folders"][0]["counts"]["ready"]:
                    break
            follower.terminate()

    assert first["folders"][0]["counts"]["ready"] == 0
    assert all(before != after for before, after in pairwise(changes))
