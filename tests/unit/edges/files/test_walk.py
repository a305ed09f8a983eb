"""Walking a hot folder."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.unit.edges.files.share import Share, open_descriptors

from hotfolder.core.messages import Entry, EntryKind
from hotfolder.edges.files import FolderFiles
from hotfolder.ports import FolderError
from hotfolder.testing.syscalls import PerilousSyscalls


def walked(files: FolderFiles, below: str = "") -> dict[str, Entry]:
    entries = [entry for chunk in files.walk(below) for entry in chunk]
    assert len({entry.path for entry in entries}) == len(entries)
    return {entry.path: entry for entry in entries}


def test_every_file_in_every_directory_is_found(files: FolderFiles, share: Share) -> None:
    for path in ("a.jpg", "spring/b.jpg", "spring/new/c.jpg", "grün/ä ö.tif"):
        share.drop(path)
    (share.root / "empty").mkdir()
    found = walked(files)
    assert set(found) == {"a.jpg", "spring/b.jpg", "spring/new/c.jpg", "grün/ä ö.tif"}
    assert {entry.kind for entry in found.values()} == {EntryKind.FILE}
    assert set(walked(files, "spring")) == {"spring/b.jpg", "spring/new/c.jpg"}


def test_reserved_names_are_skipped_at_the_root_in_any_case_and_nowhere_else(files: FolderFiles, share: Share) -> None:
    for path in ("_done/a.jpg", "_Working/b.jpg", "_CHECK/c.jpg", "_failed/d.jpg", "_status.html", "x/_done/e.jpg"):
        share.drop(path)
    share.drop("_DSC1234.NEF")
    assert set(walked(files)) == {"x/_done/e.jpg", "_DSC1234.NEF"}
    assert walked(files, "_done") == {}
    assert walked(files, "_Failed/deep") == {}


def test_reserved_name_that_is_a_link_is_skipped_too(files: FolderFiles, share: Share) -> None:
    (share.root / "_done").symlink_to("/etc")
    assert walked(files) == {}


def test_litter_directory_is_reported_once_and_not_entered(files: FolderFiles, share: Share) -> None:
    for path in ("@eaDir/1.jpg", "@eaDir/2.jpg", "spring/.Trashes/3.jpg", "ok.jpg"):
        share.drop(path)
    found = walked(files)
    assert found["@eaDir"].kind is EntryKind.LITTER_DIRECTORY
    assert found["@eaDir"].reason
    assert found["spring/.Trashes"].kind is EntryKind.LITTER_DIRECTORY
    assert set(found) == {"@eaDir", "spring/.Trashes", "ok.jpg"}
    assert set(walked(files, "spring/.Trashes/deep")) == {"spring/.Trashes"}


def test_litter_files_are_for_others_to_judge(files: FolderFiles, share: Share) -> None:
    share.drop(".DS_Store")
    assert walked(files)[".DS_Store"].kind is EntryKind.FILE


def test_what_is_no_file_is_named_and_not_touched(files: FolderFiles, share: Share) -> None:
    os.mkfifo(share.root / "pipe")
    (share.root / "link").symlink_to("/etc/passwd")
    (share.root / "dirlink").symlink_to("/etc")
    # A socket's whole path may have 108 bytes only.
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(".", os.O_PATH)
        os.chdir(share.root)
        try:
            listener.bind("socket")
        finally:
            os.fchdir(here)
            os.close(here)
    found = walked(files)
    assert set(found) == {"pipe", "link", "dirlink", "socket"}
    assert {entry.kind for entry in found.values()} == {EntryKind.OTHER}
    assert found["link"].reason == found["dirlink"].reason == "a link"
    assert found["pipe"].reason == "not an ordinary file"


def test_undecodable_name_is_found(files: FolderFiles, share: Share) -> None:
    name = os.fsdecode(b"gr\xfcn.jpg")
    share.drop(name)
    assert set(walked(files)) == {name}


def test_chunks_have_a_thousand_entries_at_most(files: FolderFiles, share: Share) -> None:
    for number in range(2100):
        (share.root / f"{number}.jpg").touch()
    sizes = [len(chunk) for chunk in files.walk()]
    assert sizes == [1000, 1000, 100]


def test_what_is_no_directory_any_more_is_skipped(files: FolderFiles, share: Share) -> None:
    share.drop("now a file")
    assert walked(files, "gone") == {}
    assert walked(files, "now a file") == {}
    (share.root / "swapped").symlink_to("/etc")
    assert walked(files, "swapped")["swapped"].kind is EntryKind.OTHER


def test_directory_that_vanishes_during_the_walk_is_skipped(files: FolderFiles, share: Share) -> None:
    for number in range(1000):
        (share.root / f"{number}.jpg").touch()
    share.drop("late/a.jpg")
    walk = files.walk()
    first = next(walk)
    (share.root / "late/a.jpg").unlink()
    (share.root / "late").rmdir()
    rest = [entry for chunk in walk for entry in chunk]
    assert len(first) + len(rest) == 1000


def test_directory_that_cannot_be_read_is_an_entry_with_its_reason(share: Share) -> None:
    share.drop("a.jpg")
    share.drop("closed/b.jpg")
    for call in ("open_beneath", "scandir"):
        calls = PerilousSyscalls(only=[call], fail_at=2, error=errno.EACCES)
        found = walked(FolderFiles(share.root, calls=calls))
        assert set(found) == {"a.jpg", "closed"}
        assert found["closed"].kind is EntryKind.UNREADABLE_DIRECTORY
        assert "not permitted" in found["closed"].reason


@pytest.mark.parametrize("number", [1, 2])
def test_trouble_with_the_root_or_the_share_ends_the_walk(share: Share, number: int) -> None:
    share.drop("a.jpg")
    share.drop("spring/b.jpg")
    error = errno.EACCES if number == 1 else errno.ENOTCONN
    calls = PerilousSyscalls(only=["open_beneath"], fail_at=number, error=error)
    with pytest.raises(FolderError, match=str(share.root)):
        walked(FolderFiles(share.root, calls=calls))


def test_walk_that_is_given_up_leaves_nothing_open(files: FolderFiles, share: Share) -> None:
    for number in range(1001):
        (share.root / f"{number}.jpg").touch()
    before = open_descriptors()
    walk = files.walk()
    next(walk)
    assert isinstance(walk, Generator)
    walk.close()
    assert open_descriptors() == before


def test_path_longer_than_the_kernel_takes_is_named(share: Share) -> None:
    """Each step is short enough to be made, all of them together are not."""
    fd = os.open(share.root, os.O_RDONLY)
    name = "d" * 250
    for _ in range(17):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    (only,) = walked(FolderFiles(share.root)).values()
    assert only.kind is EntryKind.UNREADABLE_DIRECTORY
    assert "too long" in only.reason


def test_file_system_mounted_inside_is_not_entered() -> None:
    """/proc always is one."""
    files = FolderFiles(Path("/"))
    found = walked(files, "proc")
    assert found["proc"].kind is EntryKind.UNREADABLE_DIRECTORY
    assert "mounted" in found["proc"].reason
