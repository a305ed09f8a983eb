"""
One hot folder: the port `Files` over the real file system.

Each call opens the root by its path, makes sure that it still is the directory it was, and does everything beneath
that descriptor; nothing stays open between calls, so an administrator can unmount the share.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hotfolder.core import file_troubles
from hotfolder.core.companions import STATUS_MARK
from hotfolder.core.litter import STATUS_PAGE, WORKING
from hotfolder.core.messages import (
    ClaimItem,
    ClaimResult,
    Entry,
    FilingItem,
    FilingResult,
    LookItem,
    LookResult,
    Orphan,
)
from hotfolder.core.model import Identity
from hotfolder.edges.files.beneath import DIRECTORY, Directories, split
from hotfolder.edges.files.claim import Claiming
from hotfolder.edges.files.filing import Filing
from hotfolder.edges.files.looking import Looking, Touching
from hotfolder.edges.files.orphans import find_orphans
from hotfolder.edges.files.owner import Owner, Ownership
from hotfolder.edges.files.probes import TO_READ, FileSystem, file_system, is_unmounted, mount_point
from hotfolder.edges.files.publish import Companion, Found, Publisher, encoded, temporary_name
from hotfolder.edges.files.reading import ClaimedFile, cannot_read
from hotfolder.edges.files.returning import bring_back
from hotfolder.edges.files.syscalls import Syscalls
from hotfolder.edges.files.walk import Walk
from hotfolder.edges.files.words import GONE, of_path, shown, trouble, why
from hotfolder.ports import FolderError, Reader


def _boot_time() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _unmarked(path: str, identity: Identity) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Root:
    """The root as it was found."""

    device: int
    inode: int
    is_remote: bool
    mount_point: str  # of the file system it lies on
    kept: set[str] = field(default_factory=set)  # directories in it that are known to be on the disk


class FolderFiles:
    """
    The files of one hot folder (`ports.Files`).

    Making it touches nothing. The root found by the first call is the root from then on: another directory or another
    file system in its place is a FolderError for every call, until `check` has accepted the new one.
    """

    def __init__(
        self,
        root: Path,
        *,
        monotonic: Callable[[], float] = _boot_time,
        calls: Syscalls | None = None,
        touching: Touching | None = None,
        owner: Owner | None = None,
    ) -> None:
        self._root = str(root)
        self._monotonic = monotonic
        self._calls = calls or Syscalls()
        self._touching: Touching = touching or _unmarked
        self._ownership = None if owner is None else Ownership(owner, monotonic)
        self._user = os.geteuid()
        self._root_known: _Root | None = None

    def lies_on(self) -> FileSystem:
        """Return the file system that the root lies on."""
        with self._directories() as directories:
            try:
                return file_system(self._calls, directories.open(""))
            except OSError as error:
                raise FolderError(trouble(self._root, error)) from error

    # --- the port ---

    def check(self, *, has_claimed: bool = False, mount_point: str = "") -> str:
        """
        Raise FolderError unless the root is there, is a directory, and may be read and written.

        A root that is another one than before is accepted from here on, but not what an unmounted share leaves at the
        path of its mount point: all its files would seem to have been taken away, and what people drop on the share
        would never be seen. Only a `_working` in it says that it is meant. Nor one without `_working` while claimed
        files must lie there.
        """
        known = self._root_known
        mounted_at = mount_point or (known.mount_point if known is not None else "")
        with self._open_root() as fd:
            now, _ = self._survey(fd)
            self._check_rights(fd)
            has_working = self._has_working(fd)
        if mounted_at and not has_working and is_unmounted(self._root, mounted_at, now.mount_point):
            missing = file_troubles.NOT_MOUNTED.format(place=shown(mounted_at))
            raise FolderError(of_path(self._root, missing))
        if has_claimed and not has_working:
            raise FolderError(of_path(self._root, file_troubles.NO_WORKING))
        self._root_known = now
        if self._ownership is not None:
            with self._directories() as directories:
                self._ownership.check(directories)
        return now.mount_point

    def orphans(self, known: Collection[str]) -> list[Orphan]:
        """Return the files in `_working` that belong to none of these jobs (`Files.orphans`)."""
        with self._directories() as directories:
            try:
                return find_orphans(directories, known)
            except OSError as error:
                if error.errno in GONE:
                    return []
                raise FolderError(trouble(f"{self._root}/{WORKING}", error)) from error

    def walk(self, below: str = "") -> Iterator[Sequence[Entry]]:
        """Yield all files below a directory in chunks (`Files.walk`)."""
        with self._known_root() as (root_fd, _, _):
            yield from Walk(self._calls, self._root, root_fd).chunks(below)

    def look(self, items: Sequence[LookItem]) -> list[LookResult]:
        """Return what is at each path now, in the order asked."""
        with self._directories() as directories:
            looking = Looking(directories, monotonic=self._monotonic, user=self._user, touching=self._touching)
            return [looking.look(item) for item in items]

    def claim(self, items: Sequence[ClaimItem]) -> list[ClaimResult]:
        """Rename each file into `_working` (`Files.claim`)."""
        with self._directories() as directories:
            return Claiming(directories, self._ownership).claim(items)

    def open_for_sending(self, work_path: str, identity: Identity) -> Reader:
        """Open a claimed file; any thread may call this."""
        with self._known_root() as (root_fd, root, known):
            try:
                split(work_path)
                fd = self._open_file(root_fd, work_path)
            except OSError as error:
                raise cannot_read(work_path, error, is_remote=known.is_remote) from error
            return ClaimedFile(self._calls, fd, work_path, identity, device=root.st_dev, is_remote=known.is_remote)

    def file_away(self, items: Sequence[FilingItem]) -> list[FilingResult]:
        """Publish notes and receipts, then bring each original to its end (`Files.file_away`)."""
        with self._directories() as directories:
            return Filing(directories).file_away(items)

    def bring_back(self, moves: Sequence[tuple[str, str]]) -> list[str]:
        """Rename filed originals back to where they were dropped (`Files.bring_back`)."""
        with self._directories() as directories:
            return bring_back(directories, moves)

    def remove_copies(self, copies: Mapping[str, str]) -> None:
        """Remove our own notes and receipts, path to SHA-256; one with other bytes is somebody's and stays."""
        with self._directories() as directories:
            publisher = Publisher(directories)
            for path, digest in copies.items():
                with suppress(OSError):
                    data = publisher.read(path)
                    if data is not None and hashlib.sha256(data).hexdigest() == digest:
                        parent, name = split(path)
                        self._calls.unlink(name, directories.open(parent))

    def leave_note(self, path: str, text: str) -> None:
        """Publish a note if nothing has its name yet; one that cannot be written is not worth stopping for."""
        data = encoded(text)
        mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        note = Companion(path, data, temporary_name(mark))
        with self._directories() as directories:
            publisher = Publisher(directories)
            try:
                if publisher.find(path, data) is Found.NOTHING:
                    publisher.write(note)
                    publisher.sync(note)
                    publisher.publish(note)
            except OSError:
                publisher.drop(note)
            directories.sync()

    def write_status(self, text: str) -> None:
        """
        Have the status file say this; trouble with it is not worth stopping for.

        Whoever gives something else its very name in the moment between look and rename loses that: the name is
        reserved, and there is no rename that replaces this file and no other.
        """
        data = encoded(text)
        sheet = Companion(STATUS_PAGE, data, temporary_name("status"))
        with self._directories() as directories, suppress(OSError):
            publisher = Publisher(directories)
            before = publisher.read(STATUS_PAGE)
            if before is None and directories.lstat(STATUS_PAGE) is not None:
                return
            if before == data or (before is not None and not before.startswith(STATUS_MARK.encode())):
                return
            try:
                publisher.write(sheet)
                publisher.sync(sheet)
                publisher.replace(sheet)
            finally:
                publisher.drop(sheet)
            directories.sync()

    def tidy(self) -> None:
        """Remove empty directories that claiming left in `_working`; those in use stay."""
        with self._directories() as directories, suppress(OSError):
            self._remove_empty(directories, WORKING)

    # --- inside ---

    def _open_file(self, root_fd: int, path: str) -> int:
        try:
            return self._calls.open_beneath(root_fd, path, TO_READ | os.O_NOATIME)
        except PermissionError:  # not the owner, who alone may ask for that
            return self._calls.open_beneath(root_fd, path, TO_READ)

    def _remove_empty(self, directories: Directories, path: str) -> None:
        fd = self._calls.open_beneath(directories.open(""), path, DIRECTORY)
        try:
            with self._calls.scandir(fd) as found:
                names = [item.name for item in found if item.is_dir(follow_symlinks=False)]
            for name in names:
                with suppress(OSError):
                    self._remove_empty(directories, f"{path}/{name}")
                    self._calls.rmdir(name, fd)
        finally:
            self._calls.close(fd)

    def _has_working(self, root_fd: int) -> bool:
        try:
            return stat.S_ISDIR(self._calls.lstat(WORKING, root_fd).st_mode)
        except OSError:
            return False

    def _check_rights(self, root_fd: int) -> None:
        try:
            fd = self._calls.open_beneath(root_fd, ".", DIRECTORY)
            try:
                with self._calls.scandir(fd) as names:
                    next(names, None)
                self._calls.check_writable(fd)
            finally:
                self._calls.close(fd)
        except OSError as error:
            raise FolderError(file_troubles.CANNOT_USE.format(path=shown(self._root), why=why(error))) from error

    @contextmanager
    def _directories(self) -> Iterator[Directories]:
        with (
            self._known_root() as (root_fd, root, known),
            Directories(
                self._calls, self._root, root_fd, root, is_remote=known.is_remote, kept=known.kept
            ) as directories,
        ):
            yield directories

    @contextmanager
    def _known_root(self) -> Iterator[tuple[int, os.stat_result, _Root]]:
        """Open the root and compare it with the one we know; raise FolderError if it is not that."""
        with self._open_root() as fd:
            now, found = self._survey(fd)
            known = self._root_known
            if known is None:
                known = self._root_known = now
            if (now.device, now.inode) != (known.device, known.inode):
                raise FolderError(file_troubles.ANOTHER_ROOT.format(path=shown(self._root)))
            yield fd, found, known

    @contextmanager
    def _open_root(self) -> Iterator[int]:
        try:
            fd = self._calls.open_root(self._root)
        except OSError as error:
            missing = file_troubles.NOT_THERE if error.errno in GONE else why(error)
            raise FolderError(of_path(self._root, missing)) from error
        try:
            yield fd
        finally:
            self._calls.close(fd)

    def _survey(self, fd: int) -> tuple[_Root, os.stat_result]:
        """Return what the open root is; what takes longer to find out is not asked again of a root we know."""
        known = self._root_known
        try:
            found = self._calls.fstat(fd)
            if known is not None and (found.st_dev, found.st_ino) == (known.device, known.inode):
                return known, found
            root = _Root(
                device=found.st_dev,
                inode=found.st_ino,
                is_remote=file_system(self._calls, fd).is_remote,
                mount_point=mount_point(self._root),
            )
        except OSError as error:
            raise FolderError(trouble(self._root, error)) from error
        return root, found
