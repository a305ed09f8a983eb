"""
The loop that drives the coordinator and has its actions carried out.

Each turn is made durable before any of its actions is begun.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar, cast

from hotfolder.core import wording
from hotfolder.core.board import Turn, backoff_s
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.mending import Known, mended
from hotfolder.core.messages import (
    Action,
    AskExpiry,
    CheckTaken,
    Crashed,
    Event,
    FindAssets,
    FolderDown,
    ListNames,
    Notice,
    Now,
    Poll,
    PostStands,
    Recall,
    Recalled,
    Seek,
    SeekPublish,
    SendPost,
    SignIn,
    StopAsked,
    SubmitPublish,
    Woken,
)
from hotfolder.core.model import Drop, Job
from hotfolder.core.stalls import STALL_S
from hotfolder.ports import BusyError, Clock, Files, Ledger, LedgerError, RowsGoneError
from hotfolder.services.account import Account
from hotfolder.services.crew import Crew
from hotfolder.services.folder import FolderService
from hotfolder.services.listing import ListingService
from hotfolder.services.publishing import PublishService
from hotfolder.services.reading import PostKey
from hotfolder.services.tracking import TrackingService
from hotfolder.services.upload import UploadService
from hotfolder.services.worker import HANG_S

EVENTS_PER_TURN = 256  # shares one commit among what came in meanwhile, and keeps a flood from delaying claims

IDLE_WAKE_S = 30.0  # with nothing due the loop still turns, so that a watchdog sees it live

GONE_TOLD_S = 600.0  # who deletes rows of the ledger hears of it once, though they are missed one by one

ROWS_GONE = (
    "{error}: another program has taken them out; what is under way is written anew, what is at its end is left out; "
    "look at the ledger with commands, and change nothing in it while the daemon runs"
)

LOOK_S = 1.0  # how often threads at work are looked after: what stands still holds up others until it is noticed


class Log(Protocol):
    """Where notices and trouble go."""

    def notices(self, notices: Sequence[Notice]) -> None:
        """Log events of the coordinator's."""

    def trouble(self, text: str, error: BaseException | None = None) -> None:
        """Log what nobody foresaw, with its traceback."""


T = TypeVar("T")


class Ask:
    """A question to the coordinator, answered in its own thread after the turn that it came in with."""

    def __init__(self, question: Callable[[Coordinator], object], *, may_change: bool = False) -> None:
        """One that may change something has to wait for the end of a turn, however long the ledger fails in it."""
        self._question = question
        self.may_change = may_change
        self.answer: queue.SimpleQueue[tuple[bool, object]] = queue.SimpleQueue()

    def reply(self, coordinator: Coordinator) -> None:
        """Answer it; a question that raises raises in its asker's thread."""
        try:
            self.answer.put((True, self._question(coordinator)))
        except Exception as error:  # noqa: BLE001 # belongs to whoever asked
            self.answer.put((False, error))


class UnwrittenError(Exception):
    """A stop was asked while a turn could not be made durable: what it decided is decided again at the next start."""


class Supervisor:
    """The running daemon."""

    def __init__(
        self,
        coordinator: Coordinator,
        *,
        ledger: Ledger,
        clock: Clock,
        now: Callable[[], Now],
        folders: Mapping[str, FolderService],
        upload: UploadService,
        accounts: Mapping[str, Account],
        uploads: int,
        log: Log,
        events: queue.SimpleQueue[Event | Ask],
        finished: Callable[[Drop, Job | None], None],
        stirred: Callable[[], None] = lambda: None,
        idle_wake_s: float = IDLE_WAKE_S,
    ) -> None:
        self.coordinator = coordinator
        self._ledger = ledger
        self._clock = clock
        self._now = now
        self._folders: dict[str, FolderService] = {}
        self._accounts: dict[str, Account] = {}
        self._tracking: dict[str, TrackingService] = {}
        self._listing: dict[str, ListingService] = {}
        self._publishing: dict[str, PublishService] = {}
        self._upload = upload
        self._uploads = uploads  # threads that post, for each server
        self._log = log
        self._events = events
        self._finished = finished  # told of every drop at its end
        self._stirred = stirred  # told of every turn that decided something
        self._idle_wake_s = idle_wake_s
        self._own: deque[Event] = deque()  # answers of the loop itself, and what came in while the ledger failed
        self._asked: deque[Ask] = deque()  # answered once this turn is durable, so that they see what was told before
        self._called: deque[Ask] = deque()  # those among them that may change something
        self._is_behind = False  # the ledger lacks a turn, and there will be none any more
        self.ledger_error: str | None = None
        self._gone_told_s: float | None = None
        self.turns = 0  # finished ones
        self._turned: Callable[[], None] = lambda: None
        self._standing: set[PostKey] = set()  # POSTs that wait for their shares, as told to the coordinator
        self._stop = threading.Event()
        self._crew = Crew(self._do, clock.monotonic)
        for name, service in folders.items():
            self.add_folder(name, service)
        for name, account in accounts.items():
            self.add_server(name, account)

    def add_folder(self, name: str, service: FolderService) -> None:
        """Have a hot folder served by threads of its own; former ones of that name end with what they have to do."""
        self._folders[name] = service
        self._crew.add_folder(name, lambda action: self._do(action, service))

    def add_server(self, name: str, account: Account) -> None:
        """Have a server asked and posted to by threads of its own."""
        self._accounts[name] = account
        self._tracking[name] = TrackingService(account)
        self._listing[name] = ListingService(account)
        self._publishing[name] = PublishService(account)
        self._crew.add_server(name, self._uploads)

    def remove_server(self, name: str) -> None:
        """Let go of a server that has nothing left to do; a question that it was asked just now is not answered."""
        self._crew.remove_server(name)
        self._accounts.pop(name).remote.close()
        del self._tracking[name], self._listing[name], self._publishing[name]

    # --- the loop ---

    def run(self, until: Callable[[], bool], turned: Callable[[], None] = lambda: None) -> None:
        """
        Turn until `until` says so, asked after every turn, or `stop` is called.

        `turned` is called after every turn, those of `finish` included, and after every failed try to write the ledger.
        """
        self._turned = turned
        with suppress(UnwrittenError):
            self._turn([Woken()])
            while not self._stop.is_set() and not until():
                self._turn(self._wait(self._idle_wake_s))
                self._look_after_threads()

    def _look_after_threads(self) -> None:
        standing = self._upload.readings.longer_than(STALL_S)
        for job, number in standing ^ self._standing:
            self._events.put(PostStands(job, number, (job, number) in standing))
        self._standing = standing
        for name in self._crew.look_after(standing):
            self._events.put(FolderDown(name, wording.HANGS.format(time=f"{HANG_S:.0f} s")))

    def stop(self) -> None:
        """Begin nothing more; safe to call from a signal handler, and again."""
        self._stop.set()
        self._events.put(StopAsked())

    def tell(self, event: Event) -> None:
        """Give the coordinator an event from outside, such as a person's wish; any thread may."""
        self._events.put(event)

    def call(self, do: Callable[[Coordinator], object]) -> None:
        """Have something done in the loop's own thread between two turns; safe to call from a signal handler."""
        self._events.put(Ask(do, may_change=True))

    def turn(self, event: Event) -> None:
        """
        Take one event in at once; for the loop's own thread, between two turns.

        Raises `UnwrittenError` when a stop was asked and the ledger cannot be written.
        """
        if self._is_behind:
            raise UnwrittenError
        self._turn([event])

    def files(self, folder: str) -> Files:
        """Return a hot folder's files; any thread may ask."""
        return self._folders[folder].files

    def account(self, server: str) -> Account:
        """Return how a server is reached; any thread may ask."""
        return self._accounts[server]

    def ask(self, question: Callable[[Coordinator], T], timeout_s: float = 5.0) -> T:
        """
        Return what a question finds in the coordinator; any thread but the loop's own may ask.

        Everything told before has been taken in by then. While the ledger fails, the answer may be ahead of it.
        The question must only read, and return nothing that the coordinator still changes. Raises `BusyError`.
        """
        ask = Ask(question)
        self._events.put(ask)
        try:
            is_good, answer = ask.answer.get(timeout=timeout_s)
        except queue.Empty:
            raise BusyError("the daemon is busy and did not answer in time") from None
        if not is_good:
            raise cast(Exception, answer)
        return cast(T, answer)

    def finish(self, patience_s: float) -> None:
        """
        Let what is under way come to its end, for so long at most, and let go of everything.

        What does not end in time is found half-done at the next start, which is what recovery is for.
        """
        with suppress(UnwrittenError):
            self._come_to_rest(patience_s)
        self._crew.dismiss()
        for service in self._folders.values():
            service.close()

    def _come_to_rest(self, patience_s: float) -> None:
        if self._is_behind:
            return
        self._turn([StopAsked()])
        if self.is_posting:  # is it the server that takes its time, or a share?
            self._crew.try_shares()
        deadline_s = self._clock.monotonic() + patience_s
        while self._under_way() and (left_s := deadline_s - self._clock.monotonic()) > 0:
            self._turn(self._wait(min(left_s, 0.5)))
            self._crew.leave_behind()

    @property
    def is_posting(self) -> bool:
        """Whether a POST is under way, or waits for a thread."""
        return self._crew.is_posting

    def dead_threads(self) -> list[str]:
        """Return the names of threads that an error has ended: what they are given is never done."""
        return self._crew.dead()

    def _under_way(self) -> bool:
        return self._crew.has_something_to_finish or not self._events.empty() or bool(self._own)

    def _wait(self, longest_s: float) -> list[Event]:
        """Return the events that have come in, waiting until there is something to do."""
        wake_s = self.coordinator.next_wake_s()
        if wake_s is not None:
            longest_s = min(longest_s, max(0.0, wake_s - self._clock.monotonic()))
        if self._crew.is_busy:
            longest_s = min(longest_s, LOOK_S)
        events: list[Event] = []
        while self._own:
            events.append(self._own.popleft())
        try:
            if not events:
                self._take_in(self._next(longest_s), events)
            while len(events) < EVENTS_PER_TURN:
                self._take_in(self._events.get_nowait(), events)
        except queue.Empty:
            pass
        return events or [Woken()]

    def _next(self, longest_s: float) -> Event | Ask:
        return self._events.get(timeout=longest_s) if longest_s > 0 else self._events.get_nowait()

    def _take_in(self, item: Event | Ask, events: list[Event]) -> None:
        if isinstance(item, Ask):
            (self._called if item.may_change else self._asked).append(item)
        else:
            events.append(item)

    def _answer(self) -> None:
        while self._asked:
            self._asked.popleft().reply(self.coordinator)

    def _answer_calls(self) -> None:
        while self._called:
            self._called.popleft().reply(self.coordinator)

    def _turn(self, events: list[Event]) -> None:
        now = self._now()
        turns = [self.coordinator.step(event, now) for event in events]
        self._commit(turns)
        for turn in turns:
            for action in turn.actions:
                self._begin(action)
        for turn in turns:
            for drop, job in turn.finished:
                self._finished(drop, job)
        self.turns += 1
        # what is to be done is under way while we talk about it, and whoever hears of it and asks is told no less
        self._log.notices([notice for turn in turns for notice in turn.notices])
        if any(turn.writes or turn.actions or turn.notices or turn.finished for turn in turns):
            self._stirred()
        self._answer()
        self._answer_calls()
        self._turned()

    def _commit(self, turns: list[Turn]) -> None:
        """Make the writes durable; until then nothing of this turn happens."""
        writes = [write for turn in turns for write in turn.writes]
        while writes:
            try:
                self._insist(partial(self._ledger.commit, writes), "written")
            except RowsGoneError as error:
                now_s = self._clock.monotonic()
                if self._gone_told_s is None or now_s - self._gone_told_s > GONE_TOLD_S:
                    self._log.trouble(ROWS_GONE.format(error=error))
                    self._gone_told_s = now_s
                writes = mended(writes, error.table, error.keys, self._known(turns))
            else:
                return

    def _known(self, turns: Sequence[Turn]) -> Known:
        """Return all that memory has after these turns."""
        drops, jobs, posts = self.coordinator.records()
        finished = [pair for turn in turns for pair in turn.finished]
        return Known(
            drops=drops | {drop.id: drop for drop, _ in finished},
            jobs=jobs | {job.id: job for _, job in finished if job is not None},
            posts=posts,
        )

    def _insist(self, do: Callable[[], T], what: str) -> T:
        """Return what the ledger gives, however long that takes; raises `UnwrittenError` when a stop is asked."""
        tries = 0
        while True:
            try:
                result = do()
                break
            except RowsGoneError:
                raise  # it would be the same again
            except LedgerError as error:
                tries += 1
                if self.ledger_error is None:
                    self._log.trouble(f"the ledger cannot be {what}, nothing new is begun until it can: {error}")
                self.ledger_error = str(error)
                self._turned()
                if self._pause(min(backoff_s(0.5, 30.0, tries), self._idle_wake_s)):
                    self._is_behind = True
                    raise UnwrittenError from error
        if self.ledger_error is not None:
            self._log.trouble(f"the ledger can be {what} again")
            self.ledger_error = None
        return result

    def _pause(self, wait_s: float) -> bool:
        """Wait for the ledger, answering questions meanwhile and keeping events; return whether to stop instead."""
        self._answer()
        deadline_s = self._clock.monotonic() + wait_s
        while not self._stop.is_set() and (left_s := deadline_s - self._clock.monotonic()) > 0:
            try:
                item = self._events.get(timeout=left_s)
            except queue.Empty:
                break
            if not isinstance(item, Ask):
                self._own.append(item)
            elif item.may_change:
                self._called.append(item)
            else:
                item.reply(self.coordinator)
        return self._stop.is_set()

    # --- actions ---

    def _begin(self, action: Action) -> None:
        if isinstance(action, Recall):
            results = self._insist(lambda: self._ledger.recall(action.folder, action.items), "read")
            self._own.append(Recalled(action.folder, tuple(results)))
        else:
            self._crew.give(action)

    def _do(self, action: Action, folder: FolderService | None = None) -> None:
        """Carry out one action; the one place where everything is caught, so that one bad drop ends nothing else."""
        server = getattr(action, "server", None)
        if server is not None and server not in self._accounts:
            return  # it was let go of meanwhile
        try:
            match action:
                case Recall():
                    return  # done by the loop itself
                case SendPost():
                    events = self._upload.carry_out(action)
                case SignIn() | AskExpiry() | Poll() | Seek() | FindAssets() | CheckTaken():
                    events = self._tracking[action.server].carry_out(action)
                case ListNames():
                    events = self._listing[action.server].carry_out(action)
                case SubmitPublish() | SeekPublish():
                    events = self._publishing[action.server].carry_out(action)
                case _:
                    events = (folder or self._folders[action.folder]).carry_out(action)
        except Exception as error:  # noqa: BLE001 # told, counted and backed off by the coordinator
            self._log.trouble(f"{type(action).__name__} failed", error)
            events = [Crashed(action, f"{type(error).__name__}: {error}")]
        for event in events:
            self._events.put(event)
