"""Names of notes and receipts."""

from __future__ import annotations

import os
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.companions import NAME_MAX, NOT_SENT, PLEASE_CHECK, note_name, receipt_name

names = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]) | st.sampled_from("äé́́字𝒳."), min_size=1
).filter(lambda name: len(name.encode()) <= NAME_MAX)


def test_note_has_the_whole_name_and_the_suffix() -> None:
    assert note_name("chair.jpg") == "chair.jpg - NOT SENT.txt"
    assert note_name("chair.jpg", PLEASE_CHECK) == "chair.jpg - PLEASE CHECK.txt"
    assert receipt_name("chair.jpg") == "chair.jpg.receipt.toml"


def test_long_name_keeps_beginning_and_extension() -> None:
    name = note_name("x" * 251 + ".jpg")
    assert name.startswith("x" * 200)
    assert name.endswith(".jpg" + NOT_SENT)
    assert len(name) == NAME_MAX


def test_two_long_names_that_differ_at_the_end_do_not_meet() -> None:
    assert note_name("x" * 250 + "1.jpg") != note_name("x" * 250 + "2.jpg")


def test_overlong_extension_is_no_extension() -> None:
    name = note_name("a." + "b" * 250)
    assert name.startswith("a.bbbb")
    assert len(name) == NAME_MAX


def test_letter_is_not_parted_from_its_marks() -> None:
    """There is no q with two dots in one piece; half of it would be another letter."""
    for length in range(80, 90):
        name = note_name("x" + "q\u0308" * length)
        kept = name.partition("~")[0].removesuffix(NOT_SENT)
        assert kept in ("x" + "q\u0308" * length, "x" + "q\u0308" * (len(kept) // 2))


def test_companions_of_a_decomposed_name_are_written_as_everybody_types_it() -> None:
    assert note_name("cafe\u0301.jpg") == "caf\u00e9.jpg - NOT SENT.txt"
    assert receipt_name("cafe\u0301.jpg") == receipt_name("caf\u00e9.jpg")
    assert note_name("x" * 200 + "e\u0301" * 12 + ".jpg") == "x" * 200 + "\u00e9" * 12 + ".jpg" + NOT_SENT


def test_undecodable_name_has_a_note_too() -> None:
    name = note_name(os.fsdecode(b"\xe4" * 255))
    assert len(os.fsencode(name)) == NAME_MAX


@given(names, st.sampled_from([NOT_SENT, PLEASE_CHECK, ".receipt.toml"]))
def test_any_companion_fits_and_is_the_same_every_time(name: str, suffix: str) -> None:
    companion = note_name(name, suffix)
    assert unicodedata.is_normalized("NFC", companion)
    assert len(companion.encode()) <= NAME_MAX
    assert companion.endswith(suffix)
    assert companion == note_name(name, suffix)
