"""
How messages to people read: a title and a plain text, in the language of whoever gets them.

Owns the words; what is told and when is decided in `core.tidings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hotfolder.core import settings, wording
from hotfolder.core.saying import Say, Voice
from hotfolder.core.tidings import NAMED, Failures, File, Finished, Held, Place, Recovery, Trouble
from hotfolder.ports import Letter
from hotfolder.status import cures
from hotfolder.status.site.words import OUTCOMES

UPLOADED = ("nothing uploaded", "1 uploaded", "{count} uploaded")
NEED = ("", "1 needs you", "{count} need you")
HELD = ("", "1 is held", "{count} are held")
BUSY = ("", "1 on its way", "{count} on their way")
FILES_NEED = ("", "1 file needs you", "{count} files need you")
FILES_WAIT = ("", "1 file waits for you", "{count} files wait for you")
MORE = ("", "and 1 more", "and {count} more")
"""Each for none, one, and several."""

TITLE = "{what}: {why}"
LIST = "{intro}:"
FOLDER = "the hot folder {name}"
SERVER = "the server"
NAMED_SERVER = "the server {name}"
LEDGER = "the ledger, hotfolder's own record"
PAUSED = "The hot folder {name} waits for you"
TROUBLE = "Trouble: {what}"
WELL_AGAIN = "Well again: {what}"
SINCE = "{what}, for {time}"
AFTER = "{what}, after {time}"
HOURS = "{hours} hours"
DONE = "What was dropped into the hot folder {name} is done: {counts}."
NOTES = "A note beside each, in _failed or _check, says what to do now."
NOTHING_LOST = "Nothing is lost: what is dropped meanwhile waits in its place and goes on by itself."
GOES_ON = "What was waiting goes on by itself."
DIGEST_TITLE = "The last 24 hours: {counts}"
DIGEST = "This is what the last 24 hours brought:"
NOT_WELL = "Not well at the moment:"
TRIAL_TITLE = "A trial message"
TRIAL = "Messages of hotfolder arrive here ({name}). Nothing has happened; this one was asked for."

TITLE_MOST: Final = 150
"""Characters of a title: phones show less, and some services refuse more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """What a day brought to one hot folder, and how it stands."""

    folder: str
    uploaded: int = 0
    need: int = 0
    busy: int = 0
    held: int = 0

    @property
    def is_something(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.uploaded or self.need or self.busy or self.held)


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What a day brought."""

    days: tuple[Day, ...]
    first: tuple[File, ...]  # of those that need somebody
    troubles: tuple[tuple[Place, str], ...] = ()

    @property
    def is_something(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.troubles) or any(day.is_something for day in self.days)


Folders = Mapping[str, settings.FolderSettings]


def letter(news: Failures | Held | Trouble | Recovery | Finished | Digest, voice: Voice, folders: Folders) -> Letter:
    """Return a message; names in it are escaped, so that they cannot turn round or break what stands beside them."""
    match news:
        case Failures():
            return _failures(news, voice, folders)
        case Held():
            return _held(news, voice, folders)
        case Trouble():
            return _trouble(news, voice)
        case Recovery():
            return _recovery(news, voice)
        case Finished():
            return _finished(news, voice, folders)
        case Digest():
            return _digest(news, voice, folders)


def trial(name: str, voice: Voice) -> Letter:
    """Return a message for trying the way."""
    return _letter(_capital(voice.say(TRIAL_TITLE)), [voice.say(TRIAL).format(name=name)])


def _failures(news: Failures, voice: Voice, folders: Folders) -> Letter:
    count = counted(FILES_NEED, news.count, voice.say)
    title = count if news.count > 1 else _line(news.first[0], voice)
    if len(_named(news.first)) == 1 and news.count > 1:
        title = _titled(wording.shown(news.first[0].folder), title, voice)
    return _letter(
        title,
        [
            voice.say(LIST).format(intro=count),
            *_listed(news.first, news.count, voice),
            voice.say(NOTES),
            *_whom(_named(news.first), voice, folders),
        ],
    )


def _held(news: Held, voice: Voice, folders: Folders) -> Letter:
    paused = [(voice.say(PAUSED).format(name=wording.shown(name)), name, reason) for name, reason in news.paused]
    files = counted(FILES_WAIT, news.count, voice.say)
    parts = [
        "\n".join(
            [f"{_titled(text, voice.told(reason), voice)}.", _cure(cures.of_folder(name, "held", reason), voice)]
        ).rstrip()
        for text, name, reason in paused
    ]
    if news.count:
        parts += [voice.say(LIST).format(intro=files), *_listed(news.first, news.count, voice)]
        parts.append(_cure(cures.of_held(news.first[0].reason), voice))
    title = _enumerated([*(text for text, _, _ in paused), *([files] if news.count else [])], voice)
    names = [*_named(news.first), *(name for _, name, _ in paused)]
    return _letter(_capital(title), [*parts, *_whom(names, voice, folders)])


def _trouble(news: Trouble, voice: Voice) -> Letter:
    title = voice.say(TROUBLE).format(
        what=_enumerated([_place(place, voice.say) for place, _, _ in news.places], voice)
    )
    parts = []
    for place, reason, seconds in news.places:
        what = voice.say(SINCE).format(what=_place(place, voice.say), time=_time(seconds, voice.say))
        parts.append(f"- {_titled(what, voice.told(reason), voice)}")
    return _letter(_capital(title), [*parts, voice.say(NOTHING_LOST)])


def _recovery(news: Recovery, voice: Voice) -> Letter:
    names = [_place(place, voice.say) for place, _ in news.places]
    lines = [
        "- " + voice.say(AFTER).format(what=name, time=_time(seconds, voice.say))
        for name, (_, seconds) in zip(names, news.places, strict=True)
    ]
    title = voice.say(WELL_AGAIN).format(what=_enumerated(names, voice))
    return _letter(_capital(title), [*lines, voice.say(GOES_ON)])


def _finished(news: Finished, voice: Voice, folders: Folders) -> Letter:
    name = wording.shown(news.folder)
    counts = _counts(voice, uploaded=news.uploaded, need=news.need, held=news.held)
    parts = [voice.say(DONE).format(name=name, counts=counts)]
    if news.need:
        parts += [*_listed(news.first, news.need, voice), voice.say(NOTES), *_whom([news.folder], voice, folders)]
    return _letter(_titled(name, counts, voice), parts)


def _digest(news: Digest, voice: Voice, folders: Folders) -> Letter:
    days = [day for day in news.days if day.is_something]
    uploaded, need = sum(day.uploaded for day in days), sum(day.need for day in days)
    lines = [
        "- "
        + _titled(
            wording.shown(day.folder),
            _counts(voice, uploaded=day.uploaded, need=day.need, held=day.held, busy=day.busy),
            voice,
        )
        for day in days
    ]
    parts = ["\n".join([voice.say(DIGEST), *lines])]
    if need:
        intro = voice.say(LIST).format(intro=counted(FILES_NEED, need, voice.say))
        parts += [intro, *_listed(news.first, need, voice), voice.say(NOTES)]
    if news.troubles:
        troubles = [f"- {_titled(_place(place, voice.say), voice.told(why), voice)}" for place, why in news.troubles]
        parts.append("\n".join([voice.say(NOT_WELL), *troubles]))
    title = voice.say(DIGEST_TITLE).format(counts=_counts(voice, uploaded=uploaded, need=need))
    return _letter(_capital(title), [*parts, *_whom([day.folder for day in days if day.need], voice, folders)])


# --- parts ---


def counted(texts: Sequence[str], count: int, say: Say) -> str:
    """Return the text for so many."""
    text = texts[min(count, 2)]
    return say(text).format(count=count) if text else ""


def _counts(voice: Voice, *, uploaded: int, need: int, held: int = 0, busy: int = 0) -> str:
    parts = [
        counted(texts, count, voice.say)
        for texts, count in ((UPLOADED, uploaded), (NEED, need), (HELD, held), (BUSY, busy))
    ]
    return ", ".join(part for part in parts if part)


def _listed(first: Sequence[File], count: int, voice: Voice) -> list[str]:
    lines = [f"- {_line(file, voice, with_reason=True)}" for file in first[:NAMED]]
    more = counted(MORE, count - len(lines), voice.say)
    return ["\n".join([*lines, *([f"- {more}"] if more else [])])]


def _line(file: File, voice: Voice, *, with_reason: bool = False) -> str:
    """Return one file with what became of it."""
    say = voice.say
    what = _titled(wording.shown(file.folder), wording.shown(file.path), voice)
    if file.outcome is None:
        return _titled(what, voice.told(file.reason), voice)
    line = _titled(what, say(OUTCOMES[file.outcome].text), voice)
    return _titled(line, voice.told(file.reason), voice) if with_reason and file.reason else line


def _titled(what: str, why: str, voice: Voice) -> str:
    return voice.say(TITLE).format(what=what, why=why)


def _named(files: Iterable[File]) -> list[str]:
    return list(dict.fromkeys(file.folder for file in files))


def _whom(names: Iterable[str], voice: Voice, folders: Folders) -> list[str]:
    contacts = dict.fromkeys(
        contact for name in names if name in folders and (contact := wording.shown(folders[name].contact).strip())
    )
    return [_titled(voice.say(wording.WHOM), ", ".join(contacts), voice)] if contacts else []


def _place(place: Place, say: Say) -> str:
    name = wording.shown(place.name)
    match place.kind:
        case "folder":
            return say(FOLDER).format(name=name)
        case "server":
            return say(SERVER) if place.name == settings.DEFAULT_SERVER else say(NAMED_SERVER).format(name=name)
        case "ledger":
            return say(LEDGER)


def _enumerated(names: Sequence[str], voice: Voice) -> str:
    more = counted(MORE, len(names) - 3, voice.say) if len(names) > 3 else ""
    return ", ".join([*names[:3], *([more] if more else [])])


def _time(seconds: float, say: Say) -> str:
    if seconds < 120:
        return say(wording.SECONDS).format(seconds=f"{seconds:.0f}")
    if seconds < 2 * 3600:
        return say(wording.MINUTES).format(minutes=f"{seconds / 60:.0f}")
    return say(HOURS).format(hours=f"{seconds / 3600:.0f}")


def _cure(cure: str | None, voice: Voice) -> str:
    said = voice.told(cure) if cure else ""
    return f"{_capital(said)}." if said else ""


def _capital(text: str) -> str:
    """Begin a sentence; never one that begins with a name, which stays as it is written."""
    return text[:1].upper() + text[1:]


def _letter(title: str, parts: Iterable[str]) -> Letter:
    if len(title) > TITLE_MOST:
        title = title[: TITLE_MOST - 1] + "…"
    return Letter(title=title, body="\n\n".join(part for part in parts if part) + "\n")
