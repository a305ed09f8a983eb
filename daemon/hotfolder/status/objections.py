"""
Whether a file that lies somewhere would be refused before it is sent, for whoever asks before it is dropped or settled.

Reads the same few bytes as the daemon does, and changes nothing.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hotfolder.core.formats import not_taken
from hotfolder.core.model import Unsafe
from hotfolder.core.preflight import objection
from hotfolder.core.wording import STILL_EMPTY, UNSAFE

_TO_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


def objection_of(path: Path, max_post_bytes: int | None) -> str | None:
    """
    Return why the file would be refused or left alone, in words for people, or None: also where it cannot be read.

    `max_post_bytes` is what the server takes in one POST, None where that is not known.
    """
    try:
        descriptor = os.open(path, _TO_READ)
    except (OSError, ValueError):
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_nlink > 1:
            return UNSAFE[Unsafe.HARD_LINKS]
        if found.st_size == 0:
            return STILL_EMPTY
        head = not_taken(found.st_size, lambda offset, length: os.pread(descriptor, length, offset))
        return objection(path.name, found.st_size, head, max_post_bytes)
    except OSError:
        return None
    finally:
        os.close(descriptor)
