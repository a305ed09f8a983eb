"""The disk in memory: what it shows now, and what a power cut leaves of that."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.testing.perils import VirtualClock
from tests.torture.calls import DiskCalls
from tests.torture.disk import Disk
from tests.torture.moments import End, EndNow, Moments
from tests.torture.simulated import START

ROOT = "/torture/catalog"


class Desk:
    """One process at one disk."""

    def __init__(self, moments: Moments | None = None) -> None:
        self.disk = Disk(VirtualClock(START), (ROOT,))
        self.calls = DiskCalls(self.disk, moments or Moments())
        self.root = self.calls.open_root(ROOT)

    def open(self, path: str) -> int:
        return self.calls.open_beneath(self.root, path, os.O_RDONLY)

    def cut(self, *, harsh: bool = True, seed: int = 0) -> set[str]:
        """Cut the power and return the files that are left."""
        self.disk.cut(random.Random(seed), harsh=harsh)
        return set(self.disk.files(ROOT))


@pytest.fixture
def desk() -> Desk:
    """A hot folder with a file that a user has dropped, and a directory that was there before."""
    desk = Desk()
    desk.disk.drop(ROOT, "a.jpg", b"one")
    desk.disk.drop(ROOT, "_working/old", b"")
    return desk


def test_what_a_user_drops_is_kept(desk: Desk) -> None:
    assert desk.cut() == {"a.jpg", "_working/old"}


def test_a_file_that_was_not_synced_is_gone_or_cut_short(desk: Desk) -> None:
    fd = desk.calls.create("note.txt", desk.root)
    desk.calls.write(fd, b"something")
    assert "note.txt" not in desk.cut()
    fd = desk.calls.create("note.txt", desk.root)
    desk.calls.write(fd, b"something")
    desk.calls.fsync(desk.root)
    desk.cut()
    assert desk.disk.files(ROOT)["note.txt"].content == b""


def test_a_file_is_whole_once_it_and_its_directory_are_synced(desk: Desk) -> None:
    fd = desk.calls.create("note.txt", desk.root)
    desk.calls.write(fd, b"something")
    desk.calls.fsync(fd)
    desk.calls.fsync(desk.root)
    desk.cut()
    assert desk.disk.files(ROOT)["note.txt"].content == b"something"


@pytest.mark.parametrize("seed", range(20))
def test_a_rename_without_any_sync_is_kept_whole_or_not_at_all(desk: Desk, seed: int) -> None:
    desk.calls.rename("a.jpg", desk.root, "a.jpg", desk.open("_working"))
    assert len(desk.cut(harsh=False, seed=seed) & {"a.jpg", "_working/a.jpg"}) == 1


@pytest.mark.parametrize(
    ("synced", "left"),
    [
        ("_working", {"a.jpg", "_working/a.jpg"}),
        (".", set()),  # this is how a file is lost, and why new names are synced before lost ones
        ("both", {"_working/a.jpg"}),
    ],
)
def test_of_a_rename_with_one_directory_synced_the_other_half_may_be_missing(
    desk: Desk, synced: str, left: set[str]
) -> None:
    desk.calls.rename("a.jpg", desk.root, "a.jpg", desk.open("_working"))
    for path in ("_working", ".") if synced == "both" else (synced,):
        desk.calls.fsync(desk.open(path))
    found = desk.cut() - {"_working/old"}
    assert found == left
    assert all(desk.disk.files(ROOT)[path].links == len(left) for path in found)


def test_a_directory_that_was_not_synced_takes_everything_in_it_along(desk: Desk) -> None:
    desk.calls.mkdir("_done", desk.root, 0o755)
    done = desk.open("_done")
    desk.calls.rename("a.jpg", desk.root, "a.jpg", done)
    desk.calls.fsync(done)
    desk.calls.fsync(desk.open("_working"))
    assert "_done/a.jpg" not in desk.cut()


def test_what_users_do_to_a_file_that_was_just_moved_is_kept(desk: Desk) -> None:
    desk.calls.rename("a.jpg", desk.root, "a.jpg", desk.open("_working"))
    desk.disk.drop(ROOT, "a.jpg", b"two")
    assert {"a.jpg", "_working/a.jpg"} <= desk.cut()


def test_calls_fail_as_those_of_the_kernel_do(desk: Desk) -> None:
    desk.disk.link(ROOT, "link.jpg", "/secret")
    calls: list[tuple[Callable[[], object], int]] = [
        (lambda: desk.open("nothing"), errno.ENOENT),
        (lambda: desk.open("link.jpg"), errno.ELOOP),
        (lambda: desk.open("../secret"), errno.EXDEV),
        (lambda: desk.calls.open_root("/elsewhere"), errno.ENOENT),
        (lambda: desk.calls.rename("a.jpg", desk.root, "link.jpg", desk.root), errno.EEXIST),
        (lambda: desk.calls.mkdir("_working", desk.root, 0o755), errno.EEXIST),
        (lambda: desk.calls.rmdir("_working", desk.root), errno.ENOTEMPTY),
        (lambda: desk.calls.unlink("_working", desk.root), errno.EISDIR),
        (lambda: desk.calls.create("a.jpg", desk.root), errno.EEXIST),
    ]
    for call, number in calls:
        with pytest.raises(OSError, match=os.strerror(number)):
            call()


def test_the_process_ends_at_the_moment_it_was_told_before_anything_is_done() -> None:
    desk = Desk(Moments({2: End.CUT}))
    desk.disk.drop(ROOT, "a.jpg", b"one")
    desk.calls.mkdir("_done", desk.root, 0o755)
    with pytest.raises(EndNow) as end:
        desk.calls.unlink("a.jpg", desk.root)
    assert end.value.how is End.CUT
    assert "a.jpg" in desk.disk.files(ROOT)
    assert Path(ROOT).exists() is False
