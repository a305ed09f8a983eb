"""
Shares that hang, vanish and fill up, settings that are wrong, servers that go away: in the middle of work, to the real
daemon. Each trouble is told once and in plain words, holds up nothing else, ends by itself, and loses nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from hotfolder.services.worker import HANG_S
from tests.acceptance.conftest import MakePlace
from tests.acceptance.fuse import HangingShare
from tests.acceptance.manager import Manager
from tests.acceptance.place import Place, Table, check_all_arrived, numbered, receipts
from tests.acceptance.process import PATIENCE_S, PROGRAM, Process
from tests.acceptance.trouble import fill, free_port, mount, mount_small_disk, no_more_files, own_mounts, unmount

SOON_S = 20.0
"""What a folder without trouble of its own may need on a busy machine; without the others it takes a second."""

EXIT_S = 15.0  # of a stop that waits for nothing that hangs; it takes five

SLOW = {"rescan": "1h"}
"""A folder's setting with which only an event, or what stands for a lost one, finds a file."""

MAX_QUEUED = Path("/proc/sys/fs/inotify/max_queued_events")


@pytest.fixture
def mounts() -> Iterator[None]:
    """Mounts of our own."""
    with own_mounts():
        yield


@contextmanager
def running(place: Place, *first: str, environment: dict[str, str] | None = None) -> Iterator[Process]:
    """Run the daemon, from the moment on that it has filed these files; it is ended politely at the end."""
    with Process("-c", place.config, "run", environment=environment) as daemon:
        for path in first:
            folder, _, inside = path.partition("/")
            daemon.await_event("drop.filed", folder=folder, path=inside)
        yield daemon
        assert daemon.end().code == 0


def drop_all(place: Place, dropped: dict[str, bytes]) -> None:
    for path, content in dropped.items():
        place.drop(path, content)


def await_filed(daemon: Process, dropped: dict[str, bytes], within_s: float = PATIENCE_S) -> None:
    """Wait until every one of these is filed."""
    wanted = {tuple(path.split("/", 1)) for path in dropped}
    seen = 0

    def look() -> bool:
        nonlocal seen
        events = daemon.events
        for event in events[seen:]:
            if event["event"] == "drop.filed":
                wanted.discard((event["folder"], event["path"]))
        seen = len(events)
        return not wanted

    daemon.await_that(look, f"all of {len(dropped)} files", within_s)


# --- lost events ---


def test_what_the_kernel_could_not_tell_is_found_all_the_same(place: Place, images: list[bytes]) -> None:
    """The daemon stands still until its queue of events is full; what comes then only the overflow tells of."""
    place.configure({"name": "hot"} | SLOW)
    dropped = dict(numbered(images, "hot/new", 300))
    first = {"hot/first.png": images[501]}
    drop_all(place, first)
    with running(place, *first) as daemon:
        daemon.send(signal.SIGSTOP)
        hot = place.hot("hot")
        for number in range(int(MAX_QUEUED.read_text()) + 1):  # ignored for their names, but told of
            os.close(os.open(hot / f".{number}", os.O_CREAT | os.O_WRONLY, 0o600))
        drop_all(place, dropped)
        daemon.send(signal.SIGCONT)
        await_filed(daemon, dropped)
        late = {"hot/new/late.png": images[503]}  # in a directory whose coming was not told
        drop_all(place, late)
        await_filed(daemon, late)
    for file in hot.glob(".[0-9]*"):
        file.unlink()
    check_all_arrived(place, first | dropped | late)


# --- a share that hangs ---


@pytest.fixture
def hanging(place: Place, mounts: None) -> Iterator[HangingShare]:
    behind = place.root / "behind"
    behind.mkdir()
    place.hot("hanging").mkdir(parents=True)
    try:
        with HangingShare(behind, place.hot("hanging")) as share:
            yield share
    except OSError as error:
        pytest.skip(str(error))


@pytest.mark.root
def test_a_share_that_hangs_is_told_once_and_holds_up_nothing_else(
    place: Place, hanging: HangingShare, images: list[bytes]
) -> None:
    """It takes half a minute to tell a share that hangs from one that is slow."""
    place.configure({"name": "hanging", "poll": "200ms"}, {"name": "good"})
    first = {"hanging/early.png": images[1], "good/first.png": images[3]}
    drop_all(place, first)
    watchdog_s = 3.0
    with (
        Manager(place.root / "notify") as manager,
        running(place, *first, environment=dict(manager.environment(watchdog_s))) as daemon,
    ):
        hanging.hang()
        (hanging.behind / "while.png").write_bytes(images[5])
        dropped = first | {"hanging/while.png": images[5]}
        rounds = 0
        while not daemon.count("folder.degraded"):
            batch = {f"good/{rounds}.png": images[21 + 2 * rounds]}
            drop_all(place, batch)
            await_filed(daemon, batch, SOON_S)
            dropped |= batch
            manager.await_line("WATCHDOG=1")
            rounds += 1
        (degraded,) = [event for event in daemon.events if event["event"] == "folder.degraded"]
        assert degraded["folder"] == "hanging"
        assert degraded["reason"] == "it has not answered for 30 s: its file system hangs"
        begun_s = time.monotonic()
        last = {"good/last.png": images[7]}
        drop_all(place, last)
        await_filed(daemon, last, SOON_S)
        manager.await_line("WATCHDOG=1")
        assert time.monotonic() - begun_s < SOON_S
        hanging.answer()
        daemon.await_event("folder.recovered", folder="hanging")
        await_filed(daemon, dropped)
        assert daemon.count("folder.degraded") == 1
    check_all_arrived(place, dropped | last)


@pytest.mark.root
@pytest.mark.parametrize("files_per_post", [1, 20], ids=["between two POSTs", "in the middle of one"])
def test_a_share_that_begins_to_hang_at_work_gives_its_places_away_within_seconds(
    place: Place, hanging: HangingShare, images: list[bytes], files_per_post: int
) -> None:
    """Long before it counts as one that hangs, for until then it may only be slow."""
    place.configure(
        {"name": "hanging", "poll": "200ms"},
        {"name": "good"},
        upload={"files_per_post": files_per_post, "parallel_jobs": 2},
        batch={"linger": "200ms", "max_files": 20},
    )
    first = {"hanging/early.png": images[1], "good/first.png": images[3]}
    drop_all(place, first)
    with running(place, *first) as daemon:
        posts = daemon.count("job.posted")
        hold = place.box.add_fault(do="hold", on="UploadFile", nth=1, job="hanging-*")
        slow = dict(numbered(images[10:], "hanging", 80))  # twice as many as have places
        drop_all(place, slow)
        assert daemon.has_met(hold)
        hanging.hang()
        hold.release()
        daemon.await_event("job.posted", times=posts + 1)
        begun_s = time.monotonic()
        good = dict(numbered(images[100:], "good", 10))
        drop_all(place, good)
        await_filed(daemon, good, SOON_S)
        assert time.monotonic() - begun_s < HANG_S
        assert not daemon.count("folder.degraded"), "nobody has called it dead yet"
        hanging.answer()
        await_filed(daemon, slow)
    check_all_arrived(place, first | slow | good)


@pytest.mark.root
@pytest.mark.parametrize("at_work", [False, True], ids=["idle", "in the middle of a POST"])
def test_a_stop_does_not_wait_for_a_share_that_hangs(
    place: Place, hanging: HangingShare, images: list[bytes], at_work: bool
) -> None:
    """Nor is anything lost by that: the next start goes on from there."""
    place.configure({"name": "hanging", "poll": "200ms"}, upload={"files_per_post": 1})
    dropped = dict(numbered(images, "hanging", 20))
    with place.start() as daemon:
        daemon.await_event("daemon.ready")
        drop_all(place, dropped)
        daemon.await_event("job.posted" if at_work else "drop.filed", times=3 if at_work else 20)
        hanging.hang()
        begun_s = time.monotonic()
        ended = daemon.end()
        assert ended.code == 0
        assert time.monotonic() - begun_s < EXIT_S
    hanging.answer()
    assert place.run_once().code == 0
    check_all_arrived(place, dropped)


# --- shares that vanish ---


class Vanishing:
    """A hot folder's root that can go and come back; `behind` is where its files are meanwhile, if they can be seen."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.disk = root.with_name("disk")  # what is mounted at the root

    def mount(self) -> None:
        """Have the files on a disk of their own, which outlives being unmounted."""
        self.root.mkdir(parents=True, exist_ok=True)
        mount_small_disk(self.disk, "64m")
        mount("--bind", self.disk, self.root)

    def rename_away(self) -> None:
        self.root.rename(self.root.with_name("away"))

    def rename_back(self) -> None:
        self.root.with_name("away").rename(self.root)

    def unmount(self) -> None:
        unmount(self.root)

    def mount_again(self) -> None:
        mount("--bind", self.disk, self.root)

    def replace(self) -> None:
        self.rename_away()
        self.root.mkdir()

    def put_back(self) -> None:
        self.root.rmdir()
        self.rename_back()

    def make_read_only(self) -> None:
        mount("-o", "remount,bind,ro", self.root)

    def make_writable(self) -> None:
        mount("-o", "remount,bind,rw", self.root)


WAYS: dict[str, tuple[Callable[[Vanishing], None], Callable[[Vanishing], None], str]] = {
    "renamed": (Vanishing.rename_away, Vanishing.rename_back, "moved|is not there|is not the directory"),
    "unmounted": (Vanishing.unmount, Vanishing.mount_again, "unmounted|is not mounted|is not the directory"),
    "replaced": (Vanishing.replace, Vanishing.put_back, "moved|is not the directory|is that|is not there"),
    "read-only": (Vanishing.make_read_only, Vanishing.make_writable, "read-only"),
}


@pytest.mark.root
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at_work", [False, True], ids=["idle", "at work"])
def test_a_share_that_goes_is_told_once_and_taken_up_again_when_it_is_back(
    place: Place, mounts: None, images: list[bytes], way: str, at_work: bool
) -> None:
    go, come_back, reason = WAYS[way]
    share = Vanishing(place.hot("share"))
    place.configure({"name": "share", "poll": "200ms", "watch": "polling" if at_work else "auto"}, {"name": "good"})
    if way in ("unmounted", "read-only"):
        share.mount()
    early = {"share/early.png": images[1], "good/first.png": images[3]}
    drop_all(place, early)
    with running(place, *early) as daemon:
        during = dict(numbered(images[10:], "share/during", 8))
        if at_work:
            hold = place.box.add_fault(do="hold", on="UploadFile", nth=1, job="share-*")
            drop_all(place, during)
            assert daemon.has_met(hold)  # claimed, and a POST is under way
        else:
            hold = None
            drop_all(place, during)
        go(share)
        if hold is not None:
            hold.release()
        daemon.await_event("folder.degraded", folder="share")
        good = dict(numbered(images[100:], "good", 10))
        drop_all(place, good)
        await_filed(daemon, good, SOON_S)
        if way != "read-only":
            assert not share.root.exists() or not list(share.root.iterdir())
        come_back(share)
        daemon.await_event("folder.recovered", folder="share")
        late = {"share/late.png": images[5]}
        drop_all(place, late)
        await_filed(daemon, during | late)
        degraded = [event for event in daemon.events if event["event"] == "folder.degraded"]
        # where nothing is claimed, an empty directory in its place is taken for the hot folder, and its return is news
        assert 1 <= len(degraded) <= (2 if way == "replaced" else 1)
        for event in degraded:
            assert any(part in event["reason"] for part in reason.split("|")), event
    check_all_arrived(place, early | during | good | late)


@pytest.mark.root
def test_a_share_that_is_not_mounted_at_a_start_is_told_and_taken_up_when_it_is(
    place: Place, mounts: None, images: list[bytes]
) -> None:
    share = Vanishing(place.hot("share"))
    place.configure({"name": "share"}, {"name": "good"})
    share.mount()
    early = {"share/early.png": images[1]}
    drop_all(place, early)
    with running(place, *early):
        pass
    share.unmount()
    with place.start() as daemon:
        degraded = daemon.await_event("folder.degraded", folder="share")
        assert f"the share that was mounted at {share.root} is not mounted" in degraded["reason"]
        good = {"good/first.png": images[3]}
        drop_all(place, good)
        await_filed(daemon, good, SOON_S)
        (told,) = [folder for folder in place.status()["folders"] if folder["name"] == "share"]
        assert told["state"] == "degraded"
        assert list(share.root.iterdir()) == []
        share.mount_again()
        daemon.await_event("folder.recovered", folder="share")
        late = {"share/late.png": images[5]}
        drop_all(place, late)
        await_filed(daemon, late)
    check_all_arrived(place, early | good | late)


# --- full disks ---


@pytest.mark.root
def test_on_a_full_share_originals_wait_for_their_receipts(place: Place, mounts: None, images: list[bytes]) -> None:
    place.configure({"name": "small", "receipts": True}, {"name": "good"})
    mount_small_disk(place.hot("small"))
    first = {"small/early.png": images[1], "good/first.png": images[3]}
    drop_all(place, first)
    with running(place, *first) as daemon:
        hold = place.box.add_fault(do="hold", on="UploadFile", nth=1)
        during = dict(numbered(images[10:], "small", 10))
        drop_all(place, during)
        assert daemon.has_met(hold)
        filler = fill(place.hot("small"))
        hold.release()
        held = daemon.await_event("drop.held", folder="small")
        assert "the disk is full" in held["reason"]
        good = dict(numbered(images[100:], "good", 10))
        drop_all(place, good)
        await_filed(daemon, good, SOON_S)
        assert daemon.count("drop.filed", folder="small") == 1
        assert sum(inside.startswith("_working/") for inside in place.files("small")) == len(during)
        assert not [inside for inside, path in place.files("small").items() if not path.stat().st_size]
        filler.unlink()
        await_filed(daemon, during)
    check_all_arrived(place, first | during | good)
    told = {receipt["sha256"] for receipt in receipts(place, "small").values()}
    assert told == set(place.originals("small").values())


@pytest.mark.root
@pytest.mark.parametrize("stopped", [False, True], ids=["goes on", "is stopped meanwhile"])
def test_without_room_for_the_ledger_nothing_is_begun(
    place: Place, mounts: None, images: list[bytes], stopped: bool
) -> None:
    place.configure({"name": "hot"}, ledger={"url": "sqlite:///small/ledger.db"}, batch={"linger": "100ms"})
    mount_small_disk(place.root / "small", "16m")
    first = {"hot/first.png": images[1]}
    drop_all(place, first)
    dropped = dict(numbered(images[10:], "hot", 300))
    with place.start() as daemon:
        await_filed(daemon, first)
        filler = fill(place.root / "small")
        drop_all(place, dropped)
        told = daemon.await_event("daemon.trouble")
        assert "its disk is full" in told["reason"]
        if stopped:
            begun_s = time.monotonic()
            ended = daemon.end()
            assert ended.code == 0, ended
            assert time.monotonic() - begun_s < EXIT_S
        else:
            filed = daemon.count("drop.filed")
            daemon.send(signal.SIGHUP)  # new settings wait for their turn
            filler.unlink()
            daemon.await_event("daemon.trouble", reason="the ledger can be written again")
            await_filed(daemon, dropped)
            daemon.await_event("daemon.reloaded")
            assert filed < len(dropped)
            assert daemon.end().code == 0
        assert len([event for event in daemon.events if "disk is full" in str(event.get("reason"))]) == 1
    if stopped:
        filler.unlink()
        assert place.run_once().code == 0
    check_all_arrived(place, first | dropped)


# --- too many open files ---


def test_without_descriptors_it_pauses_and_goes_on(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "poll": "200ms", "watch": "polling"}, {"name": "watched"})
    first = {"hot/early.png": images[1], "watched/first.png": images[3]}
    drop_all(place, first)
    dropped = dict(numbered(images[10:], "hot/some/where", 40)) | dict(numbered(images[60:], "watched", 40))
    with running(place, *first) as daemon:
        with no_more_files(daemon.pid):
            drop_all(place, dropped)
            degraded = daemon.await_event("folder.degraded", folder="hot")
            assert degraded["reason"].endswith("hotfolder has too many files open (raise LimitNOFILE)")
            daemon.await_event("folder.degraded", folder="watched")
        daemon.await_event("folder.recovered", folder="hot")
        daemon.await_event("folder.recovered", folder="watched")
        await_filed(daemon, dropped)
        assert daemon.count("folder.degraded") == 2
    check_all_arrived(place, first | dropped)


# --- new settings in the middle of work ---


def test_settings_that_cannot_be_used_change_nothing(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"})
    first, second = {"hot/early.png": images[1]}, {"hot/late.png": images[3]}
    drop_all(place, first)
    with running(place, *first) as daemon:
        good = place.config.read_text()
        place.config.write_text(good.replace("quiet", "quit"))
        daemon.send(signal.SIGHUP)
        refused = daemon.await_event("daemon.reload_refused")
        line = next(number for number, text in enumerate(good.splitlines(), 1) if "quiet" in text)
        assert refused["reason"].startswith(f"{place.config}:{line}: folder[0].settle.quit: ")
        place.config.write_text("[server\n")
        daemon.send(signal.SIGHUP)
        refused = daemon.await_event("daemon.reload_refused", times=2)
        assert refused["reason"].startswith(f"{place.config}:1: ")
        drop_all(place, second)
        await_filed(daemon, second)
        place.config.write_text(good)
        daemon.send(signal.SIGHUP)
        daemon.await_event("daemon.reloaded")
    check_all_arrived(place, first | second)


def test_folders_come_and_go_and_rules_change_while_files_are_under_way(place: Place, images: list[bytes]) -> None:
    """What was claimed goes on as it was; everything else follows the new settings."""
    place.configure({"name": "old"}, {"name": "ruled"}, batch={"max_files": 5})
    first = {"old/early.png": images[1], "ruled/first.png": images[3]}
    drop_all(place, first)
    with running(place, *first) as daemon:
        hold = place.box.add_fault(do="hold", on="UploadFile", nth=1, job="old-*")
        other_hold = place.box.add_fault(do="hold", on="UploadFile", nth=1, job="ruled-*")
        claimed = dict(numbered(images[10:], "old", 5))
        ruled = dict(numbered(images[30:], "ruled", 5))
        drop_all(place, claimed | ruled)
        assert daemon.has_met(hold)
        assert daemon.has_met(other_hold)
        late = dict(numbered(images[50:], "ruled/late", 5))
        drop_all(place, late)
        daemon.await_event("drop.ready", folder="ruled", times=11)
        place.configure(
            {"name": "new"},
            {"name": "ruled", "rule": [{"match": ["*"], "options": {"createMask": True}}]},
            server={"base_url": "http://127.0.0.1:9/elsewhere"},
            web={"listen": "127.0.0.1:0"},
        )
        daemon.send(signal.SIGHUP)
        reloaded = daemon.await_event("daemon.reloaded")
        assert (reloaded["folders"], reloaded["at_next_start"]) == (["new", "ruled"], ["[server]", "web.listen"])
        untaken = place.drop("old/too-late.png", images[7])
        hold.release()
        other_hold.release()
        new = {"new/new.png": images[9]}
        drop_all(place, new)
        await_filed(daemon, claimed | ruled | late | new)
        assert untaken.read_bytes() == images[7]
        masks = {name: asset["options"]["createMask"] for name, asset in place.assets().items()}
        for path in claimed | ruled:
            assert masks[Path(path).stem] == "false"
        for path in late:
            assert masks[Path(path).stem] == "true"
    untaken.unlink()
    check_all_arrived(place, first | claimed | ruled | late | new)


# --- the server, the log and the clock ---


def test_a_server_that_is_away_for_a_while_is_waited_for(make_place: MakePlace, images: list[bytes]) -> None:
    place = make_place(port=free_port())
    place.configure({"name": "hot"}, upload={"files_per_post": 2}, batch={"max_files": 20})
    first = {"hot/first.png": images[1]}
    drop_all(place, first)
    dropped = dict(numbered(images[10:], "hot", 100))
    with running(place, *first) as daemon:
        drop_all(place, dropped)
        daemon.await_event("job.posted", times=12)
        place.box.stop()
        daemon.await_event("server.unreachable")
        late = {"hot/late.png": images[3]}
        drop_all(place, late)
        daemon.await_event("drop.ready", path="late.png")
        place.box.start()
        daemon.await_event("server.recovered")
        await_filed(daemon, dropped | late)
        assert not daemon.count("drop.filed", outcome="failed")
    check_all_arrived(place, first | dropped | late)


def test_a_log_that_nobody_reads_stops_neither_the_work_nor_the_end(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot"})
    dropped = dict(numbered(images, "hot", 200))
    drop_all(place, dropped)
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, resource.getpagesize())
        with Manager(place.root / "notify") as manager:
            environment = os.environ | manager.environment(1.0)
            command = [str(PROGRAM), "-c", str(place.config), "run"]
            with subprocess.Popen(command, stderr=writing, env=environment) as popen:
                try:
                    deadline_s = time.monotonic() + PATIENCE_S
                    while len(list(place.hot("hot").glob("_done/*/*"))) < len(dropped):
                        manager.await_line("WATCHDOG=1")
                        assert time.monotonic() < deadline_s
                    popen.terminate()
                    assert popen.wait(EXIT_S) == 0
                finally:
                    popen.kill()
        log = os.read(reading, resource.getpagesize())
    finally:
        os.close(reading)
        os.close(writing)
    lines = log.splitlines()[:-1]  # the last one may be cut
    assert {json.loads(line)["event"] for line in lines} >= {"daemon.ready"}
    check_all_arrived(place, dropped)


def test_a_clock_that_jumps_delays_and_loses_nothing(place: Place, images: list[bytes]) -> None:
    library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
    if library is None:
        pytest.skip("libfaketime is not installed")
    clock = place.root / "clock"
    clock.write_text("+0")
    place.configure({"name": "hot"})
    first = {"hot/first.png": images[1]}
    drop_all(place, first)
    environment = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    dropped: dict[str, bytes] = {}
    with running(place, *first, environment=environment) as daemon:
        for number, jump in enumerate(["+400d", "-400d", "+1d", "-20000d", "+0"]):
            batch = dict(numbered(images[100 * number + 10 :], f"hot/{number}", 20))
            drop_all(place, batch)
            daemon.await_event("drop.ready", folder="hot", times=2 + 20 * number)
            clock.write_text(jump)
            await_filed(daemon, batch, SOON_S)
            dropped |= batch
        years = {event["timestamp"][:4] for event in daemon.events}
        assert len(years) > 2, years  # the jumps were real
    check_all_arrived(place, first | dropped)


# --- all of it ---


class Day:
    """Four hot folders and everything that can happen to them."""

    FOLDERS: ClassVar[tuple[Table, ...]] = (
        {"name": "good"},
        {"name": "hanging", "poll": "500ms"},
        {"name": "vanishing"},
        {"name": "small", "receipts": True},
    )

    def __init__(self, place: Place, hanging: HangingShare) -> None:
        self.place = place
        self.hanging = hanging
        self.vanishing = Vanishing(place.hot("vanishing"))
        self.vanishing.mount()
        mount_small_disk(place.hot("small"), "96m")
        mount_small_disk(place.root / "ledger", "96m")
        self.configure()
        self.dropped: dict[str, bytes] = {}

    def configure(self, **folder: object) -> None:
        """Write good settings."""
        self.place.configure(
            *({**table, **folder} for table in self.FOLDERS), ledger={"url": "sqlite:///ledger/ledger.db"}
        )

    def drop(self, count: int) -> dict[str, bytes]:
        """Drop new files into every folder, past whatever is wrong with it; return those for the good one."""
        places = {"hanging": self.hanging.behind, "vanishing": self.vanishing.disk}
        batch: dict[str, bytes] = {}
        for table in self.FOLDERS:
            name = table["name"]
            above = places.get(name, self.place.hot(name))
            for _ in range(count):
                number = len(self.dropped) + len(batch)
                content = b"\xff\xd8\xff\xfe\x00\x08%06d\xff\xd9" % number
                path = f"{name}/{number % 7}/{number:06}.jpg"
                file = above / f"{number % 7}/{number:06}.jpg"
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(content)
                batch[path] = content
        self.dropped |= batch
        return {path: content for path, content in batch.items() if path.startswith("good/")}

    # --- what happens until the context is left, each with how long the good folder may take meanwhile ---

    @contextmanager
    def share_hangs(self, daemon: Process) -> Iterator[float | None]:
        self.hanging.hang()
        try:
            yield HANG_S + SOON_S  # until it is noticed, its jobs keep others from beginning
        finally:
            self.hanging.answer()

    @contextmanager
    def share_vanishes(self, daemon: Process) -> Iterator[float | None]:
        before = daemon.count("folder.degraded", folder="vanishing")
        self.vanishing.unmount()
        daemon.await_event("folder.degraded", folder="vanishing", times=before + 1)
        yield SOON_S
        assert not list(self.vanishing.root.iterdir())
        self.vanishing.mount_again()
        daemon.await_event("folder.recovered", folder="vanishing", times=before + 1)

    @contextmanager
    def share_is_full(self, daemon: Process) -> Iterator[float | None]:
        filler = fill(self.place.hot("small"))
        yield SOON_S
        filler.unlink()

    @contextmanager
    def ledger_is_full(self, daemon: Process) -> Iterator[float | None]:
        filler = fill(self.place.root / "ledger")
        self.drop(50)
        daemon.await_event("daemon.trouble")
        yield None
        filler.unlink()

    @contextmanager
    def settings_change(self, daemon: Process) -> Iterator[float | None]:
        refused, taken = daemon.count("daemon.reload_refused"), daemon.count("daemon.reloaded")
        self.configure(pol="1s")
        daemon.send(signal.SIGHUP)
        daemon.await_event("daemon.reload_refused", times=refused + 1)
        self.configure(rescan="1m")
        daemon.send(signal.SIGHUP)
        daemon.await_event("daemon.reloaded", times=taken + 1)
        yield SOON_S

    @contextmanager
    def server_is_away(self, daemon: Process) -> Iterator[float | None]:
        before = daemon.count("server.unreachable")
        self.place.box.stop()
        daemon.await_event("server.unreachable", times=before + 1)
        yield None
        self.place.box.start()


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_day_on_which_everything_happens(make_place: MakePlace, mounts: None) -> None:
    """Ten thousand files; at the end each is filed and stored once, and folders without trouble were never late."""
    chance = random.Random(20)
    place = make_place(port=free_port())
    behind = place.root / "behind"
    behind.mkdir()
    place.hot("hanging").mkdir(parents=True)
    with HangingShare(behind, place.hot("hanging")) as hanging:
        day = Day(place, hanging)
        troubles = [
            day.share_hangs,
            day.share_vanishes,
            day.share_is_full,
            day.settings_change,
            day.server_is_away,
        ] * 2
        chance.shuffle(troubles)
        troubles.insert(chance.randrange(len(troubles)), day.ledger_is_full)
        with place.start() as daemon:
            daemon.await_event("daemon.ready")
            await_filed(daemon, day.drop(10))
            for trouble in troubles:
                good = day.drop(chance.randint(200, 240))
                with trouble(daemon) as within_s:
                    if within_s is not None:
                        await_filed(daemon, good, within_s)
                await_filed(daemon, good, SOON_S)
            while len(day.dropped) < 10_000:
                day.drop(min(200, (10_000 - len(day.dropped) + 3) // 4))
            await_filed(daemon, day.dropped, 120.0)
            ended = daemon.end()
        assert ended.code == 0
        assert {event["outcome"] for event in ended.named("drop.filed")} <= {"stored", "updated"}
        check_all_arrived(place, day.dropped)
