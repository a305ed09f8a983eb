"""Names as the server will know them."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import file_names

from hotfolder.core.naming import FORBIDDEN, asset_id, header_name, is_plain, job_name, sent_name, sent_text, unusable

PAIRS = [  # file name, sent name, asset ID
    ("chair.jpg", "chair.jpg", "chair"),
    ("chair.front.tif", "chair.front.tif", "chair.front"),
    ("README", "README", "README"),
    ("a&b.jpg", "ab.jpg", "ab"),
    ("50% off; now!.png", "50 off now!.png", "50 off now!"),
    ("cha\u0308ir.jpg", "ch\u00e4ir.jpg", "ch\u00e4ir"),
    ("a&\u0301.jpg", "\u00e1.jpg", "\u00e1"),  # what stood between letter and accent is removed
    ("a\u037eb.jpg", "ab.jpg", "ab"),  # the Greek question mark is a semicolon in NFC
    ("9\uf0225.jpg", "95.jpg", "95"),  # a Mac's colon over SMB
    ("what\uf03f.jpg", "what.jpg", "what"),  # the same question mark from Linux
    ("dots\uf029", "dots.", "dots"),
    ("archive.tar.gz", "archive.tar.gz", "archive.tar"),
    ("chair.", "chair.", "chair"),
    ("&.jpg", ".jpg", ""),
]


@pytest.mark.parametrize(("file_name", "sent", "asset"), PAIRS)
def test_table_of_names(file_name: str, sent: str, asset: str) -> None:
    assert (sent_name(file_name), asset_id(file_name)) == (sent, asset)


def test_characters_in_disguise_are_removed_like_bare_ones() -> None:
    """U+F001 to U+F029 are Apple's order, U+F000 and the ASCII code that of Services for Unix (RELIABILITY B10)."""
    apple = "".join(map(chr, range(0xF001, 0xF028)))
    unix = "".join(chr(0xF000 + ord(letter)) for letter in FORBIDDEN if letter > ")")
    assert sent_name(f"a{apple}b{unix}c\uf028d\uf029") == "abc d."
    assert sent_name("\uf000\uf02d\uf041") == "\uf000\uf02d\uf041", "somebody's own private characters"


@given(file_names)
def test_sent_name_holds_nothing_that_the_server_removes(name: str) -> None:
    """Else the asset ID we look for would not be the one that results."""
    sent = sent_name(name)
    assert FORBIDDEN.isdisjoint(sent)
    assert unicodedata.is_normalized("NFC", sent)
    assert sent_name(sent) == sent


@given(file_names)
def test_both_unicode_forms_of_a_name_are_one_asset(name: str) -> None:
    assert asset_id(unicodedata.normalize("NFD", name)) == asset_id(name)


@given(file_names)
def test_name_is_usable_only_if_xml_can_carry_it(name: str) -> None:
    if unusable(name) is None:
        sent = sent_name(name)
        assert asset_id(name).strip(" .")
        assert len(sent) <= 255
        assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in sent)


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("&.jpg", "nothing is left of its name once & are removed"),
        (".jpg", "nothing is left"),
        ("?*", "nothing is left"),
        ("...", "nothing is left"),
        (" .jpg", "nothing is left"),
        ("a\nb.jpg", "control characters"),
        ("a\x1b[31m.jpg", "control characters"),
        ("caf\udce9.jpg", "control characters"),
        ("x" * 252 + ".jpg", "longer than 255"),
    ],
)
def test_unusable_name_is_refused_with_its_reason(name: str, because: str) -> None:
    reason = unusable(name)
    assert reason is not None
    assert because in reason


def test_longest_name_a_disk_can_hold_is_usable() -> None:
    assert unusable("x" * 251 + ".jpg") is None


@given(file_names)
def test_header_name_is_safe_in_a_header(name: str) -> None:
    header = header_name(name, 3)
    assert re.fullmatch(r"[ -~]+", header)
    assert not set(header) & set('"\\/;%\r\n')
    assert is_plain(header)
    assert is_plain(name) == (header == name)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("chair.jpg", "chair.jpg"),
        ("red chair (2).jpg", "red chair (2).jpg"),
        ("a&b.jpg", "ab.jpg"),
        ("ch\u00e4ir.jpg", "file7.jpg"),
        ("字", "file7"),
        ("ä.字", "file7"),
        ("ä.jpg-from-the-old-archive", "file7"),
        (" chair.jpg", "file7.jpg"),
        ("chair.jpg ", "file7"),
    ],
)
def test_awkward_name_gets_a_placeholder_with_its_extension(name: str, header: str) -> None:
    assert header_name(name, 7) == header


def test_text_of_a_template_loses_only_what_cannot_be_sent() -> None:
    assert sent_text("fru\u0308h") == "fr\u00fch"
    assert sent_text("a\x1bb") == "ab"
    assert sent_text("R&D,\x1b fru\u0308h\udce4") == "R&D, fr\u00fch"


MOMENT = datetime(2026, 1, 31, 13, 0, 5, tzinfo=timezone(timedelta(hours=1)))


@given(st.text(max_size=80), st.text("abcXYZ019._-", min_size=1, max_size=40))
def test_job_name_is_short_and_plain_and_keeps_its_token(prefix: str, token: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name := job_name(prefix, MOMENT, token))
    assert name.endswith(f"-20260131T120005Z-{token}")


def test_job_name_tells_where_it_comes_from() -> None:
    assert job_name("Möbel / neu", MOMENT.astimezone(UTC), "7f3a") == "Mobel-neu-20260131T120005Z-7f3a"
    assert job_name("x" * 100, MOMENT, "7f3a") == "x" * 42 + "-20260131T120005Z-7f3a"
    assert job_name("字", MOMENT, "t" * 40) == "hotfol-20260131T120005Z-" + "t" * 40
    assert job_name("字", MOMENT, "7f3a") == "hotfolder-20260131T120005Z-7f3a"


@pytest.mark.parametrize("token", ["", "a|b", "ä", "x" * 41])
def test_job_name_needs_a_token_that_fits(token: str) -> None:
    with pytest.raises(ValueError, match="not 1 to 40"):
        job_name("catalog", MOMENT, token)


def test_job_name_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        job_name("catalog", MOMENT.replace(tzinfo=None), "7f3a")
