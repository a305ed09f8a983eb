"""What was said in English is found again, whatever it was made of, and said in another language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core import wording
from hotfolder.core.saying import REASONS, Sentences, english, filled, names_in, reasons

# what a name or a message may hold, but for what people would not be shown as it is
TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters="{}"), min_size=1)


def shouted(text: str) -> str:
    """Stand for a language: everything of ours in capitals, placeholders as they are."""
    return "".join(part if part.startswith("{") else part.upper() for part in _parts(text))


def _parts(text: str) -> list[str]:
    return [part for piece in text.split("{") for part in _piece(piece)] if "{" in text else [text]


def _piece(piece: str) -> list[str]:
    name, brace, rest = piece.partition("}")
    return ["{" + name + "}", rest] if brace else [piece]


def test_a_sentence_without_values_is_said_as_a_whole() -> None:
    assert REASONS.told(wording.STORED, shouted) == "THE SERVER STORED IT"


@given(stored_as=TEXTS, asset=TEXTS)
def test_values_are_taken_over_as_they_are(stored_as: str, asset: str) -> None:
    reason = wording.RENAMED.format(stored_as=stored_as, asset=asset)
    told = REASONS.told(reason, shouted)
    assert told.startswith('THE SERVER STORED IT UNDER THE NAME "')
    assert wording.shown(stored_as) in told
    assert wording.shown(asset) in told


def test_a_name_that_looks_like_a_word_of_the_servers_is_not_changed() -> None:
    """In plain words "asset" is "name", but a file may be called so."""
    assert '"asset"' in REASONS.told(wording.DUPLICATE.format(asset="asset"), english)


def test_the_servers_own_words_stay_but_in_plain_ones() -> None:
    reason = wording.REFUSED.format(message="The asset is broken")
    assert REASONS.told(reason, shouted) == "THE SERVER COULD NOT USE IT: The file is broken"


def test_what_was_made_from_no_template_stays_as_it_is() -> None:
    assert REASONS.told("Something else entirely: {x}", shouted) == "Something else entirely: {x}"


def test_a_sentence_inside_a_sentence_is_said_as_well() -> None:
    reason = wording.ORIGINAL_GONE.format(reason=wording.REFUSED.format(message="no"))
    assert REASONS.told(reason, shouted) == "THE SERVER COULD NOT USE IT: no; THE ORIGINAL WAS GONE FROM ITS PLACE"
    reason = wording.STUCK.format(
        missing=wording.NO_END.format(format="JPEG"), time=wording.SECONDS.format(seconds=9), cure=wording.COPY_AGAIN
    )
    assert REASONS.told(reason, shouted) == (
        "THE END OF THE JPEG IS MISSING, AND NOTHING HAS CHANGED FOR 9 S: COPY IT AGAIN"
    )


@given(st.sampled_from(sorted(reasons(wording))), st.data())
def test_english_gives_back_what_was_said(template: str, data: st.DataObject) -> None:
    sentence = filled(
        template, {name: data.draw(st.from_regex("[0-9]{1,5}", fullmatch=True)) for name in names_in(template)}
    )
    assert REASONS.told(sentence, english) == sentence


@given(st.text())
def test_any_text_can_be_told(text: str) -> None:
    assert "\n" not in REASONS.told(text, english)


@pytest.mark.parametrize("order", [1, -1])
def test_the_template_that_says_most_is_the_one(order: int) -> None:
    sentences = Sentences(["sent: {message}", "sent: {message}; and gone"][::order])
    assert sentences.told("sent: it; and gone", shouted) == "SENT: it; AND GONE"
