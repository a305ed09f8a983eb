"""A password that expires is told in time, once a day, and by nobody who does not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.crash.histories import server, settings

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import (
    Action,
    AskExpiry,
    Crashed,
    Event,
    ExpiryTold,
    ExpiryUntold,
    Notice,
    SignedIn,
    SignIn,
    SignInFailed,
    Woken,
)
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import DEFAULT_SERVER
from hotfolder.testing.perils import VirtualClock
from hotfolder.testing.remote import COMPANY
from hotfolder.testing.simulation import START, World

DAY_S = 24 * 3600.0


class Played:
    """A coordinator that is told what happens."""

    def __init__(self) -> None:
        self.world = World(settings())
        self.clock: VirtualClock = self.world.clock
        self.coordinator = Coordinator(self.world.settings, self.world.now(), token=self.world.token)
        self.notices: list[Notice] = []

    def take(self, event: Event, after_s: float = 0.0) -> list[Action]:
        self.clock.advance(after_s)
        turn = self.coordinator.step(event, self.world.now())
        self.notices += [notice for notice in turn.notices if notice.event == "server.password_expires"]
        return [action for action in turn.actions if isinstance(action, AskExpiry | SignIn)]

    def told(self, at: datetime | None) -> None:
        self.take(ExpiryTold(DEFAULT_SERVER, at))


@pytest.fixture
def played() -> Played:
    played = Played()
    assert played.take(SignedIn(DEFAULT_SERVER, COMPANY)) == [AskExpiry(DEFAULT_SERVER)]
    return played


def test_it_is_asked_after_each_sign_in_and_once_a_day(played: Played) -> None:
    played.told(None)
    assert played.take(Woken(), DAY_S - 1) == []
    assert played.take(Woken(), 1) == [AskExpiry(DEFAULT_SERVER)]
    assert played.take(Woken(), DAY_S) == []  # still asked
    played.told(None)
    down = Trouble(kind=Kind.TRANSIENT, text="no route", reached=False)
    played.take(SignInFailed(DEFAULT_SERVER, down))
    assert AskExpiry(DEFAULT_SERVER) not in played.take(Woken(), 2 * DAY_S)
    assert AskExpiry(DEFAULT_SERVER) in played.take(SignedIn(DEFAULT_SERVER, COMPANY))


def test_the_loop_wakes_for_the_next_question(played: Played) -> None:
    played.told(None)
    assert played.coordinator.connections[DEFAULT_SERVER].next_wake_s() == played.clock.monotonic() + DAY_S


def test_a_password_is_told_from_fourteen_days_before_and_once_a_day(played: Played) -> None:
    at = START + timedelta(days=16)
    days: list[int] = []
    for day in range(17):
        for _ in range(2):  # as after a second sign-in
            before = len(played.notices)
            played.told(at)
            days += [day] * (len(played.notices) - before)
        played.clock.advance(DAY_S)
    assert days == list(range(2, 17))
    assert [notice.fields["days_left"] for notice in played.notices] == [*range(14, -1, -1)]
    assert played.notices[0].level == "warning"
    assert played.notices[0].fields["expires_at"] == "2026-03-17T09:00:00Z"


@pytest.mark.parametrize("at", [None, START + timedelta(days=15)])
def test_what_does_not_expire_soon_is_not_told(played: Played, at: datetime | None) -> None:
    played.told(at)
    assert played.notices == []
    assert not played.coordinator.connections[DEFAULT_SERVER].expiry.is_near


@pytest.mark.parametrize(
    "untold",
    [
        lambda: ExpiryUntold(DEFAULT_SERVER, Trouble(kind=Kind.TRANSIENT, text="HTTP 404")),
        lambda: Crashed(AskExpiry(DEFAULT_SERVER), "KeyError"),
    ],
    ids=["no answer", "our mistake"],
)
def test_a_server_that_does_not_tell_costs_nothing(played: Played, untold: Callable[[], Event]) -> None:
    at = START + timedelta(days=3)
    played.told(at)
    played.take(Woken(), DAY_S)
    played.take(untold())
    connection = played.coordinator.connections[DEFAULT_SERVER]
    assert (connection.is_ok, connection.expiry.at) == (True, at)
    assert played.take(Woken(), 3599) == []
    assert played.take(Woken(), 1) == [AskExpiry(DEFAULT_SERVER)]


def test_a_refusal_of_the_question_is_one_of_us(played: Played) -> None:
    """As when the password has expired in the meantime."""
    refused = Trouble(kind=Kind.FATAL, text="Invalid username/password", code=10001)
    played.take(ExpiryUntold(DEFAULT_SERVER, refused))
    assert played.coordinator.connections[DEFAULT_SERVER].state == "refused"


def test_of_several_servers_the_one_is_named() -> None:
    two = World(replace(settings(), servers=(server(), server("archive"))))
    coordinator = Coordinator(two.settings, two.now(), token=two.token)
    coordinator.step(SignedIn("archive", COMPANY), two.now())
    turn = coordinator.step(ExpiryTold("archive", START + timedelta(days=1)), two.now())
    assert [notice.fields["server"] for notice in turn.notices] == ["archive"]
