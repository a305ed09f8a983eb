"""
TIFF 6.0 and BigTIFF: directories with entries that point anywhere; it is complete when everything lies inside.

Raw files of many cameras (NEF, CR2, ARW, DNG) are TIFFs too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from operator import add
from typing import Final

from hotfolder.core.formats.source import CutError, Source, UnsureError

_TYPE_SIZES: Final = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_NUMBERS: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

_WIDTH, _HEIGHT, _BITS, _COMPRESSION = 256, 257, 258, 259
_SAMPLES, _ROWS_PER_STRIP, _PLANAR = 277, 278, 284
_STRIPS: Final = 273
_DATA: Final = ((_STRIPS, 279), (324, 325), (513, 514))  # offsets and byte counts: strips, tiles, old JPEG
_BELOW: Final = (330, 34665, 34853, 40965)  # SubIFDs, EXIF, GPS, interoperability

_ENTRIES_MAX: Final = 4096
_DIRECTORIES_MAX: Final = 512
_UNCOMPRESSED: Final = 1


@dataclass(frozen=True, slots=True)
class Form:
    """How this file writes things."""

    order: str  # "<" or ">"
    count: str  # struct letter of the number of entries
    word: str  # of counts and offsets

    @property
    def entry_bytes(self) -> int:
        return 4 + 2 * struct.calcsize(self.word)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its type, how many values, and where they lie."""

    kind: int
    count: int
    offset: int


def tiff_end(source: Source) -> None:
    """Return when everything that the directories name is there, else raise."""
    form, first = beginning(source)
    if first == 0:
        raise CutError("no directory yet: writers fill its place in at the end")
    to_do, seen, is_sure, has_image = [(first, True)], {0}, True, False
    while to_do:
        offset, is_chained = to_do.pop()
        if offset in seen:
            continue
        seen.add(offset)
        if len(seen) > _DIRECTORIES_MAX:
            raise UnsureError("too many directories")
        entries, end = directory(source, form, offset)
        if is_chained:  # not every writer puts a next one behind the directories below
            to_do.append((source.number(form.order + form.word, end), True))
        for tag in _BELOW:
            if tag in entries:
                to_do.extend((below, False) for below in numbers(source, form, entries[tag]))
        for where, how_long in _DATA:
            if where in entries:
                has_image = True
                is_sure = _check_data(source, form, entries, where, how_long) and is_sure
    if not (is_sure and has_image):
        raise UnsureError("nothing is missing of what is named, but not everything is")


def beginning(source: Source) -> tuple[Form, int]:
    """Return how this file writes things, and where its first directory lies; 0 = nowhere yet."""
    start = source.at(0, 4)
    order = "<" if start[:2] == b"II" else ">"
    if b"+" in start:
        form, at = Form(order, "Q", "Q"), 8
    else:
        form, at = Form(order, "H", "I"), 4
    return form, source.number(form.order + form.word, at)


def directory(source: Source, form: Form, offset: int) -> tuple[dict[int, Entry], int]:
    """Return the entries of a directory, all of whose values lie inside the file, and where it ends."""
    count = source.number(form.order + form.count, offset)
    if not 0 < count <= _ENTRIES_MAX:
        raise UnsureError("not a directory")
    offset += struct.calcsize(form.count)
    end = offset + count * form.entry_bytes
    table = source.at(offset, count * form.entry_bytes)
    layout = struct.Struct(f"{form.order}HH{form.word}{form.word}")
    word_bytes = struct.calcsize(form.word)
    entries = {}
    for index, (tag, kind, values, value) in enumerate(layout.iter_unpack(table)):
        size = _TYPE_SIZES.get(kind, 0) * values
        if size > word_bytes:
            source.need(value + size)
            entries[tag] = Entry(kind, values, value)
        else:
            entries[tag] = Entry(kind, values, offset + index * form.entry_bytes + 4 + word_bytes)
    return entries, end


def numbers(source: Source, form: Form, entry: Entry) -> tuple[int, ...]:
    """Return the values of an entry that holds unsigned numbers; UnsureError where it does not."""
    letter = _NUMBERS.get(entry.kind)
    if letter is None or not 0 < entry.count <= source.size:
        raise UnsureError("not a number")
    layout = f"{form.order}{entry.count}{letter}"
    return struct.unpack(layout, source.at(entry.offset, struct.calcsize(layout)))


def _check_data(source: Source, form: Form, entries: dict[int, Entry], where: int, how_long: int) -> bool:
    """Raise CutError if data of the image lies beyond the end; return whether its length is known at all."""
    offsets = numbers(source, form, entries[where])
    if how_long not in entries:
        source.need(max(offsets) + 1)
        return False
    lengths = numbers(source, form, entries[how_long])
    if len(lengths) != len(offsets):
        return False
    if where == _STRIPS and max(map(add, offsets, lengths)) > source.size:
        # Some writers give the last strip the length of a full one.
        lengths = tuple(map(min, lengths, _strip_bytes(source, form, entries, len(lengths), lengths)))
    source.need(max(map(add, offsets, lengths)))
    return True


def _strip_bytes(
    source: Source, form: Form, entries: dict[int, Entry], strips: int, otherwise: tuple[int, ...]
) -> tuple[int, ...]:
    """Return how long each strip must be by the size of the image, where that can be told: without compression."""
    wanted = (_WIDTH, _HEIGHT, _COMPRESSION, _ROWS_PER_STRIP)
    if any(tag not in entries for tag in wanted):
        return otherwise
    width, height, compression, rows = (numbers(source, form, entries[tag])[0] for tag in wanted)
    bits = numbers(source, form, entries[_BITS]) if _BITS in entries else (1,)
    samples = numbers(source, form, entries[_SAMPLES])[0] if _SAMPLES in entries else 1
    planar = numbers(source, form, entries[_PLANAR])[0] if _PLANAR in entries else 1
    if compression != _UNCOMPRESSED or planar != 1 or not rows or strips != -(-height // rows):
        return otherwise
    row_bytes = -(-width * (sum(bits) if len(bits) == samples else bits[0] * samples) // 8)
    return tuple(min(rows, height - index * rows) * row_bytes for index in range(strips))
