"""
Somebody swaps files and directories for links as fast as they can, while we look, claim, read and file.

Not one byte from outside the hot folder may be read, and nothing outside may be moved (RELIABILITY B1 to B3).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import random
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.unit.edges.files.share import JPEG, Share

from hotfolder.core.messages import ClaimStatus, LookItem
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.ports import ChangedError
from hotfolder.testing.syscalls import PerilousSyscalls

ROUNDS = 1000
CLAIMED = 10  # of them at least: the links must not be in place all the time
RACED = 40  # rounds at most before the right thing stays in its place until it is claimed
SECRET = b"\xff\xd8\xff secret"


_libc = ctypes.CDLL(None, use_errno=True)


def exchange(one: Path, other: Path) -> None:
    """Let two names change places at one stroke, where both are there (renameat2(2), RENAME_EXCHANGE)."""
    _libc.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2)


class Swapper:
    """
    Somebody who swaps a name for another with all his might, in a thread of his own.

    After a random number of the other side's rounds he leaves the right thing in its place until it has been claimed.
    So the other side gets on however seldom its turn comes on a busy machine, and until then it is in a race.
    """

    def __init__(self, place: Path, spare: Path, seed: int) -> None:
        self._place = place
        self._spare = spare
        self._chance = random.Random(seed)
        self._rounds = 0
        self._over = threading.Event()
        self._claimed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begins(self) -> None:
        """Say that the other side begins a round."""
        self._rounds += 1

    def has_claimed(self) -> None:
        """Say that the other side has claimed the right thing."""
        self._claimed.set()

    def __enter__(self) -> Swapper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            last = self._rounds + self._chance.randint(1, RACED)
            while self._rounds < last and not self._over.is_set():
                exchange(self._place, self._spare)
            self._claimed.clear()
            while not self._claimed.wait(0.001) and not self._over.is_set():
                if self._place.is_symlink():  # still, or again: the other side may have put it back meanwhile
                    exchange(self._place, self._spare)


class Trap:
    """A hot folder with one file, the secret outside, and the link that is to take the place of file or directory."""

    def __init__(self, root: Path, what: str) -> None:
        self.outside = root / "outside"
        self.outside.mkdir(parents=True)
        (self.outside / "a.jpg").write_bytes(SECRET)
        self.share = Share(root / "catalog")
        self.share.drop("spring/a.jpg")
        self.place = self.share.root / ("spring/a.jpg" if what == "file" else "spring")
        self.spare = root / "spare"
        self.spare.symlink_to(self.outside / "a.jpg" if what == "file" else self.outside)

    def take_round(self, files: FolderFiles, job: int) -> bool:
        """Look, claim, read and bring back; return whether the right thing was claimed."""
        (seen,) = files.look([LookItem("spring/a.jpg", evidence_always=True, digest=True)])
        assert seen.digest != hashlib.sha256(SECRET).hexdigest()
        if seen.observation is None:
            return False
        item = self.share.claim_item("spring/a.jpg", seen.observation.identity, job=str(job))
        (result,) = files.claim([item])
        if result.status is not ClaimStatus.CLAIMED:
            return False
        with suppress(ChangedError):
            reader = files.open_for_sending(item.work_path, item.identity)
            assert b"".join(map(bytes, reader.blocks())) != SECRET
            reader.close()
        while not files.bring_back([(item.work_path, "spring/a.jpg")]):
            if self.place.is_symlink():
                exchange(self.place, self.spare)
        return True

    def check(self) -> None:
        """Check that nothing outside was moved or brought in, and that the file is whole where somebody has put it."""
        assert {entry.name: entry.read_bytes() for entry in self.outside.iterdir()} == {"a.jpg": SECRET}
        assert SECRET not in self.share.everything().values()
        if self.place.is_symlink():
            exchange(self.place, self.spare)
        assert list(self.share.everything().values()) == [JPEG]


@pytest.mark.parametrize("is_new", [True, False], ids=["new kernel", "old kernel"])
@pytest.mark.parametrize("what", ["file", "directory"])
def test_nothing_outside_is_read_or_moved(tmp_path: Path, is_new: bool, what: str) -> None:
    trap = Trap(tmp_path, what)
    files = FolderFiles(trap.share.root, calls=Syscalls(openat2=is_new, renameat2=is_new))
    claimed = number = 0
    with Swapper(trap.place, trap.spare, seed=ROUNDS) as swapper:
        while number < ROUNDS or claimed < CLAIMED:
            number += 1
            swapper.begins()
            if trap.take_round(files, number):
                claimed += 1
                swapper.has_claimed()
    trap.check()


def _nothing(*_: object) -> None: ...


class SwappingCalls(PerilousSyscalls):
    """The real calls; right before some of them, by their number, somebody swaps."""

    def __init__(self, trap: Trap, before: Collection[int], *, is_new: bool) -> None:
        super().__init__(openat2=is_new, renameat2=is_new)
        self._trap = trap
        self._before = before

    def perform(self, name: str, real: Callable[..., Any], *args: Any) -> Any:
        """Make one call; nothing here is worth waiting for the disk."""
        if len(self.made) + 1 in self._before:
            exchange(self._trap.place, self._trap.spare)
        return super().perform(name, _nothing if name == "fsync" else real, *args)


@pytest.mark.parametrize("is_new", [True, False], ids=["new kernel", "old kernel"])
@pytest.mark.parametrize("what", ["file", "directory"])
def test_a_swap_before_any_call_and_back_before_any_later_one(tmp_path: Path, is_new: bool, what: str) -> None:
    """Every moment that a race could hit, once."""
    number = 0
    first, back = 1, 2
    while True:
        number += 1
        trap = Trap(tmp_path / str(number), what)
        calls = SwappingCalls(trap, (first, back), is_new=is_new)
        trap.take_round(FolderFiles(trap.share.root, calls=calls), 1)
        trap.check()
        back += 1
        if len(calls.made) < first:
            break
        if len(calls.made) < back:
            first, back = first + 1, first + 2
    assert first > 20
