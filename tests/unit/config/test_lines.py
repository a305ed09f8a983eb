"""Lines of keys in TOML texts, against a writer that knows where it put them, and tomllib as the judge of its texts."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.config.lines import index_lines
from hotfolder.config.problems import KeyPath

EXAMPLE = """\
# comment with [brackets] and key = 1
title = "one"  # [not.a.table]

[server]
"quoted key" = 'literal # not a comment'
dotted . "inner key" = { a = 1, b.c = [2, 3] }

[[folder]]
name = \"\"\"
[no.header]
name = "no key" \\\"\"\"
\"\"\"\"
[folder.settle]
quiet = '''
x = 1
''''

[[folder]]
name = "second"
include = [ # comment ]
  "a,]",
  'b',
  # "c"
  [ 1, 2 ],
]
[[folder.rule]]
match = ["*"]
[[folder.rule]]
match = ["*"]
options.crop.manual = { left = 1 }
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("server",), 4),
        (("server", "quoted key"), 5),
        (("server", "dotted"), 6),
        (("server", "dotted", "inner key"), 6),
        (("server", "dotted", "inner key", "b", "c", 1), 6),
        (("folder",), 8),
        (("folder", 0), 8),
        (("folder", 0, "name"), 9),
        (("folder", 0, "settle"), 13),
        (("folder", 0, "settle", "quiet"), 14),
        (("folder", 1), 18),
        (("folder", 1, "include"), 20),
        (("folder", 1, "include", 0), 21),
        (("folder", 1, "include", 2), 24),
        (("folder", 1, "include", 2, 1), 24),
        (("folder", 1, "rule", 0), 26),
        (("folder", 1, "rule", 1), 28),
        (("folder", 1, "rule", 1, "options", "crop", "manual", "left"), 30),
    ],
)
def test_keys_stand_where_an_editor_shows_them(path: KeyPath, line: int) -> None:
    tomllib.loads(EXAMPLE)
    assert index_lines(EXAMPLE).lines[path] == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("server", "user"), 4),
        (("folder", 0, "settle", "limit"), 13),
        (("folder", 1, "path"), 18),
        (("nothing", "of", "this"), 1),
    ],
)
def test_missing_key_is_on_the_line_of_its_tables_header(path: KeyPath, line: int) -> None:
    assert index_lines(EXAMPLE).line(path) == line


def test_own_header_wins_over_an_earlier_mention() -> None:
    text = "[a.b]\nx = 1\n[a]\ny = 2\n"
    assert index_lines(text).lines == {("a",): 3, ("a", "b"): 1, ("a", "b", "x"): 2, ("a", "y"): 4}


def test_windows_line_ends_count_once() -> None:
    assert index_lines('a = 1\r\n\r\nb = """\r\n\r\n"""\r\nc = 1\r\n').lines == {("a",): 1, ("b",): 3, ("c",): 6}


def test_text_without_a_final_line_end_is_read_to_its_end() -> None:
    assert index_lines("a = 1979-05-27 07:32:00\nb = [1, 2]").lines == {("a",): 1, ("b",): 2, ("b", 0): 2, ("b", 1): 2}


# A writer of TOML in every style, which notes the line of all that it writes.

_KEYS = st.text(st.sampled_from("ab1-_ é.#\"'\\[]="), max_size=4)
_TEXTS = st.text(st.sampled_from("a1 é#\"'\\[]{}=,\n\t"), max_size=12)
_SCALARS = st.one_of(
    st.booleans(), st.integers(-99, 99), st.floats(0, 9), st.datetimes(), st.dates(), st.times(), _TEXTS
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=8,
)
_DOCUMENTS = st.dictionaries(
    _KEYS,
    st.one_of(_VALUES, st.lists(st.dictionaries(_KEYS, _VALUES, max_size=3), min_size=1, max_size=3)),
    max_size=5,
)


class _Writer:
    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self.text = ""
        self.lines: dict[KeyPath, int] = {}

    def document(self, tables: dict[str, Any]) -> None:
        self._table((), (), tables)

    def _table(self, path: KeyPath, header: tuple[str, ...], table: dict[str, Any]) -> None:
        """Write the body of a table, then the tables in it that get headers of their own."""
        later = []
        for key, value in table.items():
            if _has_header(value) and self._chance():
                later.append(key)
            else:
                self._filler()
                self._pair(path, key, value)
                self.text += self._pick("\n", "\r\n", " # end = 1\n")
        for key in later:
            self._with_header((*path, key), (*header, key), table[key])

    def _with_header(self, path: KeyPath, header: tuple[str, ...], value: Any) -> None:
        name = self._blank() + f"{self._blank()}.{self._blank()}".join(map(self._key, header)) + self._blank()
        items = value if isinstance(value, list) else [value]
        for position, item in enumerate(items):
            self._filler()
            self.lines.setdefault(path, self._line())
            if isinstance(value, list):
                self.lines[(*path, position)] = self._line()
                self.text += f"[[{name}]]\n"
                self._table((*path, position), header, item)
            else:
                self.text += f"[{name}] # x\n"
                self._table(path, header, item)

    def _pair(self, path: KeyPath, key: str, value: Any) -> None:
        """Write `key = value`, or `key.inner = value` where the value is a table of one key."""
        line = self._line()
        self.text += self._key(key)
        path = (*path, key)
        self.lines[path] = line
        while isinstance(value, dict) and len(value) == 1 and self._chance():
            ((key, value),) = value.items()
            path = (*path, key)
            self.lines[path] = line
            self.text += f"{self._blank()}.{self._blank()}{self._key(key)}"
        self.text += f"{self._blank()}={self._blank()}"
        self._value(path, value)

    def _value(self, path: KeyPath, value: Any) -> None:
        if isinstance(value, dict):
            self.text += "{" + self._blank()
            for number, (key, inner) in enumerate(value.items()):
                self.text += "," + self._blank() if number else ""
                self._pair(path, key, inner)
            self.text += self._blank() + "}"
        elif isinstance(value, list):
            self.text += "[" + self._gap()
            for position, inner in enumerate(value):
                self.lines[(*path, position)] = self._line()
                self._value((*path, position), inner)
                self.text += self._gap() + ("," if position + 1 < len(value) or self._chance() else "") + self._gap()
            self.text += "]"
        elif isinstance(value, str):
            self.text += self._string(value)
        else:
            self.text += json.dumps(value) if isinstance(value, int | float) else value.isoformat()

    def _string(self, text: str) -> str:
        forms = [_basic(text), f'"""{_basic(text)[1:-1]}"""', f'"""\n{_multiline(text)}"""']
        if "'" not in text and "\n" not in text:
            forms.append(f"'{text}'")
        if "'''" not in text and "\\" not in text:
            forms.append(f"'''\n{text}'''" if not text.endswith("'''") else _basic(text))
        return self._pick(*forms)

    def _key(self, key: str) -> str:
        forms = [_basic(key)]
        if key and all(letter in "ab1-_" for letter in key):
            forms.append(key)
        if "'" not in key:
            forms.append(f"'{key}'")
        return self._pick(*forms)

    def _filler(self) -> None:
        self.text += self._pick("", "", "\n", "# [a.b]\n", "  \t", "#'''\n\n")

    def _gap(self) -> str:
        return self._pick("", " ", "\n", " # ],\n  ")

    def _blank(self) -> str:
        return self._pick("", " ", "\t ")

    def _line(self) -> int:
        return self.text.count("\n") + 1

    def _pick(self, *choices: str) -> str:
        return self._data.draw(st.sampled_from(choices))

    def _chance(self) -> bool:
        return self._data.draw(st.booleans())


def _has_header(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
    )


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _multiline(text: str) -> str:
    """Return the inside of a multi-line basic string with its line ends as they are, and quotes where they may be."""
    return text.replace("\\", "\\\\").replace('"""', '""\\"')


@given(_DOCUMENTS, st.data())
def test_every_key_path_is_found_on_its_line(document: dict[str, Any], data: st.DataObject) -> None:
    writer = _Writer(data)
    writer.document(document)
    assert tomllib.loads(writer.text) == document
    assert dict(index_lines(writer.text).lines) == writer.lines


@given(_DOCUMENTS)
def test_index_knows_the_same_paths_as_tomllib(document: dict[str, Any]) -> None:
    text = tomli_w.dumps(document)
    assert set(index_lines(text).lines) == set(_paths(tomllib.loads(text), ()))


def _paths(value: Any, path: KeyPath) -> list[KeyPath]:
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [found for key, inner in items for found in ((*path, key), *_paths(inner, (*path, key)))]
