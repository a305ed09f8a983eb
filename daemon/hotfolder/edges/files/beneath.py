"""
Directories of one hot folder, opened beneath its root and kept open for one call.

A file is then named by a descriptor and a name without a slash, so nothing that happens to the path above it can lead
elsewhere. Also owns what has to be synced: every directory whose names were changed, once.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from hotfolder.core import file_troubles
from hotfolder.core.litter import WORKING
from hotfolder.core.model import Identity
from hotfolder.edges.files.syscalls import Syscalls
from hotfolder.edges.files.words import GONE, shown, why
from hotfolder.ports import FolderError

_KEPT_OPEN: Final = 64
"""Directories open at a time: a batch seldom comes from more, and it is far below the usual limit of 1,024."""

_TOGETHER: Final = 8
"""Directories synced at a time; each takes a thread, and a claim changes three or four."""

DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_KNOWN_KEPT: Final = 10_000
"""Directories remembered as being on the disk: some MB at most, and one that is forgotten costs one more sync."""

_CANNOT_SYNC: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
# Some network and FUSE file systems have no fsync for directories; nothing more can be done there.


def split(path: str) -> tuple[str, str]:
    """
    Return directory and name of a path inside the hot folder.

    Raises OSError for what is no such path: absolute, with "..", or empty.
    """
    parent, _, name = path.rpartition("/")
    if name in ("", ".", "..") or path[0] == "/" or "\0" in path:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
    return parent, name


def is_version(found: os.stat_result, identity: Identity, device: int) -> bool:
    """
    Return whether a file is the version that an identity describes.

    The device compared is the root's of today: numbers of network shares and of some local file systems are new after
    every mount, and the identity may be older.
    """
    return (
        found.st_ino == identity.inode
        and found.st_size == identity.size_bytes
        and found.st_mtime_ns == identity.mtime_ns
        and found.st_dev == device
        and stat.S_ISREG(found.st_mode)
    )


class Directories:
    """The open directories of one call. Not for several threads; closing is harmless twice and syncs nothing."""

    def __init__(
        self,
        calls: Syscalls,
        root: str,
        root_fd: int,
        root_stat: os.stat_result,
        *,
        is_remote: bool,
        kept: set[str] | None = None,
    ) -> None:
        """`kept`: directories whose own names this process has brought to the disk; more are added to it."""
        self.calls = calls
        self.is_remote = is_remote
        self.device = root_stat.st_dev
        self.root = root
        self._root_fd = root_fd
        self._group = root_stat.st_gid
        self._shared_mode = (stat.S_IMODE(root_stat.st_mode) & ~stat.S_ISUID) | stat.S_IRWXU
        self._open: dict[str, int] = {}  # by path, least recently used first
        self._gained: set[str] = set()  # to be synced: these have new names in them
        self._lost: set[str] = set()  # these have had names taken away
        self._kept = set[str]() if kept is None else kept
        self._used: set[str] = set()  # files go into these, so their own names have to be kept as well

    def open(self, path: str) -> int:
        """Return the descriptor of a directory, "" for the root; it stays open while two others are asked for."""
        fd = self._open.pop(path, None)
        if fd is None:
            if len(self._open) >= _KEPT_OPEN:
                self._let_go(next(iter(self._open)))
            fd = self.calls.open_beneath(self._root_fd, path or ".", DIRECTORY)
        self._open[path] = fd
        return fd

    def make(self, path: str) -> int:
        """
        Return the descriptor of a directory, made with its parents where it is missing.

        Below `_working` nobody but us may enter; elsewhere everybody may do what the hot folder itself lets them do,
        whatever our umask: dragging a file back out of `_failed` needs the right to change that directory.

        One that is there may have been made by a process that was killed before it synced its name, and then nobody
        else will: a power cut days later would take it away with everything in it.
        """
        try:
            fd = self.open(path)
        except OSError as error:
            if error.errno not in GONE or not path:
                raise
        else:
            if path and path not in self._kept:
                self.has_gained_with_parents(path.rpartition("/")[0])
                self._used.add(path)
            return fd
        parent, name = split(path)
        parent_fd = self.make(parent)
        try:
            self.calls.mkdir(name, parent_fd, stat.S_IRWXU if is_ours_alone(path) else self._shared_mode)
        except FileExistsError:
            return self.open(path)
        self._gained.add(parent)
        self._used.add(path)
        fd = self.open(path)
        if not is_ours_alone(path):
            # A crash before this leaves the rights that our umask allows: narrower, never wider.
            self.calls.set_rights(fd, self._shared_mode, self._group)
        return fd

    def share_file(self, fd: int) -> None:
        """Let everybody read and write a file we have made as they may read and change the hot folder itself."""
        self.calls.set_rights(fd, self._shared_mode & 0o666, self._group)

    def lstat(self, path: str) -> os.stat_result | None:
        """Return what has this path now, or None when nothing has."""
        parent, name = split(path)
        try:
            return self.calls.lstat(name, self.open(parent))
        except OSError as error:
            if error.errno in GONE:
                return None
            raise

    def has_moved(self, source_parent: str, target_parent: str) -> None:
        """Note that a name went from one directory to another, so that `sync` brings both to the disk."""
        self._gained.add(target_parent)
        self._lost.add(source_parent)

    def has_gained(self, path: str) -> None:
        """Note that a directory has a new name in it."""
        self._gained.add(path)

    def has_lost(self, path: str) -> None:
        """Note that a name was taken away from a directory."""
        self._lost.add(path)

    def has_gained_with_parents(self, path: str) -> None:
        """Note a directory and all above it: an earlier run made them, perhaps without living to sync them."""
        while path:
            self._gained.add(path)
            path = path.rpartition("/")[0]
        self._gained.add("")

    def sync(self) -> None:
        """
        Bring every changed directory to the disk.

        New names go before lost ones: after a power cut a file may be at two places, but never at none. A directory
        that has both comes after those that only gained, for what left it may have gone into one that is new in it.
        In which order those of one sort go makes no difference, so they go together.
        Raises FolderError: after a sync that failed nobody can tell what the disk holds, and a second one that
        succeeds proves nothing.
        """
        self._sync_all(sorted(self._gained - self._lost))
        for path in sorted(self._gained & self._lost):
            self._sync_all([path])
        self._sync_all(sorted(self._lost))
        if len(self._kept) > _KNOWN_KEPT:
            self._kept.clear()
        self._kept |= self._used

    def close(self) -> None:
        """Close all."""
        while self._open:
            self.calls.close(self._open.popitem()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _let_go(self, path: str) -> None:
        if path in self._gained and path not in self._lost:  # what was lost may not have been synced where it went
            self._sync_all([path])
        self.calls.close(self._open.pop(path))

    def _sync_all(self, paths: Sequence[str]) -> None:
        """Sync directories in any order; those that are done already, as they were let go or are in both sets, not."""
        for first in range(0, len(paths), _TOGETHER):
            opened: dict[str, int] = {}
            failed: dict[str, OSError] = {}
            for path in paths[first : first + _TOGETHER]:
                if path not in self._gained and path not in self._lost:
                    continue
                self._gained.discard(path)
                self._lost.discard(path)
                try:
                    opened[path] = self.open(path)
                except OSError as error:
                    failed[path] = error
            found = zip(opened, self.calls.fsync_each(list(opened.values())), strict=True)
            failed |= {path: error for path, error in found if error is not None}
            for path, trouble in failed.items():
                self._not_synced(path, trouble)

    def _not_synced(self, path: str, error: OSError) -> None:
        """Make the best of it, or raise."""
        if error.errno in _CANNOT_SYNC:
            return
        if error.errno in GONE:
            if path:  # removed, names and all: so it is this that the disk has to know
                parent = path.rpartition("/")[0]
                self._lost.add(parent)
                self._sync_all([parent])
            return
        where = f"{self.root}/{path}" if path else self.root
        raise FolderError(file_troubles.CANNOT_SYNC.format(path=shown(where), why=why(error))) from error


def is_ours_alone(path: str) -> bool:
    """Return whether a path lies in `_working`."""
    return path == WORKING or path.startswith(WORKING + "/")
