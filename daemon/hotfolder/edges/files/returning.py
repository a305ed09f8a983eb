"""Bringing filed originals back into the hot folder, as a person would drag them."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from hotfolder.edges.files.beneath import Directories, split


def bring_back(directories: Directories, moves: Sequence[tuple[str, str]]) -> list[str]:
    """
    Rename each original to where it was dropped, never onto anything, and sync once; return the new paths.

    What cannot be moved stays where it is. A crash leaves each file at one of its two places, or at both where the file
    system moves by links; the same call again goes on from there.
    """
    done = []
    for old, new in moves:
        try:
            is_back = _bring_back(directories, old, new)
        except OSError:
            is_back = False
        if is_back:
            done.append(new)
    directories.sync()
    return done


def _bring_back(directories: Directories, old: str, new: str) -> bool:
    found, taken = directories.lstat(old), directories.lstat(new)
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    old_parent, old_name = split(old)
    new_parent, new_name = split(new)
    if taken is not None:
        if not os.path.samestat(found, taken):
            return False
        # A move by link and unlink that a crash cut in two.
        directories.calls.unlink(old_name, directories.open(old_parent))
        directories.has_moved(old_parent, new_parent)
        return True
    new_fd = directories.make(new_parent)
    directories.has_moved(old_parent, new_parent)
    try:
        directories.calls.rename(old_name, directories.open(old_parent), new_name, new_fd)
    except OSError:
        # A network file system may report an error for a rename that was done.
        moved = directories.lstat(new)
        return moved is not None and moved.st_ino == found.st_ino and directories.lstat(old) is None
    return True
