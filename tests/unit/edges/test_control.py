"""The commands' way to a daemon."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotfolder.edges.control import ControlClient, ControlError


@contextmanager
def answering(path: Path, answer: Callable[[socket.socket, bytes], None]) -> Iterator[list[bytes]]:
    """Serve one connection."""
    requests: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                requests.append(_whole_request(connection))
                answer(connection, requests[0])

        thread = threading.Thread(target=serve)
        thread.start()
        yield requests
        thread.join()


def _whole_request(connection: socket.socket) -> bytes:
    """Return the head and the body, which may leave in two pieces."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(100_000)
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    while length is not None and len(body) < int(length[1]):
        body += connection.recv(100_000)
    return head + b"\r\n\r\n" + body


def says(status: str, body: str) -> Callable[[socket.socket, bytes], None]:
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    return lambda connection, request: connection.sendall(head + data)


def test_without_a_socket_there_is_no_daemon(tmp_path: Path) -> None:
    assert ControlClient(tmp_path / "control.sock").get("/api/status") is None
    assert ControlClient(tmp_path / "nowhere" / "control.sock").post("/api/hold", {}) is None


def test_what_a_dead_daemon_left_is_no_daemon(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
    assert ControlClient(path).get("/api/status") is None


def test_an_answer_is_given_as_data(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with answering(path, says("200 OK", '{"a": "é"}')) as requests:
        assert ControlClient(path).get("/api/explain", {"path": "/srv/a &\udce9.jpg", "job": None}) == {"a": "é"}
    assert requests[0].startswith(b"GET /api/explain?path=%2Fsrv%2Fa+%26%E9.jpg HTTP/1.1\r\n")


def test_a_wish_is_sent_as_ascii(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with answering(path, says("200 OK", "{}")) as requests:
        ControlClient(path).post("/api/hold", {"paths": ["/srv/\udce9.jpg"]})
    assert requests[0].endswith(rb'{"paths": ["/srv/\udce9.jpg"]}')


def test_what_the_daemon_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with (
        answering(path, says("400 Bad Request", '{"error": "folder: found x"}')),
        pytest.raises(ControlError, match=r"^folder: found x$"),
    ):
        ControlClient(path).get("/api/history")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (says("200 OK", "<html>"), "is no daemon of hotfolder"),
        (says("503 Service Unavailable", "Service Unavailable"), "is no daemon of hotfolder"),
        (says("500 Internal Server Error", "[]"), "answered 500"),
        (lambda connection, request: None, "broke off before it had answered"),
        (lambda connection, request: connection.sendall(b"\0" * 100), "broke off before it had answered"),
    ],
)
def test_what_is_no_answer_is_told(tmp_path: Path, answer: Callable[[socket.socket, bytes], None], text: str) -> None:
    path = tmp_path / "control.sock"
    with answering(path, answer), pytest.raises(ControlError, match=text):
        ControlClient(path).get("/api/status")


def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="too long"):
        ControlClient(tmp_path / ("x" * 120)).get("/api/status")
