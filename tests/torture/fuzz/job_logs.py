"""
Logs of jobs: whatever rows they have, every file gets one verdict, and none is called stored without a row that says
so.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from lxml import etree

from hotfolder.core.server import JobLog, LogRow
from hotfolder.core.verdicts import Expected, decide
from hotfolder.edges.remote.pages import PAGE_ROWS, read_job_logs
from tests.torture.fuzz.mutation import demand

TYPES: Final = (
    "UploadSuccess",
    "FileUpdated",
    "UploadWarning",
    "UploadError",
    "DuplicateSkipped",
    "FileCancel",
    "PdfRipError",
    "FatalError",
    "BeginUpload",
    "EndUpload",
    "FleEnd",
    "FileEnd",
    "uploadsuccess",
    "UploadSucess",
    "OriginalJobName",
    "Something new",
    "",
    "IPSJobLog.gcUploadWarning",
)
GOOD: Final = ("uploadsuccess", "uploadsucess", "fileupdated", "uploadwarning")
"""Ends of log types that mean "stored", typing errors as in the documents among them (PROTOCOL 4.3)."""

STEMS: Final = ("chair", "Chair", "chair-1", "chair-2", "a b", "x.y", "Übersicht", "1")


PAGES_EVERY: Final = 20
"""One input in so many is a log of several pages: each has a thousand rows, and takes its time."""


def try_one(number: int, place: Path) -> None:
    """Try one log, or some of jobs of one name."""
    chance = random.Random(f"job log {number}")
    if number % PAGES_EVERY == 0:
        _try_pages(chance)
        return
    stems = chance.sample(STEMS, chance.randint(1, 5))
    expected = [
        Expected(
            drop=position,
            asset=stem,
            sent_name=f"{stem}.jpg",
            overwrite=chance.random() < 0.5,
            doubted=chance.random() < 0.3,
            earlier_doubt=chance.random() < 0.2,
        )
        for position, stem in enumerate(stems)
    ]
    logs = [_log(chance, handle) for handle in range(chance.choice((1, 1, 1, 2, 3)))]
    decision = decide(expected, logs)
    demand([verdict.drop for verdict in decision.verdicts] == list(range(len(stems))), "not one verdict for each file")
    for file, verdict in zip(expected, decision.verdicts, strict=True):
        said = [row for log in logs for row in log.rows if _may_be_about(row, file)]
        if verdict.outcome is not None and verdict.outcome.value in ("stored", "updated", "renamed"):
            demand(
                any(row.log_type.casefold().endswith(GOOD) for row in said),
                f"{file.asset} is called {verdict.outcome} by {[row.log_type for row in said]}",
            )
        if not said and not any(log.fatal_error or _is_fatal(log) for log in logs):
            demand(verdict.outcome is None, f"{file.asset} is called {verdict.outcome}, and no row is about it")
        demand(verdict.outcome is None or bool(verdict.reason), "an outcome without a reason")


def _may_be_about(row: LogRow, file: Expected) -> bool:
    """Return whether a row names the file, its asset, or what it may have been renamed to."""
    name = row.asset_name or ""
    return name == file.asset or name.startswith(f"{file.asset}-") or file.sent_name in row.message


def _is_fatal(log: JobLog) -> bool:
    return any(row.log_type.casefold() == "fatalerror" for row in log.rows)


def _log(chance: random.Random, handle: int) -> JobLog:
    rows = tuple(_row(chance) for _ in range(chance.choice((0, 1, 3, 8, 20))))
    return JobLog(
        handle=f"j|{handle}",
        original_name="ours",
        ended_at=datetime(2026, 3, 1, tzinfo=UTC) if chance.random() < 0.8 else None,
        rows=rows,
        is_complete=chance.random() < 0.9,
        fatal_error=chance.choice(("", "", "", "", "out of space")),
        success_count=chance.choice((0, 1, 5, -1, 2**31)),
    )


def _row(chance: random.Random, depth: int = 0) -> LogRow:
    stem = chance.choice(STEMS)
    message = chance.choice(
        (
            f"ExampleCo/{stem}.jpg was processed into IPS",
            f"{stem}.jpg",
            "",
            f'"{stem}.jpg": unreadable',
            f"\u201e{stem}.jpg\u201c et {chance.choice(STEMS)}.jpg",
            "a\nb\x1b[2J" * 3,
        )
    )
    return LogRow(
        log_type=chance.choice(TYPES),
        message=message,
        asset_name=chance.choice((stem, stem, None, "", "other")),
        asset_type=chance.choice((None, "MasterImage", "OptimizedImage", "Mask", "thumbnail", "Layer")),
        asset_handle=chance.choice((None, "a|1")),
        aux=() if depth else tuple(_row(chance, 1) for _ in range(chance.choice((0, 0, 0, 1, 2)))),
    )


def _try_pages(chance: random.Random) -> None:
    """Try one log that takes several pages, or just fills them: every row has to come, each once."""
    count = chance.choice((PAGE_ROWS, 2 * PAGE_ROWS, chance.randint(1, 3 * PAGE_ROWS)))
    is_announced = chance.random() < 0.7
    named = [f"image-{row}" for row in range(count)]

    def page(number: int, size: int) -> list[Any]:
        rows = named[(number - 1) * size : number * size]
        details = "".join(f"<items><assetName>{name}</assetName></items>" for name in rows)
        raw = [etree.fromstring(f"<detailArray>{details}</detailArray>")]
        total = count if is_announced else None
        return [SimpleNamespace(jobHandle="j|1", originalJobName="j", detailTotalRows=total, _raw_elements=raw)]

    (log,) = read_job_logs(page)
    demand(log.is_complete, f"a log of {count} rows does not count as complete")
    demand([row.asset_name for row in log.rows] == named, f"of a log of {count} rows came {len(log.rows)}")
