"""
Whether the end of a file is there, and whether the server takes its kind, told from the structure of its own format.

Pure: bytes come through a function, a few KiB of them as a rule and never more than a fixed amount; nothing is decoded.
Goes by the first bytes and not by the name. In doubt the answer is that it cannot be told: a false "missing" holds a
good file back, a false "complete" sends half of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hotfolder.core.formats.boxes import movie_end
from hotfolder.core.formats.documents import pdf_end, zip_end
from hotfolder.core.formats.jpeg import jpeg_end
from hotfolder.core.formats.psd import psd_end
from hotfolder.core.formats.raster import gif_end, png_end
from hotfolder.core.formats.refused import not_taken
from hotfolder.core.formats.source import CutError, ReadAt, Source, UnsureError
from hotfolder.core.formats.tiff import tiff_end
from hotfolder.core.model import FormatEnd

__all__ = ["format_end", "not_taken"]

_MAGIC_LENGTH: Final = 12

_BY_MAGIC: Final[tuple[tuple[bytes, str, Callable[[Source], None]], ...]] = (
    (b"\xff\xd8\xff", "JPEG", jpeg_end),
    (b"\x89PNG\r\n\x1a\n", "PNG", png_end),
    (b"GIF87a", "GIF", gif_end),
    (b"GIF89a", "GIF", gif_end),
    (b"II*\0", "TIFF", tiff_end),
    (b"MM\0*", "TIFF", tiff_end),
    (b"II+\0\x08\0\0\0", "TIFF", tiff_end),  # BigTIFF
    (b"MM\0+\0\x08\0\0", "TIFF", tiff_end),
    (b"8BPS\0\x01", "PSD", psd_end),
    (b"8BPS\0\x02", "PSB", psd_end),
    (b"%PDF-", "PDF", pdf_end),
    (b"PK\x03\x04", "ZIP", zip_end),
    (b"PK\x05\x06", "ZIP", zip_end),  # an empty one
)

_FIRST_BOXES: Final = {
    b"ftyp": "MP4",
    b"moov": "MOV",
    b"mdat": "MOV",
    b"wide": "MOV",
    b"pnot": "MOV",
}
_STILL_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"msf1", b"avif", b"avis"})


def format_end(size: int, read_at: ReadAt) -> tuple[FormatEnd, str]:
    """
    Return what the end of a file says, and the name of its format ("" where we do not know it).

    `read_at(offset, length)` returns bytes, fewer only at the end of the file; what it raises goes through. Any bytes
    have an answer. MISSING means that the format itself shows bytes to be missing, COMPLETE that its end is there.
    """
    source = Source(size, read_at)
    try:
        start = source.at(0, min(size, _MAGIC_LENGTH))
    except UnsureError:
        return FormatEnd.UNTOLD, ""
    name, check = _recognised(start)
    if check is None:
        return FormatEnd.UNTOLD, ""
    try:
        check(source)
    except CutError:
        return FormatEnd.MISSING, name
    except UnsureError:
        return FormatEnd.UNTOLD, name
    return FormatEnd.COMPLETE, name


def _recognised(start: bytes) -> tuple[str, Callable[[Source], None] | None]:
    for magic, name, check in _BY_MAGIC:
        if start.startswith(magic):
            return name, check
    box = start[4:8]
    if box in _FIRST_BOXES:
        if box == b"ftyp":
            brand = start[8:12]
            if brand in _STILL_BRANDS:
                return "HEIF", movie_end
            if brand == b"qt  ":
                return "MOV", movie_end
        return _FIRST_BOXES[box], movie_end
    return "", None
