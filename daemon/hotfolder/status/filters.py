"""
What people may narrow the history by, read from text the same way for the command and for HTTP.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from hotfolder.core.model import Outcome
from hotfolder.core.wording import shown
from hotfolder.ports import HistoryQuery

SINCE_WANTED = '"90s", "30m", "2h", "3d", a date such as 2026-01-31, or one with a time: 2026-01-31T12:00Z'

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

_DATE_MAX = 40  # characters of the longest date with time and zone; Python reads endless digits as some date

_QUOTED_MAX = 80  # characters of a wrong value shown again: enough to know it by


class FilterError(ValueError):
    """A filter has a value that means nothing; the text says what was found and what is wanted."""


def history_query(
    *,
    folders: Collection[str],
    now: datetime,
    folder: str | None = None,
    since: str | None = None,
    outcome: str | None = None,
    job: str | None = None,
    limit: int | None = 1000,
) -> HistoryQuery:
    """Return the query; `folders` are the names that may be asked for. Raises `FilterError`."""
    if folder is not None:
        check_folder(folder, folders)
    if outcome is not None and outcome not in set(Outcome):
        raise FilterError(f"outcome: found {quoted(outcome)}, wanted one of {', '.join(Outcome)}")
    return HistoryQuery(
        folder=folder,
        since=None if since is None else moment(since, now),
        outcome=outcome,
        job=job,
        limit=limit,
    )


def check_folder(name: str, folders: Collection[str]) -> None:
    """Raise `FilterError` unless there is a hot folder of that name."""
    if name not in folders:
        known = ", ".join(folders) or "none is configured"
        raise FilterError(f"folder: found {quoted(name)}, wanted the name of a hot folder: {known}")


def moment(text: str, now: datetime) -> datetime:
    """Return the moment meant by "2h", "3d", a date, or a date with a time; raises `FilterError`."""
    number, unit = text[:-1], _UNITS.get(text[-1:])
    try:
        if unit is not None and number.isascii() and number.isdecimal():
            return now - timedelta(**{unit: int(number)})
        at = datetime.fromisoformat(text if len(text) <= _DATE_MAX else "")
        return at if at.tzinfo else at.astimezone()
    except (ValueError, OverflowError):
        raise FilterError(f"since: found {quoted(text)}, wanted {SINCE_WANTED}") from None


def quoted(text: str) -> str:
    """Return a value as it was found, on one line and not too long."""
    cut = text if len(text) <= _QUOTED_MAX else text[:_QUOTED_MAX] + "..."
    return f'"{shown(cut)}"'
