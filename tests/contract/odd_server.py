"""
A server on a raw socket that answers as it is told: for all the ways in which servers and networks misbehave.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self


def answer(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """Return a whole HTTP answer; underscores in header names stand for hyphens."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


ACCEPTED = answer(
    b'<uploadPostReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><jobHandle>j|1||x|2</jobHandle>'
    b"</uploadPostReturn>"
)
FAULT = answer(b"<authenticationFault><code>10001</code><reason>No.</reason></authenticationFault>", 500)


@dataclass(frozen=True, kw_only=True)
class Head:
    """The start of a request."""

    text: str
    content_length: int


class Peer:
    """One connection, seen from the server."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self.connection = connection
        self._stopping = stopping
        self._ahead = b""
        self._waste = bytearray(256 * 1024)

    def head(self) -> Head | None:
        """Read a request's head; None at the end of the connection."""
        while b"\r\n\r\n" not in self._ahead:
            more = self.connection.recv(65536)
            if not more:
                return None
            self._ahead += more
        head, _, self._ahead = self._ahead.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        return Head(text=head.decode("latin-1"), content_length=int(length[1]) if length else 0)

    def skip(self, count: int) -> int:
        """Read so many bytes of the body and forget them; returns how many came."""
        ahead, self._ahead = self._ahead[:count], self._ahead[count:]
        came = len(ahead)
        while came < count:
            more = self.connection.recv_into(self._waste, min(count - came, len(self._waste)))
            if not more:
                break
            came += more
        return came

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.connection.sendall(data)

    def reset(self) -> None:
        """Break the connection at once."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def pause(self, seconds: float) -> None:
        """Take some time, or less if the server stops."""
        self._stopping.wait(seconds)

    def hang(self) -> None:
        """Do nothing until the server stops."""
        self._stopping.wait()


Behaviour = Callable[[Peer, Head], bool]
"""What is done once a head has been read; returns whether the connection stays open."""


def reply(data: bytes, *, keep: bool = True) -> Behaviour:
    """Read the whole request and send this."""

    def behave(peer: Peer, head: Head) -> bool:
        peer.skip(head.content_length)
        peer.send(data)
        return keep

    return behave


def reply_early(data: bytes, *, after: int = 0) -> Behaviour:
    """Send this after so many bytes of the body, and close."""

    def behave(peer: Peer, head: Head) -> bool:
        peer.skip(after)
        peer.send(data)
        return False

    return behave


def hang_after(data: bytes = b"", *, read: int | None = None) -> Behaviour:
    """Read so much of the body (None: all), send this, and do nothing more."""

    def behave(peer: Peer, head: Head) -> bool:
        peer.skip(head.content_length if read is None else read)
        peer.send(data)
        peer.hang()
        return False

    return behave


def reset_after(read: int) -> Behaviour:
    """Read so much of the body, and break the connection."""

    def behave(peer: Peer, head: Head) -> bool:
        peer.skip(read)
        peer.reset()
        return False

    return behave


class OddServer:
    """Answers requests by a script, one behaviour each; the last one is for all that follow."""

    def __init__(self, *script: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._script: Sequence[Behaviour] = script
        self._tls = tls
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.heads: list[Head] = []  # of all requests
        self.accepted = 0  # connections
        self.closed = threading.Semaphore(0)  # released for each connection closed by us

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._connections.append(connection)
            self._talk(Peer(connection, self._stopping))
        except OSError:
            pass
        finally:
            connection.close()
            self.closed.release()

    def _talk(self, peer: Peer) -> None:
        while (head := peer.head()) is not None:
            with self._lock:
                behave = self._script[min(len(self.heads), len(self._script) - 1)]
                self.heads.append(head)
            if not behave(peer, head):
                return
