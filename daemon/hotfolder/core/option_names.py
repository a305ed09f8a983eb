"""
The places in upload options where the server takes handles and people write names.

Owns which places these are, what tells a handle from a name, and putting handles in for names.
Asking the server which handle a name has is not its business: handles are true for one run only (PROTOCOL 2.7), so
the canonical options of drops and jobs keep the names, and handles go in when the options are sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from hotfolder.core.rules import canonical


class NameKind(StrEnum):
    """What a name in the options is the name of."""

    PROJECT = "project"
    SET = "set"  # a script that makes sets of images by their names
    PRESET = "preset"  # how a video is encoded
    PROFILE = "profile"  # the asset ID of an ICC profile


HANDLE_PREFIXES: Mapping[NameKind, str] = {
    NameKind.PROJECT: "p|",
    NameKind.SET: "ps|",
    NameKind.PRESET: "ps|",
    NameKind.PROFILE: "a|",
}
"""How the handles of each kind begin (PROTOCOL 2.7, 3.5)."""

NAME_PLACES: Mapping[tuple[str, ...], NameKind] = {
    ("projectHandleArray",): NameKind.PROJECT,
    ("autoSetCreationOptions", "autoSetsArray"): NameKind.SET,
    ("mediaOptions", "videoEncodingPresetsArray"): NameKind.PRESET,
    ("colorManagementOptions", "sourceProfileHandle"): NameKind.PROFILE,
    ("colorManagementOptions", "outputProfileHandle"): NameKind.PROFILE,
}
"""Every option that takes handles; those with Array in their name take a list."""

_HANDLE = re.compile(r"[a-z]{1,2}\|\S.*", re.DOTALL)


class UnresolvedNameError(Exception):
    """A name has no handle; carries both the kind and the name."""

    def __init__(self, kind: NameKind, name: str) -> None:
        super().__init__(f'no handle is known for the {kind} "{name}"')
        self.kind = kind
        self.name = name


def is_handle(text: str) -> bool:
    """Tell whether a text has the form of a handle, such as `p|6|Name`, `ps|941` or `a|732|1|535` (PROTOCOL 2.7)."""
    return _HANDLE.fullmatch(text) is not None


def names_in(options: str) -> dict[NameKind, frozenset[str]]:
    """Return the names in canonical options that need a handle; only kinds of which there are any."""
    found: dict[NameKind, set[str]] = {}

    def note(kind: NameKind, text: str) -> str:
        if not is_handle(text):
            found.setdefault(kind, set()).add(text)
        return text

    _replaced(json.loads(options), note)
    return {kind: frozenset(names) for kind, names in found.items()}


def with_handles(options: str, handles: Mapping[NameKind, Mapping[str, str]]) -> str:
    """
    Return canonical options with a handle in the place of each name; handles that are there already stay.

    Two names of one thing become one handle.
    Raises UnresolvedNameError for the first name that `handles` does not have.
    """

    def handle(kind: NameKind, text: str) -> str:
        if is_handle(text):
            return text
        try:
            return handles[kind][text]
        except KeyError:
            raise UnresolvedNameError(kind, text) from None

    return canonical(_replaced(json.loads(options), handle))


def _replaced(
    table: Mapping[str, Any], replace: Callable[[NameKind, str], str], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the options, or the table of them at `path`, with `replace` applied to each name and handle."""
    result: dict[str, Any] = {}
    for key, value in table.items():
        here = (*path, key)
        kind = NAME_PLACES.get(here)
        if isinstance(value, Mapping):
            result[key] = _replaced(value, replace, here)
        elif kind is None:
            result[key] = value
        elif isinstance(value, list):
            result[key] = list(dict.fromkeys(replace(kind, text) for text in value))
        else:
            result[key] = replace(kind, value)
    return result
