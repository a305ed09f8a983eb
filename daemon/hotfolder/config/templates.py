"""
The templates of destinations and keywords: which placeholders there are, and what a template may hold.

Filling them in is the business of `core.rules`.
"""

from __future__ import annotations

import re

from hotfolder.config.problems import nearest
from hotfolder.config.table import Check
from hotfolder.core.rules import TEMPLATE_NAMES

_KNOWN = " ".join(f"{{{name}}}" for name in TEMPLATE_NAMES)
_BRACES = re.compile(r"\{[^{}]*\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def placeholders(template: str) -> tuple[str, ...]:
    """Return the names between braces, in their order, whether they are known or not."""
    return tuple(found[1:-1] for found in _BRACES.findall(template))


def check_template(template: str) -> str | None:
    """Return what is wanted instead of the template, or None if it is good."""
    if _CONTROL.search(template):
        return "a text on one line without control characters"
    for name in placeholders(template):
        if name not in TEMPLATE_NAMES:
            meant = nearest(name, TEMPLATE_NAMES)
            return f"{{{meant}}} instead of {{{name}}}" if meant else f"only the placeholders {_KNOWN}"
    if re.search(r"[{}]", _BRACES.sub("", template)):
        return f"braces in pairs around one of the placeholders {_KNOWN}"
    return None


def _check_destination(template: str) -> str | None:
    if template.startswith("/"):
        return 'a folder below the company root, without "/" at its start'
    if "\\" in template:
        return 'folders separated by "/"'
    if {".", ".."} & set(template.split("/")) or "//" in template:
        return 'a folder without empty, "." or ".." parts'
    return check_template(template)


def _check_keyword(template: str) -> str | None:
    return check_template(template) if template.strip() else "a keyword"


DESTINATION = Check(
    wanted="a folder below the company root",
    test=_check_destination,
    pattern=rf"^(?!/)(?!.*//)(?!(.*/)?\.{{1,2}}(/|$))([^{{}}\\\x00-\x1f\x7f]|\{{({'|'.join(TEMPLATE_NAMES)})\}})*$",
)
KEYWORD = Check(
    wanted="a keyword",
    test=_check_keyword,
    pattern=rf"^(?!\s*$)([^{{}}\x00-\x1f\x7f]|\{{({'|'.join(TEMPLATE_NAMES)})\}})+$",
)
