"""What every ledger answers: what a found file is to us, what became of drops, and where a path went."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.strategies import MOMENT, drop

from hotfolder.core.journal import DeleteDrops, InsertDrops, InsertJob, InsertPost, UpdateDrops, UpdateJob
from hotfolder.core.messages import DroppedAt, RecallItem, RecallResult
from hotfolder.core.model import (
    MAY_BE_STORED,
    STORED_KEPT,
    Drop,
    DropState,
    Identity,
    Job,
    JobState,
    Outcome,
    Post,
    PostState,
    Stored,
)
from hotfolder.ports import HistoryQuery, Ledger

NOTE, RECEIPT, FOREIGN = "a" * 64, "b" * 64, "c" * 64
RETURNABLE = [Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED, Outcome.RENAMED, Outcome.UNKNOWN]


def filed(
    number: int = 1,
    outcome: Outcome = Outcome.FAILED,
    *,
    folder: str = "catalog",
    path: str = "spring/chair.jpg",
    target: str = "_failed/spring/chair.jpg",
    origin: str | None = None,
    at: datetime = MOMENT,
    job: int | None = None,
    note: str | None = None,
    receipt: str | None = None,
    kept: bool = False,
) -> Drop:
    """Return a filed drop; one with the same `number` has the same identity."""
    return replace(
        drop(number, path),
        folder=folder,
        state=DropState.FILED,
        outcome=outcome,
        work_path=path if kept else f"_working/catalog-1/{path}",
        target_path=target,
        origin=origin,
        filed_at=at,
        job=job,
        note_digest=note,
        receipt_digest=receipt,
    )


def item(of: Drop, path: str = "spring/chair.jpg", digest: str | None = None) -> RecallItem:
    """Return the question about a file that has the identity of a drop."""
    return RecallItem(path, of.identity, digest)


def asked(ledger: Ledger, *items: RecallItem, folder: str = "catalog") -> list[RecallResult]:
    """Ask about some files of a folder."""
    return ledger.recall(folder, items)


# --- recall ---


@pytest.mark.parametrize("outcome", RETURNABLE)
def test_a_file_dragged_back_is_known_with_its_first_path_and_what_we_wrote_beside_it(
    ledger: Ledger, outcome: Outcome
) -> None:
    target = "_check/x/chair~2.jpg"
    ledger.commit([InsertDrops((filed(1, outcome, target=target, note=NOTE, receipt=RECEIPT),))])
    note = "PLEASE CHECK" if outcome in (Outcome.RENAMED, Outcome.UNKNOWN) else "NOT SENT"
    assert asked(ledger, item(filed(1), "anywhere/else.jpg")) == [
        RecallResult(
            "anywhere/else.jpg",
            "returned",
            1,
            "spring/chair.jpg",
            {f"{target} - {note}.txt": NOTE, f"{target}.receipt.toml": RECEIPT},
        )
    ]


def test_a_file_dragged_back_twice_still_belongs_where_it_was_dropped_first(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((filed(1, path="chair.jpg", origin="spring/\udce4.jpg"),))])
    assert asked(ledger, item(filed(1)))[0].origin == "spring/\udce4.jpg"


@pytest.mark.parametrize("outcome", [Outcome.STORED, Outcome.UPDATED])
def test_a_file_that_was_sent_well_and_is_dropped_again_is_new(ledger: Ledger, outcome: Outcome) -> None:
    ledger.commit([InsertDrops((filed(1, outcome, target="_done/2026-01-31/chair.jpg"),))])
    assert asked(ledger, item(filed(1))) == [RecallResult("spring/chair.jpg")]


@pytest.mark.parametrize("outcome", [Outcome.STORED, Outcome.FAILED])
def test_a_file_that_was_left_in_its_place_is_kept_there_and_only_there(ledger: Ledger, outcome: Outcome) -> None:
    ledger.commit([InsertDrops((filed(1, outcome, kept=True, target=""),))])
    assert asked(ledger, item(filed(1))) == [RecallResult("spring/chair.jpg", "kept", 1)]
    elsewhere = RecallResult("chair.jpg", "returned", 1) if outcome is Outcome.FAILED else RecallResult("chair.jpg")
    assert asked(ledger, item(filed(1), "chair.jpg")) == [elsewhere]


def test_a_kept_file_with_a_note_in_another_folder_is_kept(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((filed(1, kept=True, note=NOTE),))])
    assert asked(ledger, item(filed(1))) == [RecallResult("spring/chair.jpg", "kept", 1)]


def test_our_notes_and_receipts_are_known_by_their_bytes(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((filed(1, note=NOTE), filed(2, receipt=RECEIPT)))])
    stranger = Identity(7, 7, 7, 7)
    assert [
        result.known
        for result in asked(ledger, *(RecallItem("n.txt", stranger, digest) for digest in (NOTE, RECEIPT, FOREIGN)))
    ] == ["copy", "copy", "new"]


def test_a_known_original_is_not_taken_for_a_copy(ledger: Ledger) -> None:
    """Somebody may drop one of our notes: what became of that very file counts."""
    ledger.commit([InsertDrops((filed(1, note=NOTE),))])
    assert asked(ledger, item(filed(1), digest=NOTE))[0].known == "returned"


@pytest.mark.parametrize("changed", ["device", "inode", "size_bytes", "mtime_ns"])
def test_a_file_with_anything_else_about_it_is_new(ledger: Ledger, changed: str) -> None:
    was = Identity(2**64 - 1, 2**63, 10, -1)
    ledger.commit([InsertDrops((replace(filed(1), identity=was),))])
    known, other = was, replace(was, **{changed: getattr(was, changed) ^ 1})
    assert [result.known for result in asked(ledger, RecallItem("a.jpg", known), RecallItem("a.jpg", other))] == [
        "returned",
        "new",
    ]


def test_what_became_of_a_file_in_one_hot_folder_says_nothing_in_another(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((filed(1, folder="press"),))])
    assert asked(ledger, item(filed(1)))[0].known == "new"
    assert asked(ledger, item(filed(1)), folder="press")[0].known == "returned"


@pytest.mark.parametrize("state", [state for state in DropState if state is not DropState.FILED])
def test_only_filed_drops_are_recalled(ledger: Ledger, state: DropState) -> None:
    ledger.commit([InsertDrops((replace(filed(1), state=state),))])
    assert asked(ledger, item(filed(1)))[0].known == "new"
    if state is not DropState.WITHDRAWN:
        ledger.commit([UpdateDrops(({"id": 1, "state": DropState.FILED},))])
        assert asked(ledger, item(filed(1)))[0].known == "returned"


def test_the_newest_earlier_drop_of_a_file_decides(ledger: Ledger) -> None:
    """Whichever was filed first: ids tell which is the later drop."""
    again = [
        replace(filed(number, outcome, at=MOMENT - number * timedelta(hours=1)), identity=drop(1).identity)
        for number, outcome in enumerate([Outcome.FAILED, Outcome.UNKNOWN, Outcome.STORED, Outcome.REJECTED], start=1)
    ]
    ledger.commit([InsertDrops((again[2], again[0], again[1]))])
    assert asked(ledger, item(filed(1)))[0].known == "new"
    ledger.commit([InsertDrops((again[3],))])
    assert (asked(ledger, item(filed(1)))[0].known, asked(ledger, item(filed(1)))[0].drop) == ("returned", 4)


def test_thousands_are_answered_in_the_order_asked_doubles_included(ledger: Ledger) -> None:
    known = [filed(number, path=f"{number}.jpg") for number in range(1, 2101)]
    ledger.commit([InsertDrops(tuple(known))])
    items = [item(one, one.path) for one in known] + [item(drop(number)) for number in range(3000, 3400)]
    items += items[:50]
    random.Random(5).shuffle(items)
    answers = ledger.recall("catalog", items)
    assert [answer.path for answer in answers] == [question.path for question in items]
    assert [answer.drop or question.identity.inode for question, answer in zip(items, answers, strict=True)] == [
        question.identity.inode for question in items
    ]


def test_a_found_file_is_told_what_is_stored_under_the_asset_id_that_it_gets(ledger: Ledger) -> None:
    """Of each server the newest, whatever its hot folder; only what is really there."""
    good = [Outcome.STORED, Outcome.UPDATED, Outcome.FAILED, Outcome.RENAMED]
    ledger.commit(
        [
            InsertDrops(
                (
                    *(
                        replace(filed(number, outcome, path=f"{number}/chair.psd"), asset="chair")
                        for number, outcome in enumerate(good, start=1)
                    ),
                    replace(filed(5, Outcome.STORED, folder="press", path="chair.tif"), asset="chair", server="other"),
                    replace(filed(6, Outcome.STORED, path="x/stool.jpg", origin="stool.jpg"), asset="stool"),
                    replace(filed(7, Outcome.STORED, path="chair.jpg"), asset="Chair"),
                    replace(drop(8, "chair.png"), asset="chair"),
                )
            )
        ]
    )
    answers = asked(
        ledger, *(item(drop(number), path) for number, path in enumerate(("chair.gif", "a/stool.x", "y"), 20))
    )
    default = drop(1).server
    assert [answer.stored for answer in answers] == [
        (DroppedAt(default, "catalog", "2/chair.psd"), DroppedAt("other", "press", "chair.tif")),
        (DroppedAt(default, "catalog", "stool.jpg"),),
        (),
    ]


def test_those_digests_are_known_that_are_on_a_note_or_receipt_of_ours(ledger: Ledger) -> None:
    ledger.commit([InsertDrops((filed(1, note=NOTE), replace(drop(2), receipt_digest=RECEIPT)))])
    many = [f"{number:064x}" for number in range(2500)]
    assert ledger.known_copies([NOTE, FOREIGN, RECEIPT, NOTE, *many]) == {NOTE, RECEIPT}
    ledger.commit([DeleteDrops((2,))])
    assert ledger.known_copies([RECEIPT]) == set()


# --- history ---


def job(number: int) -> Job:
    """Return a job with a handle."""
    return Job(
        id=number,
        name=f"catalog-{number}",
        folder="catalog",
        options="{}",
        state=JobState.CLOSED,
        handle=f"j|{number}",
        created_at=MOMENT,
    )


def hours(number: float) -> datetime:
    """Return a moment that many hours later."""
    return MOMENT + timedelta(hours=number)


@pytest.fixture
def past(ledger: Ledger) -> Ledger:
    """A ledger with something of everything."""
    withdrawn = replace(
        drop(5, "gone.jpg"), state=DropState.WITHDRAWN, outcome=Outcome.WITHDRAWN, stored_at=hours(5), filed_at=hours(5)
    )
    ledger.commit(
        [
            InsertJob(job(1)),
            InsertJob(job(2)),
            InsertDrops(
                (
                    filed(1, Outcome.STORED, path="a.jpg", target="_done/a.jpg", at=hours(9), job=1),
                    filed(2, Outcome.FAILED, path="b.jpg", target="_failed/b.jpg", at=hours(2), job=1),
                    filed(3, Outcome.STORED, path="b.jpg", origin="c.jpg", target="_done/b.jpg", at=hours(3), job=2),
                    filed(4, Outcome.REJECTED, folder="press", path="b.jpg", target="_failed/b.jpg", at=hours(3)),
                    withdrawn,
                    drop(6, "b.jpg"),
                    replace(drop(7, "b.jpg"), state=DropState.FILING, job=2, target_path="_failed/b.jpg"),
                )
            ),
        ]
    )
    return ledger


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (HistoryQuery(), [1, 5, 4, 3, 2]),
        (HistoryQuery(limit=None), [1, 5, 4, 3, 2]),
        (HistoryQuery(limit=2), [1, 5]),
        (HistoryQuery(limit=0), []),
        (HistoryQuery(folder="press"), [4]),
        (HistoryQuery(folder="nowhere"), []),
        (HistoryQuery(since=hours(3)), [1, 5, 4, 3]),
        (HistoryQuery(since=hours(3) + timedelta(microseconds=1)), [1, 5]),
        (HistoryQuery(outcome="stored"), [1, 3]),
        (HistoryQuery(outcome="withdrawn"), [5]),
        (HistoryQuery(job="catalog-1"), [1, 2]),
        (HistoryQuery(job="j|2"), [3]),
        (HistoryQuery(job="j|"), []),
        (HistoryQuery(path="b.jpg"), [4, 3, 2]),
        (HistoryQuery(path="c.jpg"), [3]),
        (HistoryQuery(path="_failed/b.jpg"), [4, 2]),
        (HistoryQuery(path="_working/catalog-1/b.jpg"), []),
        (HistoryQuery(path="no file system has this \ud800"), []),
        (HistoryQuery(folder="\ud800", job="\0", outcome="\udce4"), []),
        (HistoryQuery(folder="catalog", outcome="stored", since=hours(3), job="catalog-1", path="a.jpg"), [1]),
        (HistoryQuery(folder="catalog", outcome="stored", since=hours(3), job="catalog-2", path="a.jpg"), []),
        (HistoryQuery(folder="catalog", limit=3), [1, 5, 3]),
    ],
    ids=str,
)
def test_history_has_what_is_at_its_end_newest_first(past: Ledger, query: HistoryQuery, ids: list[int]) -> None:
    assert [found.id for found, _ in past.history(query)] == ids


def test_history_tells_drops_whole_and_with_their_jobs(past: Ledger) -> None:
    assert list(past.history(HistoryQuery(path="a.jpg"))) == [
        (filed(1, Outcome.STORED, path="a.jpg", target="_done/a.jpg", at=hours(9), job=1), job(1))
    ]
    assert [found for _, found in past.history(HistoryQuery(folder="press"))] == [None]


@pytest.mark.parametrize("limit", [None, 1400, 1000, 999])
def test_a_long_history_has_each_drop_once_also_where_many_were_filed_together(
    ledger: Ledger, limit: int | None
) -> None:
    records = [filed(number, path=f"{number}.jpg", at=hours(number // 700)) for number in range(1, 1401)]
    random.Random(5).shuffle(records)
    ledger.commit([InsertDrops(tuple(records))])
    assert [found.id for found, _ in ledger.history(HistoryQuery(limit=limit))] == list(range(1400, 0, -1))[:limit]


def test_a_history_that_is_read_half_does_not_hold_up_commits(ledger: Ledger) -> None:
    """Whoever reads it may be printing to a pipe that nobody empties."""
    ledger.commit([InsertDrops(tuple(filed(number) for number in range(1, 1001)))])
    reading = iter(ledger.history(HistoryQuery(limit=None)))
    assert next(reading)[0].id == 1000
    ledger.commit([InsertDrops((filed(1001),))])
    assert ledger.unfinished().next_drop == 1002
    assert len(list(reading)) == 999


def test_drops_at_their_end_are_counted_by_folder_and_outcome(past: Ledger) -> None:
    assert past.totals() == {"catalog": {"stored": 2, "failed": 1, "withdrawn": 1}, "press": {"rejected": 1}}


# --- what was stored last ---


def test_a_start_learns_what_was_stored_or_may_have_been_newest_first(ledger: Ledger) -> None:
    """Also of what is known of no open drop: a file that comes after the start may be the next version of any."""
    records = [
        replace(
            filed(number, outcome), asset=f"asset{number}", stored_at=hours(number), filed_at=hours(9 - number // 3)
        )
        for number, outcome in enumerate(Outcome, 1)
    ]
    records.append(replace(filed(20, Outcome.STORED), state=DropState.FILING, stored_at=MOMENT, filed_at=None))
    ledger.commit([InsertDrops(tuple(records))])
    told = [
        Stored(server=each.server, asset=each.asset, stored_at=hours(each.id), filed_at=hours(9 - each.id // 3))
        for each in records[:-1]
        if each.outcome in MAY_BE_STORED
    ]
    told.sort(key=lambda stored: (stored.filed_at, stored.stored_at), reverse=True)
    assert ledger.unfinished().stored == told


def test_a_start_learns_of_no_more_than_are_kept_in_memory(ledger: Ledger) -> None:
    ids = range(1, STORED_KEPT + 3)
    ledger.commit([InsertDrops(tuple(replace(filed(id_, Outcome.STORED), stored_at=hours(id_)) for id_ in ids))])
    stored = ledger.unfinished().stored
    assert len(stored) == STORED_KEPT
    assert (stored[0].stored_at, stored[-1].stored_at) == (hours(ids[-1]), hours(3))


# --- find ---


@pytest.mark.parametrize(
    ("folder", "path", "ids"),
    [
        ("catalog", "b.jpg", [7, 6, 3, 2]),
        ("catalog", "c.jpg", [3]),
        ("catalog", "_failed/b.jpg", [7, 2]),
        ("catalog", "_done/b.jpg", [3]),
        ("catalog", "B.jpg", []),
        ("catalog", "", []),
        ("catalog", "no file system has this \ud800", []),
        ("press", "b.jpg", [4]),
        ("press", "_failed/b.jpg", [4]),
        ("press", "c.jpg", []),
        ("\ud800", "b.jpg", []),
    ],
)
def test_a_path_is_found_wherever_its_drops_were_or_are_newest_first(
    past: Ledger, folder: str, path: str, ids: list[int]
) -> None:
    assert [found.id for found, _ in past.find(folder, path)] == ids


def test_a_claimed_file_is_found_in_the_working_directory_until_it_is_filed(ledger: Ledger) -> None:
    claimed = replace(drop(1), state=DropState.CLAIMED, work_path="_working/catalog-1/\udcfcber.jpg")
    ledger.commit([InsertDrops((claimed,))])
    assert ledger.find("catalog", "_working/catalog-1/\udcfcber.jpg") == [(claimed, None)]
    ledger.commit([UpdateDrops(({"id": 1, "state": DropState.FILED, "filed_at": MOMENT},))])
    assert ledger.find("catalog", "_working/catalog-1/\udcfcber.jpg") == []


def test_found_drops_come_with_their_jobs_as_they_are_now(past: Ledger) -> None:
    past.commit([UpdateJob(2, {"handle": "j|77", "log": "{}"})])
    assert [found and (found.handle, found.log) for _, found in past.find("catalog", "b.jpg")] == [
        ("j|77", "{}"),
        None,
        ("j|77", "{}"),
        ("j|1", ""),
    ]


def test_a_drop_is_known_by_its_number_and_a_job_by_its_name_with_all_that_belongs_to_it(ledger: Ledger) -> None:
    job = Job(id=1, name="catalog-1", folder="catalog", options="{}", state=JobState.CLAIMING, created_at=MOMENT)
    posts = [
        Post(job=1, number=number, state=PostState.INTENT, ends_job=False, files=1, size_bytes=1, sent_at=MOMENT)
        for number in (1, 2)
    ]
    mine, other = filed(1, job=1), filed(2)
    ledger.commit([InsertJob(job), *map(InsertPost, reversed(posts)), InsertDrops((mine, other))])

    assert ledger.drop(1) == (mine, job)
    assert ledger.drop(2) == (other, None)
    assert ledger.drop(3) is None
    story = ledger.job("catalog-1")
    assert story is not None
    assert (story.job, list(story.posts), list(story.drops)) == (job, posts, [mine])
    assert ledger.job("catalog-2") is None
