"""
What may stand between us and a server: an HTTP proxy, and an end of TLS with a certificate that nobody else trusts.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


def make_certificate(directory: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for localhost that vouches for itself, and a server's context with it; needs openssl."""
    key, file = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(file)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return file, context


class _Front:
    """Listens on loopback and joins each connection with another one."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._open: list[socket.socket] = []
        self.peers: list[str] = []  # addresses that came

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            self.peers.append(peer[0])
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            near, far = self._join(connection)
        except OSError:
            connection.close()
            return
        if far is None:
            near.close()
            return
        self._open += [near, far]
        threading.Thread(target=_copy, args=(far, near), daemon=True).start()
        _copy(near, far)

    def _join(self, connection: socket.socket) -> tuple[socket.socket, socket.socket | None]:
        raise NotImplementedError


class TlsFront(_Front):
    """Takes TLS, and speaks in clear to a server on loopback."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__()
        self._to = port
        self._context = context

    def _join(self, connection: socket.socket) -> tuple[socket.socket, socket.socket | None]:
        near = self._context.wrap_socket(connection, server_side=True)
        return near, socket.create_connection(("127.0.0.1", self._to))


class ProxyServer(_Front):
    """An HTTP proxy that knows CONNECT and nothing else."""

    def __init__(self, login: str | None = None) -> None:
        super().__init__()
        self._wanted = None if login is None else f"Basic {base64.b64encode(login.encode()).decode()}"
        self.asked: list[str] = []  # hosts and ports to be connected to
        self.refused: list[str] = []  # logins that were not the one

    def _join(self, connection: socket.socket) -> tuple[socket.socket, socket.socket | None]:
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(1)  # byte by byte: what follows is not ours
            if not more:
                return connection, None
            head += more
        text = head.decode("latin-1")
        found = re.match(r"CONNECT (\S+):(\d+) HTTP/1\.[01]\r\n", text)
        if found is None:
            connection.sendall(b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")
            return connection, None
        login = re.search(r"(?i)\r\nproxy-authorization: (.*)\r\n", text)
        if self._wanted is not None and (login is None or login[1] != self._wanted):
            self.refused.append(login[1] if login is not None else "")
            said = self.refused[-1].encode()
            connection.sendall(b"HTTP/1.1 407 Not you: " + said + b"\r\nContent-Length: 0\r\n\r\n")
            return connection, None
        self.asked.append(f"{found[1]}:{found[2]}")
        far = socket.create_connection((found[1], int(found[2])))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return connection, far


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until the end of it, and then that."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
