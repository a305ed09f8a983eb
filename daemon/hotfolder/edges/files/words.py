"""What goes wrong with files, in words for people: an error number in, a sentence out."""

from __future__ import annotations

import errno
import os
from typing import Final

from hotfolder.core.file_troubles import BY_NUMBER, OF_PATH

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
    return BY_NUMBER.get(error.errno) or os.strerror(error.errno).lower()


def of_path(path: str, what: str) -> str:
    """Return "PATH: what is wrong"."""
    return OF_PATH.format(path=shown(path), why=what)


def trouble(path: str, error: OSError) -> str:
    """Return "PATH: the plain words of an error"."""
    return of_path(path, why(error))
