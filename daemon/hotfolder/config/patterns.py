"""
The globs of `include`, `exclude` and `match`: what may be written, and which of them no file can ever match.

What a glob means is said in `core.globs`, what a group holds in `core.rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hotfolder.config.problems import nearest, one_of
from hotfolder.config.table import Check
from hotfolder.core.globs import folded
from hotfolder.core.litter import is_reserved, litter_reason
from hotfolder.core.rules import GROUPS

_EVERYTHING = frozenset({"*", "**"})
_EXTENSION = re.compile(r".*\.([^*?\[\]./]+)")  # a glob, with or without more, that ends in one plain extension


def _check_pattern(pattern: str) -> str | None:
    """Return what is wanted instead of the glob or group, or None if it is good."""
    if pattern.startswith("@") and pattern not in GROUPS:
        meant = nearest(pattern, GROUPS)
        return f"the group {meant}" if meant else f"one of the groups {one_of(sorted(GROUPS))}"
    if not pattern.strip():
        return 'a glob such as "*.psd"'
    if re.search(r"[\x00-\x1f\x7f]", pattern):
        return "a glob without control characters"
    return 'a glob with "/" between folders' if "\\" in pattern else None


PATTERN = Check(
    wanted='a glob such as "*.psd" or a group such as "@images"',
    test=_check_pattern,
    pattern=rf"^({'|'.join(sorted(GROUPS))}|(?!@)(?!\s*$)[^\\\x00-\x1f\x7f]*)$",
)


class Covered:
    """
    What some globs take for certain.

    Knows only extensions, equal globs and "*": what it says is covered is covered, but not the other way round.
    """

    def __init__(self) -> None:
        self._globs: set[str] = set()

    def add(self, patterns: Iterable[str]) -> None:
        """Take what these globs and groups take as well."""
        self._globs |= {glob for pattern in patterns for glob in _plain(pattern)}

    def covers(self, pattern: str) -> bool:
        """Tell whether every name that the glob or group matches is taken."""
        return bool(self._globs & _EVERYTHING) or all(map(self._covers_plain, _plain(pattern)))

    def _covers_plain(self, glob: str) -> bool:
        extension = _EXTENSION.fullmatch(glob)
        return glob in self._globs or (extension is not None and f"*.{extension[1]}" in self._globs)


def never_matches(pattern: str, include: Sequence[str], exclude: Sequence[str]) -> str | None:
    """Return why no file that a hot folder takes can match the glob or group, or None if one may."""
    for glob in _plain(pattern):
        first, _, rest = glob.partition("/")
        if rest and is_reserved(first):
            return f"{first} is ours, and nothing in it is sent"
        name = glob.rpartition("/")[2]
        example = re.sub(r"[*?]+", "x", name)
        if "[" not in name and (reason := litter_reason(example)) is not None:
            return f"such names are left out: {reason}"
    excluded = Covered()
    excluded.add(exclude)
    if excluded.covers(pattern):
        return "exclude leaves out all such files"
    taken = {glob for included in include for glob in _plain(included)}
    if all(_is_extension(glob) for glob in taken) and not any(_may_be_in(taken, glob) for glob in _plain(pattern)):
        return "include takes no such files"
    return None


def _is_extension(glob: str) -> bool:
    return glob.startswith("*.") and _EXTENSION.fullmatch(glob[1:]) is not None


def _may_be_in(extensions: set[str], glob: str) -> bool:
    found = _EXTENSION.fullmatch(glob)
    return found is None or f"*.{found[1]}" in extensions


def _plain(pattern: str) -> set[str]:
    """Return a group as the globs it stands for, and any other glob as it is compared."""
    text = folded(pattern)
    return {f"*.{extension}" for extension in GROUPS[text]} if text in GROUPS else {text}
