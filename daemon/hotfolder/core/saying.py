"""
Saying in another language what was said in English before.

The ledger and the log keep English. What people read is put into their language when it is shown: a text as it is, a
sentence that was made from a template by finding the template and the values in it. What was made from none of them,
such as the server's own words, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from string import Formatter
from types import ModuleType
from typing import Final

from hotfolder.core import wording

Say = Callable[[str], str]
"""Gives a text of ours in some language; one that it does not know comes back as it is."""

SENTENCES: Final = frozenset(
    [
        "reason",
        "missing",
        "cure",
        "time",
        "size",
        "most",
        "other",
        "why",
        "unsafe",
        "state",
        "kind",
        "shelf",
        "host",
        "place",
        "companies",
    ]
)
"""Placeholders whose values may have been made from templates themselves."""

MESSAGES: Final = frozenset({"message"})
"""Placeholders whose values are the server's own words."""

_TEXTS: Final = frozenset({"text", "more", "happened", "to_do"})
"""Fields that hold texts in values that hold other things as well, such as signs."""

_FORMATTER: Final = Formatter()


def english(text: str) -> str:
    """Give a text as it is written in the code."""
    return text


def texts(module: ModuleType) -> Iterator[str]:
    """Yield every text for people that a module has under a public constant, those in tables included."""
    for name, value in vars(module).items():
        if name.isupper() and not name.startswith("_"):
            yield from _texts_in(value)


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if value and type(value) is str:  # members of enumerations are for machines
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _texts_in(each)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name in _TEXTS:
                yield from _texts_in(getattr(value, field.name))


def names_in(template: str) -> list[str]:
    """Return the placeholders of a template, in their order."""
    return [name for _, name, _, _ in _FORMATTER.parse(template) if name is not None]


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with values that are texts already, whatever form it asks for."""
    return "".join(
        before + (values[name] if name is not None else "") for before, name, _, _ in _FORMATTER.parse(template)
    )


@dataclass(frozen=True, slots=True)
class _Template:
    text: str
    pattern: re.Pattern[str]
    longest: str  # of what stands between its placeholders: without it nothing was made from this one


class Sentences:
    """Knows the templates that sentences were made from; may be shared."""

    def __init__(self, templates: Iterable[str]) -> None:
        """One that is the beginning of another must not keep it from being found, so the longest is tried first."""
        self._whole: set[str] = set()
        made: list[_Template] = []
        for template in dict.fromkeys(templates):
            if names_in(template):
                made.append(_made(template))
            else:
                self._whole.add(_FORMATTER.vformat(template, (), {}))
        self._templates = sorted(made, key=lambda one: len("".join(_literals(one.text))), reverse=True)

    def told(self, sentence: str, say: Say) -> str:
        """Return a sentence in the language of `say`, fit for one line; the server's own words in plain ones."""
        if sentence in self._whole:
            return say(sentence)
        for template in self._templates:
            if template.longest in sentence and (found := template.pattern.fullmatch(sentence)):
                values = {name: self._value(name, value, say) for name, value in found.groupdict().items()}
                return filled(say(template.text), values)
        return wording.in_plain_words(sentence)

    def _value(self, name: str, value: str, say: Say) -> str:
        if name in SENTENCES:
            return self.told(value, say) if value else ""
        return wording.in_plain_words(value) if name in MESSAGES else wording.shown(value)


def _literals(template: str) -> list[str]:
    return [before for before, _, _, _ in _FORMATTER.parse(template)]


def _made(template: str) -> _Template:
    pattern = ""
    seen: set[str] = set()
    for before, name, _, _ in _FORMATTER.parse(template):
        pattern += re.escape(before)
        if name is not None:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
            seen.add(name)
    return _Template(template, re.compile(pattern, re.DOTALL), max(_literals(template), key=len))


def reasons(module: ModuleType) -> Iterator[str]:
    """
    Yield the texts of a module that stand in the ledger or are shown as reasons.

    With placeholders these are parts of a sentence: what begins with a capital is a line of a note.
    """
    return (text for text in texts(module) if not (names_in(text) and text[:1].isupper()))


REASONS: Final = Sentences(reasons(wording))


@dataclass(frozen=True, slots=True)
class Voice:
    """One language, with the sentences that can be put into it."""

    language: str  # its tag, such as "fr"
    say: Say
    sentences: Sentences

    def told(self, sentence: str) -> str:
        """Return what was said in English in this language."""
        return self.sentences.told(sentence, self.say)


ENGLISH: Final = Voice("en", english, REASONS)
