"""
What the loop does while its threads hang, die, or have something to finish.
"""

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.crash.histories import settings

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.journal import Write
from hotfolder.core.messages import Event, HoldAsked, Notice, Now, RecallItem, RecallResult, Woken
from hotfolder.core.model import PostState
from hotfolder.core.server import Company
from hotfolder.core.settings import DEFAULT_SERVER, SettleSettings
from hotfolder.edges.clock import SystemClock
from hotfolder.ports import BusyError, LedgerError, PostRequest
from hotfolder.services.account import Account
from hotfolder.services.folder import FolderService
from hotfolder.services.supervisor import Ask, Supervisor, UnwrittenError
from hotfolder.services.upload import UploadService
from hotfolder.testing.files import FakeFiles, FakeShare
from hotfolder.testing.ledger import FakeLedger
from hotfolder.testing.perils import CrashNow, Perils
from hotfolder.testing.remote import COMPANY, ModelRemote, ModelServer

PATIENCE_S = 30.0


class Remote(ModelRemote):
    """A server that answers, hangs, or kills the thread that asks."""

    def __init__(self, server: ModelServer) -> None:
        super().__init__(server, Perils(), self._weather)
        self.released = threading.Event()
        self.signing_in: Callable[[], Company] = lambda: COMPANY
        self.posting = threading.Event()

    def sign_in(self) -> Company:
        return self.signing_in()

    def hang(self) -> Company:
        """Answer only when released."""
        self.released.wait()
        return COMPANY

    def die(self) -> Company:
        """Raise what nobody catches."""
        raise CrashNow

    def _weather(self, request: PostRequest) -> str:
        self.posting.set()
        self.released.wait()
        return "ok"


class FullLedger(FakeLedger):
    """Cannot be written a few times."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0

        self.recall_refusals = 0

    def commit(self, writes: Sequence[Write]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise LedgerError("no space left")
        super().commit(writes)

    def recall(self, folder: str, items: Sequence[RecallItem]) -> list[RecallResult]:
        if self.recall_refusals:
            self.recall_refusals -= 1
            raise LedgerError("it has been removed")
        return super().recall(folder, items)


class Log:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.troubles: list[str] = []

    def notices(self, notices: Sequence[Notice]) -> None:
        pass

    def trouble(self, text: str, error: BaseException | None = None) -> None:
        self.troubles.append(text)


class Bench:
    """A supervisor over fakes, with real threads and the real clock."""

    def __init__(self, name: str) -> None:
        self._finished = False
        self.clock = SystemClock()
        self.share = FakeShare()
        self.server = ModelServer(self.clock)
        self.remote = Remote(self.server)
        self.ledger = FullLedger()
        self.log = Log()
        given = settings()
        folder = replace(given.folders[0], name=name, settle=SettleSettings(quiet_s=0.01, formats=False), poll_s=0.05)
        self.settings = replace(given, folders=(folder,), batch=replace(given.batch, linger_s=0.01))
        events: queue.SimpleQueue[Event | Ask] = queue.SimpleQueue()
        files = FakeFiles(self.share, self.clock, Perils())
        account = Account(self.remote)
        self.supervisor = Supervisor(
            Coordinator(self.settings, self._now(), token=lambda: "1"),
            ledger=self.ledger,
            clock=self.clock,
            now=self._now,
            folders={
                folder.name: FolderService(
                    folder.name, files, start_watch=lambda *hooks: None, emit=events.put, warn=lambda text: None
                )
            },
            upload=UploadService(lambda name: account, lambda name: files, self.clock, events.put),
            accounts={DEFAULT_SERVER: account},
            uploads=1,
            log=self.log,
            events=events,
            finished=lambda drop, job: None,
            idle_wake_s=0.01,
        )

    def finish(self) -> None:
        """End it; a second call is harmless."""
        if not self._finished:
            self._finished = True
            self.supervisor.finish(PATIENCE_S)

    @property
    def is_signed_in(self) -> bool:
        return self.supervisor.coordinator.connections[DEFAULT_SERVER].is_ok

    @property
    def is_opened(self) -> bool:
        return all(desk.state == "polling" for desk in self.supervisor.coordinator.desks.values())

    def _now(self) -> Now:
        wall = datetime.now(UTC)
        return Now(self.clock.monotonic(), wall, wall.replace(tzinfo=None))

    def run_until(self, condition: Callable[[], bool], turned: Callable[[], None] = lambda: None) -> None:
        """Turn until something is so."""
        give_up_s = time.monotonic() + PATIENCE_S
        self.supervisor.run(lambda: condition() or time.monotonic() > give_up_s, turned)
        assert condition()


@contextmanager
def bench_of(folder: str = "catalog") -> Iterator[Bench]:
    bench = Bench(folder)
    try:
        yield bench
    finally:
        bench.remote.released.set()
        bench.finish()


@pytest.fixture
def bench() -> Iterator[Bench]:
    with bench_of() as bench:
        yield bench


def test_a_hanging_server_neither_stops_the_loop_nor_counts_as_dead(bench: Bench) -> None:
    bench.remote.signing_in = bench.remote.hang
    beats: list[int] = []
    bench.run_until(lambda: len(beats) >= 20, lambda: beats.append(bench.supervisor.turns))
    assert beats == list(range(1, len(beats) + 1))
    assert bench.supervisor.dead_threads() == []


def test_a_stop_does_not_wait_for_an_answer_that_changes_nothing(bench: Bench) -> None:
    """A server that is down would otherwise make each stop last until the read times out."""
    bench.remote.signing_in = bench.remote.hang
    bench.run_until(lambda: bench.supervisor.turns >= 5)
    begun_s = time.monotonic()
    bench.finish()
    assert time.monotonic() - begun_s < PATIENCE_S / 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_named(bench: Bench) -> None:
    bench.remote.signing_in = bench.remote.die
    bench.run_until(lambda: bool(bench.supervisor.dead_threads()))
    assert bench.supervisor.dead_threads() == ["server default"]


def test_a_stop_waits_for_a_post_and_goes_on_turning(bench: Bench) -> None:
    """So that more time can be asked for while it lasts."""
    stopping: list[bool] = []  # what `is_posting` was at each turn of the stop
    begun = threading.Event()

    def turned() -> None:
        if begun.is_set():
            stopping.append(bench.supervisor.is_posting)
            bench.remote.released.set()

    bench.share.drop("chair.jpg", b"a chair")
    bench.run_until(bench.remote.posting.is_set, turned)
    begun.set()
    bench.finish()
    assert stopping[0] is True
    assert stopping[-1] is False
    assert [job.files[0][0] for job in bench.server.jobs.values()] == ["chair"]
    assert {post.state for post in bench.ledger.posts.values()} == {PostState.ACCEPTED}


def test_a_ledger_that_cannot_be_written_is_tried_with_signs_of_life(bench: Bench) -> None:
    """A full disk is no loop that hangs; but no turn is finished before the writes are durable."""
    beats: list[tuple[int, str | None]] = []
    bench.run_until(lambda: bench.is_signed_in)
    bench.ledger.refusals = 3
    bench.share.drop("chair.jpg", b"a chair")
    before = bench.supervisor.turns
    bench.run_until(
        lambda: bool(bench.ledger.drops), lambda: beats.append((bench.supervisor.turns, bench.supervisor.ledger_error))
    )
    refused = [turns for turns, error in beats if error is not None]
    assert len(refused) == 3
    assert len(set(refused)) == 1
    assert refused[0] >= before
    assert bench.supervisor.ledger_error is None


def test_a_ledger_that_cannot_be_read_is_told_once_and_tried_until_it_can(bench: Bench) -> None:
    """What lies in a folder cannot be told apart from what was sent; the folder itself is well."""
    bench.ledger.recall_refusals = 3
    bench.share.drop("chair.jpg", b"a chair")
    bench.run_until(lambda: bool(bench.ledger.drops))
    assert bench.log.troubles == [
        "the ledger cannot be read, nothing new is begun until it can: it has been removed",
        "the ledger can be read again",
    ]
    assert bench.is_opened


def test_after_a_stop_that_could_not_be_written_no_turn_is_taken_any_more(bench: Bench) -> None:
    """What the coordinator knows is ahead of the ledger by then; whatever comes next would be built on it."""
    bench.run_until(lambda: bench.is_signed_in)
    bench.ledger.refusals = sys.maxsize
    bench.share.drop("chair.jpg", b"a chair")

    def stop_when_refused() -> None:
        if bench.supervisor.ledger_error is not None:
            bench.supervisor.stop()

    bench.run_until(lambda: bench.supervisor.ledger_error is not None, stop_when_refused)
    bench.ledger.refusals = 0
    with pytest.raises(UnwrittenError):
        bench.supervisor.turn(Woken())
    bench.finish()
    assert not bench.ledger.drops


@pytest.mark.parametrize("name", ["server", "upload"])
def test_a_folder_may_have_the_name_of_another_thread(name: str) -> None:
    with bench_of(folder=name) as bench:
        bench.run_until(lambda: bench.is_signed_in and bench.is_opened)


def asked_meanwhile(bench: Bench, ask: Callable[[], object]) -> object:
    """Turn until somebody in another thread has asked, and return what they got."""
    answers: list[object] = []
    asker = threading.Thread(target=lambda: answers.append(ask()))
    asker.start()
    bench.run_until(lambda: bool(answers))
    asker.join()
    return answers[0]


def test_a_question_knows_of_everything_that_was_told_before(bench: Bench) -> None:
    bench.run_until(lambda: bench.is_opened)

    def ask() -> str:
        bench.supervisor.tell(HoldAsked("catalog"))
        return bench.supervisor.ask(lambda coordinator: coordinator.desks["catalog"].state, PATIENCE_S)

    assert asked_meanwhile(bench, ask) == "held"


def test_questions_are_answered_while_the_ledger_cannot_be_written(bench: Bench) -> None:
    """Nobody could find out why nothing goes on otherwise; what comes in meanwhile is kept."""
    bench.ledger.refusals = sys.maxsize
    bench.share.drop("chair.jpg", b"a chair")

    def ask() -> str | None:
        while bench.supervisor.ledger_error is None:
            bench.supervisor.ask(lambda coordinator: None, PATIENCE_S)
        bench.supervisor.tell(HoldAsked("catalog"))
        error = bench.supervisor.ask(lambda coordinator: bench.supervisor.ledger_error, PATIENCE_S)
        bench.ledger.refusals = 0
        return error

    assert asked_meanwhile(bench, ask) == "no space left"
    bench.run_until(lambda: bench.supervisor.coordinator.desks["catalog"].state == "held")


def test_a_loop_that_does_not_come_to_answer_is_called_busy(bench: Bench) -> None:
    with pytest.raises(BusyError, match="did not answer in time"):
        bench.supervisor.ask(lambda coordinator: None, timeout_s=0.01)
