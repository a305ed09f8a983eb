"""
When hot folders want their files published, and which files of theirs are to be.

A wish is a minute of the local calendar as text, "2026-03-01T22:00", or "" for as soon as possible: so the earliest of
some is the smallest. Local, since a time of day cannot be told in UTC before it comes: summer time may begin by then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from hotfolder.core.model import Outcome
from hotfolder.core.settings import PublishWhen
from hotfolder.core.verdicts import Verdict

STORED = (Outcome.STORED, Outcome.UPDATED, Outcome.RENAMED)


def wish(when: PublishWhen | time, local: datetime) -> str:
    """Return when a file stored now is to be published; `local` is naive."""
    if not isinstance(when, time):
        return ""
    at = datetime.combine(local.date(), when)
    return (at if at > local else at + timedelta(days=1)).isoformat(timespec="minutes")


def is_due(wanted: str, local: datetime) -> bool:
    """Whether the time of a wish has come."""
    return wanted <= local.isoformat(timespec="minutes")


def left_s(wanted: str, local: datetime) -> float:
    """Return in how many seconds it comes, as long as nobody sets the clock."""
    return (datetime.fromisoformat(wanted) - local).total_seconds()


def as_json(wishes: Mapping[str, str]) -> str:
    """Return the wishes of hot folders as `Publish.wanted` keeps them."""
    return json.dumps(wishes, ensure_ascii=False, sort_keys=True)


def stored_in(verdicts: Iterable[Verdict]) -> int:
    """Return how many files of a job are on the server."""
    return sum(verdict.outcome in STORED for verdict in verdicts)


def is_marked(options: str) -> bool:
    """Whether files with these options, canonical JSON, are marked for publishing."""
    return bool(json.loads(options).get("readyForPublish"))
