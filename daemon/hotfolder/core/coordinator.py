"""
The one that decides: `step(event, now)` takes what happened and returns what to write, what to do and what to log.

It owns everything the daemon knows while it runs, and nothing else changes it. The writes of a turn are made durable
before any of its actions is begun, so an intent is always on disk before the deed, and each action's result comes back
as an event. What an earlier run left half done is for `recovery`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from hotfolder.core import companies, line_troubles, wording
from hotfolder.core import messages as m
from hotfolder.core.board import Board, Turn
from hotfolder.core.collisions import Collisions
from hotfolder.core.connection import Connection
from hotfolder.core.deciding import Deciding
from hotfolder.core.dispatch import Dispatch
from hotfolder.core.filing import Filing
from hotfolder.core.intake import Desk
from hotfolder.core.leftovers import bound_to, leftover_folders
from hotfolder.core.litter import WORKING
from hotfolder.core.lookup import Lookup
from hotfolder.core.model import (
    Drop,
    DropState,
    Identity,
    Job,
    JobState,
    KnownFolder,
    Outcome,
    Post,
    Touched,
    Unfinished,
)
from hotfolder.core.places import Holder, Places
from hotfolder.core.posting import Posting
from hotfolder.core.publishing import Publishing
from hotfolder.core.recovery import Recovery
from hotfolder.core.replies import Replies
from hotfolder.core.runs import Runs
from hotfolder.core.saying import ENGLISH, Voice
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import FolderSettings, Settings
from hotfolder.core.silence import reading_of
from hotfolder.core.single_pass import SinglePass
from hotfolder.core.stalls import Stalls
from hotfolder.core.tracking import Tracking
from hotfolder.core.verdicts import Verdict

LOOK_FIRST_S = 5.0  # a look is due at once, and takes that long only in a folder where thousands are due


class Coordinator:
    """Decides; see the module."""

    def __init__(
        self,
        settings: Settings,
        now: m.Now,
        *,
        token: Callable[[], str],
        unfinished: Unfinished | None = None,
        once: bool = False,
        poison: Iterable[Touched] = (),
        voice_of: Callable[[str], Voice] = lambda language: ENGLISH,
    ) -> None:
        """
        `poison` are versions of files that must not be looked into: earlier runs ended at them.

        `voice_of` gives the language of a hot folder's notes.
        """
        unfinished = unfinished or Unfinished()
        self._poison: dict[str, dict[str, Identity]] = {}
        for touched in poison:
            self._poison.setdefault(touched.folder, {})[touched.path] = touched.identity
        self.board = board = Board(settings, now, token, voice_of)
        board.once = once
        self.connections = {server.name: Connection(board, server.name) for server in settings.servers}
        self.collisions = Collisions(board.company_key)
        self.lookup = Lookup(board, self.connections)
        self.stalls = Stalls(board)
        self.desks: dict[str, Desk] = {}
        self._status_due: set[str] = set()  # hot folders whose status file is being written
        for folder in settings.folders:
            self._add_desk(folder, unfinished.folders.get(folder.name))
        for folder in leftover_folders(settings, unfinished):
            self._add_desk(folder, unfinished.folders[folder.name]).retire()
        self.places = Places(board, self.connections, self._holders)
        self.runs = Runs(board, self.connections, requeue=self._requeue, job_left=lambda job: self.tracking.follow(job))
        self.posting = Posting(
            board,
            self.connections,
            self.lookup,
            self.stalls,
            self.runs,
            may_post=self.places.may_post,
            folder_is_up=lambda name: self.desks[name].is_up,
        )
        self.replies = Replies(
            board,
            self.connections,
            self.lookup,
            self.stalls,
            self.runs,
            decide=lambda drop, outcome, reason: self.filing.decide(drop, outcome, reason),
            changed_in_place=self._changed_in_place,
            deny=lambda folder, reason: self.desks[folder].deny(reason),
        )
        self.dispatch = Dispatch(
            board,
            self.desks,
            self.connections,
            self.lookup,
            self.stalls,
            on_planned=self.runs.plan,
            collisions=self.collisions,
            decide=lambda drop, outcome, reason: self.filing.decide(drop, outcome, reason),
            may_form=self.places.may_form,
        )
        self.filing = Filing(board, self.desks, asset_free=self.dispatch.gone)
        self.publishing = Publishing(board, self.connections)
        deciding = Deciding(board, self.connections, self.runs, requeue=self._requeue, conclude=self._conclude)
        self.tracking = Tracking(board, self.connections, self.runs, deciding=deciding)
        Recovery(
            board,
            self.connections,
            self.desks,
            dispatch=self.dispatch,
            runs=self.runs,
            tracking=self.tracking,
            publishing=self.publishing,
            filing=self.filing,
        ).restore(unfinished)
        self.single_pass = SinglePass(
            board,
            self.desks,
            lookup=self.lookup,
            dispatch=self.dispatch,
            filing=self.filing,
            publishing=self.publishing,
            tracking=self.tracking,
        )

    def _add_desk(self, folder: FolderSettings, known: KnownFolder | None = None) -> Desk:
        self.board.folders[folder.name] = folder
        self.board.live_in.setdefault(folder.name, 0)
        desk = self.desks[folder.name] = Desk(
            self.board,
            folder,
            known=known or KnownFolder(folder.name),
            poison=self._poison.get(folder.name),
            on_ready=lambda drop: self.dispatch.add(drop),
            on_gone=lambda drop: self.dispatch.gone(drop),
            on_refused=lambda drop: self.filing.refuse(drop),
            max_post_bytes=lambda: self.max_post_bytes(folder.name),
            collisions=self.collisions,
        )
        return desk

    def max_post_bytes(self, folder: str) -> int | None:
        """Return how much the server of a hot folder takes in one POST, as far as it is known."""
        connection = self.connections.get(self.board.folders[folder].server)  # a leftover folder's may be gone
        return None if connection is None else connection.max_post_bytes

    # --- one turn ---

    def step(self, event: m.Event, now: m.Now) -> Turn:
        """Take one event in and return what follows from it."""
        self.board.now = now
        self._take(event)
        self._advance()
        return self.board.take_turn()

    def _advance(self) -> None:
        for connection in self.connections.values():
            connection.wake()
        for desk in self.desks.values():
            desk.wake()
        self.lookup.wake((*self.dispatch.naming(), *self.posting.naming()))
        self.dispatch.wake()
        self.posting.wake()
        self.tracking.wake()
        self.publishing.wake()
        self.filing.wake()
        self.filing.flush()
        self._close_retired()

    def records(self) -> tuple[dict[int, Drop], dict[int, Job], dict[tuple[int, int], Post]]:
        """Return the drops, jobs and POSTs that are not at their end, by their keys in the ledger."""
        posts = [run.post for run in self.runs.all.values() if run.post is not None]
        return dict(self.board.drops), dict(self.board.jobs), {(post.job, post.number): post for post in posts}

    def next_wake_s(self) -> float | None:
        """Return the monotonic time by which `step(Woken(), ...)` has something to do, None if only events matter."""
        times = [desk.next_wake_s() for desk in self.desks.values()]
        times += [connection.next_wake_s() for connection in self.connections.values()]
        times += [
            self.lookup.next_wake_s(),
            self.stalls.next_wake_s(),
            self.dispatch.next_wake_s(),
            self.posting.next_wake_s(),
            self.tracking.next_wake_s(),
            self.publishing.next_wake_s(),
            self.filing.next_wake_s(),
        ]
        if self.board.stopping:
            times = [self.filing.next_wake_s()]
        return min((at_s for at_s in times if at_s is not None), default=None)

    def _take(self, event: m.Event) -> None:
        folder = getattr(event, "folder", None)
        if folder is not None and folder not in self.desks:
            return  # the last word of a folder that is no longer configured
        server = getattr(event, "server", None)
        if server is not None and server not in self.connections:
            return
        match event:
            case m.Woken():
                pass
            case m.StopAsked():
                self.board.stopping = True
            case m.FolderUp():
                self._folder_up(event)
            case m.FolderDown():
                self._status_due.discard(event.folder)
                self.desks[event.folder].went_down(event.reason)
            case m.Changed():
                self.desks[event.folder].changed(event.files, event.directories)
            case m.Overflowed():
                self.desks[event.folder].overflowed()
            case m.Found():
                self.desks[event.folder].found(event)
            case m.Looked():
                self.desks[event.folder].looked(event.results)
            case m.Recalled():
                self.desks[event.folder].recalled(event.results)
            case m.Claimed():
                self._claimed(event)
            case m.PostAccepted():
                self.replies.accepted(event)
            case m.PostFailed():
                self.replies.failed(event)
            case m.PostProgressed():
                self.posting.progressed(event)
            case m.PostStands():
                self.posting.stands(event)
            case m.SignedIn():
                self._signed_in(event)
            case m.SignInFailed():
                self.connections[event.server].sign_in_failed(event.trouble)
            case m.ExpiryTold():
                self.connections[event.server].expiry.told(event.at)
            case m.ExpiryUntold():
                self.connections[event.server].expiry_untold(event.trouble)
            case m.Polled():
                self.tracking.polled(event)
            case m.PollFailed():
                self.tracking.poll_failed(event)
            case m.Sought():
                self.tracking.sought(event)
            case m.SeekFailed():
                self.tracking.seek_failed(event)
            case m.AssetsSeen():
                self.tracking.assets_seen(event)
            case m.AssetsFailed():
                self.tracking.assets_failed(event)
            case m.NamesListed():
                self.lookup.listed(event)
            case m.ListFailed():
                self.lookup.failed(event)
            case m.TakenSeen():
                self.dispatch.taken.seen(event)
            case m.TakenFailed():
                self.dispatch.taken.failed(event)
            case m.PublishSubmitted():
                self.publishing.submitted(event)
            case m.PublishFailed():
                self.publishing.failed(event)
            case m.PublishSought():
                self.publishing.sought(event)
            case m.PublishSeekFailed():
                self.publishing.seek_failed(event)
            case m.FiledAway():
                self.filing.filed(event.results)
            case m.OrphansFound():
                for orphan in event.orphans:
                    self._adopt(event.folder, orphan)
            case m.StatusTold():
                if self.may_write_status(event.folder, is_last=event.is_last):
                    self._status_due.add(event.folder)
                    self.board.do(m.WriteStatus(event.folder, event.text))
            case m.StatusWritten():
                self._status_due.discard(event.folder)
            case m.HoldAsked():
                self.desks[event.folder].hold(event.paths)
            case m.ReleaseAsked():
                self.desks[event.folder].release(event.paths)
            case m.RetryAsked():
                self.board.do(m.BringBack(event.folder, event.moves))
            case m.Reloaded():
                self._reloaded(event.settings)
            case m.Crashed():
                self._crashed(event)
            case _:
                assert_never(event)

    def may_write_status(self, folder: str, *, is_last: bool = False) -> bool:
        """Return whether a hot folder's status file may be written: one at a time, so that none pile up at a share."""
        desk = self.desks.get(folder)
        if desk is None or not desk.is_up or not desk.folder.status_file:
            return False
        return is_last or folder not in self._status_due

    def _reloaded(self, settings: Settings) -> None:
        """Take new settings; claimed drops finish under those that were recorded with them."""
        self.board.settings = settings
        for server in settings.servers:
            if server.name not in self.connections:
                self.connections[server.name] = Connection(self.board, server.name)
        configured = {folder.name: folder for folder in settings.folders}
        for name, desk in self.desks.items():
            if name not in configured and not desk.retired:
                desk.retire()
        for name, folder in configured.items():
            known = self.desks.get(name)
            if known is None:
                self._add_desk(folder)
            elif known.folder != folder or known.retired:
                self.board.folders[name] = folder
                known.change(folder, self.dispatch.nameless(name))
        for gone in [name for name in self.connections if settings.server(name) is None]:
            for part in (self.tracking, self.dispatch, self.lookup, self.publishing):
                part.forget_server(gone)
            del self.connections[gone]
        self.lookup.configure()
        self.publishing.settings_changed()

    def _close_retired(self) -> None:
        """Let go of folders that are no longer configured once nothing of theirs is under way."""
        for name in [name for name, desk in self.desks.items() if desk.retired and not self.board.live_in[name]]:
            if not self._has_jobs(name):
                del self.desks[name], self.board.folders[name], self.board.live_in[name]
                self.board.do(m.CloseFolder(name))

    def _folder_up(self, event: m.FolderUp) -> None:
        desk = self.desks[event.folder]
        desk.came_up(event.state, event.mount_point)
        if not desk.retired:
            self.board.do(m.FindOrphans(event.folder, self._working_jobs(event.folder)))
            self.board.do(m.Tidy(event.folder))
        for job in self.board.jobs.values():
            if job.folder == event.folder and job.state is JobState.CLAIMING:
                members = self.board.members_of(job)
                self.dispatch.claim(job, [drop for drop in members if drop.state is DropState.CLAIMING])
        self.filing.folder_came_up(event.folder)

    def _working_jobs(self, folder: str) -> frozenset[str]:
        """Return the names of the jobs whose files may lie in a folder's `_working`."""
        paths = [drop.work_path for drop in self.board.drops.values() if drop.folder == folder and drop.work_path]
        return frozenset(path.split("/")[1] for path in paths if path.startswith(f"{WORKING}/"))

    def _adopt(self, folder: str, orphan: m.Orphan) -> None:
        """Have a file of which nothing is recorded brought where people find it (RELIABILITY L2)."""
        path = orphan.path.removeprefix(f"{WORKING}/").partition("/")[2] or orphan.path.rpartition("/")[2]
        drop = self.desks[folder].standing.drop_at(path, orphan.identity)
        drop.work_path = orphan.path
        drop.reason = wording.ORPHAN
        self.board.tell("drop.seen", "warning", folder=folder, drop=drop.id, path=orphan.path, reason=drop.reason)
        self.filing.adopt(drop, Outcome.UNKNOWN)

    def _claimed(self, event: m.Claimed) -> None:
        job = self.board.jobs.get(event.job)
        if job is not None and job.state is JobState.CLAIMING:
            self.dispatch.claimed(job, event.results)

    def _signed_in(self, event: m.SignedIn) -> None:
        """A server knows us; whether we may work for the company that it is there is another question."""
        settings, connection = self.board.settings, self.connections[event.server]
        server = settings.server(event.server)
        why = server and companies.objection(
            server,
            event.company,
            servers=settings.servers,
            connections=self.connections,
            jobs=self.board.jobs.values(),
        )
        if why:
            connection.sign_in_failed(Trouble(kind=Kind.FATAL, text=why))
            return
        connection.signed_in(event.company)
        self.lookup.signed_in(event.server)

    def _crashed(self, event: m.Crashed) -> None:
        """An executor met what nobody foresaw."""
        if getattr(event.action, "server", None) not in (None, *self.connections):
            return  # the last word of a server that is no longer configured
        answer = reading_of(event.action, event.error)
        folder = getattr(event.action, "folder", None)
        if answer is None or isinstance(answer, m.StatusWritten):
            reason = line_troubles.INTERNAL.format(error=event.error)
            self.board.tell("folder.degraded", "error", folder=folder, reason=reason)
        if answer is not None:
            self._take(answer)

    def _changed_in_place(self, drop: Drop) -> None:
        """What was to be sent from its place is not that file any more: the next look tells what has become of it."""
        self.board.leave_job(drop)
        self.board.journal.change_drops([drop], state=DropState.READY, job=None, post=None, work_path=None)
        self.desks[drop.folder].look_first(drop)
        self.dispatch.add(drop, after_s=LOOK_FIRST_S)

    def _conclude(self, job: Job, verdicts: list[Verdict]) -> None:
        self.publishing.wait(job, verdicts)  # first: what is written beside the files says when they go live
        self.filing.conclude(job, verdicts)

    def _holders(self, server: str) -> Iterator[Holder]:
        """Yield the jobs of a server that have or want a place; what stands still because of its folder holds none."""
        for job in self.dispatch.claiming():
            if job.server == server and self.desks[job.folder].is_up and not self.stalls.has(job.id):
                yield Holder(job.id, job.folder, is_busy=True)
        yield from self.posting.holders(server)

    def _requeue(self, drops: Iterable[Drop], after_s: float) -> None:
        for drop in drops:
            self.dispatch.add(drop, after_s=after_s)

    def claimed_in(self, folder: str) -> int:
        """Return how many drops of a folder have left their place and are not done; at least 1 while a job is open."""
        count = sum(
            drop.folder == folder and drop.state not in (DropState.READY, DropState.HELD)
            for drop in self.board.drops.values()
        )
        return max(count, int(self._has_jobs(folder)))

    def _has_jobs(self, folder: str) -> bool:
        """Whether a job needs its folder; one that was written off does not."""
        return any(job.folder == folder and job.state is not JobState.GHOST for job in self.board.jobs.values())

    def under_way_on(self, server: str) -> int:
        """Return how many drops can only be brought to their end by a server; at least 1 while it has a job."""
        jobs = self.board.jobs.values()
        return bound_to(server, self.board.drops.values(), jobs)
