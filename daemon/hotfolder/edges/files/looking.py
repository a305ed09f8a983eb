"""Looking: what is at a path now, and what the file itself tells of being complete."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager

from hotfolder.core.messages import LookItem, LookResult, LookStatus
from hotfolder.core.model import Evidence, Identity, Lease, Observation, Unsafe
from hotfolder.edges.files.beneath import Directories, split
from hotfolder.edges.files.probes import TO_READ, evidence
from hotfolder.edges.files.publish import Publisher
from hotfolder.edges.files.words import GONE, OF_THE_DISK, trouble
from hotfolder.ports import FolderError

_ROUNDS = 3  # a file swapped between the look and the opening is looked at again, but nobody may keep us at it


Touching = Callable[[str, Identity], AbstractContextManager[None]]
"""Marks a file, by its path inside the hot folder, while its content is looked into."""


class Looking:
    """One call of `Files.look`."""

    def __init__(
        self, directories: Directories, *, monotonic: Callable[[], float], user: int, touching: Touching
    ) -> None:
        self._directories = directories
        self._calls = directories.calls
        self._monotonic = monotonic
        self._user = user
        self._touching = touching
        self._publisher = Publisher(directories)

    def look(self, item: LookItem) -> LookResult:
        """Return what is at a path; raises FolderError for trouble that every other file would have too."""
        path = item.path
        try:
            return self._look(item)
        except OSError as error:
            if error.errno in OF_THE_DISK:
                raise FolderError(trouble(f"{self._directories.root}/{path}", error)) from error
            if error.errno in GONE:
                return LookResult(path, LookStatus.MISSING)
            if error.errno == errno.ELOOP:
                return LookResult(path, LookStatus.UNSAFE, unsafe=Unsafe.LINK)
            if error.errno == errno.EXDEV:
                return LookResult(path, LookStatus.UNSAFE, unsafe=Unsafe.OTHER_DEVICE)
            return LookResult(path, LookStatus.DENIED, reason=trouble(path, error))

    def _look(self, item: LookItem) -> LookResult:
        path = item.path
        parent, name = split(path)
        parent_fd = self._directories.open(parent)
        taken = None
        for _ in range(_ROUNDS):
            at_s = self._monotonic()
            found = self._calls.lstat(name, parent_fd)
            if stat.S_ISDIR(found.st_mode):
                return LookResult(path, LookStatus.MISSING)
            unsafe = self._unsafe(path, found)
            if unsafe is not None:
                return LookResult(path, LookStatus.UNSAFE, unsafe=unsafe)
            identity = Identity(
                device=found.st_dev, inode=found.st_ino, size_bytes=found.st_size, mtime_ns=found.st_mtime_ns
            )
            if not item.evidence_always and item.expect != identity:
                break
            with self._touching(path, identity):
                taken = self._evidence(name, parent_fd, found, formats=item.formats)
            if taken is not None:
                break
        seen = Observation(identity=identity, ctime_ns=found.st_ctime_ns, at_s=at_s, evidence=taken)
        return LookResult(path, LookStatus.PRESENT, seen, digest=self._digest(path) if item.digest else None)

    def _digest(self, path: str) -> str | None:
        data = self._publisher.read(path)
        return None if data is None else hashlib.sha256(data).hexdigest()

    def _unsafe(self, path: str, found: os.stat_result) -> Unsafe | None:
        if stat.S_ISLNK(found.st_mode):
            return Unsafe.LINK
        if not stat.S_ISREG(found.st_mode):
            return Unsafe.SPECIAL
        if found.st_dev != self._directories.device:
            return Unsafe.OTHER_DEVICE
        if found.st_nlink > 1:
            return Unsafe.HARD_LINKS
        if not path.isascii() and not _is_utf8(path):
            return Unsafe.UNDECODABLE
        return None

    def _evidence(self, name: str, parent_fd: int, found: os.stat_result, *, formats: bool) -> Evidence | None:
        """Return what the file tells, or None when the one opened is not the one found."""
        try:
            fd = self._open(name, parent_fd, found)
        except BlockingIOError:
            # Whoever has a lease on it (Samba for a client) has it open, and will only be asked to let go.
            return Evidence(lease=Lease.WRITER)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link or a socket now
                return None
            raise
        try:
            opened = self._calls.fstat(fd)
            if (
                opened.st_ino != found.st_ino
                or opened.st_size != found.st_size
                or opened.st_mtime_ns != found.st_mtime_ns
                or opened.st_dev != found.st_dev
                or opened.st_nlink != 1
                or not stat.S_ISREG(opened.st_mode)
            ):
                return None
            return evidence(
                self._calls,
                fd,
                opened.st_size,
                name=name,
                parent_fd=parent_fd,
                is_remote=self._directories.is_remote,
                formats=formats,
            )
        finally:
            self._calls.close(fd)

    def _open(self, name: str, parent_fd: int, found: os.stat_result) -> int:
        if found.st_uid == self._user:
            try:
                return self._calls.open_beneath(parent_fd, name, TO_READ | os.O_NOATIME)
            except PermissionError:
                pass  # not the owner where it counts (idmapped mounts), or really not readable: the next open tells
        return self._calls.open_beneath(parent_fd, name, TO_READ)


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
