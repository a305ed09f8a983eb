"""
The samples in `config/`: every key of the model with its default, unit and a line about it.

Made from the JSON Schema of the model; `python -m hotfolder.config` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hotfolder.config.model import FolderFile, Main
from hotfolder.config.problems import KeyPath
from hotfolder.config.schema import Node, folder_schema, follow, holds_tables, main_schema, model_schema, names_tables
from hotfolder.config.toml_text import comment, explanation, header, pair

MAIN_FILE = "hotfolder.toml"
FOLDER_FILE = "folders.d/example.toml"
MAIN_SCHEMA_FILE = "hotfolder.schema.json"
FOLDER_SCHEMA_FILE = "folder.schema.json"

_MAIN_TITLE = """\
#:schema ./hotfolder.schema.json
# The settings of hotfolder: every key with its default. A # stuck to a key stands before what has no default, or is
# one of several ways. Paths are relative to the file that names them. Durations: "250ms" "2s" "5m" "1h" "1d"; sizes:
# "20MB" (thousands) "64MiB" (1,024s). After a change: `hotfolder check`, then reload the daemon (SIGHUP).
"""
_FOLDER_TITLE = """\
#:schema ../folder.schema.json
# One hot folder, named like this file. What it does not say, [defaults] of hotfolder.toml says, and else the defaults
# below.
"""

_USED_EXAMPLES: frozenset[KeyPath] = frozenset(
    {
        ("server", "region"),
        ("server", "company"),
        ("server", "user"),
        ("defaults", "options", "overwrite"),
    }
)
"""Keys without a default that a configuration must state; the others stay behind a #."""


def generated_files() -> dict[str, str]:
    """Return the content of each file in `config/` that is made from the model."""
    return {
        MAIN_FILE: main_sample(),
        FOLDER_FILE: folder_sample(),
        MAIN_SCHEMA_FILE: _json(main_schema()),
        FOLDER_SCHEMA_FILE: _json(folder_schema()),
    }


def main_sample() -> str:
    """Return a main file with every key: those of hot folders in [defaults]."""
    root = model_schema(Main)
    lines = [_MAIN_TITLE.rstrip("\n")]
    for key, node in _tables(root, root):
        if key == "folder":
            continue
        is_list = holds_tables(root, root["properties"][key])
        lines += _table(root, node, (key,), is_used=not is_list, is_list=is_list)
        if names_tables(node):
            lines += _named_table(root, node, (key,))
    lines += ["", *comment(f"{explanation(root['properties']['folder'])} They take every key of [defaults], and:")]
    lines.append(header(("folder",), is_list=True, is_used=False))
    folder = _item(root, root["properties"]["folder"])
    for key in ("name", "path"):
        lines += _pair(follow(root, folder["properties"][key]), (key,), is_used=False)
    return "\n".join(lines) + "\n"


def folder_sample() -> str:
    """Return a file for folders.d with every key."""
    root = model_schema(FolderFile)
    path = root["properties"]["path"]
    others = {key: node for key, node in root["properties"].items() if key != "path"}
    lines = [_FOLDER_TITLE, *_pair({**path, "examples": path["examples"][1:]}, ("path",), is_used=True)]
    lines += _pairs(root, {**root, "properties": others}, (), is_used=False)
    for key, node in _tables(root, root):
        lines += _table(root, node, (key,), is_used=False, is_list=holds_tables(root, root["properties"][key]))
    return "\n".join(lines) + "\n"


def _table(root: Node, node: Node, path: KeyPath, *, is_used: bool, is_list: bool = False) -> list[str]:
    """Return a table with everything below it; tables that only hold tables need no header."""
    is_used = is_used and not _is_optional(root, node)
    pairs = _pairs(root, node, path, is_used=is_used)
    lines = ["", *comment(explanation(node))]
    if pairs or is_list:
        lines += [header(path, is_list=is_list, is_used=is_used), *pairs]
    for key, inner in _tables(root, node):
        below = node["properties"][key]
        lines += _table(root, inner, (*path, key), is_used=is_used, is_list=holds_tables(root, below))
    return lines


def _named_table(root: Node, node: Node, path: KeyPath) -> list[str]:
    """Return one of the tables that people give names to, with what tells it from the others."""
    inner = follow(root, node["additionalProperties"])
    lines = [
        "",
        *comment(explanation(inner)),
        header((*path, str(node["propertyNames"]["examples"][0])), is_used=False),
    ]
    for key, value in inner["properties"].items():
        if len(value.get("examples", ())) > 1:
            lines += _pair({**value, "examples": value["examples"][1:]}, (*path, key), is_used=False)
    return lines


def _pairs(root: Node, node: Node, path: KeyPath, *, is_used: bool) -> list[str]:
    lines: list[str] = []
    for key, inner in node["properties"].items():
        meant = follow(root, inner)
        if _is_value(root, meant):
            lines += _pair(meant, (*path, key), is_used=is_used)
    return lines


def _pair(node: Node, path: KeyPath, *, is_used: bool) -> list[str]:
    has_default = "default" in node
    value: Any = node["default"] if has_default else node["examples"][0]
    is_used = is_used and (has_default or path in _USED_EXAMPLES or len(path) == 1)
    return [*comment(explanation(node)), pair(str(path[-1]), value, is_used=is_used)]


def _tables(root: Node, node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the tables inside a table, also those that come as a list."""
    for key, inner in node["properties"].items():
        meant = follow(root, inner)
        if holds_tables(root, meant):
            yield key, {**_item(root, inner), "description": _list_words(root, inner)}
        elif not _is_value(root, meant):
            yield key, meant


def _is_table(node: Node) -> bool:
    return node.get("type") == "object"


def _is_value(root: Node, node: Node) -> bool:
    """Tell whether a key is written on one line; a table is if it has an example (options of a rule)."""
    return "examples" in node if _is_table(node) else not holds_tables(root, node)


def _item(root: Node, node: Node) -> Node:
    return follow(root, node["items"])


def _list_words(root: Node, node: Node) -> str:
    return f"{_item(root, node).get('description', '')} {node.get('description', '')}".strip()


def _is_optional(root: Node, node: Node) -> bool:
    """Tell whether a table has no defaults, so that it is there only if somebody wants it."""
    return _wants_a_key(node) and not any("default" in follow(root, inner) for inner in node["properties"].values())


def _wants_a_key(node: Mapping[str, Any]) -> bool:
    return bool({"required", "minProperties", "allOf"} & node.keys())


def _json(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
