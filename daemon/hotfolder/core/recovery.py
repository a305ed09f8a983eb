"""
After a crash, or a plain start: what an earlier run left is taken over, and every half-done state has one next step.

Owns the reading of the ledger's states at the start (RELIABILITY 3.4, J1 to J21). Nothing of it is sent before the
server has answered a sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from hotfolder.core import wording
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.dispatch import Dispatch
from hotfolder.core.filing import Filing
from hotfolder.core.intake import Desk
from hotfolder.core.model import Drop, DropState, Job, JobState, Post, PostState, Unfinished
from hotfolder.core.publishing import Publishing
from hotfolder.core.runs import Runs
from hotfolder.core.tracking import Tracking


class Recovery:
    """Hands every drop, job and publish that is not at its end to the part that goes on with it."""

    def __init__(
        self,
        board: Board,
        connections: Mapping[str, Connection],
        desks: Mapping[str, Desk],
        *,
        dispatch: Dispatch,
        runs: Runs,
        tracking: Tracking,
        publishing: Publishing,
        filing: Filing,
    ) -> None:
        self._board = board
        self._connections = connections
        self._desks = desks
        self._dispatch = dispatch
        self._runs = runs
        self._tracking = tracking
        self._publishing = publishing
        self._filing = filing

    def restore(self, unfinished: Unfinished) -> None:
        """Take over what an earlier run left; once, before the first turn."""
        board = self._board
        board.next_drop, board.next_job = unfinished.next_drop, unfinished.next_job
        self._tracking.restore(unfinished)
        self._publishing.restore(unfinished.publishes, unfinished.jobs, next_id=unfinished.next_publish)
        self._restore_drops(unfinished)
        posts: dict[int, list[Post]] = {}
        for post in unfinished.posts:
            posts.setdefault(post.job, []).append(post)
        for job in unfinished.jobs:
            if job.state is JobState.GHOST and job.server not in self._connections:
                board.journal.change_job(job, state=JobState.VOID)  # nobody is left who could be asked for it
            elif job.folder in board.folders:
                board.jobs[job.id] = job
                self._restore_job(job, sorted(posts.get(job.id, []), key=lambda post: post.number))
        for drop in board.drops.values():
            self._go_on(drop)

    def _restore_drops(self, unfinished: Unfinished) -> None:
        board = self._board
        for drop in unfinished.drops:
            desk = self._desks.get(drop.folder)
            if desk is None or (desk.retired and drop.state in (DropState.READY, DropState.HELD)):
                # its folder is no longer configured, and it never left its place
                board.journal.delete_drops([drop])
                continue
            if drop.state in (DropState.READY, DropState.HELD) and drop.server != desk.folder.server:
                board.journal.change_drops([drop], server=desk.folder.server)
            board.drops[drop.id] = drop
            board.live_in[drop.folder] += 1
            if drop.job is not None:
                board.join_job(drop, drop.job)
                if drop.state is not DropState.FILING:
                    self._dispatch.hold_asset(drop)

    def _go_on(self, drop: Drop) -> None:
        """A drop whose job, if it has one, was taken over."""
        standing = self._desks[drop.folder].standing
        if drop.work_path == drop.path or (drop.state is DropState.FILING and drop.work_path is None):
            standing.leaving[drop.path] = drop
        if drop.state in (DropState.READY, DropState.HELD):
            standing.in_place[drop.path] = drop
            if drop.state is DropState.READY:
                self._dispatch.add(drop)
        elif drop.state is DropState.CLAIMED and drop.job is None:
            self._dispatch.add(drop)
        elif drop.state is DropState.FILING:
            self._filing.resume(drop)

    def _restore_job(self, job: Job, posts: list[Post]) -> None:
        board = self._board
        members = board.members_of(job)
        claimed = [drop for drop in members if drop.state is DropState.CLAIMED]
        match job.state:
            case JobState.CLAIMING:
                self._dispatch.resume(job)
                for drop in members:
                    if drop.state is DropState.CLAIMING:
                        self._desks[job.folder].standing.leaving[drop.path] = drop
            case JobState.PLANNED:
                self._runs.plan(job, claimed, posts=len(posts))
            case JobState.OPENING | JobState.OPEN:
                self._runs.plan(job, claimed, posts=len(posts))
                if self._have_no_answer(posts):
                    self._runs.in_doubt(job, [drop for drop in members if drop.state is DropState.SENDING])
                elif not claimed:
                    self._runs.close(job)
            case JobState.CLOSING:
                self._have_no_answer(posts)
                self._runs.plan(job, [], posts=len(posts))
            case JobState.SEEKING | JobState.ENDED | JobState.GHOST:
                if job.state is JobState.SEEKING:
                    self._runs.remember(job, len(posts))
                self._tracking.follow(job, restored=True)
            case JobState.OVER:
                self._filing.job_left(job)
            case JobState.CLOSED | JobState.VOID:
                pass
            case _:
                assert_never(job.state)
        if job.state not in (JobState.GHOST, JobState.OVER):
            board.tell("job.recovered", folder=job.folder, job=job.name, job_handle=job.handle, state=job.state.value)

    def _have_no_answer(self, posts: list[Post]) -> bool:
        """Whether one of these POSTs was under way when the process ended; nobody will ever know its answer."""
        unanswered = [post for post in posts if post.state is PostState.INTENT]
        for post in unanswered:
            self._board.journal.change_post(post, state=PostState.UNKNOWN, reason=wording.ENDED_BEFORE_ANSWER)
        return bool(unanswered)
