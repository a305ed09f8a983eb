"""What memory knows is written anew; changes of what it does not know are left out, and nothing else is."""

from __future__ import annotations

from tests.strategies import MOMENT, drop

from hotfolder.core.journal import InsertDrops, InsertJob, InsertPost, UpdateDrops, UpdateJob, UpdatePost, Write
from hotfolder.core.mending import Known, mended
from hotfolder.core.model import Job, JobState, Post, PostState

JOB = Job(id=7, name="catalog-7", folder="catalog", options="{}", state=JobState.OPEN, created_at=MOMENT)
POST = Post(job=7, number=1, state=PostState.INTENT, ends_job=False, files=1, size_bytes=10, sent_at=MOMENT)
KNOWN = Known(drops={1: drop(1)}, jobs={7: JOB}, posts={(7, 1): POST})
NOTHING = Known(drops={}, jobs={}, posts={})
WRITES: list[Write] = [
    UpdateDrops(({"id": 1, "job": 7}, {"id": 2, "job": None})),
    UpdateJob(7, {"files_total": 1}),
    UpdatePost(7, 1, {"reason": ""}),
]


def test_what_is_known_is_written_anew_before_it_changes() -> None:
    assert mended(WRITES, "drops", {1}, KNOWN) == [InsertDrops((drop(1),)), *WRITES]
    assert mended(WRITES, "jobs", {7}, KNOWN) == [InsertJob(JOB), *WRITES]
    assert mended(WRITES, "posts", {(7, 1)}, KNOWN) == [InsertPost(POST), *WRITES]


def test_what_is_not_known_is_left_out_and_the_rest_stays() -> None:
    assert mended(WRITES, "drops", {1}, NOTHING) == [UpdateDrops(({"id": 2, "job": None},)), *WRITES[1:]]
    assert mended(WRITES, "drops", {1, 2}, NOTHING) == WRITES[1:]
    assert mended(WRITES, "posts", {(7, 1)}, NOTHING) == WRITES[:2]
    assert mended(WRITES, "publishes", {9}, NOTHING) == WRITES


def test_without_its_job_a_drop_has_none_and_a_post_is_nothing() -> None:
    drops = UpdateDrops(({"id": 1, "job": None}, {"id": 2, "job": None}))
    assert mended([*WRITES, InsertPost(POST)], "jobs", {7}, NOTHING) == [drops]
