"""
What came of a POST: the server took it, refused it, or nobody knows.

A failed POST falls into one of four kinds: certainly not received (the same again), refused for now (again later),
refused for good (each file alone, so that one poison file fails alone), and in doubt (no more files into this job; the
server is asked).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hotfolder.core import wording
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.lookup import Lookup
from hotfolder.core.messages import PostAccepted, PostFailed
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome, Post, PostState
from hotfolder.core.refusals import Refusals, Ruling
from hotfolder.core.runs import Run, Runs
from hotfolder.core.server import Action, Kind, SentFile, Trouble
from hotfolder.core.stalls import Stalls

LONG_WAIT_S = 30.0
"""A job that has to wait for longer gives its files back: others may use its place meanwhile."""

SERVICE_UNAVAILABLE = 503  # may come from something in between, behind which the POST arrived all the same


class Replies:
    """Judges every answer to a POST, and the lack of one."""

    def __init__(
        self,
        board: Board,
        connections: Mapping[str, Connection],
        lookup: Lookup,
        stalls: Stalls,
        runs: Runs,
        *,
        decide: Callable[[Drop, Outcome, str], None],
        changed_in_place: Callable[[Drop], None],
        deny: Callable[[str, str], None],
    ) -> None:
        self._board = board
        self._connections = connections
        self._lookup = lookup
        self._stalls = stalls
        self._runs = runs
        self._decide = decide  # a drop has its outcome
        self._changed_in_place = changed_in_place  # a drop that is sent from its place is another file now, or gone
        self._deny = deny  # a hot folder is to wait for a person
        self._refusals: dict[str, Refusals] = {}  # by server: what one does says nothing of another

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
            self._runs.ended(job)

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
            self._runs.in_doubt(job, drops)
            self._connections[job.server].report(trouble)
        elif not post.files:
            self._end_refused(job, run, post, trouble)
        else:
            self._refused(job, run, post, drops, trouble)

    def _take(self, job_id: int, number: int) -> tuple[Job, Run, Post, list[Drop]] | None:
        run = self._runs.all.get(job_id)
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
        self._take_back(run, drops)
        if job.handle is None:
            board.journal.change_job(job, state=JobState.PLANNED)
        gone = [drop for drop in drops if drop.id in changed]
        self._runs.part(job, [drop for drop in gone if drop.post is not None], 0.0)
        for drop in gone:
            if drop.post is not None:
                continue
            if drop.work_path == drop.path and not self._may_be_there(drop):
                self._changed_in_place(drop)
            else:
                self._decide(drop, Outcome.FAILED, wording.LOST_WAITING)
        rest = [drop for drop in drops if drop.id not in changed]
        left = [*rest, *self._runs.planned(run)]
        self._runs.plan(job, left)
        if not left:
            if job.handle is None:
                self._runs.void(job)
            else:
                self._runs.stop_taking(job, run)

    def _take_back(self, run: Run, drops: list[Drop]) -> None:
        """
        This POST certainly did not arrive, and its drops are claimed again.

        Those of which an earlier POST may have arrived keep the number of this one: the job's log is to tell.
        """
        journal = self._board.journal
        journal.change_drops(drops, state=DropState.CLAIMED)
        journal.change_drops((drop for drop in drops if drop.id not in run.perhaps_there), post=None)

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
        self._take_back(run, drops)
        self._runs.part(job, drops, 0.0)
        self._runs.leave(job, run)
        self._runs.ended(job)

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
            self._runs.doubt(drops)
            if not run.plan:
                self._runs.stop_taking(job, run)
            return
        else:
            ruling = self._refusals_of(job).judge(
                trouble, job.folder, drops, opens_job=job.handle is None, retry=board.settings.retry
            )
        if trouble.code is not None or trouble.status != SERVICE_UNAVAILABLE:
            self._take_back(run, drops)  # certainly not taken; else they keep the number of this POST
        again = list(ruling.again)
        if ruling.is_try:
            board.journal.change_each((drop, {"tries": drop.tries + 1, "reason": trouble.text}) for drop in drops)
        if ruling.alone:
            board.journal.change_drops(again, alone=True)
        is_sifted = trouble.action is Action.SIFT
        why = wording.TURNED_AWAY.format(reason=trouble.text) if is_sifted else trouble.text
        doubted = [drop for drop in ruling.failed if drop.post is not None and job.handle is not None]
        self._runs.doubt(doubted)
        for drop in ruling.failed:
            if drop not in doubted:
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
            self._runs.hand_on(self._runs.planned(run), ruling.wait_s if is_short else 0.0)
            self._runs.give_up(job, again, drops if ghost else [], ruling.wait_s)
        elif again and ruling.wait_s <= LONG_WAIT_S and not any(drop.alone for drop in again):
            self._runs.plan(job, [*again, *self._runs.planned(run)])
            run.not_before_s = board.now.monotonic + ruling.wait_s
        else:
            self._runs.part(job, again, ruling.wait_s)
            if not run.plan:
                self._runs.stop_taking(job, run)

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
            self._runs.ended(job)
