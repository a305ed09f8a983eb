"""The moments of a drop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.strategies import MOMENT, drop

from hotfolder.core.journal import InsertDrops, InsertJob, InsertPost
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome, Post, PostState, Publish, PublishState
from hotfolder.status.story import What, as_data, moments, post_of
from hotfolder.testing.ledger import FakeLedger

SECOND = timedelta(seconds=1)


def stored() -> Drop:
    return replace(
        drop(1, "chair.jpg"),
        state=DropState.FILED,
        outcome=Outcome.STORED,
        seen_at=MOMENT,
        ready_at=MOMENT + SECOND,
        job=1,
        post=2,
        stored_at=MOMENT + 6 * SECOND,
        filed_at=MOMENT + 7 * SECOND,
    )


def job(**more: object) -> Job:
    given = Job(
        id=1,
        name="catalog-1",
        folder="catalog",
        options="{}",
        state=JobState.CLOSED,
        created_at=MOMENT + 2 * SECOND,
        first_post_at=MOMENT + 3 * SECOND,
        ended_at=MOMENT + 5 * SECOND,
    )
    return replace(given, **more)  # type: ignore[arg-type]


def post(number: int = 2, state: PostState = PostState.ACCEPTED) -> Post:
    return Post(
        job=1,
        number=number,
        state=state,
        ends_job=True,
        files=3,
        size_bytes=8_100_000,
        sent_at=MOMENT + 4 * SECOND,
        answered_at=MOMENT + 5 * SECOND,
    )


def test_moments_come_in_their_order_each_where_it_is_recorded() -> None:
    out = Publish(
        id=1, company="Example Co", state=PublishState.PUBLISHED, created_at=MOMENT, ended_at=MOMENT + 9 * SECOND
    )
    found = list(moments(stored(), job(publish=1, publishing=out), post()))
    assert [moment.what for moment in found] == list(What)
    assert [(moment.at - MOMENT).seconds for moment in found] == [0, 1, 2, 4, 5, 6, 7, 9]


def test_a_drop_that_was_only_seen_has_one_moment() -> None:
    assert [moment.what for moment in moments(drop(1), None)] == [What.SEEN]


def test_without_its_post_a_drop_went_when_its_job_began() -> None:
    (sending,) = (moment for moment in moments(stored(), job()) if moment.what is What.SENDING)
    assert (sending.at, sending.files, sending.answer) == (MOMENT + 3 * SECOND, None, None)


def test_a_drop_that_waits_for_its_turn_in_an_open_job_was_not_sent() -> None:
    waiting = replace(drop(1, "chair.jpg"), state=DropState.CLAIMED, ready_at=MOMENT + SECOND, job=1)
    assert [moment.what for moment in moments(waiting, job())] == [What.SEEN, What.COMPLETE, What.CLAIMED]


def test_only_sending_has_more_to_tell() -> None:
    told = as_data(moments(stored(), job(), post()))
    assert told[0] == {"what": "seen", "at": "2026-01-31T12:00:00.000Z"}
    assert told[3] == {
        "what": "sending",
        "at": "2026-01-31T12:00:04.000Z",
        "until": "2026-01-31T12:00:05.000Z",
        "files": 3,
        "size_bytes": 8_100_000,
        "answer": "accepted",
    }


@pytest.mark.parametrize("state", PostState)
def test_a_post_counts_if_it_may_have_arrived(state: PostState) -> None:
    ledger = FakeLedger()
    ledger.commit([InsertJob(job()), InsertDrops((stored(),)), InsertPost(post(1)), InsertPost(post(2, state))])
    found = post_of(ledger, stored(), job())
    assert (found is not None) == (state not in (PostState.REFUSED, PostState.NOT_SENT))
    assert found is None or found.number == 2
    assert post_of(ledger, stored(), None) is None
    assert post_of(ledger, replace(stored(), post=None), job()) is None
