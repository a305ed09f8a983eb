"""
Hints that something changed in a hot folder: our emitter on watchdog's inotify.

Owns what is watched (every directory but the reserved and the litter ones) and how events become few calls. Hints may
come twice, late or for nothing; what they say is looked at elsewhere. Lost ones are reported as an overflow.

watchdog's stock recursive watch asks for too much: it enters `_done`, walks new directories itself, holds events back
for half a second to pair the two ends of a move, and tells nobody when the kernel lost some. So three of its parts are
used, and `tests/contract/test_watchdog.py` holds them to what is assumed here: `InotifyFD` reads the kernel's events
and keeps the watches, `WatchCallback` is told of them, `EventEmitter` is the thread that hands them over.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from watchdog.observers.api import EventEmitter, EventQueue, ObservedWatch
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    Watch,
    WatchCallback,
    WatchDescriptor,
    inotify_add_watch,
)

from hotfolder.core import file_troubles
from hotfolder.core.litter import is_reserved, litter_directory_reason
from hotfolder.ports import WatchError

OnChange = Callable[[tuple[str, ...], tuple[str, ...]], None]

_MASK: Final = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF  # or a directory moved away would go on giving hints of its old place
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)
"""Not MOVED_FROM: our own claims would be reported, and a lone one delays what comes after it by half a second."""

_APPEARED: Final = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO
_WHOLE: Final = InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_MOVED_TO
_WENT: Final = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_UNMOUNT

_GATHER_S: Final = 0.001
"""How long a hint waits for others, so that a burst is a few calls; nobody can feel it."""

_LINKED_S: Final = 1.0
"""
After that long a name that nobody closed may be a link: SFTP servers rename by link and unlink, with no other event.

Long enough for the unlink, and for a small file to be written and closed; short enough to be waited for.
"""

_JOIN_S: Final = 5.0  # threads end in milliseconds; a callback that hangs must not hang who stops us

_WATCHES: Final = ("fs.inotify.max_user_watches", "user.max_inotify_watches")
_INSTANCES: Final = ("fs.inotify.max_user_instances", "user.max_inotify_instances")
# The machine's limit, and that of the container's user namespace; the smaller one counts (namespaces(7)).


class FolderWatch:
    """
    The watch of one hot folder (`ports.Watch`); begins when it is made and raises WatchError if it cannot.

    Paths are relative to the root, "/"-separated, "" for the root. `on_change` gets files closed or moved into place,
    and directories that appeared or hold something else that is new: they are watched by then, so whoever walks them
    misses nothing. `on_overflow` tells that hints were lost, and `on_dead` that none will come any more, and why.
    All are called from a thread of ours, one at a time.
    """

    def __init__(
        self,
        root: Path,
        *,
        on_change: OnChange,
        on_overflow: Callable[[], None],
        on_dead: Callable[[str], None],
    ) -> None:
        self._stopping = threading.Lock()
        self._emitter = _Emitter(str(root), on_change=on_change, on_overflow=on_overflow, on_dead=on_dead)
        try:
            self._notifier = _Notifier(self._emitter)
        except OSError as error:
            raise _explained(str(root), error, 0) from error
        tree = _Tree(str(root), self._notifier, self._emitter)
        self._notifier.start()
        try:
            tree.arm("")
        except OSError as error:
            needed = tree.count()
            self.stop()
            raise _explained(str(root), error, needed) from error
        self._emitter.start()

    def is_alive(self) -> bool:
        """Return whether hints would still come."""
        return self._notifier.is_alive() and self._emitter.is_alive() and not self._emitter.has_died

    def stop(self) -> None:
        """End it; a second call is harmless, and after it nothing is called any more but what is being called."""
        with self._stopping:
            for thread in (self._emitter, self._notifier):
                if thread.should_keep_running():
                    thread.stop()
        for thread in (self._emitter, self._notifier):
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(_JOIN_S)


class _Kind(Enum):
    """What the reader of events has for the thread that hands over."""

    WHOLE = auto()  # a file was closed or moved into place
    CREATED = auto()  # a name appeared: a file that is going to be written, or a link
    DIRECTORY = auto()  # a directory appeared, and is watched
    LOST = auto()  # the kernel dropped events
    DEATH = auto()  # nothing more will come; the reason instead of a path
    STOP = auto()


class _Emitter(EventEmitter):
    """Gathers hints and hands them over."""

    def __init__(
        self,
        root: str,
        *,
        on_change: OnChange,
        on_overflow: Callable[[], None],
        on_dead: Callable[[str], None],
    ) -> None:
        super().__init__(EventQueue(), ObservedWatch(root, recursive=True))  # a queue that stays empty: ours is here
        self.hints: SimpleQueue[tuple[_Kind, str]] = SimpleQueue()
        self.has_died = False
        self._root = root
        self._on_change = on_change
        self._on_overflow = on_overflow
        self._on_dead = on_dead
        # names that nobody has closed yet, oldest first: when they appeared, by the monotonic clock and by the wall's
        self._created: dict[str, tuple[float, int]] = {}

    def on_thread_stop(self) -> None:
        """Wake the thread up, so that it sees that it is to end."""
        self.hints.put((_Kind.STOP, ""))

    def run(self) -> None:
        """Hand over until stopped; a callback that raises ends the watch, and not silently."""
        try:
            super().run()
        finally:
            if self.should_keep_running():
                self._end(f"{self._root} is not watched any more: what was told of its changes has failed")

    def queue_events(self, timeout: float) -> None:
        """Wait for hints and hand over what has gathered."""
        del timeout  # there is one: the age of a name that nobody closes
        hints = []
        with suppress(Empty):
            hints.append(self.hints.get(timeout=self._next_due_s()))
            self.stopped_event.wait(_GATHER_S)
            while True:
                hints.append(self.hints.get_nowait())
        if self.should_keep_running():
            self._hand_over(hints)

    def _hand_over(self, hints: list[tuple[_Kind, str]]) -> None:
        files: dict[str, None] = {}
        directories: dict[str, None] = {}
        now_s, now_ns = time.monotonic(), time.time_ns()
        for kind, path in hints:
            if kind is _Kind.WHOLE:
                files[path] = None
                self._created.pop(path, None)
            elif kind is _Kind.CREATED:
                self._created[path] = now_s, now_ns
            elif kind is _Kind.DIRECTORY:
                directories[path] = None
        directories.update(dict.fromkeys(self._linked(now_s)))
        if files or directories:
            self._on_change(tuple(files), tuple(directories))
        if any(kind is _Kind.LOST for kind, _ in hints):
            self._on_overflow()
        for kind, reason in hints:
            if kind is _Kind.DEATH and not self.has_died:
                self.stop()
                self._end(reason)

    def _end(self, reason: str) -> None:
        self.has_died = True
        self._on_dead(reason)

    def _next_due_s(self) -> float | None:
        oldest = next(iter(self._created.values()), None)
        return None if oldest is None else max(0.0, oldest[0] + _LINKED_S - time.monotonic())

    def _linked(self, now_s: float) -> list[str]:
        """
        Return the directories of names that appeared a while ago with a content older than they are.

        The directory and not the file, because a file that is reported counts as closed.
        """
        found = []
        while self._created:
            path, (created_s, created_ns) = next(iter(self._created.items()))
            if now_s - created_s < _LINKED_S:
                break
            del self._created[path]
            with suppress(OSError):
                file = os.lstat(f"{self._root}/{path}")
                if stat.S_ISREG(file.st_mode) and file.st_size and file.st_mtime_ns <= created_ns:
                    found.append(path.rpartition("/")[0])
        return found


class _Notifier(InotifyFD):
    """The kernel's queue of one hot folder, with a thread that reads it and dies loudly."""

    def __init__(self, emitter: _Emitter) -> None:
        super().__init__()
        os.set_inheritable(self._inotify_fd, False)
        self._emitter = emitter

    def run(self) -> None:
        """Read events until stopped."""
        reason = file_troubles.READER_FAILED
        try:
            super().run()
        except OSError as error:
            reason = os.strerror(error.errno or 0)
        finally:
            if self.should_keep_running():
                self._emitter.hints.put(
                    (_Kind.DEATH, file_troubles.NO_EVENTS.format(path=self._emitter.watch.path, why=reason))
                )

    def _add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> WatchDescriptor:
        """
        Watch a directory, or learn the number of one that is watched already, perhaps under an old path.

        The library's own version warns of the second case and takes a directory that we may not read for watched.
        """
        wd = inotify_add_watch(self._inotify_fd, path, mask)
        if wd == -1:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), os.fsdecode(path))
        watch = self._watch_for_wd.get(wd)
        if watch is None:
            watch = self._watch_for_wd[wd] = Watch(wd, mask, path)
        watch.callbacks[id_] = callback
        return wd


class _Tree(WatchCallback):
    """Which directories are watched, and what the events in them mean."""

    def __init__(self, root: str, notifier: _Notifier, emitter: _Emitter) -> None:
        self._root = root
        self._notifier = notifier
        self._tell = emitter.hints.put
        self._id = CallbackId(id(self))
        self._paths: dict[WatchDescriptor, str] = {}  # where a watched directory lies, as far as we know

    def arm(self, top: str) -> None:
        """
        Watch a directory and all below it; what is watched already only gets its path renewed.

        Raises OSError when the root cannot be watched, or when there are more directories than may be watched; one
        that vanished or may not be read is left out, as the walk of the hot folder reports it.
        """
        for path, full in self._directories(top):
            try:
                wd = self._notifier.add_callback(os.fsencode(full), _MASK, self, self._id)
            except OSError as error:
                if not path or error.errno in (errno.ENOSPC, errno.ENOMEM):
                    raise
            else:
                self._paths[wd] = path

    def count(self) -> int:
        """Return how many directories there are to watch."""
        return sum(1 for _ in self._directories(""))

    def on_event(self, event: InotifyEvent) -> None:
        """Turn one event into a hint."""
        above = self._paths.get(event.wd)
        if above is None:
            return
        mask = event.mask
        if mask & _WENT:
            self._left(event.wd, above, mask)
            return
        name = os.fsdecode(event.name)
        if not above and is_reserved(name):
            return
        path = f"{above}/{name}" if above else name
        if mask & InotifyConstants.IN_ISDIR:
            if mask & _APPEARED and litter_directory_reason(name) is None:
                self._appeared(path)
        elif mask & _WHOLE:
            self._tell((_Kind.WHOLE, path))
        elif mask & InotifyConstants.IN_CREATE:
            self._tell((_Kind.CREATED, path))

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Forget a directory that is not watched any more."""
        self._paths.pop(wd, None)

    def on_queue_overflow(self) -> None:
        """Watch the directories whose coming was lost, then say that events were."""
        self._arm_or_die("")
        self._tell((_Kind.LOST, ""))

    def _appeared(self, path: str) -> None:
        # Watched first: what comes into it from now on gives events, what was there already the caller's walk finds.
        self._arm_or_die(path)
        self._tell((_Kind.DIRECTORY, path))

    def _arm_or_die(self, path: str) -> None:
        try:
            self.arm(path)
        except OSError as error:
            self._tell((_Kind.DEATH, str(_explained(self._root, error, self.count()))))

    def _left(self, wd: WatchDescriptor, path: str, mask: int) -> None:
        """A directory was removed or moved; one that was moved inside the tree is known by its new path already."""
        if not path:
            how = "removed" if mask & InotifyConstants.IN_DELETE_SELF else "moved"
            how = "unmounted" if mask & InotifyConstants.IN_UNMOUNT else how
            self._tell((_Kind.DEATH, f"{self._root} was {how}"))
        elif mask & InotifyConstants.IN_MOVE_SELF and not os.path.lexists(f"{self._root}/{path}"):
            below = f"{path}/"
            gone = [other for other, where in self._paths.copy().items() if other == wd or where.startswith(below)]
            for other in gone:
                self._paths.pop(other, None)
            self._notifier.remove_callbacks([(other, self._id) for other in gone])

    def _directories(self, top: str) -> Iterator[tuple[str, str]]:
        """Yield a directory and all below it that are to be watched: relative and whole path, parents first."""
        to_do = [top]
        while to_do:
            path = to_do.pop()
            full = f"{self._root}/{path}" if path else self._root
            yield path, full
            with suppress(OSError), os.scandir(full) as found:
                for item in found:
                    name = item.name
                    if (
                        item.is_dir(follow_symlinks=False)
                        and litter_directory_reason(name) is None
                        and (path or not is_reserved(name))
                    ):
                        to_do.append(f"{path}/{name}" if path else name)


def _explained(root: str, error: OSError, needed: int) -> WatchError:
    """Return what to tell an administrator: which limit is in the way, how far it reaches, and what to set it to."""
    why = os.strerror(error.errno or 0).lower()
    if error.errno == errno.ENOSPC:
        name, limit = _smallest(_WATCHES)
        wanted = 1 << (limit + needed).bit_length()
        why = file_troubles.WATCHES_USED_UP.format(needed=needed, name=name, limit=limit, wanted=wanted)
    elif error.errno == errno.EMFILE:
        name, limit = _smallest(_INSTANCES)
        why = file_troubles.INSTANCES_USED_UP.format(name=name, limit=limit, wanted=2 * limit + 1)
    return WatchError(file_troubles.NO_WATCH.format(path=root, why=why))


def _smallest(names: tuple[str, ...]) -> tuple[str, int]:
    """Return which of some kernel settings is the smallest, and its value; 0 where it cannot be read."""
    values = {}
    for name in names:
        with suppress(OSError, ValueError):
            values[name] = int(Path("/proc/sys", name.replace(".", "/")).read_text())
    return min(values.items(), key=lambda item: item[1], default=(names[0], 0))
