"""
Jobs whose hot folder does not answer just now: they hold no place among a server's `parallel_jobs`.

A share that begins to hang is called so only after a long while, for a slow one is none. What is under way there must
not keep the places of others for that long: it gives its place away within seconds, and once it goes on there is one
job more than allowed for a moment. Its folder begins nothing more meanwhile, so that this stays few.
"""

from __future__ import annotations

from hotfolder.core.board import Board

STALL_S = 3.0
"""A claim, or a file being read, for which nothing has come for so long: a healthy share answers in milliseconds."""


class Stalls:
    """Knows of every claim that is not answered, and of every POST whose file is not read on."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._asked_s: dict[int, float] = {}  # jobs whose claim is under way
        self._posts: set[int] = set()  # jobs whose POST waits for its hot folder

    def claim_begins(self, job: int) -> None:
        """A job's files are asked for."""
        self._asked_s[job] = self._board.now.monotonic

    def post_stands(self, job: int) -> None:
        """A job's POST waits for a file of its hot folder."""
        self._posts.add(job)

    def goes_on(self, job: int) -> None:
        """There was an answer, or some bytes; a second call is harmless."""
        self._asked_s.pop(job, None)
        self._posts.discard(job)

    def has(self, job: int) -> bool:
        """Return whether a job stands still because of its hot folder."""
        return job in self._posts or self._board.now.monotonic >= self._asked_s.get(job, float("inf")) + STALL_S

    def of_folder(self, folder: str) -> bool:
        """Return whether any job of a hot folder stands still."""
        jobs = self._board.jobs
        return any(
            id_ in jobs and jobs[id_].folder == folder and self.has(id_) for id_ in (*self._asked_s, *self._posts)
        )

    def next_wake_s(self) -> float | None:
        """Return when the next claim will have given its place away."""
        now_s = self._board.now.monotonic
        return min((at_s + STALL_S for at_s in self._asked_s.values() if at_s + STALL_S > now_s), default=None)
