"""
What a request asks for: its query, its form, its language, and whether only the middle of a page is wanted.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hotfolder.config.languages import preferred

FORM_MAX_BYTES: Final = 16 * 1024


def query_of(request: Request) -> dict[str, str]:
    """Return the query of a page; names may hold bytes that are not UTF-8."""
    raw = request.scope["query_string"].decode("latin-1")
    try:
        return dict(parse_qsl(raw, keep_blank_values=True, errors="surrogateescape", max_num_fields=20))
    except ValueError:
        return {}


def language_of(request: Request) -> str:
    """Return which of our languages the browser wants."""
    return preferred(request.headers.get("accept-language"))


def is_part(request: Request) -> bool:
    """Return whether only the middle of the page is asked for, to take the place of that of before."""
    return request.headers.get("x-part") == "main"


def said_to(request: Request) -> str:
    """Return what came of a button."""
    return query_of(request).get("said", "")[:300]


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX_BYTES:
            raise HTTPException(413, f"wanted at most {FORM_MAX_BYTES} bytes")
    try:
        return dict(parse_qsl(body.decode("ascii", "replace"), errors="surrogateescape", max_num_fields=10))
    except ValueError:
        return {}
