"""Globs, against a slow matcher that follows their description word by word."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.strategies import globs, paths

from hotfolder.core.globs import Globs, folded
from hotfolder.core.rules import GROUPS


def slow_match(glob: str, path: str) -> bool:
    """Compare without regular expressions, tables and care for time."""
    glob, path = (unicodedata.normalize("NFC", text.lower()) for text in (glob, path))
    name = path.split("/")[-1]
    if glob.startswith("@"):
        return "." in name and name.split(".")[-1] in GROUPS[glob]
    if "/" not in glob:
        return slow_part(glob, name)
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    return slow_path([*parts, "**"] if glob.endswith("/") else parts, path.split("/"))


def slow_path(globs: list[str], parts: list[str]) -> bool:
    if not globs:
        return not parts
    if globs[0] == "**":
        if len(globs) == 1:
            return bool(parts)
        return any(slow_path(globs[1:], parts[start:]) for start in range(len(parts) + 1))
    return bool(parts) and slow_part(globs[0], parts[0]) and slow_path(globs[1:], parts[1:])


def slow_part(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return any(slow_part(glob[1:], name[start:]) for start in range(len(name) + 1))
    if glob[0] == "[":
        end = glob.find("]", 3 if glob[1:2] == "!" else 2)
        if end > 0:
            return bool(name) and slow_set(glob[1:end], name[0]) and slow_part(glob[end + 1 :], name[1:])
    return bool(name) and glob[0] in ("?", name[0]) and slow_part(glob[1:], name[1:])


def slow_set(inside: str, letter: str) -> bool:
    if inside.startswith("!"):
        return not slow_set(inside[1:], letter)
    if len(inside) >= 3 and inside[1] == "-":
        return inside[0] <= letter <= inside[2] or slow_set(inside[3:], letter)
    return bool(inside) and (inside[0] == letter or slow_set(inside[1:], letter))


small_paths = st.lists(
    st.text("abAB.-*]", min_size=1, max_size=6) | st.sampled_from(["b.jpg", "B.PSD"]), min_size=1, max_size=4
).map("/".join)


@given(st.lists(globs, max_size=4), paths | small_paths)
@example(["**/b*/*.jpg"], "a/b/b.jpg")
def test_globs_match_what_their_description_says(patterns: list[str], path: str) -> None:
    found = Globs(patterns, GROUPS).match(folded(path))
    matching = [glob for glob in patterns if slow_match(glob, path)]
    assert (found in matching) if matching else (found is None)


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.jpg", "a/b/Chair.JPG", True),
        ("*.jpg", "chair.jpeg", False),
        ("chair*", "a/chair.jpg", True),
        ("chair*", "chair/table.jpg", False),
        ("a/*.jpg", "a/chair.jpg", True),
        ("a/*.jpg", "a/b/chair.jpg", False),
        ("a/*.jpg", "b/a/chair.jpg", False),
        ("/*.jpg", "chair.jpg", True),
        ("/*.jpg", "a/chair.jpg", False),
        ("**/a/*.jpg", "b/a/chair.jpg", True),
        ("**/a/*.jpg", "a/chair.jpg", True),
        ("a/**", "a/b/c.jpg", True),
        ("a/**", "a", False),
        ("a/", "a/b/c.jpg", True),
        ("a/**/c.jpg", "a/c.jpg", True),
        ("*.tar.gz", "x.tar.gz", True),
        ("*", "anything at all", True),
        ("img_????.nef", "IMG_0001.NEF", True),
        ("[0-9]*", "7up.jpg", True),
        ("[!0-9]*", "7up.jpg", False),
        ("[*]x", "*x", True),
        ("a[/]b", "a/b", False),
        ("[z-a]", "m", False),
        ("[", "[", True),
        ("[!]", "[!]", True),
        ("[]a]", "]", True),
        ("[!]a]", "]", False),
        ("[a-]", "-", True),
        ("[a-]", "b", False),
        ("[a-c]", "b", True),
        ("[a-c]", "-", False),
        ("grün.*", "gru\u0308n.tif", True),
        ("*a\nb*", "xa\nby", True),
        ("@images", "photo.NEF", True),
        ("@Archives", "x.tar.gz", True),
        ("@images", "jpg", False),
    ],
)
def test_table_of_globs(glob: str, path: str, matches: bool) -> None:
    assert slow_match(glob, path) is matches
    assert Globs([glob], GROUPS).match(folded(path)) == (glob if matches else None)


def test_unknown_group_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no group @imags; known are @archives"):
        Globs(["@imags"], GROUPS)


def test_name_chosen_to_be_slow_is_not() -> None:
    """Whoever drops files must not be able to stop the daemon by their names."""
    slow = Globs(["*a*a*a*a*a*a*a*a*b", "**/a*/**/*a*/**/*a*/*a*a*b"], GROUPS)
    began = time.perf_counter()
    assert slow.match("a" * 255) is None
    assert slow.match("/".join(["a" * 60] * 16)) is None
    assert time.perf_counter() - began < 1
