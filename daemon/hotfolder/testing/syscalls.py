"""
System calls that stop or fail at the N-th one: the seam by which `FolderFiles` is tried.

A run that is stopped behaves like a process that was killed there: whatever it tries afterwards is stopped as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from hotfolder.edges.files import Syscalls
from hotfolder.testing.perils import CrashNow

_COUNTED: Final = (
    "open_root",
    "open_beneath",
    "create",
    "lstat",
    "fstat",
    "scandir",
    "check_writable",
    "pread",
    "preadv",
    "write",
    "fsync",
    "rename",
    "replace",
    "take",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "try_read_lease",
    "seek_data",
    "file_system_magic",
)
"""Not among them: `close`, so that a stopped run leaks no descriptors, and calls whose errors are of no account."""


class PerilousSyscalls(Syscalls):
    """
    The real calls, counted from 1, of which one is told to stop the run or to fail.

    `stop_at`: the call that is not made any more, nor any later one. `fail_at`: the call that fails with `error`, and
    with `for_ever` all later ones too; with `done_first` it is carried out before it reports the error. `only` limits
    the counting to some kinds of calls.
    """

    def __init__(
        self,
        *,
        stop_at: int | None = None,
        fail_at: int | None = None,
        error: int = 0,
        for_ever: bool = False,
        done_first: bool = False,
        only: Collection[str] = _COUNTED,
        openat2: bool = True,
        renameat2: bool = True,
    ) -> None:
        super().__init__(openat2=openat2, renameat2=renameat2)
        self.made: list[str] = []
        self.has_struck = False
        self._stop_at = stop_at
        self._fail_at = fail_at
        self._error = error
        self._for_ever = for_ever
        self._done_first = done_first
        self._only = frozenset(only)

    def perform(self, name: str, real: Callable[..., Any], *args: Any) -> Any:
        """Make one call, unless it is to stop or to fail."""
        if name not in self._only:
            if self._stop_at is not None and len(self.made) >= self._stop_at:
                raise CrashNow(name)
            return real(self, *args)
        self.made.append(name)
        number = len(self.made)
        if self._stop_at is not None and number >= self._stop_at:
            self.has_struck = True
            raise CrashNow(f"{number}: {name}")
        if self._fail_at is not None and (number == self._fail_at or (self._for_ever and number > self._fail_at)):
            self.has_struck = True
            if self._done_first:
                real(self, *args)
            raise OSError(self._error, os.strerror(self._error), name)
        return real(self, *args)

    def fsync_each(self, fds: Sequence[int]) -> list[OSError | None]:
        """One after the other, so that the N-th call is always the same one."""
        return [self._error_of(fd) for fd in fds]

    def _error_of(self, fd: int) -> OSError | None:
        try:
            self.fsync(fd)
        except OSError as error:
            return error
        return None


def _counted(name: str) -> Callable[..., Any]:
    real = getattr(Syscalls, name)

    def call(self: PerilousSyscalls, *args: Any) -> Any:
        return self.perform(name, real, *args)

    return call


for _name in _COUNTED:
    setattr(PerilousSyscalls, _name, _counted(_name))
