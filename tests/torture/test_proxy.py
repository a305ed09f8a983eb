"""The line that breaks: each toxic does what its name says, and what came through is kept."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue

import pytest

from tests.torture.proxy import FINE, TOXICS, Proxy, Toxic

BODY = b"x" * 10_000
ANSWER = b"y" * 10_000
PATIENCE_S = 60.0


class Server(ThreadingHTTPServer):
    """Keeps the requests that arrived whole."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[bytes] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections break here as they are told to."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) == int(self.headers["Content-Length"]):
            self.server.arrived.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(server: Server, toxic: Toxic, tell: Callable[[str], None] = lambda moment: None) -> bytes | None:
    """Send one request through a proxy and return the answer, None if there is none."""
    port: int = server.server_address[1]
    with Proxy(("127.0.0.1", port), lambda operation: toxic, tell) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
        try:
            connection.request("POST", "/UploadFile", BODY)
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
            if toxic.name != "down":
                assert b"POST /UploadFile" in proxy.wire


@pytest.mark.parametrize(
    "name", [FINE, "latency", "bandwidth", "slicer", "slow_close", "replayed", "replayed, second answer"]
)
@pytest.mark.parametrize("in_answer", [False, True])
def test_what_only_takes_longer_or_arrives_twice_is_answered(server: Server, name: str, in_answer: bool) -> None:
    assert ask(server, Toxic(name, in_answer=in_answer)) == ANSWER
    assert server.arrived == [BODY] * (2 if "replayed" in name else 1)


@pytest.mark.parametrize("name", ["timeout", "reset_peer", "limit_data"])
def test_what_breaks_the_request_lets_it_not_arrive(server: Server, name: str) -> None:
    assert ask(server, Toxic(name, 500)) is None
    assert server.arrived == []


@pytest.mark.parametrize("name", ["timeout", "reset_peer", "limit_data", "swallowed"])
def test_what_breaks_the_answer_lets_the_request_arrive(server: Server, name: str) -> None:
    assert ask(server, Toxic(name, 500, in_answer=True)) is None
    assert server.arrived == [BODY]


def test_nobody_is_there(server: Server) -> None:
    assert ask(server, Toxic("down")) is None
    assert server.arrived == []


def test_every_toxic_is_tried_here() -> None:
    tried = {"latency", "bandwidth", "slicer", "slow_close", "replayed", "replayed, second answer"}
    assert tried | {"timeout", "reset_peer", "limit_data", "swallowed", "down"} == set(TOXICS)


def test_the_moments_of_a_request_are_told_in_order(server: Server) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    ask(server, Toxic(FINE), told.put)
    moments = [told.get(timeout=PATIENCE_S)]
    while moments[-1] != "UploadFile answered":  # told after the answer has left, so perhaps after it has come
        moments.append(told.get(timeout=PATIENCE_S))
    assert list(dict.fromkeys(moments)) == [
        f"UploadFile {moment}" for moment in ("begun", "under way", "arrived", "answered")
    ]
