"""Looking at paths: what is there, what is safe, and what the file tells."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.edges.files.share import JPEG, Share

from hotfolder.core.messages import LookItem, LookResult, LookStatus
from hotfolder.core.model import Evidence, FormatEnd, Lease, Unsafe
from hotfolder.edges.files import FolderFiles
from hotfolder.ports import FolderError
from hotfolder.testing.syscalls import PerilousSyscalls

MARK = b"brokMACS" + bytes(24)


def look(files: FolderFiles, path: str) -> LookResult:
    (result,) = files.look([LookItem(path, evidence_always=True)])
    assert result.path == path
    return result


def evidence_of(files: FolderFiles, path: str) -> Evidence:
    result = look(files, path)
    assert result.observation is not None
    assert result.observation.evidence is not None
    return result.observation.evidence


def test_looks_come_back_in_the_order_asked(files: FolderFiles, share: Share) -> None:
    share.drop("b.jpg")
    share.drop("spring/a.jpg")
    results = files.look(
        [LookItem("spring/a.jpg"), LookItem("gone.jpg"), LookItem("b.jpg"), LookItem("spring/x/y.jpg")]
    )
    assert [(result.path, result.status) for result in results] == [
        ("spring/a.jpg", LookStatus.PRESENT),
        ("gone.jpg", LookStatus.MISSING),
        ("b.jpg", LookStatus.PRESENT),
        ("spring/x/y.jpg", LookStatus.MISSING),
    ]


def test_observation_is_what_stat_tells(share: Share) -> None:
    identity = share.drop("a.jpg")
    (result,) = FolderFiles(share.root, monotonic=lambda: 77.0).look([LookItem("a.jpg")])
    assert result.observation is not None
    assert result.observation.identity == identity
    assert result.observation.ctime_ns == (share.root / "a.jpg").stat().st_ctime_ns
    assert result.observation.at_s == 77.0
    assert result.observation.evidence is None


def test_evidence_is_taken_when_the_file_still_is_what_was_expected(files: FolderFiles, share: Share) -> None:
    identity = share.drop("a.jpg")
    other = replace(identity, size_bytes=1)
    with_it, without = files.look([LookItem("a.jpg", expect=identity), LookItem("a.jpg", expect=other)])
    assert with_it.observation is not None
    assert with_it.observation.evidence == Evidence(
        lease=Lease.FREE, format_end=FormatEnd.COMPLETE, format_name="JPEG", looked_at_format=True
    )
    assert without.observation is not None
    assert without.observation.evidence is None


def test_formats_are_looked_at_only_when_wanted(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg", JPEG[:-2])
    assert evidence_of(files, "a.jpg").format_end is FormatEnd.MISSING
    (result,) = files.look([LookItem("a.jpg", evidence_always=True, formats=False)])
    assert result.observation is not None
    assert result.observation.evidence is not None
    assert result.observation.evidence.format_end is FormatEnd.UNTOLD
    assert not result.observation.evidence.looked_at_format


# --- writers ---


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND])
def test_open_writer_is_seen(files: FolderFiles, share: Share, flags: int) -> None:
    share.drop("a.jpg")
    fd = os.open(share.root / "a.jpg", flags)
    assert evidence_of(files, "a.jpg").lease is Lease.WRITER
    os.close(fd)
    assert evidence_of(files, "a.jpg").lease is Lease.FREE


def test_reader_is_no_writer(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg")
    fd = os.open(share.root / "a.jpg", os.O_RDONLY)
    assert evidence_of(files, "a.jpg").lease is Lease.FREE
    os.close(fd)


def test_client_with_a_lease_of_its_own_is_a_writer_and_does_not_hold_us_up(files: FolderFiles, share: Share) -> None:
    """Samba takes a write lease for a client that may keep what it writes to itself for a while."""
    share.drop("a.jpg")
    fd = os.open(share.root / "a.jpg", os.O_RDWR)
    fcntl.fcntl(fd, fcntl.F_SETSIG, 23)  # SIGURG: what breaks the lease must not end this process either
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    assert evidence_of(files, "a.jpg").lease is Lease.WRITER
    os.close(fd)


def test_file_system_without_leases_tells_nothing_of_writers(share: Share) -> None:
    share.drop("a.jpg")
    for error in (errno.EACCES, errno.EINVAL, errno.ENOLCK):
        calls = PerilousSyscalls(only=["try_read_lease"], fail_at=1, error=error)
        assert evidence_of(FolderFiles(share.root, calls=calls), "a.jpg").lease is Lease.UNTOLD


def test_network_file_system_is_not_asked_for_leases(share: Share) -> None:
    """NFS answers EAGAIN for want of a delegation, which would look like a writer for ever."""

    class Nfs(PerilousSyscalls):
        def file_system_magic(self, fd: int) -> int:
            return 0x6969

    share.drop("a.jpg")
    calls = Nfs(only=["try_read_lease"], fail_at=1, error=errno.EAGAIN, for_ever=True)
    files = FolderFiles(share.root, calls=calls)
    assert evidence_of(files, "a.jpg").lease is Lease.UNTOLD
    assert calls.made == []
    assert files.lies_on().is_remote


# --- holes ---


def test_space_reserved_and_never_written_is_a_trailing_hole(files: FolderFiles, share: Share) -> None:
    share.drop("cut.jpg", JPEG)
    os.truncate(share.root / "cut.jpg", 1 << 20)
    (share.root / "empty space").touch()
    os.truncate(share.root / "empty space", 1 << 20)
    share.drop("whole.jpg", JPEG)
    share.drop("nothing.jpg", b"")
    assert evidence_of(files, "cut.jpg").trailing_hole
    assert evidence_of(files, "empty space").trailing_hole
    assert not evidence_of(files, "whole.jpg").trailing_hole
    assert not evidence_of(files, "nothing.jpg").trailing_hole


def test_file_that_finder_still_copies_is_marked_beside_it_or_in_an_attribute(files: FolderFiles, share: Share) -> None:
    share.drop("beside.jpg")
    share.drop("._beside.jpg", MARK)
    share.drop("marked.jpg")
    share.drop("done.jpg")
    share.drop("._done.jpg", bytes(len(MARK)))
    try:
        os.setxattr(share.root / "marked.jpg", "user.com.apple.FinderInfo", MARK)
    except OSError:
        pytest.skip("no extended attributes on this file system")
    assert evidence_of(files, "beside.jpg").finder_busy
    assert evidence_of(files, "marked.jpg").finder_busy
    assert not evidence_of(files, "done.jpg").finder_busy


def test_mark_behind_a_link_is_not_followed(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg")
    share.drop("elsewhere/mark", MARK)
    (share.root / "._a.jpg").symlink_to("elsewhere/mark")
    assert not evidence_of(files, "a.jpg").finder_busy


def test_hole_in_the_middle_is_no_trailing_one(files: FolderFiles, share: Share) -> None:
    with (share.root / "sparse.tif").open("wb") as file:
        file.seek(1 << 20)
        file.write(b"end")
    assert not evidence_of(files, "sparse.tif").trailing_hole


def test_file_system_that_knows_no_holes_shows_none(share: Share) -> None:
    share.drop("a.jpg")
    calls = PerilousSyscalls(only=["seek_data"], fail_at=1, error=errno.EINVAL)
    assert not evidence_of(FolderFiles(share.root, calls=calls), "a.jpg").trailing_hole


# --- what is unsafe ---


def test_link_is_unsafe_wherever_it_leads(files: FolderFiles, share: Share) -> None:
    (share.root / "secret.jpg").symlink_to("/etc/passwd")
    (share.root / "nowhere.jpg").symlink_to("gone")
    assert look(files, "secret.jpg") == LookResult("secret.jpg", LookStatus.UNSAFE, unsafe=Unsafe.LINK)
    assert look(files, "nowhere.jpg").unsafe is Unsafe.LINK


def test_file_below_a_linked_directory_is_unsafe(files: FolderFiles, share: Share, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(JPEG)
    (share.root / "spring").symlink_to(outside)
    (share.root / "deep").mkdir()
    (share.root / "deep/spring").symlink_to(outside)
    assert look(files, "spring/secret.jpg").unsafe is Unsafe.LINK
    assert look(files, "deep/spring/secret.jpg").unsafe is Unsafe.LINK


def test_fifo_is_unsafe_and_does_not_hold_us_up(files: FolderFiles, share: Share) -> None:
    os.mkfifo(share.root / "pipe.jpg")
    assert look(files, "pipe.jpg").unsafe is Unsafe.SPECIAL


def test_file_with_a_second_name_is_unsafe(files: FolderFiles, share: Share, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(JPEG)
    os.link(tmp_path / "secret", share.root / "a.jpg")
    assert look(files, "a.jpg").unsafe is Unsafe.HARD_LINKS
    (tmp_path / "secret").unlink()
    assert look(files, "a.jpg").status is LookStatus.PRESENT


@pytest.mark.parametrize("name", [b"gr\xfcn.jpg", b"gr\xfcn/a.jpg"])
def test_name_that_is_not_utf8_is_unsafe(files: FolderFiles, share: Share, name: bytes) -> None:
    path = os.fsdecode(name)
    assert look(files, path).status is LookStatus.MISSING
    share.drop(path)
    assert look(files, path).unsafe is Unsafe.UNDECODABLE


def test_longest_names_and_foreign_letters_are_ordinary(files: FolderFiles, share: Share) -> None:
    for name in ("x" * 251 + ".jpg", "ä" * 125 + ".jpg", "椅子.jpg", "-rf", "$(x).jpg", "a\nb.jpg", " "):
        share.drop(name)
        assert look(files, name).status is LookStatus.PRESENT


@pytest.mark.root
def test_device_is_unsafe(files: FolderFiles, share: Share) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes devices")
    os.mknod(share.root / "zero.jpg", 0o20666, os.makedev(1, 5))
    assert look(files, "zero.jpg").unsafe is Unsafe.SPECIAL


def test_file_of_another_file_system_is_unsafe() -> None:
    assert look(FolderFiles(Path("/")), "proc/version").unsafe is Unsafe.OTHER_DEVICE


# --- what is in the way ---


def test_directory_is_no_file(files: FolderFiles, share: Share) -> None:
    share.drop("spring/a.jpg")
    assert look(files, "spring").status is LookStatus.MISSING
    assert look(files, "spring/a.jpg/deep.jpg").status is LookStatus.MISSING


@pytest.mark.parametrize("path", ["/etc/passwd", "../catalog/a.jpg", "..", "", "a.jpg/", "a\0b"])
def test_path_that_leads_out_is_never_followed(files: FolderFiles, share: Share, path: str) -> None:
    share.drop("a.jpg")
    assert look(files, path).status is not LookStatus.PRESENT


def test_file_that_we_may_not_read_is_denied_with_the_reason(share: Share) -> None:
    share.drop("a.jpg")
    # Root, the directory, the file: with our right to O_NOATIME and without.
    calls = PerilousSyscalls(only=["open_beneath"], fail_at=2, error=errno.EACCES, for_ever=True)
    result = look(FolderFiles(share.root, calls=calls), "a.jpg")
    assert result.status is LookStatus.DENIED
    assert result.reason == "a.jpg: hotfolder's user is not permitted to do that here"


@pytest.mark.root
def test_file_of_somebody_else_is_denied(share: Share) -> None:
    """In a process of its own, because rights are a process's."""
    if os.geteuid() != 0:
        pytest.skip("needs another user")
    share.drop("a.jpg")
    (share.root / "a.jpg").chmod(0o600)
    for place in (share.root, *share.root.parents):
        if place.stat().st_uid == 0 and place != Path("/"):
            place.chmod(place.stat().st_mode | 0o055)
    child = os.fork()
    if child == 0:
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        try:
            denied = look(FolderFiles(share.root), "a.jpg").status is LookStatus.DENIED
            os._exit(0 if denied else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_file_that_we_do_not_own_is_read_without_the_owners_privilege(share: Share) -> None:
    """Only an owner may ask not to be noted in the access time; where that is refused it is opened as usual."""
    share.drop("a.jpg")
    calls = PerilousSyscalls(only=["open_beneath"], fail_at=2, error=errno.EPERM)
    assert evidence_of(FolderFiles(share.root, calls=calls), "a.jpg").format_end is FormatEnd.COMPLETE


def test_bad_block_denies_one_file_and_not_the_folder(share: Share) -> None:
    share.drop("a.jpg")
    share.drop("b.jpg")
    calls = PerilousSyscalls(only=["pread"], fail_at=1, error=errno.EIO)
    bad, good = FolderFiles(share.root, calls=calls).look([share.look_item("a.jpg"), share.look_item("b.jpg")])
    assert (bad.status, bad.reason) == (LookStatus.DENIED, "a.jpg: the disk reports an input/output error")
    assert good.status is LookStatus.PRESENT


def test_want_of_descriptors_is_not_the_files_fault(share: Share) -> None:
    share.drop("a.jpg")
    calls = PerilousSyscalls(only=["open_beneath"], fail_at=2, error=errno.EMFILE)
    with pytest.raises(FolderError, match="too many files open"):
        look(FolderFiles(share.root, calls=calls), "a.jpg")


# --- swaps between the look and the opening ---


class Swapping(PerilousSyscalls):
    """Swaps what a name means just before it is opened, so many times."""

    def __init__(self, share: Share, times: int) -> None:
        super().__init__()
        self._share = share
        self._times = times

    def open_beneath(self, dir_fd: int, path: str, flags: int) -> int:
        if path == "a.jpg" and self._times:
            self._times -= 1
            (self._share.root / "a.jpg").unlink()
            self._share.drop("a.jpg", JPEG + bytes(self._times + 1))
        return super().open_beneath(dir_fd, path, flags)


def test_file_swapped_before_it_is_opened_is_looked_at_again(share: Share) -> None:
    share.drop("a.jpg")
    result = look(FolderFiles(share.root, calls=Swapping(share, 1)), "a.jpg")
    assert result.observation is not None
    assert result.observation.identity == share.identity("a.jpg")
    assert result.observation.evidence is not None


def test_file_swapped_every_time_gives_no_evidence(share: Share) -> None:
    share.drop("a.jpg")
    result = look(FolderFiles(share.root, calls=Swapping(share, 99)), "a.jpg")
    assert result.observation is not None
    assert result.observation.evidence is None


@pytest.mark.parametrize("is_new", [True, False])
def test_file_swapped_for_a_link_is_never_read(share: Share, tmp_path: Path, is_new: bool) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(JPEG)

    class ToLink(PerilousSyscalls):
        def open_beneath(self, dir_fd: int, path: str, flags: int) -> int:
            if path == "a.jpg":
                (share.root / "a.jpg").unlink()
                (share.root / "a.jpg").symlink_to(secret)
            return super().open_beneath(dir_fd, path, flags)

    share.drop("a.jpg")
    calls = ToLink(only=["pread"], openat2=is_new)
    assert look(FolderFiles(share.root, calls=calls), "a.jpg").unsafe is Unsafe.LINK
    assert calls.made == []


# --- notes and receipts ---


def test_digest_is_taken_of_small_files_when_asked(files: FolderFiles, share: Share) -> None:
    share.drop("a - NOT SENT.txt", b"Sorry")
    share.drop("big - NOT SENT.txt", bytes(2 << 20))
    small, big, not_asked = files.look(
        [
            LookItem("a - NOT SENT.txt", digest=True),
            LookItem("big - NOT SENT.txt", digest=True),
            LookItem("a - NOT SENT.txt"),
        ]
    )
    assert small.digest == hashlib.sha256(b"Sorry").hexdigest()
    assert big.digest is None
    assert not_asked.digest is None
