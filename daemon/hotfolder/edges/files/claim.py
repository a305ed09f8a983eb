"""
Claiming: files are renamed into `_working`, out of their droppers' reach.

Owns the order of renames, checks and syncs, and what a half-done claim looks like (RELIABILITY 3.4, L3 to L6): a crash
anywhere leaves each file whole at one of its two places, and the same claim again goes on from there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from typing import Final

from hotfolder.core import file_troubles
from hotfolder.core.litter import WORKING
from hotfolder.core.messages import ClaimItem, ClaimResult, ClaimStatus
from hotfolder.core.model import Lease
from hotfolder.edges.files.beneath import Directories, is_version, split
from hotfolder.edges.files.owner import Ownership
from hotfolder.edges.files.probes import TO_READ, lease
from hotfolder.edges.files.words import GONE, OF_THE_DISK, of_path, shown, trouble, why
from hotfolder.ports import FolderError

_FOR_US_ALONE: Final = stat.S_IRWXU


class Claiming:
    """One call of `Files.claim`."""

    def __init__(self, directories: Directories, ownership: Ownership | None = None) -> None:
        """Without ownership nothing is marked, and what somebody else has marked is not seen."""
        self._ownership = ownership
        self._directories = directories
        self._calls = directories.calls
        self._device = directories.device

    def claim(self, items: Sequence[ClaimItem]) -> list[ClaimResult]:
        """Claim each and sync once; raises FolderError for trouble that every other file would have too."""
        self._close_working()
        if self._ownership is not None:
            self._ownership.take(self._directories)
        results = [self._claim_one(item) for item in items]
        self._directories.sync()
        return results

    def _close_working(self) -> None:
        """Make `_working`, or see to it that nobody else gets into the one that somebody made."""
        try:
            fd = self._directories.make(WORKING)
            found = self._calls.fstat(fd)
        except OSError as error:
            place = f"{self._directories.root}/{WORKING}"
            raise FolderError(file_troubles.CANNOT_USE.format(path=shown(place), why=why(error))) from error
        if stat.S_IMODE(found.st_mode) != _FOR_US_ALONE:
            self._calls.set_rights(fd, _FOR_US_ALONE, found.st_gid)

    def _claim_one(self, item: ClaimItem) -> ClaimResult:
        try:
            status, reason = self._move_in(item)
        except OSError as error:
            if error.errno in OF_THE_DISK:
                raise FolderError(trouble(f"{self._directories.root}/{item.path}", error)) from error
            status, reason = ClaimStatus.FAILED, trouble(item.path, error)
        return ClaimResult(item.drop, status, reason)

    def _move_in(self, item: ClaimItem) -> tuple[ClaimStatus, str]:
        source_parent, source = split(item.path)
        work_parent, work = split(item.work_path)
        found = self._found(item.path)
        if found is None or not is_version(found, item.identity, self._device):
            return self._look_in_working(item, ClaimStatus.MISSING if found is None else ClaimStatus.CHANGED)
        if found.st_nlink != 1:
            return self._end_half_done_move(item)
        work_fd = self._directories.make(work_parent)
        source_fd = self._directories.open(source_parent)
        try:
            self._calls.take(source, source_fd, work, work_fd)
        except OSError as error:
            return self._look_at_both(item, error)
        self._directories.has_moved(source_parent, work_parent)
        # A crash here leaves the file in `_working`; the next claim finds it there and checks it again.
        return self._check_again(item, work_fd)

    def _found(self, path: str) -> os.stat_result | None:
        """Return what has this path; what a link in the way leads to is not in the hot folder."""
        try:
            return self._directories.lstat(path)
        except OSError as error:
            if error.errno == errno.ELOOP:
                return None
            raise

    def _look_at_both(self, item: ClaimItem, error: OSError) -> tuple[ClaimStatus, str]:
        """After a rename that reported an error, which a network file system may do for one that was done."""
        found = self._found(item.path)
        if found is not None and is_version(found, item.identity, self._device):
            if error.errno == errno.EEXIST:
                return ClaimStatus.FAILED, trouble(item.work_path, error)
            raise error
        return self._look_in_working(item, ClaimStatus.MISSING if found is None else ClaimStatus.CHANGED)

    def _look_in_working(self, item: ClaimItem, otherwise: ClaimStatus) -> tuple[ClaimStatus, str]:
        """The hot folder does not have this version, so an earlier claim may have moved it."""
        moved = self._directories.lstat(item.work_path)
        if moved is None or moved.st_ino != item.identity.inode or moved.st_dev != self._device:
            return otherwise, ""
        source_parent, _ = split(item.path)
        work_parent, _ = split(item.work_path)
        self._directories.has_gained_with_parents(work_parent)
        if self._is_there(source_parent):
            self._directories.has_lost(source_parent)
        return self._check_again(item, self._directories.open(work_parent))

    def _end_half_done_move(self, item: ClaimItem) -> tuple[ClaimStatus, str]:
        """Two names: either somebody's hard link, or a move by link and unlink that a crash cut in two."""
        source_parent, source = split(item.path)
        work_parent, _ = split(item.work_path)
        moved = self._directories.lstat(item.work_path)
        if moved is None or moved.st_ino != item.identity.inode:
            return ClaimStatus.FAILED, of_path(item.path, file_troubles.SECOND_NAME)
        self._calls.unlink(source, self._directories.open(source_parent))
        self._directories.has_moved(source_parent, work_parent)
        return self._check_again(item, self._directories.open(work_parent))

    def _check_again(self, item: ClaimItem, work_fd: int) -> tuple[ClaimStatus, str]:
        """Gate 8: whoever had the file open goes on writing into the moved one, so look once more."""
        objection = self._objection(item, work_fd)
        if not objection:
            return ClaimStatus.CLAIMED, ""
        # by itself: what else this call moves between the two directories would have them synced the other way round
        self._directories.sync()
        try:
            self._give_back(item)
        except OSError as error:
            if error.errno == errno.EEXIST:
                return ClaimStatus.STRANDED, file_troubles.PLACE_TAKEN.format(why=objection)
            reason = file_troubles.NOT_PUT_BACK.format(why=objection, other=why(error), place=shown(item.work_path))
            return ClaimStatus.FAILED, of_path(item.path, reason)
        self._directories.sync()
        return ClaimStatus.BUSY, of_path(item.path, objection)

    def _objection(self, item: ClaimItem, work_fd: int) -> str:
        """Return why a moved file must go back, or "" when it may stay."""
        _, work = split(item.work_path)
        try:
            fd = self._calls.open_beneath(work_fd, work, TO_READ)
        except BlockingIOError:
            return file_troubles.STILL_OPEN
        except OSError as error:
            return file_troubles.CANNOT_READ.format(why=why(error))
        try:
            found = self._calls.fstat(fd)
            if not is_version(found, item.identity, self._device):
                return file_troubles.CHANGED_MEANWHILE
            if found.st_nlink != 1:
                return file_troubles.SECOND_NAME
            if not self._directories.is_remote and lease(self._calls, fd) is Lease.WRITER:
                return file_troubles.STILL_OPEN
        except OSError as error:
            return file_troubles.CANNOT_READ.format(why=why(error))
        finally:
            self._calls.close(fd)
        return ""

    def _give_back(self, item: ClaimItem) -> None:
        source_parent, source = split(item.path)
        work_parent, work = split(item.work_path)
        source_fd = self._directories.make(source_parent)  # the dropper may have removed it, empty as it was
        work_fd = self._directories.open(work_parent)
        moved = self._calls.lstat(work, work_fd)
        self._directories.has_moved(work_parent, source_parent)
        standing = self._directories.lstat(item.path)
        if standing is not None and (standing.st_ino, standing.st_dev) == (moved.st_ino, moved.st_dev):
            self._calls.unlink(work, work_fd)  # a power cut has left it at both places: it never went
            return
        try:
            self._calls.rename(work, work_fd, source, source_fd)
        except OSError:
            back = self._directories.lstat(item.path)
            if back is None or back.st_ino != moved.st_ino or self._directories.lstat(item.work_path) is not None:
                raise

    def _is_there(self, parent: str) -> bool:
        try:
            self._directories.open(parent)
        except OSError as error:
            if error.errno in GONE or error.errno == errno.ELOOP:
                return False
            raise
        return True
