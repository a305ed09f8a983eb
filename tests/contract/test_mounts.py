"""
What real mounts do to a hot folder: unmounted shares, file systems inside, full and read-only disks.

Each test runs in a child with mounts of its own, which end with it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.unit.edges.files.share import JPEG, Share

from hotfolder.core.messages import ClaimStatus, EntryKind, FilingStatus, LookItem, LookStatus
from hotfolder.core.model import Unsafe
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.ports import FolderError

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts"),
]

_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def unmount(path: Path) -> None:
    subprocess.run(["umount", str(path)], check=True, capture_output=True)


@pytest.fixture
def share(tmp_path: Path) -> Share:
    root = tmp_path / "catalog"
    root.mkdir()
    return Share(root)


@pytest.fixture(params=[True, False], ids=["new kernel", "old kernel"])
def calls(request: pytest.FixtureRequest) -> Syscalls:
    return Syscalls(openat2=request.param, renameat2=request.param)


def with_own_mounts(act: Callable[[], None]) -> None:
    """Do it in a child that has mounts of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNTS) != 0:
                code = 77
            else:
                mount("--make-rprivate", "/")
                act()
                code = 0
        except BaseException:  # noqa: BLE001 - whatever it is must not go on as a second pytest
            traceback.print_exc()
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 77:
        pytest.skip("no mount namespaces here")
    assert code == 0


def test_unmounted_share_is_not_taken_for_an_empty_one(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        mount("-t", "tmpfs", "tmpfs", str(share.root))
        share.drop("a.jpg")
        files = FolderFiles(share.root, calls=calls)
        files.check()
        unmount(share.root)
        for _ in range(2):
            with pytest.raises(FolderError, match="is not the directory it was"):
                files.look([LookItem("a.jpg")])
            with pytest.raises(FolderError, match=f"the share that was mounted at {share.root} is not mounted"):
                files.check()
        assert list(share.root.iterdir()) == []
        mount("-t", "tmpfs", "tmpfs", str(share.root))
        files.check()
        assert files.look([LookItem("a.jpg")])[0].status is LookStatus.MISSING

    with_own_mounts(act)


def test_share_that_is_unmounted_while_nothing_ran_is_not_taken_for_an_empty_one(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        mount("-t", "tmpfs", "tmpfs", str(share.root))
        was = FolderFiles(share.root, calls=calls).check()
        assert was == str(share.root)
        unmount(share.root)
        files = FolderFiles(share.root, calls=calls)
        files.lies_on()
        with pytest.raises(FolderError, match=f"the share that was mounted at {share.root} is not mounted"):
            files.check(mount_point=was)
        inside = share.root / "inside"
        inside.mkdir()
        with pytest.raises(FolderError, match="is not mounted"):
            FolderFiles(inside, calls=calls).check(mount_point=was)
        (share.root / "_working").mkdir()
        assert FolderFiles(share.root, calls=calls).check(mount_point=was) != was
        assert FolderFiles(inside, calls=calls).check(mount_point="/somewhere/else") != was

    with_own_mounts(act)


def test_share_that_is_mounted_after_us_is_accepted(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        files = FolderFiles(share.root, calls=calls)
        files.check()
        mount("-t", "tmpfs", "tmpfs", str(share.root))
        with pytest.raises(FolderError):
            files.look([])
        files.check()
        assert files.lies_on().name == "tmpfs"

    with_own_mounts(act)


def test_nothing_of_ours_keeps_a_share_from_being_unmounted(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        mount("-t", "tmpfs", "tmpfs", str(share.root))
        share.drop("a.jpg")
        files = FolderFiles(share.root, calls=calls)
        files.claim([share.claim_item("a.jpg")])
        list(files.walk())
        unmount(share.root)

    with_own_mounts(act)


def test_file_system_mounted_inside_is_left_alone(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        (share.root / "inside").mkdir()
        mount("-t", "tmpfs", "tmpfs", str(share.root / "inside"))
        share.drop("inside/a.jpg")
        share.drop("b.jpg")
        files = FolderFiles(share.root, calls=calls)
        found = {entry.path: entry for chunk in files.walk() for entry in chunk}
        assert set(found) == {"b.jpg", "inside"}
        assert found["inside"].kind is EntryKind.UNREADABLE_DIRECTORY
        assert files.look([share.look_item("inside/a.jpg")])[0].unsafe is Unsafe.OTHER_DEVICE
        assert files.claim([share.claim_item("inside/a.jpg")])[0].status is ClaimStatus.FAILED

    with_own_mounts(act)


def test_same_file_system_mounted_inside_is_left_alone_where_the_kernel_tells(share: Share) -> None:
    def act() -> None:
        secret = share.root.parent / "secret"
        secret.mkdir()
        (secret / "a.jpg").write_bytes(JPEG)
        (share.root / "inside").mkdir()
        mount("--bind", str(secret), str(share.root / "inside"))
        assert FolderFiles(share.root).look([share.look_item("inside/a.jpg")])[0].unsafe is Unsafe.OTHER_DEVICE

    with_own_mounts(act)


@pytest.mark.parametrize("place", ["_working", "_failed"])
def test_reserved_place_on_another_file_system_is_refused(share: Share, calls: Syscalls, place: str) -> None:
    def act() -> None:
        (share.root / place).mkdir()
        mount("-t", "tmpfs", "tmpfs", str(share.root / place))
        files = FolderFiles(share.root, calls=calls)
        share.drop("a.jpg")
        if place == "_working":
            with pytest.raises(FolderError, match=r"/_working cannot be used: it is on another file system"):
                files.claim([share.claim_item("a.jpg")])
        else:
            (result,) = files.file_away([share.filing_item("a.jpg", "_failed/a.jpg", note="Sorry")])
            assert result.status is FilingStatus.FAILED
            assert result.reason == "a.jpg: it is on another file system"
        assert share.everything() == {"a.jpg": JPEG}

    with_own_mounts(act)


def test_full_disk_leaves_no_empty_note_and_heals_by_itself(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(share.root))
        share.drop("_working/a.jpg")
        with (share.root / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(4096))
        files = FolderFiles(share.root, calls=calls)
        item = share.filing_item("_working/a.jpg", "_failed/a.jpg", note="Sorry" * 100)
        (result,) = files.file_away([item])
        assert (result.status, result.reason) == (FilingStatus.FAILED, "_working/a.jpg: the disk is full")
        assert share.paths() == {"_working/a.jpg", "filler"}
        (share.root / "filler").unlink()
        assert files.file_away([item])[0].status is FilingStatus.FILED

    with_own_mounts(act)


def test_full_table_of_inodes_stops_the_folder_and_heals_by_itself(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        mount("-t", "tmpfs", "-o", "nr_inodes=4", "tmpfs", str(share.root))
        share.drop("a.jpg")
        share.drop("b")
        files = FolderFiles(share.root, calls=calls)
        item = share.claim_item("a.jpg")
        with pytest.raises(FolderError, match="the disk is full"):
            files.claim([item])
        assert "a.jpg" in share.paths()
        (share.root / "b").unlink()
        mount("-o", "remount,nr_inodes=40", str(share.root))
        assert files.claim([item])[0].status is ClaimStatus.CLAIMED

    with_own_mounts(act)


def test_read_only_disk_stops_the_folder_and_heals_by_itself(share: Share, calls: Syscalls) -> None:
    def act() -> None:
        mount("-t", "tmpfs", "tmpfs", str(share.root))
        share.drop("a.jpg")
        files = FolderFiles(share.root, calls=calls)
        files.check()
        item = share.claim_item("a.jpg")
        mount("-o", "remount,ro", str(share.root))
        with pytest.raises(FolderError, match="the disk is mounted read-only"):
            files.claim([item])
        with pytest.raises(FolderError, match="cannot be used: the disk is mounted read-only"):
            files.check()
        mount("-o", "remount,rw", str(share.root))
        files.check()
        assert files.claim([item])[0].status is ClaimStatus.CLAIMED

    with_own_mounts(act)
