"""Files that are no documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotfolder.config.problems import ConfigError, format_problem
from hotfolder.config.reading import parse_source, read_folder_sources, read_source


def message(error: ConfigError) -> str:
    (problem,) = error.problems
    return format_problem(problem)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a = 1\nb = 5s\n", "x.toml:2: found no TOML: expected newline or end of document after a statement, wanted"),
        ("a = 1\na = 2\n", "x.toml:2: found no TOML: cannot overwrite a value"),
        ("\n\n[a\n", "x.toml:3: found no TOML: expected ']'"),
        ('a = """\nb\n', "x.toml:2: found no TOML: "),
        ("a = ", "x.toml:1: found no TOML: invalid value"),
        pytest.param(f"a = {'9' * 10_000}", "x.toml: found a number with thousands of digits", id="huge"),
    ],
)
def test_syntax_error_is_said_with_its_line(text: str, start: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_source(text, Path("x.toml"))
    assert message(caught.value).startswith(start)


def test_endless_nesting_is_a_problem_and_no_crash() -> None:
    with pytest.raises(ConfigError, match="lists inside lists"):
        parse_source(f"a = {'[' * 100_000}", Path("x.toml"))


def test_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_source(tmp_path / "x.toml")
    assert message(caught.value) == (
        f"{tmp_path}/x.toml: found no such file, wanted a file of settings (`hotfolder init` writes one)"
    )


def test_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_source(tmp_path)


def test_byte_that_is_not_utf8_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b'a = 1\nb = "\xe9"\n')
    with pytest.raises(ConfigError, match=r"x\.toml:2: found the byte 0xe9, wanted UTF-8"):
        read_source(tmp_path / "x.toml")


def test_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert read_source(tmp_path / "x.toml").tables == {"a": 1}


def test_folders_d_is_read_by_name_without_what_editors_leave(tmp_path: Path) -> None:
    directory = tmp_path / "folders.d"
    directory.mkdir()
    for name in ("b.toml", "a.toml", ".a.toml", "c.toml~", "d.toml.sample", "e.txt"):
        (directory / name).write_text("x = 1\n")
    (directory / "z.toml").write_text("x = \n")
    sources, problems = read_folder_sources(tmp_path / "hotfolder.toml")
    assert [source.file.name for source in sources] == ["a.toml", "b.toml"]
    assert [problem.file for problem in problems] == [directory / "z.toml"]


def test_folders_d_need_not_be_there(tmp_path: Path) -> None:
    assert read_folder_sources(tmp_path / "hotfolder.toml") == ([], [])
