"""
The loop that drives the coordinator, and the threads that carry out its actions.

Each turn is made durable before any of its actions is begun. One thread per hot folder, one per job being posted, one
for asking the server; all are daemon threads, so that a share or a server that hangs never holds up the exit.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar, cast

from hotfolder.core.board import Turn, backoff_s
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import (
    Action,
    Crashed,
    Event,
    FindAssets,
    FolderDown,
    Notice,
    Now,
    Poll,
    Recall,
    Recalled,
    Seek,
    SendPost,
    SignIn,
    StopAsked,
    Tidy,
    Woken,
)
from hotfolder.core.model import Drop, Job
from hotfolder.ports import BusyError, Clock, Files, Ledger, LedgerError
from hotfolder.services.folder import FolderService
from hotfolder.services.tracking import TrackingService
from hotfolder.services.upload import UploadService

EVENTS_PER_TURN = 256  # shares one commit among what came in meanwhile, and keeps a flood from delaying claims

IDLE_WAKE_S = 30.0  # with nothing due the loop still turns, so that a watchdog sees it live

HANG_S = 30.0
"""One action in a hot folder is a thousand looks or a batch of renames: half a minute for it means a dead share."""

HANG_LOOK_S = 5.0  # how often threads at work are looked after

LEAVE_S = 5.0
"""
At a stop a share that has not answered for so long is left behind.

Sooner than `HANG_S`, for nothing is lost by it: what is cut short there is found half-done at the next start.
"""

PARTING_S = 2.0  # for threads to end once they are told; one that hangs is left behind


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


class _UnwrittenError(Exception):
    """A stop was asked while a turn could not be made durable: what it decided is decided again at the next start."""


class Worker:
    """One thread that carries out actions in order."""

    def __init__(
        self,
        name: str,
        inbox: queue.SimpleQueue[Action | None],
        do: Callable[[Action], None],
        monotonic: Callable[[], float],
    ) -> None:
        self.name = name
        self.inbox = inbox
        self.current: tuple[Action, float] | None = None  # what it does, and since when
        self.hang_told = False
        self._do = do
        self._monotonic = monotonic
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether it carries out something."""
        return self.current is not None

    def hangs(self, now_s: float, longest_s: float = HANG_S) -> bool:
        """Whether it has been at one action for so long that its share, or its server, must be hanging."""
        current = self.current
        return current is not None and now_s - current[1] > longest_s

    def _run(self) -> None:
        while (action := self.inbox.get()) is not None:
            self.current = action, self._monotonic()
            self._do(action)
            self.current = None
            self.hang_told = False

    def is_alive(self) -> bool:
        """Return whether it goes on; it ends only when told to, or by an error that nothing catches."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end after its inbox got None."""
        self._thread.join(timeout_s)


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
        tracking: TrackingService,
        uploads: int,
        log: Log,
        events: queue.SimpleQueue[Event | Ask],
        finished: Callable[[Drop, Job | None], None],
        idle_wake_s: float = IDLE_WAKE_S,
    ) -> None:
        self.coordinator = coordinator
        self._ledger = ledger
        self._clock = clock
        self._now = now
        self._folders: dict[str, FolderService] = {}
        self._upload = upload
        self._tracking = tracking
        self._log = log
        self._events = events
        self._finished = finished  # told of every drop at its end
        self._idle_wake_s = idle_wake_s
        self._own: deque[Event] = deque()  # answers of the loop itself, and what came in while the ledger failed
        self._asked: deque[Ask] = deque()  # answered once this turn is durable, so that they see what was told before
        self._called: deque[Ask] = deque()  # those among them that may change something
        self._is_behind = False  # the ledger lacks a turn, and there will be none any more
        self.ledger_error: str | None = None
        self.turns = 0  # finished ones
        self._turned: Callable[[], None] = lambda: None
        self._stop = threading.Event()
        self._inboxes: dict[str, queue.SimpleQueue[Action | None]] = {}
        self._workers: list[Worker] = []
        self._poster_count = 0
        self._folder_workers: dict[str, Worker] = {}
        for name, service in folders.items():
            self.add_folder(name, service)
        self._asker = self._hire("server", self._inboxes.setdefault("server", queue.SimpleQueue()), self._do)
        self._inboxes["upload"] = queue.SimpleQueue()
        self._posters = [self._hire_poster() for _ in range(uploads)]

    def add_folder(self, name: str, service: FolderService) -> None:
        """Have a hot folder served by a thread of its own; a former one of that name ends with what it has to do."""
        former = self._folder_workers.get(name)
        if former is not None:
            former.inbox.put(None)
            self._workers.remove(former)
        inbox = self._inboxes[f"folder {name}"] = queue.SimpleQueue()
        self._folders[name] = service
        self._folder_workers[name] = self._hire(f"folder {name}", inbox, lambda action: self._do(action, service))

    def _hire(self, name: str, inbox: queue.SimpleQueue[Action | None], do: Callable[[Action], None]) -> Worker:
        worker = Worker(name, inbox, do, self._clock.monotonic)
        self._workers.append(worker)
        return worker

    def _hire_poster(self) -> Worker:
        self._poster_count += 1
        return self._hire(f"upload {self._poster_count}", self._inboxes["upload"], self._do)

    # --- the loop ---

    def run(self, until: Callable[[], bool], turned: Callable[[], None] = lambda: None) -> None:
        """
        Turn until `until` says so, asked after every turn, or `stop` is called.

        `turned` is called after every turn, those of `finish` included, and after every failed try to write the ledger.
        """
        self._turned = turned
        with suppress(_UnwrittenError):
            self._turn([Woken()])
            while not self._stop.is_set() and not until():
                self._turn(self._wait(self._idle_wake_s))
                self._look_after_threads()

    def _look_after_threads(self) -> None:
        """
        Tell of shares that hang, and have others do what their threads cannot.

        What hangs goes on by itself when the share answers again; its folder is then looked at afresh.
        """
        now_s = self._clock.monotonic()
        for name, worker in self._folder_workers.items():
            if worker.hangs(now_s) and not worker.hang_told:
                worker.hang_told = True
                self._events.put(FolderDown(name, f"it has not answered for {HANG_S:.0f} s: its file system hangs"))
        for worker in list(self._posters):
            action = worker.current[0] if worker.current else None
            if isinstance(action, SendPost) and not worker.hang_told and worker.hangs(now_s):
                folder = self._folder_workers.get(action.folder)
                if folder is not None and folder.hang_told:
                    worker.hang_told = True
                    self._posters.append(self._hire_poster())

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
        """Take one event in at once; for the loop's own thread, between two turns."""
        self._turn([event])

    def files(self, folder: str) -> Files:
        """Return a hot folder's files; any thread may ask."""
        return self._folders[folder].files

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
        with suppress(_UnwrittenError):
            self._come_to_rest(patience_s)
        for worker in self._workers:
            worker.inbox.put(None)
        deadline_s = self._clock.monotonic() + PARTING_S
        for worker in self._workers:
            worker.join(max(0.0, deadline_s - self._clock.monotonic()))
        for service in self._folders.values():
            service.close()

    def _come_to_rest(self, patience_s: float) -> None:
        if self._is_behind:
            return
        self._turn([StopAsked()])
        if self.is_posting:  # is it the server that takes its time, or a share? whether the shares answer tells
            for folder in self._folder_workers:
                self._begin(Tidy(folder))
        deadline_s = self._clock.monotonic() + patience_s
        while self._under_way() and (left_s := deadline_s - self._clock.monotonic()) > 0:
            self._turn(self._wait(min(left_s, 0.5)))
            self._leave_behind()

    def _leave_behind(self) -> None:
        """Wait no longer for shares that hang, nor for POSTs that read from them."""
        now_s = self._clock.monotonic()
        for worker in self._folder_workers.values():
            if worker.hangs(now_s, LEAVE_S):
                worker.hang_told = True
        for worker in self._posters:
            action = worker.current[0] if worker.current else None
            if isinstance(action, SendPost) and worker.hangs(now_s, LEAVE_S):
                folder = self._folder_workers.get(action.folder)
                worker.hang_told = folder is not None and folder.hang_told

    @property
    def is_posting(self) -> bool:
        """Whether a POST is under way, or waits for a thread."""
        return any(worker.busy for worker in self._posters) or not self._inboxes["upload"].empty()

    def dead_threads(self) -> list[str]:
        """Return the names of threads that an error has ended: what they are given is never done."""
        return [worker.name for worker in self._workers if not worker.is_alive()]

    def _under_way(self) -> bool:
        """Return whether something is worth waiting for; a question to the server changes nothing."""
        return (
            any(worker.busy for worker in self._workers if worker is not self._asker and not worker.hang_told)
            or any(not worker.inbox.empty() for worker in self._folder_workers.values() if not worker.hang_told)
            or not self._inboxes["upload"].empty()
            or not self._events.empty()
            or bool(self._own)
        )

    def _wait(self, longest_s: float) -> list[Event]:
        """Return the events that have come in, waiting until there is something to do."""
        wake_s = self.coordinator.next_wake_s()
        if wake_s is not None:
            longest_s = min(longest_s, max(0.0, wake_s - self._clock.monotonic()))
        if any(worker.busy for worker in self._workers):
            longest_s = min(longest_s, HANG_LOOK_S)
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
        # what is to be done is under way while we talk about it
        self._log.notices([notice for turn in turns for notice in turn.notices])
        for turn in turns:
            for drop, job in turn.finished:
                self._finished(drop, job)
        self.turns += 1
        self._answer()
        self._answer_calls()
        self._turned()

    def _commit(self, turns: list[Turn]) -> None:
        """Make the writes durable, however long that takes; until then nothing of this turn happens."""
        writes = [write for turn in turns for write in turn.writes]
        tries = 0
        while writes:
            try:
                self._ledger.commit(writes)
                break
            except LedgerError as error:
                tries += 1
                if self.ledger_error is None:
                    self._log.trouble(f"the ledger cannot be written, nothing new is begun until it can: {error}")
                self.ledger_error = str(error)
                self._turned()
                if self._pause(min(backoff_s(0.5, 30.0, tries), self._idle_wake_s)):
                    self._is_behind = True
                    raise _UnwrittenError from error
        if self.ledger_error is not None and writes:
            self._log.trouble("the ledger can be written again")
            self.ledger_error = None

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
        match action:
            case Recall():
                self._do(action)
            case SendPost():
                self._inboxes["upload"].put(action)
            case SignIn() | Poll() | Seek() | FindAssets():
                self._inboxes["server"].put(action)
            case _:
                self._inboxes[f"folder {action.folder}"].put(action)

    def _do(self, action: Action, folder: FolderService | None = None) -> None:
        """Carry out one action; the one place where everything is caught, so that one bad drop ends nothing else."""
        try:
            match action:
                case Recall():
                    results = self._ledger.recall(action.folder, action.items)
                    self._own.append(Recalled(action.folder, tuple(results)))
                    return
                case SendPost():
                    events = self._upload.carry_out(action)
                case SignIn() | Poll() | Seek() | FindAssets():
                    events = self._tracking.carry_out(action)
                case _:
                    events = (folder or self._folders[action.folder]).carry_out(action)
        except Exception as error:  # noqa: BLE001 # told, counted and backed off by the coordinator
            self._log.trouble(f"{type(action).__name__} failed", error)
            events = [Crashed(action, f"{type(error).__name__}: {error}")]
        for event in events:
            self._events.put(event)
