"""Reading a claimed file for sending."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest
from tests.unit.edges.files.share import JPEG, Share, open_descriptors

from hotfolder.core.model import Identity
from hotfolder.edges.files import FolderFiles
from hotfolder.ports import ChangedError, FolderError
from hotfolder.testing.syscalls import PerilousSyscalls

WORK = "_working/job/a.jpg"
MIB = 1 << 20


def read(files: FolderFiles, identity: Identity) -> list[bytes]:
    reader = files.open_for_sending(WORK, identity)
    try:
        return [bytes(block) for block in reader.blocks()]
    finally:
        reader.close()


@pytest.mark.parametrize("size", [0, 1, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB, 3 * MIB + 7])
def test_content_comes_whole_in_blocks_of_a_mebibyte(files: FolderFiles, share: Share, size: int) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    blocks = read(files, share.drop(WORK, content))
    assert b"".join(blocks) == content
    assert all(len(block) == MIB for block in blocks[:-1])


def test_content_can_be_read_again_from_its_beginning(files: FolderFiles, share: Share) -> None:
    """A POST that is repeated sends the same bytes."""
    reader = files.open_for_sending(WORK, share.drop(WORK, b"x" * (2 * MIB)))
    assert sum(map(len, reader.blocks())) == 2 * MIB
    next(reader.blocks())
    assert sum(map(len, reader.blocks())) == 2 * MIB
    assert reader.size_bytes == 2 * MIB
    reader.close()
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        next(reader.blocks())


@pytest.mark.parametrize("most", [MIB, 1000])
def test_a_block_is_valid_until_the_next_but_one_is_asked_for(share: Share, most: int) -> None:
    """Also when the file system gives less than it was asked for."""

    class Stingy(PerilousSyscalls):
        def preadv(self, fd: int, buffer: memoryview, offset: int) -> int:
            return super().preadv(fd, buffer[:most], offset)

    content = os.urandom(4 * most + 7)
    reader = FolderFiles(share.root, calls=Stingy()).open_for_sending(WORK, share.drop(WORK, content))
    blocks = reader.blocks()
    before, at = next(blocks), 0
    for block in blocks:
        assert before == content[at : at + len(before)]
        at += len(before)
        before = block
    assert before == content[at:]
    reader.close()


def test_page_cache_is_given_back_behind_a_huge_file(share: Share) -> None:
    class Advised(PerilousSyscalls):
        def fadvise(self, fd: int, offset: int, length: int, advice: int) -> None:
            if advice == os.POSIX_FADV_DONTNEED:
                dropped.append((offset, length))
            super().fadvise(fd, offset, length, advice)

    dropped: list[tuple[int, int]] = []
    share.drop(WORK, b"")
    os.truncate(share.root / WORK, 65 * MIB)
    read(FolderFiles(share.root, calls=Advised()), share.identity(WORK))
    assert [length for _, length in dropped] == [8 * MIB] * 8
    assert [offset for offset, _ in dropped] == [8 * MIB * number for number in range(8)]


def test_another_version_is_refused(files: FolderFiles, share: Share) -> None:
    identity = share.drop(WORK)
    for other in (
        replace(identity, size_bytes=identity.size_bytes + 1),
        replace(identity, mtime_ns=0),
        replace(identity, inode=1),
    ):
        with pytest.raises(ChangedError, match="has been changed since it was taken over"):
            files.open_for_sending(WORK, other)
    files.open_for_sending(WORK, replace(identity, device=4711)).close()


def test_missing_or_unsafe_file_is_refused(files: FolderFiles, share: Share) -> None:
    identity = share.drop(WORK)
    for path in ("_working/job/gone.jpg", "_working/gone/a.jpg", "../x", "/etc/passwd", "_working/job"):
        with pytest.raises(ChangedError):
            files.open_for_sending(path, identity)
    (share.root / "_working/link").symlink_to("job")
    (share.root / "_working/job/link.jpg").symlink_to("a.jpg")
    for path in ("_working/link/a.jpg", "_working/job/link.jpg"):
        with pytest.raises(ChangedError, match="link"):
            files.open_for_sending(path, identity)
    os.mkfifo(share.root / "_working/pipe")
    with pytest.raises(ChangedError):
        files.open_for_sending("_working/pipe", share.identity("_working/pipe"))
    os.link(share.root / WORK, share.root / "second.jpg")
    with pytest.raises(ChangedError):
        files.open_for_sending(WORK, identity)


def test_refusing_leaves_nothing_open(files: FolderFiles, share: Share) -> None:
    before = open_descriptors()
    with pytest.raises(ChangedError):
        files.open_for_sending(WORK, replace(share.drop(WORK), inode=1))
    assert open_descriptors() == before


def test_change_while_it_is_read_is_noticed(files: FolderFiles, share: Share) -> None:
    reader = files.open_for_sending(WORK, share.drop(WORK))
    assert reader.check_unchanged()
    with (share.root / WORK).open("ab") as file:
        file.write(b"more")
    assert not reader.check_unchanged()
    assert b"".join(map(bytes, reader.blocks())) == JPEG, "never more than was announced"
    reader.close()


def test_file_that_was_cut_gives_fewer_bytes(files: FolderFiles, share: Share) -> None:
    reader = files.open_for_sending(WORK, share.drop(WORK))
    os.truncate(share.root / WORK, 10)
    assert b"".join(map(bytes, reader.blocks())) == JPEG[:10]
    assert not reader.check_unchanged()
    reader.close()


def test_file_that_is_moved_meanwhile_is_read_on(files: FolderFiles, share: Share) -> None:
    """Only the descriptor counts."""
    reader = files.open_for_sending(WORK, share.drop(WORK))
    (share.root / WORK).rename(share.root / "elsewhere.jpg")
    assert b"".join(map(bytes, reader.blocks())) == JPEG
    assert reader.check_unchanged()
    reader.close()


def test_bad_block_is_the_files_fault_and_a_share_that_goes_away_the_folders(share: Share) -> None:
    class Remote(PerilousSyscalls):
        def file_system_magic(self, fd: int) -> int:
            return 0xFF534D42

    identity = share.drop(WORK)
    for kind, expected in ((PerilousSyscalls, ChangedError), (Remote, FolderError)):
        files = FolderFiles(share.root, calls=kind(only=["preadv"], fail_at=1, error=errno.EIO))
        with pytest.raises(expected, match="input/output error"):
            read(files, identity)
        files = FolderFiles(share.root, calls=kind(only=["open_beneath"], fail_at=1, error=errno.EIO))
        with pytest.raises(expected, match="input/output error"):
            read(files, identity)
    for call, number in (("open_beneath", 1), ("fstat", 2)):
        calls = PerilousSyscalls(only=[call], fail_at=number, error=errno.EMFILE)
        with pytest.raises(FolderError, match="too many files open"):
            FolderFiles(share.root, calls=calls).open_for_sending(WORK, identity)


def test_check_that_fails_does_not_call_it_unchanged(share: Share) -> None:
    calls = PerilousSyscalls(only=["fstat"], fail_at=3, error=errno.ESTALE)
    reader = FolderFiles(share.root, calls=calls).open_for_sending(WORK, share.drop(WORK))
    assert not reader.check_unchanged()
    reader.close()


def test_file_of_somebody_else_is_opened_without_the_owners_privilege(share: Share) -> None:
    calls = PerilousSyscalls(only=["open_beneath"], fail_at=1, error=errno.EPERM)
    reader = FolderFiles(share.root, calls=calls).open_for_sending(WORK, share.drop(WORK))
    assert calls.has_struck
    reader.close()
