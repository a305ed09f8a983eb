"""How problems are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotfolder.config.problems import (
    ConfigError,
    KeyPath,
    Problem,
    format_key,
    format_problem,
    format_value,
    nearest,
    one_of,
    quoted,
)

PROBLEM = Problem(
    file=Path("hotfolder.toml"),
    line=14,
    key="folder[2].settle.quiet",
    found='"5 sec"',
    wanted='a duration such as "5s" or "2m"',
)


def test_problem_is_one_line_that_editors_can_jump_to() -> None:
    assert format_problem(PROBLEM) == (
        'hotfolder.toml:14: folder[2].settle.quiet: found "5 sec", wanted a duration such as "5s" or "2m"'
    )


def test_problem_of_a_whole_file_has_no_line_and_no_key() -> None:
    problem = Problem(file=Path("x.toml"), line=0, key="", found="no such file", wanted="a file")
    assert format_problem(problem) == "x.toml: found no such file, wanted a file"


def test_error_says_all_problems() -> None:
    assert str(ConfigError([PROBLEM, PROBLEM])).count("\n") == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("folder", 2, "settle", "quiet"), "folder[2].settle.quiet"),
        (("a b", "c.d", 0), '"a b"."c.d"[0]'),
    ],
)
def test_key_paths_look_like_toml(path: KeyPath, text: str) -> None:
    assert format_key(path) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (3, "3"),
        (0.5, "0.5"),
        pytest.param(16**10_000, "a huge number", id="huge"),
        ("a", '"a"'),
        ([], "an empty list"),
        (["secret"], "a list"),
        ({"password": "secret"}, "a table"),
        ({}, "an empty table"),
        ("x" * 200, f'"{"x" * 79}…"'),
    ],
)
def test_values_are_repeated_but_lists_and_tables_only_named(value: object, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize("letter", ["\x1b", "\n", "\x7f", "\x9b", "\u202e", "\u2028"])
def test_nothing_that_steers_a_terminal_gets_through(letter: str) -> None:
    assert letter not in quoted(f"a{letter}b")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("quite", "quiet"), ("QUIET", "quiet"), ("readyforpublish", "readyForPublish"), ("elephant", None)],
)
def test_nearest_word_ignores_case_and_gives_up_in_time(word: str, meant: str | None) -> None:
    assert nearest(word, ["quiet", "limit", "readyForPublish"]) == meant


def test_enumerations_read_like_a_sentence() -> None:
    assert [one_of("a"), one_of("ab"), one_of("abc")] == ['"a"', '"a" or "b"', '"a", "b" or "c"']
