"""
Somebody swaps files and directories for links as fast as they can, while we look, claim, read and file.

Not one byte from outside the hot folder may be read, and nothing outside may be moved (RELIABILITY B1 to B3).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.unit.edges.files.share import Share

from hotfolder.core.messages import ClaimStatus, LookItem
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.ports import ChangedError

ROUNDS = 1000
CLAIMED = 10  # of them at least: the links must not be in place all the time
SECRET = b"\xff\xd8\xff secret"


_libc = ctypes.CDLL(None, use_errno=True)


def exchange(one: Path, other: Path) -> None:
    """Let two names change places at one stroke, where both are there (renameat2(2), RENAME_EXCHANGE)."""
    _libc.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2)


@contextmanager
def repeating(act: Callable[[], None]) -> Iterator[None]:
    """Do something over and over in another thread, for the length of a block."""
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(20)


@pytest.mark.parametrize("is_new", [True, False], ids=["new kernel", "old kernel"])
@pytest.mark.parametrize("what", ["file", "directory"])
def test_nothing_outside_is_read_or_moved(tmp_path: Path, is_new: bool, what: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.jpg").write_bytes(SECRET)
    share = Share(tmp_path / "catalog")
    share.drop("spring/a.jpg")
    place = share.root / ("spring/a.jpg" if what == "file" else "spring")
    spare = tmp_path / "spare"
    spare.symlink_to(outside / "a.jpg" if what == "file" else outside)

    def swap() -> None:
        exchange(place, spare)

    files = FolderFiles(share.root, calls=Syscalls(openat2=is_new, renameat2=is_new))
    claimed = 0
    with repeating(swap):
        for number in range(ROUNDS * 50):
            if number >= ROUNDS and claimed >= CLAIMED:
                break
            (seen,) = files.look([LookItem("spring/a.jpg", evidence_always=True, digest=True)])
            assert seen.digest != hashlib.sha256(SECRET).hexdigest()
            if seen.observation is None:
                continue
            item = share.claim_item("spring/a.jpg", seen.observation.identity, job=str(number))
            (result,) = files.claim([item])
            if result.status is not ClaimStatus.CLAIMED:
                continue
            claimed += 1
            with suppress(ChangedError):
                reader = files.open_for_sending(item.work_path, item.identity)
                assert b"".join(map(bytes, reader.blocks())) != SECRET
                reader.close()
            while not files.bring_back([(item.work_path, "spring/a.jpg")]):
                pass  # a link has its place; not for long
    assert {entry.name: entry.read_bytes() for entry in outside.iterdir()} == {"a.jpg": SECRET}
    assert SECRET not in share.everything().values()
    assert claimed >= CLAIMED
