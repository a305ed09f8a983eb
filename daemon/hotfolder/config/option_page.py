"""
`docs/options.md`: every upload option with its type, limits, default and meaning, and how it is written.

Made from the model like the samples, so that it cannot say anything else; `python -m hotfolder.config` writes it anew.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from hotfolder.config.options import Options
from hotfolder.config.schema import Node, follow, model_schema, wanted
from hotfolder.config.toml_text import header, literal, pair

_WIDTH = 120  # columns of running text
_LONGEST_PAIR = 100  # columns; a longer table is written under a header of its own

_INTRODUCTION = """\
# Upload options

What the server shall do with the files of a hot folder. They stand in `[folder.options]` (in a file of `folders.d`:
`[options]`), for all hot folders in `[defaults.options]`, and for some files only in the `options` of a rule. What a
rule does not say, its hot folder says, and else the defaults; an option that is said replaces the whole value.

Names and constants are Adobe's own, and their case matters. Two have a shape of ours: `crop` stands for Adobe's three
crop options, of which only one may be sent, and `keywords` for `xmpKeywords`, with the escaping done for you.

**Not sent** means that the server does as it likes: Adobe's documents and what servers have been seen to do disagree
about many defaults, so say what matters to you.

**Names and handles.** Where Adobe takes handles, write the name as Adobe's own pages show it. A text of the form of a
handle (`p|6|Name`, `ps|941`, `a|1234`) is sent as it is; names are better, since a handle may change with the server. A
name is asked of the server when it is needed; `hotfolder list projects|sets|presets|profiles` shows which there are,
and `hotfolder check --online` tells wrong ones. Of two presets with one name, write TYPE/NAME. Files whose name the
server does not know wait in their place until it does.

**Required** elements are those without which their table makes no sense; the others are not sent unless they are said.

**None.** An empty list or text says "none", so that a rule can take off what its hot folder says.

Each set of options makes jobs of its own: files that need other options wait for other files that need the same.
`hotfolder check` says what is wrong with a value, with its file and line, and `hotfolder explain --xml PATH` shows what
would be sent for a file.
"""


def option_page() -> str:
    """Return the page."""
    root = model_schema(Options)
    lines = [_INTRODUCTION, *_overview(root)]
    for key, inner in root["properties"].items():
        node = follow(root, inner)
        lines += ["", f"## {key}", "", *textwrap.wrap(_text(node), _WIDTH)]
        elements = [*_elements(root, node)]
        if elements:
            lines += ["", "| element | type | allowed | required | meaning |", "| --- | --- | --- | --- | --- |"]
            lines += [
                _row(f"`{path}`", _type(root, element), _allowed(element), "yes" if must else "", _text(element))
                for path, element, must in elements
            ]
        else:
            allowed = _allowed(node)
            lines += ["", f"- Type: {_type(root, node)}", *([f"- Allowed: {allowed}"] if allowed else [])]
            lines.append(f"- Default: {_default(key, node)}")
        lines += ["", "```toml", *_example(root, key, node), "```"]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    """Return a row of a table; a bar inside a cell would begin the next one."""
    texts = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(texts)} |"


def _overview(root: Node) -> Iterator[str]:
    yield "| option | default | for |"
    yield "| --- | --- | --- |"
    for key, inner in root["properties"].items():
        node = follow(root, inner)
        sentence = _text(node).partition(".")[0].partition(";")[0]
        yield _row(f"[`{key}`](#{key.lower()})", _default(key, node), sentence)


def _elements(root: Node, node: Node, path: str = "") -> Iterator[tuple[str, Node, bool]]:
    """Yield the values inside a table with their paths, and whether the table around them needs them."""
    required = node.get("required", ())
    for key, inner in node.get("properties", {}).items():
        meant = follow(root, inner)
        if "properties" in meant:
            yield from _elements(root, meant, f"{path}{key}.")
        else:
            yield f"{path}{key}", meant, key in required


def _type(root: Node, node: Node) -> str:
    match node:
        case {"type": "array"}:
            return f"list of {'names or handles' if 'uniqueItems' in node else 'texts'}"
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "integer"}:
            return "whole number"
        case {"type": "number"}:
            return "number"
        case {"type": "string", "x-wanted": str(words)} if "handle" in words:
            return "name or handle"
        case {"type": "object"}:
            return wanted(root, node)
        case _:
            return "text"


def _allowed(node: Node) -> str:
    """Return constants, limits or forms; nothing where the type says all."""
    match node:
        case {"enum": [*words]}:
            return " ".join(f"`{word}`" for word in words)
        case {"const": word}:
            return f"`{word}`"
        case {"minimum": low, "maximum": high}:
            return f"{low} to {high}"
        case {"exclusiveMinimum": low, "maximum": high}:
            return f"above {low}, up to {high}"
        case {"type": "array", "items": {"x-wanted": str(words)}} | {"type": "string", "x-wanted": str(words)}:
            return words
        case _:
            return ""


def _default(key: str, node: Node) -> str:
    if "default" in node:
        return f"`{literal(node['default'])}`"
    return "none: it has to be said" if key == "overwrite" else "not sent"


def _text(node: Node) -> str:
    return " ".join(str(node.get("description", "")).split())


def _example(root: Node, key: str, node: Node) -> Iterator[str]:
    """Yield the option as it is written; of ways that exclude each other, each."""
    for number, value in enumerate(_values(root, node)):
        line = pair(key, value)
        if number:
            yield "# or"
        if len(line) <= _LONGEST_PAIR or not isinstance(value, dict):
            yield line
        else:
            yield header(("folder", "options", key))
            yield from (pair(inner, content) for inner, content in value.items())


def _values(root: Node, node: Node) -> Iterator[Any]:
    if "properties" not in node:
        yield node["examples"][0] if "examples" in node else node["default"]
        return
    parts = {key: next(_values(root, follow(root, inner))) for key, inner in node["properties"].items()}
    if _is_choice(node):
        yield from ({key: value} for key, value in parts.items())
    else:
        yield parts


def _is_choice(node: Mapping[str, Any]) -> bool:
    return any("oneOf" in rule for rule in node.get("allOf", ()))
