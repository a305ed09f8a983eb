"""The page, the API and the sockets of a running daemon."""

from __future__ import annotations

import http.client
import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.asking import command, daemon, over_socket, over_tcp, page_of
from tests.acceptance.place import Place
from tests.acceptance.process import Process


def test_the_control_socket_is_for_its_user_and_group_and_goes_with_the_daemon(place: Place) -> None:
    with daemon(place, {"name": "hot"}) as process:
        mode = stat.S_IMODE((place.root / "control.sock").lstat().st_mode)
        ended = process.end()

    assert mode == 0o660
    assert ended.code == 0
    assert not (place.root / "control.sock").exists()


def test_what_a_killed_daemon_left_is_replaced(place: Place) -> None:
    with daemon(place, {"name": "hot"}) as process:
        os.kill(process.pid, 9)
        process.wait()
    left = (place.root / "control.sock").exists()
    without = command(place, "status", "--json")
    with place.start() as process:
        process.await_event("daemon.ready")
        answer = over_socket(place.root / "control.sock", "GET", "/healthz")

    assert left
    assert without.code == 0
    assert answer.data["healthy"] is True


def test_a_socket_that_another_daemon_answers_is_refused(place: Place) -> None:
    with daemon(place, {"name": "hot"}):
        place.configure({"name": "hot"}, ledger={"url": "sqlite:///other.db"})
        with place.start() as process:
            other = process.wait()

    assert other.code == 2
    assert "another daemon answers there" in "".join(other.noise)


def test_a_directory_that_is_missing_is_told(place: Place) -> None:
    place.configure({"name": "hot"}, control={"socket": "nowhere/control.sock"})

    with place.start() as process:
        ended = process.wait()

    assert ended.code == 2
    assert f"{place.root}/nowhere is not a directory; create it" in "".join(ended.noise)


def test_without_its_port_the_daemon_goes_on_and_says_so(place: Place, images: list[bytes]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with daemon(place, {"name": "hot"}, web={"listen": listen}) as process:
            warned = process.await_event("daemon.trouble")
            place.drop("hot/chair.jpg", images[0])
            process.await_event("drop.filed")

    assert warned["level"] == "warning"
    assert warned["reason"].startswith(f"the page is not served: {listen}: another program has it; ")


def test_fifty_browsers_that_look_on_get_the_page_all_at_once(place: Place) -> None:
    """When something changed each of them asks, beside its stream of events."""
    with daemon(place, {"name": "hot"}) as process, ExitStack() as stack:
        page = page_of(process)
        parts = urlsplit(page)
        for _ in range(50):
            stream = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
            stack.callback(stream.close)
            stream.request("GET", "/live")
            assert stream.getresponse().readline().startswith(b"retry:")
        with ThreadPoolExecutor(50) as browsers:
            answers = list(browsers.map(lambda _: over_tcp(page, "GET", "/").status, range(50)))
        assert answers == [200] * 50


def test_over_tcp_everything_is_for_reading_and_by_a_name_of_this_machine(place: Place) -> None:
    with daemon(place, {"name": "hot"}) as process:
        page = page_of(process)
        port = page.rstrip("/").rpartition(":")[2]

        wish = over_tcp(page, "POST", "/api/hold")
        by_names = {
            host: over_tcp(page, "GET", "/healthz", Host=host).status
            for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost", "127.8.8.8", "[::1]:1", "evil.example")
        }
        evil = over_tcp(page, "GET", "/api/status", Host=f"evil.example:{port}")
        held = place.status()["folders"][0]["state"]

    assert wish.status == 405
    assert wish.headers["allow"] == "GET, HEAD"
    assert held == "watching"
    assert evil.status == 421
    assert evil.data["error"].startswith(f'Host: found "evil.example:{port}", wanted ')
    assert [host for host, status in by_names.items() if status != 200] == ["evil.example"]


def test_wrong_and_hostile_questions_get_an_answer_in_words(place: Place) -> None:
    with daemon(place, {"name": "hot"}) as process:
        control = place.root / "control.sock"
        answers = {
            target: over_socket(control, "GET", target)
            for target in (
                *("/api/history?folder=nope", "/api/history?outcome=nope", "/api/history?since=nope"),
                *("/api/history?limit=0", "/api/history?nope=1", "/api/history?since=99999999999d"),
                *("/api/explain", "/api/explain?path=relative", "/api/explain?path=%2Fa%00b", "/nope"),
                "/api/history?job=" + "%ff%00'\";" * 1000,
                "/api/explain?path=/" + "%E0%80%AE/" * 1000,
                "/api/explain?path=" + "/" * 5000,
            )
        }
        documents: list[object] = [{}, [], {"folder": "nope"}, {"paths": ["relative"]}, {"all": True}]
        documents += [b"{", b"[" * 100_000]
        wishes = [over_socket(control, "POST", "/api/hold", document) for document in documents]
        long = over_tcp(page_of(process), "GET", "/api/history?job=" + "x" * 60_000)
        with pytest.raises(OSError, match="reset"):  # not even read to its end
            over_tcp(page_of(process), "GET", "/?" + "x" * 5_000_000)
        still = over_socket(control, "GET", "/healthz")

    def error(target: str) -> str:
        assert answers[target].status == 400, (target, answers[target])
        return str(answers[target].data["error"])

    assert error("/api/history?folder=nope") == 'folder: found "nope", wanted the name of a hot folder: hot'
    assert error("/api/history?outcome=nope").endswith(
        "wanted one of stored, updated, renamed, duplicate, failed, rejected, unknown, withdrawn"
    )
    assert error("/api/history?since=nope").startswith('since: found "nope", wanted "90s", "30m", "2h", "3d", a date')
    assert error("/api/history?since=99999999999d").startswith("since: found ")
    assert error("/api/history?limit=0") == 'limit: found "0", wanted a number from 1 to 10000'
    assert "wanted one of folder, since, outcome, job, limit" in error("/api/history?nope=1")
    for target in ("/api/explain", "/api/explain?path=relative", "/api/explain?path=%2Fa%00b"):
        assert "wanted an absolute path" in error(target)
    assert answers["/nope"].status == 404
    assert all(answer.status in (200, 400, 404) for answer in answers.values()), answers
    assert [wish.status for wish in wishes] == [400] * len(wishes)
    assert all(wish.data["error"] for wish in wishes)
    assert (long.status, long.data) == (200, [])
    assert still.status == 200


def test_readyz_tells_that_the_server_refuses_us(place: Place) -> None:
    place.set_password("not this one")
    with daemon(place, {"name": "hot"}) as process:
        process.await_event("server.refused")
        ready = over_tcp(page_of(process), "GET", "/readyz")
        healthy = over_tcp(page_of(process), "GET", "/healthz")
        status = place.status()
        page = over_tcp(page_of(process), "GET", "/")

    assert ready.status == 503
    assert ready.data["ready"] is False
    assert ready.data["reasons"][0].startswith("the server refuses us: ")
    assert healthy.status == 200
    assert status["server"]["state"] == "refused"
    assert "correct user, password or company in [server]" in page.text


def test_metrics_count_up_and_can_be_scraped(place: Place, images: list[bytes]) -> None:
    def scraped(process: Process) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        answer = over_tcp(page_of(process), "GET", "/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    with daemon(place, {"name": "hot"}) as process:
        before = scraped(process)
        place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.filed")
        after = scraped(process)

    def value(found: dict[tuple[str, tuple[tuple[str, str], ...]], float], name: str, **labels: str) -> float:
        return found[name, tuple(sorted(labels.items()))]

    assert value(before, "hotfolder_drops_total", folder="hot", outcome="stored") == 0
    assert value(after, "hotfolder_drops_total", folder="hot", outcome="stored") == 1
    assert value(after, "hotfolder_sent_bytes_total") == len(images[0])
    assert value(after, "hotfolder_server_state", server="default", state="ok") == 1
    assert value(after, "hotfolder_folder_state", folder="hot", state="watching") == 1
    assert value(after, "hotfolder_ledger_trouble") == 0
    assert value(after, "hotfolder_last_poll_timestamp_seconds", server="default") > 0
    counters = [key for key in before if key[0].endswith("_total")]
    assert all(after[key] >= before[key] for key in counters)
    assert all(name.startswith("hotfolder_") for name, _ in after)


HOSTILE: tuple[str, ...] = (
    "<script>alert(1)<script>.jpg",
    "<img src=x onerror=alert(1)>.jpg",
    "\"><b onclick='x'>.jpg",
    "{{ 7 * 7 }}.jpg",
    "&lt;i&gt;.jpg",
    "evil\u202egpj.exe.jpg",
    "mark\u2066ed.jpg",
    "עברית.jpg",
    "new\nline \x1b[31m.jpg",
    "caf\udce9.jpg",
)


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.isolated: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "bdi":
            self.isolated.append("")
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "bdi":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.isolated[-1] += data


def test_hostile_names_are_only_text_on_the_page(place: Place, images: list[bytes]) -> None:
    with daemon(place, {"name": "hot"}) as process:
        plain = Page(over_tcp(page_of(process), "GET", "/folder/hot").text)
        for number, name in enumerate(HOSTILE):
            (place.hot("hot") / name).write_bytes(images[number * 2])
        process.await_event("drop.filed", times=len(HOSTILE) - 1)
        process.await_event("drop.rejected", reason="its name is not valid UTF-8")
        answer = over_tcp(page_of(process), "GET", "/folder/hot")

    page = Page(answer.text)
    assert page.tags - plain.tags <= {
        "br",
        "ul",
        "li",
        "bdi",
        "small",
        "time",
        "img",
        "form",
        "input",
        "button",
        "a",
        "details",
        "summary",
    }
    assert not {name for name in page.attributes if name.startswith("on") or name == "style"}
    for shown in (
        *HOSTILE[:5],
        r"evil\u202egpj.exe.jpg",
        r"mark\u2066ed.jpg",
        "עברית.jpg",
        r"new\nline \x1b[31m.jpg",
        r"caf\udce9.jpg",
    ):
        assert shown in page.isolated, shown
    assert not set(answer.text) & set("\x1b\u202e\u2066")


def test_the_page_is_let_load_nothing_but_what_is_ours(place: Place) -> None:
    with daemon(place, {"name": "hot"}) as process:
        page = over_tcp(page_of(process), "GET", "/")
        style = over_tcp(page_of(process), "GET", "/page.css")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert {words.partition(" ")[2] for words in policy} == {"'none'", "'self'"}
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert style.headers["content-type"] == "text/css; charset=utf-8"
