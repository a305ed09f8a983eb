"""
The POSTs of a job, one after the other, from the first to `endJob`; and what to do when one goes wrong.

Every POST is committed as an intent before its first byte leaves. A failed POST falls into one of four kinds:
certainly not received (the same again), refused for now (again later), refused for good (each file alone, so that one
poison file fails alone), and in doubt (no more files into this job; the server is asked).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hotfolder.core import batching, naming, wording
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.lookup import Lookup, Standing
from hotfolder.core.messages import PostAccepted, PostFailed, PostPart, PostProgressed, PostStands, SendPost
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome, Post, PostState
from hotfolder.core.places import Holder, is_long
from hotfolder.core.preflight import POST_EXTRA_BYTES
from hotfolder.core.refusals import Refusals, Ruling
from hotfolder.core.server import Action, Kind, SentFile, Trouble
from hotfolder.core.stalls import Stalls

ENDJOB_TRIES = 3
"""After so many lost answers to a file-less endJob the server's own time-out ends the job."""

IDLE_SHARE = 5 / 6
"""Of the server's job time-out (25 of 30 minutes): past it a job may be gone at any moment (RELIABILITY E10)."""

LONG_WAIT_S = 30.0
"""A job that has to wait for longer gives its files back: others may use its place meanwhile."""

SERVICE_UNAVAILABLE = 503  # may come from something in between, behind which the POST arrived all the same

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


class Posting:
    """Drives every job that takes POSTs."""

    def __init__(
        self,
        board: Board,
        connections: Mapping[str, Connection],
        lookup: Lookup,
        stalls: Stalls,
        *,
        may_post: Callable[[str, int], bool],
        folder_is_up: Callable[[str], bool],
        requeue: Callable[[list[Drop], float], None],
        decide: Callable[[Drop, Outcome, str], None],
        changed_in_place: Callable[[Drop], None],
        job_left: Callable[[Job], None],
        deny: Callable[[str, str], None],
    ) -> None:
        self._board = board
        self._connections = connections
        self._lookup = lookup
        self._stalls = stalls
        self._may_post = may_post  # whether a server has a place for a POST of so many bytes
        self._folder_is_up = folder_is_up
        self._requeue = requeue  # drops go back to waiting, claimed as they are, after a while
        self._decide = decide  # a drop has its outcome
        self._changed_in_place = changed_in_place  # a drop that is sent from its place is another file now, or gone
        self._job_left = job_left  # no POST of this job is due any more, or it is void
        self._deny = deny  # a hot folder is to wait for a person
        self._refusals: dict[str, Refusals] = {}  # by server: what one does says nothing of another
        self._turns = board.turns()
        self._posts_begun = 0
        self.runs: dict[int, Run] = {}
        self._made: dict[int, int] = {}  # POSTs made by jobs that are sought: their numbers are never used again

    # --- beginning ---

    def plan(self, job: Job, drops: list[Drop], *, posts: int = 0) -> None:
        """Lay out the POSTs of a job; `posts` were made already."""
        most = self._connections[job.server].max_post_bytes
        plans = batching.pack(
            drops,
            files_per_post=self._board.settings.upload.files_per_post,
            max_bytes=None if most is None else most - POST_EXTRA_BYTES,
        )
        run = self.runs.setdefault(job.id, Run())
        run.plan = deque(plans)
        run.posts = max(run.posts, posts)

    def holders(self, server: str) -> Iterator[Holder]:
        """
        Yield a server's jobs that have POSTs to make or under way.

        Those of folders that are away or do not answer, and those that wait for handles, hold up nobody.
        """
        jobs = self._board.jobs
        for id_, run in self.runs.items():
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
        for id_, run in self.runs.items():
            job = self._board.jobs[id_]
            if run.plan and run.post is None and job.handle is None:
                yield job.server, job.options

    def wake(self) -> None:
        """Begin every POST that may begin, and for which there is a place."""
        board = self._board
        if board.stopping:
            return
        waiting: dict[str, list[int]] = {}  # jobs with files to send, by folder
        for job_id, run in list(self.runs.items()):
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
        for id_ in sorted(jobs, key=lambda id_: self.runs[id_].turn):
            job, run = self._board.jobs[id_], self.runs[id_]
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
                for id_, run in self.runs.items()
                if run.post is None and run.not_before_s > now_s and self._connections[jobs[id_].server].is_ok
            ),
            default=None,
        )

    def _post_files(self, job: Job, run: Run) -> None:
        board = self._board
        if job.handle is not None and self._is_idle_too_long(job):
            self._stop_taking(job, run)
            return
        standing = self._standing(job)
        if standing is Standing.MISSING:  # as it was known when the batch formed, this is rare
            self._give_up(job, self._planned(run), [], 0.0)
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
            self.runs.pop(job.id, None)
            return
        if run.endjob_tries >= ENDJOB_TRIES or self._is_idle_too_long(job):
            self._ended(job)
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

    # --- answers ---

    def progressed(self, event: PostProgressed) -> None:
        """Bytes have left."""
        run = self.runs.get(event.job)
        if run is not None and run.post is not None and run.post.number == event.number:
            run.bytes_now = event.sent_bytes

    def sent_bytes_of(self, drop: Drop) -> int | None:
        """Return how much of a drop has left with the POST that is under way; None if it is in none."""
        run = None if drop.job is None else self.runs.get(drop.job)
        if drop.state is not DropState.SENDING or run is None or drop.id not in run.posting:
            return None
        members = self._board.members.get(drop.job or 0, {})
        before = sum(
            members[id_].identity.size_bytes for id_ in run.posting[: run.posting.index(drop.id)] if id_ in members
        )
        return min(max(run.bytes_now - before, 0), drop.identity.size_bytes)

    def stands(self, event: PostStands) -> None:
        """The hot folder of a POST does not answer, or has."""
        run = self.runs.get(event.job)
        if run is not None and run.post is not None and run.post.number == event.number:
            if event.stands:
                self._stalls.post_stands(event.job)
            else:
                self._stalls.goes_on(event.job)

    def accepted(self, event: PostAccepted) -> None:
        """The server took a POST."""
        taken = self._take(event.job, event.number)
        if taken is None:
            return
        job, run, post, drops = taken
        self._connections[job.server].took_post()
        self._refusals_of(job).accepted(job.folder, drops)
        board, now = self._board, self._board.now.wall
        board.journal.change_post(post, state=PostState.ACCEPTED, answered_at=now)
        sent = {file.drop: file for file in event.files}
        board.journal.change_each(
            (
                drop,
                {
                    "state": DropState.SENT,
                    "sha256": sent[drop.id].sha256 if drop.id in sent else None,
                    "sends": drop.sends + 1,
                },
            )
            for drop in drops
        )
        board.journal.change_job(job, last_post_at=now)  # the server's time-out begins when it has all of it
        run.bytes_now = 0
        if job.handle is None:
            board.journal.change_job(
                job,
                handle=event.job_handle,
                our_address=event.our_address,
                state=JobState.ENDED if post.ends_job else JobState.OPEN,
                ended_at=now if post.ends_job else None,
            )
            board.tell("job.opened", folder=job.folder, job=job.name, job_handle=job.handle, files=job.files_total)
        elif event.job_handle != job.handle:
            others = {*filter(None, job.other_handles.split("\n")), event.job_handle}
            board.journal.change_job(job, other_handles="\n".join(sorted(others)))
        board.tell(
            "job.posted",
            folder=job.folder,
            job=job.name,
            job_handle=job.handle,
            post=post.number,
            files=post.files,
            bytes=post.size_bytes,
        )
        if post.ends_job:
            self._ended(job)

    def failed(self, event: PostFailed) -> None:
        """A POST was not accepted, or nobody knows."""
        taken = self._take(event.job, event.number)
        if taken is None:
            return
        job, run, post, drops = taken
        trouble = event.trouble
        self._keep_digests(drops, event.files)
        board = self._board
        self._board.tell(
            "job.post_failed",
            "warning",
            folder=job.folder,
            job=job.name,
            job_handle=job.handle,
            post=post.number,
            files=post.files,
            trouble=trouble.kind.value,
            reason=trouble.text,
        )
        if event.changed and trouble.kind is not Kind.UNKNOWN:
            self._not_received(job, run, post, drops, trouble, changed=set(event.changed))
        elif event.local:
            self._not_received(job, run, post, drops, trouble)
        elif trouble.has_moved and job.handle is not None:
            self._abandon(job, run, post, drops, trouble)
        elif not trouble.reached and trouble.kind is Kind.TRANSIENT:
            self._not_received(job, run, post, drops, trouble)
            self._connections[job.server].report(trouble)
        elif trouble.kind is Kind.UNKNOWN:
            board.journal.change_post(post, state=PostState.UNKNOWN, answered_at=board.now.wall, reason=trouble.text)
            self.in_doubt(job, drops)
            self._connections[job.server].report(trouble)
        elif not post.files:
            self._end_refused(job, run, post, trouble)
        else:
            self._refused(job, run, post, drops, trouble)

    def _take(self, job_id: int, number: int) -> tuple[Job, Run, Post, list[Drop]] | None:
        run = self.runs.get(job_id)
        if run is None or run.post is None or run.post.number != number:
            return None
        post, run.post = run.post, None
        self._stalls.goes_on(job_id)
        drops = [self._board.drops[id_] for id_ in run.posting]
        run.posting = ()
        return self._board.jobs[job_id], run, post, drops

    def _keep_digests(self, drops: Iterable[Drop], files: Iterable[SentFile]) -> None:
        sent = {file.drop: file.sha256 for file in files}
        self._board.journal.change_each((drop, {"sha256": sent[drop.id]}) for drop in drops if drop.id in sent)

    # --- ways on ---

    def _not_received(
        self, job: Job, run: Run, post: Post, drops: list[Drop], trouble: Trouble, *, changed: Iterable[int] = ()
    ) -> None:
        """Nothing of it was processed: the same files again, under the same name (RELIABILITY J2)."""
        board = self._board
        board.journal.change_post(post, state=PostState.NOT_SENT, answered_at=board.now.wall, reason=trouble.text)
        board.journal.change_drops(drops, state=DropState.CLAIMED, post=None)
        if job.handle is None:
            board.journal.change_job(job, state=JobState.PLANNED)
        for drop in drops:
            if drop.id in changed and drop.work_path == drop.path and not self._may_be_there(drop):
                self._changed_in_place(drop)
            elif drop.id in changed:
                self._decide(drop, Outcome.FAILED, wording.LOST_WAITING)
        rest = [drop for drop in drops if drop.id not in changed]
        left = [*rest, *self._planned(run)]
        self.plan(job, left)
        if not left:
            if job.handle is None:
                self._void(job)
            else:
                self._stop_taking(job, run)

    def _may_be_there(self, drop: Drop) -> bool:
        """Whether the server may have had a drop: then its row must stay, to say so when an attempt shows up."""
        if drop.possible_second_copy:
            return True
        ghosts = (job for job in self._board.jobs.values() if job.state is JobState.GHOST)
        return any(str(drop.id) in ghost.written_off.split("\n") for ghost in ghosts)

    def _abandon(self, job: Job, run: Run, post: Post, drops: list[Drop], trouble: Trouble) -> None:
        """
        Our address is another one now: the server's time-out ends the job, the rest goes into a new one.

        All POSTs of a job have to come from one address, also the one that ends it (RELIABILITY E9, J16).
        """
        board = self._board
        board.journal.change_post(post, state=PostState.NOT_SENT, answered_at=board.now.wall, reason=trouble.text)
        board.journal.change_drops(drops, state=DropState.CLAIMED, post=None)
        self._hand_on(drops, 0.0)
        self._leave(job, run)
        self._ended(job)

    def _refused(self, job: Job, run: Run, post: Post, drops: list[Drop], trouble: Trouble) -> None:
        """The server said no to these files, or to us."""
        board = self._board
        board.journal.change_post(post, state=PostState.REFUSED, answered_at=board.now.wall, reason=trouble.text)
        board.journal.change_drops(drops, state=DropState.CLAIMED)
        if self._is_for_names(job, trouble):
            ruling = Ruling(again=drops)  # nothing is sent before the names were looked up again
        elif job.handle is not None and trouble.action is Action.REFUSE and trouble.code is not None:
            # one of them is to blame, or the job is, which the server may have ended (PROTOCOL 7): perhaps by this very
            # POST, if something on the way has sent it twice and this is the answer to the second
            board.journal.change_drops(drops, alone=True)
            self._doubt(drops)
            if not run.plan:
                self._stop_taking(job, run)
            return
        else:
            ruling = self._refusals_of(job).judge(
                trouble, job.folder, drops, opens_job=job.handle is None, retry=board.settings.retry
            )
        if trouble.code is not None or trouble.status != SERVICE_UNAVAILABLE:
            board.journal.change_drops(drops, post=None)  # certainly not taken; else they keep the number of this POST
        again = list(ruling.again)
        if ruling.is_try:
            board.journal.change_each((drop, {"tries": drop.tries + 1, "reason": trouble.text}) for drop in drops)
        if ruling.alone:
            board.journal.change_drops(again, alone=True)
        is_sifted = trouble.action is Action.SIFT
        why = wording.TURNED_AWAY.format(reason=trouble.text) if is_sifted else trouble.text
        for drop in ruling.failed:
            self._decide(drop, Outcome.FAILED, why)
        if ruling.is_strain:
            self._connections[job.server].strained(trouble)
        if ruling.holds_folder:
            self._deny(job.folder, trouble.text)
        if ruling.is_general:
            self._connections[job.server].report(trouble)
        if job.handle is None:
            # a name is used for one attempt only; without a fault of the server's own the attempt is watched as a ghost
            ghost = trouble.kind is Kind.TRANSIENT and trouble.code is None
            is_short = ruling.wait_s <= LONG_WAIT_S
            self._hand_on(self._planned(run), ruling.wait_s if is_short else 0.0)
            self._give_up(job, again, drops if ghost else [], ruling.wait_s)
        elif again and ruling.wait_s <= LONG_WAIT_S and not any(drop.alone for drop in again):
            self.plan(job, [*again, *self._planned(run)])
            run.not_before_s = board.now.monotonic + ruling.wait_s
        else:
            self._part(job, again, ruling.wait_s)
            if not run.plan:
                self._stop_taking(job, run)

    def _is_for_names(self, job: Job, trouble: Trouble) -> bool:
        """Whether a first POST may have been refused for a handle that is no more; asked once for the same handles."""
        if job.handle is not None or trouble.action not in (Action.REFUSE, Action.RETRY):
            return False
        may_be = self._lookup.doubt(job.server, job.options)
        return may_be and trouble.action is Action.REFUSE  # the catch-all fault mostly has other reasons

    def _refusals_of(self, job: Job) -> Refusals:
        return self._refusals.setdefault(job.server, Refusals())

    def _end_refused(self, job: Job, run: Run, post: Post, trouble: Trouble) -> None:
        """A file-less endJob was refused: by a fault of its own, so it has ended before, or for now."""
        board = self._board
        board.journal.change_post(post, state=PostState.REFUSED, answered_at=board.now.wall, reason=trouble.text)
        if trouble.kind is Kind.FATAL or trouble.code is None:
            run.endjob_tries -= 1
            self._connections[job.server].report(trouble)
        else:
            self._ended(job)

    def in_doubt(self, job: Job, drops: list[Drop]) -> None:
        """Nobody knows whether the server has these: send nothing more into the job and ask (RELIABILITY J3, J8)."""
        board = self._board
        self._doubt(drops)
        # it may have arrived as late as now, and the server needs its time from then on to show it
        board.journal.change_job(job, last_post_at=board.now.wall)
        run = self.runs.get(job.id)
        if run is not None:
            self._leave(job, run)
        if job.handle is None:
            board.journal.change_job(job, state=JobState.SEEKING)
            if run is not None:
                self.remember(job, run.posts)
            self.runs.pop(job.id, None)
            self._job_left(job)
        elif job.state is JobState.OPEN:
            board.journal.change_job(job, state=JobState.CLOSING)

    def _doubt(self, drops: list[Drop]) -> None:
        """The log of their job tells whether the server has these."""
        self._board.journal.change_each((drop, {"state": DropState.DOUBTED, "sends": drop.sends + 1}) for drop in drops)

    def close(self, job: Job) -> None:
        """End a job that takes no more files, without a file."""
        self._board.journal.change_job(job, state=JobState.CLOSING)
        posts = self._made.pop(job.id, 0)
        self.runs.setdefault(job.id, Run(posts=posts))

    def remember(self, job: Job, posts: int) -> None:
        """A job that is sought has made so many POSTs: one that ends it takes the next number."""
        self._made[job.id] = posts

    def _stop_taking(self, job: Job, run: Run) -> None:
        """No file is left for it, or it is too old to take one: the rest goes into another job."""
        self._leave(job, run)
        self.close(job)

    def _ended(self, job: Job) -> None:
        board = self._board
        if job.state is not JobState.ENDED or job.ended_at is None:
            board.journal.change_job(job, state=JobState.ENDED, ended_at=board.now.wall)
        self.runs.pop(job.id, None)
        board.tell("job.closed", folder=job.folder, job=job.name, job_handle=job.handle)
        self._job_left(job)

    def _give_up(self, job: Job, drops: list[Drop], ghosts: list[Drop], after_s: float) -> None:
        """The first POST was refused: its drops go on under a new name."""
        self._hand_on(drops, after_s)
        if ghosts:
            self.write_off(job, ghosts)
        else:
            self._void(job)

    def write_off(self, job: Job, drops: list[Drop]) -> None:
        """The server never showed this job: it is watched for a day in case it turns up after all (RELIABILITY J6)."""
        self._board.journal.change_job(
            job,
            state=JobState.GHOST,
            ghost_until=self._board.now.wall + GHOST_WATCH,
            written_off="\n".join(str(drop.id) for drop in drops),
        )
        self._forget(job)

    def _void(self, job: Job) -> None:
        self._board.journal.change_job(job, state=JobState.VOID)
        if not self._board.members_of(job):  # else the last of them takes it along when it is filed
            self._board.jobs.pop(job.id, None)
        self._forget(job)

    def _forget(self, job: Job) -> None:
        self.runs.pop(job.id, None)
        self._made.pop(job.id, None)
        self._job_left(job)

    def _planned(self, run: Run) -> list[Drop]:
        return [self._board.drops[id_] for plan in run.plan for id_ in plan.drops]

    def _leave(self, job: Job, run: Run) -> None:
        """Nothing of what is still planned for a job is sent into it."""
        planned = self._planned(run)
        run.plan.clear()
        self._part(job, planned, 0.0)

    def _part(self, job: Job, drops: list[Drop], after_s: float) -> None:
        """Drops go on without their job, but for those that it may have got already: its log tells."""
        doubted = [drop for drop in drops if drop.post is not None and job.handle is not None]
        self._doubt(doubted)
        self._hand_on([drop for drop in drops if drop not in doubted], after_s)

    def _hand_on(self, drops: list[Drop], after_s: float) -> None:
        if drops:
            for drop in drops:
                self._board.leave_job(drop)
            self._board.journal.change_drops(drops, job=None, post=None)
            self._requeue(drops, after_s)

    def _is_idle_too_long(self, job: Job) -> bool:
        limit_s = self._board.settings.recovery.job_timeout_s * IDLE_SHARE
        return job.last_post_at is not None and self._board.age_s(job.last_post_at) > limit_s
