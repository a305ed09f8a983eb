"""
What `edges/watch.py` takes for granted of watchdog: an upgrade that breaks it fails here first.

Each test names one assumption about the library's insides. What the watch itself promises is in its unit tests.
"""

from __future__ import annotations

import ctypes
import inspect
import os
import queue
from pathlib import Path

import pytest
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

PATIENCE_S = 20.0


class Recorder(WatchCallback):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[InotifyEvent] = queue.SimpleQueue()
        self.deleted: queue.SimpleQueue[WatchDescriptor] = queue.SimpleQueue()
        self.overflows: queue.SimpleQueue[None] = queue.SimpleQueue()

    def on_event(self, event: InotifyEvent) -> None:
        self.events.put(event)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        self.deleted.put(wd)

    def on_queue_overflow(self) -> None:
        self.overflows.put(None)


MASK = Mask(InotifyConstants.IN_CREATE | InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_DELETE_SELF)


def test_kernel_s_numbers_are_the_kernels() -> None:
    """From linux/inotify.h."""
    assert InotifyConstants.IN_CLOSE_WRITE == 0x8
    assert InotifyConstants.IN_MOVED_TO == 0x80
    assert InotifyConstants.IN_CREATE == 0x100
    assert InotifyConstants.IN_DELETE_SELF == 0x400
    assert InotifyConstants.IN_MOVE_SELF == 0x800
    assert InotifyConstants.IN_UNMOUNT == 0x2000
    assert InotifyConstants.IN_ONLYDIR == 0x1000000
    assert InotifyConstants.IN_DONT_FOLLOW == 0x2000000
    assert InotifyConstants.IN_EXCL_UNLINK == 0x4000000
    assert InotifyConstants.IN_ISDIR == 0x40000000


def test_reader_is_a_thread_of_its_own_that_calls_back(tmp_path: Path) -> None:
    reader, recorder = InotifyFD(), Recorder()
    reader.start()
    wd = reader.add_callback(os.fsencode(tmp_path), MASK, recorder, CallbackId(1))
    (tmp_path / "ä").write_bytes(b"x")
    created = recorder.events.get(timeout=PATIENCE_S)
    closed = recorder.events.get(timeout=PATIENCE_S)
    assert (created.wd, created.mask, created.name) == (wd, InotifyConstants.IN_CREATE, "ä".encode())
    assert (closed.wd, closed.mask, closed.name) == (wd, InotifyConstants.IN_CLOSE_WRITE, "ä".encode())
    reader.remove_callbacks([(wd, CallbackId(1))])
    (tmp_path / "b").write_bytes(b"x")
    reader.stop()
    reader.join(PATIENCE_S)
    assert not reader.is_alive()
    assert not reader.should_keep_running()
    assert recorder.events.empty()


def test_removed_directory_is_forgotten_and_we_are_told(tmp_path: Path) -> None:
    reader, recorder = InotifyFD(), Recorder()
    reader.start()
    (tmp_path / "below").mkdir()
    wd = reader.add_callback(os.fsencode(tmp_path / "below"), MASK, recorder, CallbackId(1))
    (tmp_path / "below").rmdir()
    assert recorder.events.get(timeout=PATIENCE_S).mask & InotifyConstants.IN_DELETE_SELF
    assert recorder.deleted.get(timeout=PATIENCE_S) == wd
    reader.stop()
    reader.join(PATIENCE_S)


def test_overflow_reaches_the_callbacks(tmp_path: Path) -> None:
    """The kernel reports it without a directory (wd -1)."""
    reader, recorder = InotifyFD(), Recorder()
    reader.add_callback(os.fsencode(tmp_path), MASK, recorder, CallbackId(1))
    reader.handle_event(InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""))
    assert recorder.overflows.qsize() == 1
    source = inspect.getsource(InotifyFD.read_events)
    assert "IN_Q_OVERFLOW" in source, "it is read from the kernel and not thrown away"
    reader.start()
    reader.stop()
    reader.join(PATIENCE_S)


def test_callbacks_may_add_and_remove_watches(tmp_path: Path) -> None:
    """They are called without the reader's lock."""

    class Adding(Recorder):
        def on_event(self, event: InotifyEvent) -> None:
            if event.mask & InotifyConstants.IN_ISDIR:
                path = os.fsencode(tmp_path / os.fsdecode(event.name))
                wd = reader.add_callback(path, MASK, self, CallbackId(1))
                reader.remove_callbacks([(wd, CallbackId(1))])
            super().on_event(event)

    reader, recorder = InotifyFD(), Adding()
    reader.start()
    reader.add_callback(os.fsencode(tmp_path), MASK, recorder, CallbackId(1))
    (tmp_path / "below").mkdir()
    assert recorder.events.get(timeout=PATIENCE_S).is_directory
    reader.stop()
    reader.join(PATIENCE_S)


def test_insides_that_our_reader_replaces_are_still_there(tmp_path: Path) -> None:
    reader, recorder = InotifyFD(), Recorder()
    assert isinstance(reader._inotify_fd, int)
    assert reader._watch_for_wd == {}
    assert list(inspect.signature(InotifyFD._add_callback).parameters) == ["self", "path", "mask", "callback", "id_"]
    assert "self._add_callback(" in inspect.getsource(InotifyFD.add_callback)
    wd = reader.add_callback(os.fsencode(tmp_path), MASK, recorder, CallbackId(1))
    watch = reader._watch_for_wd[wd]
    assert isinstance(watch, Watch)
    assert Watch(wd, MASK, os.fsencode(tmp_path)).callbacks == {}
    assert watch.callbacks == {CallbackId(1): recorder}
    reader.start()
    reader.stop()
    reader.join(PATIENCE_S)


def test_refusal_of_a_watch_is_minus_one_with_errno(tmp_path: Path) -> None:
    reader = InotifyFD()
    assert inotify_add_watch(reader._inotify_fd, os.fsencode(tmp_path / "missing"), MASK) == -1
    assert ctypes.get_errno() == 2
    reader.start()
    reader.stop()
    reader.join(PATIENCE_S)


def test_library_itself_takes_an_unreadable_directory_for_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why our reader replaces that part; when this fails, perhaps it need not any more."""
    assert "if err != errno.EACCES" in inspect.getsource(InotifyFD._raise_error)


def test_emitter_is_a_thread_that_queues_events_until_stopped() -> None:
    turns: queue.SimpleQueue[float] = queue.SimpleQueue()

    class Turning(EventEmitter):
        def queue_events(self, timeout: float) -> None:
            turns.put(timeout)
            self.stopped_event.wait(0.001)

    emitter = Turning(EventQueue(), ObservedWatch("/", recursive=True))
    assert emitter.daemon
    emitter.start()
    turns.get(timeout=PATIENCE_S)
    turns.get(timeout=PATIENCE_S)
    assert emitter.should_keep_running()
    emitter.stop()
    emitter.join(PATIENCE_S)
    assert not emitter.is_alive()
    assert emitter.watch.path == "/"


def test_stock_recursive_watch_is_still_no_choice() -> None:
    """It asks for both ends of a move, which is what delays events; when this fails, perhaps it need not any more."""
    from watchdog.events import DirCreatedEvent, FileClosedEvent, FileCreatedEvent
    from watchdog.observers.inotify import InotifyEmitter

    emitter = InotifyEmitter(
        EventQueue(),
        ObservedWatch("/", recursive=True),
        event_filter=[FileClosedEvent, FileCreatedEvent, DirCreatedEvent],
        inotify_fd=InotifyFD.get_instance(),
    )
    assert emitter.get_event_mask_from_filter() & InotifyConstants.IN_MOVED_FROM
