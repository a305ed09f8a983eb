"""
The body of one POST: our framing around the files' bytes, hashed on their way.

A small POST is put together in memory before its first byte leaves; then a file that changed meanwhile costs nothing,
and twenty small files leave in one send. A large file is read while it leaves, without a copy.

Hashing takes longer than all the rest together when nothing else limits (1.7 GB/s). So a large file is hashed in a
thread of its own, one block behind: that made 2 GiB leave in 1.3 s instead of 1.8 with two idle cores, in the same time
with busy ones, and it does not matter on a line slower than 10 Gbit/s. Waiting for each block to be hashed before the
next one is read gains nothing, and neither does a thread for small files, a longer queue, or blocks of 256 KiB: a
process that does nothing but read, hash and send takes as much CPU for a large file as the whole daemon.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from hotfolder.core import file_troubles
from hotfolder.core.server import SentFile
from hotfolder.edges.remote.connections import Block
from hotfolder.ips.multipart import Framing
from hotfolder.ports import ChangedError, FolderError, PostFile, Progress, Reader

HELD_BYTES = 16 * 1024 * 1024
"""A small POST, framing aside: as much as files sharing a POST may have together (DESIGN 4.2, files_per_post)."""

BLOCK_BYTES = 1024 * 1024
"""What is handed over at once: progress is told, and a bandwidth of the settings kept, after each."""

KEPT_ROOM_BYTES = 4 * 1024 * 1024
"""
Room up to this size is used again for the next POST: fresh memory costs page faults, which made POSTs of twenty 50 KB
files take 1.6 times as long. More would stay resident for nothing, and is noticed less beside the bytes it holds.
"""


class SpoiltError(Exception):
    """A file turned out to be missing, another one, or unreadable; `drops` lists those that changed."""

    def __init__(self, text: str, drops: tuple[int, ...] = ()) -> None:
        super().__init__(text)
        self.drops = drops


class Body(Protocol):
    """The bytes of one POST, to be iterated once; a block has left when the next one is asked for."""

    def __iter__(self) -> Iterator[Block]:
        """Yield blocks; raises `SpoiltError` when a file is not what it was."""

    def sent(self) -> tuple[SentFile, ...]:
        """Return the files whose last byte had left when the iteration stopped, wherever that was."""

    def close(self) -> None:
        """Let go of files and memory; a second call is harmless."""


class Room:
    """Memory for small POSTs, used again; safe for several threads."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._free: list[bytearray] = []

    def take(self, size_bytes: int) -> bytearray:
        """Return memory of at least this size; its content is left over from somewhere."""
        with self._lock:
            kept = self._free.pop() if self._free else bytearray()
        return kept if len(kept) >= size_bytes else bytearray(size_bytes)

    def give_back(self, memory: bytearray) -> None:
        """Keep it for the next POST, if it is worth it."""
        with self._lock:
            if len(self._free) < self._keep and len(memory) <= KEPT_ROOM_BYTES:
                self._free.append(memory)


def open_body(framing: Framing, files: Sequence[PostFile], *, room: Room, progress: Progress) -> Body:
    """
    Open every file of a POST, and read those of a small one, before anything is sent.

    Raises `SpoiltError`, for a small POST naming all drops that changed; nothing stays open then.
    """
    if sum(file.size_bytes for file in files) <= HELD_BYTES:
        return HeldBody(framing, files, room, progress)
    return StreamedBody(framing, files, progress)


class HeldBody:
    """A small POST: read, checked and put together; what it says about its files is settled."""

    def __init__(self, framing: Framing, files: Sequence[PostFile], room: Room, progress: Progress) -> None:
        self._room = room
        self._progress = progress
        self._memory = room.take(framing.content_length)
        self._view = memoryview(self._memory)[: framing.content_length]
        self._files: list[tuple[int, int, SentFile]] = []  # where each begins and ends in the view, and what it is
        self._left = 0  # bytes that have left
        try:
            self._fill(framing, files)
        except BaseException:
            self.close()
            raise

    def _fill(self, framing: Framing, files: Sequence[PostFile]) -> None:
        at = 0
        spoilt: list[SpoiltError] = []
        for before, file in zip(framing.before, files, strict=True):
            start = at + len(before)
            self._view[at:start] = before
            at = start + file.size_bytes
            target = self._view[start:at]
            try:
                _read_into(target, file)
            except SpoiltError as error:
                spoilt.append(error)
            else:
                self._files.append((start, at, _sent(file, hashlib.sha256(target).hexdigest())))
        self._view[at:] = framing.closing
        if spoilt:
            changed = tuple(drop for error in spoilt for drop in error.drops)
            raise SpoiltError("; ".join(str(error) for error in spoilt), changed)

    def __iter__(self) -> Iterator[Block]:
        """Yield slices of the whole."""
        for start in range(0, len(self._view), BLOCK_BYTES):
            block = self._view[start : start + BLOCK_BYTES]
            yield block
            self._left = start + len(block)
            self._progress(sum(max(0, min(end, self._left) - begin) for begin, end, _ in self._files))

    def sent(self) -> tuple[SentFile, ...]:
        """Return the files that lie before what has not left."""
        return tuple(sent for _, end, sent in self._files if end <= self._left)

    def close(self) -> None:
        """Give the memory back."""
        if self._memory:
            self._view.release()
            self._room.give_back(self._memory)
            self._memory = bytearray()


class StreamedBody:
    """A large POST, mostly of one file: read while it leaves."""

    def __init__(self, framing: Framing, files: Sequence[PostFile], progress: Progress) -> None:
        self._framing = framing
        self._progress = progress
        self._sent: list[SentFile] = []
        self._left = 0
        self._readers: list[tuple[PostFile, Reader]] = []
        self._digest: _Digest | None = None
        try:
            for file in files:
                self._readers.append((file, _open(file)))
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Block]:
        """Yield the reader's own blocks between our framing."""
        for before, (file, reader) in zip(self._framing.before, self._readers, strict=True):
            yield before
            digest = self._digest = _Digest()
            for block in digest.of(_blocks(file, reader)):
                for start in range(0, len(block), BLOCK_BYTES):
                    part = block[start : start + BLOCK_BYTES]
                    yield part
                    self._left += len(part)
                    self._progress(self._left)
            _check(file, reader)
            self._sent.append(_sent(file, digest.hexdigest()))
        yield self._framing.closing

    def sent(self) -> tuple[SentFile, ...]:
        """Return the files that were read to their end and found unchanged then."""
        return tuple(self._sent)

    def close(self) -> None:
        """Close the readers, and end the thread of a file that was broken off."""
        for _, reader in self._readers:
            reader.close()
        if self._digest is not None:
            self._digest.close()


class _Digest:
    """The SHA-256 of blocks, taken by a thread of its own while they are used otherwise."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._blocks: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(2)  # a reader uses a block's memory again for the next but one
        self._thread = threading.Thread(target=self._run, name="digest", daemon=True)
        self._thread.start()

    def of(self, blocks: Iterator[memoryview]) -> Iterator[memoryview]:
        """Pass blocks on and take them in meanwhile."""
        while True:
            self._room.acquire()
            block = next(blocks, None)
            if block is None:
                return
            self._blocks.put(block)
            yield block

    def hexdigest(self) -> str:
        """Return the digest of all that passed."""
        self.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Let the thread end with what it has; a second call is harmless."""
        self._blocks.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (block := self._blocks.get()) is not None:
            self._digest.update(block)
            self._room.release()


def _open(file: PostFile) -> Reader:
    try:
        reader = file.open()
    except ChangedError as error:
        text = file_troubles.OF_PATH.format(path=file.header_name, why=error)
        raise SpoiltError(text, (file.drop,)) from error
    except (OSError, FolderError) as error:
        text = file_troubles.CANNOT_OPEN_NOW.format(path=file.header_name, why=error)
        raise SpoiltError(text) from error
    if reader.size_bytes != file.size_bytes:
        reader.close()
        text = file_troubles.OTHER_SIZE.format(path=file.header_name, found=reader.size_bytes, wanted=file.size_bytes)
        raise SpoiltError(text, (file.drop,))
    return reader


def _read_into(target: memoryview, file: PostFile) -> None:
    """Read a whole file; raises `SpoiltError`, also when it changed while it was read."""
    reader = _open(file)
    try:
        at = 0
        for block in _blocks(file, reader):
            target[at : at + len(block)] = block
            at += len(block)
        _check(file, reader)
    finally:
        reader.close()


def _blocks(file: PostFile, reader: Reader) -> Iterator[memoryview]:
    """Yield exactly as many bytes as announced, or raise `SpoiltError` before there is one too many."""
    count = 0
    try:
        for block in reader.blocks():
            count += len(block)
            if count > file.size_bytes:
                raise _changed(file, file_troubles.HAS_GROWN)
            yield block
    except ChangedError as error:
        text = file_troubles.OF_PATH.format(path=file.header_name, why=error)
        raise SpoiltError(text, (file.drop,)) from error
    except (OSError, FolderError) as error:
        text = file_troubles.CANNOT_READ_NOW.format(path=file.header_name, why=error)
        raise SpoiltError(text) from error
    if count < file.size_bytes:
        raise _changed(file, file_troubles.HAS_SHRUNK)


def _sent(file: PostFile, sha256: str) -> SentFile:
    return SentFile(drop=file.drop, sha256=sha256, size_bytes=file.size_bytes)


def _check(file: PostFile, reader: Reader) -> None:
    if not reader.check_unchanged():
        raise _changed(file, file_troubles.HAS_CHANGED)


def _changed(file: PostFile, how: str) -> SpoiltError:
    return SpoiltError(how.format(path=file.header_name), (file.drop,))
