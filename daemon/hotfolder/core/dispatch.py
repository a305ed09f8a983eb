"""
From ready drops to jobs: who goes together, when, and in which folder's turn; and the claim that begins each job.

Each server has a line of its own, so that one that is slow, down or refuses us holds up no drop of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hotfolder.core import batching, naming, preflight, wording
from hotfolder.core.board import Board, backoff_s
from hotfolder.core.collisions import Collisions
from hotfolder.core.connection import Connection
from hotfolder.core.intake import Desk
from hotfolder.core.lookup import Lookup, Standing
from hotfolder.core.messages import Claim, ClaimItem, ClaimResult, ClaimStatus, Tidy
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome
from hotfolder.core.settings import OnSuccess
from hotfolder.core.stalls import Stalls
from hotfolder.core.taken import TakenNames, is_untouched
from hotfolder.core.turns import Turns

WORKING = "_working"

_AssetKey = tuple[tuple[str, ...], str]
"""A company and an asset ID."""


@dataclass(slots=True)
class _Queue:
    """The waiting drops of one folder with one set of options, oldest first."""

    has_names: bool  # its options name things of the server: a job can be opened only when their handles are known
    drops: dict[int, Drop] = field(default_factory=dict)
    size_bytes: int = 0


@dataclass(slots=True)
class _Line:
    """What waits for one server."""

    turns: Turns  # whose batch is next, of the folders with waiting drops
    queues: dict[str, dict[str, _Queue]] = field(default_factory=dict)  # by folder, then by options


class Dispatch:
    """Forms batches; nothing is claimed before its batch forms (DESIGN 2)."""

    def __init__(
        self,
        board: Board,
        desks: Mapping[str, Desk],
        connections: Mapping[str, Connection],
        lookup: Lookup,
        stalls: Stalls,
        *,
        on_planned: Callable[[Job, list[Drop]], None],
        collisions: Collisions,
        decide: Callable[[Drop, Outcome, str], None],
        may_form: Callable[[str], Callable[[str], bool] | None],
    ) -> None:
        self._board = board
        self._desks = desks
        self._connections = connections
        self._lookup = lookup
        self._stalls = stalls
        self._on_planned = on_planned
        self._collisions = collisions
        self._decide = decide  # a drop has its outcome
        self._may_form = may_form  # of a server: tells whether a folder may begin a job; None = none of them may
        self._lines: dict[str, _Line] = {}  # by server
        self._since_s: dict[int, float] = {}  # when a waiting drop became ready, by our clock
        self._not_before_s: dict[int, float] = {}
        self._asleep: dict[int, Drop] = {}  # waiting, but not before their time
        self._named: dict[tuple[str, str, str], None] = {}  # server, folder and options of queues that have names
        self._claiming: set[int] = set()  # jobs whose drops are being claimed, and some that are past it
        # asset IDs are company-wide: of all drops that become one asset only the oldest is in a queue or a job;
        # one of another company has nothing to do with it
        self._holders: dict[_AssetKey, int] = {}  # to that drop
        self._behind: dict[_AssetKey, dict[int, Drop]] = {}  # to those that come after it, in order
        self.taken = TakenNames(board, desks, connections, on_taken=self._decide_taken, on_free=self._enqueue)

    # --- waiting ---

    def add(self, drop: Drop, *, after_s: float = 0.0) -> None:
        """A drop waits for a batch, from now or after a while; behind every older one with its asset ID."""
        now_s = self._board.now.monotonic
        self._since_s.setdefault(drop.id, now_s)
        self._collisions.join(drop)
        key = self._key(drop)
        if self._holders.setdefault(key, drop.id) != drop.id:
            self._behind.setdefault(key, {})[drop.id] = drop
            return
        if after_s > 0:
            self._not_before_s[drop.id] = now_s + after_s
            self._asleep[drop.id] = drop
            return
        if self.taken.wants(drop):
            self.taken.hold(drop, self._since_s[drop.id])
        else:
            self._enqueue(drop)

    def _enqueue(self, drop: Drop) -> None:
        """Nothing more stands between a drop and the next batch of its kind."""
        line = self._lines.get(drop.server)
        if line is None:
            line = self._lines[drop.server] = _Line(self._board.turns())
        line.queues.setdefault(drop.folder, {})
        queue = line.queues[drop.folder].get(drop.options)
        if queue is None:
            queue = _Queue(has_names=bool(self._lookup.names(drop.options)))
            line.queues[drop.folder][drop.options] = queue
            if queue.has_names:
                self._named[drop.server, drop.folder, drop.options] = None
        if drop.id in queue.drops:
            return
        queue.drops[drop.id] = drop
        queue.size_bytes += drop.identity.size_bytes

    def gone(self, drop: Drop) -> None:
        """A drop is decided, taken back or held: the next one with its asset ID may go."""
        self._unqueue(drop)
        self.taken.forget(drop)
        self._collisions.leave(drop)
        key = self._key(drop)
        behind = self._behind.get(key, {})
        behind.pop(drop.id, None)
        if self._holders.get(key) == drop.id:
            del self._holders[key]
            if behind:
                self.add(behind.pop(next(iter(behind))))
        if not behind:
            self._behind.pop(key, None)

    def hold_asset(self, drop: Drop) -> None:
        """A drop of an earlier run is in a job: those with its asset ID come after it."""
        self._collisions.join(drop)
        self._holders.setdefault(self._key(drop), drop.id)

    def is_behind(self, drop: Drop) -> bool:
        """Whether a drop waits for another one with its asset ID."""
        return self._holders.get(self._key(drop), drop.id) != drop.id

    def _key(self, drop: Drop) -> _AssetKey:
        return self._board.company_key(drop.server), drop.asset

    def _unqueue(self, drop: Drop) -> None:
        self._since_s.pop(drop.id, None)
        self._not_before_s.pop(drop.id, None)
        self._asleep.pop(drop.id, None)
        line = self._lines.get(drop.server)
        if line is None:
            return
        queues = line.queues.get(drop.folder, {})
        queue = queues.get(drop.options)
        if queue is not None and queue.drops.pop(drop.id, None) is not None:
            queue.size_bytes -= drop.identity.size_bytes
            if not queue.drops:
                del queues[drop.options]
                self._named.pop((drop.server, drop.folder, drop.options), None)
        if not queues and drop.folder in line.queues:
            del line.queues[drop.folder]

    def waits_until_s(self, drop: Drop) -> float | None:
        """Return when a waiting drop may go at the latest, None if it does not wait."""
        if drop.id in self._not_before_s:
            return self._not_before_s[drop.id]
        since_s = self._since_s.get(drop.id)
        return None if since_s is None else since_s + self._board.settings.batch.linger_s

    def is_due(self, drop: Drop) -> bool:
        """Return whether what a drop waits with is a batch by now."""
        line = self._lines.get(drop.server)
        queue = None if line is None else line.queues.get(drop.folder, {}).get(drop.options)
        return (
            queue is not None and drop.id in queue.drops and self._is_due(drop.folder, queue, self._board.now.monotonic)
        )

    def naming(self) -> Iterator[tuple[str, str]]:
        """Yield server and options of all waiting drops whose options name things of the server."""
        for server, _, options in self._named:
            yield server, options

    def nameless(self, folder: str) -> list[Drop]:
        """Return the drops of a folder that were claimed for an earlier batch and wait for what their options name."""
        return [
            drop
            for server, name, options in self._named
            if name == folder and self._lookup.standing(server, options) is not Standing.KNOWN
            for drop in self._lines[server].queues[folder][options].drops.values()
            if drop.state is DropState.CLAIMED
        ]

    def forget_server(self, server: str) -> None:
        """Nothing waits for a server that is no longer configured: what was ready follows its hot folder's choice."""
        self._lines.pop(server, None)
        self.taken.forget_server(server)
        self._named = {key: None for key in self._named if key[0] != server}

    # --- forming ---

    def wake(self) -> None:
        """Form what is due, a folder's batch at a time, while there are free places."""
        board = self._board
        if board.stopping:
            return
        now_s = board.now.monotonic
        for drop in [drop for drop in self._asleep.values() if self._not_before_s[drop.id] <= now_s]:
            del self._asleep[drop.id]
            del self._not_before_s[drop.id]
            self.add(drop)
        self.taken.wake()
        for server, line in list(self._lines.items()):
            while line.queues and (batch := self._next_batch(server, line, now_s)):
                fitting = [drop for drop in batch if not self._is_refused(drop)]
                if fitting:
                    self._form(fitting)

    def _next_batch(self, server: str, line: _Line, now_s: float) -> list[Drop]:
        may_form = self._may_form(server)
        if may_form is None:
            return []
        for name in line.turns.order(line.queues):
            if not may_form(name) or not self._may_begin(name):
                continue
            for queue in self._by_age(line, name):
                if self._is_due(name, queue, now_s) and self._may_open(queue):
                    line.turns.take(name)
                    return batching.choose(queue.drops.values(), limits=self._board.settings.batch, busy_assets=())
        return []

    def _may_begin(self, folder: str) -> bool:
        """Whether a hot folder may have one more job: not while another one stands still because of it."""
        return self._desks[folder].may_send and not self._stalls.of_folder(folder)

    def _is_refused(self, drop: Drop) -> bool:
        """Refuse a drop that was found complete before the server had told how much it takes."""
        reason = preflight.too_large(drop.identity.size_bytes, self._connections[drop.server].max_post_bytes)
        if reason is None or not is_untouched(drop):
            return False
        self._desks[drop.folder].standing.leaves(drop)
        self._board.tell("drop.rejected", "warning", folder=drop.folder, drop=drop.id, path=drop.path, reason=reason)
        self._decide(drop, Outcome.REJECTED, reason)
        return True

    def _may_open(self, queue: _Queue) -> bool:
        """Whether everything that the options of a queue name has a handle."""
        if not queue.has_names:
            return True
        first = next(iter(queue.drops.values()))
        return self._lookup.standing(first.server, first.options) is Standing.KNOWN

    def _decide_taken(self, drop: Drop) -> None:
        """Decide a drop whose name is taken without sending it, as if the server had skipped it."""
        self._desks[drop.folder].standing.leaves(drop)
        if self._board.folders[drop.folder].on_success is OnSuccess.KEEP:  # it stays, and is known to be done
            self._board.journal.change_drops([drop], work_path=drop.path)
        self._decide(drop, Outcome.DUPLICATE, wording.DUPLICATE.format(asset=drop.asset))

    def _by_age(self, line: _Line, folder: str) -> Iterable[_Queue]:
        queues = [queue for queue in line.queues[folder].values() if queue.drops]
        queues.sort(key=lambda queue: self._since_s[next(iter(queue.drops))])
        return queues

    def _is_due(self, folder: str, queue: _Queue, now_s: float) -> bool:
        return self._due_s(folder, queue) <= now_s

    def _due_s(self, folder: str, queue: _Queue) -> float:
        """Return from when on what waits in a queue is a batch."""
        limits = self._board.settings.batch
        first = next(iter(queue.drops.values()))
        since_s = self._since_s[first.id]
        if len(queue.drops) >= limits.max_files or queue.size_bytes >= limits.max_bytes:
            return since_s
        if first.state is DropState.CLAIMED:  # it has been in a batch before
            return since_s
        if self._board.once and self._desks[folder].is_quiet:  # nothing lingers, but what still settles may share it
            return since_s
        return since_s + limits.linger_s

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do that no event will announce."""
        times = list(self._not_before_s.values())
        asking_s = self.taken.next_wake_s()
        if asking_s is not None:
            times.append(asking_s)
        for server, line in self._lines.items():
            may_form = self._may_form(server) if line.queues else None
            if may_form is None:
                continue
            for name, queues in line.queues.items():
                if may_form(name) and self._may_begin(name):
                    times += [
                        self._due_s(name, queue) for queue in queues.values() if queue.drops and self._may_open(queue)
                    ]
        return min(times, default=None)

    def _form(self, batch: list[Drop]) -> None:
        board = self._board
        folder = board.folders[batch[0].folder]
        now = board.now.wall
        company = self._connections[batch[0].server].company
        job = Job(
            id=board.new_job_id(),
            name=naming.job_name(folder.name, now, board.token()),
            folder=folder.name,
            server=batch[0].server,
            company=company.handle if company is not None else "",
            options=batch[0].options,
            state=JobState.CLAIMING,
            created_at=now,
            files_total=len(batch),
            bytes_total=sum(drop.identity.size_bytes for drop in batch),
        )
        board.jobs[job.id] = job
        board.journal.add_job(job)
        self._claiming.add(job.id)
        desk = self._desks[folder.name]
        claims: list[Drop] = []
        for drop in batch:
            self._unqueue(drop)
            board.join_job(drop, job.id)
            if drop.state is DropState.READY:
                claims.append(drop)
                desk.standing.leaves(drop)
        again = [drop for drop in batch if drop.state is DropState.CLAIMED]
        board.journal.change_drops(again, job=job.id, post=None)
        in_place = folder.on_success is OnSuccess.KEEP
        board.journal.change_each(
            (
                drop,
                {
                    "state": DropState.CLAIMING,
                    "job": job.id,
                    "post": None,
                    "work_path": drop.work_path or (drop.path if in_place else f"{WORKING}/{job.name}/{drop.path}"),
                },
            )
            for drop in claims
        )
        # one that an earlier claim may have moved is looked for in `_working`, whatever the settings say by now
        board.journal.change_drops((drop for drop in claims if drop.work_path == drop.path), state=DropState.CLAIMED)
        moving = [drop for drop in claims if drop.work_path != drop.path]
        if moving:
            self.claim(job, moving)
        else:
            self.claimed(job, [])

    def claiming(self) -> list[Job]:
        """Return the jobs whose drops are being claimed; a step must not look at all jobs for that."""
        jobs = self._board.jobs
        self._claiming = {id_ for id_ in self._claiming if id_ in jobs and jobs[id_].state is JobState.CLAIMING}
        return [jobs[id_] for id_ in self._claiming]

    def resume(self, job: Job) -> None:
        """Go on with a claim that an earlier run began; it is asked for once its folder is up."""
        self._claiming.add(job.id)

    def claim(self, job: Job, drops: list[Drop]) -> None:
        """Have drops renamed into `_working`; harmless when it was done before (RELIABILITY L3 to L6)."""
        items = [ClaimItem(drop.id, drop.path, drop.work_path or "", drop.identity) for drop in drops]
        self._stalls.claim_begins(job.id)
        self._board.do(Claim(job.folder, job.id, tuple(items)))

    def claimed(self, job: Job, results: Iterable[ClaimResult]) -> None:
        """The claims are answered: what was claimed goes on, the rest goes back."""
        board = self._board
        self._stalls.goes_on(job.id)
        desk = self._desks[job.folder]
        taken: list[Drop] = []
        stranded: list[tuple[Drop, str]] = []
        for result in results:
            drop = board.drops.get(result.drop)
            if drop is None or drop.state is not DropState.CLAIMING:
                continue
            if result.status is ClaimStatus.CLAIMED:
                if drop.work_path != drop.path:  # one that is kept in its place is still seen there
                    desk.standing.left(drop)
                taken.append(drop)
                continue
            if result.status is ClaimStatus.STRANDED:
                desk.standing.left(drop)
                stranded.append((drop, result.reason))
                continue
            board.leave_job(drop)
            match result.status:
                case ClaimStatus.MISSING:
                    desk.standing.withdraw(drop, wording.TAKEN_AWAY)
                case ClaimStatus.CHANGED | ClaimStatus.BUSY:
                    desk.settle_again(drop)
                case ClaimStatus.FAILED:
                    tries = drop.tries + 1
                    if drop.reason != result.reason:
                        board.tell(
                            "drop.delayed",
                            "warning",
                            folder=drop.folder,
                            drop=drop.id,
                            path=drop.path,
                            reason=result.reason,
                        )
                    board.journal.change_drops(
                        [drop],
                        state=DropState.READY,
                        job=None,  # but the work path stays: the file may be there already
                        tries=tries,
                        reason=result.reason,
                    )
                    desk.standing.stays(drop)
                    retry = board.settings.retry
                    self.add(drop, after_s=backoff_s(retry.first_s, retry.max_s, tries))
        board.journal.change_drops([*taken, *(drop for drop, _ in stranded)], state=DropState.CLAIMED)
        members = [drop for drop in board.members_of(job) if drop.state is DropState.CLAIMED]
        for drop, reason in stranded:
            self._decide(drop, Outcome.FAILED, reason)
            members.remove(drop)
        if not members:
            board.journal.change_job(job, state=JobState.VOID)
            if not stranded:  # else the last of them takes it along when it is filed
                board.jobs.pop(job.id, None)
                board.do(Tidy(job.folder))  # what went back has left empty directories
            return
        board.journal.change_job(
            job,
            state=JobState.PLANNED,
            files_total=len(members),
            bytes_total=sum(drop.identity.size_bytes for drop in members),
        )
        self._on_planned(job, members)
