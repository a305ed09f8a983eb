"""What people may narrow the history by."""

from datetime import UTC, datetime, timedelta

import pytest

from hotfolder.status.filters import FilterError, history_query, moment

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("2026-01-31T12:00Z", datetime(2026, 1, 31, 12, 0, tzinfo=UTC)),
        ("2026-01-31T12:00+02:00", datetime(2026, 1, 31, 10, 0, tzinfo=UTC)),
    ],
)
def test_moments_are_ages_or_dates(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


def test_a_date_without_zone_is_the_machines() -> None:
    assert moment("2026-01-31", NOW) == datetime(2026, 1, 31).astimezone()  # as people write it


@pytest.mark.parametrize(
    "text", ["", "h", "-1h", "1.5h", "²h", "99999999999999d", "yesterday", "2026-13-01", "1" * 5000]
)
def test_what_means_no_moment_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(FilterError, match=r'^since: found ".*", wanted "90s", "30m"') as raised:
        moment(text, NOW)
    assert len(str(raised.value)) < 300


def test_a_wrong_value_is_told_on_one_line() -> None:
    with pytest.raises(FilterError, match=r'^folder: found "a\\nb\\x1b", wanted the name of a hot folder: catalog$'):
        history_query(folders=["catalog"], now=NOW, folder="a\nb\x1b")


def test_a_wrong_outcome_is_told_with_those_there_are() -> None:
    with pytest.raises(FilterError, match=r'^outcome: found "good", wanted one of stored, updated, '):
        history_query(folders=[], now=NOW, outcome="good")


def test_filters_that_are_not_given_narrow_nothing() -> None:
    query = history_query(folders=["catalog"], now=NOW)
    assert (query.folder, query.since, query.outcome, query.job, query.limit) == (None, None, None, None, 1000)
