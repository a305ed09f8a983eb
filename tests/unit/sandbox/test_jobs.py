"""The life of jobs, on a clock that is moved by hand."""

import http.client
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sandbox.client import COMPANY, JPEG, KEEP, Caller, HandClock, Uploading


def log_types(job: dict[str, Any]) -> list[str]:
    return [row["type"] for row in job["log"]]


def test_open_job_waits_until_its_time_is_over(call: Callable[..., Caller], hand: HandClock) -> None:
    caller = call(job_timeout=1800.0)
    handle = caller.post("a.jpg", job="j").handle
    hand.move(1799)
    assert caller.states() == {"j": "WaitingClient"}
    hand.move(2)
    assert caller.states() == {}
    (job,) = caller.box.jobs()
    assert (job["state"], job["timed_out"]) == ("Done", True)
    assert job["ended_at"] == "2026-01-31T12:30:00Z"
    assert caller.verdicts(handle) == [("UploadSuccess", "a")]


def test_each_post_starts_the_idle_time_anew(call: Callable[..., Caller], hand: HandClock) -> None:
    caller = call(job_timeout=100.0)
    handle = caller.post("a.jpg", job="j").handle
    hand.move(90)
    caller.post("b.jpg", handle=handle)
    hand.move(90)
    assert caller.states() == {"j": "WaitingClient"}
    hand.move(11)
    assert caller.post("c.jpg", handle=handle).code == 30001


def test_idle_time_does_not_run_out_while_a_post_comes_in(call: Callable[..., Caller], hand: HandClock) -> None:
    caller = call(job_timeout=100.0)
    handle = caller.post("a.jpg", job="j").handle
    with Uploading(caller.box, handle) as uploading:
        uploading.wait_until_seen()
        hand.move(500)
        assert caller.states() == {"j": "WaitingClient"}
        assert uploading.finish().code is None
    hand.move(99)
    assert caller.states() == {"j": "WaitingClient"}
    hand.move(2)
    assert caller.states() == {}


def test_posts_of_one_job_that_overlap_are_noted(caller: Caller) -> None:
    """One POST at a time per job (PROTOCOL 7); the sandbox lets it pass and says so."""
    handle = caller.post("a.jpg", job="j").handle
    with Uploading(caller.box, handle) as uploading:
        uploading.wait_until_seen()
        caller.post("b.jpg", handle=handle)
        uploading.finish()
    (job,) = caller.box.jobs()
    assert [post["overlapped"] for post in job["posts"]] == [False, True, False]


def test_post_to_a_job_that_ends_meanwhile_is_refused(caller: Caller) -> None:
    handle = caller.post("a.jpg", job="j").handle
    with Uploading(caller.box, handle) as uploading:
        uploading.wait_until_seen()
        caller.post(handle=handle, end=True)
        assert uploading.finish().code == 30001
    assert caller.verdicts(handle) == [("UploadSuccess", "a")]


def test_running_job_works_through_speed_files_per_second(call: Callable[..., Caller], hand: HandClock) -> None:
    caller = call(speed=2.0)
    handle = caller.post("a.jpg", "b.jpg", "c.jpg", "d.jpg", job="j", end=True).handle
    seen = []
    for _ in range(5):
        active = caller.soap("getActiveJobs")
        seen.append((active.texts("state"), active.texts("numProcessed"), caller.verdicts(handle)))
        hand.move(0.5)
    rows = [("UploadSuccess", name) for name in "abcd"]
    assert seen == [
        (["Running"], ["0"], []),
        (["Running"], ["1"], rows[:1]),
        (["Running"], ["2"], rows[:2]),
        (["Running"], ["3"], rows[:3]),
        ([], [], rows),
    ]


def test_progress_counts_parts_of_files(call: Callable[..., Caller], hand: HandClock) -> None:
    caller = call(speed=1.0)
    caller.post("a.jpg", "b.jpg", job="j", end=True)
    hand.move(1.5)
    active = caller.soap("getActiveJobs")
    assert active.texts("progress") == ["75", "0.7500", "0.5000"]  # job in percent, task, item
    assert active.texts("itemName") == ["b.jpg"]
    assert (active.texts("numProcessed"), active.texts("numProcessing"), active.texts("numPending")) == (
        ["1"],
        ["1"],
        ["0"],
    )


def test_events_are_dated_when_they_fell_due(call: Callable[..., Caller], hand: HandClock) -> None:
    """Nobody looked for an hour; the log reads as if somebody had."""
    caller = call(speed=0.5, job_timeout=60.0)
    start = hand.now()
    caller.post("a.jpg", "b.jpg", job="j")
    hand.move(3600)
    (job,) = caller.box.jobs()

    def at(seconds: float) -> str:
        return (start + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

    assert (job["run_at"], job["ended_at"]) == (at(60), at(64))
    assert [row["at"] for row in job["log"] if row["type"] == "UploadSuccess"] == [at(62), at(64)]


def test_jobs_that_run_side_by_side_take_turns_in_time(call: Callable[..., Caller], hand: HandClock) -> None:
    """Of two jobs with one asset ID the file that is worked through first makes the asset."""
    caller = call(speed=1.0)
    slow = caller.post("x.jpg", "chair.jpg", job="slow", end=True, options=KEEP).handle
    quick = caller.post("chair.jpg", job="quick", end=True, options=KEEP).handle
    hand.move(10)
    assert caller.verdicts(quick) == [("UploadSuccess", "chair")]
    assert caller.verdicts(slow) == [("UploadSuccess", "x"), ("DuplicateSkipped", "chair")]


def test_in_a_serial_company_one_job_runs_at_a_time(call: Callable[..., Caller], hand: HandClock) -> None:
    """PROTOCOL 7: whether upload jobs run side by side is unknown."""
    caller = call(speed=1.0, serial=True)
    for name in ("one", "two", "three"):
        caller.post(f"{name}-a.jpg", f"{name}-b.jpg", job=name, end=True)
    seen = []
    for _ in range(4):
        seen.append(caller.states())
        hand.move(2.0)
    assert seen == [
        {"one": "Running", "two": "WaitingCoordinator", "three": "WaitingCoordinator"},
        {"two": "Running", "three": "WaitingCoordinator"},
        {"three": "Running"},
        {},
    ]
    ends = [job["ended_at"] for job in caller.box.jobs()]
    assert ends == ["2026-01-31T12:00:02Z", "2026-01-31T12:00:04Z", "2026-01-31T12:00:06Z"]


def test_job_without_files_ends_at_once(caller: Caller) -> None:
    handle = caller.post(job="j").handle
    caller.post(handle=handle, end=True)
    (job,) = caller.box.jobs()
    assert job["state"] == "Done"
    assert log_types(job) == ["BeginUpload", "OriginalJobName", "JobClient", "TotalFileCount", "EndUpload"]


def test_assets_jobs_and_logs_outlive_the_sandbox(call: Callable[..., Caller]) -> None:
    box = call().box
    call(box).post("a.jpg", job="j", end=True)
    before = (box.assets(), box.jobs(), box.content("a").read_bytes())
    box.stop()
    box.start()
    assert (box.assets(), box.jobs(), box.content("a").read_bytes()) == before


def test_open_job_goes_on_after_a_restart(call: Callable[..., Caller], hand: HandClock) -> None:
    box = call(job_timeout=100.0).box
    handle = call(box).post("a.jpg", job="j").handle
    box.stop()
    hand.move(60)
    box.start()
    caller = call(box)
    assert caller.states() == {"j": "WaitingClient"}
    assert caller.post("b.jpg", handle=handle).code is None
    hand.move(101)
    assert caller.verdicts(handle) == [("UploadSuccess", "a"), ("UploadSuccess", "b")]


def test_idle_time_goes_on_while_the_sandbox_is_down(call: Callable[..., Caller], hand: HandClock) -> None:
    box = call(job_timeout=100.0).box
    call(box).post("a.jpg", job="j")
    box.stop()
    hand.move(150)
    box.start()
    (job,) = box.jobs()
    assert (job["state"], job["ended_at"]) == ("Done", "2026-01-31T12:01:40Z")


def test_running_job_goes_on_after_a_restart(call: Callable[..., Caller], hand: HandClock) -> None:
    box = call(speed=1.0).box
    handle = call(box).post("a.jpg", "b.jpg", "c.jpg", job="j", end=True).handle
    hand.move(1)
    assert len(box.assets()) == 1
    box.stop()
    hand.move(60)
    box.start()
    assert len(box.assets()) == 1
    hand.move(2)
    caller = call(box)
    assert caller.verdicts(handle) == [("UploadSuccess", name) for name in "abc"]
    assert caller.states() == {}


def test_jobs_side_by_side_from_many_callers(call: Callable[..., Caller]) -> None:
    """Several connections post and poll at once."""
    box = call(max_requests=1000).box

    def work(number: int) -> list[tuple[str, str]]:
        caller = call(box)
        handle = caller.post(job=f"job-{number}").handle
        for post in range(10):
            caller.post(f"{number}-{post}a.jpg", f"{number}-{post}b.jpg", handle=handle, end=post == 9)
            caller.states()
        return caller.verdicts(handle)

    with ThreadPoolExecutor(6) as pool:
        verdicts = list(pool.map(work, range(6)))
    for number, found in enumerate(verdicts):
        assert found == [("UploadSuccess", f"{number}-{post}{letter}") for post in range(10) for letter in "ab"]
    assert len(box.assets()) == 120
    assert [record.status for record in box.requests] == [200] * (6 * (1 + 10 + 10 + 1))


def test_failure_of_the_disk_leaves_the_job_as_it_was(
    call: Callable[..., Caller], hand: HandClock, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caller = call(data=tmp_path, speed=1.0)
    handle = caller.post("a.jpg", "b.jpg", "c.jpg", job="j", end=True).handle
    obstacle = tmp_path / "content" / "2"
    obstacle.mkdir()
    (obstacle / "file").touch()
    hand.move(10)
    with pytest.raises(http.client.RemoteDisconnected):
        caller.states()
    assert "A request failed" in caplog.text
    shutil.rmtree(obstacle)
    assert caller.states() == {"j": "Running"}
    hand.move(10)
    assert caller.verdicts(handle) == [("UploadSuccess", name) for name in "abc"]
    assert len(caller.box.assets()) == 3


def test_crash_between_storing_and_noting_is_made_good(
    call: Callable[..., Caller], hand: HandClock, tmp_path: Path
) -> None:
    """The file is in its place already, the index does not know."""
    caller = call(data=tmp_path, speed=1.0)
    handle = caller.post("a.jpg", job="j", end=True).handle
    caller.box.stop()
    (posted,) = (tmp_path / "incoming").iterdir()
    posted.rename(tmp_path / "content" / "1")
    caller.box.start()
    hand.move(1)
    again = call(caller.box)
    assert again.verdicts(handle) == [("UploadSuccess", "a")]
    assert caller.box.content("a").read_bytes() == JPEG


def test_numbers_are_not_used_twice(call: Callable[..., Caller]) -> None:
    box = call().box
    first = call(box).post("a.jpg", job="j", end=True).handle
    box.stop()
    box.start()
    assert call(box).post("b.jpg", job="j", end=True).handle != first


def test_total_size_wraps_as_an_int(call: Callable[..., Caller]) -> None:
    """PROTOCOL 5.1: useless above 2 GiB."""
    caller = call()
    caller.post("a.jpg", job="j")
    assert caller.soap("getActiveJobs", COMPANY).texts("totalSize") == ["14"]
