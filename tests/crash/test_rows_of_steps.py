"""
When a file counts as complete, and what is durable before which step that others can see: gate by gate and step by
step, as the tables in `docs/limits.md` have them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from hotfolder.core import messages as m
from hotfolder.core.model import (
    DropState,
    Evidence,
    FormatEnd,
    JobState,
    Lease,
    Outcome,
    PostState,
    Unsafe,
)
from hotfolder.edges.files import FolderFiles
from hotfolder.testing.simulation import World
from tests.crash.histories import settings
from tests.crash.rows import Ending, Row, begin
from tests.crash.test_rare_turns import Puppet, actions_of
from tests.unit.edges.files.share import Share

T = TypeVar("T")

OPEN = Evidence(lease=Lease.FREE, format_end=FormatEnd.COMPLETE, format_name="JPEG")

LINGER_S = 3.0


def looked(puppet: Puppet, evidence: Evidence, *, size_bytes: int = 7) -> list[m.Action]:
    """Answer a look at the only file."""
    told = puppet.seen("a.jpg", size_bytes)
    (result,) = told.results
    assert result.observation is not None
    seen = replace(result, observation=replace(result.observation, evidence=evidence))
    return puppet.take(replace(told, results=(seen,)))


def is_claimed(puppet: Puppet) -> bool:
    """Let a batch form, and tell whether it did."""
    return bool(actions_of(m.Claim, puppet.take(m.Woken(), LINGER_S)))


def found() -> Puppet:
    puppet = Puppet(settings())
    puppet.up()
    puppet.take(m.Changed("catalog", ("a.jpg",)))
    return puppet


# --- gates ---


def test_gate_1_what_is_litter_is_never_taken() -> None:
    litter = (".DS_Store", "._a.jpg", "Thumbs.db", "~$order.docx", "a.jpg.part", ".nfs0001")
    row = begin(*litter)
    row.world.run()
    assert row.posts == []
    assert row.files.keys() == set(litter)


@pytest.mark.parametrize("why", Unsafe)
def test_gate_2_what_is_no_plain_file_of_this_place_is_never_taken(why: Unsafe) -> None:
    puppet = found()
    for _ in range(4):
        puppet.take(m.Looked("catalog", (m.LookResult("a.jpg", m.LookStatus.UNSAFE, unsafe=why),)), 60.0)
        assert not is_claimed(puppet)


def test_gate_3_a_file_that_changes_is_not_taken_before_it_rests() -> None:
    puppet = found()
    quiet_s = puppet.coordinator.board.settings.folders[0].settle.quiet_s
    for size in range(1, 20):
        looked(puppet, OPEN, size_bytes=size)
        puppet.now_s += quiet_s - LINGER_S - 0.1
        assert not is_claimed(puppet)
    looked(puppet, OPEN, size_bytes=19)
    assert not is_claimed(puppet)
    puppet.now_s += quiet_s
    looked(puppet, OPEN, size_bytes=19)
    assert is_claimed(puppet)


def check_it_waits(shut: Evidence) -> None:
    """What speaks against a file keeps it in its place however long it rests, with the reason, until it is gone."""
    puppet = found()
    for _ in range(100):
        looked(puppet, shut)
        assert not is_claimed(puppet)
        puppet.now_s += 60.0
    assert puppet.coordinator.desks["catalog"].settling["a.jpg"].held
    looked(puppet, OPEN)
    assert is_claimed(puppet)


def test_gate_4_a_file_with_a_hole_at_its_end_waits() -> None:
    check_it_waits(replace(OPEN, trailing_hole=True))


def test_gate_5_a_file_that_somebody_writes_waits() -> None:
    check_it_waits(replace(OPEN, lease=Lease.WRITER))


def test_gate_6_a_file_that_finder_marks_as_busy_waits() -> None:
    check_it_waits(replace(OPEN, finder_busy=True))


def test_gate_7_a_file_without_the_end_of_its_format_waits() -> None:
    check_it_waits(replace(OPEN, format_end=FormatEnd.MISSING))


def test_gate_8_a_file_that_somebody_still_writes_when_it_was_claimed_goes_back(tmp_path: Path) -> None:
    share = Share(tmp_path / "catalog")
    share.drop("a.jpg")
    writer = os.open(share.root / "a.jpg", os.O_WRONLY | os.O_APPEND)
    (result,) = FolderFiles(share.root).claim([share.claim_item("a.jpg")])
    os.close(writer)
    assert result.status is m.ClaimStatus.BUSY
    assert share.paths() == {"a.jpg"}


# --- what is durable before which step ---


def seen_at(row: Row, begins: str, look: Callable[[World], T]) -> list[T]:
    """Play a history; return what is durable at every step whose words begin so."""
    seen: list[T] = []

    def note(what: str) -> bool:
        if what.startswith(begins):
            seen.append(look(row.world))
        return False

    row.world.perils = Ending(note)
    row.world.run()
    assert {drop.outcome for drop in row.drops} == {Outcome.STORED}
    assert seen
    return seen


def states(world: World) -> set[DropState]:
    return {drop.state for drop in world.ledger.drops.values()}


def test_step_claim_is_recorded_before_any_file_is_moved() -> None:
    for seen in seen_at(begin("a.jpg", "b.jpg"), "before claiming", states):
        assert seen == {DropState.CLAIMING}


def test_step_plan_records_a_job_with_all_its_files_at_once() -> None:
    def members(world: World) -> list[tuple[int, int]]:
        drops = world.ledger.drops.values()
        return [(job.files_total, sum(drop.job == job.id for drop in drops)) for job in world.ledger.jobs.values()]

    for seen in seen_at(begin("a.jpg", "b.jpg", "c.jpg"), "after a commit", members):
        assert seen in ([], [(3, 3)])


def test_step_first_post_is_recorded_before_a_byte_leaves() -> None:
    def intent(world: World) -> tuple[JobState, PostState, bool]:
        (job,), (post,) = world.ledger.jobs.values(), world.ledger.posts.values()
        return job.state, post.state, states(world) <= {DropState.SENDING, DropState.CLAIMED}

    assert seen_at(begin("a.jpg", "b.jpg"), "before posting to catalog", intent) == [
        (JobState.OPENING, PostState.INTENT, True)
    ]


def test_step_next_post_begins_when_the_handle_and_the_first_result_are_recorded() -> None:
    def known(world: World) -> tuple[JobState, bool, list[PostState]]:
        (job,) = world.ledger.jobs.values()
        return job.state, job.handle is not None, [post.state for _, post in sorted(world.ledger.posts.items())]

    assert seen_at(begin("a.jpg", "b.jpg"), "before posting to j|", known) == [
        (JobState.OPEN, True, [PostState.ACCEPTED, PostState.INTENT])
    ]


def test_step_end_is_recorded_before_a_job_is_ended_without_a_file() -> None:
    def ending(world: World) -> tuple[JobState, PostState] | None:
        post = world.ledger.posts.get((1, 3))
        return None if post is None or post.files else (world.ledger.jobs[1].state, post.state)

    row = begin("a.jpg", "b.jpg", "c.jpg", moods=["ok", "swallow before"])
    assert (JobState.CLOSING, PostState.INTENT) in seen_at(row, "before posting to j|", ending)


def test_step_outcome_decides_all_files_of_a_job_at_once() -> None:
    def decided(world: World) -> tuple[bool, list[bool]]:
        is_over = any(job.state in (JobState.OVER, JobState.CLOSED) for job in world.ledger.jobs.values())
        return is_over, [drop.outcome is not None for drop in world.ledger.drops.values()]

    for is_over, outcomes in seen_at(begin("a.jpg", "b.jpg", "c.jpg"), "after a commit", decided):
        assert outcomes == [is_over] * len(outcomes)


def test_step_filing_is_recorded_with_its_target_before_anything_is_written_or_moved() -> None:
    def targets(world: World) -> set[tuple[DropState, str | None]]:
        return {(drop.state, drop.target_path) for drop in world.ledger.drops.values()}

    for begins in ("before publishing", "before filing"):
        for seen in seen_at(begin("a.jpg"), begins, targets):
            assert seen == {(DropState.FILING, "_done/2026-03-01/a.jpg")}


def test_step_filing_writes_the_receipt_before_it_moves_the_file() -> None:
    def receipts(world: World) -> bool:
        return "_done/2026-03-01/a.jpg.receipt.toml" in world.shares["catalog"].files

    assert seen_at(begin("a.jpg"), "before filing", receipts) == [True]
