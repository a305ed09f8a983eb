"""
Logs of many pages, that grow, shrink and lie.
"""

from types import SimpleNamespace
from typing import Any

from lxml import etree

from hotfolder.edges.remote.pages import PAGE_ROWS, read_job_logs


def head(handle: str, rows: int, total: int | None, *, name: str = "j") -> SimpleNamespace:
    """One log on one page, as zeep shows it."""
    details = "".join(f"<items><assetName>{handle}-{row}</assetName></items>" for row in range(rows))
    raw = [etree.fromstring(f"<detailArray>{details}</detailArray>")]
    return SimpleNamespace(jobHandle=handle, originalJobName=name, detailTotalRows=total, _raw_elements=raw)


class Pages:
    """A server's pages, one list per reading; the last reading is for all that follow."""

    def __init__(self, *readings: list[list[Any]]) -> None:
        self._readings = readings
        self.asked: list[int] = []

    def __call__(self, number: int, size: int) -> list[Any]:
        assert size == PAGE_ROWS
        self.asked.append(number)
        pages = self._readings[min(self.asked.count(1), len(self._readings)) - 1]
        return pages[number - 1] if number <= len(pages) else []


def test_no_log_is_no_log() -> None:
    pages = Pages([[]])
    assert read_job_logs(pages) == []
    assert pages.asked == [1]


def test_a_short_log_takes_one_request() -> None:
    pages = Pages([[head("a", 8, 8)]])
    (log,) = read_job_logs(pages)
    assert log.is_complete
    assert (log.handle, log.original_name, len(log.rows)) == ("a", "j", 8)
    assert pages.asked == [1]


def test_all_pages_are_read_until_the_announced_number() -> None:
    pages = Pages([[head("a", 1000, 2000)], [head("a", 1000, 2000)]])
    (log,) = read_job_logs(pages)
    assert log.is_complete
    assert len(log.rows) == 2000
    assert pages.asked == [1, 2]


def test_without_a_number_a_short_page_is_the_end() -> None:
    pages = Pages([[head("a", 1000, None)], [head("a", 1000, None)], [head("a", 0, None)]])
    (log,) = read_job_logs(pages)
    assert log.is_complete
    assert len(log.rows) == 2000
    assert pages.asked == [1, 2, 3]


def test_a_log_that_ends_before_its_number_is_not_complete() -> None:
    pages = Pages([[head("a", 1000, 2500)], [head("a", 1000, 2500)], [head("a", 400, 2500)]])
    (log,) = read_job_logs(pages)
    assert not log.is_complete
    assert len(log.rows) == 2400
    assert pages.asked == [1, 2, 3]


def test_a_log_that_grows_while_it_is_read_is_read_once_more() -> None:
    growing = [[head("a", 1000, 1500)], [head("a", 600, 1600)]]
    settled = [[head("a", 1000, 1600)], [head("a", 600, 1600)]]
    pages = Pages(growing, settled)
    (log,) = read_job_logs(pages)
    assert log.is_complete
    assert len(log.rows) == 1600
    assert pages.asked == [1, 2, 1, 2]


def test_a_log_that_never_stops_growing_is_not_complete() -> None:
    pages = Pages([[head("a", 1000, 1500)], [head("a", 600, 1600)]])
    (log,) = read_job_logs(pages)
    assert not log.is_complete
    assert pages.asked == [1, 2, 1, 2]


def test_several_runs_of_one_name_are_several_logs() -> None:
    pages = Pages([[head("a", 1000, 1200), head("b", 3, 3)], [head("a", 200, 1200)]])
    first, second = read_job_logs(pages)
    assert (first.handle, len(first.rows), first.is_complete) == ("a", 1200, True)
    assert (second.handle, len(second.rows), second.is_complete) == ("b", 3, True)


def test_runs_that_share_a_page_are_both_read_on() -> None:
    pages = Pages([[head("a", 600, 900), head("b", 400, 500)], [head("a", 300, 900), head("b", 100, 500)]])
    logs = read_job_logs(pages)
    assert [(log.handle, len(log.rows), log.is_complete) for log in logs] == [("a", 900, True), ("b", 500, True)]


def test_a_server_without_a_last_page_does_not_hold_us_for_ever() -> None:
    class Endless(Pages):
        def __call__(self, number: int, size: int) -> list[Any]:
            self.asked.append(number)
            return [row_of_thousand]

    row_of_thousand = head("a", 1000, None)
    pages = Endless([])
    (log,) = read_job_logs(pages)
    assert not log.is_complete
    assert len(pages.asked) == 1000
