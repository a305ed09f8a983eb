"""
Where things lie on this machine: paths made absolute, and a careful look at hot folders.

A share that does not answer must not hold up the start, so each look has its own thread and a limited time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hotfolder.config.addresses import ledger_file

RUNTIME_DIRECTORY = Path("/run/hotfolder")  # what RuntimeDirectory= of the systemd unit makes
SOCKET_NAME = "control.sock"
LONGEST_SOCKET = 107  # bytes; sockaddr_un of Linux holds 108 with the final zero

_PATIENCE_S = 2.0  # for all looks together; a healthy share answers in milliseconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one look at a hot folder's path found."""

    real: Path  # without symbolic links, as far as it exists
    is_directory: bool | None  # None = no answer in time


Looker = Callable[[Iterable[Path]], Mapping[Path, Look]]


def look_at(paths: Iterable[Path], patience_s: float = _PATIENCE_S) -> dict[Path, Look]:
    """Look at all paths side by side; one without an answer in time counts by its spelling."""
    looks: dict[Path, Look] = {}
    wanted = tuple(dict.fromkeys(paths))

    def look(path: Path) -> None:
        real = Path(os.path.realpath(path))
        try:
            is_directory = path.is_dir()
        except OSError:  # such as a directory above that we may not enter
            is_directory = False
        looks[path] = Look(real=real, is_directory=is_directory)

    threads = [threading.Thread(target=look, args=(path,), daemon=True) for path in wanted]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience_s
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    answered = dict(looks)
    return {path: answered.get(path, Look(real=Path(os.path.normpath(path)), is_directory=None)) for path in wanted}


def control_socket(stated: str | None, ledger_url: str, base: Path, runtime: Path = RUNTIME_DIRECTORY) -> Path:
    """
    Return the path of the control socket.

    Without one stated: in the runtime directory if that exists, else beside the ledger, else (a database server)
    beside the main file.
    """
    if stated is not None:
        return base / stated
    if runtime.is_dir():
        return runtime / SOCKET_NAME
    ledger = ledger_file(ledger_url)
    return (base if ledger is None else ledger.parent) / SOCKET_NAME
