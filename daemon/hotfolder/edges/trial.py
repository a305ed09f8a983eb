"""
Tries one hot folder for real: what the daemon will do in it, done once with files of our own.

Everything happens under dot names, which are never taken for drops, and is removed again.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hotfolder.core.settings import FolderSettings, WatchMode
from hotfolder.edges.files import FolderFiles
from hotfolder.edges.watch import FolderWatch
from hotfolder.ports import FolderError, WatchError

EVENT_WAIT_S = 3.0  # a kernel that tells at all tells within milliseconds
CLOCK_SKEW_S = 2.0  # FAT keeps even seconds only
LOW_SPACE_BYTES = 1024**3  # filing renames, but a note and a dropper's next copy need room


@dataclass(frozen=True, slots=True)
class Finding:
    """What one trial showed."""

    what: str
    verdict: Literal["good", "note", "bad"]
    text: str


def examine(folder: FolderSettings) -> Iterator[Finding]:
    """Try everything, one finding after the other; stops at a root that cannot be used at all."""
    files = FolderFiles(folder.path)
    try:
        files.check()
        system = files.lies_on()
    except FolderError as error:
        yield Finding("root", "bad", str(error))
        return
    yield Finding("root", "good", f"there, on {system.name}")
    yield _watch_mode(folder, system.name, tells_changes=system.tells_changes)
    try:
        with _places(folder.path) as (name, working):
            yield from _try_out(folder, name, working)
    except OSError as error:
        yield Finding("rights", "bad", f"cannot create a file in it: {error.strerror}; this user needs to write there")
    yield _space(folder.path)


def _watch_mode(folder: FolderSettings, system: str, *, tells_changes: bool) -> Finding:
    if folder.watch is WatchMode.POLLING:
        return Finding(
            "watch mode", "good", f"polling, because the settings say so; every {folder.poll_s:g} s or slower"
        )
    if not tells_changes and folder.watch is WatchMode.AUTO:
        return Finding("watch mode", "good", f"polling: on {system} others can write without an event here")
    if not tells_changes:
        return Finding(
            "watch mode",
            "note",
            f'inotify, because the settings say so; on {system} only what this machine writes gives events: use "auto"',
        )
    return Finding("watch mode", "good", f"inotify: {system} tells this machine of every change")


@contextmanager
def _places(root: Path) -> Iterator[tuple[Path, Path]]:
    """Give a file that is there and a place in `_working` that is not; leave nothing behind."""
    token = secrets.token_hex(6)
    name = root / f".hotfolder-doctor-{token}"
    working = root / "_working"
    was_there = working.is_dir()
    working.mkdir(mode=0o700, exist_ok=True)
    moved = working / name.name
    name.write_bytes(b"a trial of hotfolder; may be removed\n")
    try:
        yield name, moved
    finally:
        for path in (name, moved):
            path.unlink(missing_ok=True)
        if not was_there:
            with suppress(OSError):
                working.rmdir()


def _try_out(folder: FolderSettings, name: Path, moved: Path) -> Iterator[Finding]:
    yield Finding("rights", "good", "files can be created")
    yield _clock(name)
    yield _case(name)
    yield _unicode(name)
    yield _lease(name)
    yield _events(folder.path, name)
    try:
        name.rename(moved)
    except OSError as error:
        yield Finding(
            "rename",
            "bad",
            f"cannot move a file into _working: {error.strerror}; both must lie on one mount "
            "(with systemd, one ReadWritePaths= entry for the whole share)",
        )
        return
    yield Finding("rename", "good", "into _working, on one mount")
    try:
        moved.unlink()
    except OSError as error:
        yield Finding("delete", "bad", f"cannot remove a file: {error.strerror}; this user needs the right to")
        return
    yield Finding("delete", "good", "files can be removed")


def _clock(name: Path) -> Finding:
    skew_s = name.stat().st_mtime - time.time()
    if abs(skew_s) > CLOCK_SKEW_S:
        return Finding("clock", "note", f"the share's clock is {skew_s:+.0f} s off; only times shown to people suffer")
    return Finding("clock", "good", "the share's clock agrees with this machine's")


def _case(name: Path) -> Finding:
    if name.with_name(name.name.upper()).exists():
        return Finding("case", "note", 'ignores case: "A.jpg" and "a.jpg" are one file here, and two for the server')
    return Finding("case", "good", 'keeps case: "A.jpg" and "a.jpg" are two files, here and for the server')


def _unicode(name: Path) -> Finding:
    composed = name.with_name(name.name + "-\u00e9")
    try:
        composed.touch()
    except OSError as error:
        return Finding("names", "bad", f"cannot create a name with an accent: {error.strerror}")
    try:
        with os.scandir(name.parent) as entries:
            kept = composed.name in {entry.name for entry in entries}
        other = composed.with_name(unicodedata.normalize("NFD", composed.name))
        is_folded = other.exists()
    finally:
        composed.unlink(missing_ok=True)
    if not kept:
        return Finding("names", "note", "changes the Unicode form of names; what is uploaded is always in form NFC")
    if is_folded:
        return Finding("names", "good", "one file for both Unicode forms of a name")
    return Finding("names", "good", "keeps names byte by byte; what is uploaded is always in Unicode form NFC")


def _lease(name: Path) -> Finding:
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return Finding(
            "locks",
            "note",
            f"cannot tell whether somebody still writes ({error.strerror}); a longer settle.quiet makes up for it",
        )
    finally:
        os.close(descriptor)
    if os.geteuid() != 0 and not _has_cap_lease():
        return Finding(
            "locks",
            "note",
            "can tell whether somebody still writes, but only for this user's own files: "
            "let the share create files as this user (Samba: force user), or give the service CAP_LEASE",
        )
    return Finding("locks", "good", "can tell whether somebody still writes into a file")


def _has_cap_lease() -> bool:
    """Return whether this process may take leases on others' files (CAP_LEASE is bit 28, capabilities(7))."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) & (1 << 28))
    return False


def _events(root: Path, name: Path) -> Finding:
    seen = threading.Event()
    probe = name.with_name(name.name + "-event")

    def changed(files: tuple[str, ...], directories: tuple[str, ...]) -> None:
        if probe.name in files:
            seen.set()

    lost: Callable[[], None] = seen.clear  # an overflow between two lines of ours: the file is written again below
    try:
        watch = FolderWatch(root, on_change=changed, on_overflow=lost, on_dead=lambda reason: None)
    except WatchError as error:
        return Finding("events", "bad", str(error))
    try:
        probe.write_bytes(b"trial\n")
        if seen.wait(EVENT_WAIT_S):
            return Finding("events", "good", "a new file is noticed at once")
        return Finding("events", "bad", f'no event within {EVENT_WAIT_S:g} s; set watch = "polling"')
    finally:
        watch.stop()
        probe.unlink(missing_ok=True)


def _space(root: Path) -> Finding:
    state = os.statvfs(root)
    free = state.f_bavail * state.f_frsize
    text = f"{free / 1024**3:.1f} GiB free"
    if state.f_files and state.f_favail < 1000:
        return Finding("space", "note", f"{text}, but room for only {state.f_favail} more files (inodes)")
    return Finding("space", "note" if free < LOW_SPACE_BYTES else "good", text)
