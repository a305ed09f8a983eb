"""Commits that can be told apart: what the n-th writes, and what a ledger looks like after it."""

from __future__ import annotations

from dataclasses import replace

from hotfolder.core.journal import InsertDrops, InsertJob, UpdateDrops, UpdateJob, Write
from hotfolder.core.model import Drop, Job, JobState, Unfinished
from hotfolder.ports import LedgerReader
from tests.strategies import MOMENT, drop

AT_ONCE = 3


def drops_of(number: int) -> list[Drop]:
    """Return the drops that the n-th commit writes."""
    first = number * AT_ONCE
    return [drop(first + step, f"photo {first + step}.jpg") for step in range(AT_ONCE)]


def job_of(number: int) -> Job:
    """Return the job as the n-th commit leaves it."""
    return Job(
        id=1,
        name="catalog-1",
        folder="catalog",
        options="{}",
        state=JobState.CLAIMING,
        created_at=MOMENT,
        files_total=number,
    )


def writes_of(number: int) -> list[Write]:
    """Return what the n-th commit writes."""
    writes: list[Write] = [InsertDrops(tuple(drops_of(number)))]
    if number == 1:
        writes.append(InsertJob(job_of(1)))
    else:
        writes.append(UpdateDrops(tuple({"id": earlier.id, "tries": number} for earlier in drops_of(number - 1))))
        writes.append(UpdateJob(1, {"files_total": number}))
    return writes


def commit_number(ledger: LedgerReader) -> int:
    """Return the number of the last commit that is in a ledger."""
    jobs = ledger.unfinished().jobs
    return jobs[0].files_total if jobs else 0


def after(number: int) -> Unfinished:
    """Return what a ledger holds after the n-th commit."""
    if number == 0:
        return Unfinished()
    drops = [
        replace(earlier, tries=commit + 1) for commit in range(1, number) for earlier in drops_of(commit)
    ] + drops_of(number)
    return Unfinished(drops=drops, jobs=[job_of(number)], next_drop=drops[-1].id + 1, next_job=2)
