"""With overwrite off: names that are taken are asked for in one question, and what has them is not sent."""

from __future__ import annotations

from tests.acceptance.place import Place, Table, numbered, sha256

ONCE: Table = {"name": "hot", "options": {"overwrite": False}}


def asked(place: Place, operation: str) -> int:
    """Return how many requests of this operation the sandbox got."""
    return sum(request.operation == operation for request in place.box.requests)


def test_a_name_that_is_taken_is_told_at_once_and_nothing_is_sent_for_it(place: Place, images: list[bytes]) -> None:
    place.configure(ONCE)
    place.drop("hot/chair.jpg", images[0])
    assert place.run_once().code == 0
    sent = asked(place, "UploadFile")
    questions = asked(place, "checkAssetNames")
    for path, content in numbered(images, "hot", 12):
        place.drop(path, content)
    place.drop("hot/spring/chair.jpg", images[100])

    ended = place.run_once()

    assert (ended.code, ended.stdout.splitlines()[0]) == (1, "1 duplicate, 12 stored")
    assert asked(place, "checkAssetNames") - questions <= 2, "one question for many files"
    assert asked(place, "UploadFile") - sent == 1, "twelve small files share a POST"
    assert place.assets()["chair"]["versions"] == 1
    assert place.originals("hot")["_failed/spring/chair.jpg"] == sha256(images[100])
    note = (place.hot("hot") / "_failed/spring/chair.jpg - NOT SENT.txt").read_text("utf-8-sig")
    assert "Something with this name is online already" in " ".join(note.split())
    (entry,) = [entry for entry in place.history() if entry["outcome"] == "duplicate"]
    assert (entry["file"], entry["job"], entry["sha256"]) == ("spring/chair.jpg", None, None)


def test_a_server_that_may_not_tell_is_asked_once_and_skips_by_itself(place: Place, images: list[bytes]) -> None:
    place.configure(ONCE)
    place.drop("hot/chair.jpg", images[0])
    assert place.run_once().code == 0
    refused = place.box.add_fault(on="checkAssetNames", do="fault", code=20003)
    with place.start() as daemon:
        place.drop("hot/chair.jpg", images[2])
        daemon.await_event("drop.filed", outcome="duplicate")
        place.drop("hot/chair.jpg", images[4])
        daemon.await_event("drop.filed", outcome="duplicate", times=2)
        ended = daemon.end()
    assert refused.hits == 1
    (told,) = ended.named("daemon.trouble")
    assert "does not tell about names in use" in told["reason"]
    assert not ended.named("server.refused")
    assert [entry["job"] is None for entry in place.history()] == [False] * 3


def test_a_question_that_is_never_answered_holds_up_nothing(place: Place, images: list[bytes]) -> None:
    place.configure(ONCE)
    hanging = place.box.add_fault(on="checkAssetNames", do="hold")
    with place.start() as daemon:
        place.drop("hot/first.jpg", images[0])
        assert daemon.has_met(hanging)
        daemon.await_event("drop.filed", path="first.jpg", outcome="stored")
        place.drop("hot/second.jpg", images[2])
        daemon.await_event("drop.filed", path="second.jpg", outcome="stored")
        assert asked(place, "checkAssetNames") == 0, "the one question is still out"
        assert daemon.end().code == 0
        place.box.clear_faults()
