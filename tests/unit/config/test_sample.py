"""The files in config/ show every key with its default, and are what the model makes of them today."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotfolder.config import load
from hotfolder.config.__main__ import main
from hotfolder.config.model import FolderFile, Main
from hotfolder.config.problems import KeyPath
from hotfolder.config.sample import FOLDER_FILE, MAIN_FILE, generated_files
from hotfolder.config.schema import follow, model_schema

CONFIG = Path(__file__).parents[3] / "config"


def uncommented(text: str) -> dict[str, Any]:
    """Return a sample with everything in it in use."""
    return tomllib.loads(re.sub(r"^#(?=[\w\[])", "", text.replace("#:schema", "# schema"), flags=re.MULTILINE))


def keys(root: Any, node: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield (path, schema) of every value of the model; of lists of tables the first item stands for all."""
    for key, inner in node["properties"].items():
        meant = follow(root, inner)
        if "properties" in meant and not (path[-2:-1] == ("rule",) and key == "options"):
            yield from keys(root, meant, (*path, key))
        elif meant.get("type") == "array" and "properties" in follow(root, meant["items"]):
            yield from keys(root, follow(root, meant["items"]), (*path, key, 0))
        else:
            yield (*path, key), meant


def value_at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


@pytest.mark.parametrize("name", generated_files())
def test_files_are_up_to_date(name: str) -> None:
    """If not: `python -m hotfolder.config` writes them anew."""
    assert (CONFIG / name).read_text() == generated_files()[name]


def test_nothing_else_lies_there() -> None:
    assert {str(file.relative_to(CONFIG)) for file in CONFIG.rglob("*") if file.is_file()} == set(generated_files())


@pytest.mark.parametrize(("name", "model"), [(MAIN_FILE, Main), (FOLDER_FILE, FolderFile)])
def test_every_key_is_shown_with_its_default_or_an_example(name: str, model: type[Main] | type[FolderFile]) -> None:
    shown, root = uncommented((CONFIG / name).read_text()), model_schema(model)
    for path, node in keys(root, root):
        if path[:1] == ("folder",) and path[2] not in ("name", "path"):
            continue  # shown in [defaults]
        value = value_at(shown, path)
        if "default" in node:
            assert value == node["default"], path
        else:
            assert value in node["examples"], path


def test_defaults_are_in_use_and_examples_only_where_they_must() -> None:
    shown = tomllib.loads((CONFIG / MAIN_FILE).read_text())
    root = model_schema(Main)
    for path, node in keys(root, root):
        if path[0] in ("folder", "notify") or "rule" in path:
            continue
        try:
            value_at(shown, path)
        except KeyError:
            assert "default" not in node, path
        else:
            assert "default" in node or path in {
                ("server", "region"),
                ("server", "company"),
                ("server", "user"),
                ("defaults", "options", "overwrite"),
            }


def test_every_key_has_a_line_of_explanation() -> None:
    for name in (MAIN_FILE, FOLDER_FILE):
        lines = (CONFIG / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if re.match(r"#?\w+ = ", line):
                assert lines[number - 1].startswith("# "), line


def test_samples_load() -> None:
    loaded = load(CONFIG / MAIN_FILE, {"HOTFOLDER_PASSWORD": "secret"})
    (folder,) = loaded.settings.folders
    assert folder.name == "example"
    assert [problem.key for problem in loaded.warnings] in ([], ["path"])


def test_command_writes_the_files_anew(tmp_path: Path) -> None:
    main([str(tmp_path)])
    assert {name: (tmp_path / "config" / name).read_text() for name in generated_files()} == generated_files()


def test_only_a_directory_is_taken_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="found --help, wanted"):
        main(["--help"])
    assert list(tmp_path.iterdir()) == []
