"""
What became of a publish, read from its log (PROTOCOL 4.3).

Adobe's page has misspelt constants among those of publishing (`BeginVideoPubl]ish`, `VideoPubilshSuccess`), so only how
a word begins and ends counts, without case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hotfolder.core.server import JobLog, LogRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What the logs of one submission say."""

    is_over: bool
    failure: str = ""  # why it did not do its work, in the server's words; "" = it did
    missed: dict[str, str] = field(default_factory=dict)  # asset IDs that it could not publish, and why
    published: frozenset[str] = frozenset()  # asset IDs that it says it has published
    remarks: int = 0

    def still_missed(self, before: Sequence[str]) -> list[str]:
        """
        Return what is not published, given what an earlier try had missed: an incremental one may not come back to it.

        A log that names nothing that it published cannot be held against that.
        """
        return list(dict.fromkeys([*(name for name in before if self._is_doubtful(name)), *self.missed]))

    def _is_doubtful(self, name: str) -> bool:
        return name in self.missed or (bool(self.published) and name not in self.published)


def judge(logs: Sequence[JobLog]) -> Report:
    """
    Say whether a publish is over, and whether it did its work.

    It is over when each log has its end and all of its rows. It failed if it ended fatally, or if an error names no
    asset; other errors are about the assets that they name.
    """
    missed: dict[str, str] = {}
    published: set[str] = set()
    failure = ""
    remarks = 0
    is_over = bool(logs)
    for log in logs:
        has_end = log.ended_at is not None
        for row in _rows(log):
            word = row.log_type.strip().lower()
            if word == "fatalerror":
                failure = failure or row.message or "it ended with a fatal error"
            elif word.endswith("error") and row.asset_name:
                missed.setdefault(row.asset_name, row.message)
            elif word.endswith("error"):
                failure = failure or row.message or "it reports an error"
            elif word.endswith("success") and row.asset_name:
                published.add(row.asset_name)
            elif word.endswith("warning"):
                remarks += 1
            has_end = has_end or word == "fatalerror" or word.startswith("end")
        failure = failure or log.fatal_error
        is_over = is_over and has_end and log.is_complete
    return Report(
        is_over=is_over,
        failure=failure,
        missed=missed,
        published=frozenset(published - missed.keys()),
        remarks=remarks,
    )


def _rows(log: JobLog) -> Iterator[LogRow]:
    """Yield all rows, and what a row says in its details as rows about the same asset."""
    for row in log.rows:
        yield row
        for detail in row.aux:
            yield LogRow(
                log_type=detail.log_type,
                message=detail.message,
                asset_name=detail.asset_name or row.asset_name,
            )
