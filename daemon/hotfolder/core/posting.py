"""
The POSTs of a job, one after the other, from the first to `endJob`: which one may begin, and what is in it.

Every POST is committed as an intent before its first byte leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from hotfolder.core import naming
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.lookup import Lookup, Standing
from hotfolder.core.messages import PostPart, PostProgressed, PostStands, SendPost
from hotfolder.core.model import Drop, DropState, Job, JobState, Post, PostState
from hotfolder.core.places import Holder, is_long
from hotfolder.core.runs import Run, Runs
from hotfolder.core.stalls import Stalls

ENDJOB_TRIES = 3
"""After so many lost answers to a file-less endJob the server's own time-out ends the job."""


class Posting:
    """Begins the POSTs of every job that takes them."""

    def __init__(
        self,
        board: Board,
        connections: Mapping[str, Connection],
        lookup: Lookup,
        stalls: Stalls,
        runs: Runs,
        *,
        may_post: Callable[[str, int], bool],
        folder_is_up: Callable[[str], bool],
    ) -> None:
        self._board = board
        self._connections = connections
        self._lookup = lookup
        self._stalls = stalls
        self._runs = runs
        self._may_post = may_post  # whether a server has a place for a POST of so many bytes
        self._folder_is_up = folder_is_up
        self._turns = board.turns()
        self._posts_begun = 0

    def holders(self, server: str) -> Iterator[Holder]:
        """
        Yield a server's jobs that have POSTs to make or under way.

        Those of folders that are away or do not answer, and those that wait for handles, hold up nobody.
        """
        jobs = self._board.jobs
        for id_, run in self._runs.all.items():
            job = jobs[id_]
            if (
                (run.plan or run.post is not None)
                and job.server == server
                and self._folder_is_up(job.folder)
                and not self._stalls.has(id_)
                and (run.post is not None or self._standing(job) is Standing.KNOWN)
            ):
                yield Holder(
                    id_,
                    job.folder,
                    is_busy=run.post is not None,
                    is_long=run.post is not None and is_long(run.post.size_bytes),
                )

    def _standing(self, job: Job) -> Standing:
        """Return whether the next POST has the handles it needs: only the first one carries options."""
        return Standing.KNOWN if job.handle is not None else self._lookup.standing(job.server, job.options)

    def naming(self) -> Iterator[tuple[str, str]]:
        """Yield server and options of the jobs that are still to be opened."""
        for id_, run in self._runs.all.items():
            job = self._board.jobs[id_]
            if run.plan and run.post is None and job.handle is None:
                yield job.server, job.options

    def wake(self) -> None:
        """Begin every POST that may begin, and for which there is a place."""
        board = self._board
        if board.stopping:
            return
        waiting: dict[str, list[int]] = {}  # jobs with files to send, by folder
        for job_id, run in list(self._runs.all.items()):
            job = board.jobs[job_id]
            if run.post is None and board.now.monotonic >= run.not_before_s and self._connections[job.server].is_ok:
                if not run.plan:
                    self._post_end(job, run)
                elif self._folder_is_up(job.folder):
                    waiting.setdefault(job.folder, []).append(job_id)
        while waiting:  # one POST for each hot folder in turn
            folder = next((name for name in self._turns.order(waiting) if self._begin_one(waiting[name])), None)
            if folder is None:
                return
            self._turns.take(folder)

    def _begin_one(self, jobs: list[int]) -> bool:
        """Begin a POST of one of a hot folder's jobs, if there is a place for it; return whether one has begun."""
        for id_ in sorted(jobs, key=lambda id_: self._runs.all[id_].turn):
            job, run = self._board.jobs[id_], self._runs.all[id_]
            if self._standing(job) is Standing.KNOWN and not self._has_place(job, run):
                continue
            jobs.remove(id_)
            self._post_files(job, run)  # or it is given up, for which it needs no place
            if run.post is not None:
                self._posts_begun += 1
                run.turn = self._posts_begun
                return True
        return False

    def _has_place(self, job: Job, run: Run) -> bool:
        return self._may_post(job.server, sum(self._board.drops[id_].identity.size_bytes for id_ in run.plan[0].drops))

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do that no event will announce."""
        now_s, jobs = self._board.now.monotonic, self._board.jobs
        return min(
            (
                run.not_before_s
                for id_, run in self._runs.all.items()
                if run.post is None and run.not_before_s > now_s and self._connections[jobs[id_].server].is_ok
            ),
            default=None,
        )

    def _post_files(self, job: Job, run: Run) -> None:
        board = self._board
        if job.handle is not None and self._runs.is_idle_too_long(job):
            self._runs.stop_taking(job, run)
            return
        standing = self._standing(job)
        if standing is Standing.MISSING:  # as it was known when the batch formed, this is rare
            self._runs.give_up(job, self._runs.planned(run), [], 0.0)
        if standing is not Standing.KNOWN:
            return
        plan = run.plan.popleft()
        drops = [board.drops[id_] for id_ in plan.drops]
        ends = not run.plan
        is_first = job.handle is None
        self._begin(job, run, ends=ends, drops=drops)
        if is_first:
            board.journal.change_job(job, state=JobState.OPENING, first_post_at=board.now.wall)
        board.do(
            SendPost(
                server=job.server,
                folder=job.folder,
                job=job.id,
                number=run.posts,
                destination=plan.destination,
                parts=tuple(
                    PostPart(
                        drop.id,
                        drop.work_path or "",
                        drop.identity,
                        naming.header_name(drop.sent_name, number),
                    )
                    for number, drop in enumerate(drops, 1)
                ),
                job_name=job.name if is_first else None,
                job_handle=job.handle,
                options=self._lookup.with_handles(job.server, job.options) if is_first else None,
                source_address=job.our_address,
                file_name=plan.file_name,
                end_job=ends,
            )
        )

    def _post_end(self, job: Job, run: Run) -> None:
        """End a job without a file: for recovery only."""
        if job.state is not JobState.CLOSING:
            self._runs.all.pop(job.id, None)
            return
        if run.endjob_tries >= ENDJOB_TRIES or self._runs.is_idle_too_long(job):
            self._runs.ended(job)
            return
        run.endjob_tries += 1
        self._begin(job, run, ends=True, drops=[])
        self._board.do(
            SendPost(
                server=job.server,
                folder=job.folder,
                job=job.id,
                number=run.posts,
                destination="",
                parts=(),
                job_handle=job.handle,
                source_address=job.our_address,
                end_job=True,
            )
        )

    def _begin(self, job: Job, run: Run, *, ends: bool, drops: list[Drop]) -> None:
        board = self._board
        run.posts += 1
        run.bytes_now = 0
        run.perhaps_there.update(drop.id for drop in drops if drop.post is not None)
        run.posting = tuple(drop.id for drop in drops)
        run.post = Post(
            job=job.id,
            number=run.posts,
            state=PostState.INTENT,
            ends_job=ends,
            files=len(drops),
            size_bytes=sum(drop.identity.size_bytes for drop in drops),
            sent_at=board.now.wall,
        )
        board.journal.add_post(run.post)
        board.journal.change_drops(drops, state=DropState.SENDING, post=run.posts)
        board.journal.change_job(job, last_post_at=board.now.wall)

    # --- under way ---

    def progressed(self, event: PostProgressed) -> None:
        """Bytes have left."""
        run = self._runs.all.get(event.job)
        if run is not None and run.post is not None and run.post.number == event.number:
            run.bytes_now = event.sent_bytes

    def sent_bytes_of(self, drop: Drop) -> int | None:
        """Return how much of a drop has left with the POST that is under way; None if it is in none."""
        run = None if drop.job is None else self._runs.all.get(drop.job)
        if drop.state is not DropState.SENDING or run is None or drop.id not in run.posting:
            return None
        members = self._board.members.get(drop.job or 0, {})
        before = sum(
            members[id_].identity.size_bytes for id_ in run.posting[: run.posting.index(drop.id)] if id_ in members
        )
        return min(max(run.bytes_now - before, 0), drop.identity.size_bytes)

    def stands(self, event: PostStands) -> None:
        """The hot folder of a POST does not answer, or has."""
        run = self._runs.all.get(event.job)
        if run is not None and run.post is not None and run.post.number == event.number:
            if event.stands:
                self._stalls.post_stands(event.job)
            else:
                self._stalls.goes_on(event.job)
