"""Several directories are brought to the disk at once, and each one's trouble is told."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotfolder.edges.files import Syscalls

TOGETHER = 3


@pytest.fixture
def fds(tmp_path: Path) -> Iterator[list[int]]:
    opened = []
    for number in range(TOGETHER):
        (tmp_path / str(number)).mkdir()
        opened.append(os.open(tmp_path / str(number), os.O_RDONLY))
    yield opened
    for fd in opened:
        os.close(fd)


class Meeting(Syscalls):
    """No sync ends before all have begun."""

    def __init__(self) -> None:
        super().__init__()
        self._all_there = threading.Barrier(TOGETHER, timeout=60)

    def fsync(self, fd: int) -> None:
        self._all_there.wait()
        super().fsync(fd)


class Failing(Syscalls):
    """One of them fails."""

    def __init__(self, bad: int) -> None:
        super().__init__()
        self.bad = bad
        self.synced: set[int] = set()

    def fsync(self, fd: int) -> None:
        if fd == self.bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().fsync(fd)
        self.synced.add(fd)


def test_they_go_at_once(fds: list[int]) -> None:
    assert Meeting().fsync_each(fds) == [None] * TOGETHER


def test_none_is_no_trouble() -> None:
    assert Syscalls().fsync_each([]) == []


@pytest.mark.parametrize("place", range(TOGETHER))
def test_the_trouble_of_one_is_its_own(fds: list[int], place: int) -> None:
    calls = Failing(fds[place])
    errors = calls.fsync_each(fds)
    assert [None if error is None else error.errno for error in errors] == [
        errno.EIO if number == place else None for number in range(TOGETHER)
    ]
    assert calls.synced == {fd for fd in fds if fd != fds[place]}


def test_where_no_thread_can_be_had_they_go_one_after_the_other(
    fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    calls = Failing(-1)
    assert calls.fsync_each(fds) == [None] * TOGETHER
    assert calls.synced == set(fds)
