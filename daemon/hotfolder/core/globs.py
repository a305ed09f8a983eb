"""
Globs without case, compiled so that a million names are judged in a second or two.

Owns what a glob means; knows nothing of hot folders or of what a match decides.

    *       any characters, but not "/"              ?       any one character, but not "/"
    [ab-d]  one of these    [!ab-d]  none of these   [*]     a star itself
    **      as a whole part of a path: any number of directories, also none; at the end: everything below

A glob that holds a "/" is compared with the whole path, any other with the name alone.
Both sides are compared in lower case and in Unicode form NFC: Macs send decomposed names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

_PLAIN_EXTENSION = re.compile(r"\*\.([^*?\[\]./]+)")


def folded(text: str) -> str:
    """Return the form in which globs and paths are compared."""
    lower = text.lower()
    return lower if lower.isascii() else unicodedata.normalize("NFC", lower)


class Globs:
    """Some globs, asked as one; most are extensions, which cost one look-up in a dictionary."""

    def __init__(self, globs: Iterable[str], groups: Mapping[str, frozenset[str]]) -> None:
        """
        Compile; a glob that begins with "@" is the name of a group of extensions.

        Raises ValueError when there is no such group.
        """
        self._everything: str | None = None
        self._by_extension: dict[str, str] = {}
        names: list[tuple[str, str]] = []
        paths: list[tuple[str, str]] = []
        for glob in globs:
            text = folded(glob)
            if text.startswith("@"):
                if text not in groups:
                    raise ValueError(f"no group {glob}; known are {', '.join(sorted(groups))}")
                for extension in groups[text]:
                    self._by_extension.setdefault(extension, glob)
            elif text in ("*", "**"):
                self._everything = self._everything or glob
            elif plain := _PLAIN_EXTENSION.fullmatch(text):
                self._by_extension.setdefault(plain.group(1), glob)
            elif "/" in text:
                paths.append((glob, _path_expression(text)))
            else:
                names.append((glob, _part_expression(text)))
        self._names = _Alternatives(names) if names else None
        self._paths = _Alternatives(paths) if paths else None

    def match(self, folded_path: str) -> str | None:
        """Return a glob that matches this path (given as `folded` makes it), as it was written, or None."""
        if self._everything is not None:
            return self._everything
        name = folded_path[folded_path.rfind("/") + 1 :]
        dot = name.rfind(".")
        if dot >= 0:
            glob = self._by_extension.get(name[dot + 1 :])
            if glob is not None:
                return glob
        if self._names is not None and (glob := self._names.match(name)) is not None:
            return glob
        return self._paths.match(folded_path) if self._paths is not None else None


class _Alternatives:
    """Several expressions in one; the number of the group that matched tells which."""

    def __init__(self, globs: list[tuple[str, str]]) -> None:
        self._globs = [glob for glob, _ in globs]
        self._expression = re.compile("|".join(f"({expression})" for _, expression in globs), re.DOTALL)

    def match(self, text: str) -> str | None:
        found = self._expression.fullmatch(text)
        return None if found is None or found.lastindex is None else self._globs[found.lastindex - 1]


def _path_expression(glob: str) -> str:
    """Translate a glob that holds a "/"; it is anchored at the hot folder, and "drafts/" means all that is below it."""
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    if glob.endswith("/"):
        parts.append("**")
    expression = ""
    for number, part in enumerate(parts, start=1):
        last = number == len(parts)
        if part == "**":
            expression += ".+" if last else "(?:[^/]+/)*"
        else:
            expression += _part_expression(part) + ("" if last else "/")
    return expression


def _part_expression(glob: str) -> str:
    """
    Translate the glob of one part of a path.

    What stands between two stars has a fixed length, so the first place where it fits is as good as any later one.
    Atomic groups say so: without them "*a*a*a*b" could be made to run for hours by a well chosen file name.
    """
    chunks = [""]
    position = 0
    while position < len(glob):
        letter = glob[position]
        position += 1
        if letter == "*":
            chunks.append("")
        elif letter == "?":
            chunks[-1] += "[^/]"
        elif letter == "[" and (end := _end_of_set(glob, position)) > 0:
            chunks[-1] += _set_expression(glob[position:end])
            position = end + 1
        else:
            chunks[-1] += re.escape(letter)
    first, *rest = chunks
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in middle if chunk) + "[^/]*" + last


def _end_of_set(glob: str, start: int) -> int:
    """Return where the set that begins at `start` is closed, or -1: then the bracket stands for itself."""
    first = start + 1 if glob[start : start + 1] == "!" else start
    return glob.find("]", first + 1)  # a "]" that comes first belongs to the set


def _set_expression(inside: str) -> str:
    """Translate what stands between brackets; ranges that run backwards hold nothing."""
    negated = inside.startswith("!")
    letters = inside[1:] if negated else inside
    members = ""
    position = 0
    while position < len(letters):
        low = high = letters[position]
        if letters[position + 1 : position + 2] == "-" and position + 2 < len(letters):
            high = letters[position + 2]
            position += 2
        position += 1
        if low <= high:
            members += f"{re.escape(low)}-{re.escape(high)}"
    if not members:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{members}]"
