"""
Plain data: as JSON text that is safe to print, whatever names are in it, and moments in it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

# Inside the strings of a JSON text these may stand raw, but a terminal may obey them (C1 controls), they may turn a
# line round (bidi overrides), or cannot be encoded at all (bytes of a name that are not UTF-8). ASCII controls are
# escaped by `json` itself.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def as_json(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in readable letters; bytes of names that are not UTF-8 are lone surrogates, as in Python."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def stamp(at: datetime | None) -> str | None:
    """Return RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def of_local(moment: str | None) -> str | None:
    """Return RFC 3339 in UTC for a minute by the calendar and clock of this machine; None for none, and for ""."""
    return stamp(datetime.fromisoformat(moment).astimezone()) if moment else None
