"""
Reading a job's log page by page (PROTOCOL 4.3): all of it, and honest about whether it was all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from hotfolder.core.server import Company, JobLog, LogRow
from hotfolder.edges.remote.offers import Read
from hotfolder.ips import records
from hotfolder.ips.redaction import Redact

PAGE_ROWS = 1000
"""The largest page, and the server's default (PROTOCOL 4.3)."""

MAX_PAGES = 1000
"""A million rows; a server that never sends a short page must not hold us for ever."""

Page = Callable[[int, int], list[Any]]
"""Returns the logs of a page, given its number from 1 and its size."""


@dataclass(slots=True)
class _Reading:
    """One run's log while its pages are read."""

    head: Any  # of the latest page: counts and the end date may have come meanwhile
    first_total: int | None
    rows: list[LogRow] = field(default_factory=list)

    @property
    def has_announced_rows(self) -> bool:
        """Whether there are as many rows as announced; False if the server does not say how many there are."""
        total = records.total_rows(self.head)
        return total is not None and len(self.rows) >= total

    @property
    def has_grown(self) -> bool:
        """Whether the server announced other totals on the first and the last page."""
        return records.total_rows(self.head) != self.first_total


def ask_job_logs(read: Read, company: Company, *, handle: str | None, original_name: str | None) -> list[JobLog]:
    """Return the logs of a handle, or of all jobs of a name; others that the server may send are left out."""

    def page(number: int, size: int) -> list[Any]:
        heads: list[Any] = read(
            "getJobLogDetails",
            records.items,
            companyHandle=company.handle,
            jobHandle=handle,
            originalName=original_name,
            recordsPerPage=size,
            resultsPage=number,
            sortBy="Date",
            sortDirection="Ascending",
        )
        return heads

    return [
        log
        for log in read_job_logs(page)
        if (handle is None or log.handle == handle) and (original_name is None or log.original_name == original_name)
    ]


def without_secret(logs: Iterable[JobLog], redact: Redact) -> list[JobLog]:
    """Return logs whose messages hold no secret: they go into the ledger, notes and receipts."""
    return [
        replace(
            log, rows=tuple(_row_without_secret(row, redact) for row in log.rows), fatal_error=redact(log.fatal_error)
        )
        for log in logs
    ]


def _row_without_secret(row: LogRow, redact: Redact) -> LogRow:
    message = redact(row.message)
    if message == row.message and not row.aux:
        return row
    return replace(row, message=message, aux=tuple(_row_without_secret(aux, redact) for aux in row.aux))


def read_job_logs(page: Page) -> list[JobLog]:
    """Read all pages; once more if the log changed its length meanwhile, since rows may have moved between pages."""
    readings, saw_end = _read_all(page)
    if any(reading.has_grown for reading in readings):
        readings, saw_end = _read_all(page)
    return [
        records.job_log(reading.head, reading.rows, is_complete=_is_complete(reading, saw_end=saw_end))
        for reading in readings
    ]


def _is_complete(reading: _Reading, *, saw_end: bool) -> bool:
    if reading.has_grown:
        return False
    return reading.has_announced_rows or (saw_end and records.total_rows(reading.head) is None)


def _read_all(page: Page) -> tuple[list[_Reading], bool]:
    """
    Read pages until every run has what it announced, or one page is short; return also whether there was a short one.

    Several runs may bear one name; whether a page then holds 1,000 rows of each or of all is not documented, so a page
    counts as short only if all of it together is.
    """
    readings: dict[str, _Reading] = {}
    for number in range(1, MAX_PAGES + 1):
        count = 0
        for head in page(number, PAGE_ROWS):
            rows = records.log_rows(head)
            count += len(rows)
            handle = str(getattr(head, "jobHandle", None))
            reading = readings.setdefault(handle, _Reading(head, records.total_rows(head)))
            reading.head = head
            reading.rows += rows
        if count < PAGE_ROWS:
            return list(readings.values()), True
        if all(reading.has_announced_rows for reading in readings.values()):
            break
    return list(readings.values()), False
