"""
Who may be posted beside whom: the places that a server's jobs share, and that no hot folder keeps another one from.

There are as many as the server stands (`parallelism`), at most `parallel_jobs`. Nothing is booked and given back: what
is under way is counted afresh whenever somebody asks, so that no way out of anything can forget to give a place back.

A job gives its place away between two POSTs if a hot folder has none: so one that has a hundred thousand files to send
keeps another from sending its only one for as long as one POST takes. That may be long for a long one, so these leave
one place to others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hotfolder.core.board import Board
from hotfolder.core.connection import Connection

LONG_POST_BYTES = 64 * 1024**2
"""A larger POST is long: on a line of 10 MB/s this one takes 7 seconds, which is what others may be kept waiting."""

EXTRA_JOBS = 4
"""
So many jobs beyond the places may be open for hot folders that had none under way.

More would each be posted to the more seldom, and the server ends a job that gets nothing for half an hour.
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A job that has POSTs to make, or is being claimed."""

    job: int
    folder: str
    is_busy: bool  # its files are being claimed, or a POST of it is under way: it cannot give its place away now
    is_long: bool = False  # that POST is


class Places:
    """Looks at what is under way and says what may begin beside it."""

    def __init__(
        self, board: Board, connections: Mapping[str, Connection], holders: Callable[[str], Iterable[Holder]]
    ) -> None:
        self._board = board
        self._connections = connections
        self._holders = holders  # of a server: its jobs, but for those that stand still because of their hot folder

    def holders(self, server: str) -> list[Holder]:
        """Return the jobs that have or want a place."""
        return list(self._holders(server))

    def busy(self, server: str) -> int:
        """Return how many places are taken."""
        return sum(holder.is_busy for holder in self._holders(server))

    def may_form(self, server: str) -> Callable[[str], bool] | None:
        """Return a test of hot folders: whether one may begin a job now; None where none of them may."""
        connection = self._connections[server]
        holders = self.holders(server)
        limit = connection.parallelism.limit
        if not connection.is_ok or sum(holder.is_busy for holder in holders) >= limit:
            return None
        if len(holders) < limit:
            return lambda folder: True
        if len(holders) >= limit + EXTRA_JOBS:
            return None
        served = {holder.folder for holder in holders}
        return lambda folder: folder not in served

    def may_post(self, server: str, size_bytes: int) -> bool:
        """Return whether a POST of files may begin now."""
        limit = self._connections[server].parallelism.limit
        busy = [holder for holder in self._holders(server) if holder.is_busy]
        if len(busy) >= limit:
            return False
        if not is_long(size_bytes) or limit == 1 or not self._is_shared(server):
            return True
        return sum(holder.is_long for holder in busy) < limit - 1

    def _is_shared(self, server: str) -> bool:
        """Whether several hot folders send to a server."""
        return sum(folder.server == server for folder in self._board.settings.folders) > 1


def is_long(size_bytes: int) -> bool:
    """Return whether a POST of so many bytes keeps its place for long."""
    return size_bytes > LONG_POST_BYTES
