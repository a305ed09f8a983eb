"""What goes wrong with files, in words for people: an error number in, a sentence out."""

from __future__ import annotations

import errno
import os
from typing import Final

_WORDS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is mounted read-only",
    errno.EACCES: "hotfolder's user is not permitted to do that here",
    errno.EPERM: "hotfolder's user is not permitted to do that here",
    errno.EXDEV: "it is on another file system",
    errno.ELOOP: "there is a link in the way, and links are never followed",
    errno.ENOENT: "it is not there",
    errno.ENOTDIR: "something that is not a directory is in the way",
    errno.EEXIST: "something else has that name",
    errno.EISDIR: "a directory has that name",
    errno.ENAMETOOLONG: "the name or the path is too long",
    errno.EIO: "the disk reports an input/output error",
    errno.ESTALE: "the share has lost it (stale handle)",
    errno.ENOTCONN: "the share is not connected",
    errno.EHOSTDOWN: "the share's server does not answer",
    errno.ETIMEDOUT: "the share's server does not answer",
    errno.EMFILE: "hotfolder has too many files open (raise LimitNOFILE)",
    errno.ENFILE: "the machine has too many files open (raise fs.file-max)",
    errno.EBUSY: "it is in use",
    errno.EMLINK: "the directory has too many subdirectories",
}

OF_THE_DISK: Final = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.ENOTCONN,
        errno.EHOSTDOWN,
        errno.ETIMEDOUT,
        errno.EMFILE,
        errno.ENFILE,
    }
)
"""
Troubles of the disk, the share or the process, not of one file: the next file would have them too.

EIO and ESTALE are not among them: one bad block must not hold up the files beside it, and where the whole share is gone
the next look at its root tells.
"""

GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
"""Nothing has that path."""


def shown(path: str) -> str:
    """Return a path that can be printed and encoded, whatever bytes it has."""
    return os.fsencode(path).decode("utf-8", "replace")


def why(error: OSError) -> str:
    """Return the plain words of an error."""
    if error.errno is None:
        return str(error)
    return _WORDS.get(error.errno) or os.strerror(error.errno).lower()


def trouble(path: str, error: OSError) -> str:
    """Return "PATH: what is wrong"."""
    return f"{shown(path)}: {why(error)}"
