"""The daemon's state as machines get it."""

from dataclasses import replace
from datetime import time, timedelta

from rich.console import Console
from tests.strategies import MOMENT, drop
from tests.unit.status.played import PlayedDaemon, settings_of

from hotfolder.cli.inspecting import status_text
from hotfolder.core.bandwidth import Bandwidth, BandwidthWindow
from hotfolder.core.connection import NOT_ASKED
from hotfolder.core.messages import FolderDown, HoldAsked, SignInFailed
from hotfolder.core.model import DropState, Job, JobState, KnownFolder, Outcome, Unfinished
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import DEFAULT_SERVER
from hotfolder.status.snapshot import COUNTS, RECENT, Recent, from_ledger, take


def test_before_anybody_answered_nothing_is_well() -> None:
    daemon = PlayedDaemon()
    taken = take(daemon.coordinator, Recent())
    assert taken["server"]["state"] == "unreachable"
    assert taken["server"]["error"] == NOT_ASKED
    assert taken["folders"][0]["state"] == "degraded"


def test_the_server_has_one_of_three_states() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    assert take(daemon.coordinator, Recent())["server"] | {"since": None} == {
        "state": "ok",
        "since": None,
        "error": None,
        "password_expires": None,
    }
    refused = PlayedDaemon()
    refused.step(SignInFailed(DEFAULT_SERVER, Trouble(kind=Kind.FATAL, text="wrong password", code=10000)))
    assert take(refused.coordinator, Recent())["server"]["state"] == "refused"


def test_every_drop_is_counted_once() -> None:
    daemon = PlayedDaemon("catalog", "archive")
    daemon.come_up()
    daemon.drop("settling.jpg")
    daemon.drop("ready.jpg", is_complete=True)
    daemon.drop("held one.jpg", is_complete=True)
    daemon.step(HoldAsked("catalog", ("held one.jpg",)))
    recent = Recent({"catalog": {"stored": 5, "updated": 1, "renamed": 1, "duplicate": 2, "withdrawn": 9}})

    folder = take(daemon.coordinator, recent)["folders"][0]

    assert list(folder) == ["name", "path", "state", "counts"]
    assert tuple(folder["counts"]) == COUNTS
    nothing = dict.fromkeys(COUNTS, 0)
    assert folder["counts"] == nothing | {"settling": 1, "ready": 1, "held": 1, "done": 6, "check": 1, "failed": 2}


def test_a_hot_folder_in_trouble_is_degraded() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    daemon.step(FolderDown("catalog", "not mounted"))
    assert take(daemon.coordinator, Recent())["folders"][0]["state"] == "degraded"


def test_the_latest_come_first_and_totals_grow() -> None:
    old = [(replace(drop(number), outcome=Outcome.STORED, filed_at=MOMENT), None) for number in (2, 1)]
    recent = Recent({"catalog": {"stored": 2}}, old)
    recent.add(replace(drop(3), folder="catalog", outcome=Outcome.STORED, filed_at=MOMENT + timedelta(seconds=1)), None)

    assert [entry["file"] for entry in recent.entries()] == [drop(number).path for number in (3, 2, 1)]
    assert recent.by_folder["catalog"]["stored"] == 3
    assert recent.outcomes["stored"] == 1, "those of this run only, for its exit code"
    for number in range(4, 100):
        recent.add(replace(drop(number), outcome=Outcome.STORED), None)
    assert len(recent.entries()) == len(recent.latest()) == RECENT


def test_without_a_daemon_the_ledger_tells() -> None:
    job = Job(id=1, name="j", folder="catalog", options="{}", state=JobState.ENDED, created_at=MOMENT, files_total=2)
    drops = [
        replace(drop(1), folder="catalog", state=DropState.SENT, job=1),
        replace(drop(2), folder="catalog", state=DropState.DOUBTED, job=1),
        replace(drop(3), folder="catalog", state=DropState.HELD),
    ]
    unfinished = Unfinished(drops=drops, jobs=[job], folders={"archive": KnownFolder("archive", held=True)})
    folders = [("catalog", "/catalog"), ("archive", "/archive")]

    taken = from_ledger(["default"], folders, unfinished, {"catalog": {"failed": 4}}, [])

    assert list(taken) == ["server", "folders", "jobs", "publishing", "recent"]
    several = from_ledger(["default", "emea"], folders, unfinished, {}, [])["servers"]
    assert [(server["name"], server["state"]) for server in several] == [
        ("default", "unreachable"),
        ("emea", "unreachable"),
    ]
    counts = taken["folders"][0]["counts"]
    assert (counts["processing"], counts["held"], counts["failed"]) == (2, 1, 4)
    assert [folder["state"] for folder in taken["folders"]] == ["degraded", "held"]
    assert taken["jobs"][0]["files_sent"] == 2
    assert set(taken["jobs"][0]) == {
        *("name", "handle", "folder", "state", "progress", "files_total", "files_sent", "files_done"),
        *("bytes_total", "bytes_sent", "started_at"),
    }


def test_the_limit_of_the_hour_is_told_where_there_is_one() -> None:
    window = BandwidthWindow(begin=time(8, 30), end=time(18), bytes_s=2e7)
    given = settings_of("catalog")
    for bandwidth, told, text in (
        (Bandwidth(windows=(window,)), {"bytes_s": 20_000_000, "until": "18:00"}, "at most 20.0 MB/s until 18:00"),
        (Bandwidth(bytes_s=1000.0), {"bytes_s": 1000, "until": None}, "Uploads: at most 1.0 kB/s"),
        (Bandwidth(windows=(replace(window, begin=time(18), end=time(8)),)), None, None),
        (Bandwidth(), None, None),
    ):
        upload = replace(given.upload, bandwidth=bandwidth)
        daemon = PlayedDaemon(given=replace(given, upload=upload))  # at 09:00
        taken = take(daemon.coordinator, Recent())
        assert taken.get("bandwidth") == told
        console = Console(width=100)
        with console.capture() as shown:
            console.print(status_text(taken, {}))
        assert text in shown.get() if text else "Uploads" not in shown.get()
