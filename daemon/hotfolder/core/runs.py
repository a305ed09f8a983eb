"""
The jobs that take POSTs: which of their drops are still to be posted, and how a job stops taking any.

Owns the ways out: the drops of a POST that nobody knows of are in doubt, those that were not sent go on without their
job, and the job is ended, written off or void. `posting` makes the POSTs, `replies` judges what came of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hotfolder.core import batching
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.model import Drop, DropState, Job, JobState, Post
from hotfolder.core.preflight import POST_EXTRA_BYTES

IDLE_SHARE = 5 / 6
"""Of the server's job time-out (25 of 30 minutes): past it a job may be gone at any moment (RELIABILITY E10)."""

GHOST_WATCH = timedelta(hours=24)  # RELIABILITY J20


@dataclass(slots=True)
class Run:
    """What is known of a job's POSTs beyond the ledger."""

    plan: deque[batching.PostPlan] = field(default_factory=deque)  # still to be posted
    post: Post | None = None  # under way
    posting: tuple[int, ...] = ()  # its drops
    posts: int = 0  # made so far
    not_before_s: float = 0.0
    endjob_tries: int = 0
    turn: int = 0  # the lower, the longer ago it had its last POST
    bytes_now: int = 0
    perhaps_there: set[int] = field(default_factory=set)  # drops of a POST that may have arrived, for all its answer


class Runs:
    """Every job that takes POSTs, or has one under way."""

    def __init__(
        self,
        board: Board,
        connections: Mapping[str, Connection],
        *,
        requeue: Callable[[list[Drop], float], None],
        job_left: Callable[[Job], None],
    ) -> None:
        self._board = board
        self._connections = connections
        self._requeue = requeue  # drops go back to waiting, claimed as they are, after a while
        self._job_left = job_left  # no POST of this job is due any more, or it is void
        self.all: dict[int, Run] = {}  # by job
        self._made: dict[int, int] = {}  # POSTs made by jobs that are sought: their numbers are never used again

    def plan(self, job: Job, drops: list[Drop], *, posts: int = 0) -> None:
        """Lay out the POSTs of a job; `posts` were made already."""
        most = self._connections[job.server].max_post_bytes
        plans = batching.pack(
            drops,
            files_per_post=self._board.settings.upload.files_per_post,
            max_bytes=None if most is None else most - POST_EXTRA_BYTES,
        )
        run = self.all.setdefault(job.id, Run())
        run.plan = deque(plans)
        run.posts = max(run.posts, posts)

    def planned(self, run: Run) -> list[Drop]:
        """Return the drops that are still to be posted."""
        return [self._board.drops[id_] for plan in run.plan for id_ in plan.drops]

    def is_idle_too_long(self, job: Job) -> bool:
        """Return whether the server may have ended a job by itself, or is about to."""
        limit_s = self._board.settings.recovery.job_timeout_s * IDLE_SHARE
        return job.last_post_at is not None and self._board.age_s(job.last_post_at) > limit_s

    def remember(self, job: Job, posts: int) -> None:
        """A job that is sought has made so many POSTs: one that ends it takes the next number."""
        self._made[job.id] = posts

    # --- no more files ---

    def close(self, job: Job) -> None:
        """End a job that takes no more files, without a file."""
        self._board.journal.change_job(job, state=JobState.CLOSING)
        posts = self._made.pop(job.id, 0)
        self.all.setdefault(job.id, Run(posts=posts))

    def stop_taking(self, job: Job, run: Run) -> None:
        """No file is left for it, or it is too old to take one: the rest goes into another job."""
        self.leave(job, run)
        self.close(job)

    def ended(self, job: Job) -> None:
        """The server knows that no more will come, or will notice by its time-out."""
        board = self._board
        if job.state is not JobState.ENDED or job.ended_at is None:
            board.journal.change_job(job, state=JobState.ENDED, ended_at=board.now.wall)
        self.all.pop(job.id, None)
        board.tell("job.closed", folder=job.folder, job=job.name, job_handle=job.handle)
        self._job_left(job)

    def in_doubt(self, job: Job, drops: list[Drop]) -> None:
        """Nobody knows whether the server has these: send nothing more into the job and ask (RELIABILITY J3, J8)."""
        board = self._board
        self.doubt(drops)
        # it may have arrived as late as now, and the server needs its time from then on to show it
        board.journal.change_job(job, last_post_at=board.now.wall)
        run = self.all.get(job.id)
        if run is not None:
            self.leave(job, run)
        if job.handle is None:
            board.journal.change_job(job, state=JobState.SEEKING)
            if run is not None:
                self.remember(job, run.posts)
            self.all.pop(job.id, None)
            self._job_left(job)
        elif job.state is JobState.OPEN:
            board.journal.change_job(job, state=JobState.CLOSING)

    def doubt(self, drops: list[Drop]) -> None:
        """The log of their job tells whether the server has these."""
        self._board.journal.change_each((drop, {"state": DropState.DOUBTED, "sends": drop.sends + 1}) for drop in drops)

    # --- without its drops ---

    def leave(self, job: Job, run: Run) -> None:
        """Nothing of what is still planned for a job is sent into it."""
        planned = self.planned(run)
        run.plan.clear()
        self.part(job, planned, 0.0)

    def part(self, job: Job, drops: list[Drop], after_s: float) -> None:
        """Drops go on without their job, but for those that it may have got already: its log tells."""
        doubted = [drop for drop in drops if drop.post is not None and job.handle is not None]
        self.doubt(doubted)
        self.hand_on([drop for drop in drops if drop not in doubted], after_s)

    def hand_on(self, drops: list[Drop], after_s: float) -> None:
        """Drops wait for another job, from now or after a while."""
        if drops:
            for drop in drops:
                self._board.leave_job(drop)
            self._board.journal.change_drops(drops, job=None, post=None)
            self._requeue(drops, after_s)

    def give_up(self, job: Job, drops: list[Drop], ghosts: list[Drop], after_s: float) -> None:
        """The first POST was refused: its drops go on under a new name."""
        self.hand_on(drops, after_s)
        if ghosts:
            self.write_off(job, ghosts)
        else:
            self.void(job)

    def write_off(self, job: Job, drops: list[Drop]) -> None:
        """The server never showed this job: it is watched for a day in case it turns up after all (RELIABILITY J6)."""
        self._board.journal.change_job(
            job,
            state=JobState.GHOST,
            ghost_until=self._board.now.wall + GHOST_WATCH,
            written_off="\n".join(str(drop.id) for drop in drops),
        )
        self._forget(job)

    def void(self, job: Job) -> None:
        """A job was never opened, and its drops have gone elsewhere."""
        self._board.journal.change_job(job, state=JobState.VOID)
        if not self._board.members_of(job):  # else the last of them takes it along when it is filed
            self._board.jobs.pop(job.id, None)
        self._forget(job)

    def _forget(self, job: Job) -> None:
        self.all.pop(job.id, None)
        self._made.pop(job.id, None)
        self._job_left(job)
