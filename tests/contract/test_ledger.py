"""What every ledger keeps: all that was committed, in order, as it was, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.ledgers import Store
from tests.strategies import (
    DROP_VALUES,
    JOB_VALUES,
    MOMENT,
    POST_VALUES,
    PUBLISH_VALUES,
    drop,
    drop_records,
    job_records,
    post_records,
    publish_records,
)

from hotfolder.core.journal import (
    DROP_COLUMNS,
    JOB_COLUMNS,
    POST_COLUMNS,
    PUBLISH_COLUMNS,
    DeleteDrops,
    InsertDrops,
    InsertJob,
    InsertPost,
    InsertPublish,
    RememberFolder,
    UpdateDrops,
    UpdateJob,
    UpdatePost,
    UpdatePublish,
    Write,
)
from hotfolder.core.model import (
    Drop,
    DropState,
    Job,
    JobState,
    KnownFolder,
    Post,
    PostState,
    Publish,
    PublishState,
    Unfinished,
)
from hotfolder.ports import HistoryQuery, Ledger, LedgerError, RowsGoneError

# One ledger serves all examples of a property: each uses ids of its own.
shared_ledger = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40
)
NAIVE = datetime(2026, 1, 31, 12, 0)  # noqa: DTZ001 # to be refused


def job(number: int = 1, state: JobState = JobState.CLAIMING, handle: str | None = None) -> Job:
    """Return a job."""
    return Job(
        id=number,
        name=f"catalog-{number}",
        folder="catalog",
        options="{}",
        state=state,
        handle=handle,
        created_at=MOMENT,
    )


def post(of: int = 1, number: int = 1) -> Post:
    """Return a POST about to be made."""
    return Post(job=of, number=number, state=PostState.INTENT, ends_job=False, files=1, size_bytes=10, sent_at=MOMENT)


def publish(number: int = 1, state: PublishState = PublishState.WAITING, name: str | None = None) -> Publish:
    """Return a publish."""
    return Publish(id=number, company="Example Co", state=state, created_at=MOMENT, name=name)


def kept(ledger: Ledger) -> dict[int, Drop]:
    """Return the unfinished drops by their ids."""
    return {drop.id: drop for drop in ledger.unfinished().drops}


# --- what comes back ---


def test_a_new_ledger_is_empty_and_counts_from_one(ledger: Ledger) -> None:
    assert ledger.unfinished() == Unfinished(next_drop=1, next_job=1)
    assert list(ledger.history(HistoryQuery())) == []
    assert ledger.find("catalog", "chair.jpg") == []
    assert ledger.recall("catalog", []) == []
    assert ledger.known_copies([]) == set()


def test_what_was_committed_is_there_when_it_is_opened_again(store: Store) -> None:
    records = [drop(1), drop(2, "table.jpg")]
    with store.open() as ledger:
        ledger.commit(
            [
                InsertDrops(tuple(records)),
                InsertJob(job()),
                InsertPost(post()),
                RememberFolder(KnownFolder("catalog", "/share/catalog", True, mount_point="/share")),
            ]
        )
    with store.open() as ledger:
        assert ledger.unfinished() == Unfinished(
            drops=records,
            jobs=[job()],
            posts=[post()],
            next_drop=3,
            next_job=2,
            folders={"catalog": KnownFolder("catalog", "/share/catalog", True, mount_point="/share")},
        )


def test_records_that_come_back_are_nobody_elses(ledger: Ledger) -> None:
    mine = drop(1)
    ledger.commit([InsertDrops((mine,))])
    mine.reason = "changed in memory only"
    ledger.unfinished().drops[0].reason = "changed after reading"
    assert kept(ledger)[1].reason == ""


_ids = count(1)


@shared_ledger
@given(data=st.data())
def test_every_column_of_a_drop_comes_back_as_it_was_inserted_and_as_it_was_changed(
    ledger: Ledger, data: st.DataObject
) -> None:
    first, second = next(_ids), next(_ids)
    both = st.tuples(drop_records(first), drop_records(second))
    drops, changed = data.draw(both), data.draw(both)
    ledger.commit([InsertDrops(drops)])
    for record in drops:
        assert (record, None) in ledger.find(record.folder, record.path)
    ledger.commit([UpdateDrops(tuple({name: getattr(record, name) for name in DROP_COLUMNS} for record in changed))])
    for record in changed:
        assert (record, None) in ledger.find(record.folder, record.path)
    ledger.commit([DeleteDrops((first, second))])


@shared_ledger
@given(data=st.data())
def test_every_column_of_a_job_and_its_posts_comes_back(ledger: Ledger, data: st.DataObject) -> None:
    number = next(_ids)
    with_posts = st.tuples(job_records(number), st.tuples(post_records(number, 1), post_records(number, 2)))
    (record, posts), changed = data.draw(with_posts), data.draw(with_posts)
    ledger.commit([InsertJob(record), *map(InsertPost, posts)])
    assert _job_with_posts(ledger) == ([record], list(posts))
    record, posts = changed
    ledger.commit(
        [
            UpdateJob(number, {name: getattr(record, name) for name in JOB_COLUMNS if name != "id"}),
            *(
                UpdatePost(
                    number,
                    each.number,
                    {name: getattr(each, name) for name in POST_COLUMNS if name not in ("job", "number")},
                )
                for each in posts
            ),
        ]
    )
    assert _job_with_posts(ledger) == ([record], list(posts))
    ledger.commit([UpdateJob(number, {"state": JobState.VOID})])


def _job_with_posts(ledger: Ledger) -> tuple[list[Job], list[Post]]:
    unfinished = ledger.unfinished()
    return unfinished.jobs, unfinished.posts


_publish_ids = count(1)


@shared_ledger
@given(data=st.data())
def test_every_column_of_a_publish_comes_back(ledger: Ledger, data: st.DataObject) -> None:
    number = next(_publish_ids)
    record, changed = data.draw(publish_records(number)), data.draw(publish_records(number))
    ledger.commit([InsertPublish(record)])
    assert ledger.unfinished().publishes == [record]
    values = {name: getattr(changed, name) for name in PUBLISH_COLUMNS if name != "id"}
    ledger.commit([UpdatePublish(number, values)])
    found = ledger.unfinished()
    assert found.publishes == [changed]
    assert found.next_publish == number + 1
    ledger.commit([UpdatePublish(number, {"state": PublishState.PUBLISHED})])
    assert ledger.unfinished().publishes == []


def test_a_job_comes_with_the_publish_that_its_files_wait_for_and_with_what_became_of_it(ledger: Ledger) -> None:
    mine = replace(drop(1), state=DropState.FILED, filed_at=MOMENT, job=1)
    ledger.commit([InsertPublish(publish()), InsertJob(job()), InsertDrops((mine,))])
    ledger.commit([UpdateJob(1, {"publish": 1})])
    (found,) = ledger.unfinished().jobs
    assert found.publishing == publish()
    ledger.commit(
        [
            UpdatePublish(1, {"state": PublishState.PUBLISHED, "name": "publish-1", "ended_at": MOMENT}),
            UpdateJob(1, {"state": JobState.CLOSED}),
        ]
    )
    for answer in (ledger.history(HistoryQuery()), ledger.find("catalog", mine.path)):
        ((_, known),) = answer
        assert known is not None
        assert known.publishing == replace(publish(1, PublishState.PUBLISHED, "publish-1"), ended_at=MOMENT)


def test_two_publishes_of_one_name_are_refused(ledger: Ledger) -> None:
    ledger.commit([InsertPublish(publish(1, name="publish-1")), InsertPublish(publish(2)), InsertPublish(publish(3))])
    with pytest.raises(LedgerError):
        ledger.commit([UpdatePublish(2, {"name": "publish-1"})])


def test_moments_of_other_zones_come_back_as_the_same_moment_in_utc(ledger: Ledger) -> None:
    there = timezone(timedelta(hours=5, minutes=45))
    ledger.commit([InsertDrops((replace(drop(1), seen_at=MOMENT.astimezone(there)),))])
    found = kept(ledger)[1].seen_at
    assert found == MOMENT
    assert found.tzinfo is not None


@pytest.mark.parametrize("reason", ["IMG_\udce4.jpg is not valid", "an answer with \0 in it"])
def test_a_reason_that_quotes_unusual_bytes_does_not_keep_the_rest_from_the_disk(ledger: Ledger, reason: str) -> None:
    """Names and servers are quoted; what no database takes may be written another way, but must not be refused."""
    ledger.commit([InsertDrops((replace(drop(1), reason=reason), drop(2)))])
    found = kept(ledger)
    assert set(found) == {1, 2}
    assert {found[1].reason[:4], found[1].reason[-4:]} == {reason[:4], reason[-4:]}


# --- what is refused ---


@pytest.mark.parametrize("column", ["seen_at", "ready_at", "stored_at", "filed_at"])
def test_a_moment_without_zone_is_refused_with_everything_around_it(ledger: Ledger, column: str) -> None:
    ledger.commit([InsertDrops((drop(1),))])
    with pytest.raises(ValueError, match="time zone"):
        ledger.commit([InsertDrops((drop(2),)), UpdateDrops(({"id": 1, "reason": "new", column: NAIVE},))])
    with pytest.raises(ValueError, match="time zone"):
        ledger.commit([InsertDrops((drop(2), replace(drop(3), **cast(Any, {column: NAIVE}))))])
    assert ledger.unfinished() == Unfinished(drops=[drop(1)], next_drop=2)


@pytest.mark.parametrize(
    "writes",
    [
        [InsertDrops((drop(9), drop(1)))],
        [InsertJob(job(9)), InsertJob(job(1))],
        [InsertJob(replace(job(9), name="catalog-1"))],
        [InsertJob(job(9)), InsertPost(post(1, 1))],
        [InsertDrops((drop(9),)), UpdateDrops(({"id": 77, "reason": "no such drop"},))],
        [InsertDrops((drop(9),)), UpdateJob(77, {"log": "no such job"})],
        [InsertDrops((drop(9),)), UpdatePost(1, 77, {"reason": "no such POST"})],
    ],
    ids=["drop twice", "job twice", "name twice", "POST twice", "no drop", "no job", "no POST"],
)
def test_a_commit_that_contradicts_the_ledger_fails_whole_and_the_next_succeeds(
    ledger: Ledger, writes: list[Write]
) -> None:
    ledger.commit([InsertDrops((drop(1),)), InsertJob(job(1)), InsertPost(post(1, 1))])
    before = ledger.unfinished()
    with pytest.raises(LedgerError):
        ledger.commit([UpdateDrops(({"id": 1, "reason": "of the commit that fails"},)), *writes])
    assert ledger.unfinished() == before
    ledger.commit([UpdateDrops(({"id": 1, "reason": "of the next"},))])
    assert kept(ledger)[1].reason == "of the next"


# --- order ---


def test_writes_of_one_commit_take_effect_in_their_order(ledger: Ledger) -> None:
    ledger.commit(
        [
            InsertDrops((drop(1), drop(2), drop(3))),
            UpdateDrops(({"id": 1, "reason": "first"}, {"id": 2, "reason": "first"})),
            InsertJob(job(1)),
            UpdateDrops(({"id": 1, "job": 1, "state": DropState.CLAIMING},)),
            UpdateJob(1, {"state": JobState.PLANNED, "files_total": 3}),
            UpdateDrops(({"id": 1, "reason": "second"},)),
            InsertPost(post(1, 1)),
            UpdatePost(1, 1, {"state": PostState.UNKNOWN}),
            DeleteDrops((3,)),
            UpdateJob(1, {"files_total": 1}),
            UpdatePost(1, 1, {"state": PostState.ACCEPTED}),
            UpdateDrops(({"id": 1, "reason": "third", "tries": 1},)),
        ]
    )
    assert ledger.unfinished() == Unfinished(
        drops=[
            replace(drop(1), reason="third", tries=1, job=1, state=DropState.CLAIMING),
            replace(drop(2), reason="first"),
        ],
        jobs=[replace(job(1), state=JobState.PLANNED, files_total=1)],
        posts=[replace(post(1, 1), state=PostState.ACCEPTED)],
        next_drop=4,
        next_job=2,
    )


def test_neighbouring_changes_of_the_same_columns_of_one_drop_end_with_the_last(ledger: Ledger) -> None:
    """They share a statement, and it still goes through them in order."""
    ledger.commit([InsertDrops((drop(1), drop(2)))])
    rows = [{"id": 1 + number % 2, "reason": f"change {number}"} for number in range(7)]
    ledger.commit([UpdateDrops(tuple(rows[:3])), *(UpdateDrops((row,)) for row in rows[3:])])
    assert {id_: record.reason for id_, record in kept(ledger).items()} == {1: "change 6", 2: "change 5"}


def test_the_order_of_columns_in_a_row_does_not_matter(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((drop(1), drop(2)))])
    ledger.commit([UpdateDrops(({"id": 1, "reason": "a", "asset": "b"}, {"asset": "b", "reason": "a", "id": 2}))])
    assert [(record.reason, record.asset) for record in kept(ledger).values()] == [("a", "b"), ("a", "b")]


def test_a_change_of_one_drop_leaves_its_other_columns_and_other_drops_alone(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((drop(1), drop(2)))])
    ledger.commit([UpdateDrops(({"id": 2, "identity": replace(drop(2).identity, size_bytes=77)},))])
    assert kept(ledger) == {1: drop(1), 2: drop(2, size_bytes=77)}


def test_each_commit_is_a_generation_which_is_kept(store: Store) -> None:
    with store.open() as ledger:
        first = ledger.generation
        ledger.commit([InsertDrops((drop(1),))])
        assert ledger.generation > first
        last = ledger.generation
    with store.open() as ledger:
        assert ledger.generation == last


def test_a_commit_of_nothing_is_harmless(ledger: Ledger) -> None:
    ledger.commit([])
    assert ledger.unfinished() == Unfinished()


def test_a_thousand_drops_travel_as_one(ledger: Ledger) -> None:
    records = [drop(number, f"photo {number}.jpg") for number in range(1, 1001)]
    ledger.commit([InsertDrops(tuple(records))])
    ledger.commit([UpdateDrops(tuple({"id": record.id, "sha256": f"{record.id:064}"} for record in records))])
    assert [record.sha256 for record in ledger.unfinished().drops] == [f"{number:064}" for number in range(1, 1001)]


# --- what a start goes on with ---


@pytest.mark.parametrize("state", DropState)
def test_drops_are_unfinished_until_they_are_filed_or_withdrawn(ledger: Ledger, state: DropState) -> None:
    ended = state in (DropState.FILED, DropState.WITHDRAWN)
    ledger.commit([InsertDrops((replace(drop(1), state=state, filed_at=MOMENT if ended else None),))])
    assert [record.state for record in ledger.unfinished().drops] == ([] if ended else [state])


@pytest.mark.parametrize("state", JobState)
def test_jobs_are_unfinished_until_they_are_closed_or_void(ledger: Ledger, state: JobState) -> None:
    ledger.commit([InsertJob(job(1, state)), InsertPost(post(1, 1))])
    unfinished = ledger.unfinished()
    over = state in (JobState.CLOSED, JobState.VOID)
    assert (len(unfinished.jobs), len(unfinished.posts)) == ((0, 0) if over else (1, 1))


@pytest.mark.parametrize("state", [JobState.VOID, JobState.CLOSED])
def test_a_job_that_is_over_is_unfinished_while_a_drop_of_it_is(ledger: Ledger, state: JobState) -> None:
    """A drop being filed is told about with its job's name and handle."""
    mine = replace(drop(1), state=DropState.FILING, job=1)
    others = replace(drop(2), state=DropState.FILED, filed_at=MOMENT, job=2)
    ledger.commit([InsertJob(job(1, state)), InsertPost(post(1, 1)), InsertJob(job(2, state)), InsertPost(post(2, 1))])
    ledger.commit([InsertDrops((mine, others))])
    assert ledger.unfinished() == Unfinished(
        drops=[mine], jobs=[job(1, state)], posts=[post(1, 1)], next_drop=3, next_job=3
    )
    ledger.commit([UpdateDrops(({"id": 1, "state": DropState.FILED, "filed_at": MOMENT},))])
    assert ledger.unfinished() == Unfinished(next_drop=3, next_job=3)


def test_unfinished_things_come_in_the_order_of_their_ids(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((drop(3), drop(1), drop(2))), InsertJob(job(2)), InsertJob(job(1))])
    ledger.commit([InsertPost(post(2, 1)), InsertPost(post(1, 2)), InsertPost(post(1, 10)), InsertPost(post(1, 1))])
    found = ledger.unfinished()
    assert [record.id for record in found.drops] == [1, 2, 3]
    assert [record.id for record in found.jobs] == [1, 2]
    assert [(record.job, record.number) for record in found.posts] == [(1, 1), (1, 2), (1, 10), (2, 1)]


def test_ids_of_deleted_drops_are_never_used_again(store: Store) -> None:
    """A log line or a retry may still name them."""
    with store.open() as ledger:
        ledger.commit([InsertDrops((drop(1), drop(7))), InsertDrops((drop(3),)), InsertJob(job(4)), InsertJob(job(2))])
        ledger.commit([DeleteDrops((7, 3, 1))])
    with store.open() as ledger:
        assert ledger.unfinished() == Unfinished(jobs=[job(2), job(4)], next_drop=8, next_job=5)
        ledger.commit([InsertDrops((drop(8),)), DeleteDrops((8, 99))])
        assert ledger.unfinished().next_drop == 9


def test_the_last_word_about_a_hot_folder_counts(store: Store) -> None:
    first = KnownFolder("catalog", "/old", True, mount_point="/")
    odd = KnownFolder("Ä \U0001f4f7", "/a\udce4", mount_point="/mnt\udce4")
    held = KnownFolder("catalog", "/new", held_paths=("a.jpg", "spring/Ä\udce4\n.jpg"), mount_point="/mnt")
    archive = KnownFolder("archive", "/archive", True)
    with store.open() as ledger:
        ledger.commit([RememberFolder(first), RememberFolder(odd), RememberFolder(held)])
        ledger.commit([RememberFolder(archive)])
    with store.open() as ledger:
        assert ledger.unfinished().folders == {row.name: row for row in (held, odd, archive)}
        last = KnownFolder("catalog", "/new")
        ledger.commit([RememberFolder(last)])
        assert ledger.unfinished().folders["catalog"] == last


def test_closing_twice_is_harmless(store: Store) -> None:
    ledger = store.open()
    ledger.close()
    ledger.close()
    store.open().close()


def test_the_round_trips_draw_every_column() -> None:
    """So that one added to a record is not forgotten here."""
    assert {"id", *DROP_VALUES} == set(DROP_COLUMNS)
    assert {"id", "name", *JOB_VALUES} == set(JOB_COLUMNS)
    assert {"job", "number", *POST_VALUES} == set(POST_COLUMNS)
    assert {"id", "name", *PUBLISH_VALUES} == set(PUBLISH_COLUMNS)


def test_rows_that_are_gone_are_named_and_nothing_is_written(ledger: Ledger) -> None:
    ledger.commit([InsertJob(job(1)), InsertDrops((drop(1), drop(2)))])
    row = {"reason": "amended"}
    with pytest.raises(RowsGoneError) as drops_gone:
        ledger.commit([UpdateDrops(({"id": 1, **row}, {"id": 3, **row}, {"id": 4, **row}))])
    with pytest.raises(RowsGoneError) as jobs_gone:
        ledger.commit([UpdateDrops(({"id": 2, **row},)), UpdateJob(7, {"files_total": 1})])
    with pytest.raises(RowsGoneError) as posts_gone:
        ledger.commit([UpdatePost(1, 5, {"reason": "no answer"})])
    with pytest.raises(RowsGoneError) as lacking:
        ledger.commit([InsertPost(post(8, 1)), InsertPost(post(1, 1))])
    assert (drops_gone.value.table, set(drops_gone.value.keys)) == ("drops", {3, 4})
    assert (jobs_gone.value.table, set(jobs_gone.value.keys)) == ("jobs", {7})
    assert (posts_gone.value.table, set(posts_gone.value.keys)) == ("posts", {(1, 5)})
    assert (lacking.value.table, set(lacking.value.keys)) == ("jobs", {8})
    assert {found.reason for found in ledger.unfinished().drops} == {drop(1).reason}
    ledger.commit([UpdateDrops(({"id": 1, **row},))])  # the others go on
