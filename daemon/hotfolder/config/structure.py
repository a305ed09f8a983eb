"""
One document against the model: pydantic's errors become problems with a line and words for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from hotfolder.config.lines import LineIndex
from hotfolder.config.problems import KeyPath, Problem, format_key, format_value, nearest, one_of, quoted
from hotfolder.config.schema import Node, follow, holds_tables, model_schema, names_tables, node_at, wanted
from hotfolder.config.table import OUR_ERROR, Table

_TableT = TypeVar("_TableT", bound=Table)

_MAY_HOLD_PASSWORD = frozenset({"base_url", "proxy", "url", "postHttpUrl"})
_OTHER_WORDS = {
    "password": "password_file",  # the settings are no place for it
    "xmpKeywords": "options.keywords",
    "manualCropOptions": "options.crop.manual",
    "autoColorCropOptions": "options.crop.autoColor",
    "autoTransparentCropOptions": "options.crop.autoTransparent",
    "knockoutBackground": "options.knockoutBackgroundOptions",
    "projects": "options.projectHandleArray",
    "sets": "autoSetsArray",
    "presets": "videoEncodingPresetsArray",
    "sourceProfile": "sourceProfileHandle",
    "outputProfile": "outputProfileHandle",
    "colorSpace": "colorspace",
    "fill": "fillMethod",
    "folders": "folder",
    "rules": "rule",
}
"""What people write for keys of ours that are spelled otherwise; the last part must be a known key."""
_LATER = "no such key; only later versions of the server's language have it"
_NOT_OFFERED = {
    "synchronizationComplete": _LATER,
    "autoSmartCropOptionsArray": _LATER,
    "cssOptions": _LATER,
    "excludeMasterVideoFromAVS": "no such key; Adobe no longer supports it",
}
"""Upload options of Adobe's that are not ours, and why (PROTOCOL 2.3, 3.1)."""
_ONLY_OF_FOLDERS = {
    "name": "it in [[folder]] only; a file in folders.d names its hot folder by its own name",
    "path": "it in each [[folder]], or in a file of folders.d",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One TOML document, read."""

    file: Path  # as messages name it
    tables: Mapping[str, Any]
    lines: LineIndex

    def problem(self, path: KeyPath, found: str, wanted: str) -> Problem:
        """Return a problem of the key at that path, on its line or that of the table it is missing from."""
        return Problem(file=self.file, line=self.lines.line(path), key=format_key(path), found=found, wanted=wanted)


def validate(model: type[_TableT], source: Source) -> tuple[_TableT | None, list[Problem]]:
    """Return the document as a model, or None and every problem of its structure."""
    try:
        return model.model_validate(source.tables), []
    except ValidationError as error:
        root = model_schema(model)
        return None, [_problem(source, root, details) for details in error.errors(include_url=False)]


def _problem(source: Source, root: Node, details: Any) -> Problem:
    path, value, kind = details["loc"], details["input"], details["type"]
    around = node_at(root, path[:-1]) or {}
    is_name = bool(path) and names_tables(around) and path[-1] not in around["properties"]
    if kind == "extra_forbidden" or (is_name and kind == "model_type"):
        return source.problem(path, "an unknown key", _known_key(root, path))
    node = node_at(root, path) or {}
    if kind == "missing":
        return source.problem(path, "nothing", _with_example(root, node))
    if kind == OUR_ERROR:
        found = details["ctx"]["found"] or _shown(path, value)
        return source.problem(path, found, details["ctx"]["wanted"])
    words = wanted(root, node)
    if isinstance(value, dict) and names_tables(around):
        words = f"another name for a table of its own; this one is a key of [{format_key(path[:-1])}]"
    if kind == "list_type" and holds_tables(root, node):
        words = f"double brackets: [[{format_key(tuple(part for part in path if isinstance(part, str)))}]]"
    meant = nearest(value, map(str, node.get("enum", ()))) if isinstance(value, str) else None
    if meant is not None:
        words += f"; did you mean {quoted(meant)}?"
    return source.problem(path, _shown(path, value), words)


def _shown(path: KeyPath, value: Any) -> str:
    if path and path[-1] in _MAY_HOLD_PASSWORD and isinstance(value, str):
        value = re.sub(r"^([A-Za-z0-9+.-]*:?/{0,2}).*@", r"\1…@", value, flags=re.DOTALL)
    return format_value(value)


def _with_example(root: Node, node: Node) -> str:
    words = wanted(root, node)
    examples = node.get("examples")
    if not examples or not isinstance(examples[0], str) or "such as" in words or "enum" in node:
        return words
    return f"{words} such as {quoted(examples[0])}"


def _known_key(root: Node, path: KeyPath) -> str:
    """Return what to write instead of an unknown key: the nearest key of its table, or of the tables inside that."""
    node = node_at(root, path[:-1]) or {}
    inside = dict(_keys_inside(root, node))
    word = str(path[-1])
    other = inside.get(_OTHER_WORDS.get(word, "").rpartition(".")[2])
    if other is not None:
        return quoted(other)
    for known in (_ONLY_OF_FOLDERS, _NOT_OFFERED):
        if word in known:
            return known[word]
    if word in inside:
        return quoted(inside[word])
    meant = nearest(word, node.get("properties", ())) or nearest(word, inside, likeness=0.8)
    if meant is not None:
        return quoted(inside[meant])
    return f"one of {one_of(node['properties'])}" if node.get("properties") else "no such key"


def _keys_inside(root: Node, node: Node, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (key, path to it) of a table and of the tables inside it, those nearer by last so that they win."""
    for key, inner in node.get("properties", {}).items():
        yield from _keys_inside(root, follow(root, inner), f"{prefix}{key}.")
    for key in node.get("properties", {}):
        yield key, f"{prefix}{key}"
