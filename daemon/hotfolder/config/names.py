"""
Names that people write where the server takes handles: how each is written, and lists of them.

Which places these are, and what tells a handle from a name, is the business of `core.option_names`.
Whether the server knows a name only the server can say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from hotfolder.config.problems import quoted
from hotfolder.config.table import Check, refusal
from hotfolder.core.option_names import HANDLE_PREFIXES, NameKind, is_handle

_NOT_FOR_XML = r"\x00-\x1f\x7f\ufffe\uffff"  # control characters, and two that no XML can carry

_WORDS = {
    NameKind.PROJECT: ("a project", "p|6|Spring 2026"),
    NameKind.SET: ("a batch set preset", "ps|941"),
    NameKind.PRESET: ("a video encoding preset", "ps|941"),
    NameKind.PROFILE: ("an ICC profile", "a|1234"),
}


def name_of(kind: NameKind) -> Check:
    """Return the check of one name, or handle, of that kind."""
    what, example = _WORDS[kind]
    prefix = HANDLE_PREFIXES[kind]
    wanted = f"the name of {what}, or its handle such as {quoted(example)}"

    def test(text: str) -> str | None:
        if not text.strip() or re.search(f"[{_NOT_FOR_XML}]", text):
            return f"{wanted}, on one line"
        if is_handle(text) and not text.startswith(prefix):
            return f"{wanted}; this is the handle of something else"
        return None

    pattern = rf"^(?!\s*$)(?:{re.escape(prefix)}|(?![a-z]{{1,2}}\|\S))[^{_NOT_FOR_XML}]*$"
    return Check(wanted=wanted, test=test, pattern=pattern)


@dataclass(frozen=True, slots=True)
class Distinct:
    """Metadata of a list: no entry may stand in it twice."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_distinct, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "uniqueItems": True}


def _distinct(entries: Sequence[str]) -> Sequence[str]:
    again = next((entry for position, entry in enumerate(entries) if entry in entries[:position]), None)
    if again is not None:
        raise refusal("each entry once", f"{quoted(again)} twice")
    return entries
