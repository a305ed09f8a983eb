"""The whole way: files and environment to settings, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.config import ConfigError, Problem, default_config_path, format_problem, load, load_text
from hotfolder.config.places import Look
from hotfolder.config.schema import model_schema

ENVIRONMENT = {"HOTFOLDER_PASSWORD": "hunter2"}

TEN_MISTAKES = """\
[server]
region = "europe"
company = "Example Co"
user = "ingest@example.com"

[batch]
linger = 10
max_flies = 200

[defaults.settle]
quiet = "5 sec"

[[folder]]
name = "catalog"
path = "/srv/share/catalog"
options = { overwrite = "yes" }

[[folder]]
name = "Catalog"
path = "/srv/share/catalog/inner"
destination = "Catalog/{subfoldr}"
include = [
    "@images",
    "@vidoe",
]
options.overwrite = true
"""
TENTH = "path = '/srv/other'\n\n[options]\noverwrite = 1\n"


def test_ten_mistakes_give_ten_lines(messages: Callable[..., list[str]]) -> None:
    assert messages(TEN_MISTAKES, other=TENTH) == [
        'hotfolder.toml:2: server.region: found "europe", wanted "north-america", "emea" or "asia-pacific"',
        'hotfolder.toml:7: batch.linger: found 10, wanted a duration such as "5s" or "2m"',
        'hotfolder.toml:8: batch.max_flies: found an unknown key, wanted "max_files"',
        'hotfolder.toml:11: defaults.settle.quiet: found "5 sec", wanted a duration such as "5s" or "2m"',
        'hotfolder.toml:16: folder[0].options.overwrite: found "yes", wanted true or false',
        'hotfolder.toml:19: folder[1].name: found "Catalog", '
        "wanted a name of its own; the hot folder of hotfolder.toml:13 has it already",
        'hotfolder.toml:20: folder[1].path: found "/srv/share/catalog/inner", '
        "wanted a directory apart: this one lies inside the hot folder of hotfolder.toml:13",
        'hotfolder.toml:21: folder[1].destination: found "Catalog/{subfoldr}", '
        "wanted {subfolder} instead of {subfoldr}",
        'hotfolder.toml:24: folder[1].include[1]: found "@vidoe", wanted the group @video',
        "folders.d/other.toml:4: options.overwrite: found 1, wanted true or false",
    ]


def test_syntax_error_ends_it_at_the_first(messages: Callable[..., list[str]]) -> None:
    (line,) = messages(TEN_MISTAKES.replace('"5 sec"', "5 sec"), other="x = ")
    assert line.startswith("hotfolder.toml:11: found no TOML: ")


def test_files_are_named_as_the_user_named_them(tmp_path: Path, good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folders.d").mkdir()
    (tmp_path / "hotfolder.toml").write_text(good + "x = 1\n")
    (tmp_path / "folders.d/other.toml").write_text('path = "in"\ny = 1\n')
    with pytest.raises(ConfigError) as caught:
        load(Path("hotfolder.toml"), ENVIRONMENT)
    assert [f"{problem.file}:{problem.line}" for problem in caught.value.problems] == [
        "hotfolder.toml:10",
        "folders.d/other.toml:2",
    ]


def test_relative_main_file_gives_absolute_paths(tmp_path: Path, good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = good.replace("/srv/share/catalog", "in") + '[ledger]\nurl = "sqlite:///ledger.db"\n'
    (tmp_path / "hotfolder.toml").write_text(text)
    settings = load(Path("hotfolder.toml"), ENVIRONMENT).settings
    assert settings.folders[0].path == tmp_path / "in"
    assert settings.ledger_url == f"sqlite:///{tmp_path}/ledger.db"


def test_password_file_lies_beside_the_main_file(tmp_path: Path, good: str) -> None:
    (tmp_path / "ips-password").write_text("from the file\n")
    (tmp_path / "ips-password").chmod(0o600)
    file = tmp_path / "hotfolder.toml"
    file.write_text(good.replace("[server]", '[server]\npassword_file = "ips-password"'))
    assert load(file, ENVIRONMENT).settings.servers[0].password == "from the file"


def test_password_trouble_is_one_problem_among_others(tmp_path: Path, good: str) -> None:
    secret = tmp_path / "ips-password"
    secret.write_text("hunter2\n")
    secret.chmod(0o644)
    file = tmp_path / "hotfolder.toml"
    file.write_text(good.replace("[server]", '[server]\npassword_file = "ips-password"') + "x = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (2, "server.password_file"),
        (11, "folder[0].x"),
    ]
    assert "hunter2" not in repr(caught.value.problems)


def test_missing_password_is_a_problem_of_the_server_table(good: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(good, {})
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [(1, "server.password_file")]


def test_bad_file_in_folders_d_does_not_hide_other_problems(good: str, messages: Callable[..., list[str]]) -> None:
    assert [line.partition(": ")[0] for line in messages(good + "x = 1\n", b="path =", a="y = 1\npath = '/b'\n")] == [
        "hotfolder.toml:10",
        "folders.d/a.toml:1",
        "folders.d/b.toml:1",
    ]


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({}, "/etc/hotfolder/hotfolder.toml"),
        ({"HOTFOLDER_CONFIG": ""}, "/etc/hotfolder/hotfolder.toml"),
        ({"HOTFOLDER_CONFIG": "my.toml"}, "my.toml"),
    ],
)
def test_default_path_comes_from_the_environment(environment: dict[str, str], path: str) -> None:
    assert default_config_path(environment) == Path(path)


def nowhere(paths: Iterable[Path]) -> Mapping[Path, Look]:
    return {path: Look(real=path, is_directory=False) for path in paths}


def load_anything(text: str) -> None:
    """Load a text that need not be a configuration; only good settings or good problems may come of it."""
    problems: Iterable[Problem]
    try:
        loaded = load_text(text, ENVIRONMENT, file=Path("/etc/hotfolder/hotfolder.toml"), looker=nowhere)
        problems = loaded.warnings
    except ConfigError as error:
        problems = error.problems
    for problem in problems:
        assert 0 <= problem.line <= text.count("\n") + 1
        assert "hunter2" not in format_problem(problem)
        assert format_problem(problem).isprintable()


HUGE = f"0x{'f' * 10_000}"
_VALUES = [
    HUGE,
    "5",
    "-1",
    "true",
    '"x"',
    '""',
    "[]",
    "{}",
    '[""]',
    "[[]]",
    "nan",
    "1979-05-27",
    '"\\u0000"',
    '"~"',
    "[{}]",
]


@given(data=st.data())
def test_no_document_makes_it_fail_otherwise(everything: str, data: st.DataObject) -> None:
    """Replace, repeat and remove lines of a good document, and put strange values behind its keys."""
    lines = everything.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key = lines[at].partition(" = ")[0]
        change = data.draw(st.sampled_from(["drop", "repeat", "value", "key", "swap"]))
        if change == "drop":
            del lines[at]
        elif change == "repeat":
            lines.insert(data.draw(st.integers(0, len(lines))), lines[at])
        elif change == "value" and " = " in lines[at]:
            lines[at] = f"{key} = {data.draw(st.sampled_from(_VALUES))}"
        elif change == "key":
            lines[at] = lines[at].replace("e", data.draw(st.sampled_from(["", "é", "ee", '"', "[", "\x1b"])))
        else:
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
    load_anything("\n".join(lines))


@given(st.text())
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    load_anything(text)


def test_who_only_looks_needs_no_password(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    file = tmp_path / "hotfolder.toml"
    file.write_text(
        '[server]\nregion = "emea"\ncompany = "Example Co"\nuser = "ingest@example.com"\n'
        '[ledger]\nurl = "sqlite:///ledger.db"\n'
        f'[[folder]]\nname = "catalog"\npath = "{share}"\noptions = {{ overwrite = true }}\n'
    )
    with pytest.raises(ConfigError, match="password"):
        load(file, {})
    assert load(file, {}, with_password=False).settings.servers[0].password == ""


def test_good_configuration_is_read_without_making_a_schema(good: str) -> None:
    """Every command reads it, and a schema takes longer to make than all the rest of reading."""
    model_schema.cache_clear()
    load_text(good, ENVIRONMENT)
    assert model_schema.cache_info().misses == 0
