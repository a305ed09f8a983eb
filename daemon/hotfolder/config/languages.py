"""
The languages that people are answered in, and the catalogues of their texts.

English is what stands in the code; of every other language there is a catalogue in gettext's form in `locale`, read
when somebody wants it. A text that a catalogue lacks comes in English.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final, Literal, get_args

from hotfolder.core.saying import Say, english

Language = Literal["en", "fr"]
LANGUAGES: Final[tuple[str, ...]] = get_args(Language)
_ENGLISH: Final = "en"  # needs no catalogue


@cache
def say_in(language: str) -> Say:
    """Return what gives texts in a language; raises ValueError for one that there is no catalogue of."""
    if language == _ENGLISH:
        return english
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is not one of the languages {', '.join(LANGUAGES)}")
    known = catalogue(language)
    return lambda text: known.get(text, text)


def catalogue(language: str) -> dict[str, str]:
    """Return every text of a catalogue that is translated and that nobody has marked as doubtful."""
    from babel.messages.pofile import read_po  # takes a tenth of a second that who reads English need not wait for

    with resources.files("hotfolder").joinpath("locale", f"{language}.po").open("rb") as file:
        return {
            str(message.id): str(message.string)
            for message in read_po(file, locale=language)
            if message.id and message.string and not message.fuzzy
        }


def preferred(accept_language: str | None) -> str:
    """
    Return the language of ours that a browser's Accept-Language (RFC 9110, 12.5.4) likes best; else English.

    What cannot be understood is passed over: no header makes a page fail.
    """
    best, best_weight = _ENGLISH, 0.0
    for part in (accept_language or "")[:1000].split(","):
        tag, _, weight_text = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            weight = float(weight_text.strip().removeprefix("q=")) if weight_text.strip() else 1.0
        except ValueError:
            continue
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best
