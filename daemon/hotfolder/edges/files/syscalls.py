"""
Every call by which hot folders are touched, in one object that `FolderFiles` is given.

Thin on purpose: each method is one system call, or the same one on several descriptors, and lets its OSError through,
so that a test can fail or stop the N-th of them. Knows nothing of drops. The two calls that Python lacks, openat2(2)
and renameat2(2), come through ctypes; where the kernel or the file system has none, the next best thing is done here
and named in the method.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Final

_OPENAT2: Final = 437  # the same number on every architecture that Debian has
_RESOLVE_NO_XDEV: Final = 0x01
_RESOLVE_NO_MAGICLINKS: Final = 0x02
_RESOLVE_NO_SYMLINKS: Final = 0x04
_RESOLVE_BENEATH: Final = 0x08
_RESOLVE: Final = _RESOLVE_NO_XDEV | _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_SYMLINKS | _RESOLVE_BENEATH

_RENAME_NOREPLACE: Final = 1
_AT_FDCWD: Final = -100
_SYNC_FILE_RANGE_WRITE: Final = 2

_NO_SUCH_CALL: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
# EINVAL: the file system knows no rename flags (NFS, older CIFS and FUSE).
_NO_LINKS_HERE: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
# EPERM: file system without hard links, or protected_hardlinks and a file of somebody else (link(2)).

_NO_ATTRIBUTES_HERE: Final = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM, errno.EACCES})

_STEP_FLAGS: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
_syscall: Final = _libc.syscall
_syscall.restype = ctypes.c_long
_syscall.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t]


def _lstat(name: str, dir_fd: int) -> os.stat_result:
    return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)


class _OpenHow(ctypes.Structure):
    """struct open_how (openat2(2))."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class Syscalls:
    """
    The real calls; safe for use by several threads.

    `openat2` and `renameat2` can be switched off to try what happens where the kernel or a file system lacks them.
    """

    def __init__(self, *, openat2: bool = True, renameat2: bool = True) -> None:
        self._hows: dict[int, _OpenHow] = {}
        self._has_renameat2 = renameat2 and hasattr(_libc, "renameat2")
        if self._has_renameat2:
            _libc.renameat2.argtypes = [
                ctypes.c_int,
                ctypes.c_char_p,
                ctypes.c_int,
                ctypes.c_char_p,
                ctypes.c_uint,
            ]
        self._has_openat2 = openat2 and self._try_openat2()

    # --- opening and looking ---

    def open_root(self, path: str) -> int:
        """Open a hot folder's root, links in its path allowed, as an anchor for all else."""
        return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def open_beneath(self, dir_fd: int, path: str, flags: int) -> int:
        """
        Open what lies beneath a directory, never through a link, a mount point or "..".

        ELOOP tells of a link, EXDEV of a mount point. Without openat2 each step is opened by itself, which cannot see
        a mount of the same file system.
        """
        if self._has_openat2:
            return self._openat2(dir_fd, path, flags)
        return self._open_step_by_step(dir_fd, path, flags)

    def create(self, name: str, dir_fd: int) -> int:
        """Make a file that was not there and open it for writing."""
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=dir_fd)

    def close(self, fd: int) -> None:
        """Close a descriptor."""
        os.close(fd)

    def lstat(self, name: str, dir_fd: int) -> os.stat_result:
        """Return what a name in a directory is, a link itself and not its target."""
        return _lstat(name, dir_fd)

    def fstat(self, fd: int) -> os.stat_result:
        """Return what is open."""
        return os.fstat(fd)

    def scandir(self, fd: int) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """List an open directory."""
        return os.scandir(fd)

    def check_writable(self, dir_fd: int) -> None:
        """Raise OSError, EROFS or EACCES, unless names may be made in an open directory."""
        if os.fstatvfs(dir_fd).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=dir_fd, effective_ids=True):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    # --- content ---

    def pread(self, fd: int, length: int, offset: int) -> bytes:
        """Read up to so many bytes."""
        return os.pread(fd, length, offset)

    def preadv(self, fd: int, buffer: memoryview, offset: int) -> int:
        """Read into a buffer and return how many bytes came."""
        return os.preadv(fd, (buffer,), offset)

    def attributes(self, fd: int) -> list[str]:
        """Return the names of an open file's extended attributes; none where the file system has no such thing."""
        try:
            return os.listxattr(fd)
        except OSError as error:
            if error.errno in _NO_ATTRIBUTES_HERE:
                return []
            raise

    def attribute(self, fd: int, name: str) -> bytes:
        """Return one extended attribute."""
        return os.getxattr(fd, name)

    def fadvise(self, fd: int, offset: int, length: int, advice: int) -> None:
        """Tell the kernel what we will do with a range."""
        os.posix_fadvise(fd, offset, length, advice)

    def write(self, fd: int, data: bytes) -> int:
        """Write and return how many bytes were taken."""
        return os.write(fd, data)

    def set_rights(self, fd: int, mode: int, group: int) -> None:
        """Set mode and group of something we have just made."""
        with suppress(OSError):  # a group we are not in, a file system without owners: the mode alone must do
            os.fchown(fd, -1, group)
        with suppress(OSError):
            os.fchmod(fd, mode)

    def start_writing_back(self, fd: int) -> None:
        """
        Set the disk to work on a file without waiting, so that the fsyncs of many cost half (sync_file_range(2)).

        An error is left to fsync, which reports it as well.
        """
        _libc.sync_file_range(fd, 0, 0, _SYNC_FILE_RANGE_WRITE)

    def fsync(self, fd: int) -> None:
        """Bring a file or a directory to the disk."""
        os.fsync(fd)

    def fsync_each(self, fds: Sequence[int]) -> list[OSError | None]:
        """
        Bring several to the disk in any order, and return what went wrong with each.

        At once, each but the first in a thread of its own: the disk then flushes its cache once, where three in a row
        wait for three flushes though the first one has brought everything along.
        """
        errors: list[OSError | None] = [OSError(errno.EIO, os.strerror(errno.EIO))] * len(fds)  # until it is done

        def sync(place: int) -> None:
            try:
                self.fsync(fds[place])
            except OSError as error:
                errors[place] = error
            else:
                errors[place] = None

        threads: list[threading.Thread] = []
        here = [0] if fds else []
        for place in range(1, len(fds)):
            thread = threading.Thread(target=sync, args=(place,), name="fsync", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # there may be no more threads
                here.append(place)
            else:
                threads.append(thread)
        for place in here:
            sync(place)
        for thread in threads:
            thread.join()
        return errors

    # --- names ---

    def rename(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        """
        Rename without ever replacing anything: FileExistsError when the target is there.

        Where renameat2 is missing: link and unlink, which a crash may leave half done with both names on one file; and
        where there are no links either, a look before a plain rename.
        """
        if not self._renameat2(source, source_fd, target, target_fd):
            self._link_and_unlink(source, source_fd, target, target_fd)

    def replace(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        """Rename in the place of a file that is known to be ours."""
        os.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)

    def take(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        """
        Rename into a directory in which nobody else makes names; FileExistsError when the target is there.

        Where renameat2 is missing: a look and a plain rename. There is nobody to take the target in between, while
        link and unlink could remove what somebody has just put in the place of the source.
        """
        if not self._renameat2(source, source_fd, target, target_fd):
            self._look_and_rename(source, source_fd, target, target_fd)

    def link(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        """Give a file, or a link itself, a second name; FileExistsError when something has it."""
        os.link(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)

    def unlink(self, name: str, dir_fd: int) -> None:
        """Remove a file's name."""
        os.unlink(name, dir_fd=dir_fd)

    def mkdir(self, name: str, dir_fd: int, mode: int) -> None:
        """Make a directory; the umask narrows the mode."""
        os.mkdir(name, mode, dir_fd=dir_fd)

    def rmdir(self, name: str, dir_fd: int) -> None:
        """Remove an empty directory."""
        os.rmdir(name, dir_fd=dir_fd)

    # --- what only the kernel knows ---

    def try_read_lease(self, fd: int) -> None:
        """
        Take a read lease and give it back: OSError EAGAIN when somebody has the file open for writing.

        While we have it, an open for writing elsewhere sends us a signal, SIGIO unless told otherwise, whose default
        action ends the process; SIGURG's is to be ignored, whatever the process set up.
        """
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    def seek_data(self, fd: int, offset: int) -> int:
        """Return where the next data begins: OSError ENXIO when there is none up to the end."""
        return os.lseek(fd, offset, os.SEEK_DATA)

    def file_system_magic(self, fd: int) -> int:
        """Return the number that names the file system (statfs(2) f_type)."""
        buffer = (ctypes.c_long * 32)()  # struct statfs has 120 bytes and begins with f_type, a long, on 64 bits
        if _libc.fstatfs(fd, ctypes.byref(buffer)) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return int(buffer[0]) & 0xFFFFFFFF

    # --- inside ---

    def _try_openat2(self) -> bool:
        try:
            os.close(self._openat2(_AT_FDCWD, ".", _STEP_FLAGS))
        except OSError as error:
            # EPERM: older container rules refuse the calls they do not know.
            return error.errno not in (errno.ENOSYS, errno.EPERM, errno.EINVAL)
        return True

    def _openat2(self, dir_fd: int, path: str, flags: int) -> int:
        how = self._hows.get(flags)
        if how is None:
            # Without O_NOFOLLOW, which would call a link at the end "not a directory"; resolving refuses it anyway.
            how = self._hows[flags] = _OpenHow(flags & ~os.O_NOFOLLOW, 0, _RESOLVE)
        name = os.fsencode(path)
        while True:
            fd: int = _syscall(_OPENAT2, dir_fd, name, ctypes.byref(how), 24)
            if fd >= 0:
                return fd
            number = ctypes.get_errno()
            if number != errno.EINTR:
                raise OSError(number, os.strerror(number), path)

    def _open_step_by_step(self, dir_fd: int, path: str, flags: int) -> int:
        steps = path.split("/")
        device = os.fstat(dir_fd).st_dev
        here = dir_fd
        try:
            for step in steps[:-1]:
                below = self._open_one(here, step, _STEP_FLAGS, device)
                if here != dir_fd:
                    os.close(here)
                here = below
            return self._open_one(here, steps[-1], flags | os.O_NOFOLLOW, device)
        finally:
            if here != dir_fd:
                os.close(here)

    def _open_one(self, dir_fd: int, name: str, flags: int, device: int) -> int:
        if name in ("", "..") or "\0" in name:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), name)
        try:
            fd = os.open(name, flags, dir_fd=dir_fd)
        except NotADirectoryError:
            # O_DIRECTORY on a link says so too; the difference matters to people.
            if stat.S_ISLNK(_lstat(name, dir_fd).st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name) from None
            raise
        if os.fstat(fd).st_dev != device:
            os.close(fd)
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), name)
        return fd

    def _renameat2(self, source: str, source_fd: int, target: str, target_fd: int) -> bool:
        """Rename without replacing; return False when kernel or file system cannot."""
        if not self._has_renameat2:
            return False
        if _libc.renameat2(source_fd, os.fsencode(source), target_fd, os.fsencode(target), _RENAME_NOREPLACE) == 0:
            return True
        number = ctypes.get_errno()
        if number in _NO_SUCH_CALL:
            return False
        raise OSError(number, os.strerror(number), source, None, target)

    def _link_and_unlink(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        """
        Give what the source is a second name, then take the first one away.

        Somebody may change either name in between. What he has put at the target is his and stays, and so does what
        he has put at the source.
        """
        moving = self.lstat(source, source_fd)
        try:
            self.link(source, source_fd, target, target_fd)
        except OSError as error:
            if error.errno not in _NO_LINKS_HERE:
                raise
            self._look_and_rename(source, source_fd, target, target_fd)
            return
        left, arrived = self._found(source, source_fd), self._found(target, target_fd)
        if left is None or arrived is None or not os.path.samestat(left, arrived):
            if arrived is not None and os.path.samestat(moving, arrived):
                return  # the first name was taken away or given to something else: no more than we meant to do
            number = errno.ENOENT if arrived is None else errno.EEXIST
            raise OSError(number, os.strerror(number), source, None, target)
        try:
            self.unlink(source, source_fd)
        except OSError:
            self.unlink(target, target_fd)
            raise

    def _look_and_rename(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        if self._found(target, target_fd) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), source, None, target)
        os.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)

    def _found(self, name: str, dir_fd: int) -> os.stat_result | None:
        try:
            return self.lstat(name, dir_fd)
        except FileNotFoundError:
            return None
