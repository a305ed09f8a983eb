"""
What the server makes of our jobs: following them, and finding those whose first answer was lost.

A job is over when the server no longer lists it and its log has its end (PROTOCOL 4.2); only then the rows decide, and
what they say of each file is for `deciding`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.deciding import Deciding, Follow
from hotfolder.core.messages import (
    AssetsFailed,
    AssetsSeen,
    Followed,
    Poll,
    Polled,
    PollFailed,
    Seek,
    SeekFailed,
    Sought,
)
from hotfolder.core.model import Job, JobState, Unfinished
from hotfolder.core.rhythm import Rhythm
from hotfolder.core.runs import Runs
from hotfolder.core.server import ActiveJob

GHOST_LOOK_S = 3600.0  # 24 looks in the day that a ghost is watched

_LISTED: Final = (JobState.OPEN, JobState.CLOSING, JobState.ENDED)
"""Jobs that the server may list."""


class Tracking:
    """Follows every job from its end of POSTs until its files are decided."""

    def __init__(self, board: Board, connections: Mapping[str, Connection], runs: Runs, *, deciding: Deciding) -> None:
        self._board = board
        self._connections = connections
        self._runs = runs
        self._deciding = deciding
        self.follows = self._deciding.follows
        self._sought: set[int] = set()  # of these, the ones sought by name; may hold some that are not any more
        self._rhythms: dict[str, Rhythm] = {}  # by server

    def restore(self, unfinished: Unfinished) -> None:
        """Take over what earlier runs have stored; jobs are given to `follow`."""
        self._deciding.restore(unfinished)

    def follow(self, job: Job, *, restored: bool = False) -> None:
        """A job takes no more POSTs, or has to be found."""
        if job.state not in (JobState.ENDED, JobState.SEEKING, JobState.GHOST):
            return
        now_s = self._board.now.monotonic
        poll_s = self._board.settings.tracking.poll_s
        if job.state is not JobState.ENDED:
            self._sought.add(job.id)
        if job.state is JobState.GHOST:
            # runs may be shorter than the time between two looks
            self.follows[job.id] = Follow(next_s=now_s + (0.0 if restored else GHOST_LOOK_S))
            return
        self.follows.setdefault(job.id, Follow(next_s=now_s + min(1.0, poll_s)))
        if job.state is JobState.ENDED:
            self._rhythm(job.server).follow(job.id)

    def polled_at(self, server: str) -> datetime | None:
        """Return when a server last told how jobs stand; it is asked only while there are some."""
        return self._rhythm(server).told_at

    def _rhythm(self, server: str) -> Rhythm:
        if server not in self._rhythms:
            self._rhythms[server] = Rhythm(self._board)
        return self._rhythms[server]

    def is_overdue(self, job: Job) -> bool:
        """Whether the server has been busy with a job for longer than the deadline."""
        follow = self.follows.get(job.id)
        return follow is not None and follow.overdue

    def is_asking(self, job: Job) -> bool:
        """Whether the server is being asked for a job, or is to be now."""
        follow = self.follows.get(job.id)
        return follow is not None and (follow.looking or follow.next_s <= self._board.now.monotonic)

    def forget_server(self, server: str) -> None:
        """A server is no longer configured, and all it had to decide is decided: nobody is left to ask for ghosts."""
        self._rhythms.pop(server, None)
        for job, _ in self._seekers():
            if job.server == server:
                self._board.journal.change_job(job, state=JobState.VOID)
                self._forget(job)

    # --- time ---

    def wake(self) -> None:
        """Ask what is due."""
        board, now_s = self._board, self._board.now.monotonic
        if board.stopping:
            return
        for job, follow in self._seekers():
            if job.state is JobState.GHOST and job.ghost_until is not None and board.now.wall >= job.ghost_until:
                board.journal.change_job(job, state=JobState.VOID)
                self._forget(job)
            elif not follow.looking and self._connections[job.server].is_ok and now_s >= follow.next_s:
                follow.looking = True
                board.do(Seek(job.server, job.id, job.name))
        for server, rhythm in self._rhythms.items():
            if rhythm.followed and self._connections[server].is_ok and rhythm.is_due():
                self._poll(server, rhythm)

    def _poll(self, server: str, rhythm: Rhythm) -> None:
        """Ask for all jobs of one server at once."""
        followed = tuple(
            Followed(job.id, job.name, (job.handle, *filter(None, job.other_handles.split("\n"))))
            for job, follow in self._followed(rhythm)
            if job.handle is not None and not follow.looking
        )
        if followed:
            rhythm.is_asking = True
            self._board.do(Poll(server, followed))
        else:  # all of them are being looked for among the assets
            rhythm.answered(something_new=True)

    def _followed(self, rhythm: Rhythm) -> list[tuple[Job, Follow]]:
        """Return the jobs that a server is asked about by handle."""
        jobs = self._board.jobs
        rhythm.followed = {
            id_: None for id_ in rhythm.followed if id_ in self.follows and jobs[id_].state is JobState.ENDED
        }
        return [(jobs[id_], self.follows[id_]) for id_ in rhythm.followed]

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        times: list[float | None] = [
            follow.next_s
            for job, follow in self._seekers()
            if not follow.looking and self._connections[job.server].is_ok
        ]
        times += [rhythm.next_wake_s() for server, rhythm in self._rhythms.items() if self._connections[server].is_ok]
        return min((at_s for at_s in times if at_s is not None), default=None)

    def _seekers(self) -> list[tuple[Job, Follow]]:
        """Return the jobs sought by name; most are followed by handle, and a step must not look at all of those."""
        jobs = self._board.jobs
        self._sought = {id_ for id_ in self._sought if id_ in self.follows and jobs[id_].state is not JobState.ENDED}
        return [(jobs[id_], self.follows[id_]) for id_ in sorted(self._sought)]

    def assets_seen(self, event: AssetsSeen) -> None:
        """The server has said which assets it has of a job's files."""
        self._deciding.assets_seen(event)

    def assets_failed(self, event: AssetsFailed) -> None:
        """The server did not say."""
        self._deciding.assets_failed(event)

    # --- following ---

    def poll_failed(self, event: PollFailed) -> None:
        """The server did not say: nothing moves."""
        self._notice_namesakes(event.server, event.active)
        self._rhythm(event.server).answered(something_new=False)
        self._connections[event.server].report(event.trouble)

    def _notice_namesakes(self, server: str, active: Mapping[str, ActiveJob]) -> None:
        """Look for second jobs of our names at every sight of the list: once they are over their logs may be lost."""
        namesakes: defaultdict[str, list[str]] = defaultdict(list)
        for listed in active.values():
            namesakes[listed.original_name].append(listed.handle)
        for job in self._board.jobs.values():
            if job.server == server and job.handle is not None and job.state in _LISTED and job.name in namesakes:
                self._deciding.notice_namesakes(job, namesakes[job.name])

    def polled(self, event: Polled) -> None:
        """The server has said."""
        self._connections[event.server].works()
        rhythm = self._rhythm(event.server)
        rhythm.told_at = self._board.now.wall
        something_new = False
        self._notice_namesakes(event.server, event.active)
        for job, follow in self._followed(rhythm):
            if job.handle is None or follow.looking:
                continue
            active = event.active.get(job.handle)
            if active != follow.active and active is not None:
                something_new = True
                follow.active = active
                self._board.tell(
                    "job.progress",
                    folder=job.folder,
                    job=job.name,
                    job_handle=job.handle,
                    state=active.state,
                    progress=active.progress,
                    files_done=active.files_done,
                )
            if job.id in event.logs and self._deciding.read(job, follow, event.logs[job.id]):
                something_new = True
            elif job.id in self.follows:
                self._check_deadline(job, follow, is_active=active is not None and not active.is_done)
        self._followed(rhythm)  # those decided just now are asked for no more
        rhythm.answered(something_new=something_new)

    def _check_deadline(self, job: Job, follow: Follow, *, is_active: bool) -> None:
        """A job that does not end is told; one that the server has forgotten is decided by the assets."""
        if job.ended_at is None or self._board.age_s(job.ended_at) < self._board.settings.tracking.deadline_s:
            return
        if is_active:
            if not follow.overdue:
                follow.overdue = True
                self._board.tell(
                    "job.progress",
                    "warning",
                    folder=job.folder,
                    job=job.name,
                    job_handle=job.handle,
                    state="overdue",
                    reason="still not done on the server; its files stay safe in _working",
                )
            return
        follow.open = self._deciding.undecided(job)
        follow.verdicts = []
        self._deciding.look_for(job, follow, follow.open)

    # --- seeking ---

    def seek_failed(self, event: SeekFailed) -> None:
        """The server did not say: that is no "not there"."""
        self._deciding.not_said(event.job, event.trouble)

    def sought(self, event: Sought) -> None:
        """The server has said what it knows under a name (RELIABILITY J3 to J7, J20)."""
        board = self._board
        follow = self.follows.get(event.job)
        if follow is None:
            return
        follow.looking = False
        job = board.jobs[event.job]
        self._connections[job.server].works()
        handles = list(
            dict.fromkeys([*(active.handle for active in event.active), *(log.handle for log in event.logs)])
        )
        if job.state is JobState.GHOST:
            self._ghost_sought(job, follow, handles)
        elif handles:
            self._adopt(job, handles, is_active=any(not active.is_done for active in event.active))
        else:
            self._still_absent(job, follow)

    def _adopt(self, job: Job, handles: list[str], *, is_active: bool) -> None:
        board = self._board
        board.journal.change_job(job, handle=handles[0], other_handles="\n".join(handles[1:]), absent_since=None)
        if len(handles) > 1:
            board.journal.change_drops(self._deciding.undecided(job), possible_second_copy=True)
        board.tell(
            "job.recovered",
            "warning" if len(handles) > 1 else "info",
            folder=job.folder,
            job=job.name,
            job_handle=job.handle,
            jobs_found=len(handles),
        )
        self.follows.pop(job.id, None)
        if is_active:
            self._runs.close(job)
        else:
            board.journal.change_job(job, state=JobState.ENDED, ended_at=board.now.wall)
            self.follow(job)

    def _still_absent(self, job: Job, follow: Follow) -> None:
        board, limits = self._board, self._board.settings.recovery
        if job.absent_since is None:
            board.journal.change_job(job, absent_since=board.now.wall)
        sent_s = board.age_s(job.last_post_at or job.created_at)
        absent_s = board.age_s(job.absent_since or board.now.wall)
        grace_s = limits.job_timeout_s + limits.grace_s
        if sent_s >= grace_s and absent_s >= limits.recheck_s:
            follow.open = self._deciding.undecided(job)
            self._deciding.look_for(job, follow, follow.open)
            return
        wait_s = min(limits.recheck_s, max(self._board.settings.tracking.poll_s, sent_s / 4))
        follow.next_s = board.now.monotonic + wait_s

    def _ghost_sought(self, job: Job, follow: Follow, handles: list[str]) -> None:
        board = self._board
        if not handles:
            follow.next_s = board.now.monotonic + GHOST_LOOK_S
            return
        ids = [int(text) for text in job.written_off.split("\n") if text]
        board.journal.amend(ids, possible_second_copy=True)
        for drop in (board.drops[id_] for id_ in ids if id_ in board.drops):
            drop.possible_second_copy = True
        board.tell(
            "job.recovered",
            "warning",
            folder=job.folder,
            job=job.name,
            job_handle=handles[0],
            reason="an attempt that was written off showed up: some of its files may exist twice",
            drops=ids,
        )
        board.journal.change_job(job, state=JobState.CLOSED, handle=handles[0])
        self._forget(job)

    def _forget(self, job: Job) -> None:
        self.follows.pop(job.id, None)
        self._board.jobs.pop(job.id, None)
