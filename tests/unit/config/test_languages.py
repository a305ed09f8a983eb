"""Which language somebody is answered in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.config.languages import LANGUAGES, preferred, say_in


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de-DE,de;q=0.9,fr;q=0.5,en;q=0.3", "fr"),
        ("de", "en"),
        ("FR", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=nonsense", "en"),
        ("*", "en"),
    ],
)
def test_a_browser_gets_the_language_of_ours_that_it_likes_best(header: str | None, language: str) -> None:
    assert preferred(header) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert preferred(header) in LANGUAGES


def test_english_is_what_stands_in_the_code() -> None:
    assert say_in("en")("What happened") == "What happened"


def test_french_comes_from_its_catalogue_and_what_that_lacks_in_english() -> None:
    assert say_in("fr")("What happened") == "Ce qui s'est passé"
    assert say_in("fr")("nobody ever wrote this") == "nobody ever wrote this"


def test_a_language_without_a_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="'de' is not one of the languages en, fr"):
        say_in("de")
