"""Walking a hot folder: every file in it, by names alone, as a stream."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Final

from hotfolder.core.litter import is_reserved, litter_directory_reason
from hotfolder.core.messages import Entry, EntryKind
from hotfolder.edges.files.beneath import DIRECTORY
from hotfolder.edges.files.syscalls import Syscalls
from hotfolder.edges.files.words import GONE, OF_THE_DISK, trouble, why
from hotfolder.ports import FolderError

CHUNK: Final = 1000
"""Entries handed over at a time (the promise of `Files.walk`)."""

_FILE: Final = EntryKind.FILE


class Walk:
    """One walk: directories are opened by their path beneath the root and closed before the next one is."""

    def __init__(self, calls: Syscalls, root: str, root_fd: int) -> None:
        self._calls = calls
        self._root = root
        self._root_fd = root_fd
        self._to_do: list[str] = []

    def chunks(self, below: str) -> Iterator[list[Entry]]:
        """Yield all files below a directory, "" for the root, in chunks of at most `CHUNK`."""
        steps = below.split("/") if below else []
        if steps and is_reserved(steps[0]):
            return
        for index, step in enumerate(steps):
            reason = litter_directory_reason(step)
            if reason is not None:
                yield [Entry("/".join(steps[: index + 1]), EntryKind.LITTER_DIRECTORY, reason)]
                return
        chunk: list[Entry] = []
        self._to_do.append(below)
        while self._to_do:
            for entry in self._list(self._to_do.pop()):
                chunk.append(entry)
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
        if chunk:
            yield chunk

    def _list(self, directory: str) -> Iterator[Entry]:
        """Yield what is in one directory and remember the directories in it."""
        try:
            fd = self._calls.open_beneath(self._root_fd, directory or ".", DIRECTORY)
        except OSError as error:
            yield from self._unreadable(directory, error)
            return
        try:
            with self._calls.scandir(fd) as found:
                yield from self._entries(directory, found)
        except OSError as error:
            yield from self._unreadable(directory, error)
        finally:
            self._calls.close(fd)

    def _entries(self, directory: str, found: Iterator[os.DirEntry[str]]) -> Iterator[Entry]:
        prefix = f"{directory}/" if directory else ""
        for item in found:
            name = item.name
            if item.is_file(follow_symlinks=False):
                if prefix or name[0] != "_" or not is_reserved(name):
                    yield Entry(prefix + name, _FILE)
            elif prefix or not is_reserved(name):
                if item.is_dir(follow_symlinks=False):
                    reason = litter_directory_reason(name)
                    if reason is None:
                        self._to_do.append(prefix + name)
                    else:
                        yield Entry(prefix + name, EntryKind.LITTER_DIRECTORY, reason)
                elif item.is_symlink():
                    yield Entry(prefix + name, EntryKind.OTHER, "a link")
                else:
                    yield Entry(prefix + name, EntryKind.OTHER, "not an ordinary file")

    def _unreadable(self, directory: str, error: OSError) -> Iterator[Entry]:
        if not directory or error.errno in OF_THE_DISK:
            raise FolderError(trouble(f"{self._root}/{directory}" if directory else self._root, error))
        if error.errno in GONE:
            return
        if error.errno == errno.ELOOP:
            yield Entry(directory, EntryKind.OTHER, "a link")
        elif error.errno == errno.EXDEV:
            yield Entry(directory, EntryKind.UNREADABLE_DIRECTORY, "another file system is mounted there")
        else:
            yield Entry(directory, EntryKind.UNREADABLE_DIRECTORY, why(error))
