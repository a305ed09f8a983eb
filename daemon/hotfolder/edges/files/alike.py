"""
Names that are one to people and to other systems: Macs and Windows see no case, and Macs no Unicode form.

Two such files in one directory could be seen through the share, but only one of them opened or dragged back.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from hotfolder.edges.files.beneath import Directories, split
from hotfolder.edges.files.words import GONE

_NAMES_MAX: Final = 5000
"""
Names of a directory that are compared; of a bigger one only names that are equal count as taken.

Nobody looks for a file by eye there, and reading all names for every group of filings would cost more than filing.
"""


class AlikeNames:
    """What is in the directories that one call files into; each is read once."""

    def __init__(self, directories: Directories) -> None:
        self._directories = directories
        self._names: dict[str, dict[str, str]] = {}  # by directory: folded name to name

    def taken(self, path: str) -> str | None:
        """Return another name in the directory that a path would be confused with, else None."""
        parent, name = split(path)
        other = self._in(parent).get(_folded(name))
        return None if other == name else other

    def add(self, path: str) -> None:
        """Note a name that this call is about to make."""
        parent, name = split(path)
        self._in(parent)[_folded(name)] = name

    def _in(self, directory: str) -> dict[str, str]:
        names = self._names.get(directory)
        if names is None:
            names = self._names[directory] = self._read(directory)
        return names

    def _read(self, directory: str) -> dict[str, str]:
        try:
            fd = self._directories.open(directory)
        except OSError as error:
            if error.errno in GONE:
                return {}
            raise
        names: dict[str, str] = {}
        with self._directories.calls.scandir(fd) as found:
            for item in found:
                names[_folded(item.name)] = item.name
                if len(names) > _NAMES_MAX:
                    return {}
        return names


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
