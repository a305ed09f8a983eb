"""Claiming: out of the dropper's reach, whole, once, and back again when somebody still writes."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.edges.files.share import JPEG, Share, open_descriptors

from hotfolder.core.messages import ClaimItem, ClaimResult, ClaimStatus
from hotfolder.core.model import Identity
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.ports import FolderError
from hotfolder.testing.perils import CrashNow
from hotfolder.testing.syscalls import PerilousSyscalls


def claim(files: FolderFiles, item: ClaimItem) -> ClaimResult:
    (result,) = files.claim([item])
    assert result.drop == item.drop
    return result


def test_claimed_file_lies_in_working_with_its_path(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg")
    share.drop("spring/new/b.jpg")
    results = files.claim([share.claim_item("a.jpg", drop=7), share.claim_item("spring/new/b.jpg", drop=8)])
    assert results == [ClaimResult(7, ClaimStatus.CLAIMED), ClaimResult(8, ClaimStatus.CLAIMED)]
    assert share.paths() == {"_working/job/a.jpg", "_working/job/spring/new/b.jpg"}


def test_nobody_else_may_enter_working(files: FolderFiles, share: Share) -> None:
    share.root.chmod(0o777)
    share.drop("spring/b.jpg")
    claim(files, share.claim_item("spring/b.jpg"))
    for place in ("_working", "_working/job", "_working/job/spring"):
        assert stat.S_IMODE((share.root / place).stat().st_mode) == 0o700


def test_working_that_somebody_made_is_closed_to_others(files: FolderFiles, share: Share) -> None:
    (share.root / "_working").mkdir()
    (share.root / "_working").chmod(0o777)
    share.drop("a.jpg")
    assert claim(files, share.claim_item("a.jpg")).status is ClaimStatus.CLAIMED
    assert stat.S_IMODE((share.root / "_working").stat().st_mode) == 0o700


@pytest.mark.parametrize("trap", ["file", "link"])
def test_something_else_called_working_stops_the_folder(
    share: Share, files: FolderFiles, trap: str, tmp_path: Path
) -> None:
    if trap == "file":
        (share.root / "_working").write_bytes(b"")
    else:
        (share.root / "_working").symlink_to(tmp_path)
    share.drop("a.jpg")
    with pytest.raises(FolderError, match=r"/catalog/_working cannot be used: .* in the way"):
        claim(files, share.claim_item("a.jpg"))
    assert (share.root / "a.jpg").exists()


def test_claimed_file_is_claimed_again_although_its_directory_has_become_a_link(
    files: FolderFiles, share: Share, tmp_path: Path
) -> None:
    identity = share.drop("spring/a.jpg")
    item = share.claim_item("spring/a.jpg", identity)
    assert claim(files, item).status is ClaimStatus.CLAIMED
    (share.root / "spring").rename(tmp_path / "elsewhere")
    (share.root / "spring").symlink_to(tmp_path / "elsewhere")
    assert claim(files, item).status is ClaimStatus.CLAIMED


def test_file_taken_away_is_missing(files: FolderFiles, share: Share) -> None:
    identity = share.drop("a.jpg")
    item = share.claim_item("a.jpg", identity)
    (share.root / "a.jpg").unlink()
    assert claim(files, item).status is ClaimStatus.MISSING
    below = replace(item, path="gone/a.jpg")
    assert claim(files, below).status is ClaimStatus.MISSING


def test_another_version_is_not_claimed(files: FolderFiles, share: Share) -> None:
    identity = share.drop("a.jpg")
    for other in (
        replace(identity, size_bytes=identity.size_bytes + 1),
        replace(identity, mtime_ns=identity.mtime_ns + 1),
        replace(identity, inode=identity.inode + 1),
    ):
        assert claim(files, share.claim_item("a.jpg", other)).status is ClaimStatus.CHANGED
    (share.root / "a.jpg").unlink()
    (share.root / "a.jpg").symlink_to("/etc/passwd")
    assert claim(files, share.claim_item("a.jpg", identity)).status is ClaimStatus.CHANGED
    assert (share.root / "a.jpg").is_symlink()


def test_device_number_of_before_a_remount_does_not_matter(files: FolderFiles, share: Share) -> None:
    """Network shares and Btrfs get a new one with every mount, and the ledger remembers the old one."""
    identity = replace(share.drop("a.jpg"), device=4711)
    assert claim(files, share.claim_item("a.jpg", identity)).status is ClaimStatus.CLAIMED


def test_claiming_again_is_harmless(files: FolderFiles, share: Share) -> None:
    share.drop("spring/a.jpg")
    item = share.claim_item("spring/a.jpg")
    assert claim(files, item).status is ClaimStatus.CLAIMED
    assert claim(files, item).status is ClaimStatus.CLAIMED
    (share.root / "spring").rmdir()
    assert claim(files, item).status is ClaimStatus.CLAIMED


def test_new_drop_of_the_same_name_is_left_alone(files: FolderFiles, share: Share) -> None:
    """RELIABILITY L5: what is in `_working` is ours, what is in the hot folder is new."""
    share.drop("a.jpg")
    item = share.claim_item("a.jpg")
    claim(files, item)
    share.drop("a.jpg", b"second")
    assert claim(files, item).status is ClaimStatus.CLAIMED
    assert share.everything() == {"a.jpg": b"second", "_working/job/a.jpg": JPEG}


def test_nothing_in_working_is_ever_replaced(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg")
    share.drop("_working/job/a.jpg", b"somebody's")
    result = claim(files, share.claim_item("a.jpg"))
    assert result.status is ClaimStatus.FAILED
    assert result.reason == "_working/job/a.jpg: something else has that name"
    assert share.everything() == {"a.jpg": JPEG, "_working/job/a.jpg": b"somebody's"}


def test_file_whose_directory_was_swapped_for_a_link_is_gone(files: FolderFiles, share: Share, tmp_path: Path) -> None:
    """What the link leads to is not in the hot folder, and the others of the same claim do not wait for it."""
    share.drop("spring/a.jpg")
    item = share.claim_item("spring/a.jpg")
    (share.root / "spring").rename(tmp_path / "spring")
    (share.root / "spring").symlink_to(tmp_path / "spring")
    assert claim(files, item).status is ClaimStatus.MISSING
    assert (tmp_path / "spring/a.jpg").read_bytes() == JPEG


def test_file_with_a_second_name_is_not_claimed(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg")
    os.link(share.root / "a.jpg", share.root / "b.jpg")
    result = claim(files, share.claim_item("a.jpg"))
    assert result.status is ClaimStatus.FAILED
    assert "hard link" in result.reason
    assert share.paths() == {"a.jpg", "b.jpg"}


def test_move_by_link_and_unlink_that_was_cut_in_two_is_ended(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg")
    item = share.claim_item("a.jpg")
    (share.root / "_working/job").mkdir(parents=True)
    os.link(share.root / "a.jpg", share.root / "_working/job/a.jpg")
    assert claim(files, item).status is ClaimStatus.CLAIMED
    assert share.paths() == {"_working/job/a.jpg"}


def test_longest_names_are_claimed(files: FolderFiles, share: Share) -> None:
    name = "ä" * 125 + ".jpg"
    share.drop(f"{name}/{name}")
    assert claim(files, share.claim_item(f"{name}/{name}")).status is ClaimStatus.CLAIMED


def test_path_that_leads_out_is_refused(files: FolderFiles, share: Share, tmp_path: Path) -> None:
    identity = share.drop("a.jpg")
    for item in (
        ClaimItem(1, "a.jpg", "../stolen.jpg", identity),
        ClaimItem(1, "a.jpg", "/stolen.jpg", identity),
        ClaimItem(1, "../catalog/a.jpg", "_working/a.jpg", identity),
    ):
        assert claim(files, item).status is ClaimStatus.FAILED
    assert share.paths() == {"a.jpg"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"catalog"}


# --- gate 8 ---


def test_file_that_somebody_writes_goes_back(files: FolderFiles, share: Share) -> None:
    share.drop("a.jpg")
    writer = os.open(share.root / "a.jpg", os.O_WRONLY | os.O_APPEND)
    result = claim(files, share.claim_item("a.jpg"))
    assert result.status is ClaimStatus.BUSY
    assert result.reason == "a.jpg: somebody still has it open for writing"
    assert share.paths() == {"a.jpg"}
    os.close(writer)
    assert claim(files, share.claim_item("a.jpg")).status is ClaimStatus.CLAIMED


def test_file_goes_back_into_a_directory_removed_meanwhile(share: Share) -> None:
    class Removing(PerilousSyscalls):
        def take(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
            super().take(source, source_fd, target, target_fd)
            if (share.root / "spring").exists() and not list((share.root / "spring").iterdir()):
                (share.root / "spring").rmdir()

    share.drop("spring/a.jpg")
    writer = os.open(share.root / "spring/a.jpg", os.O_WRONLY)
    result = claim(FolderFiles(share.root, calls=Removing()), share.claim_item("spring/a.jpg"))
    os.close(writer)
    # The open directory is gone, so the file cannot return in this call; it is named, and not lost.
    assert result.status in (ClaimStatus.BUSY, ClaimStatus.FAILED)
    assert share.paths() in ({"spring/a.jpg"}, {"_working/job/spring/a.jpg"})


class Interfering(PerilousSyscalls):
    """Does something right after a file was renamed into `_working`, once."""

    def __init__(self, share: Share, act: str) -> None:
        super().__init__()
        self._share = share
        self._act: str | None = act

    def take(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        super().take(source, source_fd, target, target_fd)
        act, self._act = self._act, None
        moved = self._share.root / "_working/job/a.jpg"
        if act == "write":
            moved.write_bytes(b"more")
        elif act == "link":
            os.link(moved, self._share.root / "second.jpg")
        elif act == "write, and drop another":
            moved.write_bytes(b"more")
            self._share.drop("a.jpg", b"second")
        elif act == "take away":
            moved.unlink()


@pytest.mark.parametrize("act", ["write", "link"])
def test_file_that_changed_while_it_was_taken_goes_back(share: Share, act: str) -> None:
    share.drop("a.jpg")
    result = claim(FolderFiles(share.root, calls=Interfering(share, act)), share.claim_item("a.jpg"))
    assert result.status is ClaimStatus.BUSY
    assert (share.root / "a.jpg").exists()
    assert not (share.root / "_working/job/a.jpg").exists()


def test_file_that_changed_and_whose_place_is_taken_is_stranded(share: Share) -> None:
    share.drop("a.jpg")
    calls = Interfering(share, "write, and drop another")
    result = claim(FolderFiles(share.root, calls=calls), share.claim_item("a.jpg"))
    assert result.status is ClaimStatus.STRANDED
    assert result.reason == "it changed while it was being taken, and another file has its place by now"
    assert share.everything() == {"a.jpg": b"second", "_working/job/a.jpg": b"more"}


def test_file_that_cannot_go_back_stays_and_is_named(share: Share) -> None:
    share.drop("a.jpg")
    result = claim(FolderFiles(share.root, calls=_NoWayBack(share, "write")), share.claim_item("a.jpg"))
    assert result.status is ClaimStatus.FAILED
    assert result.reason == (
        "a.jpg: it changed while it was being taken, and it could not be put back "
        "(hotfolder's user is not permitted to do that here); it is in _working/job/a.jpg"
    )
    assert share.everything() == {"_working/job/a.jpg": b"more"}


class _NoWayBack(Interfering):
    def rename(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)


def test_file_that_a_power_cut_left_at_both_places_and_that_changed_goes_back(files: FolderFiles, share: Share) -> None:
    item = share.claim_item("a.jpg", share.drop("a.jpg"))
    (share.root / "_working/job").mkdir(parents=True)
    os.link(share.root / "a.jpg", share.root / "_working/job/a.jpg")
    (share.root / "a.jpg").write_bytes(b"more")
    assert claim(files, item).status is ClaimStatus.BUSY
    assert share.everything() == {"a.jpg": b"more"}


def test_file_that_changed_in_working_before_a_restart_goes_back(files: FolderFiles, share: Share) -> None:
    """A crash came between the rename and the second look, and a writer went on into the moved file."""
    share.drop("a.jpg")
    item = share.claim_item("a.jpg")
    claim(files, item)
    (share.root / "_working/job/a.jpg").write_bytes(b"more")
    assert claim(files, item).status is ClaimStatus.BUSY
    assert share.everything() == {"a.jpg": b"more"}


def test_file_that_we_cannot_open_goes_back(share: Share) -> None:
    share.drop("a.jpg")
    # Root, `_working`, the hot folder, `_working` again for the job's directory, the job's directory twice; then it.
    for number in range(1, 12):
        calls = PerilousSyscalls(only=["open_beneath"], fail_at=number, error=errno.EACCES)
        try:
            result = claim(FolderFiles(share.root, calls=calls), share.claim_item("a.jpg"))
        except FolderError:
            continue
        if result.status is ClaimStatus.CLAIMED:
            break
        assert result.status in (ClaimStatus.BUSY, ClaimStatus.FAILED)
        assert "not permitted" in result.reason
        assert share.paths() == {"a.jpg"}
    else:
        pytest.fail("never came to an end")


# --- failures ---


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES, errno.ENOENT, errno.EEXIST, errno.EXDEV])
def test_rename_that_reports_an_error_though_it_was_done_counts(share: Share, error: int) -> None:
    """NFS does that when an answer is lost (rename(2), BUGS)."""
    share.drop("a.jpg")
    calls = PerilousSyscalls(only=["take"], fail_at=1, error=error, done_first=True)
    result = claim(FolderFiles(share.root, calls=calls), share.claim_item("a.jpg"))
    assert result.status is ClaimStatus.CLAIMED
    assert share.paths() == {"_working/job/a.jpg"}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errno.EIO, "a.jpg: the disk reports an input/output error"),
        (errno.EACCES, "a.jpg: hotfolder's user is not permitted to do that here"),
        (errno.EXDEV, "a.jpg: it is on another file system"),
    ],
)
def test_rename_that_fails_leaves_the_file_and_says_why(share: Share, error: int, words: str) -> None:
    share.drop("a.jpg")
    share.drop("b.jpg")
    calls = PerilousSyscalls(only=["take"], fail_at=1, error=error)
    results = FolderFiles(share.root, calls=calls).claim([share.claim_item("a.jpg"), share.claim_item("b.jpg", drop=2)])
    assert results == [ClaimResult(1, ClaimStatus.FAILED, words), ClaimResult(2, ClaimStatus.CLAIMED)]
    assert share.paths() == {"a.jpg", "_working/job/b.jpg"}


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_full_or_read_only_disk_is_the_folders_trouble(share: Share, error: int) -> None:
    share.drop("a.jpg")
    for call in ("mkdir", "take"):
        calls = PerilousSyscalls(only=[call], fail_at=1, error=error)
        with pytest.raises(FolderError, match="disk"):
            claim(FolderFiles(share.root, calls=calls), share.claim_item("a.jpg"))
        assert share.paths() == {"a.jpg"}


def test_sync_that_fails_stops_the_folder(share: Share) -> None:
    share.drop("a.jpg")
    item = share.claim_item("a.jpg")
    calls = PerilousSyscalls(only=["fsync"], fail_at=1, error=errno.EIO)
    with pytest.raises(FolderError, match="could not be brought to the disk: the disk reports"):
        claim(FolderFiles(share.root, calls=calls), item)
    assert claim(FolderFiles(share.root), item).status is ClaimStatus.CLAIMED


def test_file_system_that_cannot_sync_directories_is_lived_with(share: Share) -> None:
    share.drop("a.jpg")
    calls = PerilousSyscalls(only=["fsync"], fail_at=1, error=errno.EINVAL, for_ever=True)
    assert claim(FolderFiles(share.root, calls=calls), share.claim_item("a.jpg")).status is ClaimStatus.CLAIMED


def test_many_files_cost_a_few_syncs(share: Share) -> None:
    for number in range(200):
        share.drop(f"{number}.jpg")
    calls = PerilousSyscalls(only=["fsync"])
    results = FolderFiles(share.root, calls=calls).claim(
        [share.claim_item(f"{number}.jpg", drop=number) for number in range(200)]
    )
    assert {result.status for result in results} == {ClaimStatus.CLAIMED}
    assert len(calls.made) == 3  # the root, `_working`, the job's directory


def test_files_of_more_directories_than_are_kept_open_are_claimed(files: FolderFiles, share: Share) -> None:
    for number in range(150):
        share.drop(f"{number}/a.jpg")
    items = [share.claim_item(f"{number}/a.jpg", drop=number) for number in range(150)]
    before = open_descriptors()
    assert {result.status for result in files.claim(items)} == {ClaimStatus.CLAIMED}
    assert {result.status for result in files.claim(items)} == {ClaimStatus.CLAIMED}
    assert open_descriptors() == before


class SyncOrder(Syscalls):
    """Notes which directories are synced, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.synced: list[str] = []

    def fsync(self, fd: int) -> None:
        self.synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        super().fsync(fd)

    def inside(self, share: Share) -> list[str]:
        """Return them by their paths inside a hot folder."""
        return [os.path.relpath(place, share.root) for place in self.synced]


def test_both_directories_and_the_parents_of_new_ones_are_synced_new_names_first(share: Share) -> None:
    share.drop("spring/a.jpg")
    calls = SyncOrder()
    claim(FolderFiles(share.root, calls=calls), share.claim_item("spring/a.jpg"))
    inside = calls.inside(share)
    assert sorted(inside) == [".", "_working", "_working/job", "_working/job/spring", "spring"]
    assert inside[-1] == "spring"


def test_a_directory_that_gains_and_loses_names_is_synced_after_those_that_only_gain(share: Share) -> None:
    """The file was in the root, and what it went into is new there: that must be on the disk before it is gone."""
    share.drop("a.jpg")
    calls = SyncOrder()
    claim(FolderFiles(share.root, calls=calls), share.claim_item("a.jpg"))
    inside = calls.inside(share)
    assert sorted(inside[:-1]) == ["_working", "_working/job"], "in any order: they are synced at once"
    assert inside[-1] == "."


def test_what_goes_back_is_on_the_disk_there_before_it_is_gone_from_working(share: Share) -> None:
    """The claim itself wants the two directories the other way round."""
    share.drop("autumn/a.jpg")
    item = share.claim_item("autumn/a.jpg")
    claim(FolderFiles(share.root), item)
    (share.root / "_working/job/autumn/a.jpg").write_bytes(b"more")  # before a restart, and a power cut comes after it
    calls = SyncOrder()
    assert claim(FolderFiles(share.root, calls=calls), item).status is ClaimStatus.BUSY
    inside = calls.inside(share)
    after = inside[inside.index("autumn") + 1 :]  # with which the sync of the claim itself ends
    assert sorted(after[:-1]) == [".", "autumn"], "in any order: they are synced at once"
    assert after[-1] == "_working/job/autumn"


def test_no_directory_is_synced_early_because_too_many_are_open(share: Share) -> None:
    """What is gone from one of them may not be on the disk yet where it went."""
    for number in range(150):
        share.drop(f"{number}/a.jpg")
    items = [
        replace(share.claim_item(f"{number}/a.jpg", drop=number), work_path=f"_working/job/{number}.jpg")
        for number in range(150)
    ]
    calls = SyncOrder()
    FolderFiles(share.root, calls=calls).claim(items)
    inside = calls.inside(share)
    assert set(inside[-150:]) == {str(number) for number in range(150)}
    assert "_working/job" in inside[:-150]


def test_directories_that_a_killed_process_made_are_synced_with_their_parents_once(share: Share) -> None:
    """Nobody else would: a power cut days later would take `_working` away with all that is in it."""
    (share.root / "_working/job").mkdir(parents=True)
    share.drop("spring/a.jpg")
    share.drop("spring/b.jpg")
    calls = SyncOrder()
    files = FolderFiles(share.root, calls=calls)
    claim(files, share.claim_item("spring/a.jpg"))
    assert sorted(calls.inside(share)) == [".", "_working", "_working/job", "_working/job/spring", "spring"]
    calls.synced.clear()
    claim(files, share.claim_item("spring/b.jpg"))
    assert sorted(calls.inside(share)) == ["_working/job/spring", "spring"]


# --- crashes ---


def claim_all(share: Share, calls: Syscalls, identities: dict[str, Identity]) -> list[ClaimResult]:
    items = [
        share.claim_item(path, identity, drop=number) for number, (path, identity) in enumerate(identities.items())
    ]
    return FolderFiles(share.root, calls=calls).claim(items)


@pytest.mark.parametrize("is_new", [True, False], ids=["new kernel", "old kernel"])
def test_crash_at_any_call_leaves_each_file_in_one_place_and_the_claim_goes_on(tmp_path: Path, is_new: bool) -> None:
    number = 0
    while True:
        number += 1
        share = Share(tmp_path / str(number))
        identities = {path: share.drop(path, path.encode()) for path in ("a.jpg", "spring/b.jpg", "spring/c.jpg")}
        calls = PerilousSyscalls(stop_at=number, openat2=is_new, renameat2=is_new)
        with suppress(CrashNow):
            claim_all(share, calls, identities)
        assert sorted(share.everything().values()) == [b"a.jpg", b"spring/b.jpg", b"spring/c.jpg"]
        results = claim_all(share, Syscalls(), identities)
        assert {result.status for result in results} == {ClaimStatus.CLAIMED}
        assert share.everything() == {f"_working/job/{path}": path.encode() for path in identities}
        if not calls.has_struck:
            break
    assert number > 20


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.ENOENT, errno.EACCES, errno.EEXIST])
@pytest.mark.parametrize("done_first", [False, True])
@pytest.mark.parametrize("for_ever", [False, True])
def test_error_at_any_call_loses_nothing(tmp_path: Path, error: int, done_first: bool, for_ever: bool) -> None:
    number = 0
    while True:
        number += 1
        share = Share(tmp_path / str(number))
        identities = {path: share.drop(path, path.encode()) for path in ("a.jpg", "spring/b.jpg")}
        calls = PerilousSyscalls(fail_at=number, error=error, done_first=done_first, for_ever=for_ever)
        statuses = {}
        with suppress(FolderError):
            statuses = {result.drop: result.status for result in claim_all(share, calls, identities)}
        left = share.everything()
        assert sorted(left.values()) == [b"a.jpg", b"spring/b.jpg"]
        for drop, path in enumerate(identities):
            if statuses.get(drop) is ClaimStatus.CLAIMED:
                assert f"_working/job/{path}" in left
            elif statuses.get(drop) in (ClaimStatus.BUSY, ClaimStatus.CHANGED):
                assert path in left
        results = claim_all(share, Syscalls(), identities)
        assert {result.status for result in results} == {ClaimStatus.CLAIMED}
        if not calls.has_struck:
            break
