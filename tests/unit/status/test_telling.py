"""How messages read: in one language, on one line where they must be, whatever the names are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotfolder.config.languages import LANGUAGES
from hotfolder.core import wording
from hotfolder.core.model import Outcome
from hotfolder.core.settings import FolderSettings
from hotfolder.core.tidings import Failures, File, Finished, Held, Place, Recovery, Trouble
from hotfolder.status.telling import TITLE_MOST, Day, Digest, letter, trial
from hotfolder.status.voices import voice_of

HOSTILE = "<b>\u202e\n\x1b[31m" + "x" * 240
FOLDERS = {"hot": FolderSettings(name="hot", path=Path("/srv/hot"), contact="Photo desk\u202e, ext. 4711")}
BAD = tuple(
    File("hot", path, wording.DUPLICATE.format(asset="chair"), Outcome.DUPLICATE) for path in ("chair.jpg", HOSTILE)
)
HELD = File("hot", HOSTILE, wording.NO_END_OF_FILE)
Told = Failures | Held | Trouble | Recovery | Finished | Digest
KINDS: list[Told] = [
    Failures(count=1, first=BAD[:1]),
    Failures(count=1000, first=BAD),
    Held(count=1, first=(HELD,), paused=()),
    Held(count=0, first=(), paused=(("hot", wording.FIRST_RUN.format(limit=1000, folder="hot")),)),
    Held(count=3, first=(HELD,), paused=((HOSTILE, "x"),)),
    Trouble(places=((Place("folder", "hot"), "it is gone", 600.0),)),
    Trouble(places=tuple((Place("server", f"s{number}"), "no answer", 7500.0 * number) for number in range(5))),
    Recovery(places=((Place("server", "default"), 60.0), (Place("ledger"), 700.0))),
    Finished(folder="hot", uploaded=118, need=2, held=1, first=BAD),
    Finished(folder="hot", uploaded=1, need=0, held=0, first=()),
    Digest(
        days=(Day(folder="hot", uploaded=118, need=2, busy=4, held=1), Day(folder="quiet")),
        first=BAD,
        troubles=((Place("folder", "hot"), "it is gone"),),
    ),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("news", KINDS, ids=lambda news: type(news).__name__)
def test_every_message_is_plain_and_whole(news: Told, language: str) -> None:
    written = letter(news, voice_of(language), FOLDERS)
    assert written.title
    assert len(written.title) <= TITLE_MOST
    assert re.fullmatch(r"[^\x00-\x1f\x7f\u202a-\u202e]+", written.title)
    assert re.fullmatch(r"[^\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]+\n", written.body)
    assert not re.search(r"\{|\}|\b(asset|job|handle)s?\b", written.title + written.body)


def test_one_failure_is_named_in_the_title_with_all_there_is_to_know_below() -> None:
    written = letter(KINDS[0], voice_of("en"), FOLDERS)
    assert written.title == "hot: chair.jpg: Not uploaded: this name already exists"
    assert written.body == (
        "1 file needs you:\n\n"
        '- hot: chair.jpg: Not uploaded: this name already exists: something with the name "chair" is there already, '
        "and replacing it is switched off; nothing was changed\n\n"
        "A note beside each, in _failed or _check, says what to do now.\n\n"
        "Whom to ask: Photo desk\\u202e, ext. 4711\n"
    )


def test_a_finished_drop_says_how_it_went() -> None:
    english, french = (letter(KINDS[8], voice_of(language), FOLDERS) for language in ("en", "fr"))
    assert english.title == "hot: 118 uploaded, 2 need you, 1 is held"
    assert english.body.startswith("What was dropped into the hot folder hot is done: 118 uploaded, 2 need you, 1 is")
    assert french.title == "hot\u00a0: 118 envoyés, 2 demandent votre attention, 1 est retenu"
    assert french.body.startswith("Ce qui a été déposé dans le dossier surveillé hot est terminé")


def test_many_in_trouble_are_named_as_far_as_there_is_room() -> None:
    written = letter(KINDS[6], voice_of("en"), FOLDERS)
    assert written.title == "Trouble: the server s0, the server s1, the server s2, and 2 more"
    assert "- the server s4, for 8 hours: no answer" in written.body


def test_a_digest_leaves_out_where_nothing_happened() -> None:
    written = letter(KINDS[-1], voice_of("en"), FOLDERS)
    assert written.title == "The last 24 hours: 118 uploaded, 2 need you"
    assert "- hot: 118 uploaded, 2 need you, 1 is held, 4 on their way" in written.body
    assert "quiet" not in written.body
    assert not Digest(days=(Day(folder="quiet"),), first=()).is_something


def test_a_trial_says_that_it_is_one() -> None:
    assert "Nothing has happened" in trial("desk", voice_of("en")).body
