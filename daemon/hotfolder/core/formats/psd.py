"""
PSD and PSB (Adobe Photoshop File Formats Specification, 2019): a header and four sections, the last one the image.

Three sections carry their lengths. The merged image has none: raw, it is as big as the header says; packed row by row
(RLE) it begins with the length of every row; with ZIP it cannot be told.
"""

from __future__ import annotations

import struct
from typing import Final

from hotfolder.core.formats.source import Source, UnsureError

_HEADER: Final = struct.Struct(">4sH6xHIIHH")
_RAW: Final = 0
_RLE: Final = 1
_TABLE_STEP: Final = 64 * 1024  # bytes of row lengths read at a time


def psd_end(source: Source) -> None:
    """Return when the end is there, else raise."""
    _, version, channels, height, width, depth, _ = _HEADER.unpack(source.at(0, _HEADER.size))
    if depth not in (1, 8, 16, 32) or not channels or not height or not width:
        raise UnsureError("not a Photoshop document")
    is_big = version == 2
    offset = _HEADER.size
    for form in (">I", ">I", ">Q" if is_big else ">I"):  # colour mode data, image resources, layers and masks
        offset += struct.calcsize(form) + source.number(form, offset)
    compression = source.number(">H", offset)
    offset += 2
    rows = channels * height
    if compression == _RAW:
        source.need(offset + rows * -(-width * depth // 8))
    elif compression == _RLE:
        source.need(offset + rows * (4 if is_big else 2))
        source.need(_after_rows(source, offset, rows, "I" if is_big else "H"))
    else:
        raise UnsureError("packed in a way that has no length")


def _after_rows(source: Source, offset: int, rows: int, letter: str) -> int:
    """Return where the packed rows end, by the table of their lengths."""
    step = _TABLE_STEP // struct.calcsize(letter)
    total = 0
    while rows:
        count = min(rows, step)
        form = f">{count}{letter}"
        total += sum(struct.unpack(form, source.at(offset, struct.calcsize(form))))
        offset += struct.calcsize(form)
        rows -= count
    return offset + total
