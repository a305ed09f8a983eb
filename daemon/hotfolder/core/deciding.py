"""
What became of a job's files: by the job's log where that tells, else by what the server has of assets.

Owns what is known of a job on the server while it is followed. When it is asked, and how a job is found whose first
answer was lost, is for `tracking` to say. What has no row is looked for among the assets; what is certainly not there
is sent once more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hotfolder.core import verdicts, wording
from hotfolder.core.archives import decide_archive, is_taken_apart
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.messages import AssetsFailed, AssetsSeen, FindAssets
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome, Unfinished
from hotfolder.core.runs import Runs
from hotfolder.core.server import ActiveJob, Asset, JobLog, Trouble
from hotfolder.core.stored import StoredBefore
from hotfolder.core.verdicts import CLOCK_TOLERANCE, Verdict

SENDS_MAX = 2
"""A file that the server accepted and never processed is sent once more, then it fails (RELIABILITY J14)."""


@dataclass(slots=True)
class Follow:
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


class Deciding:
    """Decides the files of jobs that the server has told of."""

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
        self.follows: dict[int, Follow] = {}  # by job
        self._stored_before = StoredBefore(board)

    def restore(self, unfinished: Unfinished) -> None:
        """Take over what earlier runs have stored."""
        self._stored_before.restore(unfinished)

    def undecided(self, job: Job) -> list[Drop]:
        """Return the files that the server has, or may have, and that have no outcome."""
        return [drop for drop in self._board.members_of(job) if drop.state in (DropState.SENT, DropState.DOUBTED)]

    # --- logs ---

    def read(self, job: Job, follow: Follow, logs: tuple[JobLog, ...]) -> bool:
        """Decide by the logs if they are complete; return whether they were."""
        if not logs or not all(log.has_end and log.is_complete for log in logs):
            return False
        members = self.undecided(job)
        self.notice_namesakes(job, [log.handle for log in logs])
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
            # "the name exists" may mean ourselves: after an earlier attempt in doubt, or if something on the way sent
            # this one twice and only the second has a row: the asset tells
            may_be_ours = verdict.outcome is Outcome.DUPLICATE and (drop.sends > 1 or not is_taken_apart(drop))
            if verdict.outcome is None or may_be_ours:
                follow.open.append(drop)
                follow.said[drop.id] = verdict
            else:
                follow.verdicts.append(verdict)
        if follow.open:
            self.look_for(job, follow, follow.open)
        else:
            self._over(job, follow, [])
        return True

    def notice_namesakes(self, job: Job, handles: list[str]) -> None:
        """More jobs have our name than we know of: something on the way has sent a POST twice (RELIABILITY J7, E8)."""
        known = [*filter(None, job.other_handles.split("\n"))]
        others = [handle for handle in handles if handle != job.handle and handle not in known]
        if not others:
            return
        board = self._board
        board.journal.change_job(job, other_handles="\n".join([*known, *others]))
        board.journal.change_drops(self.undecided(job), possible_second_copy=True)
        board.tell(
            "job.recovered",
            "warning",
            folder=job.folder,
            job=job.name,
            job_handle=job.handle,
            jobs_found=1 + len(known) + len(others),
            reason="other jobs turned up under its name: its files may be there twice",
        )

    # --- assets ---

    def look_for(self, job: Job, follow: Follow, drops: list[Drop]) -> None:
        """Ask which of these files the server has; none of them: the job is over."""
        if not drops:
            self._over(job, follow, [])
            return
        follow.looking = True
        self._board.do(FindAssets(job.server, job.id, tuple(dict.fromkeys(drop.asset for drop in drops))))

    def assets_failed(self, event: AssetsFailed) -> None:
        """The server did not say."""
        self.not_said(event.job, event.trouble)

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
            may_be_earlier = is_duplicate and drop.sends > 1  # stored by an attempt before this job
            if follow.begun_at is not None and not may_be_earlier:
                verdict = _by_asset(drop, event.assets, follow.begun_at, timedelta(0))
            else:
                begun = (drop.ready_at or since) if may_be_earlier else since
                verdict = _by_asset(drop, event.assets, begun, CLOCK_TOLERANCE)
                if verdict is not None and self._stored_before.may_be_another(drop, begun):
                    unsure.add(drop.id)
                    verdict = None
            if verdict is None and is_taken_apart(drop):
                unsure.add(drop.id)  # whether it arrived or not, nothing need be there under its own name
            if verdict is not None:
                reason = wording.ALREADY_THERE if may_be_earlier else verdict.reason
                follow.verdicts.append(replace(verdict, reason=reason))
            elif is_duplicate and said is not None:
                unproven = _verdict(drop, Outcome.UNKNOWN, wording.NAME_EXISTS)
                is_known = event.assets is not None and drop.id not in unsure
                is_known = is_known or not (may_be_earlier or drop.overwrite)  # then the name was mostly there before
                follow.verdicts.append(said if is_known else unproven)
            else:
                missing.append(drop)
        self._over(job, follow, missing, proven=event.assets is not None, unsure=unsure)

    def _over(
        self,
        job: Job,
        follow: Follow,
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

    def not_said(self, job_id: int, trouble: Trouble) -> None:
        """A question about one job was not answered: it is asked again with the next round."""
        follow, job = self.follows.get(job_id), self._board.jobs.get(job_id)
        if follow is not None:
            follow.looking = False
            follow.next_s = self._board.now.monotonic + self._board.settings.tracking.poll_s
        if job is not None:
            self._connections[job.server].report(trouble)


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
