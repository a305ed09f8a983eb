"""
What is wrong with a configuration, and how it is said.

Knows nothing of TOML or of the model: a problem is a place, what was found there and what was wanted instead.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KeyPath = tuple[str | int, ...]
"""
Where a value stands in a document: names of keys and, inside lists, positions counted from 0.
Example: ("folder", 2, "settle", "quiet")
"""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_FOUND = 80  # characters of a value that a message repeats; a terminal line has room for little more


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong, or worth a second look, at one place."""

    file: Path  # as the user named it, so that editors and terminals can open it
    line: int  # counted from 1; 0 = the file as a whole
    key: str  # as in "folder[2].settle.quiet"; "" where no key is to blame
    found: str
    wanted: str


class ConfigError(Exception):
    """The configuration cannot be used; carries every problem found, in the order of the files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(format_problem, self.problems)))


def format_problem(problem: Problem) -> str:
    """Return the one line that `hotfolder check` prints: `FILE:LINE: key.path: found X, wanted Y`."""
    place = f"{problem.file}:{problem.line}" if problem.line else str(problem.file)
    key = f"{problem.key}: " if problem.key else ""
    return f"{place}: {key}found {problem.found}, wanted {problem.wanted}"


def format_key(path: KeyPath) -> str:
    """Return a key path as people write it: `folder[2].settle.quiet`, with quotes only where TOML needs them."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE_KEY.fullmatch(part) else quoted(part))
    return text


def format_value(value: Any) -> str:
    """
    Return a value as a message repeats it.

    Lists and tables are only named, since they may hold what belongs on no screen.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value if len(value) <= _LONGEST_FOUND else value[: _LONGEST_FOUND - 1] + "…")
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a table" if value else "an empty table"
        case int() if value.bit_length() > 128:
            return "a huge number"  # Python refuses to write out the longest ones
        case _:
            return str(value)


def quoted(text: str) -> str:
    """Return the text as a TOML string on one line, with escapes for what would confuse a terminal."""
    escaped = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", lambda m: f"\\u{ord(m[0]):04x}", escaped)


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known word that was probably meant, ignoring case, or None; `likeness` 1 = only itself."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def one_of(words: Iterable[str]) -> str:
    """Return the words in quotes as an enumeration: `"a", "b" or "c"`."""
    *most, last = map(quoted, words)
    return f"{', '.join(most)} or {last}" if most else last
