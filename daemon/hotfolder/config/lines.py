"""
On which line of a TOML text each key stands.

tomllib keeps no positions, so this reads the text a second time.
It relies on tomllib having accepted the text: it looks for no errors, only for places.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping

from hotfolder.config.problems import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")  # numbers, booleans and dates; a date may hold a space
_MULTILINE_BASIC = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL)
_MULTILINE_LITERAL = re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")


class LineIndex:
    """The lines of one document, counted from 1."""

    def __init__(self, lines: Mapping[KeyPath, int]) -> None:
        self.lines = lines

    def line(self, path: KeyPath) -> int:
        """Return the line of the key, or of the nearest table around it when the key is not in the text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def index_lines(text: str) -> LineIndex:
    """
    Return the line of every key, list item and table of a text that tomllib accepts.

    A table counts from its own header, or, if it has none, from the first line that names it.
    A value of many lines counts from its key.
    """
    return LineIndex(_Scanner(text).scan())


class _Scanner:
    """One pass over the text; `_at` is the position of the next character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [found.start() for found in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {}
        self._list_lengths: dict[KeyPath, int] = {}  # of the lists made by [[headers]]

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._list_header()
            elif self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        line = self._line()
        self._at += 1
        path = self._newest_item(self._dotted_key((), line))
        self._lines[path] = line  # its own header wins over earlier mentions such as [table.below]
        self._at += 1
        return path

    def _list_header(self) -> KeyPath:
        line = self._line()
        self._at += 2
        path = self._dotted_key((), line)
        position = self._list_lengths.get(path, 0)
        self._list_lengths[path] = position + 1
        item = (*path, position)
        self._lines[item] = line
        self._at += 2
        return item

    def _pair(self, table: KeyPath) -> None:
        path = self._dotted_key(table, self._line())
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _dotted_key(self, path: KeyPath, line: int) -> KeyPath:
        """Read a key, record each part of it that is new, and return its path below `path`."""
        while True:
            self._skip(_SPACE)
            path = (*self._newest_item(path), self._simple_key())
            self._lines.setdefault(path, line)
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return path
            self._at += 1

    def _newest_item(self, path: KeyPath) -> KeyPath:
        """Return the last item of a list made by [[headers]]: that is what a later header below it means."""
        length = self._list_lengths.get(path)
        return path if length is None else (*path, length - 1)

    def _simple_key(self) -> str:
        quote = self._text[self._at]
        if quote == "'":
            return self._take(_LITERAL)[1:-1]
        if quote == '"':
            key = tomllib.loads(f"key = {self._take(_BASIC)}")["key"]
            return str(key)
        return self._take(_BARE_KEY)

    def _value(self, path: KeyPath) -> None:
        start = self._text[self._at]
        if start == "[":
            self._list(path)
        elif start == "{":
            self._inline_table(path)
        elif start == '"':
            self._take(_MULTILINE_BASIC if self._text.startswith('"""', self._at) else _BASIC)
        elif start == "'":
            self._take(_MULTILINE_LITERAL if self._text.startswith("'''", self._at) else _LITERAL)
        else:
            self._take(_SCALAR)

    def _list(self, path: KeyPath) -> None:
        position = 0
        while self._next_in("]"):
            self._lines[(*path, position)] = self._line()
            self._value((*path, position))
            position += 1

    def _inline_table(self, path: KeyPath) -> None:
        while self._next_in("}"):
            self._pair(path)

    def _next_in(self, end: str) -> bool:
        """Step over the opening bracket or the comma before the next item; at the end step over that, return False."""
        self._skip(_BLANK)
        if self._text[self._at] != end:
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] == end:
            self._at += 1
            return False
        return True

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not TOML at character {self._at}")  # tomllib refuses such a text first
        self._at = found.end()
        return found[0]

    def _line(self) -> int:
        return bisect_left(self._newlines, self._at) + 1
