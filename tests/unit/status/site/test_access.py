"""Who is let in, and to what."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.unit.status.site.test_pages import full_site
from tests.unit.status.test_server import Reply, Site, ask_app

from hotfolder.status.door import PublicDoor
from hotfolder.status.site.access import SESSION_S, SESSIONS_MAX, Access, Link

PASSWORD = "a password & <such>"
TOKEN = "not-to-be-guessed-0123456789"


def unreadable() -> str:
    raise OSError("gone")


@dataclass
class House:
    """A site with a door, and a browser that keeps cookies."""

    site: Site = field(default_factory=full_site)
    asks: bool = True
    cookie: str = ""
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        self.access = Access(
            read_password=(lambda: PASSWORD) if self.asks else None,
            links=[
                Link(name="broken", folders=frozenset({"catalog"}), read_token=unreadable),
                Link(name="agency", folders=frozenset({"archive"}), read_token=lambda: TOKEN),
                Link(name="studio", folders=frozenset({"catalog"}), read_token=lambda: TOKEN[::-1]),
            ],
            monotonic=self.site.daemon.clock.monotonic,
            sleep=sleep,
        )
        self.door = PublicDoor(self.site.app, "0.0.0.0", "desk", self.access)  # noqa: S104 # no loopback

    def ask(self, target: str, method: str = "GET", body: str = "", **headers: str) -> Reply:
        every = {"host": "10.0.0.5:8480", "accept": "text/html", "cookie": self.cookie} | headers
        reply: Reply = asyncio.run(ask_app(self.door, method, target, body.encode(), every))
        if "set-cookie" in reply.headers:
            assert "HttpOnly; SameSite=Lax" in reply.headers["set-cookie"] or "Max-Age=0" in reply.headers["set-cookie"]
            self.cookie = reply.headers["set-cookie"].partition(";")[0]
        return reply

    def log_in(self, password: str = "a+password+%26+%3Csuch%3E") -> Reply:
        return self.ask("/login", "POST", f"password={password}")


def test_without_a_password_nobody_is_asked() -> None:
    house = House(asks=False)
    assert house.ask("/").status == 200
    assert b"Pause" in house.ask("/folder/catalog").body
    assert house.ask("/api/status").status == 200


def test_a_stranger_is_led_to_the_login_and_may_do_nothing() -> None:
    house = House()
    for target in ("/", "/folder/catalog", "/file/1000", "/thumb/1000", "/live", "/api/status", "/metrics", "/find"):
        reply = house.ask(target)
        assert (reply.status, reply.headers.get("location")) == (303, "/login"), target
    assert house.ask("/api/status", accept="*/*").headers["www-authenticate"].startswith("Basic")
    assert house.ask("/do/hold", "POST", "folder=catalog").status == 303
    assert house.site.daemon.coordinator.desks["catalog"].state == "watching"
    for target in ("/healthz", "/readyz", "/page.css", "/page.js", "/icon.svg", "/login"):
        assert house.ask(target).status in (200, 503), target


def test_whoever_knows_the_password_is_let_in_until_the_day_is_over_or_they_leave() -> None:
    house = House()
    wrong = house.log_in("wrong")
    assert wrong.status == 403
    assert b"not the password" in wrong.body
    assert house.slept == [1.0]
    assert house.log_in().headers["location"] == "/"
    assert house.ask("/").status == 200
    assert house.ask("/api/history").status == 200
    house.site.daemon.clock.advance(SESSION_S + 1)
    assert house.ask("/").status == 303
    house.log_in()
    assert house.ask("/").status == 200
    before = house.cookie
    house.ask("/logout", "POST")
    house.cookie = before
    assert house.ask("/").status == 303


def test_machines_log_in_by_http_basic() -> None:
    house = House()

    def scraped(password: str) -> int:
        return house.ask("/metrics", authorization=f"Basic {b64encode(f'x:{password}'.encode()).decode()}").status

    assert scraped(PASSWORD) == 200
    assert scraped("wrong") == 303
    assert house.ask("/metrics", authorization="Basic ====").status == 303
    assert house.ask("/metrics", authorization="Bearer x").status == 303


def test_a_guest_sees_the_folders_of_their_link_and_can_do_nothing() -> None:
    house = House()
    assert house.ask(f"/link/{TOKEN[::-1]}").headers["location"] == "/"
    overview = house.ask("/")
    assert b"catalog" in overview.body
    folder = house.ask("/folder/catalog")
    assert b"<button" not in re.sub(rb'<form class="(find|filter)".*?</form>', b"", folder.body, flags=re.S)
    assert b'name="token"' not in folder.body
    for target in ("/api/status", "/metrics", "/api/history"):
        assert house.ask(target).status == 403
    assert house.ask("/do/hold", "POST", "folder=catalog").status == 403


def test_a_guest_sees_nothing_of_other_folders() -> None:
    house = House()
    house.ask(f"/link/{TOKEN}")
    pages: dict[str, Any] = {
        target: house.ask(target)
        for target in ("/", "/folder/catalog", "/file/1000", "/upload/catalog-7", "/find?q=chair", "/thumb/1000")
    }
    assert pages["/"].status == 200
    assert pages["/find?q=chair"].status == 200
    for target in ("/folder/catalog", "/file/1000", "/upload/catalog-7", "/thumb/1000"):
        assert pages[target].status == 404, target
    for target, reply in pages.items():
        assert b"chair.jpg" not in reply.body, target
        assert b"catalog" not in reply.body.replace(b'value="chair"', b""), target


def test_a_link_that_is_none_is_told_and_slow_to_guess() -> None:
    house = House()
    reply = house.ask("/link/guessed")
    assert reply.status == 404
    assert house.slept == [1.0]
    assert house.ask("/").status == 303


def test_sessions_do_not_pile_up() -> None:
    house = House()
    first = house.log_in().headers["set-cookie"].partition(";")[0]
    for _ in range(SESSIONS_MAX):
        asyncio.run(house.access.log_in(PASSWORD))
    house.cookie = first
    assert house.ask("/").status == 303


@pytest.mark.parametrize("cookie", ["hotfolder", "hotfolder=", "a=b; hotfolder=\xff", "=;=;", 'hotfolder="x'])
def test_an_odd_cookie_is_nobodys(cookie: str) -> None:
    house = House(cookie=cookie)
    assert house.ask("/").status == 303
