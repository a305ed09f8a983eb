"""What became of each file of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import MOMENT, assets, expected_files, job_logs

from hotfolder.core.logwords import Weight, weight
from hotfolder.core.model import Outcome
from hotfolder.core.server import Asset, JobLog, LogRow
from hotfolder.core.verdicts import CLOCK_TOLERANCE, Expected, Verdict, begun_at, decide, from_asset, is_by_product

CHAIR = Expected(drop=1, asset="chair", sent_name="chair.jpg", overwrite=True, doubted=False, earlier_doubt=False)
DOUBTED = replace(CHAIR, doubted=True)
RESENT = replace(CHAIR, earlier_doubt=True)
CHAIR_1 = replace(CHAIR, drop=2, asset="chair-1", sent_name="chair-1.jpg")
RED = replace(CHAIR, drop=3, asset="red chair", sent_name="red chair.jpg")


def row(log_type: str, asset: str | None = "chair", message: str = "", *aux: LogRow, kind: str | None = None) -> LogRow:
    return LogRow(log_type=log_type, asset_name=asset, message=message, aux=aux, asset_type=kind)


def log(*rows: LogRow, handle: str = "j|1", fatal_error: str = "", success_count: int = 1) -> JobLog:
    return JobLog(
        handle=handle,
        original_name="catalog-1",
        ended_at=MOMENT,
        rows=rows,
        is_complete=True,
        fatal_error=fatal_error,
        success_count=success_count,
    )


def one(expected: Expected | Sequence[Expected], *logs: JobLog) -> Verdict:
    """Return the verdict about the first file."""
    files = [expected] if isinstance(expected, Expected) else expected
    return decide(files, logs).verdicts[0]


# --- properties ---


@given(expected_files, st.lists(job_logs, max_size=3))
def test_any_log_gives_every_file_one_verdict(files: tuple[Expected, ...], logs: list[JobLog]) -> None:
    decision = decide(files, logs)
    assert [verdict.drop for verdict in decision.verdicts] == [file.drop for file in files]
    for verdict in decision.verdicts:
        assert verdict.reason
        assert all(warning == warning.strip() and "\n" not in warning for warning in verdict.warnings)
        if verdict.outcome is Outcome.RENAMED:
            assert verdict.stored_as


@given(expected_files, st.lists(job_logs, max_size=3))
def test_file_with_an_error_is_never_called_stored(files: tuple[Expected, ...], logs: list[JobLog]) -> None:
    for file, verdict in zip(files, decide(files, logs).verdicts, strict=True):
        rows = [row for log in logs for row in log.rows if row.asset_name == file.asset and not is_by_product(row)]
        # a row may be about another file that was renamed to this one's name, if its message says so
        certain = [row for row in rows if "-" not in file.asset or file.sent_name in row.message]
        if any(weight(row.log_type) in (Weight.ERROR, Weight.CANCEL, Weight.FATAL) for row in certain):
            assert verdict.outcome in (Outcome.FAILED, Outcome.UNKNOWN)


@given(expected_files, st.lists(job_logs, max_size=3))
def test_file_is_called_stored_only_by_a_row_that_can_be_its_own(
    files: tuple[Expected, ...], logs: list[JobLog]
) -> None:
    for file, verdict in zip(files, decide(files, logs).verdicts, strict=True):
        if verdict.outcome in (Outcome.STORED, Outcome.UPDATED):
            assert any(
                row.asset_name == file.asset or (not row.asset_name and file.sent_name in row.message)
                for log in logs
                for row in log.rows
                if weight(row.log_type) > Weight.NEUTRAL
            )


@given(expected_files, st.lists(job_logs, min_size=1, max_size=2))
def test_order_of_rows_does_not_matter(files: tuple[Expected, ...], logs: list[JobLog]) -> None:
    turned = [replace(log, rows=tuple(reversed(log.rows))) for log in logs]
    before, after = decide(files, logs), decide(files, turned)
    assert [verdict.outcome for verdict in before.verdicts] == [verdict.outcome for verdict in after.verdicts]


# --- outcomes of one file ---


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        (["UploadSuccess"], Outcome.STORED),
        (["FileUpdated"], Outcome.UPDATED),
        (["UploadWarning"], Outcome.STORED),
        (["UploadError"], Outcome.FAILED),
        (["PdfRipError"], Outcome.FAILED),
        (["FileCancel"], Outcome.FAILED),
        (["DuplicateSkipped"], Outcome.DUPLICATE),
        (["FatalError"], Outcome.FAILED),
        (["UploadSuccess", "UploadWarning"], Outcome.STORED),
        (["UploadSuccess", "FileUpdated"], Outcome.UPDATED),
        (["UploadSuccess", "UploadError"], Outcome.FAILED),
        (["UploadSuccess", "FileCancel"], Outcome.FAILED),
        (["UploadSuccess", "DuplicateSkipped"], Outcome.STORED),  # no two files of a job have one ID: it came twice
        (["FileUpdated", "DuplicateSkipped"], Outcome.STORED),
        (["UploadWarning", "DuplicateSkipped"], Outcome.STORED),  # where names are replaced nothing else is skipped
        (["DuplicateSkipped", "UploadError"], Outcome.FAILED),
        (["BeginUpload", "FileBegin", "FleEnd"], None),
        (["SomethingNew"], None),
        ([], None),
    ],
)
def test_worst_row_of_a_file_decides(rows: list[str], outcome: Outcome | None) -> None:
    assert one(CHAIR, log(*(row(log_type) for log_type in rows))).outcome is outcome
    assert one(CHAIR, log(*(row(log_type) for log_type in reversed(rows)))).outcome is outcome


def test_remark_beside_the_skipping_of_a_name_that_is_not_replaced_is_about_that() -> None:
    rows = log(row("UploadWarning"), row("DuplicateSkipped"))
    assert one(replace(CHAIR, overwrite=False), rows).outcome is Outcome.DUPLICATE


def test_stored_file_has_handle_and_warnings() -> None:
    stored = replace(row("UploadSuccess"), asset_handle="a|7")
    remark = row("UploadWarning", "chair", "colours were\nconverted ", row("gcUploadWarning", None, "no profile"))
    verdict = one(CHAIR, log(row("FileBegin"), stored, remark))
    assert verdict == Verdict(
        1, Outcome.STORED, "the server stored it", ("colours were converted", "no profile"), "a|7", "chair"
    )


def test_failure_has_the_servers_reason_in_plain_words() -> None:
    verdict = one(CHAIR, log(row("UploadError", "chair", "Asset ID 'chair' is already in use by job 7.")))
    assert verdict.reason == "the server could not use it: Name 'chair' is already in use by upload 7"
    assert one(CHAIR, log(row("UploadError"))).reason == "the server could not use it, and did not say why"


def test_error_in_the_details_counts() -> None:
    verdict = one(CHAIR, log(row("UploadWarning", "chair", "", row("IPSJobLog.gcUploadError", None, "no pixels"))))
    assert verdict.outcome is Outcome.FAILED
    assert "no pixels" in verdict.reason


def test_asset_ids_are_compared_with_case() -> None:
    assert one(CHAIR, log(row("UploadError", "Chair"))).outcome is None


# --- files that are found by the message ---


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("ApiTestCo/chair.jpg was processed into IPS", True),
        ("chair.jpg was processed", True),
        ("processed: ApiTestCo/a b/chair.jpg", True),
        ("processed ApiTestCo/chair.jpg.", True),
        ('"chair.jpg" was processed', True),
        ("ApiTestCo/red chair.jpg was processed", False),
        ("ApiTestCo/armchair.jpg was processed", False),
        ("ApiTestCo/chair.jpg.tif was processed", False),
        ("ApiTestCo/chair.jpg/x.tif was processed", False),
        ("ApiTestCo/chair.jpg-1 was processed", False),
        ("ApiTestCo/Chair.jpg was processed", False),
        ("ApiTestCo/chair was processed", False),
        ("", False),
    ],
)
def test_row_without_an_id_belongs_to_the_file_whose_whole_name_it_tells(message: str, found: bool) -> None:
    for asset in (None, ""):
        verdict = one(CHAIR, log(row("UploadSuccess", asset, message)))
        assert verdict.outcome is (Outcome.STORED if found else None)
        assert verdict.stored_as is None, "the server did not tell"


def test_longest_name_in_a_message_counts() -> None:
    verdicts = decide([CHAIR, RED], [log(row("UploadError", None, "Co/red chair.jpg: bad"))]).verdicts
    assert [verdict.outcome for verdict in verdicts] == [None, Outcome.FAILED]


def test_message_that_tells_two_files_is_about_neither() -> None:
    decision = decide([CHAIR, CHAIR_1], [log(row("UploadError", None, "Co/chair.jpg is Co/chair-1.jpg"))])
    assert [verdict.outcome for verdict in decision.verdicts] == [None, None]
    assert "1 errors in the log name no file of the job" in decision.notes


def test_name_changed_by_the_server_is_a_rename() -> None:
    verdict = one(CHAIR, log(row("UploadSuccess", "CHAIR_x", "Co/chair.jpg was processed")))
    assert (verdict.outcome, verdict.stored_as) == (Outcome.RENAMED, "CHAIR_x")


def test_duplicate_known_only_by_its_message_is_a_duplicate() -> None:
    assert one(CHAIR, log(row("DuplicateSkipped", "CHAIR", "Co/chair.jpg exists"))).outcome is Outcome.DUPLICATE
    assert one(CHAIR, log(row("UploadError", "CHAIR", "Co/chair.jpg is bad"))).outcome is Outcome.FAILED


# --- renamed copies ---


def test_copy_under_a_number_is_a_rename() -> None:
    verdict = one(CHAIR, log(replace(row("UploadSuccess", "chair-2"), asset_handle="a|9")))
    assert verdict.outcome is Outcome.RENAMED
    assert (verdict.stored_as, verdict.asset_handle) == ("chair-2", "a|9")
    assert verdict.reason == 'the server stored it under the name "chair-2" instead of "chair"'


@pytest.mark.parametrize("own", ["UploadWarning", "DuplicateSkipped", "FileEnd"])
def test_remark_about_the_wanted_name_does_not_hide_the_rename(own: str) -> None:
    verdict = one(CHAIR, log(row(own), row("UploadSuccess", "chair-1")))
    assert (verdict.outcome, verdict.stored_as) == (Outcome.RENAMED, "chair-1")


def test_error_under_a_number_is_a_failure() -> None:
    assert one(CHAIR, log(row("UploadSuccess", "chair-1"), row("UploadError", "chair-1"))).outcome is Outcome.FAILED


@pytest.mark.parametrize("name", ["chair-0", "chair-01", "chair-x", "chair_1", "chairs-1", "chair-"])
def test_other_names_are_no_renames(name: str) -> None:
    assert one(CHAIR, log(row("UploadSuccess", name))).outcome is None


def test_file_really_called_so_is_its_own() -> None:
    verdicts = decide([CHAIR, CHAIR_1], [log(row("UploadSuccess", "chair-1"))]).verdicts
    assert [verdict.outcome for verdict in verdicts] == [None, Outcome.STORED]


def test_message_tells_which_of_two_has_the_number() -> None:
    rows = [
        row("UploadSuccess", "chair-1", "Co/chair.jpg was processed"),
        row("UploadSuccess", "chair-1-1", "Co/chair-1.jpg was processed"),
    ]
    verdicts = decide([CHAIR, CHAIR_1], [log(*rows)]).verdicts
    assert [(verdict.outcome, verdict.stored_as) for verdict in verdicts] == [
        (Outcome.RENAMED, "chair-1"),
        (Outcome.RENAMED, "chair-1-1"),
    ]


def test_by_products_do_not_count() -> None:
    rows = [
        row("UploadSuccess", "chair"),
        row("UploadError", "chair_mask", "Co/chair.jpg: no mask", kind="Mask"),
        row("UploadError", "chair-1", "page 1", kind="PdfPage"),
        row("UploadSuccess", "chair-2"),
    ]
    verdict = one(CHAIR, log(*rows))
    assert (verdict.outcome, verdict.second_copy) == (Outcome.STORED, False)
    assert verdict.warnings == ("Co/chair.jpg: no mask", "page 1")


@pytest.mark.parametrize("name", ["chair", "chair_1", "chair_Layer 1", "chair_x_y", "chair-3", "CHAIR"])
def test_trouble_with_what_is_made_from_a_file_is_a_remark(name: str) -> None:
    """The file itself is online (PROTOCOL 4.4, rule 3)."""
    trouble = row("UploadError", name, "Co/chair.jpg: too many colours", kind="OptimizedImage")
    verdict = one(CHAIR, log(row("UploadSuccess", kind="MasterImage"), trouble))
    assert (verdict.outcome, verdict.warnings) == (Outcome.STORED, ("Co/chair.jpg: too many colours",))
    assert one(CHAIR, log(trouble)).outcome is (Outcome.FAILED if name == "chair" else None)


def test_success_of_what_is_made_from_a_file_says_nothing_of_it() -> None:
    made = row("UploadSuccess", "chair_1", kind="Layer")
    assert one(CHAIR, log(made)).outcome is None
    verdict = one(CHAIR, log(made, row("UploadError", message="no pixels"), row("UploadSuccess", kind="Thumbnail")))
    assert verdict.outcome is Outcome.FAILED


def test_error_under_a_name_that_is_nobodys_is_noted() -> None:
    decision = decide([CHAIR], [log(row("UploadSuccess"), row("UploadError", "table", "Co/table.jpg: bad"))])
    assert decision.verdicts[0].outcome is Outcome.STORED
    assert "1 errors in the log name no file of the job" in decision.notes


# --- doubt ---


def test_duplicate_after_an_earlier_attempt_is_still_a_duplicate_until_the_asset_proves_it_ours() -> None:
    verdict = one(RESENT, log(row("DuplicateSkipped")))
    assert verdict.outcome is Outcome.DUPLICATE


def test_lost_answer_alone_does_not_make_a_duplicate_ours() -> None:
    """The name was taken before: had this job stored the file, a row would say so."""
    assert one(DOUBTED, log(row("DuplicateSkipped"))).outcome is Outcome.DUPLICATE


def test_file_that_arrived_twice_is_stored() -> None:
    assert one(DOUBTED, log(row("UploadSuccess"), row("DuplicateSkipped"))).outcome is Outcome.STORED
    twice = [log(row("UploadSuccess")), log(row("DuplicateSkipped"), handle="j|2")]
    assert one(CHAIR, *twice).outcome is Outcome.STORED
    with_a_remark = [log(row("UploadWarning")), log(row("DuplicateSkipped"), handle="j|2")]
    assert one(CHAIR, *with_a_remark).outcome is Outcome.STORED


def test_second_copy_after_doubt_is_told() -> None:
    verdict = one(DOUBTED, log(row("UploadSuccess"), row("UploadSuccess", "chair-1")))
    assert (verdict.outcome, verdict.second_copy) == (Outcome.STORED, True)
    verdict = one(CHAIR, log(row("FileUpdated")), log(row("UploadSuccess", "chair-1"), handle="j|2"))
    assert (verdict.outcome, verdict.second_copy) == (Outcome.UPDATED, True)


def test_two_jobs_that_contradict_each_other_are_for_a_person() -> None:
    verdict = one(CHAIR, log(row("UploadSuccess")), log(row("UploadError", "chair", "locked"), handle="j|2"))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "locked" in verdict.reason


# --- whole jobs ---


def test_fatal_end_leaves_files_without_a_row_undecided() -> None:
    """They may have been stored before it: the server is asked for them."""
    decision = decide([CHAIR, RED], [log(row("UploadSuccess"), row("FatalError", None, "Out of disk."))])
    assert [verdict.outcome for verdict in decision.verdicts] == [Outcome.STORED, None]
    assert decision.verdicts[1].reason == "the server gave up: Out of disk"
    assert one(CHAIR, log(fatal_error="Out of disk")).reason == "the server gave up: Out of disk"


def test_fatal_end_that_names_a_file_fails_it_and_is_told_for_the_others() -> None:
    decision = decide([CHAIR, RED], [log(row("FatalError", None, "Co/chair.jpg broke the converter"))])
    assert [verdict.outcome for verdict in decision.verdicts] == [Outcome.FAILED, None]
    assert decision.verdicts[0].reason.startswith("the server gave up: ")
    assert "broke the converter" in decision.verdicts[1].reason


def test_what_does_not_add_up_is_noted() -> None:
    strange = replace(log(row("Miracle"), row("Miracle"), row("UploadError", None, "?")), is_complete=False)
    assert decide([CHAIR, RED], [strange]).notes == (
        "unknown log type 'Miracle' in 2 rows",
        "1 errors in the log name no file of the job",
        "the log of j|1 is not complete",
        "the server counts 1 files and 0 remarks for 2 files sent",
    )
    assert decide([CHAIR], [log(row("UploadSuccess"))]).notes == ()
    assert decide([CHAIR], [replace(log(row("UploadWarning")), success_count=0, warning_count=1)]).notes == ()


def test_what_was_made_from_files_may_be_counted_or_not() -> None:
    layers = [row("UploadSuccess", f"chair_{number}", kind="Layer") for number in range(3)]
    whole = log(row("UploadSuccess"), *layers)
    assert decide([CHAIR], [replace(whole, success_count=4)]).notes == ()
    assert decide([CHAIR], [replace(whole, success_count=1)]).notes == ()
    assert decide([CHAIR], [replace(whole, success_count=5)]).notes != ()
    assert decide([CHAIR], [replace(whole, success_count=0)]).notes != ()


def test_no_log_decides_nothing() -> None:
    decision = decide([CHAIR], [])
    assert decision.verdicts == (Verdict(1, None, "the server does not say what became of it"),)
    assert decision.notes == ()


def test_many_rows_and_files_are_decided_quickly() -> None:
    files = [replace(CHAIR, drop=n, asset=f"c{n}", sent_name=f"c{n}.jpg") for n in range(1000)]
    rows = [row("UploadSuccess", None, f"Co/c{n}.jpg was processed") for n in range(1000)]
    assert all(verdict.outcome is Outcome.STORED for verdict in decide(files, [log(*rows)]).verdicts)


# --- assets ---

ASSET = Asset(name="chair", handle="a|1", folder="Co/", file_name="chair.jpg", size_bytes=10, modified_at=MOMENT)


def test_asset_proves_arrival() -> None:
    verdict = from_asset(CHAIR, [ASSET], size_bytes=10, since=MOMENT)
    assert verdict == Verdict(
        1,
        Outcome.STORED,
        "found on the server, with the same name and size, changed there at 2026-01-31 12:00:00 UTC",
        asset_handle="a|1",
        stored_as="chair",
    )


@pytest.mark.parametrize(
    "asset",
    [
        replace(ASSET, name="Chair"),
        replace(ASSET, name="chair-1"),
        replace(ASSET, size_bytes=11),
        replace(ASSET, modified_at=None),
        replace(ASSET, modified_at=MOMENT - CLOCK_TOLERANCE - timedelta(seconds=1)),
    ],
)
def test_anything_less_proves_nothing(asset: Asset) -> None:
    assert from_asset(CHAIR, [asset], size_bytes=10, since=MOMENT).outcome is None
    assert from_asset(CHAIR, [asset, ASSET], size_bytes=10, since=MOMENT).outcome is Outcome.STORED


def test_clock_of_the_server_may_be_a_little_slow() -> None:
    asset = replace(ASSET, modified_at=MOMENT - CLOCK_TOLERANCE, size_bytes=None)
    verdict = from_asset(CHAIR, [asset], size_bytes=10, since=MOMENT)
    assert verdict.outcome is Outcome.STORED
    assert "size" not in verdict.reason


def test_by_the_servers_own_clock_nothing_earlier_counts() -> None:
    begun = MOMENT.replace(microsecond=400_000)
    before, at, cut_off = (replace(ASSET, modified_at=begun.replace(microsecond=us)) for us in (399_999, 400_000, 0))

    def outcome(asset: Asset) -> Outcome | None:
        return from_asset(CHAIR, [asset], size_bytes=10, since=begun, tolerance=timedelta(0)).outcome

    assert outcome(before) is None
    assert outcome(at) is Outcome.STORED
    assert outcome(cut_off) is Outcome.STORED  # told in whole seconds


def test_a_job_began_when_the_earliest_word_of_its_logs_says() -> None:
    early, late = MOMENT - timedelta(minutes=1), MOMENT + timedelta(minutes=1)
    rows = (replace(row("BeginUpload"), at=MOMENT), row("UploadSuccess"), replace(row("EndUpload"), at=late))
    assert begun_at([log()]) is None
    assert begun_at([log(*rows)]) == MOMENT
    assert begun_at([log(*rows), replace(log(), started_at=early)]) == early


@given(st.lists(assets, max_size=4))
def test_assets_decide_stored_or_nothing(several: list[Asset]) -> None:
    verdict = from_asset(CHAIR, several, size_bytes=10, since=MOMENT)
    assert verdict.outcome in (None, Outcome.STORED)


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        from_asset(CHAIR, [ASSET], size_bytes=10, since=datetime(2026, 1, 31))  # noqa: DTZ001


def test_stored_under_another_name_by_one_job_and_skipped_by_another_is_renamed() -> None:
    verdict = one(CHAIR, log(row("UploadSuccess", "chair-1")), log(row("DuplicateSkipped", "chair-1")))
    assert (verdict.outcome, verdict.stored_as) == (Outcome.RENAMED, "chair-1")
