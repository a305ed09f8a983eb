"""
What the server has that options can name, and which of it a name means.

Owns how a name is matched and what is said of one that matches nothing. Knows nothing of how lists are had.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from hotfolder.core.option_names import NameKind


class Shelf(StrEnum):
    """One list that the server gives; the value is what stands on it, for people."""

    PROJECTS = "projects"
    PROPERTY_SETS = "property sets"  # presets of batch sets and of video encoding alike (PROTOCOL 3.5)
    PROFILES = "ICC profiles"


SHELVES: Mapping[NameKind, Shelf] = {
    NameKind.PROJECT: Shelf.PROJECTS,
    NameKind.SET: Shelf.PROPERTY_SETS,
    NameKind.PRESET: Shelf.PROPERTY_SETS,
    NameKind.PROFILE: Shelf.PROFILES,
}
"""
Where a name of each kind is looked up.

Presets of batch sets and of video encoding are both property sets, and nothing documented tells their types apart
(PROTOCOL 3.5).
"""

KINDS: Mapping[NameKind, str] = {
    NameKind.PROJECT: "project",
    NameKind.SET: "batch set preset",
    NameKind.PRESET: "video encoding preset",
    NameKind.PROFILE: "ICC profile",
}
"""What a name of each kind is called before people."""

MORE_THAN_ONE = 'the server has more than one {kind} "{name}"; write one of {ways}'
NOT_KNOWN = 'the {kind} "{name}" is not known to the server; {most}'
NONE_WITH_A_NAME = "it has none with a name"
NEAREST = "the nearest is {name}"
NEAREST_TWO = "the nearest is {name} or {second}"
KNOWN = "known are {names}"
KNOWN_AND_MORE = "known are {names} and {count} more"

KNOWN_SHOWN = 8
"""Names quoted where one is wrong: a line that nobody would read to its end helps nobody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One thing on the server that has a name."""

    handle: str
    name: str = ""  # "" = the server says no name: only its handle can be written
    group: str = ""  # the name of its type, for property sets
    details: tuple[tuple[str, str], ...] = ()  # what else the server says, for people who choose

    @property
    def full_name(self) -> str:
        """Return TYPE/NAME, which tells apart two of one name."""
        return f"{self.group}/{self.name}" if self.group and self.name else self.name


def handle_of(name: str, shelf: Sequence[Listed]) -> str | None:
    """
    Return the handle of the one thing that a name means, None if there is none or more than one.

    A plain name comes before TYPE/NAME. Letters count exactly as they are, in whichever Unicode form they come.
    """
    handles = {entry.handle for entry in _meant(name, shelf)}
    return handles.pop() if len(handles) == 1 else None


def why_unknown(kind: NameKind, name: str, shelf: Sequence[Listed]) -> str:
    """Say what is wrong with a name that means nothing, or more than one thing, and what can be written instead."""
    ways = _ways_to_tell_apart(name, shelf)
    if ways:
        return MORE_THAN_ONE.format(kind=KINDS[kind], name=name, ways=ways)
    return NOT_KNOWN.format(kind=KINDS[kind], name=name, most=suggestion(name, shelf))


def wanted_instead(kind: NameKind, name: str, shelf: Sequence[Listed]) -> str:
    """Say what is wanted in place of such a name, for a message that has said what was found."""
    ways = _ways_to_tell_apart(name, shelf)
    if ways:
        return f"one of {ways}: the server has more than one {KINDS[kind]} of this name"
    article = "an" if kind is NameKind.PROFILE else "a"
    return f"the name of {article} {KINDS[kind]} on the server: {suggestion(name, shelf)}"


def way_to_write(entry: Listed, shelf: Sequence[Listed]) -> str:
    """Return the shortest text that means this one in options: its name, TYPE/NAME, or its handle."""
    for text in (entry.name, entry.full_name):
        if text and handle_of(text, shelf) == entry.handle:
            return text
    return entry.handle


def suggestion(name: str, shelf: Sequence[Listed]) -> str:
    """Name the nearest known names, else all that are known."""
    names = sorted({entry.name for entry in shelf if entry.name})
    full_names = sorted({entry.full_name for entry in shelf if entry.name})
    if not names:
        return NONE_WITH_A_NAME
    folded = {_folded(known): known for known in (*full_names, *names)}
    near = [f'"{folded[found]}"' for found in get_close_matches(_folded(name), folded, n=2, cutoff=0.6)]
    if len(near) > 1:
        return NEAREST_TWO.format(name=near[0], second=near[1])
    if near:
        return NEAREST.format(name=near[0])
    rest = len(names) - KNOWN_SHOWN
    known = ", ".join(f'"{known}"' for known in names[:KNOWN_SHOWN])
    return KNOWN_AND_MORE.format(names=known, count=rest) if rest > 0 else KNOWN.format(names=known)


def _ways_to_tell_apart(name: str, shelf: Sequence[Listed]) -> str:
    """Return what can be written for each of several things that a name means; nothing if it means none."""
    ways = list(dict.fromkeys(way_to_write(entry, shelf) for entry in _meant(name, shelf)))
    return ", ".join(f'"{way}"' for way in ways)


def _meant(name: str, shelf: Sequence[Listed]) -> list[Listed]:
    wanted = _plain(name)
    if not wanted:
        return []
    plain = [entry for entry in shelf if _plain(entry.name) == wanted]
    return plain or [entry for entry in shelf if entry.group and _plain(entry.full_name) == wanted]


def _plain(name: str) -> str:
    """Return a name in one form: what a Mac and a form on a page call the same must be the same."""
    return unicodedata.normalize("NFC", name).strip()


def _folded(name: str) -> str:
    return _plain(name).casefold()
