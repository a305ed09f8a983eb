"""
Finder's mark on a file that it is still copying: type `brok` and creator `MACS` among the file's Finder information.

Pure, and reads the three wrappings in which a share keeps that information: an AppleDouble file `._NAME` beside the
file (RFC 1740, where the entry 9 begins with type and creator), the same document in an extended attribute, and
Samba's stream of it, which begins with `AFP` and has the information at byte 16 (RELIABILITY A5).
"""

from __future__ import annotations

import struct
from typing import Final

BUSY: Final = b"brokMACS"

LONGEST: Final = 4096
"""Bytes that are looked at: the information stands in the first hundred of each wrapping."""

APPLE_DOUBLE_NAME: Final = "._"
"""What the name of the file beside begins with."""

ATTRIBUTES: Final = frozenset(
    {
        "user.com.apple.FinderInfo",  # a Mac's own attribute, kept as it is
        "user.org.netatalk.Metadata",  # netatalk, and Samba with fruit:metadata = netatalk
        "user.DosStream.AFP_AfpInfo:$DATA",  # Samba with streams_xattr and fruit:metadata = stream
        "user.AFP_AfpInfo",
    }
)

_APPLE_DOUBLE: Final = b"\x00\x05\x16\x07"
_AFP: Final = b"AFP\0"
_AFP_INFORMATION: Final = 16
_HEADER: Final = 26  # magic, version, 16 bytes of filler, number of entries
_ENTRY: Final = struct.Struct(">III")  # kind, offset, length
_FINDER_INFORMATION: Final = 9
_ENTRIES_MAX: Final = 64


def is_busy(wrapping: bytes) -> bool:
    """Return whether Finder information, wrapped in one of the three ways, says that the copy is under way."""
    if wrapping.startswith(_APPLE_DOUBLE):
        return _is_busy_apple_double(wrapping)
    if wrapping.startswith(_AFP):
        return wrapping[_AFP_INFORMATION:].startswith(BUSY)
    return wrapping.startswith(BUSY)


def _is_busy_apple_double(document: bytes) -> bool:
    count = int.from_bytes(document[_HEADER - 2 : _HEADER], "big")
    for number in range(min(count, _ENTRIES_MAX)):
        begin = _HEADER + number * _ENTRY.size
        entry = document[begin : begin + _ENTRY.size]
        if len(entry) < _ENTRY.size:
            return False
        kind, offset, _ = _ENTRY.unpack(entry)
        if kind == _FINDER_INFORMATION:
            return document[offset:].startswith(BUSY)
    return False
