"""Archives that the server takes apart: alone in their jobs, and stored when all that is in them is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import MOMENT, drop, job_logs, waiting_drops

from hotfolder.core.archives import decide_archive, is_taken_apart
from hotfolder.core.batching import choose
from hotfolder.core.logwords import Weight, weight
from hotfolder.core.model import Drop, Outcome
from hotfolder.core.rules import canonical
from hotfolder.core.server import JobLog, LogRow
from hotfolder.core.settings import BatchSettings
from hotfolder.core.verdicts import Decision, Expected

UNPACKED = canonical({"overwrite": True, "unCompressOptions": {"process": "UnCompress"}})
PACK = Expected(drop=1, asset="pack", sent_name="pack.zip", overwrite=True, doubted=False, earlier_doubt=False)


def log(*rows: LogRow, fatal_error: str = "", success_count: int = 0) -> JobLog:
    return JobLog(
        handle="j|1",
        original_name="catalog-1",
        ended_at=MOMENT,
        rows=rows,
        is_complete=True,
        fatal_error=fatal_error,
        success_count=success_count,
    )


def row(log_type: str, asset: str | None, message: str = "", *aux: LogRow, kind: str | None = None) -> LogRow:
    return LogRow(log_type=log_type, asset_name=asset, message=message, asset_type=kind, aux=aux)


def decided(*rows: LogRow, fatal_error: str = "") -> tuple[Outcome | None, str]:
    (verdict,) = decide_archive(PACK, [log(*rows, fatal_error=fatal_error)]).verdicts
    return verdict.outcome, verdict.reason


# --- which, and with whom ---


@pytest.mark.parametrize(
    ("name", "options", "is_one"),
    [
        ("pack.zip", UNPACKED, True),
        ("pack.TGZ", UNPACKED, True),
        ("pack.tar.gz", UNPACKED, True),
        ("chair.jpg", UNPACKED, False),
        ("zip", UNPACKED, False),
        ("pack.zip", canonical({"unCompressOptions": {"process": "None"}}), False),
        ("pack.zip", "{}", False),
        ("pack.zip", canonical({"keywords": [UNPACKED]}), False),
    ],
)
def test_archives_are_taken_apart_where_the_options_say_so(name: str, options: str, is_one: bool) -> None:
    assert is_taken_apart(drop(1, name, options=options)) is is_one


def test_archive_goes_alone() -> None:
    """Else nobody could tell whose the rows are."""
    waiting = [drop(n, name, options=UNPACKED) for n, name in enumerate(["a.jpg", "b.zip", "c.zip", "d.jpg"])]
    batches = []
    while waiting:
        batch = choose(waiting, limits=BatchSettings(), busy_assets=())
        batches.append([item.sent_name for item in batch])
        waiting = [item for item in waiting if item not in batch]
    assert batches == [["a.jpg", "d.jpg"], ["b.zip"], ["c.zip"]]


@given(waiting_drops())
def test_no_batch_has_an_archive_and_something_else(waiting: list[Drop]) -> None:
    changed = [replace(item, sent_name="x.zip", options=UNPACKED) if item.id % 3 == 0 else item for item in waiting]
    batch = choose(changed, limits=BatchSettings(), busy_assets=())
    assert len(batch) <= 1 or not any(map(is_taken_apart, batch))


# --- what became of it ---


def test_archive_is_stored_when_everything_in_it_is() -> None:
    assert decided(row("UploadSuccess", "a"), row("FileUpdated", "b"), row("UploadWarning", "c")) == (
        Outcome.STORED,
        "the server took it apart and stored what is in it (files: 3)",
    )


def test_archive_is_updated_when_everything_in_it_was_there_before() -> None:
    assert decided(row("FileUpdated", "a"), row("FileUpdated", "b"))[0] is Outcome.UPDATED


def test_archive_is_a_duplicate_when_everything_in_it_is() -> None:
    outcome, reason = decided(row("DuplicateSkipped", "a"), row("DuplicateSkipped", "b"))
    assert outcome is Outcome.DUPLICATE
    assert reason.startswith("everything in it is there already")


def test_archive_failed_when_nothing_in_it_is_stored() -> None:
    assert decided(row("UploadError", "a", "a.jpg: broken"), row("UploadError", "b", "b.jpg: broken")) == (
        Outcome.FAILED,
        "the server could not use it: a.jpg: broken; b.jpg: broken",
    )
    assert decided(row("UploadError", "pack", "pack.zip: The archive cannot be read"))[0] is Outcome.FAILED


@pytest.mark.parametrize(
    "other",
    [
        row("UploadError", "b", "b.jpg: broken"),
        row("UploadError", None, "b.jpg: broken"),
        row("FileCancel", "b", "b.jpg: broken"),
        row("FatalError", None, "b.jpg: broken"),
        row("UploadSuccess", "b", "", LogRow(log_type="IPSJobLog.gcUploadError", message="b.jpg: broken")),
    ],
)
def test_person_looks_when_only_some_of_it_is_stored(other: LogRow) -> None:
    """Neither "stored" nor "nothing is online" would be true."""
    assert decided(row("UploadSuccess", "a"), other) == (
        Outcome.UNKNOWN,
        "the server took it apart and stored some of what is in it (files: 1), but not all: b.jpg: broken",
    )


def test_person_looks_when_some_of_it_was_skipped() -> None:
    outcome, reason = decided(row("UploadSuccess", "a"), row("DuplicateSkipped", "b"))
    assert outcome is Outcome.UNKNOWN
    assert reason == "the server took it apart and stored some of what is in it (files: 1), but not all"


def test_person_looks_when_the_server_gave_up_in_the_middle() -> None:
    outcome, reason = decided(row("UploadSuccess", "a"), fatal_error="out of disk")
    assert outcome is Outcome.UNKNOWN
    assert reason.endswith("but not all: out of disk")
    assert decided(fatal_error="out of disk") == (Outcome.FAILED, "the server gave up: out of disk")


def test_worst_row_of_each_file_in_it_counts() -> None:
    assert decided(row("UploadSuccess", "a"), row("UploadError", "a", "broken"))[0] is Outcome.FAILED


def test_by_products_of_files_in_it_do_not_count() -> None:
    outcome, reason = decided(row("UploadSuccess", "a"), row("UploadError", "a_mask", "no path", kind="Mask"))
    assert (outcome, reason) == (
        Outcome.STORED,
        "the server took it apart and stored what is in it (files: 1)",
    )


def test_log_that_says_nothing_of_it_decides_nothing() -> None:
    rows = [row(log_type, None) for log_type in ("BeginUpload", "TotalFileCount", "EndUpload", "SomethingNew")]
    assert decided(*rows)[0] is None


def test_remarks_are_kept_and_counts_of_more_files_than_were_sent_are_no_news() -> None:
    warned = row("UploadSuccess", "a", "", LogRow(log_type="gcUploadWarning", message="no profile"))
    decision: Decision = decide_archive(PACK, [log(warned, row("UploadSuccess", "b"), success_count=2)])
    assert decision.verdicts[0].warnings == ("no profile",)
    assert decision.notes == ()


@given(st.lists(job_logs, max_size=3))
def test_any_log_gives_one_verdict_and_no_false_one(logs: list[JobLog]) -> None:
    (verdict,) = decide_archive(PACK, logs).verdicts
    weights = [weight(row.log_type) for log in logs for row in log.rows if row.asset_type != "Mask"]
    assert verdict.reason
    if verdict.outcome in (Outcome.STORED, Outcome.UPDATED):
        assert any(meaning.is_good for meaning in weights)
        assert not any(log.fatal_error for log in logs)
    if verdict.outcome is Outcome.FAILED:
        own = [(row, weight(row.log_type)) for log in logs for row in log.rows]
        stored = {row.asset_name or row.message for row, meaning in own if meaning.is_good}
        spoilt = {row.asset_name or row.message for row, _ in own if _is_bad(row)}
        by_products = {row.asset_name or row.message for row, _ in own if row.asset_type in ("Mask", "OptimizedImage")}
        assert stored <= spoilt | by_products


def _is_bad(row: LogRow) -> bool:
    return weight(row.log_type).is_bad or any(weight(detail.log_type) is Weight.ERROR for detail in row.aux)
