"""The settle gate."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import looks, observation

from hotfolder.core.model import Evidence, FormatEnd, Lease
from hotfolder.core.settings import SettleSettings
from hotfolder.core.settle import LONGEST_WAIT_S, LookAgain, Rejected, Settled, Stuck, Track, judge

COMPLETE = Evidence(lease=Lease.FREE, format_end=FormatEnd.COMPLETE, format_name="JPEG")
WRITTEN = Evidence(lease=Lease.WRITER)
CUT = Evidence(lease=Lease.FREE, format_end=FormatEnd.MISSING, format_name="JPEG")
HOLE = Evidence(lease=Lease.FREE, trailing_hole=True)
HALF_COPIED = Evidence(lease=Lease.FREE, finder_busy=True)
UNTOLD = Evidence()

settings = st.builds(
    SettleSettings,
    quiet_s=st.sampled_from([0.0, 0.1, 5.0, 60.0]),
    empty_grace_s=st.sampled_from([0.0, 60.0]),
    limit_s=st.sampled_from([1.0, 600.0]),
    formats=st.booleans(),
)


@given(settings, looks)
def test_file_settles_only_when_nothing_speaks_against_it(
    gate: SettleSettings, story: list[tuple[float, int, int, Evidence | None, bool]]
) -> None:
    """The rule of RELIABILITY 3.1, written down a second time over the whole story."""
    track: Track | None = None
    at_s = 1000.0
    version: tuple[int, int] | None = None
    since_s, closed = at_s, False
    for pause_s, size_bytes, ctime_ns, proof, event in story:
        at_s += pause_s
        if version != (size_bytes, ctime_ns):
            version, since_s, closed = (size_bytes, ctime_ns), at_s, False
        closed = closed or event
        unchanged_s = at_s - since_s

        track, answer = judge(gate, track, observation(at_s, size_bytes, ctime_ns, proof), closed=event)
        assert track.first_seen_s == 1000.0 + story[0][0]
        assert track.unchanged_since_s == since_s

        needed_s = gate.quiet_s or (0.0 if closed else 0.5)
        good = (
            size_bytes > 0
            and unchanged_s >= needed_s
            and proof is not None
            and proof.lease is not Lease.WRITER
            and not proof.trailing_hole
            and not proof.finder_busy
            and not (gate.formats and proof.format_end is FormatEnd.MISSING)
        )
        assert isinstance(answer, Settled) == good
        match answer:
            case LookAgain():
                assert answer.missing
                assert at_s <= answer.at_s <= at_s + max(LONGEST_WAIT_S, gate.quiet_s)
            case Rejected():
                assert size_bytes == 0
                assert unchanged_s >= gate.empty_grace_s
            case Stuck():
                assert unchanged_s >= gate.limit_s
                assert answer.at_s > at_s
            case Settled():
                assert answer.evidence


@given(
    settings,
    st.sampled_from([COMPLETE, WRITTEN, CUT, HOLE, HALF_COPIED, UNTOLD]),
    st.sampled_from([0, 10]),
    st.booleans(),
)
def test_looking_when_told_comes_to_an_end(
    gate: SettleSettings, proof: Evidence, size_bytes: int, closed: bool
) -> None:
    """A file that does not change is decided after some looks, and not later than needed."""
    at_s, track = 0.0, None
    for _ in range(60):
        track, answer = judge(gate, track, observation(at_s, size_bytes, 1, proof), closed=closed)
        if not isinstance(answer, LookAgain):
            break
        at_s = answer.at_s
    assert not isinstance(answer, LookAgain)
    assert at_s <= max(gate.quiet_s, gate.empty_grace_s, gate.limit_s, 0.5) + 1e-6


def story(gate: SettleSettings, *steps: tuple[float, int, Evidence | None]) -> Any:
    """Return the answer to the last of some looks (time, size, evidence)."""
    track, answer = None, None
    for at_s, size_bytes, proof in steps:
        track, answer = judge(gate, track, observation(at_s, size_bytes, 1, proof), closed=False)
    return answer


GATE = SettleSettings()


def test_growing_file_is_not_settled() -> None:
    assert story(GATE, (0, 10, None), (5, 20, COMPLETE)) == LookAgain(10, "still being written")


def test_first_look_only_begins_the_quiet_time() -> None:
    assert story(GATE, (0, 10, COMPLETE)) == LookAgain(5, "not yet unchanged for 5 s")


def test_early_look_does_not_prolong_the_quiet_time() -> None:
    assert story(GATE, (0, 10, None), (4, 10, COMPLETE)) == LookAgain(5, "not yet unchanged for 5 s")


def test_quiet_file_settles_with_its_evidence() -> None:
    assert story(GATE, (0, 10, None), (5, 10, COMPLETE)) == Settled("unchanged for 5.0 s, no writer, JPEG end found")
    assert story(GATE, (0, 10, None), (5, 10, UNTOLD)) == Settled("unchanged for 5.0 s")


def test_evidence_is_asked_for_at_once() -> None:
    assert story(GATE, (0, 10, None), (5, 10, None)) == LookAgain(5, "a last look into the file")


def test_evidence_of_an_earlier_look_does_not_count() -> None:
    assert isinstance(story(GATE, (0, 10, COMPLETE), (5, 10, None)), LookAgain)


@pytest.mark.parametrize(
    ("proof", "missing"),
    [
        (WRITTEN, "a program still has the file open for writing"),
        (CUT, "the end of the JPEG is missing"),
        (HOLE, "the end of the file has not been written"),
        (HALF_COPIED, "Finder has not finished copying it, or was interrupted"),
    ],
)
def test_incomplete_file_is_looked_at_less_and_less_and_then_held(proof: Evidence, missing: str) -> None:
    assert story(GATE, (0, 10, None), (5, 10, proof)) == LookAgain(10, missing)
    assert story(GATE, (0, 10, None), (20, 10, proof)) == LookAgain(40, missing)
    assert story(GATE, (0, 10, None), (100, 10, proof)) == LookAgain(130, missing)
    assert story(GATE, (0, 10, None), (590, 10, proof)) == LookAgain(600, missing)
    stuck = story(GATE, (0, 10, None), (600, 10, proof))
    assert isinstance(stuck, Stuck)
    assert missing in stuck.reason
    assert "10 minutes" in stuck.reason
    assert "copy it again" in stuck.reason
    assert isinstance(story(GATE, (0, 10, None), (600, 10, proof), (900, 11, COMPLETE)), LookAgain)


def test_end_of_format_does_not_count_where_it_is_turned_off() -> None:
    assert story(SettleSettings(formats=False), (0, 10, None), (5, 10, CUT)) == Settled(
        "unchanged for 5.0 s, no writer"
    )


def test_change_of_nothing_but_ctime_is_a_change() -> None:
    """A client may set size and mtime as it likes while it still writes; it cannot set ctime."""
    track, _ = judge(GATE, None, observation(0, ctime_ns=1), closed=False)
    _, answer = judge(GATE, track, observation(5, ctime_ns=2, proof=COMPLETE), closed=False)
    assert isinstance(answer, LookAgain)


def test_no_quiet_time_and_a_close_event_need_one_look() -> None:
    gate = SettleSettings(quiet_s=0)
    _, answer = judge(gate, None, observation(7, proof=COMPLETE), closed=True)
    assert answer == Settled("closed or renamed just now, no writer, JPEG end found")


def test_no_quiet_time_but_no_event_needs_two_looks() -> None:
    gate = SettleSettings(quiet_s=0)
    track, answer = judge(gate, None, observation(7, proof=COMPLETE), closed=False)
    assert isinstance(answer, LookAgain)
    assert answer.at_s == 7.5
    _, answer = judge(gate, track, observation(7.5, proof=COMPLETE), closed=False)
    assert isinstance(answer, Settled)


def test_close_event_of_an_earlier_version_does_not_count() -> None:
    gate = SettleSettings(quiet_s=0)
    track, _ = judge(gate, None, observation(7), closed=True)
    _, answer = judge(gate, track, observation(7.1, size_bytes=20, proof=COMPLETE), closed=False)
    assert isinstance(answer, LookAgain)


def test_empty_file_may_still_be_filled() -> None:
    assert story(GATE, (0, 0, None), (5, 0, COMPLETE)) == LookAgain(10, "the file is still empty")
    assert story(GATE, (0, 0, None), (50, 0, COMPLETE)) == LookAgain(60, "the file is still empty")
    assert story(GATE, (0, 0, None), (60, 0, COMPLETE)) == Rejected("the file is empty, and stayed so for 60 s")
    assert isinstance(story(GATE, (0, 0, None), (59, 10, None), (64, 10, COMPLETE)), Settled)


def test_empty_file_that_somebody_has_open_is_not_rejected() -> None:
    """Moved away under its writer, it would be filled in the wrong place."""
    assert isinstance(story(GATE, (0, 0, None), (60, 0, WRITTEN)), LookAgain)
    assert isinstance(story(GATE, (0, 0, None), (600, 0, WRITTEN)), Stuck)
