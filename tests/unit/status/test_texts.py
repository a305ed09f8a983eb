"""Everything that people read has its text in every language, and keeps to words that people know."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from tests.strategies import drop

from hotfolder.config.languages import LANGUAGES
from hotfolder.core import file_troubles, line_troubles, wording
from hotfolder.core.model import NotTaken, Outcome, Unsafe
from hotfolder.core.notes import left_alone, note
from hotfolder.core.saying import filled, names_in, texts
from hotfolder.core.settings import FolderSettings
from hotfolder.edges.files.words import of_path
from hotfolder.status import sizes, telling, voices
from hotfolder.status.site import words

OTHERS = [language for language in LANGUAGES if language != "en"]
FORBIDDEN = re.compile(r"\b(assets?|jobs?|handles?|settle[sd]?|settling)\b", re.IGNORECASE)
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
TEMPLATE_TEXT = re.compile(r"""_\((?:"([^"]*)"|'([^']*)')\)""")


def of_templates() -> Iterator[str]:
    """Yield what the templates say."""
    for file in resources.files("hotfolder.status.site").joinpath("templates").iterdir():
        if file.name.endswith(".html"):
            for double, single in TEMPLATE_TEXT.findall(file.read_text("utf-8")):
                yield double or single


ALL = sorted({*texts(wording), *texts(words), *texts(sizes), *texts(telling), *voices.SENTENCES, *of_templates()})


def messages(language: str) -> dict[str, Message]:
    with resources.files("hotfolder").joinpath("locale", f"{language}.po").open("rb") as file:
        return {str(message.id): message for message in read_po(file, locale=language) if message.id}


def without_placeholders(text: str) -> str:
    return PLACEHOLDER.sub("", text)


def test_there_is_something_to_say() -> None:
    """What gathers the texts must not come home with nothing."""
    assert len(ALL) > 300
    assert {"What happened", "Still copying", wording.RENAMED, "Skip to the content", "part of its name"} <= set(ALL)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_there_in_every_language(language: str) -> None:
    known = messages(language)
    assert [text for text in ALL if text not in known or not known[text].string] == []
    assert [text for text in ALL if known[text].fuzzy] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_the_same_placeholders_in_every_language(language: str) -> None:
    known = messages(language)
    assert [
        text
        for text in ALL
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(str(known[text].string)))
    ] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_nothing_that_nobody_says(language: str) -> None:
    assert sorted(messages(language).keys() - set(ALL)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_has_words_that_only_we_know(language: str) -> None:
    said = ALL if language == "en" else [str(message.string) for message in messages(language).values()]
    assert [text for text in said if FORBIDDEN.search(without_placeholders(text))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_is_part_of_a_sentence_in_every_language(language: str) -> None:
    """It stands alone on the page, and gets its capital and its full stop in a note."""
    say = voices.voice_of(language).say
    begun_otherwise = [
        text
        for text in voices.SENTENCES
        if text[0].islower() and (not (first := say(text))[0].islower() and first[0] not in "«{")
    ]
    assert begun_otherwise == []
    assert [text for text in voices.SENTENCES if text[0].islower() and say(text).endswith(".")] == []


def test_every_outcome_and_every_refusal_has_its_words() -> None:
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(wording.NOTES) == {outcome for outcome in Outcome if not outcome.is_good} - {Outcome.WITHDRAWN}
    assert set(wording.NOT_TAKEN) == set(NotTaken)
    assert set(wording.UNSAFE) == set(wording.UNSAFE_TO_DO) == set(Unsafe)


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_said_in_another_language(language: str) -> None:
    """Made from its template with values that are words of nobody, it comes out of the template's translation."""
    voice = voices.voice_of(language)
    for template in voices.SENTENCES:
        values = {name: f"«{name}»" for name in names_in(template)}
        assert voice.told(filled(template, values)) == filled(voice.say(template), values)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", list(wording.NOTES))
def test_a_note_is_in_one_language_and_has_no_words_that_only_we_know(outcome: Outcome, language: str) -> None:
    folder = FolderSettings(name="catalog", path=Path("/srv/catalog"), language=language)
    voice = voices.voice_of(language)
    ended = replace(
        drop(7, "spring/chair.jpg"),
        outcome=outcome,
        asset="chair",
        stored_as="chair-1",
        possible_second_copy=True,
        caution=wording.SAME_NAME.format(asset="chair", other='"winter/chair.png"'),
        reason=wording.ORIGINAL_GONE.format(reason=wording.DUPLICATE.format(asset="chair")),
    )
    _, text = note(ended, folder, voice)
    assert not FORBIDDEN.search(text)
    said = " ".join(text.split())
    for part in (wording.HAPPENED, wording.WHY, wording.TO_DO, wording.WHOM, wording.SECOND_COPY, wording.NO_CONTACT):
        assert " ".join(voice.say(part).split()) in said
        assert language == "en" or part + " " not in said.replace(voice.say(part), "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unsafe", list(Unsafe))
def test_a_note_about_what_is_left_alone_is_in_one_language(unsafe: Unsafe, language: str) -> None:
    folder = FolderSettings(name="catalog", path=Path("/srv/catalog"), language=language)
    path, text = left_alone("spring/chair.jpg", unsafe, folder, voices.voice_of(language))
    assert path == "_failed/spring/chair.jpg - NOT SENT.txt"
    assert not FORBIDDEN.search(text)
    assert ("Ce qui s'est passé" in text) is (language == "fr")
    assert ("What happened" in text) is (language == "en")


ENDS = {"_decide", "decide", "_verdict", "Verdict", "withdraw", "_refuse", "_later", "_hold", "_hold_all", "Stuck"} | {
    "LookAgain",
    "Rejected",
    "_ignore",
}
"""What a reason is given to on its way to people, in the core."""

TROUBLES = {"Trouble", "FolderError", "WatchError", "ChangedError", "SpoiltError"} | {
    "NotSentError",
    "BrokenError",
    "AddressGoneError",
    "TooSlowError",
}
"""What trouble with files and servers is told by."""


def inline_texts(package: str, names: Container[str]) -> list[str]:
    """Return where a module of a package gives a text that stands right there to one of these."""
    inline = []
    for file in resources.files(package).iterdir():
        if file.name.endswith(".py"):
            for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                for argument in (*call.args, *(keyword.value for keyword in call.keywords)) if name in names else ():
                    whole = isinstance(argument, ast.Constant) and " " in str(argument.value)
                    if whole or isinstance(argument, ast.JoinedStr):
                        inline.append(f"{file.name}:{call.lineno}")
    return inline


def test_no_reason_is_written_where_nobody_could_put_it_into_another_language() -> None:
    """In the core a reason is a text of `wording`: one that stands inline would be shown in English for ever."""
    assert inline_texts("hotfolder.core", ENDS) == []


@pytest.mark.parametrize(
    "package", ["edges", "edges.files", "edges.remote", "ips", "services", "core"], ids=lambda name: str(name)
)
def test_no_trouble_is_written_where_nobody_could_put_it_into_another_language(package: str) -> None:
    assert inline_texts(f"hotfolder.{package}", TROUBLES) == []


def test_trouble_inside_of_trouble_is_said_in_another_language() -> None:
    shut = line_troubles.NO_CONNECTION.format(
        host=line_troubles.PROXY.format(host="proxy.example.com"), why="Connection refused"
    )
    away = of_path("/srv/share/catalog", file_troubles.NOT_THERE)
    told = voices.voice_of("fr").told
    assert told(shut) == "pas de connexion avec le proxy proxy.example.com : Connection refused"
    assert told(away) == "/srv/share/catalog : il n'est pas là (le partage est-il monté ?)"
