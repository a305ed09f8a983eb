"""What lies beside a file once its outcome is known."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import MOMENT, paths

from hotfolder.core import wording
from hotfolder.core.model import Drop, DropState, Identity, Job, JobState, Outcome, Unsafe
from hotfolder.core.notes import left_alone, note, receipt, receipt_text, what_to_do
from hotfolder.core.settings import FolderSettings

FOLDER = FolderSettings(name="catalog", path=Path("/srv/catalog"), contact="Photo desk, ext. 4711")
DROP = Drop(
    id=4711,
    folder="catalog",
    path="spring/chair.jpg",
    state=DropState.FILING,
    identity=Identity(device=1, inode=2, size_bytes=1234, mtime_ns=0),
    seen_at=datetime(2026, 1, 31, 13, 0, tzinfo=timezone(timedelta(hours=1))),
    options='{"crop":{"manual":{"left":1}},"keywords":["spring"],"overwrite":true}',
    destination="Catalog/spring",
    asset="chair",
    sent_name="chair.jpg",
)
JOB = Job(
    id=1,
    name="catalog-20260131T120000Z-7f3a",
    folder="catalog",
    options="{}",
    state=JobState.OVER,
    handle="j|2101||catalog-20260131T120000Z-7f3a|54091",
    created_at=MOMENT,
)
NOTED = [Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED, Outcome.RENAMED, Outcome.UNKNOWN]
KEYS = [
    "file",
    "asset",
    "asset_handle",
    "job",
    "job_handle",
    "outcome",
    "reason",
    "warnings",
    "sha256",
    "size_bytes",
    "dropped_at",
    "stored_at",
    "destination",
    "possible_second_copy",
    "published_at",
    "visible",
    "options",
]


def ended(outcome: Outcome, **values: Any) -> Drop:
    return replace(DROP, outcome=outcome, **values)


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
def test_note_answers_every_question_of_a_dropper(outcome: Outcome, suffix: str) -> None:
    ending, text = note(ended(outcome, reason="the lid was off", stored_as="chair-1"), FOLDER)
    assert ending == suffix
    headings = [line for line in text.split("\r\n") if line and not line.startswith((" ", "=", "\ufeff"))]
    assert headings == ["What happened", "Why", "What to do now", "Whom to ask", "If you ask, give this"]
    for told in (
        "chair.jpg",
        "The lid was off.",
        "File: spring/chair.jpg",
        "Photo desk, ext. 4711",
        "Number: 4711",
        "2026-01-31 12:00 UTC",
    ):
        assert told in text


def test_renamed_file_is_told_with_both_names() -> None:
    _, text = note(ended(Outcome.RENAMED, stored_as="chair-1"), FOLDER)
    assert '"chair-1" instead of "chair"' in " ".join(text.split())
    assert "do not drop it again" in text


@pytest.mark.parametrize("outcome", wording.KEPT_TO_DO)
def test_nobody_is_asked_to_drag_back_what_was_kept_in_its_place(outcome: Outcome) -> None:
    kept = ended(outcome, work_path=DROP.path)
    _, text = note(kept, FOLDER)
    said = " ".join(text.split())
    assert "The file lies where you put it." in said
    assert "You can delete this note then." in said
    assert "drag" not in said
    assert "drag" in what_to_do(ended(outcome, work_path="_working/1/chair.jpg"))


def test_note_shows_remarks_and_a_possible_second_copy() -> None:
    _, text = note(ended(Outcome.UNKNOWN, warnings="no profile\n\nlow resolution", possible_second_copy=True), FOLDER)
    assert "What the server remarked\r\n  No profile.\r\n  Low resolution.\r\n" in text
    assert "second copy" in text


def test_note_without_contact_and_reason_has_no_gaps() -> None:
    _, text = note(ended(Outcome.FAILED), replace(FOLDER, contact=" "))
    assert "whoever looks after this hot folder" in text
    assert "No reason was given." in text


@pytest.mark.parametrize("outcome", NOTED)
def test_note_and_receipt_repeat_what_was_said_before_it_was_sent(outcome: Outcome) -> None:
    drop = ended(outcome, caution='it gets the name "chair" online', warnings="too small")
    _, text = note(drop, FOLDER)
    assert 'It was said before it was sent: it gets the name "chair" online.' in " ".join(text.split())
    assert receipt(drop, JOB)["warnings"] == ['it gets the name "chair" online', "too small"]


@pytest.mark.parametrize("outcome", NOTED)
def test_note_uses_no_words_of_the_server(outcome: Outcome) -> None:
    reason = "Asset ID 'chair' is in use. Jobs with this jobHandle cannot be handled."
    _, text = note(ended(outcome, reason=reason, warnings=reason, stored_as="chair-1"), FOLDER)
    assert not re.search("asset|job|handle", text, re.IGNORECASE)


@given(st.sampled_from(NOTED), paths, st.text(), st.text(), st.text())
def test_note_can_be_shown_everywhere(outcome: Outcome, path: str, reason: str, warnings: str, contact: str) -> None:
    """Old versions of Notepad need CR LF, and a byte order mark to tell the encoding."""
    drop = ended(outcome, path=path, asset=path, stored_as=path, reason=reason, warnings=warnings)
    _, text = note(drop, replace(FOLDER, contact=contact))
    assert text.encode().startswith(b"\xef\xbb\xbf")
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert not any(letter in line for line in lines for letter in "\r\n\x1b\u202e\x00")


def test_a_file_that_was_gone_when_its_turn_came_is_not_said_to_have_been_sent() -> None:
    lost = ended(Outcome.FAILED, reason=wording.LOST_WAITING)
    _, text = note(lost, FOLDER)
    assert "This file was not sent, and it is not online." in text
    assert "would not have it" not in text
    assert "drag" not in text


@pytest.mark.parametrize("outcome", [None, Outcome.STORED, Outcome.UPDATED, Outcome.WITHDRAWN])
def test_good_end_needs_no_note(outcome: Outcome | None) -> None:
    with pytest.raises(ValueError, match="no note is due"):
        note(replace(DROP, outcome=outcome), FOLDER)


@pytest.mark.parametrize("unsafe", Unsafe)
def test_thing_left_alone_has_a_note(unsafe: Unsafe) -> None:
    path, text = left_alone("a/passwords.lnk", unsafe, FOLDER)
    assert path == "_failed/a/passwords.lnk - NOT SENT.txt"
    assert text.startswith("\ufeffNOT SENT: passwords.lnk\r\n")
    assert "left where you put it" in text
    assert "Photo desk" in text
    assert not re.search("asset|job|handle", text, re.IGNORECASE)
    assert left_alone("a/passwords.lnk", unsafe, FOLDER) == (path, text)


def test_note_of_an_undecodable_name_can_be_opened() -> None:
    path, text = left_alone("a\udce4/caf\udce9.jpg", Unsafe.UNDECODABLE, FOLDER)
    assert path == "_failed/a%E4/caf%E9.jpg - NOT SENT.txt"
    assert path.isascii()
    assert text.encode()


def test_receipt_tells_everything_of_a_stored_file() -> None:
    drop = ended(
        Outcome.STORED,
        reason="the server stored it",
        warnings="no profile\nlow resolution",
        sha256="ab" * 32,
        stored_at=MOMENT + timedelta(milliseconds=1500),
        asset_handle="a|1",
        stored_as="chair",
    )
    assert receipt(drop, JOB) == {
        "file": "spring/chair.jpg",
        "asset": "chair",
        "asset_handle": "a|1",
        "job": "catalog-20260131T120000Z-7f3a",
        "job_handle": "j|2101||catalog-20260131T120000Z-7f3a|54091",
        "outcome": "stored",
        "reason": "the server stored it",
        "warnings": ["no profile", "low resolution"],
        "sha256": "ab" * 32,
        "size_bytes": 1234,
        "dropped_at": "2026-01-31T12:00:00.000Z",
        "stored_at": "2026-01-31T12:00:01.500Z",
        "destination": "Catalog/spring",
        "possible_second_copy": False,
        "published_at": None,
        "visible": "it is not marked to go live",
        "options": {"crop": {"manual": {"left": 1}}, "keywords": ["spring"], "overwrite": True},
    }
    filed = receipt(drop, JOB)
    del filed["published_at"]  # a receipt that lies there cannot learn of it
    assert tomllib.loads(receipt_text(drop, JOB)) == filed


def test_receipt_of_a_renamed_file_has_its_real_name() -> None:
    assert receipt(ended(Outcome.RENAMED, stored_as="chair-1"), JOB)["asset"] == "chair-1"


def test_receipt_does_not_say_that_a_refused_file_was_stored() -> None:
    """`stored_at` is when the outcome was known, whatever it was."""
    drop = ended(Outcome.DUPLICATE, stored_at=MOMENT)
    assert receipt(drop, None)["stored_at"] is None


@given(st.sampled_from(Outcome), paths, st.text(), st.text())
def test_receipt_has_all_its_keys_and_can_be_read_back(outcome: Outcome, path: str, reason: str, warnings: str) -> None:
    drop = ended(outcome, path=path, asset=path, reason=reason, warnings=warnings)
    values = receipt(drop, None)
    assert list(values) == KEYS
    assert json.loads(json.dumps(values)) == values
    del values["published_at"]
    text = receipt_text(drop, None).encode().decode()
    assert tomllib.loads(text) == {key: "" if value is None else value for key, value in values.items()}


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        receipt(replace(DROP, seen_at=datetime(2026, 1, 31)), None)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        ("Asset ID 'x' is already in use.", "Name 'x' is already in use."),
        ("Job j|1 has no asset, see asset.jpg", "Upload j|1 has no file, see asset.jpg"),
        ("Co/assets/job-list.pdf: bad asset.", "Co/assets/job-list.pdf: bad file."),
        ("unknown jobHandle, not handled", "unknown upload reference, not dealt with"),
        ("two\r\n lines\x1b[31m\u202e", "two lines [31m"),
        ("", ""),
    ],
)
def test_servers_words_become_plain_ones(message: str, plain: str) -> None:
    assert wording.in_plain_words(message) == plain


def test_endless_message_is_cut() -> None:
    assert len(wording.tidied("x" * 10_000)) == 500
    assert wording.tidied("x" * 500) == "x" * 500


def test_every_outcome_and_danger_has_its_words() -> None:
    assert set(wording.NOTES) == set(NOTED)
    assert set(wording.UNSAFE) == set(wording.UNSAFE_TO_DO) == set(Unsafe)
