"""
Answers of the server: JSON, errors with a text for people, and the headers of every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from hotfolder.status.plain import as_json

HEADERS = {
    # nothing is loaded and nothing runs but our own, nobody may frame it or be sent a form
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would hide from us that a form comes from a page of ours
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def answer(value: Any, *, status: int = 200) -> Response:
    """Return JSON."""
    return Response(
        as_json(value).encode(), status_code=status, headers={**HEADERS, "Content-Type": "application/json"}
    )


def failure(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as JSON, with a text for people."""
    response = answer({"error": text}, status=status)
    response.headers.update(headers or {})
    return response
