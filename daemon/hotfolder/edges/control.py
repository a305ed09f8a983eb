"""
The commands' way to a running daemon: HTTP over its control socket.

Absence is no error: without a daemon the commands read the ledger. A daemon that is there and does not answer is one.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

CONNECT_S = 5.0  # the kernel connects for a daemon, however busy that is; longer means that nobody will

ANSWER_S = 30.0
"""A daemon gives up looking at a share that hangs, or waiting for its loop, well before that."""

ANSWER_MAX_BYTES = 256 * 1024**2  # a snapshot with 10,000 history entries has some 10 MB

Parameters = Mapping[str, str | int | None]


class ControlError(Exception):
    """The daemon is there, and did not answer or would not do it; the text says which, for people."""


class _Connection(http.client.HTTPConnection):
    """HTTP whose connection is a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(CONNECT_S)
        self.sock.connect(str(self._path))
        self.sock.settimeout(self.timeout)


class ControlClient:
    """Asks one daemon; every question has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, target: str, parameters: Parameters | None = None) -> Any:
        """
        Return the JSON at a path such as "/api/status", None if no daemon is there.

        Parameters that are None are left out. Raises `ControlError`.
        """
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        query = "?" + urlencode(given, errors="surrogateescape") if given else ""
        return self._ask("GET", target + query, None)

    def post(self, target: str, wish: Mapping[str, Any]) -> Any:
        """Have something done and return the answer, None if no daemon is there; raises `ControlError`."""
        # ASCII, so that bytes of a name that are not UTF-8 travel as the escapes that JSON has for them
        return self._ask("POST", target, json.dumps(wish).encode())

    def _ask(self, method: str, target: str, body: bytes | None) -> Any:
        connection = _Connection(self.path)
        try:
            connection.connect()
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            connection.close()
            return None
        except PermissionError as error:
            connection.close()
            raise ControlError(
                f"{self.path} may not be used by this user: be the daemon's user, or a member of its group"
            ) from error
        except OSError as error:
            connection.close()
            raise ControlError(f"{self.path}: {error.strerror or error}") from error
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            content = response.read(ANSWER_MAX_BYTES)
        except TimeoutError as error:
            raise ControlError(
                f"the daemon at {self.path} has not answered for {ANSWER_S:.0f} s; its log may say why"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ControlError(f"the daemon at {self.path} broke off before it had answered: {error}") from error
        finally:
            connection.close()
        return self._answer(response.status, content)

    def _answer(self, status: int, content: bytes) -> Any:
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise ControlError(f"what answers at {self.path} is no daemon of hotfolder") from error
        if status == 200:
            return answer
        text = answer.get("error") if isinstance(answer, dict) else None
        raise ControlError(str(text or f"the daemon at {self.path} answered {status}"))
