"""What a single pass says at its end."""

from __future__ import annotations

import os

from tests.acceptance.place import Place


def test_a_pass_names_what_needs_somebody_and_what_to_do(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "settle": {"quiet": "100ms", "limit": "1s"}})
    place.drop("hot/good.jpg", images[0])
    place.drop("hot/half.jpg", images[0][:-2])
    place.drop("hot/bad.jpg", images[0])
    place.box.add_fault(do="upload-error", file="bad.jpg", message="No pixels")
    ended = place.run_once()
    assert ended.code == 1
    assert ended.events[-1]["event"] == "daemon.stopping"
    counts, *lines = ended.stdout.splitlines()
    assert counts == "1 failed, 1 stored, 1 held"
    failed, held = lines
    assert failed.startswith("failed: hot/bad.jpg: the server could not use it: ")
    assert "No pixels" in failed
    assert "'hotfolder retry'" in failed
    assert held.startswith("held: hot/half.jpg: the end of the JPEG is missing")
    assert held.endswith("it goes on by itself when it changes)")


def test_a_pass_names_what_it_leaves_in_place_for_what_it_is(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"})
    place.drop("hot/good.jpg", images[0])
    (place.hot("hot") / "link.jpg").symlink_to(place.config)
    os.mkfifo(place.hot("hot") / "pipe.jpg")
    ended = place.run_once()
    assert ended.code == 1  # each was rejected, and has its note
    counts, *lines = ended.stdout.splitlines()
    assert counts == "1 stored, 2 left in place"
    link, pipe = sorted(lines)
    assert link.startswith("not sent: hot/link.jpg: it is not a file but a link to something in another place")
    assert link.endswith("(put a copy of the file itself there instead of the link)")
    assert pipe.startswith("not sent: hot/pipe.jpg: it is not a file but a pipe, a socket or a device (take it away")


def test_a_pass_counts_all_that_it_leaves_but_names_only_the_first(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "settle": {"quiet": "100ms", "limit": "1s"}})
    for number in range(120):
        place.drop(f"hot/{number}.jpg", images[0][:-2])
    counts, *lines = place.run_once().stdout.splitlines()
    assert counts == "120 held"
    assert len(lines) == 20


def test_a_pass_that_a_server_refuses_says_what_is_left_and_why(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "settle": {"quiet": "20s"}})
    place.drop("hot/good.jpg", images[0])
    place.set_password("wrong")
    ended = place.run_once()
    assert ended.code == 3
    counts, *lines = ended.stdout.splitlines()
    assert counts == "1 not complete"
    assert lines[-1].startswith("refused: the server: the server refuses this user and password")
    assert "password" in lines[-1].rpartition(" (")[2]


def test_a_pass_says_what_waits_for_a_name_that_the_server_does_not_know(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "options": {"overwrite": True, "projectHandleArray": ["Nowhere"]}})
    place.drop("hot/good.jpg", images[0])
    ended = place.run_once()
    assert ended.code == 1
    counts, waiting = ended.stdout.splitlines()
    assert counts == "1 waiting"
    assert waiting.startswith('waiting: hot: the project "Nowhere" is not known to the server')
