"""The watch of a hot folder. Nothing here sleeps: every test waits for what it expects to be told."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.unit.edges.watching import PATIENCE_S, Listener, watching

from hotfolder.edges.watch import FolderWatch
from hotfolder.ports import Watch, WatchError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "catalog"
    place.mkdir()
    return place


@pytest.fixture
def listener() -> Listener:
    return Listener()


def settle(root: Path, listener: Listener) -> None:
    """Wait until all that was done before has been told: events keep their order."""
    (root / "last.jpg").write_bytes(b"last")
    listener.wait_for_file("last.jpg")


def test_it_is_a_watch(root: Path, listener: Listener) -> None:
    watch: Watch = FolderWatch(
        root, on_change=listener.on_change, on_overflow=listener.on_overflow, on_dead=listener.on_dead
    )
    assert watch.is_alive()
    watch.stop()
    assert not watch.is_alive()
    watch.stop()


def test_closed_file_is_told(root: Path, listener: Listener) -> None:
    (root / "spring/new").mkdir(parents=True)
    with watching(root, listener):
        for path in ("a.jpg", "spring/b.jpg", "spring/new/ä ö.jpg"):
            (root / path).write_bytes(b"x")
            listener.wait_for_file(path)
    assert listener.directories == {}
    assert listener.deaths == []


def test_undecodable_name_is_told(root: Path, listener: Listener) -> None:
    name = os.fsdecode(b"gr\xfcn.jpg")
    with watching(root, listener):
        (root / name).write_bytes(b"x")
        listener.wait_for_file(name)


def test_file_moved_in_or_about_is_told_and_one_moved_out_delays_nothing(
    root: Path, listener: Listener, tmp_path: Path
) -> None:
    """watchdog itself holds everything back for half a second behind a file that is moved out."""
    (tmp_path / "outside.jpg").write_bytes(b"x")
    with watching(root, listener):
        (tmp_path / "outside.jpg").rename(root / "in.jpg")
        listener.wait_for_file("in.jpg")
        (root / "in.jpg").rename(root / "about.jpg")
        listener.wait_for_file("about.jpg")
        delays_s = []
        for _ in range(5):  # the best of some, for a machine that is busy with something else
            began_s = time.monotonic()
            (root / "about.jpg").rename(tmp_path / "out.jpg")
            (tmp_path / "out.jpg").rename(root / "about.jpg")
            listener.wait_for_file("about.jpg", since_s=began_s)
            delays_s.append(listener.files["about.jpg"] - began_s)
        assert min(delays_s) < 0.4
    assert set(listener.files) == {"in.jpg", "about.jpg"}


def test_reserved_and_litter_places_are_not_watched(root: Path, listener: Listener) -> None:
    for place in ("_done", "_WORKING", "@eaDir", ".hidden", "spring/__MACOSX"):
        (root / place).mkdir(parents=True)
    with watching(root, listener):
        (root / "_failed").mkdir()
        (root / ".Trashes").mkdir()
        for place in ("_done", "_WORKING", "@eaDir", ".hidden", "spring/__MACOSX", "_failed", ".Trashes"):
            (root / place / "x.jpg").write_bytes(b"x")
        (root / "_status.html").write_bytes(b"x")
        (root / "spring/_done").mkdir()
        settle(root, listener)
    assert set(listener.files) == {"last.jpg"}
    assert set(listener.directories) == {"spring/_done"}, "reserved at the root only"


def test_new_directories_are_told_and_watched(root: Path, listener: Listener) -> None:
    with watching(root, listener):
        (root / "spring").mkdir()
        listener.wait_for_directory("spring")
        (root / "spring/a.jpg").write_bytes(b"x")
        listener.wait_for_file("spring/a.jpg")
        (root / "deep/er/est").mkdir(parents=True)
        listener.wait_for_directory("deep")
        since_s = time.monotonic()
        (root / "deep/er/est/b.jpg").write_bytes(b"x")
        # Its own event may have come before it was watched; then it is the caller's walk that finds it.
        walked = ("deep", "deep/er", "deep/er/est")
        listener.wait(
            lambda: (
                "deep/er/est/b.jpg" in listener.files
                or any(listener.directories.get(path, -1.0) >= since_s for path in walked)
            )
        )


def test_tree_moved_in_is_told_as_a_directory_and_watched(root: Path, listener: Listener, tmp_path: Path) -> None:
    (tmp_path / "tree/below").mkdir(parents=True)
    (tmp_path / "tree/below/a.jpg").write_bytes(b"x")
    with watching(root, listener):
        (tmp_path / "tree").rename(root / "tree")
        listener.wait_for_directory("tree")
        (root / "tree/below/b.jpg").write_bytes(b"x")
        listener.wait_for_file("tree/below/b.jpg")
    assert "tree/below/a.jpg" not in listener.files


def test_directory_that_moves_about_is_known_by_its_new_path(root: Path, listener: Listener) -> None:
    (root / "old/below").mkdir(parents=True)
    with watching(root, listener):
        (root / "old").rename(root / "new")
        listener.wait_for_directory("new")
        (root / "new/a.jpg").write_bytes(b"x")
        (root / "new/below/b.jpg").write_bytes(b"x")
        listener.wait_for_file("new/a.jpg")
        listener.wait_for_file("new/below/b.jpg")
        (root / "new/below").rename(root / "below")
        listener.wait_for_directory("below")
        (root / "below/c.jpg").write_bytes(b"x")
        listener.wait_for_file("below/c.jpg")
    assert set(listener.files) == {"new/a.jpg", "new/below/b.jpg", "below/c.jpg"}


def test_directory_that_left_gives_no_more_hints(root: Path, listener: Listener, tmp_path: Path) -> None:
    for place in ("out/below", "failed/below", "litter"):
        (root / place).mkdir(parents=True)
    (root / "_failed").mkdir()
    with watching(root, listener):
        (root / "out").rename(tmp_path / "out")
        (root / "failed").rename(root / "_failed/failed")
        (root / "litter").rename(root / ".litter")
        settle(root, listener)
        for left in (tmp_path / "out", tmp_path / "out/below", root / "_failed/failed/below", root / ".litter"):
            (left / "x.jpg").write_bytes(b"x")
        (root / "really last.jpg").write_bytes(b"x")
        listener.wait_for_file("really last.jpg")
    assert set(listener.files) == {"last.jpg", "really last.jpg"}


def test_removed_directory_is_forgotten_and_a_new_one_of_its_name_is_told(root: Path, listener: Listener) -> None:
    (root / "spring").mkdir()
    with watching(root, listener):
        (root / "spring").rmdir()
        (root / "spring").mkdir()
        listener.wait_for_directory("spring")
        (root / "spring/a.jpg").write_bytes(b"x")
        listener.wait_for_file("spring/a.jpg")


def test_linked_directory_is_not_entered(root: Path, listener: Listener, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "before").symlink_to(outside)
    with watching(root, listener):
        (root / "after").symlink_to(outside)
        (outside / "secret.jpg").write_bytes(b"x")
        settle(root, listener)
    assert set(listener.files) == {"last.jpg"}
    assert listener.directories == {}


def test_file_renamed_by_link_and_unlink_is_told_by_its_directory(root: Path, listener: Listener) -> None:
    """SFTP servers do that: neither a close nor a move, and found only by the next rescan otherwise."""
    (root / "spring").mkdir()
    (root / "spring/a.jpg.filepart").write_bytes(b"x")
    with watching(root, listener):
        os.link(root / "spring/a.jpg.filepart", root / "spring/a.jpg")
        (root / "spring/a.jpg.filepart").unlink()
        listener.wait_for_directory("spring")
        (root / "b.jpg.filepart").write_bytes(b"x")
        os.link(root / "b.jpg.filepart", root / "b.jpg")
        listener.wait_for_directory("")
    assert "spring/a.jpg" not in listener.files, "it would count as closed"


def test_file_that_is_still_written_or_gone_is_not_taken_for_a_link(root: Path, listener: Listener) -> None:
    (root / "before.jpg").write_bytes(b"not told of")
    with watching(root, listener), (root / "slow.jpg").open("wb", buffering=0) as slow:
        (root / "empty link.jpg").symlink_to("nowhere")
        fd = os.open(root / "gone.jpg", os.O_CREAT | os.O_WRONLY)
        (root / "gone.jpg").unlink()
        settle(root, listener)
        slow.write(b"x")
        os.utime(slow.fileno(), ns=(time.time_ns(), time.time_ns()))  # the kernel's own may be milliseconds behind
        # A link that comes later is told later: by then the others have been looked at.
        os.link(root / "before.jpg", root / "linked.jpg")
        listener.wait_for_directory("")
        os.close(fd)
    assert len(listener.directories) == 1
    assert sum(1 for _, directories in listener.calls if directories) == 1


# --- many ---


def test_burst_of_files_is_seen_whole_or_reported_as_lost(root: Path, listener: Listener) -> None:
    count = 20_000
    with watching(root, listener) as watch:
        for number in range(count):
            os.close(os.open(f"{root}/{number}.jpg", os.O_CREAT | os.O_WRONLY))
        listener.wait(lambda: len(listener.files) == count or listener.overflows)
        assert watch.is_alive()
    assert len(listener.calls) < count / 5, "a burst is a few calls"


def test_overflow_is_told_and_directories_that_came_meanwhile_are_watched(root: Path) -> None:
    """In a process of its own, whose interpreter gives the reading thread no turn until too much has happened."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    done = subprocess.run(
        [sys.executable, "-c", _OVERFLOW, str(root), str(limit)],
        timeout=100,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr


_OVERFLOW = """
import os, sys
from pathlib import Path
from tests.unit.edges.watching import Listener, watching

root, limit = Path(sys.argv[1]), int(sys.argv[2])
listener = Listener()
os.mkdir(root / "a")
os.mkdir(root / "b")
with watching(root, listener) as watch:
    sys.setswitchinterval(1000)
    names = [os.fsencode(root / place / str(number)) for number in range(limit // 2 + 2000) for place in "ab"]
    import ctypes
    creat = ctypes.PyDLL(None).creat
    close = ctypes.PyDLL(None).close
    mkdir = ctypes.PyDLL(None).mkdir
    for name in names:
        close(creat(name, 0o600))
    mkdir(os.fsencode(root / "lost"), 0o700)
    sys.setswitchinterval(0.005)
    listener.wait(lambda: listener.overflows)
    assert watch.is_alive()
    (root / "lost/c.jpg").write_bytes(b"x")
    listener.wait_for_file("lost/c.jpg")
    assert not listener.deaths
"""


# --- ends ---


def test_root_that_is_missing_is_an_error(root: Path, listener: Listener) -> None:
    before = {thread.name for thread in threading.enumerate()}
    with pytest.raises(WatchError, match="cannot be watched: no such file"), watching(root / "missing", listener):
        pass
    assert {thread.name for thread in threading.enumerate()} == before


@pytest.mark.parametrize("how", ["removed", "moved"])
def test_root_that_goes_ends_the_watch_and_says_so(root: Path, listener: Listener, how: str) -> None:
    (root / "spring").mkdir()
    with watching(root, listener) as watch:
        if how == "removed":
            (root / "spring").rmdir()
            root.rmdir()
        else:
            root.rename(root.parent / "elsewhere")
        listener.wait(lambda: listener.deaths)
        assert listener.deaths == [f"{root} was {how}"]
        assert not watch.is_alive()
    assert len(listener.deaths) == 1


def test_nothing_is_left_open_or_running(root: Path, listener: Listener) -> None:
    def open_count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before, threads = open_count(), threading.active_count()
    for _ in range(3):
        with watching(root, listener):
            (root / "a.jpg").write_bytes(b"x")
        with pytest.raises(WatchError), watching(root / "missing", listener):
            pass
    assert (open_count(), threading.active_count()) == (before, threads)
    assert listener.deaths == []


def test_watch_may_be_stopped_by_what_it_calls(root: Path, listener: Listener) -> None:
    stopped = threading.Event()

    def stop(files: tuple[str, ...], directories: tuple[str, ...]) -> None:
        watches[0].stop()
        stopped.set()

    watches = [FolderWatch(root, on_change=stop, on_overflow=listener.on_overflow, on_dead=listener.on_dead)]
    (root / "a.jpg").write_bytes(b"x")
    assert stopped.wait(PATIENCE_S)
    watches[0].stop()
    assert not watches[0].is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_failing_callback_ends_the_watch_and_says_so(root: Path, listener: Listener) -> None:
    def fail(files: tuple[str, ...], directories: tuple[str, ...]) -> None:
        raise ValueError("made up")

    watch = FolderWatch(root, on_change=fail, on_overflow=listener.on_overflow, on_dead=listener.on_dead)
    (root / "a.jpg").write_bytes(b"x")
    listener.wait(lambda: listener.deaths)
    assert "is not watched any more" in listener.deaths[0]
    assert not watch.is_alive()
    watch.stop()


def test_reader_that_fails_ends_the_watch_and_says_so(
    root: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(root, listener) as watch:
        real = os.read

        def fail(fd: int, length: int) -> bytes:
            if threading.current_thread().name != "MainThread":
                raise OSError(errno.EIO, "made up")
            return real(fd, length)

        monkeypatch.setattr(os, "read", fail)
        (root / "a.jpg").write_bytes(b"x")
        listener.wait(lambda: listener.deaths)
        monkeypatch.undo()
        assert listener.deaths == [f"{root} is not watched any more: Input/output error"]
        assert not watch.is_alive()


# --- limits ---

_LIMITED = """
import os, sys
from pathlib import Path
from hotfolder.ports import WatchError
from tests.unit.edges.watching import Listener, watching

root, name, limit, when, outside = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5]
assert os.readlink("/proc/self/ns/user") != outside, "this would change the limits of the whole machine"
setting = Path("/proc/sys/user") / name  # of this namespace only
listener = Listener()
if when == "before":
    setting.write_text(limit)
try:
    with watching(root, listener):
        setting.write_text(limit)
        for number in range(20):
            (root / f"new {number}").mkdir()
        listener.wait(lambda: listener.deaths)
        print(listener.deaths[0])
except WatchError as error:
    print(error)
"""


def limited(root: Path, name: str, limit: int, when: str) -> str:
    """Run in a user namespace of its own, which has limits of its own (RELIABILITY C2)."""
    outside = str(Path("/proc/self/ns/user").readlink())
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", _LIMITED]
    done = subprocess.run(
        [*command, str(root), name, str(limit), when, outside],
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    if "unshare:" in done.stderr or "PermissionError" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("when", ["before", "after"])
def test_limit_of_watches_is_named_with_the_number_needed(root: Path, when: str) -> None:
    for number in range(30):
        (root / str(number)).mkdir()
    said = limited(root, "max_inotify_watches", 10 if when == "before" else 35, when)
    assert said.startswith(f"{root} cannot be watched: it has ")
    if when == "before":
        assert "it has 31 directories, and user.max_inotify_watches allows 10 " in said
        assert said.endswith("raise it: sysctl user.max_inotify_watches=64")


def test_limit_of_instances_is_named(root: Path) -> None:
    said = limited(root, "max_inotify_instances", 0, "before")
    assert said.startswith(f"{root} cannot be watched: one inotify instance is needed, ")
    assert "user.max_inotify_instances allows 0 " in said
