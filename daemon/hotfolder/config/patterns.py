"""
The globs of `include`, `exclude` and `match`: what they may be, and which rules no file can ever reach.

Matching itself is the business of the core.
"""

from __future__ import annotations

import re

from hotfolder.config.problems import nearest
from hotfolder.config.table import Check

GROUPS = ("@images", "@documents", "@video", "@audio", "@media", "@archives", "@fonts", "@web")
EVERYTHING = "*"


def check_pattern(pattern: str) -> str | None:
    """Return what is wanted instead of the glob or group, or None if it is good."""
    if pattern.startswith("@") and pattern not in GROUPS:
        meant = nearest(pattern, GROUPS)
        known = ", ".join(GROUPS)
        return f"the group {meant}" if meant else f"one of the groups {known}"
    if not pattern.strip():
        return 'a glob such as "*.psd"'
    if re.search(r"[\x00-\x1f\x7f]", pattern):
        return "a glob without control characters"
    if "\\" in pattern:
        return 'a glob with "/" between folders'
    if pattern.startswith("/") or pattern.endswith("/") or "//" in pattern:
        return 'a path inside the hot folder such as "raw/*.tif", without "/" at either end'
    return None


PATTERN = Check(
    wanted='a glob such as "*.psd" or a group such as "@images"',
    test=check_pattern,
    pattern=rf"^(({'|'.join(GROUPS)})|(?![@/])(?!.*//)(?!\s*$)[^\\]*[^\\/])$",
)
