"""The log off a terminal: one JSON object per line, with the names and fields that are documented (DESIGN 4.4)."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

from tests.acceptance.place import Place, numbered
from tests.acceptance.process import Ended, Event

FIELDS: dict[str, set[str]] = {
    "daemon.ready": {"version", "folders", "once"},
    "daemon.stopping": {"signal"},
    "folder.degraded": {"folder", "reason"},
    "folder.recovered": {"folder"},
    "folder.held": {"folder", "reason"},
    "drop.seen": {"folder", "path"},
    "drop.ready": {"folder", "drop", "path", "evidence"},
    "drop.held": {"folder", "path", "reason"},
    "drop.withdrawn": {"folder", "drop", "path", "reason"},
    "drop.rejected": {"folder", "path", "reason"},
    "drop.filed": {"folder", "drop", "path", "outcome", "reason", "target"},
    "job.opened": {"folder", "job", "job_handle", "files"},
    "job.posted": {"folder", "job", "post", "files", "bytes"},
    "job.closed": {"folder", "job", "job_handle"},
    "job.progress": {"folder", "job", "job_handle", "state"},
    "job.finished": {"folder", "job", "job_handle", "files"},
    "job.recovered": {"folder", "job"},
    "server.unreachable": {"reason"},
    "server.recovered": set(),
    "server.refused": {"reason", "code"},
    "uploads.reduced": {"parallel", "of", "reason"},
    "uploads.restored": {"parallel"},
    "publish.submitted": {"publish", "files"},
    "publish.finished": {"publish", "job_handle", "files"},
    "publish.failed": {"publish", "files", "reason"},
    "publish.refused": {"publish", "files", "reason", "code"},
    "publish.recovered": {"publish", "state"},
    "publish.dropped": {"files"},
    "publish.held": {"files", "reason"},
    "publish.overdue": {"publish", "files", "reason"},
    "names.unknown": {"what", "reason"},
    "names.known": {"what"},
    "message.delivered": {"to", "title"},
}
"""Every event with what it has to say at least."""

LEVELS = {"debug", "info", "warning", "error"}


def check_lines(ended: Ended, begun_at: datetime) -> set[str]:
    """Check every line of a run; return which events there were."""
    assert not ended.noise
    before = begun_at
    for event in ended.events:
        name = event["event"]
        assert name in FIELDS, f"not documented: {event}"
        assert FIELDS[name] <= event.keys(), f"{FIELDS[name] - event.keys()} missing in {event}"
        assert event["level"] in LEVELS
        assert event["timestamp"].endswith("Z")
        at = datetime.fromisoformat(event["timestamp"].removesuffix("Z") + "+00:00")
        assert before <= at <= datetime.now(UTC), event
        before = at
    names = [event["event"] for event in ended.events]
    assert names[0] == "daemon.ready"
    assert names[-1] == "daemon.stopping"
    assert names.count("daemon.ready") == names.count("daemon.stopping") == 1
    return set(names)


def of_one_drop(ended: Ended, path: str) -> list[str]:
    """Return the events about one path, in order."""
    return [event["event"] for event in ended.events if event.get("path") == path]


def test_a_day_of_a_daemon_is_told_in_documented_events_only(place: Place, images: list[bytes]) -> None:
    begun_at = datetime.now(UTC)
    place.configure(
        {"name": "hot", "rescan": "500ms", "settle": {"quiet": "200ms", "empty_grace": "300ms", "limit": "600ms"}},
        batch={"linger": "500ms"},
        upload={"files_per_post": 2},
    )
    hot = place.hot("hot")
    with place.start() as daemon:
        daemon.await_event("daemon.ready")
        outage = place.box.add_fault(on="getActiveJobs", do="http-503", count=3)
        for path, content in numbered(images, "hot", 5):
            place.drop(path, content)
        daemon.await_event("drop.filed", times=5)
        assert outage.hits == 3

        place.drop("hot/taken back.jpg", images[10])
        daemon.await_event("drop.ready", path="taken back.jpg")
        (hot / "taken back.jpg").unlink()
        daemon.await_event("drop.withdrawn")

        place.drop("hot/empty.jpg", b"")
        daemon.await_event("drop.filed", path="empty.jpg")
        place.drop("hot/half.jpg", images[12][:300])
        daemon.await_event("drop.held", path="half.jpg")
        (hot / "link.jpg").symlink_to("half.jpg")
        daemon.await_event("drop.rejected", path="link.jpg")

        hot.rename(place.root / "share/away")
        place.drop("hot2/unrelated.jpg", images[14])
        daemon.await_event("folder.degraded")
        (place.root / "share/away").rename(hot)
        daemon.await_event("folder.recovered")
        place.drop("hot/after.jpg", images[16])
        daemon.await_event("drop.filed", path="after.jpg", outcome="stored")
        ended = daemon.end()

    assert ended.code == 0
    names = check_lines(ended, begun_at)
    others = {"folder.held", "job.recovered", "server.refused", "names.unknown", "names.known", "uploads.restored"}
    others |= {name for name in FIELDS if name.startswith(("publish.", "message."))}
    assert names | {"job.progress"} == set(FIELDS) - others  # a job may be over before anybody asks how it stands
    for event in ended.named("drop.filed"):
        stages = ["drop.seen", "drop.rejected" if event["outcome"] == "rejected" else "drop.ready", "drop.filed"]
        assert of_one_drop(ended, event["path"]) == stages
    (opened,) = ended.named("job.opened", files=5)
    job = opened["job"]
    told = [event["event"] for event in ended.events if event.get("job") == job and event["event"] != "job.progress"]
    assert told == ["job.opened", *["job.posted"] * 3, "job.closed", "job.finished", *["drop.filed"] * 5]
    assert sum(event["files"] for event in ended.named("job.posted", job=job)) == 5
    assert {event["job_handle"] for event in ended.named("drop.filed", job=job)} == {opened["job_handle"]}
    assert opened["job_handle"] in {entry["handle"] for entry in place.box.jobs()}


def test_a_crash_leaves_its_job_to_be_told_as_recovered(place: Place, images: list[bytes]) -> None:
    begun_at = datetime.now(UTC)
    place.configure({"name": "hot"})
    place.drop("hot/a.jpg", images[0])
    held = place.box.add_fault(on="UploadFile", do="hold", nth=1)
    with place.start() as daemon:
        assert daemon.has_met(held)
        daemon.end(signal.SIGKILL)
    place.box.clear_faults()

    ended = place.run_once()

    assert ended.code == 0
    assert "job.recovered" in check_lines(ended, begun_at)
    events = of_jobs(ended.events)
    assert events[:1] == ["job.recovered"]
    assert events[-1:] == ["job.finished"]


def of_jobs(events: tuple[Event, ...]) -> list[str]:
    """Return the events about jobs, in order."""
    return [event["event"] for event in events if event["event"].startswith("job.")]


def test_a_folder_full_of_files_at_its_first_sight_is_told_as_held(place: Place, images: list[bytes]) -> None:
    begun_at = datetime.now(UTC)
    place.configure({"name": "hot", "first_run_limit": 3})
    for path, content in numbered(images, "hot", 4):
        place.drop(path, content)
    ended = place.run_once()
    assert ended.code == 1
    assert check_lines(ended, begun_at) == {"daemon.ready", "folder.held", "daemon.stopping"}
    assert len(place.originals("hot")) == 4
    assert place.assets() == {}
