"""
MP4, QuickTime and HEIF (ISO/IEC 14496-12, 23008-12): boxes one after the other, each with its length in front.

A film is complete when the boxes fill the file, its description (`moov`; `meta` of a still image) is among them, and so
is the data. Of a film in fragments any beginning looks complete, unless it ends with an index of them (`mfra`).
"""

from __future__ import annotations

from typing import Final

from hotfolder.core.formats.source import CutError, Source, UnsureError

_BOXES_MAX: Final = 2048
_PADDING_MAX: Final = 4096  # zero bytes behind the last box


def movie_end(source: Source) -> None:
    """Return when the end is there, else raise."""
    seen: set[bytes] = set()
    offset = 0
    for _ in range(_BOXES_MAX):
        if offset == source.size:
            break
        if source.size - offset < 8:
            _judge_rest(source, offset, seen)
            break
        length = source.number(">I", offset)
        kind = source.at(offset + 4, 4)
        if length == 1:
            length = source.number(">Q", offset + 8)
        if length == 0 and kind == b"\0\0\0\0":
            _judge_rest(source, offset, seen)
            break
        seen.add(kind)
        if length == 0:  # up to the end, wherever that is
            if not seen & {b"moov", b"meta"}:
                raise CutError("no description, and nothing can follow")
            raise UnsureError("the last box has no length")
        if length < 8:
            raise UnsureError("not a box")
        offset += length
        source.need(offset)
    else:
        raise UnsureError("too many boxes")
    if not seen & {b"moov", b"meta"}:
        raise CutError("no description")
    if b"mdat" not in seen or (b"moof" in seen and b"mfra" not in seen):
        raise UnsureError("more may be to come")


def _judge_rest(source: Source, offset: int, seen: set[bytes]) -> None:
    """Bytes that are no box: padding behind a whole film, or a box that was cut."""
    rest = source.size - offset
    if b"mdat" not in seen or not seen & {b"moov", b"meta"}:
        raise CutError("ends inside the head of a box, or was never written")
    if rest > _PADDING_MAX or any(source.at(offset, rest)):
        raise UnsureError("something that is no box is appended")
