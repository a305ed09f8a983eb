"""
Publishing notes and receipts: they appear whole under their names, and never in the place of anything.

Temporary name in the same directory, write, fsync, rename without replacing; the temporary name is the same every time,
so that the next attempt clears away what a crash left.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from hotfolder.core.litter import TEMPORARY
from hotfolder.edges.files.beneath import Directories, split
from hotfolder.edges.files.probes import TO_READ

COPY_MAX: Final = 1 << 20
"""Bytes of a note or receipt of ours at most: they have a few thousand, so a longer file is somebody else's."""


class Found(Enum):
    """What has a companion's name."""

    NOTHING = auto()
    OURS = auto()  # the same bytes: an earlier attempt was cut short after it
    OTHER = auto()


@dataclass(slots=True)
class Companion:
    """One note or receipt on its way: written, then published."""

    path: str
    data: bytes
    temporary: str  # name, in the same directory
    fd: int | None = None  # of the temporary file, once written and not yet synced
    is_written: bool = False  # in part or whole, under its temporary name
    is_published: bool = False  # by this call


class Publisher:
    """Writes companions for one call; each step lets its OSError through, and `drop` clears up after one."""

    def __init__(self, directories: Directories) -> None:
        self._directories = directories
        self._calls = directories.calls

    def find(self, path: str, data: bytes) -> Found:
        """Return what has the path: nothing, just these bytes, or something else."""
        if self._directories.lstat(path) is None:
            return Found.NOTHING
        return Found.OURS if self.read(path, len(data)) == data else Found.OTHER

    def read(self, path: str, limit: int = COPY_MAX) -> bytes | None:
        """Return the bytes of an ordinary file of at most `limit`, else None."""
        parent, name = split(path)
        try:
            fd = self._calls.open_beneath(self._directories.open(parent), name, TO_READ)
        except OSError:
            return None
        try:
            found = self._calls.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
                return None
            data = self._calls.pread(fd, limit + 1, 0)
        except OSError:
            return None
        finally:
            self._calls.close(fd)
        return data if len(data) <= limit else None

    def write(self, companion: Companion) -> None:
        """Write a companion under its temporary name."""
        parent, _ = split(companion.path)
        parent_fd = self._directories.make(parent)
        companion.is_written = True
        try:
            fd = self._calls.create(companion.temporary, parent_fd)
        except FileExistsError:
            self._calls.unlink(companion.temporary, parent_fd)
            fd = self._calls.create(companion.temporary, parent_fd)
        companion.fd = fd
        self._directories.share_file(fd)
        rest = companion.data
        while rest:
            rest = rest[self._calls.write(fd, rest) :]
        self._calls.start_writing_back(fd)

    def sync(self, companion: Companion) -> None:
        """Bring what was written to the disk; an error here or at closing means that it is not there."""
        if companion.fd is not None:
            self._calls.fsync(companion.fd)
            fd, companion.fd = companion.fd, None
            self._calls.close(fd)

    def publish(self, companion: Companion) -> bool:
        """Give it its name; False when something else has the name, and then nothing of ours is left."""
        parent, name = split(companion.path)
        parent_fd = self._directories.open(parent)
        try:
            self._calls.rename(companion.temporary, parent_fd, name, parent_fd)
        except OSError as error:
            found = self.find(companion.path, companion.data)
            self.drop(companion)
            if found is Found.OURS:  # a network file system may report an error for a rename that was done
                self._directories.has_gained(parent)
                return True
            if error.errno == errno.EEXIST:
                return False
            raise
        self._directories.has_gained(parent)
        companion.is_written = False
        companion.is_published = True
        return True

    def replace(self, companion: Companion) -> None:
        """Give it its name in the place of one that is known to be ours."""
        parent, name = split(companion.path)
        parent_fd = self._directories.open(parent)
        self._calls.replace(companion.temporary, parent_fd, name, parent_fd)
        self._directories.has_gained(parent)
        companion.is_written = False

    def drop(self, companion: Companion) -> None:
        """Take back a companion, written or published, if it was this call that made it; raises nothing."""
        parent, name = split(companion.path)
        if companion.fd is not None:
            fd, companion.fd = companion.fd, None
            with suppress(OSError):
                self._calls.close(fd)
        if companion.is_written or companion.is_published:
            with suppress(OSError):
                self._calls.unlink(
                    companion.temporary if companion.is_written else name, self._directories.open(parent)
                )
            companion.is_written = companion.is_published = False

    def take_back(self, companion: Companion) -> None:
        """Remove what has its name if it is just this companion, by whichever call; raises nothing."""
        parent, name = split(companion.path)
        with suppress(OSError):
            if self.find(companion.path, companion.data) is Found.OURS:
                self._calls.unlink(name, self._directories.open(parent))
                self._directories.has_lost(parent)

    def clear(self, companion: Companion) -> None:
        """Remove a temporary file that an earlier attempt may have left; raises nothing."""
        parent, _ = split(companion.path)
        with suppress(OSError):
            self._calls.unlink(companion.temporary, self._directories.open(parent))


def temporary_name(mark: str) -> str:
    """Return the name under which a companion is written first: hidden, so nobody takes it for a drop."""
    return f"{TEMPORARY[0]}{mark}{TEMPORARY[1]}"


def encoded(text: str) -> bytes:
    """Return the bytes of a note; names that are not UTF-8 show a mark in their place."""
    return os.fsencode(text).decode("utf-8", "replace").encode()
