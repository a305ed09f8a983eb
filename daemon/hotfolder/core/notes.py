"""
Notes and receipts: what lies beside a file once its outcome is known.

Owns their shape; the words are in `wording`, the places in `companions`, and writing them is not done here.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import tomli_w

from hotfolder.core import wording
from hotfolder.core.companions import NOT_SENT, PLEASE_CHECK, note_name
from hotfolder.core.litter import FAILED
from hotfolder.core.model import Drop, Job, Outcome, Unsafe
from hotfolder.core.saying import ENGLISH, Say, Voice
from hotfolder.core.settings import FolderSettings
from hotfolder.core.visibility import promised, published_at, visible

_SUFFIXES = {
    Outcome.FAILED: NOT_SENT,
    Outcome.DUPLICATE: NOT_SENT,
    Outcome.REJECTED: NOT_SENT,
    Outcome.RENAMED: PLEASE_CHECK,
    Outcome.UNKNOWN: PLEASE_CHECK,
}

NOTED = frozenset(_SUFFIXES)
"""Outcomes that somebody should look at: a note lies beside each such file."""

_STORED = (Outcome.STORED, Outcome.UPDATED, Outcome.RENAMED)

_WIDTH = 76
"""Columns of a note: Notepad does not wrap lines unless told."""


def note(drop: Drop, folder: FolderSettings, voice: Voice = ENGLISH, job: Job | None = None) -> tuple[str, str]:
    """
    Return what to add to a drop's name for its note, which is the same in every language, and the note itself.

    The text begins with a byte order mark and its lines end with CR LF: so every Notepad shows it in lines and with
    the right letters, also those before Windows 10, and TextEdit, which else guesses the encoding, does as well.
    Raises ValueError for an outcome that needs no note: stored, updated, withdrawn, none yet.
    """
    if drop.outcome is None or drop.outcome not in _SUFFIXES:
        raise ValueError(f"no note is due for the outcome {drop.outcome} of drop {drop.id}")
    say = voice.say
    words = _words(drop, drop.outcome)
    suffix = _SUFFIXES[drop.outcome]
    path = wording.shown(drop.path)
    names = {
        "asset": wording.shown(drop.asset),
        "stored_as": wording.shown(drop.stored_as or "") or say(wording.UNNAMED),
    }
    happened = [say(words.happened).format(**names)]
    if drop.possible_second_copy:
        happened.append(say(wording.SECOND_COPY))
    if drop.caution:
        happened.append(say(wording.TOLD_BEFORE).format(caution=voice.told(drop.caution)))
    happened.append(_sentence(voice.told(promised(drop, job) or "")))
    to_do = [say(what_to_do(drop)).format(**names)]
    if _to_do_there(drop):
        to_do.append(say(wording.TAKE_NOTE_AWAY))
    elif words.drag_back:
        to_do.append(say(wording.DISAPPEARS))
    sections = {
        wording.HAPPENED: happened,
        wording.WHY: [_sentence(voice.told(drop.reason)) or say(wording.NO_REASON)],
        wording.REMARKS: [_sentence(wording.in_plain_words(remark)) for remark in drop.warnings.splitlines()],
        wording.TO_DO: to_do,
        wording.WHOM: [_contact(folder, say)],
    }
    reference = [
        say(line).format(number=drop.id, folder=folder.name, path=path, dropped=_utc(drop.seen_at))
        for line in wording.REFERENCE
    ]
    title = say(wording.TITLES[suffix]).format(name=path.rpartition("/")[2])
    return suffix, _rendered(title, sections, reference, say)


def _words(drop: Drop, outcome: Outcome) -> wording.NoteWording:
    return wording.LOST if drop.reason.startswith(wording.LOST_WAITING) else wording.NOTES[outcome]


def what_to_do(drop: Drop) -> str:
    """Return what is to be done now, to be translated and then filled in; empty where nothing is."""
    if drop.outcome is None or drop.outcome not in wording.NOTES:
        return ""
    return _to_do_there(drop) or _words(drop, drop.outcome).to_do


def _to_do_there(drop: Drop) -> str:
    """Return what is to be done where the file was kept in its place, empty for every other: nobody drags it back."""
    if drop.outcome is None or not drop.was_kept or drop.reason.startswith(wording.LOST_WAITING):
        return ""
    return wording.KEPT_TO_DO.get(drop.outcome, "")


def left_alone(path: str, unsafe: Unsafe, folder: FolderSettings, voice: Voice = ENGLISH) -> tuple[str, str]:
    """
    Return path (inside the hot folder) and text of the note about a thing that is unsafe to touch and stays in place.

    The same thing always gives the same note. Bytes of its name that are not UTF-8 are written as %XX in the note's
    name, for a note that has them too could not be opened over the network either.
    """
    say = voice.say
    shown = wording.shown(path)
    sections = {
        wording.HAPPENED: [say(wording.LEFT_ALONE)],
        wording.WHY: [_sentence(say(wording.UNSAFE[unsafe]))],
        wording.TO_DO: [say(wording.UNSAFE_TO_DO[unsafe]), say(wording.TAKE_NOTE_AWAY)],
        wording.WHOM: [_contact(folder, say)],
    }
    reference = [say(line).format(folder=folder.name, path=shown) for line in wording.PLACE]
    plain = "".join(f"%{byte - 0xDC00:02X}" if 0xDC80 <= (byte := ord(letter)) <= 0xDCFF else letter for letter in path)
    above, slash, name = plain.rpartition("/")
    title = say(wording.TITLES[NOT_SENT]).format(name=shown.rpartition("/")[2])
    text = _rendered(title, sections, reference, say)
    return f"{FAILED}/{above}{slash}{note_name(name, NOT_SENT)}", text


def _rendered(title: str, sections: Mapping[str, Sequence[str]], reference: Sequence[str], say: Say) -> str:
    """Lay out a note: sections and paragraphs without text are left out, the lines of the reference stay whole."""
    lines = [title, "=" * min(len(title), _WIDTH)]
    for heading, paragraphs in sections.items():
        texts = [text for text in paragraphs if text]
        if texts:
            lines += ["", say(heading)]
        for text in texts:
            lines += textwrap.wrap(
                text,
                _WIDTH,
                initial_indent="  ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
    lines += ["", say(wording.REFERENCE_TITLE), *(f"  {line}" for line in reference)]
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def _contact(folder: FolderSettings, say: Say) -> str:
    return wording.shown(folder.contact).strip() or say(wording.NO_CONTACT)


def receipt(drop: Drop, job: Job | None) -> dict[str, Any]:
    """
    Return what is known of a drop at its end: the keys of a receipt (DESIGN 4.3), in their order.

    Before the options stands when people see the file: `published_at`, where a publish of ours has taken it, and
    `visible` in words.

    Values are those of JSON: times are RFC 3339 in UTC, what does not apply is None, `warnings` is a list of lines,
    `options` a table. `asset` is the ID the server stored it under, else the one it was to get; `stored_at` is set
    only where something was stored.
    """
    is_stored = drop.outcome in _STORED
    return {
        "file": _encodable(drop.path),
        "asset": _encodable((drop.stored_as if is_stored else None) or drop.asset),
        "asset_handle": drop.asset_handle,
        "job": None if job is None else job.name,
        "job_handle": None if job is None else job.handle,
        "outcome": None if drop.outcome is None else str(drop.outcome),
        "reason": _encodable(drop.reason),
        "warnings": [_encodable(line) for line in (drop.caution, *drop.warnings.splitlines()) if line.strip()],
        "sha256": drop.sha256,
        "size_bytes": drop.identity.size_bytes,
        "dropped_at": _timestamp(drop.seen_at),
        "stored_at": _timestamp(drop.stored_at) if is_stored and drop.stored_at is not None else None,
        "destination": _encodable(drop.destination),
        "possible_second_copy": drop.possible_second_copy,
        "published_at": None if (at := published_at(drop, job)) is None else _timestamp(at),
        "visible": visible(drop, job),
        "options": json.loads(drop.options),
    }


def receipt_text(drop: Drop, job: Job | None) -> str:
    """
    Return the receipt as TOML, as it is filed: with when the file is to go live; when it did is not known yet.

    TOML has no null: what does not apply is an empty string, so that every key is in every receipt.
    """
    values = receipt(drop, job) | {"visible": promised(drop, job)}
    del values["published_at"]
    return tomli_w.dumps({key: "" if value is None else value for key, value in values.items()})


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC)


def _timestamp(at: datetime) -> str:
    """Return RFC 3339 in UTC, to the millisecond, with "Z"."""
    return _utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encodable(text: str) -> str:
    """Return text as it is, but for bytes of a name that were not UTF-8: these are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _sentence(reason: str) -> str:
    """Return a reason as a sentence of its own."""
    if not reason:
        return ""
    return reason[0].upper() + reason[1:] + ("" if reason[-1] in ".!?" else ".")
