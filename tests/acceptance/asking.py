"""
Asking a running daemon: by commands, and as curl and a browser would, over TCP and over its control socket.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.acceptance.place import Place, Table
from tests.acceptance.process import Ended, Process, run

TIMEOUT_S = 60.0

PAGE = {"listen": "127.0.0.1:0"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def data(self) -> Any:
        return json.loads(self.body)


class _OverUnix(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


def over_socket(path: Path, method: str, target: str, document: object = None) -> Answer:
    """Send one request to a Unix socket."""
    body = None if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
    return _answer(_OverUnix(path), method, target, body, {})


def over_tcp(page: str, method: str, target: str, **headers: str) -> Answer:
    """Send one request to the host and port of a URL."""
    parts = urlsplit(page)
    return _answer(
        http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=TIMEOUT_S), method, target, None, headers
    )


def _answer(
    connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
) -> Answer:
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found, body=response.read())
    finally:
        connection.close()


@contextmanager
def daemon(place: Place, *folders: Table, **tables: Table) -> Iterator[Process]:
    """Run a daemon with a page on a free port."""
    place.configure(*folders, **{"web": PAGE, **tables})
    with place.start() as process:
        process.await_event("daemon.ready")
        yield process


def page_of(process: Process) -> str:
    """Return the URL of a daemon's page."""
    return str(process.await_event("daemon.ready")["page"])


def command(place: Place, *arguments: str | Path) -> Ended:
    """Run a command to its end."""
    return run("-c", place.config, *arguments)


def explained(place: Place, path: Path) -> tuple[dict[str, Any], str]:
    """Return what `explain` says, as JSON and as text."""
    ended = command(place, "explain", path)
    assert ended.code == 0, ended
    return place.explain(path), ended.stdout
