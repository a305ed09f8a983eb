"""
When what was stored goes live in one company: which files wait for a publish, when it is submitted, what became of it.

A publish concerns the whole company (an incremental one takes everything that is marked there and changed since the
last), and the server carries out one at a time (PROTOCOL 6.1). So files of all its hot folders wait for one and the
same, the earliest wish decides when it begins, and what comes meanwhile waits for the next one.

That files wait is durable with their outcomes, and a submission before it is made. A second publish harms nobody, but
one whose answer was lost is looked for by its name before it is submitted again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import time
from typing import Literal

from hotfolder.core import publish_times, wording
from hotfolder.core.board import Board, backoff_s
from hotfolder.core.connection import Connection
from hotfolder.core.messages import SeekPublish, SubmitPublish
from hotfolder.core.model import Job, Publish, PublishState
from hotfolder.core.naming import job_name
from hotfolder.core.publish_logs import Report, judge
from hotfolder.core.rhythm import GROWTH
from hotfolder.core.server import ActiveJob, JobLog, Kind, Trouble
from hotfolder.core.settings import PublishWhen

FIRST_RETRY_S = 60.0
MAX_RETRY_S = 3600.0
"""A publish works on the whole company: one that fails is not tried again as quickly as a file."""

REFUSED_RETRY_S = 3600.0
"""A role that may not publish is given the right by a person; nobody waits for it at the second."""

MISSED_TRIES = 3
"""So often is a publish made that does its work but for some assets; then those are called not published."""

LONGEST_SLEEP_S = 3600.0
"""A time of day is compared with the clock at least so often: summer time begins, or somebody sets the clock."""

Level = Literal["info", "warning", "error"]


class PublishLine:
    """The publishes of one company."""

    def __init__(self, board: Board, connections: Mapping[str, Connection]) -> None:
        self._board = board
        self._connections = connections
        self.open: dict[int, Publish] = {}  # not at their end, oldest first
        self.refused: str | None = None  # why the server does not let us publish
        self._asked = False  # a submission or a question is under way
        self._not_before_s = board.now.monotonic  # of the next submission
        self._next_look_s = board.now.monotonic
        self._interval_s = board.settings.tracking.poll_s
        self._overdue = False  # told that the one under way takes too long
        self._told_held: set[int] = set()

    # --- what waits ---

    def restore(self, publish: Publish) -> None:
        """Take over one that an earlier run left; the answer to its submission may be lost."""
        self.open[publish.id] = publish
        if publish.state is not PublishState.WAITING:
            self._board.tell("publish.recovered", publish=publish.name, state=publish.state.value)

    def take(self, job: Job, when: PublishWhen | time, files: int, new_id: Callable[[], int]) -> Publish:
        """Have so many files of a job wait, and return for which publish."""
        board = self._board
        wanted = publish_times.wish(when, board.now.local)
        company = self._connections[job.server].company
        name = company.name if company else ""
        publish = self._collecting(name)
        if publish is None:
            publish = Publish(
                id=new_id(),
                server=job.server,
                company=name,
                state=PublishState.WAITING,
                created_at=board.now.wall,
                wanted=publish_times.as_json({job.folder: wanted}),
                files=files,
            )
            self.open[publish.id] = publish
            board.journal.add_publish(publish)
        else:
            of_folders = json.loads(publish.wanted)
            of_folders[job.folder] = min(wanted, of_folders.get(job.folder, wanted))
            board.journal.change_publish(publish, wanted=publish_times.as_json(of_folders), files=publish.files + files)
        return publish

    def _collecting(self, company: str) -> Publish | None:
        """Return the publish that files begin to wait for now: none that is under way, or goes with that one."""
        after = self.running.takes_to if self.running else 0
        waiting = [publish for publish in self.waiting if publish.id > after and publish.company == company]
        return waiting[-1] if waiting else None

    def settings_changed(self) -> None:
        """Have the settings of now decide when waiting publishes are wanted, and whether they are."""
        for publish in self.waiting:
            self._ask_folders(publish)
        self._not_before_s = self._board.now.monotonic  # whoever changed something may have cured it

    def forget_server(self, server: str) -> None:
        """A server is no longer configured, and does not answer any more."""
        if self.running is not None and self.running.server == server:
            self._asked = False

    def _ask_folders(self, publish: Publish) -> None:
        board, local = self._board, self._board.now.local
        wanted = json.loads(publish.wanted)
        for name in list(wanted):
            folder = board.settings.folder(name)
            if folder is None:  # no longer configured: what it wanted last counts
                continue
            if folder.publish is PublishWhen.NEVER:
                del wanted[name]
            elif not publish_times.is_due(wanted[name], local):
                wanted[name] = publish_times.wish(folder.publish, local)
        if not wanted:
            board.journal.change_publish(publish, state=PublishState.DROPPED, ended_at=board.now.wall)
            board.tell("publish.dropped", publish=publish.name, files=publish.files)
            del self.open[publish.id]
        elif publish_times.as_json(wanted) != publish.wanted:
            board.journal.change_publish(publish, wanted=publish_times.as_json(wanted))

    @property
    def running(self) -> Publish | None:
        """The publish that the server has, or may have."""
        under_way = (each for each in self.open.values() if each.state is not PublishState.WAITING)
        return next((each for each in under_way if self._held(each) is None), None)

    @property
    def waiting(self) -> list[Publish]:
        """Those that are still to be submitted, oldest first."""
        return [each for each in self.open.values() if each.state is PublishState.WAITING]

    def _eligible(self) -> list[Publish]:
        """Return those that could be submitted now: their server knows us, as the company that they are of."""
        return [publish for publish in self.waiting if self._line_to(publish) and self._held(publish) is None]

    def _line_to(self, publish: Publish) -> Connection | None:
        """Return the connection to a publish's server while it can be talked to."""
        connection = self._connections.get(publish.server)
        return connection if connection is not None and connection.is_ok else None

    def _held(self, publish: Publish) -> str | None:
        """Return why a publish cannot be made by these settings; of a server that has not answered nothing is known."""
        connection = self._connections.get(publish.server)
        if connection is None:
            return f"the settings name no server {publish.server!r} any more"
        company = connection.company
        if company is None or company.name == publish.company:
            return None
        return f"it is of the company {publish.company!r}, and we are signed in to {company.name!r}"

    def _is_due(self, publish: Publish) -> bool:
        return publish_times.is_due(publish.due, self._board.now.local)

    def is_busy(self, given_up: Container[str]) -> bool:
        """Whether something happens without a person and without waiting for a later time (run --once)."""
        running = self.running
        if running is not None:
            return not self._overdue and running.server not in given_up
        is_due = any(self._is_due(publish) for publish in self._eligible() if publish.server not in given_up)
        return is_due and self._not_before_s <= self._board.now.monotonic

    # --- time ---

    def wake(self) -> None:
        """Submit what is due, or ask how the one under way stands."""
        board, now_s = self._board, self._board.now.monotonic
        if not self.open or self._asked:
            return
        self._tell_held()
        running = self.running
        if running is not None:
            if self._line_to(running) and now_s >= self._next_look_s:
                self._asked = True
                board.do(SeekPublish(running.server, running.id, running.name or ""))
            return
        eligible = self._eligible() if now_s >= self._not_before_s else []
        if any(map(self._is_due, eligible)):
            self._submit(eligible[0])

    def _submit(self, publish: Publish) -> None:
        board = self._board
        board.journal.change_publish(
            publish,
            state=PublishState.SUBMITTING,
            name=job_name("publish", board.now.wall, board.token()),
            handle=None,
            submitted_at=board.now.wall,
            takes_to=max(self.open),
            absent_since=None,
        )
        self._asked = True
        self._overdue = False
        board.do(SubmitPublish(publish.server, publish.id, publish.name or ""))

    def _tell_held(self) -> None:
        for publish in self.open.values():
            reason = self._held(publish)
            if reason is not None and publish.id not in self._told_held:
                self._told_held.add(publish.id)
                self._board.tell("publish.held", "warning", publish=publish.name, files=publish.files, reason=reason)

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        if self._asked:
            return None
        running = self.running
        if running is not None:
            return self._next_look_s if self._line_to(running) else None
        dues = [publish.due for publish in self._eligible()]
        if not dues:
            return None
        local, now_s = self._board.now.local, self._board.now.monotonic
        if any(publish_times.is_due(due, local) for due in dues):
            return self._not_before_s
        return max(self._not_before_s, now_s + min(publish_times.left_s(min(dues), local), LONGEST_SLEEP_S))

    def _look_later(self, *, something_new: bool) -> None:
        limits = self._board.settings.tracking
        self._interval_s = limits.poll_s if something_new else min(limits.poll_max_s, self._interval_s * GROWTH)
        self._next_look_s = self._board.now.monotonic + self._interval_s

    # --- submitting ---

    def submitted(self, publish: Publish) -> None:
        """The server took it."""
        self._asked = False
        self._connections[publish.server].works()
        self.refused = None
        self._board.journal.change_publish(publish, state=PublishState.SUBMITTED)
        self._tell("publish.submitted", publish)
        self._look_later(something_new=True)

    def failed(self, publish: Publish, trouble: Trouble) -> None:
        """A submission was not accepted, or nobody knows."""
        self._asked = False
        connection = self._connections[publish.server]
        if trouble.kind is Kind.UNKNOWN:
            self._tell("publish.failed", publish, "warning", trouble=trouble.kind.value, reason=trouble.text)
            self._look_later(something_new=True)
            connection.report(trouble)
        elif trouble.kind is Kind.PERMANENT:
            connection.works()
            if self.refused is None:
                self._tell("publish.refused", publish, "error", reason=trouble.text, code=trouble.code)
            self.refused = trouble.text
            self._back(publish, trouble.text)
            self._not_before_s = self._board.now.monotonic + REFUSED_RETRY_S
        elif trouble.kind is Kind.TRANSIENT and trouble.code is not None:
            connection.works()
            self._again(publish, trouble.text)
        else:  # the line's trouble, or that of all we do: once more when the connection is well again
            self._back(publish, publish.reason)
            connection.report(trouble)

    def _taken_by(self, publish: Publish) -> list[Publish]:
        """Return a publish under way and the waiting ones whose files the server had when it was submitted."""
        return [
            each
            for each in self.open.values()
            if each is publish
            or (each.state is PublishState.WAITING and each.id <= publish.takes_to and each.company == publish.company)
        ]

    def _back(self, publish: Publish, reason: str, *, tries: int | None = None) -> None:
        """The server does not have it, or is done with it in vain: its files wait on."""
        self._board.journal.change_publish(
            publish,
            state=PublishState.WAITING,
            reason=reason,
            tries=publish.tries if tries is None else tries,
            absent_since=None,
        )
        self._ask_folders(publish)

    def _again(self, publish: Publish, reason: str) -> None:
        wait_s = backoff_s(FIRST_RETRY_S, MAX_RETRY_S, publish.tries + 1)
        self._tell("publish.failed", publish, "warning", tries=publish.tries + 1, reason=reason, next_in_s=wait_s)
        self._back(publish, reason, tries=publish.tries + 1)
        self._not_before_s = self._board.now.monotonic + wait_s

    def _tell(self, event: str, publish: Publish, level: Level = "info", **fields: object) -> None:
        board = self._board
        files = sum(each.files for each in self._taken_by(publish))
        board.tell(
            event,
            level,
            server=board.server_name(publish.server),
            publish=publish.name,
            job_handle=publish.handle,
            files=files,
            **fields,
        )

    # --- following ---

    def seek_failed(self, publish: Publish, trouble: Trouble) -> None:
        """The server did not say: nothing follows from that."""
        self._asked = False
        self._look_later(something_new=False)
        self._connections[publish.server].report(trouble)

    def sought(self, publish: Publish, active: Sequence[ActiveJob], logs: Sequence[JobLog]) -> None:
        """The server has said what it knows under the name of a publish."""
        self._asked = False
        self._connections[publish.server].works()
        handles = [*(found.handle for found in active), *(log.handle for log in logs)]
        is_active = any(not found.is_done for found in active)
        if handles:
            self._found(publish, handles[0])
        report = judge(logs)
        if report.is_over and not is_active:
            self._over(publish, report)
        elif not handles and publish.state is PublishState.SUBMITTING:
            self._still_absent(publish)
        else:
            self._check_deadline(publish, is_active=is_active)

    def _found(self, publish: Publish, handle: str) -> None:
        if publish.handle != handle:
            self._board.journal.change_publish(publish, handle=handle)
        if publish.state is PublishState.SUBMITTING:
            self._board.journal.change_publish(publish, state=PublishState.SUBMITTED, absent_since=None)
            self._tell("publish.recovered", publish, state=publish.state.value)

    def _over(self, publish: Publish, report: Report) -> None:
        missed = report.still_missed([name for name in publish.missed.split("\n") if name])
        if report.failure:
            self._again(publish, report.failure)
            return
        reason = next(filter(None, report.missed.values()), wording.NOT_PUBLISHED)
        if missed and publish.tries + 1 < MISSED_TRIES:
            self._board.journal.change_publish(publish, missed="\n".join(missed))
            self._again(publish, f"{_listed(missed)}: {reason}")
            return
        self._tell(
            "publish.finished",
            publish,
            "warning" if missed else "info",
            missed=_listed(missed) or None,
            reason=reason if missed else None,
            remarks=report.remarks or None,
        )
        for each in self._taken_by(publish):
            self._board.journal.change_publish(
                each,
                state=PublishState.PUBLISHED,
                ended_at=self._board.now.wall,
                reason=reason if missed else "",
                missed="\n".join(missed),
            )
            del self.open[each.id]

    def _still_absent(self, publish: Publish) -> None:
        """Nothing of its name is there: after a while that means that it was never submitted."""
        board, limits = self._board, self._board.settings.recovery
        if publish.absent_since is None:
            board.journal.change_publish(publish, absent_since=board.now.wall)
        absent_s = board.age_s(publish.absent_since or board.now.wall)
        if absent_s >= limits.recheck_s and self._age_s(publish) >= limits.grace_s:
            self._tell("publish.failed", publish, "warning", reason=wording.NEVER_SHOWN)
            self._back(publish, publish.reason)
            return
        self._look_later(something_new=False)

    def _check_deadline(self, publish: Publish, *, is_active: bool) -> None:
        """One that goes on for long is told once; one that the server took and has forgotten is made again."""
        if self._age_s(publish) >= self._board.settings.tracking.deadline_s:
            if not is_active:
                self._again(publish, wording.FORGOTTEN)
                return
            if not self._overdue:
                self._overdue = True
                self._tell("publish.overdue", publish, "warning", reason="still not done on the server")
        self._look_later(something_new=False)

    def _age_s(self, publish: Publish) -> float:
        return self._board.age_s(publish.submitted_at or publish.created_at)


def _listed(names: Iterable[str], most: int = 20) -> str:
    """Return names for a log line, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
