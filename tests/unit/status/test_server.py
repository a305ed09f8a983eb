"""The answers of the page and the API, without sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message
from tests.unit.status.played import PlayedDaemon

from hotfolder.ports import HistoryQuery, LedgerError
from hotfolder.status.door import PublicDoor
from hotfolder.status.explain import Kind
from hotfolder.status.server import Api
from hotfolder.status.site.access import Access
from hotfolder.status.snapshot import Recent
from hotfolder.status.view import View
from hotfolder.testing.ledger import FakeLedger
from hotfolder.testing.perils import VirtualClock
from hotfolder.testing.simulation import START


class BrokenLedger(FakeLedger):
    """Cannot be read."""

    def history(self, query: HistoryQuery) -> Any:
        raise LedgerError("the ledger cannot be read")


@dataclass
class Site:
    """One daemon's API."""

    daemon: PlayedDaemon = field(default_factory=PlayedDaemon)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    troubles: list[str] = field(default_factory=list)
    recent: Recent = field(default_factory=Recent)

    def __post_init__(self) -> None:
        self.view = View(
            self.daemon,
            recent=self.recent,
            ledger=self.ledger,
            clock=self.daemon.clock,
            sent_bytes=lambda: 42,
            look_at=lambda path: "nothing",
        )
        self.app = Api(self.view, lambda text, error: self.troubles.append(text)).app()

    def ask(
        self, target: str, method: str = "GET", body: bytes = b"", app: ASGIApp | None = None, **headers: str
    ) -> Any:
        return asyncio.run(ask_app(app or self.app, method, target, body, headers))


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


async def ask_app(app: ASGIApp, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "server": ("127.0.0.1", 8480),
        "client": None,
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Reply(start["status"], found, b"".join(message.get("body", b"") for message in rest))


def test_many_viewers_cost_one_question() -> None:
    site = Site()
    for _ in range(20):
        assert site.ask("/api/status").status == 200
    assert site.daemon.asked == 1
    site.daemon.clock.advance(0.3)
    for _ in range(20):
        site.ask("/")
    assert site.daemon.asked == 3, "one for how things are, one for the files on their way"


def test_a_snapshot_that_costs_much_is_kept_for_longer() -> None:
    """At most a tenth of the loop's time goes into it."""
    site = Site()
    ticking = iter([0.0, 0.0, 0.2, 0.2, 1.9, 2.3, 2.3, 2.3, 2.3])

    class Clock(VirtualClock):
        def monotonic(self) -> float:
            return next(ticking)

    site.view.clock = Clock(START)
    assert site.view.latest().cost_s == pytest.approx(0.2)
    site.view.latest()
    assert site.daemon.asked == 1
    site.view.latest()
    assert site.daemon.asked == 2


def test_a_daemon_that_does_not_answer_is_told_and_the_page_shows_how_things_were() -> None:
    site = Site()
    site.ask("/")
    site.daemon.is_busy = True
    site.daemon.clock.advance(1.0)

    status, page = site.ask("/api/status"), site.ask("/")

    assert (status.status, status.data) == (503, {"error": "the daemon is busy and did not answer in time"})
    assert page.status == 200
    assert b"The service did not answer." in page.body
    assert b"catalog" in page.body


def test_a_page_before_the_first_answer_says_so() -> None:
    site = Site()
    site.daemon.is_busy = True
    page = site.ask("/")
    assert page.status == 200
    assert b"The service did not answer." in page.body


def test_a_ledger_that_cannot_be_written_is_told_everywhere_and_nothing_can_be_changed() -> None:
    site = Site()
    site.daemon.come_up()
    site.daemon.ledger_error = "disk full"

    ready = site.ask("/readyz")
    assert (ready.status, ready.data["reasons"]) == (503, ["the ledger cannot be written: disk full"])
    assert site.ask("/healthz").status == 200
    assert site.ask("/api/attention").data["ledger"] == "disk full"
    assert b"the record of uploads cannot be written" in site.ask("/").body
    assert b"hotfolder_ledger_trouble 1.0" in site.ask("/metrics").body
    wish = site.ask("/api/hold", "POST", b'{"folder": "catalog"}')
    assert wish.status == 503
    assert site.daemon.told == []


def test_a_ledger_that_cannot_be_read_is_told() -> None:
    answer = Site(ledger=BrokenLedger()).ask("/api/history")
    assert (answer.status, answer.data) == (503, {"error": "the ledger cannot be read"})


def test_an_error_of_ours_is_logged_and_told_without_its_inside() -> None:
    site = Site()

    def broken(question: Any, timeout_s: float = 5.0) -> Any:
        raise ZeroDivisionError("secret")

    site.daemon.ask = broken  # type: ignore[method-assign] # the played daemon, not ours
    answer = site.ask("/api/status")
    assert (answer.status, answer.data) == (500, {"error": "an error of ours; the log has it"})
    assert site.troubles == ["/api/status failed"]


def test_wishes_reach_the_daemon() -> None:
    site = Site()
    site.daemon.come_up()
    answer = site.ask("/api/hold", "POST", b'{"folder": "catalog"}')
    assert answer.data["results"][0]["done"] is True
    assert site.daemon.coordinator.desks["catalog"].state == "held"


@pytest.mark.parametrize("target", ["/api/hold", "/api/release", "/api/retry"])
def test_wishes_are_not_for_reading(target: str) -> None:
    answer = Site().ask(target)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_a_name_that_is_not_utf_8_can_be_asked_for() -> None:
    site = Site()
    site.daemon.come_up()
    answer = site.ask("/api/explain?path=/catalog/caf%E9.jpg")
    assert answer.data["inside"] == "caf\udce9.jpg"


def test_every_answer_forbids_what_a_browser_might_do_with_it() -> None:
    site = Site()
    for target in ("/", "/page.css", "/api/status", "/metrics", "/nowhere", "/api/history?x=1"):
        headers = site.ask(target).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), target
        assert headers["x-content-type-options"] == "nosniff", target


# --- the door of TCP ---


@pytest.mark.parametrize(
    ("listen", "host", "is_ours"),
    [
        ("127.0.0.1", "127.0.0.1:8480", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST.:8480", True),
        ("127.0.0.1", "[::1]:8480", True),
        ("127.0.0.1", "127.1.2.3", True),
        ("127.0.0.1", "10.0.0.5:8480", False),
        ("127.0.0.1", "desk:8480", False),
        ("127.0.0.1", "evil.example:8480", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "localhost:x", False),
        ("127.0.0.1", "", False),
        ("0.0.0.0", "10.0.0.5:8480", True),  # noqa: S104 # as an administrator may write it
        ("0.0.0.0", "desk:8480", True),  # noqa: S104
        ("0.0.0.0", "evil.example:8480", False),  # noqa: S104
        ("status.example.com", "status.example.com", True),
        ("status.example.com", "other.example.com", False),
        ("::1", "[::1]:8480", True),
    ],
)
def test_only_names_of_this_machine_are_let_in(listen: str, host: str, is_ours: bool) -> None:
    site = Site()
    door = PublicDoor(site.app, listen, "desk", Access(monotonic=site.daemon.clock.monotonic))
    answer = site.ask("/api/status", app=door, Host=host)
    assert answer.status == (200 if is_ours else 421)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_nothing_but_reading_is_let_in(method: str) -> None:
    site = Site()
    door = PublicDoor(site.app, "::1", "desk", Access(monotonic=site.daemon.clock.monotonic))
    answer = site.ask("/api/hold", method, b'{"folder": "catalog"}', app=door, Host="[::1]")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert site.daemon.told == []


def test_explaining_asks_nothing_of_a_path_in_no_hot_folder() -> None:
    """Otherwise anybody could have any path of the machine looked at."""
    site = Site()
    looked: list[Path] = []

    def look_at(path: Path) -> Kind:
        looked.append(path)
        return "nothing"

    site.view.look_at = look_at
    site.ask("/api/explain?path=/etc/shadow")
    assert looked == []
