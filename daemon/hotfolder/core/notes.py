"""
Notes and receipts: what lies beside a file once its outcome is known.

Owns their shape; the words are in `wording`, the places in `companions`, and writing them is not done here.
"""

from __future__ import annotations

import json
import textwrap
from datetime import UTC, datetime
from typing import Any

import tomli_w

from hotfolder.core import wording
from hotfolder.core.model import Drop, Job, Outcome
from hotfolder.core.settings import FolderSettings

_SUFFIXES = {
    Outcome.FAILED: wording.NOT_SENT,
    Outcome.DUPLICATE: wording.NOT_SENT,
    Outcome.REJECTED: wording.NOT_SENT,
    Outcome.RENAMED: wording.PLEASE_CHECK,
    Outcome.UNKNOWN: wording.PLEASE_CHECK,
}

_STORED = (Outcome.STORED, Outcome.UPDATED, Outcome.RENAMED)

_WIDTH = 76
"""Columns of a note: Notepad does not wrap lines unless told."""


def has_note(outcome: Outcome) -> bool:
    """Return whether a file with this outcome gets a note."""
    return outcome in _SUFFIXES


def note(drop: Drop, folder: FolderSettings) -> tuple[str, str]:
    """
    Return what to add to a drop's name for its note, and the note itself.

    The text begins with a byte order mark and its lines end with CR LF: so every Notepad shows it in lines and with
    the right letters, also those before Windows 10, and TextEdit, which else guesses the encoding, does as well.
    Raises ValueError for an outcome that needs none (see `has_note`).
    """
    if drop.outcome is None or not has_note(drop.outcome):
        raise ValueError(f"no note is due for the outcome {drop.outcome} of drop {drop.id}")
    suffix = _SUFFIXES[drop.outcome]
    words = wording.NOTES[drop.outcome]
    path = _shown(drop.origin or drop.path)
    names = {"asset": _shown(drop.asset), "stored_as": _shown(drop.stored_as or "") or wording.UNNAMED}
    reference = wording.REFERENCE.format(number=drop.id, folder=folder.name, path=path, dropped=_utc(drop.seen_at))

    paragraphs = {"happened": [words.happened.format(**names)], "why": [_sentence(drop.reason or wording.NO_REASON)]}
    if drop.possible_second_copy:
        paragraphs["happened"].append(wording.SECOND_COPY)
    remarks = [_sentence(remark) for remark in drop.warnings.splitlines() if remark.strip()]
    if remarks:
        paragraphs["remarks"] = remarks
    paragraphs["to_do"] = [words.to_do.format(**names), wording.DISAPPEARS]
    paragraphs["whom"] = [_shown(folder.contact).strip() or wording.NO_CONTACT]
    paragraphs["reference"] = [reference]

    title = wording.TITLES[suffix].format(name=path.rpartition("/")[2])
    lines = [title, "=" * min(len(title), _WIDTH)]
    for section, texts in paragraphs.items():
        lines += ["", wording.SECTIONS[section]]
        for text in texts:
            lines += textwrap.wrap(
                text,
                _WIDTH,
                initial_indent="  ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
    return suffix, "\ufeff" + "\r\n".join(lines) + "\r\n"


def receipt(drop: Drop, job: Job | None) -> dict[str, Any]:
    """
    Return what is known of a drop at its end, with exactly the keys of a receipt (DESIGN 4.3), in their order.

    Values are those of JSON: times are RFC 3339 in UTC, what does not apply is None, `warnings` is a list of lines,
    `options` a table. `asset` is the ID the server stored it under, else the one it was to get; `stored_at` is set
    only where something was stored.
    """
    is_stored = drop.outcome in _STORED
    return {
        "file": _shown(drop.origin or drop.path),
        "asset": _shown((drop.stored_as if is_stored else None) or drop.asset),
        "asset_handle": drop.asset_handle,
        "job": None if job is None else job.name,
        "job_handle": None if job is None else job.handle,
        "outcome": None if drop.outcome is None else str(drop.outcome),
        "reason": _shown(drop.reason),
        "warnings": [_shown(line) for line in drop.warnings.splitlines() if line.strip()],
        "sha256": drop.sha256,
        "size_bytes": drop.identity.size_bytes,
        "dropped_at": _timestamp(drop.seen_at),
        "stored_at": _timestamp(drop.stored_at) if is_stored and drop.stored_at is not None else None,
        "destination": drop.destination,
        "possible_second_copy": drop.possible_second_copy,
        "options": json.loads(drop.options),
    }


def receipt_text(drop: Drop, job: Job | None) -> str:
    """
    Return the receipt as TOML.

    TOML has no null: what does not apply is an empty string, so that every key is in every receipt.
    """
    return tomli_w.dumps({key: "" if value is None else value for key, value in receipt(drop, job).items()})


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC)


def _timestamp(at: datetime) -> str:
    """Return RFC 3339 in UTC, to the millisecond, with "Z"."""
    return _utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(text: str) -> str:
    """Return text that can be written as UTF-8 and shown in one line: what cannot is escaped, never dropped."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _sentence(reason: str) -> str:
    """Return a reason as a sentence in plain words."""
    text = wording.in_plain_words(reason)
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
