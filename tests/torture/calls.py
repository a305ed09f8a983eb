"""
The daemon's system calls on the disk in memory: what `FolderFiles` is given in a simulation.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from hotfolder.edges.files import Syscalls
from tests.torture.disk import Disk, Node
from tests.torture.moments import Moments

EXT4 = 0xEF53


class _Listed:
    """What scandir tells of a name; fits `os.DirEntry` as far as it is used."""

    def __init__(self, name: str, node: Node) -> None:
        self.name = name
        self._kind = node.kind

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._kind == stat.S_IFREG

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._kind == stat.S_IFDIR

    def is_symlink(self) -> bool:
        return self._kind == stat.S_IFLNK


def refusal(number: int, what: str = "") -> OSError:
    """Return the OSError of a number."""
    return OSError(number, os.strerror(number), what)


class DiskCalls(Syscalls):
    """One process's calls; every one that changes something is a moment, just before it is done."""

    def __init__(self, disk: Disk, moments: Moments) -> None:
        self._disk = disk
        self._moments = moments
        self._fds: dict[int, Node] = {}
        self._next_fd = itertools.count(3)
        self._rounds = itertools.count()

    def tick(self, what: str) -> None:
        """Come to a moment; a bench of failing calls has more to do here."""
        self._moments.tick(what)

    def read(self, what: str) -> None:
        """A call that changes nothing is about to be made: no moment, but it may fail."""

    # --- opening and looking ---

    def open_root(self, path: str) -> int:
        self.read("open the root")
        root = self._disk.roots.get(path)
        if root is None:
            raise refusal(errno.ENOENT, path)
        return self._opened(root)

    def open_beneath(self, dir_fd: int, path: str, flags: int) -> int:
        self.read(f"open {path}")
        node = self._fds[dir_fd]
        for step in path.split("/"):
            if step == ".":
                continue
            if step in ("", ".."):
                raise refusal(errno.EXDEV, path)
            if not node.is_directory:
                raise refusal(errno.ENOTDIR, path)
            if step not in node.names:
                raise refusal(errno.ENOENT, path)
            node = self.resolved(node.names[step], path)
        if flags & os.O_DIRECTORY and not node.is_directory:
            raise refusal(errno.ENOTDIR, path)
        return self._opened(node)

    def resolved(self, node: Node, path: str) -> Node:
        """Return what a name stands for: links are never followed."""
        if node.kind == stat.S_IFLNK:
            raise refusal(errno.ELOOP, path)
        return node

    def _opened(self, node: Node) -> int:
        fd = next(self._next_fd)
        self._fds[fd] = node
        return fd

    def create(self, name: str, dir_fd: int) -> int:
        self.tick(f"create {name}")
        directory = self._fds[dir_fd]
        if name in directory.names:
            raise refusal(errno.EEXIST, name)
        node = self._disk.make(stat.S_IFREG)
        self._disk.add_name(directory, name, node)
        return self._opened(node)

    def close(self, fd: int) -> None:
        del self._fds[fd]

    def lstat(self, name: str, dir_fd: int) -> os.stat_result:
        self.read(f"lstat {name}")
        return self._named(dir_fd, name).stat()

    def fstat(self, fd: int) -> os.stat_result:
        self.read("fstat")
        return self._fds[fd].stat()

    def scandir(self, fd: int) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        self.read("scandir")
        listed = iter([_Listed(name, node) for name, node in self._fds[fd].names.items()])
        return nullcontext(cast("Iterator[os.DirEntry[str]]", listed))

    def check_writable(self, dir_fd: int) -> None:
        self.read("check_writable")

    # --- content ---

    def pread(self, fd: int, length: int, offset: int) -> bytes:
        self.read("pread")
        return self._fds[fd].content[offset : offset + length]

    def preadv(self, fd: int, buffer: memoryview, offset: int) -> int:
        self.read("preadv")
        part = self._fds[fd].content[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def fadvise(self, fd: int, offset: int, length: int, advice: int) -> None:
        """Nothing is cached here."""

    def write(self, fd: int, data: bytes) -> int:
        self.tick("write")
        node = self._fds[fd]
        node.content += data
        self._disk.touch(node)
        return len(data)

    def set_rights(self, fd: int, mode: int, group: int) -> None:
        self._fds[fd].mode = mode

    def start_writing_back(self, fd: int) -> None:
        """A hint; the disk keeps nothing for it."""

    def fsync(self, fd: int) -> None:
        node = self._fds[fd]
        self.tick(f"fsync of a {'directory' if node.is_directory else 'file'}")
        self._disk.sync(node)

    def fsync_each(self, fds: Sequence[int]) -> list[OSError | None]:
        """One after the other, in this order or the other one: who asks for several must be content with any."""
        found: dict[int, OSError | None] = {}
        for fd in fds if next(self._rounds) % 2 else reversed(fds):
            try:
                self.fsync(fd)
            except OSError as error:
                found[fd] = error
            else:
                found[fd] = None
        return [found[fd] for fd in fds]

    # --- names ---

    def rename(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        self.tick(f"rename {source} to {target}")
        self._named(source_fd, source)
        directory = self._fds[target_fd]
        if target in directory.names:
            raise refusal(errno.EEXIST, target)
        self._disk.rename(self._fds[source_fd], source, directory, target)

    take = rename

    def unlink(self, name: str, dir_fd: int) -> None:
        self.tick(f"unlink {name}")
        if self._named(dir_fd, name).is_directory:
            raise refusal(errno.EISDIR, name)
        self._disk.remove_name(self._fds[dir_fd], name)

    def mkdir(self, name: str, dir_fd: int, mode: int) -> None:
        self.tick(f"mkdir {name}")
        directory = self._fds[dir_fd]
        if name in directory.names:
            raise refusal(errno.EEXIST, name)
        self._disk.add_name(directory, name, self._disk.make(stat.S_IFDIR, mode))

    def rmdir(self, name: str, dir_fd: int) -> None:
        self.tick(f"rmdir {name}")
        node = self._named(dir_fd, name)
        if not node.is_directory:
            raise refusal(errno.ENOTDIR, name)
        if node.names:
            raise refusal(errno.ENOTEMPTY, name)
        self._disk.remove_name(self._fds[dir_fd], name)

    # --- what only the kernel knows ---

    def try_read_lease(self, fd: int) -> None:
        if self._fds[fd].writers:
            raise refusal(errno.EAGAIN)

    def seek_data(self, fd: int, offset: int) -> int:
        return offset

    def file_system_magic(self, fd: int) -> int:
        return EXT4

    def _named(self, dir_fd: int, name: str) -> Node:
        directory = self._fds[dir_fd]
        if name not in directory.names:
            raise refusal(errno.ENOENT, name)
        return directory.names[name]
