"""PNG (W3C, third edition) and GIF (GIF89a specification): chains of chunks and blocks with an end mark."""

from __future__ import annotations

from typing import Final

from hotfolder.core.formats.source import CutError, Source, UnsureError

_IEND: Final = b"\0\0\0\0IEND\xae\x42\x60\x82"
_CHUNK_EXTRA: Final = 12  # length, type and CRC around a chunk's data
_TAIL: Final = 4096  # padding and trailers behind the end mark
_SAME_BEFORE_LEAP: Final = 16  # equal IDAT chunks in a row after which the rest is taken to be equal, and checked

_SMALL_GIF: Final = 256 * 1024  # walked to the end; of a bigger one the last two bytes are believed


def png_end(source: Source) -> None:
    """Return when the end is there, else raise."""
    tail = source.tail(_TAIL)
    if tail.rfind(_IEND) >= 0:
        return
    offset, equal, before = 8, 0, (-1, b"")
    while True:
        source.need(offset + _CHUNK_EXTRA)
        length = source.number(">I", offset)
        kind = source.at(offset + 4, 4)
        if not kind.isalpha():
            if not any(tail):
                raise CutError("never written")
            raise UnsureError("not a chunk")
        if kind == b"IEND":
            return
        equal = equal + 1 if (length, kind) == before else 0
        before = (length, kind)
        step = length + _CHUNK_EXTRA
        source.need(offset + step)
        if equal == _SAME_BEFORE_LEAP:
            offset = _leap(source, offset, step, source.at(offset, 8))
        else:
            offset += step


def _leap(source: Source, offset: int, step: int, head: bytes) -> int:
    """
    Return where the last of a row of equal chunks begins, or the next one where they are not all equal.

    libpng writes chunks of 8 KiB, thousands of them; eight bytes that recur at the end of the row are no accident.
    """
    last = offset + (source.size - offset - 8) // step * step
    if last > offset and source.at(last, 8) == head:
        return last
    return offset + step


def gif_end(source: Source) -> None:
    """Return when the end is there, else raise."""
    if source.size > _SMALL_GIF and source.tail(2) == b"\0;":  # end of the last block, trailer
        return
    flags = source.number("B", 10)
    offset = 13 + _colours(flags)
    while True:
        mark = source.at(offset, 1)
        if mark == b";":
            return
        if mark == b"!":
            offset = _after_blocks(source, offset + 2)
        elif mark == b",":
            offset += 10 + _colours(source.number("B", offset + 9))
            offset = _after_blocks(source, offset + 1)
        else:
            if not any(source.tail(_TAIL)):
                raise CutError("never written")
            raise UnsureError("not a block")


def _colours(flags: int) -> int:
    """Return the bytes of a colour table."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(source: Source, offset: int) -> int:
    """Return what comes behind a row of data blocks, each with its length in front, the last one empty."""
    while True:
        length = source.at(offset, 1)[0]
        offset += 1 + length
        if length == 0:
            return offset
