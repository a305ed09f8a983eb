"""
What an open file and its file system tell of being complete, and of being welcome: writers, holes, the format.

Reads and never changes anything; judges nothing, the settle gate does.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from functools import partial
from typing import Final

from hotfolder.core.formats import finder, format_end, not_taken
from hotfolder.core.model import Evidence, FormatEnd, Lease
from hotfolder.edges.files.syscalls import Syscalls

TO_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
"""O_NONBLOCK: a FIFO put in a file's place, or a client's lease on it, must not hold us up."""


OVERLAY: Final = "overlay"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSystem:
    """What we need to know of the file system that a hot folder lies on."""

    name: str  # "ext4", "NFS", ...; a number where we have no name
    is_remote: bool  # others may write without this kernel noticing: no events, no leases

    @property
    def tells_changes(self) -> bool:
        """Whether every change gives an event here; what is written below an overlay gives none (RELIABILITY C4)."""
        return not self.is_remote and self.name != OVERLAY


# statfs(2) f_type, from linux/magic.h and the file systems' own sources.
_LOCAL: Final = {
    0xEF53: "ext4",
    0x58465342: "XFS",
    0x9123683E: "Btrfs",
    0x01021994: "tmpfs",
    0x858458F6: "ramfs",
    0x794C7630: OVERLAY,
    0x2FC12FC1: "ZFS",
    0xF2F52010: "F2FS",
    0xCA451A4E: "bcachefs",
    0x4D44: "FAT",
    0x2011BAB0: "exFAT",
    0x7366746E: "NTFS",
    0xF15F: "eCryptfs",
}
_REMOTE: Final = {
    0x6969: "NFS",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB",
    0x517B: "SMB",
    0x65735546: "FUSE",  # what lies behind may be another machine, and writes there give neither events nor leases
    0x00C36400: "Ceph",
    0x01021997: "9P",
    0x5346414F: "AFS",
    0x6B414653: "AFS",
    0x73757245: "Coda",
    0x786F4256: "VirtualBox shared folder",
    0xBACBACBC: "VMware shared folder",
    0x0BD00BD0: "Lustre",
    0x01161970: "GFS2",
    0x7461636F: "OCFS2",
    0x47504653: "GPFS",
    0x19830326: "BeeGFS",
    0x013111A8: "PanFS",
}


def file_system(calls: Syscalls, fd: int) -> FileSystem:
    """Return what an open directory lies on."""
    magic = calls.file_system_magic(fd)
    if magic in _REMOTE:
        return FileSystem(name=_REMOTE[magic], is_remote=True)
    return FileSystem(name=_LOCAL.get(magic, f"{magic:#x}"), is_remote=False)


def mount_point(path: str) -> str:
    """Return where the file system that a path lies on is mounted; bind mounts of one file system look like one."""
    here = os.path.realpath(path)
    while not os.path.ismount(here):
        here = os.path.dirname(here)
    return here


def is_unmounted(path: str, mounted_at: str, mounted_now: str) -> bool:
    """
    Return whether a file system that was mounted at a place above a path, or at it, is not there any more.

    Both places are as of `mount_point`; a path that does not lead through the earlier one any more says nothing.
    """
    here = os.path.realpath(path)
    leads_through = os.path.commonpath((here, mounted_at)) == mounted_at
    return leads_through and mounted_at != mounted_now and os.path.commonpath((mounted_at, mounted_now)) == mounted_now


def lease(calls: Syscalls, fd: int) -> Lease:
    """Return what a read lease tells of writers; it is given back at once. For local file systems only."""
    try:
        calls.try_read_lease(fd)
    except BlockingIOError:
        return Lease.WRITER
    except OSError:
        # EACCES: neither ours nor CAP_LEASE; EINVAL, ENOLCK: no leases on this file system.
        return Lease.UNTOLD
    return Lease.FREE


def has_trailing_hole(calls: Syscalls, fd: int, size_bytes: int) -> bool:
    """
    Return whether the last byte was never written: space reserved or a size set, and the copy not finished.

    A file system that knows no holes calls everything data, and so does one for bytes that are still in memory only.
    """
    if size_bytes == 0:
        return False
    try:
        calls.seek_data(fd, size_bytes - 1)
    except OSError as error:
        return error.errno == errno.ENXIO
    return False


def is_finder_busy(calls: Syscalls, fd: int, name: str, parent_fd: int) -> bool:
    """
    Return whether Finder marks a file as one that it still copies, in an attribute or in `._NAME` beside it.

    A mark that cannot be read is none: the file itself decides then.
    """
    try:
        names = finder.ATTRIBUTES.intersection(calls.attributes(fd))
        if any(finder.is_busy(calls.attribute(fd, attribute)) for attribute in names):
            return True
        beside = calls.open_beneath(parent_fd, finder.APPLE_DOUBLE_NAME + name, TO_READ)
    except OSError:
        return False
    try:
        return finder.is_busy(calls.pread(beside, finder.LONGEST, 0))
    except OSError:
        return False
    finally:
        calls.close(beside)


def evidence(
    calls: Syscalls, fd: int, size_bytes: int, *, name: str, parent_fd: int, is_remote: bool, formats: bool
) -> Evidence:
    """
    Return all that an open file, and what lies beside it, tell; raises OSError when it cannot be read.

    Without `formats` its end is not looked for; its head is all the same, for what the server does not take it never
    takes, whoever wrote it.
    """
    read_at = partial(_read_at, calls, fd)
    end, format_name = FormatEnd.UNTOLD, ""
    if formats:
        end, format_name = format_end(size_bytes, read_at)
    return Evidence(
        lease=Lease.UNTOLD if is_remote else lease(calls, fd),
        trailing_hole=has_trailing_hole(calls, fd, size_bytes),
        finder_busy=is_finder_busy(calls, fd, name, parent_fd),
        format_end=end,
        format_name=format_name,
        looked_at_format=formats,
        not_taken=not_taken(size_bytes, read_at),
    )


def _read_at(calls: Syscalls, fd: int, offset: int, length: int) -> bytes:
    return calls.pread(fd, length, offset)
