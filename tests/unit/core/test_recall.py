"""What a file just found is to us, by what the ledger has of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.strategies import drop

from hotfolder.core.messages import RecallItem, RecallResult
from hotfolder.core.model import Drop, DropState, Identity, Outcome
from hotfolder.core.recall import copies_of, judge

IDENTITY = Identity(device=1, inode=2, size_bytes=3, mtime_ns=4)
FOUND = RecallItem("chair.jpg", IDENTITY)


def filed(number: int = 1, outcome: Outcome = Outcome.FAILED, **values: Any) -> Drop:
    """Return a drop that was claimed and moved to its end."""
    record = replace(
        drop(number),
        state=DropState.FILED,
        identity=IDENTITY,
        path="spring/chair.jpg",
        work_path=f"_working/{number}/spring/chair.jpg",
        outcome=outcome,
        target_path="_failed/spring/chair.jpg",
    )
    for name, value in values.items():
        setattr(record, name, value)
    return record


def kept(outcome: Outcome = Outcome.STORED, **values: Any) -> Drop:
    """Return a drop that was sent from its place and left there."""
    return filed(outcome=outcome, path="chair.jpg", work_path="chair.jpg", **{"target_path": "", **values})


def test_a_file_nobody_has_seen_is_new() -> None:
    assert judge(FOUND, [], set()) == RecallResult("chair.jpg", "new")


@pytest.mark.parametrize(
    "outcome", [Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED, Outcome.RENAMED, Outcome.UNKNOWN]
)
def test_a_file_that_was_put_aside_comes_back_to_where_it_was_first_dropped(outcome: Outcome) -> None:
    assert judge(FOUND, [filed(7, outcome)], set()) == RecallResult("chair.jpg", "returned", 7, "spring/chair.jpg")


def test_a_file_that_comes_back_twice_still_remembers_its_first_place() -> None:
    earlier = filed(7, path="chair.jpg", origin="spring/chair.jpg")
    assert judge(FOUND, [earlier], set()).origin == "spring/chair.jpg"


@pytest.mark.parametrize("outcome", [Outcome.STORED, Outcome.UPDATED])
def test_a_file_taken_out_of_done_is_new(outcome: Outcome) -> None:
    assert judge(FOUND, [filed(outcome=outcome)], set()) == RecallResult("chair.jpg", "new")


def test_the_newest_drop_of_a_file_decides() -> None:
    """It failed, was dragged back and stored; who takes it out of `_done` now wants it sent as it lies."""
    earlier = [filed(2, Outcome.STORED, retry_of=1), filed(1, Outcome.FAILED)]
    assert judge(FOUND, earlier, set()).known == "new"
    assert judge(FOUND, [filed(1, Outcome.STORED), filed(2, Outcome.FAILED)], set()).drop == 2


@pytest.mark.parametrize("state", [state for state in DropState if state is not DropState.FILED])
def test_a_drop_on_its_way_says_nothing_of_its_file(state: DropState) -> None:
    """A refused file still lies in its place while it is being filed: nobody has dragged it back."""
    assert judge(FOUND, [filed(state=state)], set()).known == "new"


@pytest.mark.parametrize("name", ["device", "inode", "size_bytes", "mtime_ns"])
def test_a_file_with_another_identity_is_new(name: str) -> None:
    other = replace(IDENTITY, **{name: 99})
    assert judge(RecallItem("chair.jpg", other), [filed()], set()).known == "new"


@pytest.mark.parametrize("outcome", Outcome)
def test_a_file_that_was_to_stay_is_remembered_as_long_as_it_lies_there(outcome: Outcome) -> None:
    assert judge(FOUND, [kept(outcome)], set()) == RecallResult("chair.jpg", "kept", 1)
    with_note = kept(outcome, target_path="_failed/chair.jpg", note_digest="n")
    assert judge(FOUND, [with_note], set()) == RecallResult("chair.jpg", "kept", 1)


def test_a_file_that_stayed_and_was_stored_is_new_under_another_name() -> None:
    assert judge(RecallItem("sofa.jpg", IDENTITY), [kept()], set()) == RecallResult("sofa.jpg", "new")


def test_a_file_that_stayed_and_failed_is_tried_again_under_the_name_a_person_gave_it() -> None:
    """Its old name may be why it failed, so that does not come back with it; its old note goes."""
    earlier = kept(Outcome.REJECTED, target_path="_failed/chair.jpg", note_digest="n")
    copies = {"_failed/chair.jpg - NOT SENT.txt": "n"}
    assert judge(RecallItem("sofa.jpg", IDENTITY), [earlier], set()) == (
        RecallResult("sofa.jpg", "returned", 1, None, copies)
    )


def test_our_own_note_is_known_by_its_bytes() -> None:
    item = RecallItem("chair.jpg - NOT SENT.txt", IDENTITY, "aa")
    assert judge(item, [], {"aa", "bb"}) == RecallResult(item.path, "copy")
    assert judge(item, [], {"bb"}) == RecallResult(item.path, "new")
    assert judge(replace(item, digest=None), [], {"aa"}) == RecallResult(item.path, "new")


def test_an_original_is_never_taken_for_a_note() -> None:
    """Notes are removed without a word: in doubt it is a drop."""
    item = RecallItem("chair.jpg - NOT SENT.txt", IDENTITY, "aa")
    assert judge(item, [filed()], {"aa"}).known == "returned"


@pytest.mark.parametrize(
    ("outcome", "suffix"),
    [
        (Outcome.FAILED, " - NOT SENT.txt"),
        (Outcome.DUPLICATE, " - NOT SENT.txt"),
        (Outcome.REJECTED, " - NOT SENT.txt"),
        (Outcome.RENAMED, " - PLEASE CHECK.txt"),
        (Outcome.UNKNOWN, " - PLEASE CHECK.txt"),
    ],
)
def test_notes_and_receipts_lie_beside_the_original(outcome: Outcome, suffix: str) -> None:
    record = filed(outcome=outcome, target_path="_x/a/~2/chair.jpg", note_digest="n", receipt_digest="r")
    assert copies_of(record) == {f"_x/a/~2/chair.jpg{suffix}": "n", "_x/a/~2/chair.jpg.receipt.toml": "r"}


def test_what_was_not_written_is_not_looked_for() -> None:
    assert copies_of(filed(note_digest=None, receipt_digest=None)) == {}
    assert copies_of(filed(target_path=None, note_digest="n")) == {}
    assert copies_of(filed(target_path="", receipt_digest="r")) == {}
