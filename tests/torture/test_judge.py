"""The judge sees what it should: each wrong it knows, and none where all is right."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hotfolder.edges.ledger import open_ledger
from tests.torture.judge import (
    COPY,
    LEAK,
    LITTER,
    LOST,
    STUCK,
    UNTRUE,
    Dropped,
    Evidence,
    Row,
    judge,
    judge_receipts,
    judge_secrets,
    read_rows,
)

DROP = Dropped("hot", "a.jpg", "aa", 1, 10)
ROW = Row(
    id=1,
    folder="hot",
    inode=1,
    mtime_ns=10,
    state="filed",
    outcome="stored",
    reason="",
    sha256="aa",
    target="_done/a.jpg",
    possible_second_copy=False,
)
RIGHT = Evidence(dropped=[DROP], share={"hot": {"_done/a.jpg": "aa"}}, copies=[("a", "aa")], rows=[ROW])


def kinds(evidence: Evidence) -> list[str]:
    """Return what is wrong."""
    return [finding.kind for finding in judge(evidence)]


def of(*rows: Row, copies: int = 1, place: str | None = "_done/a.jpg") -> Evidence:
    """Return what is right, but for what is said of it."""
    return replace(
        RIGHT, rows=rows, copies=[("a", "aa")] * copies, share={"hot": {} if place is None else {place: "aa"}}
    )


@pytest.mark.parametrize(
    ("evidence", "wanted"),
    [
        (RIGHT, []),
        (of(ROW, place=None), [LOST]),
        (of(ROW, copies=2), [COPY]),
        (of(replace(ROW, possible_second_copy=True), copies=2), []),
        (of(ROW, copies=0), [UNTRUE]),
        (of(replace(ROW, outcome="failed"), place="_failed/a.jpg"), [COPY, STUCK]),
        (of(replace(ROW, outcome="failed"), place="_failed/a.jpg", copies=0), [STUCK]),
        (of(replace(ROW, state="ready", outcome=None), place="a.jpg", copies=0), [STUCK]),
        (of(ROW, place="_working/job/a.jpg"), [STUCK]),
        (of(copies=0, place="a.jpg"), [STUCK]),
        (of(replace(ROW, outcome="failed"), ROW), []),  # dragged back, and sent at the second try
        (of(ROW, ROW, copies=2), []),  # sent twice by its user
        (replace(RIGHT, copies=[("a", "aa"), ("b", "bb")]), [LEAK]),
        (replace(RIGHT, share={"hot": {"_done/a.jpg": "aa", "b.jpg": "bb"}}), [LITTER]),
        (replace(RIGHT, share={"hot": {"_done/a.jpg": "aa", "_check/a.jpg": "aa"}}), [LITTER]),
        (replace(RIGHT, dropped=[replace(DROP, is_unsafe=True)]), [LEAK]),
    ],
)
def test_every_wrong_is_seen(evidence: Evidence, wanted: Sequence[str]) -> None:
    assert kinds(evidence) == wanted


def test_what_a_user_took_away_or_had_deleted_is_not_lost() -> None:
    assert kinds(replace(RIGHT, dropped=[replace(DROP, is_taken=True)], share={"hot": {}})) == []
    assert kinds(replace(RIGHT, share={"hot": {}}, deletes=["hot"])) == []
    assert kinds(replace(RIGHT, share={"hot": {}}, deletes=["hot"], copies=[])) == [LOST, UNTRUE]


def test_a_reason_excuses_a_file_that_was_not_stored() -> None:
    failed = of(replace(ROW, outcome="failed"), place="_failed/a.jpg", copies=0)
    assert kinds(replace(failed, dropped=[replace(DROP, excuses={"refused"})])) == []


def test_receipts_that_tell_of_other_bytes_are_untrue() -> None:
    right = b'outcome = "stored"\nsha256 = "aa"\n'
    assert judge_receipts(RIGHT, {"hot/_done/a.jpg.receipt.toml": right}) == []
    for wrong in (right.replace(b"aa", b"bb"), b"no receipt"):
        (finding,) = judge_receipts(RIGHT, {"hot/_done/a.jpg.receipt.toml": wrong})
        assert finding.kind == UNTRUE


@pytest.mark.parametrize(
    "form", [b'p&ss <w"rd>', b"p&amp;ss &lt;w&quot;rd&gt;", b'p&ss <w\\"rd>', b"p%26ss%20%3Cw%22rd%3E"]
)
def test_secrets_are_seen_in_every_form(form: bytes) -> None:
    secrets = {"the password": b'p&ss <w"rd>'}
    (finding,) = judge_secrets(secrets, {"the log": b"x" + form + b"y", "a note": b"nothing"})
    assert (finding.kind, finding.text) == (LEAK, "the password is in the log")


def test_an_empty_ledger_reads_as_no_rows(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    open_ledger(f"sqlite:///{file}").close()
    assert read_rows(file) == []
    with pytest.raises(sqlite3.OperationalError):
        read_rows(tmp_path / "none.db")
