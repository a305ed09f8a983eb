"""
Files in `_working` that no job we know of has put there: the ledger was lost, or an older copy of it came back.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterator

from hotfolder.core.litter import WORKING
from hotfolder.core.messages import Orphan
from hotfolder.core.model import Identity
from hotfolder.core.naming import is_job_name
from hotfolder.edges.files.beneath import DIRECTORY, Directories, split
from hotfolder.edges.files.words import GONE


def find_orphans(directories: Directories, known: Collection[str]) -> list[Orphan]:
    """
    Return the ordinary files in directories of jobs other than these; what else lies there a person has put there.

    Raises OSError when `_working` cannot be read, of kind `GONE` when there is none.
    """
    return list(_below(directories, WORKING, known))


def _below(directories: Directories, path: str, known: Collection[str]) -> Iterator[Orphan]:
    calls = directories.calls
    fd = calls.open_beneath(directories.open(""), path, DIRECTORY)
    try:
        with calls.scandir(fd) as found:
            names = sorted(item.name for item in found if not item.name.startswith(".hotfolder-"))
    finally:
        calls.close(fd)
    for name in names:
        below = f"{path}/{name}"
        if path == WORKING and (name in known or not is_job_name(name)):
            continue
        try:
            yield from _at(directories, below, known)
        except OSError as error:
            if error.errno not in GONE:
                raise


def _at(directories: Directories, path: str, known: Collection[str]) -> Iterator[Orphan]:
    parent, name = split(path)
    found = directories.calls.lstat(name, directories.open(parent))
    if stat.S_ISDIR(found.st_mode):
        yield from _below(directories, path, known)
    elif stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_dev == directories.device:
        yield Orphan(path, Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))
