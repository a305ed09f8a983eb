"""
Names as the server will know them: asset IDs, sent names, names in headers, job names.

Owns the server's naming rules (PROTOCOL 6.2, 2.5); knows nothing of disks or of what else is in a job.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from hotfolder.core import wording

FORBIDDEN = frozenset("\\;/?:@&=+$,*\"<>|'{}%")
"""Characters that the server removes from names on upload (PROTOCOL 6.2)."""

# SMB cannot carry these, so Macs and Linux clients disguise them as characters for private use: U+F001 to U+F029 in
# Apple's order, U+F000 plus the ASCII code in that of Services for Unix (RELIABILITY B10).
# Behind the disguise they are control characters and forbidden ones, but for the last two of Apple's: a blank and a
# full stop at the end of a name.
_DISGUISED: dict[int, str | None] = {
    **dict.fromkeys(range(0xF001, 0xF028)),
    **{0xF000 + ord(letter): None for letter in FORBIDDEN if ord(letter) > 0x29},
    0xF028: " ",
    0xF029: ".",
}

_REMOVED: dict[int, str | None] = {**{ord(letter): None for letter in FORBIDDEN}, **_DISGUISED}

_LONGEST = 255
"""Characters in a name, a guess: what file systems allow. The server's own limit is not documented."""

# XML 1.0, production [2] Char, without tab, line feed and carriage return, which a name cannot carry through a header
# or an XML attribute unharmed, and without DEL and C1, which nobody means.
_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_PLAIN = re.compile(r"[ -~]+")  # ASCII that can be seen, and the blank

_PLAIN_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")


def sent_text(text: str) -> str:
    """
    Return text in the one form we send (NFC), without characters that cannot be sent at all.

    Macs write "e" and an accent as two characters where everybody else writes one (RELIABILITY B10).
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _UNSENDABLE.sub("", text))


def sent_name(file_name: str) -> str:
    """
    Return a file name as the server will keep it: NFC, forbidden characters removed, extension kept (PROTOCOL 6.2).

    Twice gives the same as once. Characters that cannot be sent stay in; `unusable` speaks of them.
    """
    if file_name.isascii() and FORBIDDEN.isdisjoint(file_name):
        return file_name  # as most are, and every file's is asked for eight times
    # A few characters are forbidden ones in NFC only (U+037E becomes ";"), and what is removed may have kept a letter
    # from its accent: so normalise on both sides.
    composed = unicodedata.normalize("NFC", file_name).translate(_REMOVED)
    return composed if composed.isascii() else unicodedata.normalize("NFC", composed)


def asset_id(file_name: str) -> str:
    """
    Return the asset ID that a file of this name will get: its sent name without the last extension (PROTOCOL 6.2).

    IDs are unique in the whole company and case-sensitive. What counts as the extension of "a.b.tif" is not said
    there; we take the last dot.
    """
    name = sent_name(file_name)
    stem, dot, _ = name.rpartition(".")
    return stem if dot else name


def unusable(file_name: str) -> str | None:
    """Return why a file of this name cannot be sent, in words for people, or None."""
    if _UNSENDABLE.search(file_name):
        return wording.CONTROL_CHARACTERS
    asset = asset_id(file_name)
    if not asset.strip(" ."):
        removed = " ".join(sorted(set(file_name) & FORBIDDEN))
        return wording.NO_NAME_ONCE_REMOVED.format(removed=removed) if removed else wording.NO_NAME
    if len(sent_name(file_name)) > _LONGEST:
        return wording.LONG_NAME.format(most=_LONGEST)
    return None


def is_plain(name: str) -> bool:
    """Return whether a name can stand in a part's header as it is (PROTOCOL 2.5): ASCII, unquoted, and as sent."""
    return (
        bool(_PLAIN.fullmatch(name)) and FORBIDDEN.isdisjoint(name) and name.strip(" .") != "" and name == name.strip()
    )


def header_name(file_name: str, number: int) -> str:
    """
    Return what to call a file in its part's header: its sent name where that is plain, else a placeholder.

    With a placeholder the name has to go into the `fileName` element; the extension stays, in case the server looks
    at it. `number` tells the parts of a POST apart.
    """
    name = sent_name(file_name)
    if is_plain(name):
        return name
    dot = name.rfind(".")
    extension = name[dot:] if dot >= 0 and _PLAIN_EXTENSION.fullmatch(name[dot:]) else ""
    return f"file{number}{extension}"


_JOB_NAME = re.compile(r"[A-Za-z0-9._-]*-\d{8}T\d{6}Z-[A-Za-z0-9._-]+")

_JOB_NAME_LONGEST = 64
"""PROTOCOL 7: the real limit is unknown, this is the advice."""


def is_job_name(text: str) -> bool:
    """Return whether a text can have come from `job_name`."""
    return _JOB_NAME.fullmatch(text) is not None


def job_name(prefix: str, at: datetime, token: str) -> str:
    """
    Return a name for a job: at most 64 of `[A-Za-z0-9._-]`, such as "catalog-20260131T120000Z-7f3a" (PROTOCOL 2.4).

    It is as unique as `token`, which is kept whole; the prefix only tells people where it comes from.
    Raises ValueError when the token does not fit or `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    end = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}"
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", token):
        raise ValueError(f"{token!r} is not 1 to 40 characters of [A-Za-z0-9._-]")
    ascii_prefix = unicodedata.normalize("NFKD", prefix).encode("ascii", "ignore").decode()
    tidy = re.sub(r"[^A-Za-z0-9._]+", "-", ascii_prefix)[: _JOB_NAME_LONGEST - len(end) - 1].strip("-._")
    return f"{tidy or 'hotfolder'[: _JOB_NAME_LONGEST - len(end) - 1]}-{end}"
