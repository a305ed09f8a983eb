"""
The moments in the history of a drop, as facts: the one source for its page and for `explain`.

Owns which moments there are, and where each is recorded; the words for them are elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from hotfolder.core.model import Drop, DropState, Job, Post, PostState
from hotfolder.core.visibility import published_at
from hotfolder.ports import LedgerReader
from hotfolder.status.plain import stamp

_MAY_HAVE_ARRIVED = (PostState.INTENT, PostState.ACCEPTED, PostState.UNKNOWN)

_NOT_SENT_YET = (DropState.READY, DropState.CLAIMING, DropState.CLAIMED)
"""Whatever its job has posted already, these wait for their turn, or certainly did not arrive and go again."""


class What(StrEnum):
    """What happened to a drop at one moment."""

    SEEN = "seen"
    COMPLETE = "complete"
    CLAIMED = "claimed"
    SENDING = "sending"  # the POST that it is in began
    ENDED = "ended"  # all files of its job were on the server
    DECIDED = "decided"
    FILED = "filed"
    LIVE = "live"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One moment; what belongs to it is set where it is known."""

    what: What
    at: datetime
    until: datetime | None = None  # of sending: the server's answer
    files: int | None = None  # of sending: how many went together
    size_bytes: int | None = None  # of sending: of all of them
    answer: PostState | None = None  # of sending: what came of it


def post_of(ledger: LedgerReader, drop: Drop, job: Job | None) -> Post | None:
    """Return the POST that a drop is in, or may have reached the server with; None where there is none."""
    story = None if job is None or drop.post is None else ledger.job(job.name)
    posts = () if story is None else story.posts
    return next((post for post in posts if post.number == drop.post and post.state in _MAY_HAVE_ARRIVED), None)


def moments(drop: Drop, job: Job | None, post: Post | None = None) -> Iterator[Moment]:
    """Yield what happened to a drop, in its order; `post` is the one that it went with, where that is known."""
    yield Moment(what=What.SEEN, at=drop.seen_at)
    if drop.ready_at is not None:
        yield Moment(what=What.COMPLETE, at=drop.ready_at)
    if job is not None:
        yield Moment(what=What.CLAIMED, at=job.created_at)
        if post is not None:
            yield Moment(
                what=What.SENDING,
                at=post.sent_at,
                until=post.answered_at,
                files=post.files,
                size_bytes=post.size_bytes,
                answer=post.state,
            )
        elif job.first_post_at is not None and drop.state not in _NOT_SENT_YET:
            yield Moment(what=What.SENDING, at=job.first_post_at)
        if job.ended_at is not None and drop.outcome is not None:
            yield Moment(what=What.ENDED, at=job.ended_at)
    if drop.outcome is not None and drop.stored_at is not None:
        yield Moment(what=What.DECIDED, at=drop.stored_at)
    if drop.filed_at is not None:
        yield Moment(what=What.FILED, at=drop.filed_at)
    live_at = published_at(drop, job)
    if live_at is not None:
        yield Moment(what=What.LIVE, at=live_at)


def as_data(found: Iterable[Moment]) -> list[dict[str, Any]]:
    """Return moments as plain data; only sending has more than `what` and `at`."""
    told: list[dict[str, Any]] = []
    for moment in found:
        entry: dict[str, Any] = {"what": moment.what.value, "at": stamp(moment.at)}
        if moment.what is What.SENDING:
            entry |= {
                "until": stamp(moment.until),
                "files": moment.files,
                "size_bytes": moment.size_bytes,
                "answer": None if moment.answer is None else moment.answer.value,
            }
        told.append(entry)
    return told
