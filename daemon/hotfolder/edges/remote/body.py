"""
The body of one POST: our framing around files that are read while they leave, hashed on the way.

Small pieces are joined into blocks, so that twenty small files leave in a few sends; large ones pass without a copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol

from hotfolder.core.server import SentFile
from hotfolder.edges.remote.connections import Block
from hotfolder.ips.multipart import Framing
from hotfolder.ports import ChangedError, FolderError, PostFile, Progress, Reader

HELD_BYTES = 16 * 1024 * 1024
"""
The files of a POST up to this size together are read before its first byte leaves: then a file that changed meanwhile
costs nothing. It is as much as small files sharing a POST may have (DESIGN 4.2, files_per_post).
"""

BLOCK_BYTES = 512 * 1024
"""What joined pieces are sent by, and the most that one send gets, so that a slow line is in time for each."""

JOIN_BELOW_BYTES = 64 * 1024
"""A copy of less is cheaper than a send of its own."""


class SpoiltError(Exception):
    """A file turned out to be missing, another one, or unreadable; `drops` lists those that changed."""

    def __init__(self, text: str, drops: tuple[int, ...] = ()) -> None:
        super().__init__(text)
        self.drops = drops


class Source(Protocol):
    """One file, ready to be sent."""

    file: PostFile

    def blocks(self) -> Iterator[Block]:
        """Yield exactly `file.size_bytes`; raises `SpoiltError` instead of yielding a byte too many."""

    def finish(self) -> SentFile:
        """Return what was yielded; raises `SpoiltError` if it was too little, or the file has changed meanwhile."""

    def close(self) -> None:
        """Let go of the file; a second call is harmless."""


class StreamedFile:
    """A file that is read while it leaves."""

    def __init__(self, file: PostFile, reader: Reader) -> None:
        self.file = file
        self._reader = reader
        self._digest = hashlib.sha256()
        self._count = 0

    def blocks(self) -> Iterator[Block]:
        """Yield what the reader gives, hashed, never beyond the announced size."""
        try:
            for block in self._reader.blocks():
                self._count += len(block)
                if self._count > self.file.size_bytes:
                    raise self._changed("has grown")
                self._digest.update(block)
                yield block
        except (OSError, FolderError) as error:
            raise SpoiltError(f"{self.file.header_name} cannot be read: {error}") from error
        except ChangedError as error:
            raise self._changed("is another file now") from error

    def finish(self) -> SentFile:
        """Check that the file is still what it was when it was opened."""
        if self._count < self.file.size_bytes:
            raise self._changed("has shrunk")
        if not self._reader.check_unchanged():
            raise self._changed("has changed")
        return SentFile(drop=self.file.drop, sha256=self._digest.hexdigest(), size_bytes=self._count)

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()

    def _changed(self, how: str) -> SpoiltError:
        return SpoiltError(f"{self.file.header_name} {how} while it was sent", (self.file.drop,))


class HeldFile:
    """A small file whose bytes are in memory, already checked."""

    def __init__(self, file: PostFile, blocks: Sequence[bytes], sent: SentFile) -> None:
        self.file = file
        self._blocks = blocks
        self._sent = sent

    def blocks(self) -> Iterator[Block]:
        """Yield the bytes."""
        yield from self._blocks

    def finish(self) -> SentFile:
        """Return what the check found."""
        return self._sent

    def close(self) -> None:
        """Do nothing: the file is closed already."""


def open_sources(files: Sequence[PostFile]) -> list[Source]:
    """
    Open every file of a POST, and read those of a small one, before anything is sent.

    Raises `SpoiltError` naming all drops that changed; whatever was open is closed then.
    """
    held = sum(file.size_bytes for file in files) <= HELD_BYTES
    sources: list[Source] = []
    spoilt: list[SpoiltError] = []
    for file in files:
        try:
            sources.append(_open(file, held=held))
        except SpoiltError as error:
            spoilt.append(error)
    if spoilt:
        for source in sources:
            source.close()
        changed = tuple(drop for error in spoilt for drop in error.drops)
        raise SpoiltError("; ".join(str(error) for error in spoilt), changed)
    return sources


def _open(file: PostFile, *, held: bool) -> Source:
    try:
        reader = file.open()
    except ChangedError as error:
        raise SpoiltError(f"{file.header_name}: {error}", (file.drop,)) from error
    except (OSError, FolderError) as error:
        raise SpoiltError(f"{file.header_name} cannot be opened: {error}") from error
    streamed = StreamedFile(file, reader)
    if reader.size_bytes != file.size_bytes:
        streamed.close()
        raise SpoiltError(f"{file.header_name} has {reader.size_bytes} bytes and not {file.size_bytes}", (file.drop,))
    if not held:
        return streamed
    try:
        blocks = [bytes(block) for block in streamed.blocks()]
        return HeldFile(file, blocks, streamed.finish())
    finally:
        streamed.close()


class Body:
    """
    The bytes of one POST, to be iterated once.

    `sent` lists the files whose last byte had left when the iteration stopped, wherever that was.
    """

    def __init__(self, framing: Framing, sources: Sequence[Source], progress: Progress) -> None:
        self.sent: list[SentFile] = []
        self._framing = framing
        self._sources = sources
        self._progress = progress
        self._joined = bytearray()
        self._joined_file_bytes = 0  # how many of them are from files
        self._finished: list[SentFile] = []  # files whose last bytes are in `_joined` or in the block just yielded
        self._sent_file_bytes = 0

    def __iter__(self) -> Iterator[Block]:
        """Yield blocks; a block has left when the next one is asked for. Raises `SpoiltError`."""
        for before, source in zip(self._framing.before, self._sources, strict=True):
            self._joined += before
            for block in source.blocks():
                if len(block) < JOIN_BELOW_BYTES:
                    self._joined += block
                    self._joined_file_bytes += len(block)
                    if len(self._joined) >= BLOCK_BYTES:
                        yield from self._flush()
                else:
                    yield from self._flush()
                    yield from self._pass(memoryview(block))
            self._finished.append(source.finish())
        self._joined += self._framing.closing
        yield from self._flush()

    def _flush(self) -> Iterator[Block]:
        if not self._joined:
            return
        block, count = self._joined, self._joined_file_bytes
        self._joined, self._joined_file_bytes = bytearray(), 0
        finished, self._finished = self._finished, []
        yield block
        self.sent += finished
        self._report(count)

    def _pass(self, block: memoryview) -> Iterator[Block]:
        for start in range(0, len(block), BLOCK_BYTES):
            part = block[start : start + BLOCK_BYTES]
            yield part
            self._report(len(part))

    def _report(self, count: int) -> None:
        self._sent_file_bytes += count
        self._progress(self._sent_file_bytes)
