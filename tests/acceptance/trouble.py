"""
What an administrator, a disk or a network can do to a running installation; each is undone when its context is left.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

_libc = ctypes.CDLL(None, use_errno=True)

_NEW_MOUNTS: Final = 0x00020000  # CLONE_NEWNS
_NEW_DIRECTORY: Final = 0x00000200  # CLONE_FS

FILL_BYTES: Final = 4096

STANDARD_STREAMS: Final = 3


@contextmanager
def own_mounts() -> Iterator[None]:
    """Give this thread, and the processes it starts, mounts of their own; skips where that cannot be."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    here = Path.cwd()
    before = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/mnt", os.O_RDONLY)
    try:
        if _libc.unshare(_NEW_MOUNTS) != 0:
            pytest.skip("no mount namespaces here")
        try:
            mount("--make-rprivate", "/")
            yield
        finally:
            # threads that were started meanwhile share our current directory, and then no mounts can be changed
            if _libc.unshare(_NEW_DIRECTORY) != 0 or _libc.setns(before, _NEW_MOUNTS) != 0:
                raise OSError(ctypes.get_errno(), "the mounts of before cannot be had back")
            os.chdir(here)
    finally:
        os.close(before)


def mount(*arguments: str | Path) -> None:
    """Mount."""
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def mount_small_disk(path: Path, size: str = "1m") -> None:
    """Mount an empty file system of that size in memory."""
    path.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", path)


def unmount(path: Path) -> None:
    """Unmount at once, whoever is just looking at it; they keep what they have open."""
    subprocess.run(["umount", "--lazy", path], check=True, capture_output=True)


def fill(directory: Path) -> Path:
    """Fill a disk to the last byte and return the file to be removed."""
    filler = directory / ".filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(FILL_BYTES))
    return filler


@contextmanager
def no_more_files(pid: int) -> Iterator[None]:
    """
    Let a process open no file, socket or pipe while the context is open.

    A new descriptor gets the lowest free number, which has to be below the limit; the three lowest are always taken.
    With a limit as high as what is open now it could go on with what it happens to close meanwhile.
    """
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (STANDARD_STREAMS, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def free_port() -> int:
    """Return a port that nobody has, so that a server can come back to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
