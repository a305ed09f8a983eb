"""
A line that breaks: a proxy between the daemon and its server with Toxiproxy's eight faults, and two more that only one
who knows HTTP can have: the answer is swallowed, the request is sent twice.

It keeps every byte that came from the daemon, each request apart, and tells of the moments of each request, so that a
process can be ended at them.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

BLOCK: Final = 4096

HEAD_MAX: Final = 64 * 1024

TOXICS: Final = (
    "latency",  # everything comes later
    "down",  # nobody is there
    "bandwidth",  # only so much at a time
    "slow_close",  # the connection is closed late
    "timeout",  # nothing passes any more, and after a while it is closed
    "reset_peer",  # reset in the middle
    "slicer",  # in tiny pieces
    "limit_data",  # closed after so many bytes
    "swallowed",  # the request arrives, the answer does not
    "replayed",  # the request arrives twice; the first answer comes
    "replayed, second answer",
)

FINE: Final = "fine"

STALL_S: Final = 1.0
"""For how long nothing passes before a stalled connection is closed: the daemon itself would wait for two minutes."""


@dataclass(frozen=True, slots=True)
class Toxic:
    """How one request goes."""

    name: str = FINE
    after_bytes: int = 0  # where in the request, or in the answer, it strikes
    in_answer: bool = False  # of those that may strike either


class _CutError(Exception):
    """The connection ends here."""


class Proxy:
    """Listens while its context is open; `draw` says how each request goes, `tell` hears what happens to it."""

    def __init__(
        self, upstream: tuple[str, int], draw: Callable[[str], Toxic], tell: Callable[[str], None] = lambda moment: None
    ) -> None:
        self._upstream = upstream
        self._draw = draw
        self._tell = tell
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_closed = False
        self._requests: list[bytearray] = []
        self.met: Counter[str] = Counter()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def requests(self) -> list[bytes]:
        """Return every request as far as it came, heads and all."""
        with self._lock:
            return list(map(bytes, self._requests))

    @property
    def wire(self) -> bytes:
        """Return every byte that came from the daemon, request by request."""
        return b"\n".join(self.requests)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_closed = True
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.close()

    # --- connections ---

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name="proxied", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        try:
            while self._pass_one(client):
                pass
        except (OSError, _CutError, http.client.HTTPException, ValueError):
            pass  # one of the two has gone, as it happens when processes are killed
        finally:
            with self._lock:
                self._open.discard(client)
            client.close()

    def _pass_one(self, client: socket.socket) -> bool:
        """Pass one request and its answer; return whether the connection may take another."""
        head, rest = _read_head(client)
        if head is None:
            return False
        operation = _operation(head)
        toxic = self._draw(operation)
        with self._lock:
            self.met[toxic.name] += toxic.name != FINE
        self._tell(f"{operation} begun")
        if toxic.name == "down":
            _reset(client)
            return False
        with socket.create_connection(self._upstream, timeout=60.0) as upstream:
            request = self._send(client, upstream, head, rest, toxic, operation)
            self._tell(f"{operation} arrived")
            answer = _answer(upstream)
        if toxic.name.startswith("replayed"):
            with socket.create_connection(self._upstream, timeout=60.0) as upstream:
                upstream.sendall(request)
                second = _answer(upstream)
            answer = second if toxic.name.endswith("second answer") else answer
        if toxic.name == "swallowed":
            return False
        self._answer(client, answer, toxic)
        self._tell(f"{operation} answered")
        if toxic.name == "slow_close":
            time.sleep(STALL_S)
            return False
        return b"connection: close" not in head.lower()

    # --- the two directions ---

    def _send(
        self, client: socket.socket, upstream: socket.socket, head: bytes, rest: bytes, toxic: Toxic, operation: str
    ) -> bytes:
        """Stream a request on; return all of it."""
        length = int(_header(head, b"content-length") or 0)
        gate = _Gate(upstream, client, toxic, in_answer=False)
        request = bytearray(head)
        with self._lock:
            self._requests.append(request)
        gate.send(head)
        left = length
        while left > 0:
            block = rest or client.recv(min(BLOCK, left))
            rest = b""
            if not block:
                raise _CutError("the daemon has gone")
            request += block
            left -= len(block)
            self._tell(f"{operation} under way")
            gate.send(block)
        return bytes(request)

    def _answer(self, client: socket.socket, answer: bytes, toxic: Toxic) -> None:
        gate = _Gate(client, client, toxic, in_answer=True)
        for start in range(0, len(answer), BLOCK):
            gate.send(answer[start : start + BLOCK])


class _Gate:
    """Where one direction's toxic strikes."""

    def __init__(self, target: socket.socket, client: socket.socket, toxic: Toxic, *, in_answer: bool) -> None:
        self._target = target
        self._client = client
        self._toxic = toxic.name if toxic.in_answer is in_answer else FINE
        self._left = toxic.after_bytes

    def send(self, data: bytes) -> None:
        match self._toxic:
            case "latency":
                time.sleep(0.05)
            case "bandwidth":
                time.sleep(len(data) / 200_000)
            case "slicer":
                for start in range(0, len(data), 64):
                    self._target.sendall(data[start : start + 64])
                return
            case "timeout" | "reset_peer" | "limit_data" if len(data) >= self._left:
                self._target.sendall(data[: self._left])
                if self._toxic == "timeout":
                    time.sleep(STALL_S)
                elif self._toxic == "reset_peer":
                    _reset(self._client)
                raise _CutError(self._toxic)
            case "timeout" | "reset_peer" | "limit_data":
                self._left -= len(data)
        self._target.sendall(data)


def _reset(connection: socket.socket) -> None:
    """Close with a reset instead of a farewell."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# --- just enough HTTP ---


def _read_head(client: socket.socket) -> tuple[bytes | None, bytes]:
    """Return the head of the next request, and what came with it of the body; None when there is no next one."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = client.recv(BLOCK)
        if not block:
            return None, b""
        data += block
        if len(data) > HEAD_MAX:
            raise ValueError("a head without end")
    head, separator, rest = data.partition(b"\r\n\r\n")
    return head + separator, rest


def _header(head: bytes, name: bytes) -> bytes | None:
    found = re.search(rb"(?im)^" + re.escape(name) + rb":[ \t]*([^\r\n]*)", head)
    return found.group(1) if found else None


def _operation(head: bytes) -> str:
    """Return what a request asks for: UploadFile, or the operation of its SOAPAction."""
    if b"UploadFile" in head.split(b"\r\n", 1)[0]:
        return "UploadFile"
    return (_header(head, b"soapaction") or b"").decode("latin-1").strip('"') or "something"


def _answer(upstream: socket.socket) -> bytes:
    """Read an answer whole and return it as it would be sent in one piece."""
    response = http.client.HTTPResponse(upstream)
    response.begin()
    body = response.read()
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [
        f"{name}: {value}"
        for name, value in response.getheaders()
        if name.lower() not in ("content-length", "transfer-encoding")
    ]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
