"""
What the server does not take, told from the head of a file (PROTOCOL 6.3): so nobody waits for an upload that fails.

Speaks up only where the head is beyond doubt. Anything unusual, damaged or too long to read is left to the server,
whose log decides as always; a false alarm would hold back a good file for ever.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from hotfolder.core.formats import tiff
from hotfolder.core.formats.source import CutError, ReadAt, Source, UnsureError
from hotfolder.core.model import NotTaken

_MAGIC_LENGTH: Final = 12

_PSD_HEADER: Final = struct.Struct(">4sH6sHIIHH")  # signature, version, zeros, channels, height, width, depth, mode
_PSD_CHANNELS: Final = 56
_PSD_SIDE: Final = 30_000
_PSB_SIDE: Final = 300_000
_PSD_MODES: Final = {2: NotTaken.PSD_INDEXED, 8: NotTaken.PSD_DUOTONE, 9: NotTaken.PSD_LAB}
_PSD_OTHER_MODES: Final = frozenset({0, 1, 3, 4, 7})  # bitmap, grey, RGB, CMYK, multichannel

_SUBFILE, _PHOTOMETRIC, _SAMPLE_FORMAT, _DNG = 254, 262, 339, 50706
_LAB: Final = frozenset({8, 9, 10})  # CIELAB of TIFF 6.0, ICCLAB and ITULAB of its supplements
_FLOAT: Final = 3
_SAMPLES_MAX: Final = 64  # an image has a handful

_PNG_CHUNK_MAX: Final = 100 * 1024**2
"""Adobe says "100 MB" and not of which kind; the larger one is beyond doubt."""

_PNG_CHUNKS: Final = 256
"""Chunks looked at. An encoder cuts all its image data alike, so the first ones speak for the rest."""


def not_taken(size: int, read_at: ReadAt) -> NotTaken | None:
    """
    Return why the server will not take a file of these bytes, None if nothing speaks against it.

    `read_at` as for `format_end`. Any bytes have an answer, and a hostile head costs no more than a good one.
    """
    source = Source(size, read_at)
    try:
        start = source.at(0, min(size, _MAGIC_LENGTH))
        for magic, check in _BY_MAGIC:
            if start.startswith(magic):
                return check(source)
    except (CutError, UnsureError):
        pass
    return None


def _photoshop(source: Source) -> NotTaken | None:
    _, version, zeros, channels, height, width, depth, mode = _PSD_HEADER.unpack(source.at(0, _PSD_HEADER.size))
    longest = _PSB_SIDE if version == 2 else _PSD_SIDE
    if any(zeros) or not 0 < channels <= _PSD_CHANNELS or not (0 < height <= longest and 0 < width <= longest):
        return None
    if depth not in (1, 8, 16, 32) or mode not in _PSD_OTHER_MODES | _PSD_MODES.keys():
        return None
    if version == 2:
        return NotTaken.PSB
    return _PSD_MODES.get(mode) or (NotTaken.PSD_DEEP if depth > 16 else None)


def _tiff(source: Source) -> NotTaken | None:
    """Judge by the first directory, and only where that is the image; of camera raw files it often is a preview."""
    form, first = tiff.beginning(source)
    entries, _ = tiff.directory(source, form, first)
    if _DNG in entries or any(_values(source, form, entries, _SUBFILE)):
        return None
    if _LAB.intersection(_values(source, form, entries, _PHOTOMETRIC)):
        return NotTaken.TIFF_LAB
    if _FLOAT in _values(source, form, entries, _SAMPLE_FORMAT):
        return NotTaken.TIFF_FLOAT
    return None


def _values(source: Source, form: tiff.Form, entries: dict[int, tiff.Entry], tag: int) -> tuple[int, ...]:
    entry = entries.get(tag)
    if entry is None:
        return ()
    if entry.count > _SAMPLES_MAX:
        raise UnsureError("more samples than an image has")
    return tiff.numbers(source, form, entry)


def _png(source: Source) -> NotTaken | None:
    offset = 8
    for _ in range(_PNG_CHUNKS):
        if source.size - offset <= _PNG_CHUNK_MAX:  # as nearly always: no room for such a chunk
            return None
        length = source.number(">I", offset)
        kind = source.at(offset + 4, 4)
        if not kind.isalpha():
            return None
        offset += 12 + length
        source.need(offset)
        if kind == b"IDAT" and length > _PNG_CHUNK_MAX:
            return NotTaken.PNG_CHUNK
    return None


_BY_MAGIC: Final[tuple[tuple[bytes, Callable[[Source], NotTaken | None]], ...]] = (
    (b"8BPS\0\x01", _photoshop),
    (b"8BPS\0\x02", _photoshop),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"II+\0\x08\0\0\0", _tiff),  # BigTIFF
    (b"MM\0+\0\x08\0\0", _tiff),
    (b"\x89PNG\r\n\x1a\n", _png),
)
