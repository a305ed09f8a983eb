"""
The JSON Schema (draft 2020-12) of the configuration, made from the model.

Editors complete and check by it; `structure` takes from it what a message says is wanted; `sample` writes by it.
What no schema can say (two hot folders of one name, a file that is missing) only `load` finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from hotfolder.config.model import FolderFile, Main
from hotfolder.config.problems import KeyPath, one_of

Node = Mapping[str, Any]
"""One schema inside another, with `$ref` already followed."""


class _People(GenerateJsonSchema):
    """TOML has no null: a key without a value is left out, so None is neither a value nor a default."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def model_schema(model: type[BaseModel]) -> Node:
    """Return the schema of a model, with our own keyword `x-wanted`: what a message says of a wrong value."""
    return model.model_json_schema(schema_generator=_People)


def main_schema() -> dict[str, Any]:
    """Return the schema of hotfolder.toml, for publication."""
    return _published(Main, "hotfolder.toml: the settings of hotfolder")


def folder_schema() -> dict[str, Any]:
    """Return the schema of folders.d/NAME.toml, for publication."""
    return _published(FolderFile, "folders.d/NAME.toml: one hot folder")


def _published(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = _without_own_keywords(model_schema(model))
    return {"$schema": GenerateJsonSchema.schema_dialect, "title": title, **schema}


def _without_own_keywords(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_own_keywords(value) for key, value in node.items() if key != "x-wanted"}
    return [_without_own_keywords(item) for item in node] if isinstance(node, list) else node


def follow(root: Node, node: Node) -> Node:
    """Return the node that a `$ref` means, under the words that stand beside the reference."""
    if "$ref" not in node:
        return node
    meant = root["$defs"][node["$ref"].rpartition("/")[2]]
    return {**meant, **{key: value for key, value in node.items() if key != "$ref"}}


def node_at(root: Node, path: KeyPath) -> Node | None:
    """Return the schema of the value at a key path, or None if the model has no such key."""
    node = root
    for part in path:
        inner = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
        if inner is None and not isinstance(part, int) and names_tables(node):
            inner = node["additionalProperties"]
        if inner is None:
            return None
        node = follow(root, inner)
    return node


def names_tables(node: Node) -> bool:
    """Tell whether a table takes, beside its keys, tables under names that people choose."""
    return isinstance(node.get("additionalProperties"), Mapping)


def holds_tables(root: Node, node: Node) -> bool:
    """Tell whether a value is a list of tables."""
    return node.get("type") == "array" and follow(root, node["items"]).get("type") == "object"


def wanted(root: Node, node: Node) -> str:
    """Return what a message says is wanted of a value: its type, its limits, its allowed words."""
    match node:
        case {"x-wanted": str(words)}:
            return words
        case {"enum": [*allowed]}:
            return allowed_words(allowed)
        case {"const": only}:
            return allowed_words([only])
        case {"type": "object"}:
            return "a table"
        case {"type": "array"}:
            if holds_tables(root, node):
                return "tables under a header in double brackets"
            least = " with at least one entry" if node.get("minItems") else ""
            return f"a list{least}, each {wanted(root, follow(root, node['items']))}"
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "integer"}:
            return f"a whole number{_limits(node)}"
        case {"type": "number"}:
            return f"a number{_limits(node)}"
        case _:
            return "a text in quotes"


def allowed_words(allowed: list[Any]) -> str:
    """Return the values that are allowed as an enumeration."""
    if all(isinstance(value, str) for value in allowed):
        return one_of(allowed)
    return " or ".join(map(str, allowed))


def _limits(node: Node) -> str:
    if "minimum" in node and "maximum" in node:
        return f" from {_number(node['minimum'])} to {_number(node['maximum'])}"
    if "exclusiveMinimum" in node:
        upper = f" and up to {_number(node['maximum'])}" if "maximum" in node else ""
        return f" above {_number(node['exclusiveMinimum'])}{upper}"
    return f", {_number(node['minimum'])} or more" if "minimum" in node else ""


def _number(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"
