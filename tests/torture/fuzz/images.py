"""
Heads and tails of files: what is read to tell whether a format is complete, and whether the server takes it.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
from functools import cache, partial
from pathlib import Path
from typing import Final

from PIL import Image

from hotfolder.core.formats import format_end
from hotfolder.core.formats.refused import not_taken
from hotfolder.core.model import FormatEnd
from tests.torture.fuzz.mutation import demand, mutated

READS_MAX: Final = 20_000
READ_MAX_BYTES: Final = 64 << 20
"""Nobody may keep the daemon reading: what a file of some kilobytes may cost at most."""

CUT_BYTES: Final = 64
"""A cut of so many bytes has to be seen; of fewer it may be that only blanks were there."""


def try_one(number: int, place: Path) -> None:
    """Try one file: a whole one that was cut, or one that was changed."""
    chance = random.Random(f"image {number}")
    name, data = chance.choice(whole())
    if chance.random() < 0.3:
        data = data[: chance.randint(0, len(data))] if chance.random() < 0.9 else data
        is_cut = len(data) <= len(dict(whole())[name]) - CUT_BYTES
        end, found = _end(data)
        demand(not (is_cut and end is FormatEnd.COMPLETE), f"{name} of {len(data)} bytes is called a complete {found}")
    else:
        data = mutated(chance, data, most=8)
        _end(data)
    not_taken(len(data), partial(_read, data, [0, 0]))


def _end(data: bytes) -> tuple[FormatEnd, str]:
    spent = [0, 0]
    found = format_end(len(data), partial(_read, data, spent))
    demand(spent[0] <= READS_MAX and spent[1] <= READ_MAX_BYTES, f"{spent[0]} reads of {spent[1]} bytes")
    return found


def _read(data: bytes, spent: list[int], offset: int, length: int) -> bytes:
    demand(offset >= 0 and length >= 0, f"a read at {offset} of {length}")
    spent[0] += 1
    spent[1] += length
    return data[offset : offset + length]


@cache
def whole() -> tuple[tuple[str, bytes], ...]:
    """Return one whole file of each format."""
    image = Image.effect_noise((60, 40), 80).convert("RGB")
    found: list[tuple[str, bytes]] = []
    for name, options in (
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "comment": b"x" * 300}),
        ("PNG", {}),
        ("GIF", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PDF", {}),
        ("BMP", {}),
        ("WEBP", {}),
    ):
        out = io.BytesIO()
        image.save(out, name, **options)
        found.append((f"{name}{len(found)}", out.getvalue()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "text " * 50)
        archive.writestr("b.txt", "more")
    found.append(("ZIP", packed.getvalue()))
    found += [("PSD", _psd(1)), ("PSB", _psd(2)), ("MP4", _movie())]
    return tuple(found)


def _psd(version: int) -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", version, 3, 40, 60, 8, 3)
    sections = struct.pack(">I", 0) + struct.pack(">I", 0) + struct.pack(">I" if version == 1 else ">Q", 0)
    return head + sections + struct.pack(">H", 0) + bytes(3 * 40 * 60)


def _movie() -> bytes:
    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + kind + content

    return box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2") + box(b"moov", bytes(200)) + box(b"mdat", bytes(3000))
