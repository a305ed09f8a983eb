"""
Names of what we write beside a filed original: its note and its receipt.

A file name may have 255 bytes on every Linux file system, and the original may already use them all; then the
companion's name is shortened so that people still recognise it and two long names do not meet.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Final

NAME_MAX: Final = 255
"""Bytes in one name (limits.h NAME_MAX; the same on ext4, XFS, Btrfs, tmpfs and over SMB and NFS)."""

NOT_SENT: Final = " - NOT SENT.txt"
PLEASE_CHECK: Final = " - PLEASE CHECK.txt"
RECEIPT: Final = ".receipt.toml"

STATUS_MARK: Final = "<!DOCTYPE html>\n<!-- written by hotfolder, and written anew whenever something changes -->\n"
"""What every status file begins with: what does not is somebody else's."""

_EXTENSION_MAX: Final = 16  # bytes; what comes after the last dot of a longer one is hardly an extension
_MARK_LENGTH: Final = 8  # hex digits that keep two shortened names apart: one clash in 65,000 names of one beginning


def note_name(file_name: str, suffix: str = NOT_SENT) -> str:
    """
    Return the name of a companion of a file: its whole name and the suffix, in at most 255 bytes.

    A name that is too long keeps its beginning and its extension: "LONG~1a2b3c4d.jpg - NOT SENT.txt". The same name
    gives the same result for ever, so that a redo after a crash finds its own note. What we write is in Unicode form
    NFC, whatever form the file's own name has: over SMB a Mac sees a name in another form and cannot open it
    (RELIABILITY B10).
    """
    name = file_name if file_name.isascii() else unicodedata.normalize("NFC", file_name)
    whole = name + suffix
    if len(_encoded(whole)) <= NAME_MAX:
        return whole
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(_encoded(extension)) > _EXTENSION_MAX:
        stem, dot, extension = name, "", ""
    mark = hashlib.sha256(_encoded(file_name)).hexdigest()[:_MARK_LENGTH]
    end = f"~{mark}{dot}{extension}{suffix}"
    return _cut(stem, NAME_MAX - len(_encoded(end))) + end


def receipt_name(file_name: str) -> str:
    """Return the name of a file's receipt, in at most 255 bytes."""
    return note_name(file_name, RECEIPT)


def is_companion_name(path: str) -> bool:
    """Return whether a path is named like something of ours; only its bytes can tell whether it is."""
    return path.endswith((NOT_SENT, PLEASE_CHECK, RECEIPT))


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _cut(text: str, limit: int) -> str:
    """Return the longest beginning of at most so many bytes that does not part a letter from its marks."""
    used = 0
    for index, character in enumerate(text):
        used += len(_encoded(character))
        if used > limit:
            while index > 0 and unicodedata.combining(text[index]):
                index -= 1
            return text[:index]
    return text
