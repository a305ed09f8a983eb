"""Several servers, as people and machines are shown them."""

from __future__ import annotations

import io
from datetime import timedelta

from rich.console import Console
from tests.crash.histories import two_companies
from tests.unit.status.played import PlayedDaemon
from tests.unit.status.site.test_pages import page
from tests.unit.status.test_metrics import metrics_of, scraped
from tests.unit.status.test_server import Site

from hotfolder.cli.following import in_one_line
from hotfolder.cli.inspecting import status_text
from hotfolder.core.messages import ExpiryTold, SignInFailed
from hotfolder.core.server import Kind, Trouble
from hotfolder.status.snapshot import Recent
from hotfolder.status.summary import one_line
from hotfolder.testing.simulation import START

REFUSED = Trouble(kind=Kind.FATAL, text="wrong password", code=10001)
AWAY = Trouble(kind=Kind.TRANSIENT, text="no route", reached=False)


def one_refused() -> Site:
    """Return a site of two servers, one of which refuses us."""
    daemon = PlayedDaemon(given=two_companies())
    daemon.come_up()
    daemon.step(SignInFailed("archive", REFUSED))
    return Site(daemon=daemon, ledger=daemon.ledger)


def test_each_server_is_told_and_the_worst_stands_for_all() -> None:
    site = one_refused()
    status = site.ask("/api/status").data
    assert (status["server"]["state"], status["server"]["error"]) == ("refused", "wrong password")
    assert [(server["name"], server["state"]) for server in status["servers"]] == [
        ("default", "ok"),
        ("archive", "refused"),
    ]
    assert [(folder["name"], folder["server"]) for folder in status["folders"]] == [
        ("catalog", "default"),
        ("archive", "archive"),
    ]
    site.daemon.step(SignInFailed("default", AWAY))
    site.daemon.clock.advance(5.0)
    assert site.ask("/api/status").data["server"]["state"] == "refused"


def test_one_server_is_told_as_ever() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    status = Site(daemon=daemon).ask("/api/status").data
    assert "servers" not in status
    assert "server" not in status["folders"][0]


def test_we_are_not_ready_while_any_server_refuses_us() -> None:
    answer = one_refused().ask("/readyz")
    assert answer.status == 503
    assert answer.data["reasons"] == ["the server archive refuses us: wrong password"]


def test_numbers_bear_the_name_of_their_server() -> None:
    found = scraped(metrics_of(one_refused().daemon, Recent()))
    assert found["hotfolder_server_state", (("server", "default"), ("state", "ok"))] == 1
    assert found["hotfolder_server_state", (("server", "archive"), ("state", "refused"))] == 1


def test_the_one_line_of_the_service_names_those_in_trouble() -> None:
    site = one_refused()
    assert one_line(site.daemon.coordinator).startswith("server refuses us (archive), 2 folders")
    healthy = PlayedDaemon(given=two_companies())
    assert one_line(healthy.coordinator).startswith("signing in (default), signing in (archive), ")
    healthy.come_up()
    assert one_line(healthy.coordinator).startswith("2 servers ok, ")


def test_a_terminal_shows_each_server() -> None:
    site = one_refused()
    status = site.ask("/api/status").data
    assert in_one_line(status).startswith("server default ok; server archive refused (wrong password); catalog ")
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(status_text(status, site.ask("/api/attention").data))
    text = console.export_text()
    assert "Server default: ok" in text
    assert "Server archive: refused (wrong password)" in text


def test_the_page_shows_each_server_with_what_to_do() -> None:
    text = page(one_refused(), "/").text
    assert "archive" in text
    assert "default" in text
    assert "wrong password" in text
    assert "correct user, password or company in [server.archive]" in text


def test_a_password_that_expires_soon_is_told_everywhere() -> None:
    daemon = PlayedDaemon(given=two_companies())
    site = Site(daemon=daemon, ledger=daemon.ledger)
    daemon.come_up()
    at = START + timedelta(days=9)
    daemon.step(ExpiryTold("default", START + timedelta(days=90)))
    daemon.step(ExpiryTold("archive", at))
    status, attention = site.ask("/api/status").data, site.ask("/api/attention").data
    assert [server["password_expires"] for server in status["servers"]][1] == "2026-03-10T09:00:00.000Z"
    assert attention["servers"][0]["password_cure"] is None
    assert "password_file of [server.archive]" in attention["servers"][1]["password_cure"]
    assert "The password expires" in page(site, "/").text
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(status_text(status, attention))
    text = console.export_text()
    assert "server archive: password" in text
    assert "put the new one where password_file of [server.archive] says" in text
    found = scraped(metrics_of(daemon, Recent()))
    assert found["hotfolder_password_expires_timestamp_seconds", (("server", "archive"),)] == at.timestamp()


def test_a_drop_waits_for_its_own_server_by_name() -> None:
    daemon = PlayedDaemon(given=two_companies())
    daemon.come_up()
    daemon.step(SignInFailed("archive", AWAY))
    daemon.drop("a.jpg", folder="archive", is_complete=True)
    site = Site(daemon=daemon, ledger=daemon.ledger)
    told = site.ask("/api/explain?path=/archive/a.jpg").data
    assert told["reason"] == "waits for the server archive, which is unreachable: no route"
