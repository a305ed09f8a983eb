"""
Keeping a secret out of what a server says, by its value: servers and proxies repeat requests in their error texts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import quote

Redact = Callable[[str], str]
"""Returns a text without the secret; to be applied before a text is shortened, or a part of the secret would stay."""

MARK = "[redacted]"


def redactor(secret: str) -> Redact:
    """Return a function that replaces the secret, also as XML and URLs write it and whatever became of its blanks."""
    words = secret.split()
    if not words:
        return lambda text: text
    forms = (words, [quote(word, safe="") for word in words])
    pattern = re.compile("|".join(r"(?:\s|%20|\+)+".join(map(re.escape, form)) for form in forms))

    def redact(text: str) -> str:
        # twice: the page of a proxy may quote XML
        return pattern.sub(MARK, html.unescape(html.unescape(text)))

    return redact
