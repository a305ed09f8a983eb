"""The root of a hot folder, and the small duties."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pytest
from tests.unit.edges.files.share import JPEG, Share, open_descriptors

from hotfolder.core.messages import LookItem
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.ports import FolderError
from hotfolder.testing.perils import CrashNow
from hotfolder.testing.syscalls import PerilousSyscalls


def test_making_it_touches_nothing(tmp_path: Path) -> None:
    FolderFiles(tmp_path / "missing")


def test_usable_root_passes(files: FolderFiles) -> None:
    files.check()
    files.check()


def test_missing_root_is_said_in_plain_words(files: FolderFiles, share: Share) -> None:
    share.root.rmdir()
    message = f"{share.root}: it is not there \\(is the share mounted\\?\\)"
    with pytest.raises(FolderError, match=message):
        files.check()
    with pytest.raises(FolderError, match=message):
        list(files.walk())
    with pytest.raises(FolderError, match=message):
        files.look([])
    with pytest.raises(FolderError, match=message):
        files.claim([])
    with pytest.raises(FolderError, match=message):
        files.file_away([])
    with pytest.raises(FolderError, match=message):
        files.tidy()
    with pytest.raises(FolderError, match=message):
        files.leave_note("_failed/a", "b")
    with pytest.raises(FolderError, match=message):
        files.remove_copies({})


def test_root_that_is_a_file_is_refused(files: FolderFiles, share: Share) -> None:
    share.root.rmdir()
    share.root.write_bytes(b"")
    with pytest.raises(FolderError, match="not there"):
        files.check()


def test_replaced_root_is_noticed_by_every_call_until_it_is_accepted(files: FolderFiles, share: Share) -> None:
    files.check()
    share.root.rename(share.root.parent / "old")
    share.root.mkdir()
    share.drop("a.jpg")
    for _ in range(2):
        with pytest.raises(FolderError, match="is not the directory it was"):
            files.look([LookItem("a.jpg")])
    files.check()
    assert files.look([LookItem("a.jpg")])[0].observation is not None


def test_root_may_be_reached_by_a_link(share: Share, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(share.root)
    share.drop("a.jpg")
    files = FolderFiles(tmp_path / "way")
    files.check()
    assert files.look([LookItem("a.jpg")])[0].observation is not None


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ("open_root", errno.EACCES, "not permitted"),
        ("open_beneath", errno.EACCES, "cannot be used: .*not permitted"),
        ("scandir", errno.ESTALE, "cannot be used: the share does not know it any more"),
        ("fstat", errno.ENOTCONN, "the share is not connected"),
        ("check_writable", errno.EROFS, "cannot be used: the disk is mounted read-only"),
        ("file_system_magic", errno.EIO, "input/output error"),
    ],
)
def test_unusable_root_is_said_in_plain_words(share: Share, call: str, error: int, words: str) -> None:
    files = FolderFiles(share.root, calls=PerilousSyscalls(only=[call], fail_at=1, error=error))
    with pytest.raises(FolderError, match=f"{share.root}.*{words}"):
        files.check()
    files.check()


@pytest.mark.root
def test_root_that_may_not_be_written_is_refused(share: Share) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs another user")
    for place in (share.root, *share.root.parents):
        if place != Path("/"):
            place.chmod(place.stat().st_mode | 0o055)
    child = os.fork()
    if child == 0:
        try:
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            FolderFiles(share.root).check()
        except FolderError as error:
            os._exit(0 if "not permitted" in str(error) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_an_unmounted_share_leaves_is_not_taken_for_it(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the mount is made up; tests/contract/test_mounts.py has real ones."""
    mounted = {str(share.root)}
    monkeypatch.setattr(os.path, "ismount", lambda path: str(path) == "/" or str(path) in mounted)
    files = FolderFiles(share.root)
    files.check()
    mounted.clear()
    share.root.rename(share.root.parent / "share, not mounted")
    share.root.mkdir()
    for _ in range(2):
        with pytest.raises(FolderError, match=f"the share that was mounted at {share.root} is not mounted"):
            files.check()
    mounted.add(str(share.root))
    files.check()


def test_share_that_is_mounted_later_is_accepted(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FolderFiles(share.root)
    files.check()
    share.root.rename(share.root.parent / "mount point")
    share.root.mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: str(path) in ("/", str(share.root)))
    files.check()


def test_nothing_stays_open_between_calls(files: FolderFiles, share: Share) -> None:
    """So that an administrator can unmount the share."""
    share.drop("spring/a.jpg")
    before = open_descriptors()
    files.check()
    list(files.walk())
    files.look([share.look_item("spring/a.jpg")])
    files.claim([share.claim_item("spring/a.jpg")])
    files.tidy()
    assert open_descriptors() == before


def test_local_disk_is_told_from_a_network_share(files: FolderFiles, share: Share) -> None:
    assert not files.lies_on().is_remote
    assert files.lies_on().name

    class Strange(Syscalls):
        def file_system_magic(self, fd: int) -> int:
            return 0x12345678

    assert FolderFiles(share.root, calls=Strange()).lies_on().name == "0x12345678"


# --- notes ---


def test_note_is_left_once(files: FolderFiles, share: Share) -> None:
    files.leave_note("_failed/spring/link.jpg - NOT SENT.txt", "It is a link: grün")
    files.leave_note("_failed/spring/link.jpg - NOT SENT.txt", "Another text")
    assert share.everything() == {"_failed/spring/link.jpg - NOT SENT.txt": "It is a link: grün".encode()}


def test_note_never_replaces_anything_nor_follows_links(files: FolderFiles, share: Share, tmp_path: Path) -> None:
    (share.root / "_failed").mkdir()
    (share.root / "_failed/a.txt").symlink_to(tmp_path / "outside")
    files.leave_note("_failed/a.txt", "text")
    (share.root / "_check").symlink_to(tmp_path)
    files.leave_note("_check/b.txt", "text")
    files.leave_note("../c.txt", "text")
    assert {entry.name for entry in tmp_path.iterdir()} == {"catalog"}
    assert share.everything() == {}


@pytest.mark.parametrize("call", ["mkdir", "create", "write", "fsync", "rename"])
def test_note_that_cannot_be_written_stops_nothing(share: Share, call: str) -> None:
    calls = PerilousSyscalls(only=[call], fail_at=1, error=errno.ENOSPC)
    FolderFiles(share.root, calls=calls).leave_note("_failed/a.txt", "text")
    assert calls.has_struck
    assert share.everything() == {}


def test_our_own_copies_are_removed_and_nobody_elses(files: FolderFiles, share: Share) -> None:
    share.drop("ours.txt", b"ours")
    share.drop("edited.txt", b"ours, and a word of thanks")
    share.drop("target.txt", b"ours")
    (share.root / "link.txt").symlink_to("target.txt")
    share.drop("huge.txt", bytes(2 << 20))
    digest = hashlib.sha256(b"ours").hexdigest()
    copies = dict.fromkeys(("ours.txt", "edited.txt", "link.txt", "gone.txt", "../x", "deep/er.txt"), digest)
    files.remove_copies({**copies, "huge.txt": hashlib.sha256(bytes(2 << 20)).hexdigest()})
    assert share.paths() == {"edited.txt", "target.txt", "huge.txt"}
    assert (share.root / "link.txt").is_symlink()


# --- bringing back ---


@pytest.mark.parametrize("done_first", [False, True])
@pytest.mark.parametrize("call", ["rename", "mkdir", "lstat"])
def test_original_that_cannot_be_brought_back_stays(share: Share, call: str, done_first: bool) -> None:
    share.drop("_failed/a.jpg")
    share.drop("_failed/b.jpg")
    calls = PerilousSyscalls(only=[call], fail_at=1, error=errno.EIO, done_first=done_first)
    moves = [("_failed/a.jpg", "spring/a.jpg"), ("_failed/b.jpg", "spring/b.jpg")]
    done = FolderFiles(share.root, calls=calls).bring_back(moves)
    assert share.paths() == {new if new in done else old for old, new in moves}
    assert "spring/b.jpg" in done
    assert ("spring/a.jpg" in done) == (call == "rename" and done_first)


@pytest.mark.parametrize("is_new", [True, False], ids=["new kernel", "old kernel"])
def test_crash_at_any_call_loses_nothing_and_bringing_back_goes_on(tmp_path: Path, is_new: bool) -> None:
    number = 0
    while True:
        number += 1
        share = Share(tmp_path / str(number))
        share.drop("_failed/a.jpg")
        moves = [("_failed/a.jpg", "spring/a.jpg")]
        calls = PerilousSyscalls(stop_at=number, openat2=is_new, renameat2=is_new)
        with suppress(CrashNow):
            FolderFiles(share.root, calls=calls).bring_back(moves)
        assert set(share.everything().values()) == {JPEG}
        if share.paths() != {"spring/a.jpg"}:
            assert FolderFiles(share.root).bring_back(moves) == ["spring/a.jpg"]
        assert share.everything() == {"spring/a.jpg": JPEG}
        if not calls.has_struck:
            break
    assert number > 10


def test_only_ordinary_files_are_brought_back(files: FolderFiles, share: Share, tmp_path: Path) -> None:
    (share.root / "_failed").mkdir()
    (share.root / "_failed/link.jpg").symlink_to("/etc/passwd")
    (share.root / "_failed/deep").mkdir()
    share.drop("_failed/a.jpg")
    moves = [("_failed/link.jpg", "link.jpg"), ("_failed/deep", "deep"), ("_failed/a.jpg", "../a.jpg")]
    assert files.bring_back(moves) == []
    assert share.paths() == {"_failed/a.jpg"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"catalog"}


# --- tidying ---


def test_empty_directories_in_working_are_removed_and_only_those(files: FolderFiles, share: Share) -> None:
    share.drop("_working/job/spring/a.jpg", JPEG)
    for place in ("_working/job/summer/deep", "_working/old", "spring"):
        (share.root / place).mkdir(parents=True)
    (share.root / "_working/link").symlink_to(share.root / "spring")
    files.tidy()
    left = {os.path.relpath(place, share.root) for place in share.root.rglob("*")}
    assert left == {
        "_working",
        "_working/job",
        "_working/job/spring",
        "_working/job/spring/a.jpg",
        "spring",
        "_working/link",
    }


def test_tidying_without_working_is_harmless(files: FolderFiles) -> None:
    files.tidy()
