"""The thread that serves, over real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.status.played import PlayedDaemon

from hotfolder.status.serving import Listeners, StatusServer
from hotfolder.status.snapshot import Recent
from hotfolder.status.view import View


def serve(control: socket.socket, public: socket.socket) -> StatusServer:
    daemon = PlayedDaemon()
    view = View(daemon, recent=Recent(), ledger=daemon.ledger, clock=daemon.clock, sent_bytes=lambda: 0)
    listeners = Listeners(control=control, public=[public], host="127.0.0.1", own_name="desk")
    return StatusServer(view, listeners, lambda text, error: None)


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two listeners."""
    with socket.socket(socket.AF_UNIX) as control, socket.create_server(("127.0.0.1", 0)) as public:
        control.bind(str(tmp_path / "control.sock"))
        control.listen()
        yield control, public


def status_over_tcp(public: socket.socket) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", public.getsockname()[1], timeout=60)
    connection.request("GET", "/api/status")
    response = connection.getresponse()
    assert json.loads(response.read())["folders"][0]["name"] == "catalog"
    connection.close()
    return response.status


def test_both_listeners_are_served_and_closing_ends_the_thread(sockets: tuple[socket.socket, socket.socket]) -> None:
    control, public = sockets
    server = serve(control, public)
    assert status_over_tcp(public) == 200
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(control.getsockname())
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")

    server.close()
    server.close()
    assert "page" not in {thread.name for thread in threading.enumerate()}


def test_without_a_visitor_it_ends_at_once(sockets: tuple[socket.socket, socket.socket]) -> None:
    server = serve(*sockets)
    server.close()
    assert "page" not in {thread.name for thread in threading.enumerate()}


def test_building_a_daemon_does_not_import_what_only_a_visitor_needs() -> None:
    program = (
        "import sys, hotfolder.compose; "
        "print([name for name in ('uvicorn', 'starlette', 'jinja2', 'prometheus_client') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"
