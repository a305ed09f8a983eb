"""
What every implementation of the port `Files` promises: the real one, with a new kernel and an old one, and the fake.

Only what the coordinator relies on; links, crashes and the like have their own tests, because the fake knows none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotfolder.core.companions import STATUS_MARK
from hotfolder.core.messages import (
    ClaimItem,
    ClaimStatus,
    EntryKind,
    Fate,
    FilingItem,
    FilingStatus,
    LookItem,
    LookStatus,
)
from hotfolder.core.model import Identity
from hotfolder.edges.files import FolderFiles, Syscalls
from hotfolder.ports import ChangedError, Files, FolderError
from hotfolder.testing.files import FakeFiles, FakeShare
from hotfolder.testing.perils import Perils, VirtualClock

CONTENT = b"\xff\xd8\xff\xda\x00\x04abscan\xff\xd9"


@dataclass
class Place:
    """A hot folder from both sides."""

    files: Files
    drop: Callable[[str, bytes], None]
    contents: Callable[[], dict[str, bytes]]
    take_root_away: Callable[[], None]

    def identity(self, path: str) -> Identity:
        (result,) = self.files.look([LookItem(path)])
        assert result.observation is not None
        return result.observation.identity


def real_place(root: Path, *, is_new: bool) -> Place:
    root.mkdir()

    def drop(path: str, content: bytes) -> None:
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(content)

    def contents() -> dict[str, bytes]:
        return {os.path.relpath(path, root): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def take_root_away() -> None:
        root.rename(root.parent / "elsewhere")

    files = FolderFiles(root, calls=Syscalls(openat2=is_new, renameat2=is_new))
    return Place(files, drop, contents, take_root_away)


def fake_place() -> Place:
    share = FakeShare()

    def drop(path: str, content: bytes) -> None:
        share.drop(path, content)

    def contents() -> dict[str, bytes]:
        return {path: file.content for path, file in share.files.items()}

    def take_root_away() -> None:
        share.missing = True

    files = FakeFiles(share, VirtualClock(datetime(2026, 1, 31, tzinfo=UTC)), Perils())
    return Place(files, drop, contents, take_root_away)


@pytest.fixture(params=["new kernel", "old kernel", "fake"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "fake":
        return fake_place()
    return real_place(tmp_path / "catalog", is_new=request.param == "new kernel")


def claim_item(place: Place, path: str, identity: Identity | None = None) -> ClaimItem:
    return ClaimItem(1, path, f"_working/job/{path}", identity or place.identity(path))


def filing_item(identity: Identity | None, fate: Fate = Fate.MOVE) -> FilingItem:
    return FilingItem(
        drop=1,
        source_path="_working/job/a.jpg",
        identity=identity,
        fate=fate,
        target_path="_failed/a.jpg",
        note=("_failed/a.jpg - NOT SENT.txt", "Sorry"),
        receipt=("_failed/a.jpg.receipt.toml", "x = 1"),
    )


COMPANIONS = {"_failed/a.jpg - NOT SENT.txt": b"Sorry", "_failed/a.jpg.receipt.toml": b"x = 1"}


def test_walk_finds_files_but_not_in_reserved_places(place: Place) -> None:
    for path in ("a.jpg", "spring/b.jpg", "_done/c.jpg", "_WORKING/d.jpg"):
        place.drop(path, CONTENT)
    found = [entry for chunk in place.files.walk() for entry in chunk]
    assert {entry.path for entry in found} == {"a.jpg", "spring/b.jpg"}
    assert {entry.kind for entry in found} == {EntryKind.FILE}
    assert [entry.path for chunk in place.files.walk("spring") for entry in chunk] == ["spring/b.jpg"]


def test_look_tells_presence_identity_and_evidence(place: Place) -> None:
    place.drop("a.jpg", CONTENT)
    identity = place.identity("a.jpg")
    assert identity.size_bytes == len(CONTENT)
    plain, gone, expected, wrong, digested = place.files.look(
        [
            LookItem("a.jpg"),
            LookItem("gone.jpg"),
            LookItem("a.jpg", expect=identity),
            LookItem("a.jpg", expect=replace(identity, size_bytes=1)),
            LookItem("a.jpg", digest=True),
        ]
    )
    assert gone.status is LookStatus.MISSING
    for result, has_evidence in ((plain, False), (expected, True), (wrong, False)):
        assert result.status is LookStatus.PRESENT
        assert result.observation is not None
        assert (result.observation.evidence is not None) is has_evidence
    assert digested.digest == hashlib.sha256(CONTENT).hexdigest()
    assert plain.digest is None


def test_new_version_has_a_new_identity(place: Place) -> None:
    place.drop("a.jpg", CONTENT)
    before = place.identity("a.jpg")
    place.drop("a.jpg", CONTENT + b"more")
    assert place.identity("a.jpg") != before


def test_claim_moves_once(place: Place) -> None:
    place.drop("spring/a.jpg", CONTENT)
    item = claim_item(place, "spring/a.jpg")
    for _ in range(2):
        (result,) = place.files.claim([item])
        assert (result.drop, result.status) == (1, ClaimStatus.CLAIMED)
        assert place.contents() == {"_working/job/spring/a.jpg": CONTENT}


def test_claim_tells_missing_from_changed(place: Place) -> None:
    place.drop("a.jpg", CONTENT)
    item = claim_item(place, "a.jpg")
    place.drop("a.jpg", b"another")
    assert place.files.claim([item])[0].status is ClaimStatus.CHANGED
    gone = replace(item, path="gone.jpg", work_path="_working/job/gone.jpg")
    assert place.files.claim([gone])[0].status is ClaimStatus.MISSING
    assert place.contents() == {"a.jpg": b"another"}


def test_claim_that_was_done_leaves_a_new_drop_of_the_name_alone(place: Place) -> None:
    place.drop("a.jpg", CONTENT)
    item = claim_item(place, "a.jpg")
    place.files.claim([item])
    place.drop("a.jpg", b"second")
    assert place.files.claim([item])[0].status is ClaimStatus.CLAIMED
    assert place.contents() == {"a.jpg": b"second", "_working/job/a.jpg": CONTENT}


def test_claimed_file_is_read(place: Place) -> None:
    place.drop("_working/job/a.jpg", CONTENT)
    identity = place.identity("_working/job/a.jpg")
    reader = place.files.open_for_sending("_working/job/a.jpg", identity)
    assert reader.size_bytes == len(CONTENT)
    assert b"".join(bytes(block) for block in reader.blocks()) == CONTENT
    assert reader.check_unchanged()
    reader.close()
    reader.close()
    with pytest.raises(ChangedError):
        place.files.open_for_sending("_working/job/a.jpg", replace(identity, mtime_ns=1))
    with pytest.raises(ChangedError):
        place.files.open_for_sending("_working/job/gone.jpg", identity)


def test_filing_publishes_and_moves_once(place: Place) -> None:
    place.drop("_working/job/a.jpg", CONTENT)
    item = filing_item(place.identity("_working/job/a.jpg"))
    for _ in range(2):
        (result,) = place.files.file_away([item])
        assert (result.drop, result.status) == (1, FilingStatus.FILED)
        assert place.contents() == {"_failed/a.jpg": CONTENT, **COMPANIONS}


def test_filing_deletes_once(place: Place) -> None:
    place.drop("_working/job/a.jpg", CONTENT)
    item = filing_item(place.identity("_working/job/a.jpg"), Fate.DELETE)
    for _ in range(2):
        assert place.files.file_away([item])[0].status is FilingStatus.FILED
        assert place.contents() == COMPANIONS


def test_filing_keeps(place: Place) -> None:
    place.drop("a.jpg", CONTENT)
    item = replace(filing_item(place.identity("a.jpg"), Fate.KEEP), source_path="a.jpg")
    assert place.files.file_away([item])[0].status is FilingStatus.FILED
    assert place.contents() == {"a.jpg": CONTENT, **COMPANIONS}


def test_filing_moves_whatever_lies_there_when_told_so(place: Place) -> None:
    place.drop("_working/job/a.jpg", CONTENT)
    assert place.files.file_away([filing_item(None)])[0].status is FilingStatus.FILED
    assert place.contents() == {"_failed/a.jpg": CONTENT, **COMPANIONS}


@pytest.mark.parametrize("taken", ["_failed/a.jpg", *COMPANIONS])
def test_filing_replaces_nothing(place: Place, taken: str) -> None:
    place.drop("_working/job/a.jpg", CONTENT)
    place.drop(taken, b"somebody's")
    item = filing_item(place.identity("_working/job/a.jpg"))
    assert place.files.file_away([item])[0].status is FilingStatus.TAKEN
    assert place.contents() == {"_working/job/a.jpg": CONTENT, taken: b"somebody's"}


def test_filing_of_a_lost_original_still_says_what_became_of_it(place: Place) -> None:
    place.drop("_working/job/a.jpg", CONTENT)
    item = filing_item(place.identity("_working/job/a.jpg"))
    place.drop("_working/job/a.jpg", CONTENT)
    gone = replace(item, source_path="_working/job/gone.jpg")
    assert place.files.file_away([gone])[0].status is FilingStatus.MISSING
    assert place.contents() == {"_working/job/a.jpg": CONTENT, **COMPANIONS}


def test_original_is_brought_back_where_its_place_is_free(place: Place) -> None:
    for path, content in (("_failed/spring/a.jpg", b"a"), ("_failed/b.jpg", b"b"), ("b.jpg", b"newer")):
        place.drop(path, content)
    moves = [("_failed/spring/a.jpg", "spring/a.jpg"), ("_failed/b.jpg", "b.jpg"), ("_failed/gone.jpg", "gone.jpg")]
    assert place.files.bring_back(moves) == ["spring/a.jpg"]
    assert place.contents() == {"spring/a.jpg": b"a", "_failed/b.jpg": b"b", "b.jpg": b"newer"}
    assert place.files.bring_back(moves) == []


def test_copies_of_ours_are_removed_and_nothing_else(place: Place) -> None:
    place.drop("note.txt", b"Sorry")
    place.drop("edited.txt", b"Sorry, and thanks")
    digest = hashlib.sha256(b"Sorry").hexdigest()
    place.files.remove_copies({"note.txt": digest, "edited.txt": digest, "gone.txt": digest})
    assert place.contents() == {"edited.txt": b"Sorry, and thanks"}


def test_note_is_left_where_nothing_is(place: Place) -> None:
    place.files.leave_note("_failed/a.txt", "first")
    place.files.leave_note("_failed/a.txt", "second")
    assert place.contents() == {"_failed/a.txt": b"first"}


def test_the_status_file_is_replaced_by_its_next_text(place: Place) -> None:
    for text in ("first", "second, and longer"):
        place.files.write_status(STATUS_MARK + text)
        assert place.contents() == {"_status.html": (STATUS_MARK + text).encode()}


def test_a_status_file_that_is_not_ours_stays(place: Place) -> None:
    place.drop("_status.html", b"<!DOCTYPE html>somebody's own")
    place.files.write_status(STATUS_MARK + "news")
    assert place.contents() == {"_status.html": b"<!DOCTYPE html>somebody's own"}


def test_tidying_leaves_files_alone(place: Place) -> None:
    place.drop("_working/job/a.jpg", CONTENT)
    place.files.tidy()
    assert place.contents() == {"_working/job/a.jpg": CONTENT}


def test_every_call_tells_when_the_root_is_gone(place: Place) -> None:
    place.drop("a.jpg", CONTENT)
    identity = place.identity("a.jpg")
    place.files.check()
    place.take_root_away()
    for call in (
        place.files.check,
        lambda: list(place.files.walk()),
        lambda: place.files.look([]),
        lambda: place.files.claim([]),
        lambda: place.files.open_for_sending("a.jpg", identity),
        lambda: place.files.file_away([]),
        lambda: place.files.bring_back([]),
        lambda: place.files.remove_copies({}),
        lambda: place.files.leave_note("_failed/a.txt", "text"),
        lambda: place.files.write_status(STATUS_MARK),
        place.files.tidy,
    ):
        with pytest.raises(FolderError):
            call()
