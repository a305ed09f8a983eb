"""The JSON Schema says what the model says."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from hotfolder.config.model import FolderFile, Main
from hotfolder.config.problems import KeyPath
from hotfolder.config.schema import folder_schema, main_schema, model_schema, node_at, wanted

MAIN = Draft202012Validator(main_schema())
FOLDER = Draft202012Validator(folder_schema())


def model_accepts(data: Any) -> bool:
    try:
        Main.model_validate(data)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("schema", [main_schema(), folder_schema()])
def test_schemas_are_schemas(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert "x-wanted" not in repr(schema)


def test_good_documents_pass(everything: str, good: str) -> None:
    for text in (everything, good):
        MAIN.validate(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[server]",
        '[server]\nregion = "emea"\nuser = "a"',
        '[server]\nregion = "emea"\ncompany = "a"',
        '[server]\nregion = "emea"\ncompany = "a"\ncompany_handle = "b"\nuser = "a"',
        '[server]\nregion = "emea"\nbase_url = "https://a.example.com"\ncompany = "a"\nuser = "a"',
        '[server]\nenvironment = "staging"\nbase_url = "https://a.example.com"\ncompany = "a"\nuser = "a"',
        '[server]\nbase_url = "http://a.example.com"\ncompany = "a"\nuser = "a"',
    ],
)
def test_bad_server_tables_fail_in_both(text: str) -> None:
    data = tomllib.loads(text)
    assert not model_accepts(data)
    assert not MAIN.is_valid(data)


def paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [found for key, inner in items for found in ((*path, key), *paths(inner, (*path, key)))]


def container(data: Any, path: KeyPath) -> Any:
    for part in path[:-1]:
        data = data[part]
    return data


# What a schema cannot tell is left out: limits of durations and sizes, and 1.0, which JSON takes for a whole number.
_WRONG_VALUES = st.sampled_from(
    [
        *(
            5,
            -1,
            0,
            1,
            2.5,
            0.5,
            True,
            False,
            "x",
            "",
            " ",
            "5s",
            "5 sec",
            "64MiB",
            "20MB/s",
            "{folder}",
            "{foldr}",
            "/x",
        ),
        *(
            "@images",
            "@imges",
            "*.psd",
            "a\\b",
            "~/x",
            "p|6|x",
            "ps|1",
            "a | b",
            "x.example.com:80",
            "https://x.example.com/",
            "None",
            "none",
            "all",
            "keep",
            "a\x00b",
        ),
        *(
            [],
            {},
            [""],
            ["*.psd"],
            ["@imges"],
            [5],
            [{}],
            ["ps|1"],
            ["x", "x"],
            {"x": 1},
            {"process": "None"},
            {"manual": {}},
        ),
    ]
)


@given(data=st.data())
def test_schema_and_model_agree_on_changed_documents(everything: str, data: st.DataObject) -> None:
    document = tomllib.loads(everything)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(paths(document)))
        where = container(document, path)
        match data.draw(st.sampled_from(["drop", "value", "key"])):
            case "drop":
                del where[path[-1]]
            case "value":
                where[path[-1]] = copy.deepcopy(data.draw(_WRONG_VALUES))
            case _:
                if isinstance(where, dict):
                    new = data.draw(st.sampled_from(["x", "company", "region", "autoColor", "process", "corner"]))
                    where[new] = where.pop(path[-1])
    assert MAIN.is_valid(document) == model_accepts(document), document


@pytest.mark.parametrize("name", ["hotfolder.toml", "folders.d/example.toml"])
def test_samples_pass(name: str) -> None:
    data = tomllib.loads((Path(__file__).parents[3] / "config" / name).read_text())
    (MAIN if name == "hotfolder.toml" else FOLDER).validate(data)


def test_folder_file_has_no_name() -> None:
    assert FOLDER.is_valid({"path": "/a"})
    assert not FOLDER.is_valid({"path": "/a", "name": "a"})
    assert not FOLDER.is_valid({})


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("settle", "quiet"), 'a duration such as "5s" or "2m"'),
        (("settle",), "a table"),
        (("watch",), '"auto", "inotify" or "polling"'),
        (("receipts",), "true or false"),
        (("contact",), "a text in quotes"),
        (("publish",), '"never", "after-job" or a time of day such as "22:00"'),
        (("first_run_limit",), "a whole number from 0 to 1000000000"),
        (("exclude",), 'a list, each a glob such as "*.psd" or a group such as "@images"'),
        (("exclude", 3), 'a glob such as "*.psd" or a group such as "@images"'),
        (("rule",), "tables under a header in double brackets"),
        (("options", "pdfOptions", "resolution"), "a number above 0 and up to 10000"),
        (("options", "crop", "manual", "left"), "a whole number from 0 to 2147483647"),
        (
            ("options", "colorManagementOptions", "sourceProfileHandle"),
            'the name of an ICC profile, or its handle such as "a|1234"',
        ),
        (
            ("options", "projectHandleArray"),
            'a list, each the name of a project, or its handle such as "p|6|Spring 2026"',
        ),
        (("options", "inDesignOptions", "process"), '"None"'),
    ],
)
def test_words_for_what_is_wanted_come_from_the_model(path: KeyPath, words: str) -> None:
    root = model_schema(FolderFile)
    node = node_at(root, path)
    assert node is not None
    assert wanted(root, node) == words


@pytest.mark.parametrize("path", [("nothing",), ("path", "inside"), (0,)])
def test_paths_beside_the_model_have_no_schema(path: KeyPath) -> None:
    assert node_at(model_schema(FolderFile), path) is None
