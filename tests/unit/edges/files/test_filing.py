"""Filing: notes and receipts first, then the original, and nothing ever replaced."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.edges.files.share import JPEG, Share, open_descriptors

from hotfolder.core.companions import note_name
from hotfolder.core.messages import Fate, FilingItem, FilingResult, FilingStatus
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.ports import FolderError
from hotfolder.testing.perils import CrashNow
from hotfolder.testing.syscalls import PerilousSyscalls

WORK = "_working/job/spring/a.jpg"
TARGET = "_failed/spring/a.jpg"
NOTE = "_failed/spring/a.jpg - NOT SENT.txt"
RECEIPT = "_failed/spring/a.jpg.receipt.toml"


def file_away(files: FolderFiles, item: FilingItem) -> FilingResult:
    (result,) = files.file_away([item])
    assert result.drop == item.drop
    return result


def item_of(share: Share, *, fate: Fate = Fate.MOVE) -> FilingItem:
    share.drop(WORK)
    return share.filing_item(WORK, TARGET, fate=fate, note="Sorry: grün", receipt='outcome = "failed"')


FILED = {TARGET: JPEG, NOTE: "Sorry: grün".encode(), RECEIPT: b'outcome = "failed"'}
COMPANIONS = {path: content for path, content in FILED.items() if path != TARGET}


def test_original_is_moved_and_its_companions_lie_beside_it(files: FolderFiles, share: Share) -> None:
    assert file_away(files, item_of(share)) == FilingResult(1, FilingStatus.FILED)
    assert share.everything() == FILED


def test_original_alone_is_moved(files: FolderFiles, share: Share) -> None:
    share.drop(WORK)
    assert file_away(files, share.filing_item(WORK, "_done/2026-01-31/a.jpg")).status is FilingStatus.FILED
    assert share.paths() == {"_done/2026-01-31/a.jpg"}


def test_deleted_original_leaves_its_receipt(files: FolderFiles, share: Share) -> None:
    item = item_of(share, fate=Fate.DELETE)
    assert file_away(files, item).status is FilingStatus.FILED
    assert share.everything() == COMPANIONS
    assert file_away(files, item).status is FilingStatus.FILED


def test_deleting_without_companions_makes_no_directories(files: FolderFiles, share: Share) -> None:
    share.drop(WORK)
    assert file_away(files, share.filing_item(WORK, "_done/a.jpg", fate=Fate.DELETE)).status is FilingStatus.FILED
    assert not (share.root / "_done").exists()


def test_another_version_is_never_deleted(files: FolderFiles, share: Share) -> None:
    item = item_of(share, fate=Fate.DELETE)
    (share.root / WORK).write_bytes(b"another")
    result = file_away(files, item)
    assert result == FilingResult(1, FilingStatus.CHANGED, f"{WORK}: it has been changed since")
    assert file_away(files, replace(item, identity=None)).status is FilingStatus.CHANGED
    assert share.everything() == {WORK: b"another"}


class Writing(PerilousSyscalls):
    """Somebody writes into the original through a handle that was open all the time, while its receipt is synced."""

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._handle = handle

    def fsync(self, fd: int) -> None:
        super().fsync(fd)
        os.write(self._handle, b"another")


def test_what_is_written_while_its_receipt_is_published_is_not_deleted(share: Share) -> None:
    item = item_of(share, fate=Fate.DELETE)
    handle = os.open(share.root / WORK, os.O_WRONLY)
    result = file_away(FolderFiles(share.root, calls=Writing(handle)), item)
    os.close(handle)
    assert result.status is FilingStatus.CHANGED
    assert share.paths() == {WORK}


def test_kept_original_stays_where_it_is(files: FolderFiles, share: Share) -> None:
    share.drop("spring/a.jpg")
    item = share.filing_item("spring/a.jpg", TARGET, fate=Fate.KEEP, receipt="x = 1")
    assert file_away(files, item).status is FilingStatus.FILED
    assert share.everything() == {"spring/a.jpg": JPEG, RECEIPT: b"x = 1"}
    bare = replace(item, target_path="", receipt=None)
    assert file_away(files, bare).status is FilingStatus.FILED


def test_another_version_in_the_place_of_a_kept_original_is_told(files: FolderFiles, share: Share) -> None:
    share.drop("spring/a.jpg")
    item = share.filing_item("spring/a.jpg", TARGET, fate=Fate.KEEP, receipt="x = 1")
    (share.root / "spring/a.jpg").write_bytes(b"another")
    assert file_away(files, item).status is FilingStatus.REPLACED
    assert share.everything() == {"spring/a.jpg": b"another", RECEIPT: b"x = 1"}
    (share.root / "spring/a.jpg").unlink()
    assert file_away(files, item).status is FilingStatus.FILED


def test_filing_again_is_harmless(files: FolderFiles, share: Share) -> None:
    item = item_of(share)
    file_away(files, item)
    assert file_away(files, item).status is FilingStatus.FILED
    assert share.everything() == FILED


def test_whatever_lies_there_is_moved_when_told_so(files: FolderFiles, share: Share) -> None:
    """It changed under our hands, and its dropper shall have it back."""
    item = replace(item_of(share), identity=None)
    (share.root / WORK).write_bytes(b"another")
    assert file_away(files, item).status is FilingStatus.FILED
    assert share.everything() == {**FILED, TARGET: b"another"}
    assert file_away(files, item).status is FilingStatus.FILED


# --- taken names ---


@pytest.mark.parametrize("taken", [TARGET, NOTE, RECEIPT])
def test_nothing_is_moved_where_a_name_is_taken(files: FolderFiles, share: Share, taken: str) -> None:
    item = item_of(share)
    share.drop(taken, b"somebody's")
    result = file_away(files, item)
    assert result == FilingResult(1, FilingStatus.TAKEN, f"{taken}: something else has that name")
    assert share.everything() == {WORK: JPEG, taken: b"somebody's"}
    assert file_away(files, replace(item, identity=None)).status is FilingStatus.TAKEN


@pytest.mark.parametrize("taken", [TARGET, NOTE])
def test_link_or_directory_counts_as_taken(files: FolderFiles, share: Share, taken: str) -> None:
    item = item_of(share)
    (share.root / taken).parent.mkdir(parents=True)
    (share.root / taken).symlink_to("/etc/passwd")
    assert file_away(files, item).status is FilingStatus.TAKEN
    (share.root / taken).unlink()
    (share.root / taken).mkdir()
    assert file_away(files, item).status is FilingStatus.TAKEN
    assert share.everything() == {WORK: JPEG}


def test_two_originals_of_one_name_in_one_call(files: FolderFiles, share: Share) -> None:
    first = item_of(share)
    second = replace(
        first,
        drop=2,
        source_path="_working/job2/a.jpg",
        identity=share.drop("_working/job2/a.jpg", b"second"),
        note=(NOTE, "Another text"),
    )
    results = files.file_away([first, second])
    assert [result.status for result in results] == [FilingStatus.FILED, FilingStatus.TAKEN]
    assert share.everything() == {**FILED, "_working/job2/a.jpg": b"second"}


@pytest.mark.parametrize(
    ("there", "new"), [("A.JPG", "a.jpg"), ("Grün.jpg", "gru\u0308n.jpg"), ("STRASSE.jpg", "straße.jpg")]
)
def test_name_that_others_cannot_tell_from_one_that_is_there_is_taken(
    files: FolderFiles, share: Share, there: str, new: str
) -> None:
    """Macs and Windows would show both and open only one (RELIABILITY B10, B11)."""
    share.drop(f"_done/{there}", b"first")
    share.drop(f"_working/{new}")
    item = share.filing_item(f"_working/{new}", f"_done/{new}", receipt="x = 1")
    result = file_away(files, item)
    assert result == FilingResult(1, FilingStatus.TAKEN, f"_done/{new}: too much like {there}, which is there")
    assert share.paths() == {f"_done/{there}", f"_working/{new}"}


def test_names_alike_in_one_call_are_not_filed_side_by_side(files: FolderFiles, share: Share) -> None:
    share.drop("_working/1/a.jpg")
    share.drop("_working/2/A.jpg")
    items = [
        share.filing_item("_working/1/a.jpg", "_done/a.jpg"),
        share.filing_item("_working/2/A.jpg", "_done/A.jpg", drop=2),
    ]
    for _ in range(2):
        assert [result.status for result in files.file_away(items)] == [FilingStatus.FILED, FilingStatus.TAKEN]


def test_receipt_alike_another_is_taken_too(files: FolderFiles, share: Share) -> None:
    share.drop("_done/A.jpg.receipt.toml", b"somebody's")
    share.drop("_working/a.jpg")
    item = share.filing_item("_working/a.jpg", "_done/a.jpg", fate=Fate.DELETE, receipt="x = 1")
    assert file_away(files, item).status is FilingStatus.TAKEN


def test_names_of_a_crowded_directory_are_not_compared(files: FolderFiles, share: Share) -> None:
    (share.root / "_done").mkdir()
    for number in range(5001):
        (share.root / f"_done/{number}.jpg").touch()
    share.drop("_done/A.jpg", b"first")
    share.drop("_working/a.jpg")
    assert file_away(files, share.filing_item("_working/a.jpg", "_done/a.jpg")).status is FilingStatus.FILED


class Taking(PerilousSyscalls):
    """Somebody takes a name between our look and our rename."""

    def __init__(self, share: Share, path: str) -> None:
        super().__init__()
        self._share = share
        self._path = path

    def rename(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        if self._path.endswith("/" + target) and not (self._share.root / self._path).exists():
            self._share.drop(self._path, b"somebody's")
        super().rename(source, source_fd, target, target_fd)


@pytest.mark.parametrize("taken", [TARGET, NOTE, RECEIPT])
def test_name_taken_at_the_last_moment_takes_everything_back(share: Share, taken: str) -> None:
    item = item_of(share)
    result = file_away(FolderFiles(share.root, calls=Taking(share, taken)), item)
    assert result.status is FilingStatus.TAKEN
    assert share.everything() == {WORK: JPEG, taken: b"somebody's"}


def test_leftovers_of_an_attempt_that_was_cut_short_are_cleared(files: FolderFiles, share: Share) -> None:
    item = item_of(share)
    share.drop("_failed/spring/.hotfolder-1-0.tmp", b"Sor")
    share.drop("_failed/spring/.hotfolder-1-1.tmp", b"")
    assert file_away(files, item).status is FilingStatus.FILED
    assert share.everything() == FILED
    other = replace(item, drop=3, source_path="_working/b.jpg", identity=share.drop("_working/b.jpg"))
    share.drop("_failed/b.jpg.receipt.toml", b"somebody's")
    share.drop("_failed/.hotfolder-3-0.tmp", b"Sor")
    other = replace(
        other,
        target_path="_failed/b.jpg",
        note=("_failed/b.jpg - NOT SENT.txt", "Sorry"),
        receipt=("_failed/b.jpg.receipt.toml", "x = 1"),
    )
    assert file_away(files, other).status is FilingStatus.TAKEN
    assert share.paths() == {*FILED, "_working/b.jpg", "_failed/b.jpg.receipt.toml"}


def test_leftovers_beside_a_target_that_is_no_longer_the_target_are_cleared(files: FolderFiles, share: Share) -> None:
    item = item_of(share)
    share.drop("_failed/spring/.hotfolder-1-0.tmp", b"Sor")
    (share.root / WORK).write_bytes(b"another")
    assert file_away(files, item).status is FilingStatus.CHANGED
    assert share.everything() == {WORK: b"another"}


# --- originals that are not what they should be ---


def test_claimed_original_that_is_gone_still_has_its_note(files: FolderFiles, share: Share) -> None:
    item = item_of(share)
    (share.root / WORK).unlink()
    assert file_away(files, item).status is FilingStatus.MISSING
    assert share.everything() == COMPANIONS


def test_rejected_drop_that_was_taken_back_has_no_note(files: FolderFiles, share: Share) -> None:
    identity = share.drop("spring/a.jpg", b"")
    item = share.filing_item("spring/a.jpg", TARGET, identity=identity, note="It is empty")
    (share.root / "spring/a.jpg").write_bytes(JPEG)
    assert file_away(files, item).status is FilingStatus.MISSING
    (share.root / "spring/a.jpg").unlink()
    assert file_away(files, item).status is FilingStatus.MISSING
    (share.root / "spring").rmdir()
    assert file_away(files, item).status is FilingStatus.MISSING
    assert share.everything() == {}


class Replacing(PerilousSyscalls):
    """Its dropper replaces a file between our look and our rename."""

    def __init__(self, share: Share, *, twice: bool = False) -> None:
        super().__init__()
        self._share = share
        self._twice = twice

    def rename(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        if source == "a.jpg" and self._share.everything().get("spring/a.jpg") == b"":
            self._replace(b"new")
        super().rename(source, source_fd, target, target_fd)
        if self._twice and target == "a.jpg":
            self._replace(b"newer")

    def _replace(self, content: bytes) -> None:
        (self._share.root / "spring/a.jpg").unlink(missing_ok=True)
        self._share.drop("spring/a.jpg", content)


def rejected_item(share: Share) -> FilingItem:
    identity = share.drop("spring/a.jpg", b"")
    return share.filing_item("spring/a.jpg", TARGET, identity=identity, note="It is empty")


def test_file_that_is_replaced_while_it_is_filed_from_its_place_goes_back(share: Share) -> None:
    item = rejected_item(share)
    assert file_away(FolderFiles(share.root, calls=Replacing(share)), item).status is FilingStatus.MISSING
    assert share.everything() == {"spring/a.jpg": b"new"}


def test_file_that_is_replaced_twice_while_it_is_filed_is_kept_beside_the_note(share: Share) -> None:
    item = rejected_item(share)
    assert file_away(FolderFiles(share.root, calls=Replacing(share, twice=True)), item).status is FilingStatus.FILED
    assert share.everything() == {"spring/a.jpg": b"newer", TARGET: b"new", NOTE: b"It is empty"}


def test_file_at_both_places_that_is_written_into_stays_where_it_was_dropped(files: FolderFiles, share: Share) -> None:
    item = rejected_item(share)
    share.drop(NOTE, b"It is empty")
    os.link(share.root / "spring/a.jpg", share.root / TARGET)  # as a power cut leaves a rename
    (share.root / "spring/a.jpg").write_bytes(JPEG)
    assert file_away(files, item).status is FilingStatus.MISSING
    assert share.everything() == {"spring/a.jpg": JPEG}


def test_claimed_original_that_changed_is_left_and_named(files: FolderFiles, share: Share) -> None:
    item = item_of(share)
    (share.root / WORK).write_bytes(b"another")
    assert file_away(files, item) == FilingResult(1, FilingStatus.CHANGED, f"{WORK}: it has been changed since")
    assert share.everything() == {WORK: b"another"}


def test_move_by_link_and_unlink_that_was_cut_in_two_is_ended(files: FolderFiles, share: Share) -> None:
    item = item_of(share)
    (share.root / TARGET).parent.mkdir(parents=True)
    os.link(share.root / WORK, share.root / TARGET)
    assert file_away(files, item).status is FilingStatus.FILED
    assert share.everything() == FILED


def test_original_that_a_power_cut_left_at_both_places_is_filed_whatever_became_of_it(
    files: FolderFiles, share: Share
) -> None:
    """Its new name was on the disk, and not yet that the old one is gone; then somebody wrote into it."""
    item = item_of(share)
    (share.root / TARGET).parent.mkdir(parents=True)
    os.link(share.root / WORK, share.root / TARGET)
    (share.root / TARGET).write_bytes(b"more")
    assert file_away(files, item).status is FilingStatus.FILED
    assert share.everything() == FILED | {TARGET: b"more"}


class Synced(Syscalls):
    """Notes which directories and files are synced."""

    def __init__(self) -> None:
        super().__init__()
        self.places: set[Path] = set()

    def fsync(self, fd: int) -> None:
        self.places.add(Path(f"/proc/self/fd/{fd}").readlink())


@pytest.mark.parametrize("fate", [Fate.MOVE, Fate.DELETE])
def test_original_that_a_killed_process_filed_is_synced_at_both_places(share: Share, fate: Fate) -> None:
    """Else a power cut may bring back what is filed already, where nobody looks for it."""
    item = item_of(share, fate=fate)
    file_away(FolderFiles(share.root), item)
    (share.root / "_working/job/spring").mkdir(parents=True)  # it did not live to remove them either
    calls = Synced()
    file_away(FolderFiles(share.root, calls=calls), item)
    synced = {os.path.relpath(place, share.root) for place in calls.places}
    assert "_working/job/spring" in synced
    assert fate is Fate.DELETE or {"_failed/spring", "_failed", "."} <= synced


def test_that_a_directory_is_gone_is_synced_where_it_was(share: Share) -> None:
    """A power cut that brings it back brings back what was in it."""
    item = item_of(share)
    file_away(FolderFiles(share.root), item)
    shutil.rmtree(share.root / "_working/job", ignore_errors=True)
    calls = Synced()
    file_away(FolderFiles(share.root, calls=calls), item)
    assert share.root / "_working" in calls.places


def test_directories_that_filing_empties_go_and_others_stay(files: FolderFiles, share: Share) -> None:
    item = item_of(share)
    share.drop("_working/job/b.jpg")
    file_away(files, item)
    assert not (share.root / "_working/job/spring").exists()
    assert (share.root / "_working/job/b.jpg").exists()
    (share.root / "_working/job/b.jpg").unlink()
    file_away(files, item)  # as after a kill: it is filed already
    assert (share.root / "_working").exists()
    assert not (share.root / "_working/job").exists()


# --- names ---


def test_longest_names_are_filed_with_shortened_companions(files: FolderFiles, share: Share) -> None:
    name = "ä" * 125 + ".jpg"
    identity = share.drop(f"_working/job/{name}")
    item = FilingItem(
        drop=1,
        source_path=f"_working/job/{name}",
        identity=identity,
        fate=Fate.MOVE,
        target_path=f"_failed/{name}",
        note=(f"_failed/{note_name(name)}", "Sorry"),
    )
    assert file_away(files, item).status is FilingStatus.FILED
    assert len(share.paths()) == 2


def test_name_too_long_for_its_note_fails_with_the_reason_and_moves_nothing(files: FolderFiles, share: Share) -> None:
    name = "x" * 251 + ".jpg"
    share.drop(f"_working/{name}")
    result = file_away(files, share.filing_item(f"_working/{name}", f"_failed/{name}", note="Sorry"))
    assert result.status is FilingStatus.FAILED
    assert "too long" in result.reason
    assert share.paths() == {f"_working/{name}"}


def test_undecodable_name_is_filed(files: FolderFiles, share: Share) -> None:
    name = os.fsdecode(b"gr\xfcn.jpg")
    share.drop(f"_working/{name}")
    result = file_away(files, share.filing_item(f"_working/{name}", f"_failed/{name}", note=f"Sorry: {name}"))
    assert result.status is FilingStatus.FILED
    assert share.everything()[f"_failed/{name} - NOT SENT.txt"].decode() == "Sorry: gr\ufffdn.jpg"


def test_link_in_the_way_of_a_target_is_not_followed(files: FolderFiles, share: Share, tmp_path: Path) -> None:
    item = item_of(share)
    (share.root / "_failed").symlink_to(tmp_path)
    result = file_away(files, item)
    assert result.status is FilingStatus.FAILED
    assert "link in the way" in result.reason
    assert {entry.name for entry in tmp_path.iterdir()} == {"catalog"}


# --- rights ---


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755, 0o775, 0o777, 0o2775, 0o1777])
def test_what_we_make_has_the_rights_of_the_hot_folder(files: FolderFiles, share: Share, mode: int) -> None:
    """Whoever may change the hot folder may drag a file back out of `_failed`, whatever our umask."""
    share.root.chmod(mode)
    item = item_of(share)
    before = os.umask(0o027)
    try:
        assert file_away(files, item).status is FilingStatus.FILED
    finally:
        os.umask(before)
    for place in ("_failed", "_failed/spring"):
        assert stat.S_IMODE((share.root / place).stat().st_mode) == mode
    assert stat.S_IMODE((share.root / NOTE).stat().st_mode) == mode & 0o666
    assert stat.S_IMODE((share.root / TARGET).stat().st_mode) == 0o644


@pytest.mark.root
def test_what_we_make_belongs_to_the_hot_folders_group(files: FolderFiles, share: Share) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs a second group")
    os.chown(share.root, -1, 12345)
    assert file_away(files, item_of(share)).status is FilingStatus.FILED
    assert {(share.root / place).stat().st_gid for place in ("_failed", "_failed/spring", NOTE)} == {12345}


# --- failures ---


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ("write", errno.ENOSPC, "the disk is full"),
        ("write", errno.EDQUOT, "the disk quota is used up"),
        ("mkdir", errno.ENOSPC, "the disk is full"),
        ("fsync", errno.EIO, "the disk reports an input/output error"),
        ("lstat", errno.EACCES, "hotfolder's user is not permitted to do that here"),
    ],
)
def test_failure_says_why_and_leaves_nothing_half_done(share: Share, call: str, error: int, words: str) -> None:
    item = item_of(share)
    files = FolderFiles(share.root, calls=PerilousSyscalls(only=[call], fail_at=1, error=error))
    assert file_away(files, item) == FilingResult(1, FilingStatus.FAILED, f"{WORK}: {words}")
    assert share.everything() == {WORK: JPEG}


@pytest.mark.parametrize("call", ["create", "rename"])
def test_trouble_that_all_would_have_is_the_folders_and_leaves_nothing_half_done(share: Share, call: str) -> None:
    item = item_of(share)
    files = FolderFiles(share.root, calls=PerilousSyscalls(only=[call], fail_at=1, error=errno.EROFS))
    with pytest.raises(FolderError, match="the disk is mounted read-only"):
        file_away(files, item)
    assert share.everything() == {WORK: JPEG}


def test_target_on_another_file_system_fails_and_takes_its_companions_back(share: Share) -> None:
    item = item_of(share)
    calls = PerilousSyscalls(only=["rename"], fail_at=3, error=errno.EXDEV)
    result = file_away(FolderFiles(share.root, calls=calls), item)
    words = f"{WORK}: it could not be moved to {TARGET}: it is on another file system"
    assert result == FilingResult(1, FilingStatus.FAILED, words)
    assert share.everything() == {WORK: JPEG}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_rename_that_reports_an_error_though_it_was_done_counts(share: Share, number: int) -> None:
    item = item_of(share)
    calls = PerilousSyscalls(only=["rename"], fail_at=number, error=errno.EIO, done_first=True)
    assert file_away(FolderFiles(share.root, calls=calls), item).status is FilingStatus.FILED
    assert share.everything() == FILED


def test_one_file_that_cannot_be_filed_does_not_hold_up_the_others(files: FolderFiles, share: Share) -> None:
    items = []
    for number in range(100):
        path = f"_working/job/{number}.jpg"
        share.drop(path)
        items.append(share.filing_item(path, f"_failed/{number}.jpg", drop=number, note="Sorry", receipt="x = 1"))
    items[50] = replace(items[50], target_path="_failed/" + "x" * 300)
    before = open_descriptors()
    results = files.file_away(items)
    assert [result.status for result in results] == [
        FilingStatus.FAILED if number == 50 else FilingStatus.FILED for number in range(100)
    ]
    assert open_descriptors() == before
    assert len(share.paths()) == 99 * 3 + 1


def test_directories_are_synced_once_for_many_files(share: Share) -> None:
    items = []
    for number in range(100):
        path = f"_working/job/{number}.jpg"
        share.drop(path)
        items.append(share.filing_item(path, f"_done/2026-01-31/{number}.jpg", drop=number))
    calls = PerilousSyscalls(only=["fsync"])
    FolderFiles(share.root, calls=calls).file_away(items)
    assert len(calls.made) == 4  # the root, `_done`, the day, the job's directory


def test_sync_of_directories_that_fails_stops_the_folder(share: Share) -> None:
    item = item_of(share)
    calls = PerilousSyscalls(only=["fsync"], fail_at=3, error=errno.EIO, for_ever=True)
    with pytest.raises(FolderError, match="could not be brought to the disk"):
        file_away(FolderFiles(share.root, calls=calls), item)
    assert file_away(FolderFiles(share.root), item).status is FilingStatus.FILED


# --- crashes ---


@pytest.mark.parametrize("fate", [Fate.MOVE, Fate.DELETE])
@pytest.mark.parametrize("is_new", [True, False], ids=["new kernel", "old kernel"])
def test_crash_at_any_call_loses_nothing_and_filing_goes_on(tmp_path: Path, fate: Fate, is_new: bool) -> None:
    number = 0
    while True:
        number += 1
        share = Share(tmp_path / str(number))
        plain = "_working/job/b.jpg"
        share.drop(plain, b"plain")
        items = [item_of(share, fate=fate), share.filing_item(plain, "_done/b.jpg", drop=2)]
        calls = PerilousSyscalls(stop_at=number, openat2=is_new, renameat2=is_new)
        with suppress(CrashNow):
            FolderFiles(share.root, calls=calls).file_away(items)
        left = share.everything()
        # By link and unlink an original may have two names for a moment.
        originals = sorted({content for content in left.values() if content in (JPEG, b"plain")})
        assert originals == sorted([JPEG, b"plain"]) or (fate is Fate.DELETE and originals == [b"plain"])
        for path in (NOTE, RECEIPT):
            assert left.get(path) in (None, FILED[path])
        if JPEG not in originals or TARGET in left:
            assert set(COMPANIONS) <= set(left), "an original was filed before what is said about it"
        results = FolderFiles(share.root).file_away(items)
        assert {result.status for result in results} == {FilingStatus.FILED}
        assert share.everything() == {**(FILED if fate is Fate.MOVE else COMPANIONS), "_done/b.jpg": b"plain"}
        if not calls.has_struck:
            break
    assert number > 30


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.ENOENT, errno.EACCES, errno.EEXIST])
@pytest.mark.parametrize("done_first", [False, True])
@pytest.mark.parametrize("for_ever", [False, True])
def test_error_at_any_call_loses_nothing(tmp_path: Path, error: int, done_first: bool, for_ever: bool) -> None:
    number = 0
    while True:
        number += 1
        share = Share(tmp_path / str(number))
        item = item_of(share)
        calls = PerilousSyscalls(fail_at=number, error=error, done_first=done_first, for_ever=for_ever)
        status = None
        with suppress(FolderError):
            status = file_away(FolderFiles(share.root, calls=calls), item).status
        left = share.everything()
        assert list(left.values()).count(JPEG) == 1
        assert b"" not in [left.get(path) for path in FILED], "an empty note was left"
        if status is FilingStatus.FILED:
            assert left == FILED
        elif not for_ever:
            assert not [path for path in left if path.endswith(".tmp")]
        assert file_away(FolderFiles(share.root, calls=Syscalls()), item).status is FilingStatus.FILED
        assert share.everything() == FILED
        if not calls.has_struck:
            break
