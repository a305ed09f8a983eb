"""A disk that is really full: no commit is lost or half there, and work goes on when there is room again."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.strategies import drop

from hotfolder.core.journal import InsertDrops, UpdateDrops
from hotfolder.edges.ledger import open_ledger, read_ledger
from hotfolder.ports import LedgerError

DISK_BYTES = 4 * 1024**2
BIG = tuple(replace(drop(number), reason="x" * 2000) for number in range(2, 500))  # 1 MB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk: Path, *, left: int) -> Path:
    """Take all room but so many bytes, and return what takes it."""
    ballast = disk / "ballast"
    room = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - left)
    return ballast


@pytest.mark.root
@pytest.mark.parametrize("left", [0, 4096, 100_000, 800_000])
def test_what_a_full_disk_refused_is_committed_when_there_is_room(disk: Path, left: int) -> None:
    """Wherever the room ends: in the first page, in the middle, or in the last."""
    url = f"sqlite:///{disk}/ledger.db"
    with open_ledger(url) as ledger:
        ledger.commit([InsertDrops((drop(1),))])
        before = read_ledger(url).unfinished()
        ballast = fill(disk, left=left)
        for _ in range(3):
            with pytest.raises(LedgerError, match="disk is full; make room"):
                ledger.commit([UpdateDrops(({"id": 1, "reason": "of the commit that fails"},)), InsertDrops(BIG)])
            assert read_ledger(url).unfinished() == before
        ballast.unlink()
        ledger.commit([UpdateDrops(({"id": 1, "reason": "of the commit that fails"},)), InsertDrops(BIG)])
        assert len(read_ledger(url).unfinished().drops) == 1 + len(BIG)


@pytest.mark.root
def test_a_ledger_on_a_full_disk_is_refused_in_words_and_whole_when_there_is_room(disk: Path) -> None:
    url = f"sqlite:///{disk}/ledger.db"
    with open_ledger(url) as ledger:
        ledger.commit([InsertDrops((drop(1),))])
    ballast = fill(disk, left=0)
    with pytest.raises(LedgerError, match="disk is full; make room"):
        open_ledger(url)
    ballast.unlink()
    with open_ledger(url) as ledger:
        assert ledger.unfinished().drops == [drop(1)]


@pytest.mark.root
def test_a_new_ledger_that_finds_no_room_is_refused_in_words_and_made_later(disk: Path) -> None:
    ballast = fill(disk, left=8192)
    url = f"sqlite:///{disk}/ledger.db"
    with pytest.raises(LedgerError, match="make room"):
        open_ledger(url)
    ballast.unlink()
    with open_ledger(url) as ledger:
        ledger.commit([InsertDrops((drop(1),))])


@contextmanager
def no_file_longer_than(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow further; Python ignores the signal, so writes fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_in_the_middle_is_told_and_the_same_commit_succeeds_later(tmp_path: Path) -> None:
    """As a disk with errors or a quota does it."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    with open_ledger(url) as ledger:
        ledger.commit([InsertDrops((drop(1),))])
        with no_file_longer_than(300_000), pytest.raises(LedgerError, match="cannot be read or written"):
            ledger.commit([InsertDrops(BIG)])
        assert ledger.unfinished().drops == [drop(1)]
        ledger.commit([InsertDrops(BIG)])
    assert len(read_ledger(url).unfinished().drops) == 1 + len(BIG)
