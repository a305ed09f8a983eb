"""
What the server makes of our jobs: following them, finding those whose first answer was lost, and deciding every file.

A job is over when the server no longer lists it and its log has its end (PROTOCOL 4.2); only then the rows decide.
What has no row is looked for among the assets; what is certainly not there is sent once more.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hotfolder.core import verdicts, wording
from hotfolder.core.archives import decide_archive, is_taken_apart
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.messages import (
    AssetsFailed,
    AssetsSeen,
    FindAssets,
    Followed,
    Poll,
    Polled,
    PollFailed,
    Seek,
    SeekFailed,
    Sought,
)
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome, Unfinished
from hotfolder.core.rhythm import Rhythm
from hotfolder.core.runs import Runs
from hotfolder.core.server import ActiveJob, Asset, JobLog, Trouble
from hotfolder.core.stored import StoredBefore
from hotfolder.core.verdicts import CLOCK_TOLERANCE, Verdict

SENDS_MAX = 2
"""A file that the server accepted and never processed is sent once more, then it fails (RELIABILITY J14)."""

GHOST_LOOK_S = 3600.0  # 24 looks in the day that a ghost is watched


@dataclass(slots=True)
class _Follow:
    """What we know of one job on the server."""

    active: ActiveJob | None = None
    verdicts: list[Verdict] = field(default_factory=list)  # decided, waiting for the assets of the rest
    open: list[Drop] = field(default_factory=list)  # not told by the log, looked for among the assets
    said: dict[int, Verdict] = field(default_factory=dict)  # what the log says of those, as far as it does
    begun_at: datetime | None = None  # by the server's own clock
    gave_up: bool = False  # the log says so of the whole job
    looking: bool = False
    log: str = ""
    overdue: bool = False
    next_s: float = 0.0  # of seeking


class Tracking:
    """Follows every job from its end of POSTs to its verdicts."""

    def __init__(
        self,
        board: Board,
        connections: Mapping[str, Connection],
        runs: Runs,
        *,
        requeue: Callable[[list[Drop], float], None],
        conclude: Callable[[Job, list[Verdict]], None],
    ) -> None:
        self._board = board
        self._connections = connections
        self._runs = runs
        self._requeue = requeue
        self._conclude = conclude  # a job's drops have their outcomes
        self.follows: dict[int, _Follow] = {}
        self._sought: set[int] = set()  # of these, the ones sought by name; may hold some that are not any more
        self._rhythms: dict[str, Rhythm] = {}  # by server
        self._stored_before = StoredBefore(board)

    def restore(self, unfinished: Unfinished) -> None:
        """Take over what earlier runs have stored; jobs are given to `follow`."""
        self._stored_before.restore(unfinished)

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
            self.follows[job.id] = _Follow(next_s=now_s + (0.0 if restored else GHOST_LOOK_S))
            return
        self.follows.setdefault(job.id, _Follow(next_s=now_s + min(1.0, poll_s)))
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

    def _followed(self, rhythm: Rhythm) -> list[tuple[Job, _Follow]]:
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

    def _seekers(self) -> list[tuple[Job, _Follow]]:
        """Return the jobs sought by name; most are followed by handle, and a step must not look at all of those."""
        jobs = self._board.jobs
        self._sought = {id_ for id_ in self._sought if id_ in self.follows and jobs[id_].state is not JobState.ENDED}
        return [(jobs[id_], self.follows[id_]) for id_ in sorted(self._sought)]

    # --- following ---

    def poll_failed(self, event: PollFailed) -> None:
        """The server did not say: nothing moves."""
        self._rhythm(event.server).answered(something_new=False)
        self._connections[event.server].report(event.trouble)

    def polled(self, event: Polled) -> None:
        """The server has said."""
        self._connections[event.server].works()
        rhythm = self._rhythm(event.server)
        rhythm.told_at = self._board.now.wall
        something_new = False
        namesakes: defaultdict[str, list[str]] = defaultdict(list)
        for listed in event.active.values():
            namesakes[listed.original_name].append(listed.handle)
        for job, follow in self._followed(rhythm):
            if job.handle is None or follow.looking:
                continue
            self._notice_namesakes(job, namesakes[job.name])
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
            if job.id in event.logs and self._read(job, follow, event.logs[job.id]):
                something_new = True
            elif job.id in self.follows:
                self._check_deadline(job, follow, is_active=active is not None and not active.is_done)
        self._followed(rhythm)  # those decided just now are asked for no more
        rhythm.answered(something_new=something_new)

    def _read(self, job: Job, follow: _Follow, logs: tuple[JobLog, ...]) -> bool:
        """Decide by the logs if they are complete; return whether they were."""
        if not logs or not all(log.has_end and log.is_complete for log in logs):
            return False
        members = self._undecided(job)
        self._notice_namesakes(job, [log.handle for log in logs])
        expected = [_expected(drop) for drop in members]
        if len(members) == 1 and is_taken_apart(members[0]):
            decision = decide_archive(expected[0], logs)
        else:
            decision = verdicts.decide(expected, logs)
        for note in decision.notes:
            self._board.tell(
                "job.remark", "warning", folder=job.folder, job=job.name, job_handle=job.handle, reason=note
            )
        follow.log = json.dumps(logs, ensure_ascii=False, default=_plain)
        follow.verdicts, follow.open = [], []
        follow.begun_at = verdicts.begun_at(logs)
        follow.gave_up = any(log.fatal_error.strip() for log in logs)
        for drop, verdict in zip(members, decision.verdicts, strict=True):
            # after an earlier attempt in doubt "the name exists" may mean ourselves: only the asset can tell
            if verdict.outcome is None or (verdict.outcome is Outcome.DUPLICATE and drop.sends > 1):
                follow.open.append(drop)
                follow.said[drop.id] = verdict
            else:
                follow.verdicts.append(verdict)
        if follow.open:
            self._look_for(job, follow, follow.open)
        else:
            self._over(job, follow, [])
        return True

    def _notice_namesakes(self, job: Job, handles: list[str]) -> None:
        """More jobs have our name than we know of: something on the way has sent a POST twice (RELIABILITY J7, E8)."""
        known = [*filter(None, job.other_handles.split("\n"))]
        others = [handle for handle in handles if handle != job.handle and handle not in known]
        if not others:
            return
        board = self._board
        board.journal.change_job(job, other_handles="\n".join([*known, *others]))
        board.journal.change_drops(self._undecided(job), possible_second_copy=True)
        board.tell(
            "job.recovered",
            "warning",
            folder=job.folder,
            job=job.name,
            job_handle=job.handle,
            jobs_found=1 + len(known) + len(others),
            reason="other jobs turned up under its name: its files may be there twice",
        )

    def _undecided(self, job: Job) -> list[Drop]:
        return [drop for drop in self._board.members_of(job) if drop.state in (DropState.SENT, DropState.DOUBTED)]

    def _check_deadline(self, job: Job, follow: _Follow, *, is_active: bool) -> None:
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
        follow.open = self._undecided(job)
        follow.verdicts = []
        self._look_for(job, follow, follow.open)

    # --- seeking ---

    def seek_failed(self, event: SeekFailed) -> None:
        """The server did not say: that is no "not there"."""
        self._not_said(event.job, event.trouble)

    def _not_said(self, job_id: int, trouble: Trouble) -> None:
        """A question about one job was not answered: it is asked again with the next round."""
        follow, job = self.follows.get(job_id), self._board.jobs.get(job_id)
        if follow is not None:
            follow.looking = False
            follow.next_s = self._board.now.monotonic + self._board.settings.tracking.poll_s
        if job is not None:
            self._connections[job.server].report(trouble)

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
            board.journal.change_drops(self._undecided(job), possible_second_copy=True)
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

    def _still_absent(self, job: Job, follow: _Follow) -> None:
        board, limits = self._board, self._board.settings.recovery
        if job.absent_since is None:
            board.journal.change_job(job, absent_since=board.now.wall)
        sent_s = board.age_s(job.last_post_at or job.created_at)
        absent_s = board.age_s(job.absent_since or board.now.wall)
        grace_s = limits.job_timeout_s + limits.grace_s
        if sent_s >= grace_s and absent_s >= limits.recheck_s:
            follow.open = self._undecided(job)
            self._look_for(job, follow, follow.open)
            return
        wait_s = min(limits.recheck_s, max(self._board.settings.tracking.poll_s, sent_s / 4))
        follow.next_s = board.now.monotonic + wait_s

    def _ghost_sought(self, job: Job, follow: _Follow, handles: list[str]) -> None:
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

    # --- assets ---

    def _look_for(self, job: Job, follow: _Follow, drops: list[Drop]) -> None:
        if not drops:
            self._over(job, follow, [])
            return
        follow.looking = True
        self._board.do(FindAssets(job.server, job.id, tuple(dict.fromkeys(drop.asset for drop in drops))))

    def assets_failed(self, event: AssetsFailed) -> None:
        """The server did not say."""
        self._not_said(event.job, event.trouble)

    def assets_seen(self, event: AssetsSeen) -> None:
        """The server has said which assets it has; None = it does not offer that."""
        follow = self.follows.get(event.job)
        if follow is None:
            return
        follow.looking = False
        job = self._board.jobs[event.job]
        since = job.first_post_at or job.created_at
        missing: list[Drop] = []
        unsure: set[int] = set()  # what is there, or is not, proves nothing: it may be another version of ours
        for drop in follow.open:
            said = follow.said.get(drop.id)
            is_duplicate = said is not None and said.outcome is Outcome.DUPLICATE
            if follow.begun_at is not None and not is_duplicate:
                verdict = _by_asset(drop, event.assets, follow.begun_at, timedelta(0))
            else:
                begun = (drop.ready_at or since) if is_duplicate else since
                verdict = _by_asset(drop, event.assets, begun, CLOCK_TOLERANCE)
                if verdict is not None and self._stored_before.may_be_another(drop, begun):
                    unsure.add(drop.id)
                    verdict = None
            if verdict is None and is_taken_apart(drop):
                unsure.add(drop.id)  # whether it arrived or not, nothing need be there under its own name
            if verdict is not None:
                reason = wording.ALREADY_THERE if is_duplicate else verdict.reason
                follow.verdicts.append(replace(verdict, reason=reason))
            elif is_duplicate and said is not None:
                unproven = _verdict(drop, Outcome.UNKNOWN, wording.NAME_EXISTS)
                is_known = event.assets is not None and drop.id not in unsure
                follow.verdicts.append(said if is_known else unproven)
            else:
                missing.append(drop)
        self._over(job, follow, missing, proven=event.assets is not None, unsure=unsure)

    def _over(
        self,
        job: Job,
        follow: _Follow,
        missing: list[Drop],
        *,
        proven: bool = False,
        unsure: Collection[int] = (),
    ) -> None:
        """
        Everything that can be known is known; `proven` if the server tells which assets it has.

        That there is none proves that nothing of a file is there, unless its job worked and nobody saw the log: then it
        may be there under another name. A log alone proves nothing by a row that is not in it.
        """
        board = self._board
        seeking = job.state is JobState.SEEKING
        proven = proven and (seeking or bool(follow.log))
        again: list[Drop] = []
        for drop in missing:
            # one that was accepted fails soon; one that never arrived is the line's trouble, not the file's, and one
            # in a job that the server gave up may be another one's
            is_its_own = drop.state is DropState.SENT and not follow.gave_up
            if drop.sends < (SENDS_MAX if is_its_own else board.settings.retry.tries):
                doubtful = drop.possible_second_copy or drop.id in unsure or not proven
                # the second time it may be what breaks the line or the job: the others are spared that
                alone = drop.alone or (not is_its_own and drop.sends > 1)
                board.journal.change_drops([drop], state=DropState.CLAIMED, possible_second_copy=doubtful, alone=alone)
                again.append(drop)
            elif drop.id not in unsure and proven:
                why = wording.NEVER_WORKED_ON if drop.state is DropState.SENT else wording.NEVER_ARRIVED
                if follow.gave_up and drop.id in follow.said:
                    why = follow.said[drop.id].reason
                follow.verdicts.append(_verdict(drop, Outcome.FAILED, why))
            else:
                follow.verdicts.append(_verdict(drop, Outcome.UNKNOWN, wording.NOT_TOLD))
        if seeking and not follow.verdicts:
            self._runs.write_off(job, again)
        elif seeking:
            board.journal.change_job(job, state=JobState.ENDED, ended_at=board.now.wall)
        for drop in again:
            board.leave_job(drop)
        board.journal.change_drops(again, job=None, post=None)
        if job.state is JobState.ENDED:
            board.journal.change_job(job, state=JobState.OVER, log=follow.log)
            board.tell(
                "job.finished",
                folder=job.folder,
                job=job.name,
                job_handle=job.handle,
                files=len(follow.verdicts),
                again=len(again) or None,
            )
            self.follows.pop(job.id, None)
            self._stored_before.remember(follow.verdicts)
            self._conclude(job, follow.verdicts)
        if again:
            self._requeue(again, 0.0)

    def _forget(self, job: Job) -> None:
        self.follows.pop(job.id, None)
        self._board.jobs.pop(job.id, None)


def _expected(drop: Drop) -> verdicts.Expected:
    return verdicts.Expected(
        drop=drop.id,
        asset=drop.asset,
        sent_name=drop.sent_name,
        overwrite=drop.overwrite,
        doubted=drop.state is DropState.DOUBTED,
        earlier_doubt=drop.sends > 1,
    )


def _by_asset(drop: Drop, assets: Iterable[Asset] | None, since: datetime, tolerance: timedelta) -> Verdict | None:
    """Return the verdict that the assets prove, if they do and the server tells of them."""
    if assets is None:
        return None
    size_bytes = drop.identity.size_bytes
    verdict = verdicts.from_asset(
        _expected(drop), tuple(assets), size_bytes=size_bytes, since=since, tolerance=tolerance
    )
    return verdict if verdict.outcome is not None else None


def _verdict(drop: Drop, outcome: Outcome, reason: str) -> Verdict:
    return Verdict(drop=drop.id, outcome=outcome, reason=reason, warnings=(), asset_handle=None, stored_as=None)


def _plain(value: Any) -> Any:
    """Give JSON what it asks for: a moment as text, a log or a row of it by its fields."""
    if isinstance(value, datetime):
        return value.isoformat()
    return {name: getattr(value, name) for name in value.__slots__}
