"""The calls themselves: what a link, a mount point or a taken name answers, with a new kernel and an old one."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.edges.files.share import open_descriptors

from hotfolder.edges.files import Syscalls
from hotfolder.edges.files.words import shown, trouble, why

HERE = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@pytest.fixture(params=[True, False], ids=["new kernel", "old kernel"])
def calls(request: pytest.FixtureRequest) -> Syscalls:
    return Syscalls(openat2=request.param, renameat2=request.param)


@pytest.fixture
def root(tmp_path: Path, calls: Syscalls) -> int:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/a").write_bytes(b"a")
    (tmp_path / "link").symlink_to("below/a")
    (tmp_path / "dirlink").symlink_to("below")
    return calls.open_root(str(tmp_path))


@pytest.mark.parametrize(
    ("path", "flags", "error"),
    [
        ("link", FILE, errno.ELOOP),
        ("dirlink", HERE, errno.ELOOP),
        ("dirlink/a", FILE, errno.ELOOP),
        ("../x", FILE, errno.EXDEV),
        ("below/../../x", FILE, errno.EXDEV),
        ("gone", FILE, errno.ENOENT),
        ("below/a", HERE, errno.ENOTDIR),
        ("below/a/b", FILE, errno.ENOTDIR),
    ],
)
def test_nothing_outside_is_ever_opened(calls: Syscalls, root: int, path: str, flags: int, error: int) -> None:
    with pytest.raises(OSError, check=lambda caught: caught.errno == error):
        calls.open_beneath(root, path, flags)
    os.close(root)


def test_absolute_path_is_not_opened(calls: Syscalls, root: int) -> None:
    with pytest.raises(OSError, check=lambda caught: caught.errno == errno.EXDEV):
        calls.open_beneath(root, "/etc/passwd", FILE)
    os.close(root)


def test_mount_point_is_not_crossed(calls: Syscalls) -> None:
    root = calls.open_root("/")
    with pytest.raises(OSError, check=lambda caught: caught.errno == errno.EXDEV):
        calls.open_beneath(root, "proc/version", FILE)
    os.close(root)


def test_what_is_beneath_is_opened(calls: Syscalls, root: int) -> None:
    before = open_descriptors()
    for path, flags in ((".", HERE), ("below", HERE), ("below/a", FILE)):
        fd = calls.open_beneath(root, path, flags)
        assert not os.get_inheritable(fd)
        os.close(fd)
    assert open_descriptors() == before
    os.close(root)


def test_rename_never_replaces(calls: Syscalls, tmp_path: Path, root: int) -> None:
    (tmp_path / "b").write_bytes(b"b")
    below = calls.open_beneath(root, "below", HERE)
    top = calls.open_beneath(root, ".", HERE)
    with pytest.raises(FileExistsError):
        calls.rename("a", below, "b", top)
    calls.rename("a", below, "c", top)
    assert (tmp_path / "c").read_bytes() == b"a"
    assert (tmp_path / "c").stat().st_nlink == 1
    with pytest.raises(FileNotFoundError):
        calls.rename("a", below, "d", top)
    for fd in (root, below, top):
        os.close(fd)


def test_taking_never_replaces_either(calls: Syscalls, tmp_path: Path, root: int) -> None:
    (tmp_path / "b").write_bytes(b"b")
    below = calls.open_beneath(root, "below", HERE)
    top = calls.open_beneath(root, ".", HERE)
    with pytest.raises(FileExistsError):
        calls.take("a", below, "b", top)
    calls.take("a", below, "c", top)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["b", "below", "c", "dirlink", "link"]
    with pytest.raises(FileNotFoundError):
        calls.take("a", below, "d", top)
    for fd in (root, below, top):
        os.close(fd)


class Interfered(Syscalls):
    """The calls of an old kernel; somebody else acts right after our link."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(renameat2=False)
        self._act = act

    def link(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        super().link(source, source_fd, target, target_fd)
        self._act()


def contents(directory: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in directory.iterdir()}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[int]:
    """Two files to be moved, open as their directory."""
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "other").write_bytes(b"other")
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def test_rename_by_links_does_not_remove_what_was_just_put_in_the_old_place(tmp_path: Path, pair: int) -> None:
    """Somebody saves a new version between our link and our unlink: the old one has moved, the new one stays."""
    Interfered(lambda: (tmp_path / "other").rename(tmp_path / "a")).rename("a", pair, "b", pair)
    assert contents(tmp_path) == {"a": b"other", "b": b"a"}


def test_rename_by_links_does_not_remove_what_was_just_put_in_the_new_place(tmp_path: Path, pair: int) -> None:
    """Neither is lost: what was to be moved is still where it was."""
    with pytest.raises(FileExistsError):
        Interfered(lambda: (tmp_path / "other").rename(tmp_path / "b")).rename("a", pair, "b", pair)
    assert contents(tmp_path) == {"a": b"a", "b": b"other"}


def test_rename_by_links_minds_nobody_who_takes_the_file_away_meanwhile(tmp_path: Path, pair: int) -> None:
    Interfered(lambda: (tmp_path / "a").unlink()).rename("a", pair, "b", pair)
    assert contents(tmp_path) == {"b": b"a", "other": b"other"}
    with pytest.raises(FileNotFoundError):
        Interfered(lambda: (tmp_path / "c").unlink()).rename("b", pair, "c", pair)
    assert contents(tmp_path) == {"b": b"a", "other": b"other"}


def test_rename_without_links_or_flags_looks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """exFAT and some network shares have neither."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    calls = Syscalls(renameat2=False)
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(FileExistsError):
        calls.rename("a", fd, "b", fd)
    calls.rename("a", fd, "c", fd)
    os.close(fd)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["b", "c"]


def test_rename_by_links_takes_the_new_name_back_when_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.unlink

    def refuse(name: str, *, dir_fd: int) -> None:
        if name == "a":
            raise PermissionError(errno.EPERM, "sticky")
        real(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refuse)
    (tmp_path / "a").write_bytes(b"a")
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(PermissionError):
        Syscalls(renameat2=False).rename("a", fd, "b", fd)
    os.close(fd)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_kernel_and_libc_are_asked_once_for_what_they_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Older kernels have no openat2, and older container rules answer EPERM for what they do not know."""
    for number in (errno.ENOSYS, errno.EPERM):

        def refuse(self: Syscalls, dir_fd: int, path: str, flags: int, number: int = number) -> int:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Syscalls, "_openat2", refuse)
        calls = Syscalls()
        root = calls.open_root(str(tmp_path))
        os.close(calls.open_beneath(root, ".", HERE))
        os.close(root)


def test_error_of_statfs_comes_through() -> None:
    with pytest.raises(OSError, check=lambda caught: caught.errno == errno.EBADF):
        Syscalls().file_system_magic(9999)


_RACE = """
import os, sys, threading
from hotfolder.edges.files import Syscalls

calls, path = Syscalls(), sys.argv[1]
done = threading.Event()

def write():
    while not done.is_set():
        os.close(os.open(path, os.O_WRONLY))

thread = threading.Thread(target=write)
thread.start()
seen = {"free": 0, "writer": 0}
while min(seen.values()) < 50:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        calls.try_read_lease(fd)
        seen["free"] += 1
    except BlockingIOError:
        seen["writer"] += 1
    os.close(fd)
done.set()
thread.join()
"""


def test_lease_that_is_broken_never_ends_the_process(tmp_path: Path) -> None:
    """A writer that comes while we hold the lease makes the kernel send a signal; SIGIO would end a process."""
    path = tmp_path / "a"
    path.write_bytes(b"a")
    done = subprocess.run([sys.executable, "-c", _RACE, str(path)], timeout=60, check=False)
    assert done.returncode == 0


def test_lease_is_free_for_the_next_one_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a")
    calls = Syscalls()
    fd = os.open(path, os.O_RDONLY)
    calls.try_read_lease(fd)
    opened = threading.Event()

    def write() -> None:
        os.close(os.open(path, os.O_WRONLY))
        opened.set()

    threading.Thread(target=write, daemon=True).start()
    assert opened.wait(10)
    os.close(fd)


def test_errors_are_put_in_plain_words() -> None:
    assert why(OSError(errno.ENOSPC, "x")) == "the disk is full"
    assert why(OSError(errno.EDOM, "x")) == os.strerror(errno.EDOM).lower()
    assert why(OSError("strange")) == "strange"
    assert trouble("a/b", OSError(errno.EACCES, "x")).startswith("a/b: hotfolder's user is not permitted")
    assert shown(os.fsdecode(b"gr\xfcn")) == "gr\ufffdn"


def test_long_of_this_machine_is_what_statfs_begins_with() -> None:
    """The only structure that is read by hand."""
    assert ctypes.sizeof(ctypes.c_long) == 8
