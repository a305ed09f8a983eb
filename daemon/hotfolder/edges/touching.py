"""
What is being read right now, kept where a crash of the process leaves it: a small mapped file.

Each hot folder has a slot in it. A file that ends the process whenever somebody looks into it would end it at every
start (RELIABILITY G3). The mark is made before a file's content is touched and taken away after; the kernel keeps a
mapped page whatever becomes of the process, so this costs a copy of some bytes for each file and no sync. A power cut
may lose it, and is no file's fault.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hotfolder.core.model import Identity, Touched

CRASHES_MAX: Final = 2
"""Of one version of one file: then it is held before it is touched a third time."""

_SLOTS: Final = 256
_SLOT_BYTES: Final = 16 * 1024
"""A path has 4,096 bytes at most and may need three times as many as JSON; a folder's name comes on top."""

_LENGTH_BYTES: Final = 4
_FILE_BYTES: Final = _SLOTS * _SLOT_BYTES
_COUNTS_MAX: Final = 1000


class Slot:
    """One hot folder's mark; its one thread uses it."""

    def __init__(self, memory: mmap.mmap, number: int, folder: str) -> None:
        self._memory = memory
        self._begin = number * _SLOT_BYTES
        self._folder = folder

    @contextmanager
    def touching(self, path: str, identity: Identity) -> Iterator[None]:
        """Mark a file while its content is looked into."""
        self._write(Touched(folder=self._folder, path=path, identity=identity))
        try:
            yield
        finally:  # what raises has crashed nothing
            self.clear()

    def clear(self) -> None:
        """Take the mark away."""
        self._memory[self._begin : self._begin + _LENGTH_BYTES] = bytes(_LENGTH_BYTES)

    def _write(self, touched: Touched) -> None:
        data = _packed(touched, 1)
        if len(data) > _SLOT_BYTES - _LENGTH_BYTES:
            return
        begin = self._begin + _LENGTH_BYTES
        self._memory[begin : begin + len(data)] = data
        self._memory[self._begin : begin] = len(data).to_bytes(_LENGTH_BYTES, "little")


class Touching:
    """
    The marks of one ledger's daemon; only the ledger's owner may have them.

    `suspects` are the versions that earlier runs ended at, with how often.
    """

    def __init__(self, file: Path) -> None:
        """Open or make the file, and count what it holds; one that cannot be used is done without."""
        self._counts = file.with_name(file.name + ".counts")
        self._next = 0
        self._memory = _mapped(file)
        self.suspects: dict[Touched, int] = _read_counts(self._counts)
        found = list(_marks(self._memory))
        for touched in found:
            self.suspects[touched] = self.suspects.get(touched, 0) + 1
        if found:
            self._keep()
        self._memory[:_FILE_BYTES] = bytes(_FILE_BYTES)

    @property
    def poison(self) -> frozenset[Touched]:
        """Return the versions that must not be touched again."""
        return frozenset(touched for touched, count in self.suspects.items() if count >= CRASHES_MAX)

    def slot(self, folder: str) -> Slot:
        """Return the mark of one hot folder; with very many of them the last slot is shared, and tells less."""
        number = min(self._next, _SLOTS - 1)
        self._next += 1
        return Slot(self._memory, number, folder)

    def close(self) -> None:
        """
        End in good order: what is marked now, as on a share that hangs, has crashed nothing.

        The memory stays mapped, since such a share may let go while the process ends.
        """
        self._memory[:_FILE_BYTES] = bytes(_FILE_BYTES)

    def _keep(self) -> None:
        latest = list(self.suspects.items())[-_COUNTS_MAX:]
        lines = b"".join(_packed(touched, count) + b"\n" for touched, count in latest)
        new = self._counts.with_name(self._counts.name + ".new")
        try:
            new.write_bytes(lines)
            new.replace(self._counts)
        except OSError:
            return  # a full disk: the count is one too low


def _mapped(file: Path) -> mmap.mmap:
    try:
        fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        try:
            os.posix_fallocate(fd, 0, _FILE_BYTES)  # a full disk says so here, not by a signal at the first mark
            return mmap.mmap(fd, _FILE_BYTES)
        finally:
            os.close(fd)
    except OSError:
        return mmap.mmap(-1, _FILE_BYTES)


def _marks(memory: mmap.mmap) -> Iterator[Touched]:
    for number in range(_SLOTS):
        begin = number * _SLOT_BYTES
        length = int.from_bytes(memory[begin : begin + _LENGTH_BYTES], "little")
        if 0 < length <= _SLOT_BYTES - _LENGTH_BYTES:
            begin += _LENGTH_BYTES
            found = _unpacked(memory[begin : begin + length])
            if found is not None:
                yield found[0]


def _read_counts(file: Path) -> dict[Touched, int]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return {}
    return dict(found for line in lines if (found := _unpacked(line)) is not None)


def _packed(touched: Touched, count: int) -> bytes:
    identity = touched.identity
    whole = [
        touched.folder,
        touched.path,
        [identity.device, identity.inode, identity.size_bytes, identity.mtime_ns],
        count,
    ]
    return json.dumps(whole).encode("ascii")


def _unpacked(data: bytes) -> tuple[Touched, int] | None:
    """Return what was packed, None for anything else: a mark may have been cut short by the crash itself."""
    try:
        folder, path, (device, inode, size_bytes, mtime_ns), count = json.loads(data)
        identity = Identity(device=device, inode=inode, size_bytes=size_bytes, mtime_ns=mtime_ns)
        if not (isinstance(folder, str) and isinstance(path, str) and isinstance(count, int)):
            return None
        return Touched(folder=folder, path=path, identity=identity), count
    except (ValueError, TypeError):
        return None
