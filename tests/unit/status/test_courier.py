"""Messages leave by themselves, wait for nobody, and nobody waits for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from tests.strategies import drop
from tests.unit.status.played import PlayedDaemon

from hotfolder.core.journal import InsertDrops
from hotfolder.core.messages import FolderDown, FolderUp, Now
from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.core.settings import NotifySettings
from hotfolder.core.tidings import Tidings
from hotfolder.ports import CarrierError, Letter
from hotfolder.status.courier import Courier, Receiver
from hotfolder.status.snapshot import Recent
from hotfolder.status.view import View
from hotfolder.status.voices import voice_of

PATIENCE_S = 60.0
SETTINGS = NotifySettings(name="desk", urls=(), gather_s=0, quiet_s=0, trouble_after_s=0)


class FakeCarrier:
    """Keeps what it is given; while `trouble` says something, refuses it."""

    def __init__(self) -> None:
        self.sent: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self.refused: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        self.trouble = ""
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def send(self, letter: Letter) -> None:
        self.may_go_on.wait(PATIENCE_S)
        if self.trouble:
            self.refused.put(letter)
            raise CarrierError(self.trouble)
        self.sent.put(letter)

    def next(self) -> Letter:
        return self.sent.get(timeout=PATIENCE_S)


class Stage:
    """A played daemon with somebody who gets messages."""

    def __init__(self, *given: NotifySettings) -> None:
        self.daemon = PlayedDaemon()
        self.daemon.come_up()
        self.logged: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.carriers = [FakeCarrier() for _ in given]
        view = View(
            self.daemon,
            recent=Recent(),
            ledger=self.daemon.ledger,
            clock=self.daemon.clock,
            sent_bytes=lambda: 0,
        )
        self.courier = Courier(
            view,
            [
                Receiver(settings=one, tidings=Tidings(one, (), self.now()), carrier=carrier)
                for one, carrier in zip(given, self.carriers, strict=True)
            ],
            now=self.now,
            voice_of=voice_of,
            delivered=lambda name, title: None,
            caution=self.logged.put,
            warn=lambda text, error: self.logged.put(f"{text}: {error!r}"),
            look_s=0.01,
            first_retry_s=0.01,
        )

    def now(self) -> Now:
        clock = self.daemon.clock
        return Now(clock.monotonic(), clock.now(), clock.now().replace(tzinfo=None))

    def end(self, ended: Drop) -> None:
        self.courier.ended(ended)
        self.courier.stirred()


@contextmanager
def stage(*given: NotifySettings) -> Iterator[Stage]:
    made = Stage(*(given or (SETTINGS,)))
    try:
        yield made
    finally:
        for carrier in made.carriers:
            carrier.may_go_on.set()
        made.courier.close()


def ended(number: int, outcome: Outcome = Outcome.FAILED) -> Drop:
    return replace(drop(number, f"{number}.jpg"), folder="catalog", outcome=outcome, reason="broken")


def test_a_failure_is_told_by_itself() -> None:
    with stage() as made:
        made.end(ended(1))
        assert made.carriers[0].next().title == "catalog: 1.jpg: Not uploaded"


def test_what_happens_while_a_message_is_on_its_way_is_one_message_afterwards() -> None:
    with stage() as made:
        made.carriers[0].may_go_on.clear()
        made.end(ended(0))
        made.carriers[0].may_go_on.wait(0.05)
        for number in range(1, 500):
            made.end(ended(number))
        made.carriers[0].may_go_on.set()
        counts = [int(made.carriers[0].next().body.split()[0])]
        while sum(counts) < 500:
            counts.append(int(made.carriers[0].next().body.split()[0]))
        assert sum(counts) == 500
        assert len(counts) <= 2


def test_trouble_with_delivering_is_told_once_and_its_end_too_and_keeps_nothing_from_the_others() -> None:
    with stage(SETTINGS, SETTINGS) as made:
        dead, other = made.carriers
        dead.trouble = "connection refused"
        made.end(ended(1))
        assert other.next().body.startswith("1 file needs you")
        for _ in range(3):
            dead.refused.get(timeout=PATIENCE_S)
        dead.trouble = ""
        assert dead.next().body.startswith("1 file needs you")
        assert made.logged.get(timeout=PATIENCE_S) == (
            "messages to desk cannot be delivered, and are tried again: connection refused"
        )
        assert made.logged.get(timeout=PATIENCE_S) == "messages to desk can be delivered again"
        assert made.logged.empty()


def test_a_folder_that_is_gone_is_told_and_that_it_is_back() -> None:
    with stage() as made:
        made.daemon.step(FolderDown("catalog", "it is gone"))
        made.courier.stirred()
        assert made.carriers[0].next().title == "Trouble: the hot folder catalog"
        made.daemon.step(FolderUp("catalog", "watching"))
        made.courier.stirred()
        assert made.carriers[0].next().title == "Well again: the hot folder catalog"


def test_a_busy_daemon_is_asked_again() -> None:
    with stage() as made:
        made.daemon.is_busy = True
        made.end(ended(1))
        made.daemon.is_busy = False
        assert made.carriers[0].next().title == "catalog: 1.jpg: Not uploaded"


def test_what_is_left_to_say_is_said_at_the_end() -> None:
    slow = replace(SETTINGS, gather_s=3600, quiet_s=3600)
    made = Stage(slow)
    made.courier.ended(ended(1))
    made.courier.ended(ended(2, Outcome.STORED))
    made.courier.look_last(made.daemon.coordinator)
    made.courier.close()
    assert [made.carriers[0].next().title for _ in range(2)] == [
        "catalog: 1.jpg: Not uploaded",
        "catalog: 1 uploaded, 1 needs you",
    ]


def test_a_digest_tells_what_the_ledger_knows_of_the_day() -> None:
    at = PlayedDaemon().clock.now()
    with stage(replace(SETTINGS, digest=(at + timedelta(hours=1)).time())) as made:
        ends = ((1, Outcome.STORED, 2), (2, Outcome.UPDATED, 3), (3, Outcome.REJECTED, 4), (4, Outcome.STORED, 40))
        filed = [
            replace(ended(number, outcome), state=DropState.FILED, filed_at=at - timedelta(hours=hours))
            for number, outcome, hours in ends
        ]
        made.daemon.ledger.commit([InsertDrops(tuple(filed))])
        made.daemon.clock.advance(3601)
        made.courier.stirred()
        digest = made.carriers[0].next()
    assert digest.title == "The last 24 hours: 2 uploaded, 1 needs you"
    assert "- catalog: 3.jpg: Not uploaded: broken" in digest.body
