"""
Thumbnails of filed originals: each is made once, by a child process with limits, and kept in memory.
"""

from __future__ import annotations

import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from hotfolder.core.model import Drop, Identity
from hotfolder.ports import ChangedError, FolderError, Reader

KEPT: Final = 2000  # of some 4 KB

LARGEST_BYTES: Final = 64 * 1024**2
"""Of an original that is read for it: larger ones have a sign instead."""

PATIENCE_S: Final = 15.0

ReadOriginal = Callable[[str, str, Identity], Reader]
"""Opens a file of a hot folder by its path inside, if it still is that version; raises as `Files.open_for_sending`."""

SIGN: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><path d="M12 5h16l9 9v29H12z" fill="none" '
    b'stroke="#8a939c" stroke-width="2"/><path d="M28 5v9h9" fill="none" stroke="#8a939c" stroke-width="2"/></svg>'
)


class Thumbs:
    """One thread uses it."""

    def __init__(self, read_original: ReadOriginal) -> None:
        self._read_original = read_original
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def of(self, drop: Drop) -> tuple[bytes, str]:
        """Return a picture and its media type: a sign where none can be made."""
        made = self._kept.get(drop.id)
        if made is None:
            made = self._kept[drop.id] = self._make(drop)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(drop.id)
        if made.startswith(b"\x89PNG"):
            return made, "image/png"
        return (made, "image/jpeg") if made else (SIGN, "image/svg+xml")

    def _make(self, drop: Drop) -> bytes:
        place = drop.path if drop.was_kept else drop.target_path
        if not place or drop.identity.size_bytes > LARGEST_BYTES:
            return b""
        try:
            reader = self._read_original(drop.folder, place, drop.identity)
        except (ChangedError, FolderError, KeyError):
            return b""
        try:
            data = b"".join(bytes(block) for block in reader.blocks())
        except (ChangedError, FolderError):
            return b""
        finally:
            reader.close()
        try:
            made = subprocess.run(  # our own program, and nothing of a name in its arguments
                [sys.executable, "-I", "-m", "hotfolder.status.site.thumbnailer"],
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE_S,
                check=False,
                env={},
            )
        except (OSError, subprocess.TimeoutExpired):
            return b""
        return made.stdout if made.returncode == 0 else b""
