"""
What the service manager hears, and what silences it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from hotfolder.services.pulse import EXTEND_EVERY_S, EXTENSION_S, STATUS_EVERY_S, Pulse, ping_every_s
from hotfolder.testing.perils import VirtualClock

WATCHDOG_S = 30.0


@dataclass
class Manager:
    """A service manager that keeps what it hears, or does not listen."""

    heard: list[str] = field(default_factory=list)
    listens: bool = True

    def _hear(self, message: str) -> bool:
        if self.listens:
            self.heard.append(message)
        return self.listens

    def ready(self, status: str) -> bool:
        return self._hear(f"ready: {status}")

    def status(self, text: str) -> bool:
        return self._hear(f"status: {text}")

    def alive(self) -> bool:
        return self._hear("alive")

    def reloading(self) -> bool:
        return self._hear("reloading")

    def stopping(self) -> bool:
        return self._hear("stopping")

    def extend_timeout(self, seconds: float) -> bool:
        return self._hear(f"extend: {seconds}")

    def take(self) -> list[str]:
        """What was heard since the last call."""
        heard, self.heard = self.heard, []
        return heard


@dataclass
class Loop:
    """A loop in a certain state."""

    turns: int = 1
    ledger_error: str | None = None
    is_posting: bool = False
    dead: list[str] = field(default_factory=list)

    def dead_threads(self) -> list[str]:
        return self.dead


class Bench:
    """A pulse with everything around it."""

    def __init__(self, watchdog_s: float | None = WATCHDOG_S) -> None:
        self.clock = VirtualClock(datetime(2026, 5, 4, 12, tzinfo=UTC))
        self.manager = Manager()
        self.loop = Loop()
        self.state = "server ok"
        self.warnings: list[str] = []
        self.pulse = Pulse(
            self.manager,
            self.loop,
            clock=self.clock,
            watchdog_s=watchdog_s,
            describe=lambda: self.state,
            warn=self.warnings.append,
        )

    def beat(self, after_s: float = 0.0) -> list[str]:
        """Let time pass, beat, and return what was heard."""
        self.clock.advance(after_s)
        self.pulse.beat()
        return self.manager.take()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_ready_comes_with_the_first_turn_and_once(bench: Bench) -> None:
    assert bench.beat() == ["ready: server ok", "alive"]
    assert bench.beat() == []


def test_before_the_first_turn_it_is_not_ready(bench: Bench) -> None:
    """A ledger that cannot be written is tried again and again; a start that only does that has not succeeded."""
    bench.loop.turns = 0
    assert bench.beat() == ["alive"]
    bench.loop.turns = 1
    assert bench.beat() == ["ready: server ok"]


def test_ready_is_said_again_until_it_is_taken(bench: Bench) -> None:
    """Nobody would say it otherwise, and the service would fail to start."""
    bench.manager.listens = False
    assert bench.beat() == []
    bench.manager.listens = True
    assert bench.beat() == ["ready: server ok", "alive"]


def test_pings_come_at_a_third_of_the_interval_however_fast_the_loop_turns(bench: Bench) -> None:
    pings = sum("alive" in bench.beat(0.01) for _ in range(6000))  # 60 s
    assert pings == pytest.approx(60 / ping_every_s(WATCHDOG_S), abs=1)


def test_a_loop_that_turns_no_faster_than_it_must_is_alive_in_time(bench: Bench) -> None:
    assert all("alive" in bench.beat(ping_every_s(WATCHDOG_S)) for _ in range(20))


def test_without_a_watchdog_nothing_is_fed() -> None:
    bench = Bench(watchdog_s=None)
    assert bench.beat() == ["ready: server ok"]
    assert bench.beat(1000.0) == []


def test_a_dead_thread_silences_the_pings_and_is_told_once(bench: Bench) -> None:
    bench.beat()
    bench.loop.dead = ["server"]
    assert bench.beat(WATCHDOG_S) == ["status: a thread has died: server; only a restart helps"]
    assert bench.beat(WATCHDOG_S) == []
    assert len(bench.warnings) == 1
    assert "'server'" in bench.warnings[0]


def test_a_dead_thread_is_told_without_a_watchdog_too() -> None:
    bench = Bench(watchdog_s=None)
    bench.beat()
    bench.loop.dead = ["upload 1"]
    assert bench.beat(STATUS_EVERY_S) == ["status: a thread has died: upload 1; only a restart helps"]
    assert len(bench.warnings) == 1


def test_status_is_told_when_it_changes_and_not_too_often(bench: Bench) -> None:
    bench.beat()
    told = []
    for number in range(100):  # 10 s
        bench.state = f"{number} files"
        told += [message for message in bench.beat(0.1) if message != "alive"]
    assert told == ["status: 49 files", "status: 99 files"]
    bench.beat(STATUS_EVERY_S)
    assert "status" not in " ".join(bench.beat(STATUS_EVERY_S))


def test_trouble_with_the_ledger_comes_before_all_else(bench: Bench) -> None:
    """The loop waits for its disk on purpose: a restart would not help, so it stays alive."""
    bench.beat()
    bench.loop.ledger_error = "no space left"
    assert bench.beat(10.0) == ["status: the ledger cannot be written: no space left", "alive"]


def test_a_reload_ends_with_the_next_turn(bench: Bench) -> None:
    bench.beat()
    bench.pulse.reloading()
    bench.state = "server ok, 4 folders"
    assert bench.manager.take() == ["reloading"]
    assert bench.beat() == ["ready: server ok, 4 folders"]
    assert bench.beat() == []


def test_a_stop_is_told_and_a_post_gets_its_time(bench: Bench) -> None:
    bench.beat()
    bench.loop.is_posting = True
    assert bench.beat(1.0) == []
    bench.pulse.stopping()
    assert bench.manager.take() == ["stopping"]
    assert bench.beat() == ["status: stopping; a POST is being finished", f"extend: {EXTENSION_S}"]
    assert bench.beat(EXTEND_EVERY_S / 2) == []
    assert bench.beat(EXTEND_EVERY_S / 2) == [f"extend: {EXTENSION_S}"]
    bench.loop.is_posting = False
    assert bench.beat(EXTEND_EVERY_S) == ["status: stopping", "alive"]


def test_an_extension_outlasts_the_wait_for_the_next(bench: Bench) -> None:
    assert EXTENSION_S >= 3 * EXTEND_EVERY_S
