"""
A secret that a server repeats does not get through, however it was written.
"""

import html
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ips.strategies import texts

from hotfolder.ips.faults import clean
from hotfolder.ips.redaction import MARK, redactor

SECRET = ' c4n<ary>&"ä b '


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        SECRET.strip(),
        clean(SECRET),
        SECRET.replace(" ", "\n  "),
        escape(SECRET),
        html.escape(SECRET),
        escape(escape(SECRET)),
        html.escape(SECRET).replace("ä", "&#228;"),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
    ],
)
def test_a_secret_is_found_in_each_of_its_forms(said: str) -> None:
    redacted = redactor(SECRET)(f"you sent {said}, which is wrong")
    assert "c4n" not in redacted
    assert MARK in redacted
    assert redacted.endswith("which is wrong")


@given(secret=texts.filter(str.strip), before=texts, after=texts)
def test_no_secret_gets_through_whatever_stands_around_it(secret: str, before: str, after: str) -> None:
    for said in (secret, html.escape(secret)):
        assert secret.strip() not in redactor(secret)(f"{before} {said} {after}").replace(MARK, "\0") or (
            secret.strip() in html.unescape(html.unescape(f"{before} \0 {after}"))
        )


def test_without_a_secret_a_text_stays_as_it_is() -> None:
    assert redactor("")("a &amp; b") == "a &amp; b"
    assert redactor(" ")("a b") == "a b"


@given(st.text("ab ", max_size=8))
def test_an_ordinary_text_only_loses_its_references(text: str) -> None:
    assert redactor("secret")(text) == text
