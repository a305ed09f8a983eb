"""
JPEG (ITU-T T.81): segments with lengths up to the first scan, whose data has none; EOI ends it.

In scan data 0xFF is followed by 0x00 or a restart marker only (B.1.1.5), so a 0xFFD9 behind the first SOS is an EOI,
and data that keeps to this without any EOI is a scan that was cut. Cameras and phones append to a finished JPEG: more
pictures (MPF), films (motion photos), padding.
"""

from __future__ import annotations

from typing import Final

from hotfolder.core.formats.source import CutError, Source, UnsureError

_SOS: Final = 0xDA
_EOI: Final = b"\xff\xd9"
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a segment: TEM, RST0 to RST7

_IN_SCANS: Final = frozenset({0x00, *range(0xD0, 0xD8), 0xC4, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, 0xFF})
# Also what may stand between the scans of one progressive image: DHT, SOS, DQT, DNL, DRI, COM, fill bytes.

_TAIL: Final = 16 * 1024
"""How far from the end an EOI is looked for: cameras append some KiB; a film is longer and cannot be judged."""

_BEFORE_EOI: Final = 4096
"""Bytes that must look like a scan before we believe in an EOI that is not at the very end: others do in 1 of 10^6."""

_STUFFED: Final = 8  # 0xFF00 pairs that make us sure of scan data: 16 KiB of it have about 64


def jpeg_end(source: Source) -> None:
    """Return when the end is there, else raise."""
    scan = _first_scan(source)
    if scan is None:
        return
    length = min(source.size - scan, _TAIL)
    tail = source.tail(length)
    if tail.endswith(_EOI):
        return
    found = tail.rfind(_EOI)
    if found >= 0:
        if not _is_scan(tail[max(0, found - _BEFORE_EOI) : found]):
            raise UnsureError("something is appended, and these two bytes may belong to it")
        return
    if length == source.size - scan or not any(tail):
        raise CutError("no EOI")
    if _is_scan(tail) and tail.count(b"\xff\x00") >= _STUFFED:
        raise CutError("ends inside a scan")
    raise UnsureError("something long is appended")


def _first_scan(source: Source) -> int | None:
    """Return where the data of the first scan begins, or None when there is an end before any (tables only)."""
    offset = 2
    while True:
        lead, marker = source.at(offset, 2)
        if lead != 0xFF:
            if not any(source.tail(_TAIL)):
                raise CutError("never written")
            raise UnsureError("no marker where one must be")
        if marker == 0xFF:  # fill byte
            offset += 1
        elif marker == 0xD9:
            return None
        elif marker in _ALONE:
            offset += 2
        else:
            length = int.from_bytes(source.at(offset + 2, 2), "big")
            if length < 2:
                raise UnsureError("a segment shorter than its length")
            offset += 2 + length
            source.need(offset)
            if marker == _SOS:
                return offset


def _is_scan(data: bytes) -> bool:
    """Return whether every 0xFF is followed by what may follow it in scans."""
    at = data.find(b"\xff")
    while 0 <= at < len(data) - 1:
        if data[at + 1] not in _IN_SCANS:
            return False
        at = data.find(b"\xff", at + 1)
    return True
