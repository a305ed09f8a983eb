"""
Keys of the model as commented TOML: values by tomli-w, comments from the descriptions of the model.

The samples and the starter are made of these pieces, so they cannot say anything that the model does not.
"""

from __future__ import annotations

import textwrap
from typing import Any

import tomli_w

from hotfolder.config.problems import KeyPath, format_key
from hotfolder.config.schema import Node, allowed_words

_WIDTH = 110  # columns; a comment is for reading, not for scrolling


def literal(value: Any) -> str:
    """Return a value as TOML on one line: scalars as tomli-w writes them, lists and tables inline."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{format_key((key,))} = {literal(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return tomli_w.dumps({"key": value}).removeprefix("key = ").rstrip("\n")


def comment(text: str) -> list[str]:
    """Return a text as comment lines."""
    return textwrap.wrap(" ".join(text.split()), _WIDTH, initial_indent="# ", subsequent_indent="# ")


def header(path: KeyPath, *, is_list: bool = False, is_used: bool = True) -> str:
    """Return the header of a table, behind a # unless it is used."""
    text = f"[[{format_key(path)}]]" if is_list else f"[{format_key(path)}]"
    return text if is_used else f"#{text}"


def pair(key: str, value: Any, *, is_used: bool = True) -> str:
    """Return a key with its value, behind a # unless it is used: `#` stuck to a key means that it may be removed."""
    return f"{'' if is_used else '#'}{format_key((key,))} = {literal(value)}"


def explanation(node: Node) -> str:
    """Return what a key is for, and its allowed words or limits, in one or two sentences."""
    parts = [str(node.get("description", ""))]
    if "enum" in node:
        parts.append(f"{allowed_words(list(node['enum']))}.")
    elif "minimum" in node and node.get("maximum", 1e9) < 1e6:
        parts.append(f"{node['minimum']:g} to {node['maximum']:g}.")
    return " ".join(part for part in parts if part)
