"""Publish jobs of the sandbox: what they take, one after the other, and what is demanded of whoever submits them."""

from collections.abc import Callable

import pytest
from tests.unit.sandbox.client import COMPANY, OPTIONS, Answer, Caller, HandClock

INCREMENTAL = "<publishType>Incremental</publishType><emailSetting>None</emailSetting>"
NOT_READY = OPTIONS.replace("<readyForPublish>true", "<readyForPublish>false")


def publish(caller: Caller, name: str, job: str = INCREMENTAL, more: str = "") -> Answer:
    block = f"<imageServingPublishJob>{job}</imageServingPublishJob>" if job else ""
    return caller.soap("submitJob", f"{COMPANY}<jobName>{name}</jobName>{more}{block}")


def published(caller: Caller) -> dict[str, bool]:
    """Which assets are live, and whether with their present version."""
    return {
        asset["name"]: asset["published_sha256"] == asset["sha256"]
        for asset in caller.box.assets()
        if asset["published_at"] is not None
    }


def rows(caller: Caller, name: str) -> list[tuple[str, str]]:
    """Log type and asset of the rows of a job."""
    (job,) = (job for job in caller.box.jobs() if job["name"] == name)
    return [(row["type"], row["asset_name"]) for row in job["log"] if row["type"].startswith(("Begin", "End", "Image"))]


def test_a_publish_takes_what_is_marked_and_has_changed(call: Callable[..., Caller], hand: HandClock) -> None:
    caller = call()
    caller.post("a.jpg", "b.jpg", job="one", end=True)
    caller.post("c.jpg", job="two", end=True, options=NOT_READY)
    assert publish(caller, "p1").code is None
    assert published(caller) == {"a": True, "b": True}
    hand.move(60)
    caller.post("b.jpg", job="three", end=True, content=b"\xff\xd8\xff another")
    assert published(caller) == {"a": True, "b": False}
    publish(caller, "p2")
    assert published(caller) == {"a": True, "b": True}
    assert rows(caller, "p2") == [
        ("BeginImageServingPublish", None),
        ("ImageServingPublishSuccess", "b"),
        ("EndImageServingPublish", None),
    ]
    publish(caller, "p3", INCREMENTAL.replace("Incremental", "Full"))
    assert [asset for word, asset in rows(caller, "p3") if word.endswith("Success")] == ["a", "b"]


def test_the_running_one_has_another_handle_and_its_time_in_its_name(
    call: Callable[..., Caller], hand: HandClock
) -> None:
    """It is found again by its original name only (PROTOCOL 2.7)."""
    caller = call(speed=1.0)
    caller.post("a.jpg", job="one", end=True)
    hand.move(1)
    answer = publish(caller, "nightly")
    assert answer.handle == "j|2101|nightly||"
    found = caller.soap("getActiveJobs", "<originalName>nightly</originalName>")
    assert found.texts("jobHandle") == ["j|2101||nightly_2026-01-31-12:00:01.000|2"]
    assert found.texts("name") == ["nightly_2026-01-31-12:00:01.000"]
    assert found.texts("originalName") == ["nightly"]
    assert found.texts("type") == ["ImageServingPublish"]
    assert found.texts("publishType") == ["Incremental"]
    hand.move(1)
    log = caller.soap("getJobLogDetails", f"{COMPANY}<originalName>nightly</originalName>")
    assert log.texts("originalJobName") == ["nightly"]
    assert log.texts("jobName") == ["nightly_2026-01-31-12:00:01.000"]
    assert log.texts("endDate")
    assert caller.soap("getJobLogDetails", f"{COMPANY}<jobHandle>{answer.handle}</jobHandle>").texts("jobHandle") == []


def test_publishes_run_one_after_the_other(call: Callable[..., Caller], hand: HandClock) -> None:
    """What is stored while the first one runs is the next one's."""
    caller = call(speed=1.0)
    caller.post("a.jpg", "b.jpg", job="one", end=True)
    hand.move(2)
    publish(caller, "p1")
    publish(caller, "p2")
    assert list(caller.states().values()) == ["Running", "WaitingCoordinator"]
    caller.post("c.jpg", job="two", end=True)
    hand.move(1)
    assert published(caller) == {"a": True}
    hand.move(1)
    assert published(caller) == {"a": True, "b": True}
    assert list(caller.states().values()) == ["Running"]
    hand.move(1)
    assert published(caller) == {"a": True, "b": True, "c": True}
    assert caller.states() == {}


def test_an_unfinished_publish_goes_on_when_the_sandbox_begins_again(
    call: Callable[..., Caller], hand: HandClock
) -> None:
    caller = call(speed=1.0)
    caller.post("a.jpg", "b.jpg", job="one", end=True)
    hand.move(2)
    publish(caller, "p1")
    hand.move(1)
    assert published(caller) == {"a": True}
    caller.box.stop()
    caller.box.start()
    hand.move(1)
    assert published(caller) == {"a": True, "b": True}


def test_a_scripted_error_keeps_an_asset_from_being_published(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "publish-error", "file": "b*", "job": "p*", "message": "No room", "nth": 1}])
    caller.post("a.jpg", "b.jpg", job="one", end=True)
    assert [asset["name"] for asset in caller.box.assets()] == ["a", "b"]
    publish(caller, "p1")
    assert published(caller) == {"a": True}
    assert ("ImageServingPublishError", "b") in rows(caller, "p1")
    log = caller.soap("getJobLogDetails", f"{COMPANY}<originalName>p1</originalName>")
    assert (log.texts("fileSuccessCount"), log.texts("fileErrorCount")) == (["1"], ["1"])
    publish(caller, "p2")
    assert published(caller) == {"a": True, "b": True}


@pytest.mark.parametrize(
    ("job", "more", "code"),
    [
        ("", "", 30002),
        ("<publishType>Incremental</publishType>", "", 30002),
        ("<emailSetting>None</emailSetting><publishType>Incremental</publishType>", "", 30003),
        (INCREMENTAL.replace("Incremental", "incremental"), "", 30001),
        (INCREMENTAL + "<contextHandle>pc|1</contextHandle>", "", 30001),
        (INCREMENTAL, "<execTime>2026-01-31T22:00:00Z</execTime>", 30001),
        (INCREMENTAL, "<description>d</description><locale>en-US</locale>", 30003),
    ],
)
def test_a_submission_that_is_not_as_it_should_be_is_refused(caller: Caller, job: str, more: str, code: int) -> None:
    assert publish(caller, "p1", job, more).code == code
    assert caller.box.jobs() == []


def test_a_name_with_the_mark_between_parts_of_handles_is_refused(caller: Caller) -> None:
    assert publish(caller, "a|b").code == 30001


def test_a_role_that_may_not_publish_is_a_scripted_fault(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"on": "submitJob", "job": "p*", "do": "fault", "code": 20003}])
    assert publish(caller, "p1").code == 20003
    assert caller.box.jobs() == []


def test_the_page_says_what_is_published_and_with_which_version(call: Callable[..., Caller], hand: HandClock) -> None:
    caller = call()
    caller.post("a.jpg", job="one", end=True)
    assert b"not yet" in caller.send("GET", "/").body
    publish(caller, "p1")
    page = caller.send("GET", "/").body
    assert b"not yet" not in page
    assert b"an earlier version" not in page
    hand.move(1)
    caller.post("a.jpg", job="two", end=True, content=b"\xff\xd8\xff another")
    assert b"an earlier version" in caller.send("GET", "/").body
