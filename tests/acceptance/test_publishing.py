"""Publishing as operators see it: the real daemon and a server that publishes, refuses, or is cut off in the middle."""

from __future__ import annotations

import signal

from tests.acceptance.place import Place, Table, receipts

FOLDER: Table = {"name": "hot", "publish": "after-job", "receipts": True}
SOON = "it goes live with the next publish, which begins as soon as possible"


def drop_one(place: Place, images: list[bytes], name: str = "chair.jpg", number: int = 0) -> None:
    place.drop(f"hot/{name}", images[2 * number])  # the others are PNG


def is_live(place: Place, asset: str) -> bool:
    found = place.assets()[asset]
    return bool(found["published_sha256"] == found["sha256"])


def publishes(place: Place) -> list[Table]:
    return [job for job in place.box.jobs() if job["type"] == "ImageServingPublish"]


def test_what_is_stored_goes_live_with_one_publish_and_everybody_can_read_so(place: Place, images: list[bytes]) -> None:
    place.configure(FOLDER)
    for number in range(3):
        drop_one(place, images, f"chair-{number}.jpg", number)
    ended = place.run_once()
    assert ended.code == 0, ended
    assert all(is_live(place, f"chair-{number}") for number in range(3))
    (publish,) = publishes(place)
    (finished,) = ended.named("publish.finished")
    assert (finished["publish"], finished["files"]) == (publish["name"], 3)
    assert finished["job_handle"] == publish["handle"]
    assert publish["options"] == {"publishType": "Incremental", "emailSetting": "None"}
    assert {receipt["visible"] for receipt in receipts(place, "hot").values()} == {SOON}
    for entry in place.history():
        assert entry["published_at"] > entry["stored_at"]
        assert entry["visible"].startswith("it went live on ")


def test_a_time_of_day_is_waited_for_and_said(place: Place, images: list[bytes]) -> None:
    """Whether it comes is shown with a virtual clock, in `tests/crash/test_publishing.py`."""
    place.configure(FOLDER | {"publish": "04:05"})
    drop_one(place, images)
    ended = place.run_once()
    assert ended.code == 0, ended
    assert publishes(place) == []
    (entry,) = place.history()
    assert entry["published_at"] is None
    assert entry["visible"].startswith("it goes live with the publish at 04:05 on ")


def test_a_role_that_may_not_publish_stores_files_all_the_same_and_is_told_once(
    place: Place, images: list[bytes]
) -> None:
    fault = place.box.add_fault(on="submitJob", do="fault", code=20003, reason="IpsUser may not")
    place.configure(FOLDER)
    with place.start() as daemon:
        drop_one(place, images, "a.jpg", 0)
        daemon.await_event("publish.refused")
        drop_one(place, images, "b.jpg", 1)
        daemon.await_event("drop.filed", times=2)
        found = place.status()["publishing"]
        assert (found["state"], found["files_waiting"]) == ("refused", 2)
        assert "IpsUser may not" in found["error"]
        assert daemon.count("publish.refused") == fault.hits == 1
        place.box.clear_faults()
        daemon.send(signal.SIGHUP)  # somebody has given the right, and does not want to wait for an hour
        daemon.await_event("publish.finished", files=2)
    assert is_live(place, "a")
    assert is_live(place, "b")


def test_a_daemon_killed_before_the_answer_makes_no_second_publish(place: Place, images: list[bytes]) -> None:
    place.configure(FOLDER)
    held = place.box.add_fault(on="submitJob", job="publish-*", do="hold")
    with place.start() as daemon:
        drop_one(place, images)
        assert daemon.has_met(held)
        daemon.send(signal.SIGKILL)
        daemon.wait()
    place.box.clear_faults()
    ended = place.run_once()
    assert ended.code == 0, ended
    assert len(publishes(place)) == 1
    assert [event["event"] for event in ended.events if event["event"].startswith("publish.")] == [
        "publish.recovered",
        "publish.recovered",
        "publish.finished",
    ]
    (entry,) = place.history()
    assert entry["published_at"] is not None
