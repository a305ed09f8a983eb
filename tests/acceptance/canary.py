"""
Secrets that must not be seen, in every form that text can take on its way out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

QUOT = {'"': "&quot;"}


def forms(secret: str) -> frozenset[bytes]:
    """Return how a secret may look: as it is, in XML, HTML, JSON, TOML, Python, URLs, headers, hex and base64."""
    return frozenset(form for form in (*_texts(secret), *_codes(secret.encode())) if form)


def _texts(secret: str) -> Iterator[bytes]:
    apos: tuple[dict[str, str], ...] = ({}, {"'": "&apos;"}, {"'": "&#39;"}, {"'": "&#x27;"})
    quot: tuple[dict[str, str], ...] = ({}, QUOT, {'"': "&#34;"})
    written = [
        secret,
        secret.strip(),
        *(escape(secret, one | other) for one in apos for other in quot),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    ]
    for text in written:
        yield text.encode()
        yield text.encode("ascii", "xmlcharrefreplace")
        yield text.encode("ascii", "backslashreplace")
        yield json.dumps(text)[1:-1].encode()  # said once more, in a line of the log
    yield secret.encode("utf-16-le")


def _codes(secret: bytes) -> Iterator[bytes]:
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for before in range(3):  # base64 of a longer text that it stands in: what of it does not depend on the rest
        text = base64.b64encode(bytes(before) + secret)
        core = text[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6]
        yield core
        yield core.translate(bytes.maketrans(b"+/", b"-_"))


def holders(secret: str, outputs: Mapping[str, bytes]) -> list[str]:
    """Return which outputs hold a secret in any form, and in which."""
    wanted = forms(secret)
    return [f"{where}: {form!r}" for where, data in outputs.items() for form in wanted if form in data]


def joined(parts: Iterable[str]) -> bytes:
    """Return texts as one output."""
    return "\n".join(parts).encode("utf-8", "backslashreplace")
