"""
Keys that hold a text or a path, and what is wanted of them.
"""

from __future__ import annotations

import re
from typing import Annotated

from hotfolder.config.table import Check


def check_text(text: str) -> str | None:
    """Return what is wanted instead of a text, or None if it is good."""
    if not text.strip():
        return "a text that is not empty"
    return "a text on one line" if re.search(r"[\x00-\x1f\x7f]", text) else None


def check_path(path: str) -> str | None:
    """Return what is wanted instead of a path, or None if it is good."""
    if path.startswith("~"):
        return 'a path; "~" is not expanded, since the daemon may have another home'
    return check_text(path)


_NOT_EMPTY = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"
Text = Annotated[str, Check(wanted="a text in quotes", test=check_text, pattern=_NOT_EMPTY)]
PathText = Annotated[
    str,
    Check(wanted="a path in quotes", test=check_path, pattern=rf"^(?!~){_NOT_EMPTY[1:]}"),
]
