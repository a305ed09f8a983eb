"""
When people see a file that is stored: what is known of the publish that it waits for, in words and as a moment.

Owns which of the words fits; the words are in `wording`. The parts of a sentence are like reasons.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import assert_never

from hotfolder.core import wording
from hotfolder.core.model import Drop, Job, Outcome, Publish, PublishState
from hotfolder.core.publish_times import STORED, is_marked
from hotfolder.core.settings import PublishWhen


def promised(drop: Drop, job: Job | None) -> str | None:
    """
    Return when a stored file was to go live as it was filed; None for one that is not stored.

    For what is written beside it: always the same, so that a filing that was cut short finds its own receipt again.
    """
    if drop.outcome not in STORED:
        return None
    if job is None or job.publish is None:
        return wording.LIVE_BY_OTHERS if is_marked(drop.options) else wording.NOT_MARKED
    return _with_old_image(_promise(job.publish_due), drop)


def visible(drop: Drop, job: Job | None) -> str | None:
    """Return when a stored file goes live by what is known now, or that it is; None for one that is not stored."""
    publish = None if job is None else job.publishing
    if drop.outcome not in STORED or publish is None:
        return promised(drop, job)
    text = _state(publish, drop)
    is_out = publish.state is not PublishState.DROPPED and not _is_missed(publish, drop)
    return _with_old_image(text, drop) if is_out else text


def _with_old_image(text: str, drop: Drop) -> str:
    return wording.OLD_ONE_STAYS.format(reason=text) if drop.outcome is Outcome.UPDATED else text


def published_at(drop: Drop, job: Job | None) -> datetime | None:
    """Return when a file went live with a publish of ours; None where none has taken it, as far as is known."""
    publish = None if job is None else job.publishing
    if drop.outcome not in STORED or publish is None or publish.state is not PublishState.PUBLISHED:
        return None
    return None if _is_missed(publish, drop) else publish.ended_at


def due_of(drop: Drop, job: Job | None) -> str | None:
    """Return for when the publish is due that a file waits for, as `Publish.due` says it; None if it waits for none."""
    publish = None if job is None else job.publishing
    if drop.outcome not in STORED or publish is None or publish.state is not PublishState.WAITING:
        return None
    return publish.due


def planned(when: PublishWhen | time, options: str) -> str:
    """Return when a file goes live that is still to be stored, with these options."""
    if not is_marked(options):
        return wording.NOT_MARKED
    if isinstance(when, time):
        return wording.LIVE_DAILY.format(clock=f"{when:%H:%M}")
    return wording.LIVE_BY_OTHERS if when is PublishWhen.NEVER else wording.LIVE_SOON


def _state(publish: Publish, drop: Drop) -> str:
    match publish.state:
        case PublishState.WAITING if publish.reason:
            return wording.LIVE_AFTER_FAILURE.format(reason=publish.reason)
        case PublishState.WAITING:
            return _promise(publish.due)
        case PublishState.SUBMITTING | PublishState.SUBMITTED:
            return wording.LIVE_NOW
        case PublishState.PUBLISHED if _is_missed(publish, drop):
            return wording.LIVE_MISSED.format(reason=publish.reason)
        case PublishState.PUBLISHED:
            assert publish.ended_at is not None  # noqa: S101 - set with the state
            at = publish.ended_at.astimezone(UTC)
            return wording.LIVE_SINCE.format(day=f"{at:%Y-%m-%d}", clock=f"{at:%H:%M}")
        case PublishState.DROPPED:
            return wording.LIVE_OFF
        case _:
            assert_never(publish.state)


def _promise(due: str) -> str:
    if not due:
        return wording.LIVE_SOON
    day, _, clock = due.partition("T")
    return wording.LIVE_AT.format(day=day, clock=clock)


def _is_missed(publish: Publish, drop: Drop) -> bool:
    return publish.state is PublishState.PUBLISHED and (drop.stored_as or drop.asset) in publish.missed.split("\n")
