"""A secret is seen in whatever form it was written."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode
from xml.etree import ElementTree

import pytest

from tests.acceptance.canary import forms, holders

SECRET = """ a <canary> of "the" & 'other' \\ dröpped? + 7f """


def _xml(secret: str) -> bytes:
    element = ElementTree.Element("a")
    element.text = secret
    return bytes(ElementTree.tostring(element, "us-ascii"))


@pytest.mark.parametrize(
    "write",
    [
        str.encode,
        lambda secret: json.dumps({"x": secret}).encode(),
        lambda secret: json.dumps({"x": json.dumps({"y": secret})}).encode(),
        lambda secret: repr({"x": secret}).encode(),
        lambda secret: html.escape(secret).encode(),
        lambda secret: urlencode({"x": secret}).encode(),
        lambda secret: quote(secret).encode(),
        lambda secret: quote_plus(secret).encode(),
        lambda secret: secret.encode().hex().encode(),
        lambda secret: base64.urlsafe_b64encode(b"user:" + secret.encode() + b"!"),
        *(lambda secret, n=n: base64.b64encode(b"x" * n + secret.encode() + b"tail") for n in range(3)),
        _xml,
    ],
)
def test_a_secret_is_seen_in_every_form(write: Callable[[str], bytes]) -> None:
    assert holders(SECRET, {"an output": b"before " + write(SECRET) + b" after"})


def test_what_only_looks_like_it_is_not_taken_for_it() -> None:
    assert not holders(SECRET, {"an output": b" ".join(form[:-2] for form in forms("another secret"))})
    assert min(map(len, forms(SECRET))) >= len(SECRET.strip())  # none so short that it might stand anywhere
