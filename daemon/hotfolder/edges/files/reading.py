"""Reading a claimed file for sending: one descriptor, checked when it is opened and whenever asked."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from hotfolder.core import file_troubles
from hotfolder.core.model import Identity
from hotfolder.edges.files.beneath import is_version
from hotfolder.edges.files.syscalls import Syscalls
from hotfolder.edges.files.words import OF_THE_DISK, of_path, shown, trouble
from hotfolder.ports import ChangedError, FolderError

BLOCK: Final = 1 << 20
"""Bytes read at a time: bigger blocks were not faster (DEPENDENCIES, uploading), and a descriptor's worth of memory."""

_HUGE: Final = 64 << 20
"""From this size on what was sent is dropped from the page cache, so that a film does not push out everything else."""

_BEHIND: Final = 8 << 20  # drop that often: rarely enough to cost nothing


def cannot_read(path: str, error: OSError, *, is_remote: bool) -> ChangedError | FolderError:
    """
    Return what to raise when a claimed file cannot be read.

    A share that is going away shows as EIO or ESTALE: that is the folder's trouble, and the file is as good as before.
    A disk with a bad block says EIO too: that is this file's, and the others can be sent.
    """
    if error.errno in OF_THE_DISK or (is_remote and error.errno in (errno.EIO, errno.ESTALE)):
        return FolderError(trouble(path, error))
    return ChangedError(trouble(path, error))


class ClaimedFile:
    """An open claimed file (`ports.Reader`); closing twice is harmless."""

    def __init__(
        self, calls: Syscalls, fd: int, path: str, identity: Identity, *, device: int, is_remote: bool
    ) -> None:
        """Take over a descriptor; raise ChangedError, with the descriptor closed, if it is not that version."""
        self.size_bytes: int = identity.size_bytes
        self._calls = calls
        self._fd: int | None = fd
        self._path = path
        self._identity = identity
        self._device = device
        self._is_remote = is_remote
        try:
            found = calls.fstat(fd)
        except OSError as error:
            self.close()
            raise cannot_read(path, error, is_remote=is_remote) from error
        if not is_version(found, identity, device) or found.st_nlink != 1:
            self.close()
            raise ChangedError(of_path(path, file_troubles.CHANGED_SINCE_TAKEN))

    def blocks(self) -> Iterator[memoryview]:
        """
        Yield the content from its beginning in blocks of up to 1 MiB, never more than `size_bytes` in all.

        A view is valid until the next but one is asked for. Less than `size_bytes` comes when the file has been cut;
        the caller counts. Raises what `cannot_read` says when it cannot be read.
        """
        fd = self._open_fd()
        size = self.size_bytes
        if size == 0:
            return
        if size > BLOCK:
            self._advise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        buffer: memoryview | None = None
        spare: memoryview | None = None
        sent = dropped = 0
        while sent < size:
            buffer, spare = spare or memoryview(bytearray(min(size, BLOCK))), buffer
            try:
                length = self._calls.preadv(fd, buffer[: size - sent], sent)
            except OSError as error:
                raise cannot_read(self._path, error, is_remote=self._is_remote) from error
            if length == 0:
                return
            sent += length
            yield buffer[:length]
            if size >= _HUGE and sent - dropped >= _BEHIND:
                self._advise(fd, dropped, sent - dropped, os.POSIX_FADV_DONTNEED)
                dropped = sent

    def check_unchanged(self) -> bool:
        """Return whether size, mtime and inode are still those of the opening, which were those of the identity."""
        try:
            found = self._calls.fstat(self._open_fd())
        except OSError:
            return False
        return is_version(found, self._identity, self._device)

    def close(self) -> None:
        """Close the descriptor; a second call is harmless."""
        fd, self._fd = self._fd, None
        if fd is not None:
            self._calls.close(fd)

    def _open_fd(self) -> int:
        if self._fd is None:
            raise ValueError(f"{shown(self._path)} is closed")
        return self._fd

    def _advise(self, fd: int, offset: int, length: int, advice: int) -> None:
        with suppress(OSError):  # advice only
            self._calls.fadvise(fd, offset, length, advice)
