"""PDF (ISO 32000) and ZIP (PKWARE APPNOTE): both are read from their ends."""

from __future__ import annotations

import re
import struct
from typing import Final

from hotfolder.core.formats.source import CutError, Source, UnsureError

_PDF_TAIL: Final = 4096
"""Acrobat looks for %%EOF in the last 1,024 bytes (ISO 32000-1, annex H.3.4.4); four times that for trailing bytes."""

_LAST_MARK: Final = re.compile(rb"startxref\s+(\d{1,19})\s+%%EOF")

_END: Final = struct.Struct("<4s4H2IH")  # end of central directory record
_END_MARK: Final = b"PK\x05\x06"
_END64_PLACE: Final = struct.Struct("<4sIQI")  # locator of the ZIP64 end record, just before the other
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_COMMENT_MAX: Final = 0xFFFF
_ENTRY_MARK: Final = b"PK\x01\x02"


def pdf_end(source: Source) -> None:
    """Return when the end is there, else raise."""
    tail = source.tail(_PDF_TAIL)
    if b"%%EOF" not in tail:
        raise CutError("no %%EOF")
    marks = _LAST_MARK.findall(tail)
    if marks and int(marks[-1]) == 0:
        # The first part of a web-optimised file (annex F.3.5) ends like this; the rest must follow.
        raise CutError("only the first part")


def zip_end(source: Source) -> None:
    """Return when the end is there, else raise."""
    for length in (_END.size, _END.size + _COMMENT_MAX):
        tail = source.tail(length)
        at = tail.rfind(_END_MARK)
        while at >= 0:
            record = tail[at : at + _END.size]
            if len(record) < _END.size:
                raise CutError("ends inside its last record")
            if _fits(source, source.size - len(tail) + at, record):
                return
            at = tail.rfind(_END_MARK, 0, at)
    if tail.rfind(_END_MARK) >= 0:
        raise UnsureError("an end that does not fit, perhaps of an archive inside this one")
    raise CutError("no end of central directory")


def _fits(source: Source, at: int, record: bytes) -> bool:
    """Return whether an end record lies just behind the directory that it describes; CutError if its comment is cut."""
    *_, length, offset, comment = _END.unpack(record)
    end = at + _END.size + comment
    if at >= _END64_PLACE.size:
        mark, _, at64, _ = _END64_PLACE.unpack(source.at(at - _END64_PLACE.size, _END64_PLACE.size))
        if mark == b"PK\x06\x07" and at64 + _END64.size <= at:
            mark, *_, length, offset = _END64.unpack(source.at(at64, _END64.size))
            if mark != b"PK\x06\x06":
                return False
            at = at64
    if offset + length != at or (length and source.at(offset, 4) != _ENTRY_MARK):
        return False
    source.need(end)
    return True
