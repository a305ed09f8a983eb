"""
Sockets that listen: TCP for the page, and the Unix socket by which commands reach a running daemon.

Only opens and closes them; what is said over them is the server's.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from pathlib import Path

BACKLOG = 128  # connections that wait while the server starts; more viewers than that do not come within a second

CONTROL_MODE = 0o660
"""Who may write to the control socket may hold, release and retry: the daemon's user and its group."""

PROBE_S = 2.0  # a daemon that lives takes a connection at once; the kernel does it for it


class ListenError(Exception):
    """Nobody can listen there; the text says where, why and what to do."""


def open_tcp(host: str, port: int) -> list[socket.socket]:
    """
    Listen on every address of a host, all with the same port; port 0 takes a free one.

    Addresses of a kind that this machine does not have are passed over if another one works. Raises `ListenError`.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ListenError(f"{host}:{port}: {error.strerror or error}; correct [web] listen") from error
    opened: list[socket.socket] = []
    trouble: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            taken = opened[0].getsockname()[1] if opened else port
            listener.bind((address[0], taken, *address[2:]))
            listener.listen(BACKLOG)
            opened.append(listener)
        except OSError as error:
            listener.close()
            trouble = error
            if error.errno == errno.EADDRINUSE:
                break  # half of a host's addresses would be worse than none
    if trouble is not None and (not opened or trouble.errno == errno.EADDRINUSE):
        for listener in opened:
            listener.close()
        why = "another program has it" if trouble.errno == errno.EADDRINUSE else trouble.strerror
        raise ListenError(f"{host}:{port}: {why}; end that program or let [web] listen name another port") from trouble
    return opened


class ControlSocket:
    """The listening Unix socket; its file goes with it, unless somebody else has put one of theirs in its place."""

    def __init__(self, path: Path) -> None:
        """Listen there; replaces what a dead daemon has left, and raises `ListenError` where that cannot be."""
        self.path = path
        if not path.parent.is_dir():
            raise ListenError(f"{path.parent} is not a directory; create it, or correct [control] socket")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._clear()
            self.listener.bind(str(path))
            # nobody can connect before `listen`, so nobody comes in by the rights that the umask left
            path.chmod(CONTROL_MODE)
            self.listener.listen(BACKLOG)
            self._identity = _identity(path)
        except OSError as error:
            self.listener.close()
            raise ListenError(f"{path}: {error.strerror or error}; correct [control] socket") from error
        except ListenError:
            self.listener.close()
            raise

    def _clear(self) -> None:
        """Take away the socket file of a daemon that has died; the ledger's lock keeps two of us from doing so."""
        try:
            mode = self.path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise ListenError(f"{self.path} is there and is no socket; move it away, or correct [control] socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(PROBE_S)
            try:
                probe.connect(str(self.path))
            except (ConnectionRefusedError, FileNotFoundError):
                self.path.unlink(missing_ok=True)
                return
            except TimeoutError:
                pass  # a full backlog: somebody has it, and is very busy
        raise ListenError(f"{self.path}: another daemon answers there; end it, or give this one a [control] socket")

    def close(self) -> None:
        """Stop listening; a second call is harmless."""
        self.listener.close()
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._identity:
                self.path.unlink()


def _identity(path: Path) -> tuple[int, int, int]:
    """Return what tells our file from a later one of the same name, which may have got the same inode."""
    found = os.stat(path, follow_symlinks=False)
    return found.st_dev, found.st_ino, found.st_ctime_ns
