"""Whose `_working` it is, and what lies in it that nobody knows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.unit.edges.files.share import JPEG, Share

from hotfolder.core.messages import ClaimStatus, Orphan
from hotfolder.edges.files import FolderFiles, Owner
from hotfolder.ports import FolderError

JOB, LOST = "catalog-20260301T090000Z-7f3a", "catalog-20260228T090000Z-000001"


def owner(ledger_id: str, host: str, *, found: int = 5, now: int = 7) -> Owner:
    """Return one whose ledger had a generation when it was opened, and has another one now."""
    return Owner(ledger_id=ledger_id, host=host, found=found, generation=lambda: now)


OURS = owner("11aa", "studio-1")
THEIRS = owner("22bb", "studio-2")


def hotfolder(share: Share, owner: Owner) -> FolderFiles:
    return FolderFiles(share.root, owner=owner)


def claim(share: Share, files: FolderFiles, path: str) -> None:
    share.drop(path)
    (result,) = files.claim([share.claim_item(path, job=JOB)])
    assert result.status is ClaimStatus.CLAIMED


def test_the_first_claim_marks_the_place_for_its_ledger(share: Share) -> None:
    files = hotfolder(share, OURS)
    files.check()
    claim(share, files, "a.jpg")
    assert set(share.paths()) == {f"_working/{JOB}/a.jpg", "_working/.owner"}
    files.check(has_claimed=True)
    again = hotfolder(share, owner("11aa", "studio-9", found=7))  # the daemon moved, its ledger with it
    again.check()
    claim(share, again, "b.jpg")


def test_another_ledgers_daemon_claims_nothing_and_is_told_whose_it_is(share: Share) -> None:
    claim(share, hotfolder(share, OURS), "a.jpg")
    other = hotfolder(share, THEIRS)
    item = share.claim_item("b.jpg", share.drop("b.jpg"))
    for touch in (other.check, lambda: other.claim([item])):
        with pytest.raises(FolderError, match=r"belongs to another hotfolder, on studio-1; .*_working/\.owner"):
            touch()
    assert share.root.joinpath("b.jpg").read_bytes() == JPEG


def test_a_ledger_that_is_older_than_the_mark_is_told_and_claims_nothing(share: Share) -> None:
    """It was put back from a copy, and does not know what was sent since."""
    claim(share, hotfolder(share, OURS), "a.jpg")
    older = hotfolder(share, owner("11aa", "studio-1", found=6, now=20))
    item = share.claim_item("b.jpg", share.drop("b.jpg"))
    for touch in (older.check, lambda: older.claim([item])):
        with pytest.raises(FolderError, match=r"a newer copy of this ledger .*\(20\d\d-.*remove .*_working/\.owner"):
            touch()
    assert share.root.joinpath("b.jpg").read_bytes() == JPEG
    (share.root / "_working/.owner").unlink()
    older.check()
    claim(share, older, "c.jpg")
    older.check()


def test_a_folder_that_is_taken_out_of_the_settings_and_back_in_is_still_ours(share: Share) -> None:
    ours = owner("11aa", "studio-1")
    claim(share, hotfolder(share, ours), "a.jpg")
    again = hotfolder(share, ours)  # of the same process, whose mark is newer than what the ledger was opened with
    again.check()
    claim(share, again, "b.jpg")


def test_the_mark_is_brought_up_to_date_once_a_minute(share: Share) -> None:
    now = {"s": 0.0, "generation": 10}
    ours = Owner(ledger_id="11aa", host="studio-1", found=5, generation=lambda: int(now["generation"]))
    files = FolderFiles(share.root, owner=ours, monotonic=lambda: now["s"])
    told = []
    for number, s in enumerate((0.0, 59.0, 61.0, 62.0)):
        now |= {"s": s, "generation": 10 + number}
        claim(share, files, f"{number}.jpg")
        told.append(json.loads((share.root / "_working/.owner").read_bytes())["generation"])
    assert told == [10, 10, 12, 12]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"ledger": "11aa"}'])
def test_a_mark_that_cannot_be_read_is_somebody_elses(share: Share, content: bytes) -> None:
    share.drop("_working/.owner", content)
    with pytest.raises(FolderError, match="nobody knows where"):
        hotfolder(share, OURS).check()


def test_a_mark_that_was_removed_is_made_anew(share: Share) -> None:
    claim(share, hotfolder(share, OURS), "a.jpg")
    (share.root / "_working/.owner").unlink()
    other = hotfolder(share, THEIRS)
    other.check()
    claim(share, other, "b.jpg")
    with pytest.raises(FolderError, match="studio-2"):
        hotfolder(share, OURS).check()


def test_orphans_are_the_files_of_no_job_that_is_known(share: Share, tmp_path: Path) -> None:
    files = hotfolder(share, OURS)
    assert files.orphans(()) == []  # nothing was ever claimed here
    claim(share, files, "spring/a.jpg")
    lost = share.drop(f"_working/{LOST}/spring/deep/b.jpg")
    share.drop("_working/c.jpg")  # by a person, as the next one: our places are not looked through for drops
    share.drop("_working/spring/c.jpg")
    (tmp_path / "secret").write_bytes(b"secret")
    (share.root / f"_working/{LOST}/link.jpg").symlink_to(tmp_path / "secret")
    os.link(tmp_path / "secret", share.root / f"_working/{LOST}/hard.jpg")
    os.mkfifo(share.root / f"_working/{LOST}/fifo.jpg")
    (share.root / "_working/away").symlink_to(tmp_path)
    assert files.orphans({JOB}) == [Orphan(f"_working/{LOST}/spring/deep/b.jpg", lost)]
    assert {orphan.path for orphan in files.orphans(())} == {
        f"_working/{JOB}/spring/a.jpg",
        f"_working/{LOST}/spring/deep/b.jpg",
    }
