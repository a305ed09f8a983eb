"""
Recovery of one file: what the ledger holds against what lies in the share, row by row (L1 to L15 in `docs/limits.md`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.core.messages import FilingStatus
from hotfolder.core.model import DropState, JobState, Outcome
from hotfolder.edges.files import FolderFiles
from hotfolder.testing.simulation import World
from tests.crash.rows import Row, begin, committed, play, step
from tests.unit.edges.files.share import Share

DONE = "_done/2026-03-01/a.jpg"


def stored_once(row: Row, path: str = DONE) -> None:
    """Check that the one file was sent once, and lies where it belongs with its receipt."""
    assert row.files.keys() >= {path, f"{path}.receipt.toml"}
    assert row.files[path] == b"a.jpg"
    assert (row.drop.state, row.drop.outcome, row.drop.target_path) == (DropState.FILED, Outcome.STORED, path)
    assert not row.drop.possible_second_copy
    assert [len(asset.contents) for asset in row.world.server.assets.values()] == [1]


def works_on(world: World, state: DropState) -> bool:
    return any(drop.state is state for drop in world.ledger.drops.values())


claimed = committed(lambda world: works_on(world, DropState.CLAIMED))
"""Claimed, and certainly not sent: the first POST did not leave, which is told as "not sent"."""

filing = step("before publishing")
"""Outcome and target are fixed, and nothing is done about it yet."""


def replace_in_working(world: World) -> None:
    share = world.shares["catalog"]
    (path,) = (path for path in share.files if path.startswith("_working/"))
    share.drop(path, b"another content")


def remove_from_working(world: World) -> None:
    files = world.shares["catalog"].files
    (path,) = (path for path in files if path.startswith("_working/"))
    del files[path]


def dropping(path: str, content: bytes) -> Callable[[World], None]:
    def drop(world: World) -> None:
        world.shares["catalog"].drop(path, content)

    return drop


def test_l1_a_file_of_which_nothing_is_known_is_a_new_drop() -> None:
    row = play(begin("a.jpg"))
    stored_once(row)
    assert len(row.posts) == 1


def test_l2_a_claimed_file_of_which_nothing_is_known_is_never_sent_and_lies_where_people_look() -> None:
    row = begin()
    row.world.shares["catalog"].drop("_working/catalog-1/spring/a.jpg", b"a.jpg")
    play(row)
    assert row.posts == []
    assert row.files["_check/spring/a.jpg"] == b"a.jpg"
    assert "_check/spring/a.jpg - PLEASE CHECK.txt" in row.files
    assert row.drop.outcome is Outcome.UNKNOWN


def test_l3_a_claim_that_was_recorded_and_not_done_is_done() -> None:
    row = play(begin("a.jpg"), step("before claiming"))
    stored_once(row)
    assert (len(row.posts), len(row.jobs)) == (1, 1)


def test_l4_a_claim_that_was_done_and_not_recorded_counts() -> None:
    row = play(begin("a.jpg"), step("after claiming"))
    stored_once(row)
    assert (len(row.posts), len(row.jobs)) == (1, 1)


def test_l5_a_claim_that_was_done_leaves_what_was_dropped_in_its_place_a_drop_of_its_own() -> None:
    row = play(begin("a.jpg"), step("after claiming"), dropping("a.jpg", b"new"))
    assert [(drop.path, drop.outcome) for drop in row.drops] == [
        ("a.jpg", Outcome.STORED),
        ("a.jpg", Outcome.UPDATED),
    ]
    assert [row.files[drop.target_path or ""] for drop in row.drops] == [b"a.jpg", b"new"]


def test_l6_what_was_taken_away_before_its_claim_was_done_is_withdrawn() -> None:
    row = play(begin("a.jpg"), step("before claiming"), lambda world: world.shares["catalog"].files.clear())
    assert (row.drop.state, row.posts, row.files) == (DropState.WITHDRAWN, [], {})
    assert [job.state for job in row.jobs] == [JobState.VOID]


def test_l7_a_claimed_file_that_is_what_it_was_is_sent() -> None:
    row = play(begin("a.jpg", moods=["not sent"]), claimed)
    stored_once(row)
    assert (len(row.posts), len(row.jobs)) == (2, 1)  # of the first, nothing left


def test_l8_a_claimed_file_that_is_another_one_by_now_is_not_sent_and_its_dropper_is_told() -> None:
    row = play(begin("a.jpg", moods=["not sent"]), claimed, replace_in_working)
    assert row.world.server.assets == {}
    assert row.files["_failed/a.jpg"] == b"another content"
    assert "_failed/a.jpg - NOT SENT.txt" in row.files
    assert row.drop.outcome is Outcome.FAILED


def test_l8_a_sent_file_that_is_another_one_by_now_lies_where_people_look_and_is_not_called_sent() -> None:
    row = play(begin("a.jpg"), step("after posting"), replace_in_working)
    assert row.files["_check/a.jpg"] == b"another content"
    assert "_check/a.jpg - PLEASE CHECK.txt" in row.files
    assert row.drop.outcome is Outcome.UNKNOWN
    assert "what lies here is not what was sent" in row.drop.reason


def test_l9_a_claimed_file_that_is_gone_and_was_not_sent_has_failed() -> None:
    row = play(begin("a.jpg", moods=["not sent"]), claimed, remove_from_working)
    assert row.files.keys() == {"_failed/a.jpg - NOT SENT.txt", "_failed/a.jpg.receipt.toml"}
    assert row.drop.outcome is Outcome.FAILED
    assert "vanished while it was waiting" in row.drop.reason


def test_l9_a_sent_file_that_is_gone_has_what_became_of_it_on_the_server() -> None:
    row = play(begin("a.jpg"), step("after posting"), remove_from_working)
    assert row.files.keys() == {f"{DONE}.receipt.toml"}
    assert row.drop.outcome is Outcome.STORED
    assert "the original was gone" in row.drop.reason


def test_l10_filing_that_had_not_begun_begins_again_with_the_receipt() -> None:
    stored_once(play(begin("a.jpg"), filing))


def test_l11_filing_that_was_cut_short_after_the_receipt_moves_the_file() -> None:
    row = play(begin("a.jpg"), step("after publishing"))
    stored_once(row)
    assert sum(path.endswith(".receipt.toml") for path in row.files) == 1


def test_l12_a_file_that_is_at_its_target_is_filed() -> None:
    row = play(begin("a.jpg"), step("after filing"))
    stored_once(row)
    assert row.files.keys() == {DONE, f"{DONE}.receipt.toml"}


@pytest.mark.parametrize("moment", ["before publishing", "before filing"])
def test_l13_a_target_that_somebody_took_is_left_alone_and_another_one_chosen(moment: str) -> None:
    row = play(begin("a.jpg"), step(moment), dropping(DONE, b"somebody's"))
    stored_once(row, "_done/2026-03-01/~2/a.jpg")
    assert row.files[DONE] == b"somebody's"


def test_l14_a_filed_file_is_its_peoples_to_take_away() -> None:
    row = play(begin("a.jpg"))
    row.world.shares["catalog"].files.clear()
    before = row.drop
    row.world.run()
    assert row.files == {}
    assert row.drop == before
    assert len(row.posts) == 1


def test_l15_a_receipt_half_written_is_cleared_away_and_written_anew(tmp_path: Path) -> None:
    share = Share(tmp_path / "catalog")
    share.drop("_working/catalog-1/a.jpg")
    share.drop("_done/.hotfolder-1-0.tmp", b"outc")
    item = share.filing_item("_working/catalog-1/a.jpg", "_done/a.jpg", receipt="outcome = 1")
    (result,) = FolderFiles(share.root).file_away([item])
    assert result.status is FilingStatus.FILED
    assert share.paths() == {"_done/a.jpg", "_done/a.jpg.receipt.toml"}
