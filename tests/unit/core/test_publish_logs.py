"""What the log of a publish says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hotfolder.core.publish_logs import Report, judge
from hotfolder.core.server import JobLog, LogRow

END = datetime(2026, 3, 1, 22, 3, tzinfo=UTC)


def log(*rows: LogRow, ended_at: datetime | None = END, is_complete: bool = True, fatal_error: str = "") -> JobLog:
    return JobLog(
        handle="j|1||p|2",
        original_name="p",
        ended_at=ended_at,
        rows=rows,
        is_complete=is_complete,
        fatal_error=fatal_error,
    )


def row(log_type: str, asset: str | None = None, message: str = "", *aux: LogRow) -> LogRow:
    return LogRow(log_type=log_type, asset_name=asset, message=message, aux=aux)


def test_nothing_is_over_without_a_log() -> None:
    assert judge([]) == Report(is_over=False)


def test_a_log_without_an_end_is_not_over() -> None:
    assert not judge([log(row("BeginImageServingPublish"), ended_at=None)]).is_over


@pytest.mark.parametrize("word", ["EndImageServingPublish", "endimageservingpubilsh", "FatalError"])
def test_a_row_can_be_the_end(word: str) -> None:
    assert judge([log(row(word), ended_at=None)]).is_over


def test_a_log_whose_rows_are_not_all_there_is_not_over() -> None:
    """The one that is missing may be the error."""
    assert not judge([log(row("ImageServingPublishSuccess"), is_complete=False)]).is_over


def test_several_jobs_of_one_name_are_over_when_all_are() -> None:
    assert not judge([log(), log(ended_at=None)]).is_over
    assert judge([log(), log()]).is_over


def test_an_end_without_a_word_of_success_is_one() -> None:
    """Nothing had changed, or this server does not list what it has published."""
    report = judge([log(row("BeginImageServingPublish"), row("EndImageServingPublish"))])
    assert report == Report(is_over=True)


@pytest.mark.parametrize("word", ["ImageServingPublishError", "imageservingpublisherror", "VideoPubilshError"])
def test_an_error_about_no_asset_is_a_failure(word: str) -> None:
    assert judge([log(row("ImageServingPublishSuccess", "a"), row(word, message="no room"))]).failure == "no room"


@pytest.mark.parametrize(
    "fatal",
    [log(row("FatalError", message="broken")), log(fatal_error="broken"), log(row("fatalerror", "a", "broken"))],
)
def test_a_fatal_end_is_a_failure(fatal: JobLog) -> None:
    assert judge([fatal]).failure == "broken"


def test_an_error_without_words_is_a_failure_all_the_same() -> None:
    assert judge([log(row("ImageServingPublishError"))]).failure


def test_errors_about_assets_are_about_those_only() -> None:
    report = judge(
        [
            log(
                row("ImageServingPublishSuccess", "a"),
                row("ImageServingPublishError", "b", "no picture"),
                row("ImageServingPublishWarning", "a", "slow"),
                row("ImageServingPublishSuccess", "b"),
            )
        ]
    )
    assert report == Report(is_over=True, missed={"b": "no picture"}, published=frozenset({"a"}), remarks=1)


def test_details_of_a_row_are_about_its_asset() -> None:
    detail = row("IPSJobLog.gcImageServingPublishError", None, "no picture")
    assert judge([log(row("ImageServingPublishSuccess", "a", "done", detail))]).missed == {"a": "no picture"}


@pytest.mark.parametrize(
    ("published", "missed", "still"),
    [
        ({"a"}, {}, []),  # named as published this time
        ({"b"}, {}, ["a"]),  # not come back to
        ((), {}, []),  # this server does not say what it has published
        ((), {"a": ""}, ["a"]),
        ({"a"}, {"b": ""}, ["b"]),
        ({"c"}, {"b": ""}, ["a", "b"]),
    ],
)
def test_what_an_earlier_try_missed_counts_until_it_is_published(
    published: set[str], missed: dict[str, str], still: list[str]
) -> None:
    assert Report(is_over=True, published=frozenset(published), missed=missed).still_missed(["a"]) == still
