"""
Archives that the server takes apart, and stores what is in them instead (PROTOCOL 3.4, unCompressOptions).

One file makes many rows in the job's log, under names that only the archive knows. So such a file goes alone in its
job, where every row is about it; and that nothing is there under its own name proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hotfolder.core import wording
from hotfolder.core.logwords import Weight, weight
from hotfolder.core.model import Drop, Outcome
from hotfolder.core.rules import GROUPS
from hotfolder.core.server import JobLog, LogRow
from hotfolder.core.verdicts import Decision, Expected, Verdict, decide, is_by_product, said

_ASKED = '"unCompressOptions":{"process":"UnCompress"}'
"""As the canonical form of options has it: every waiting drop is asked, so none is parsed for it."""


def is_taken_apart(drop: Drop) -> bool:
    """Return whether the server stores what is in a file, not the file."""
    if _ASKED not in drop.options:
        return False
    _, dot, extension = drop.sent_name.rpartition(".")
    return bool(dot) and extension.lower() in GROUPS["@archives"]


def goes_alone(drop: Drop) -> bool:
    """Return whether a drop has to be the only one of its job."""
    return drop.alone or is_taken_apart(drop)


def decide_archive(archive: Expected, logs: Sequence[JobLog]) -> Decision:
    """
    Decide over all rows of the archive's own job, or of several found under one name.

    Stored is an archive of which everything is. Where some files of it are stored and others are not, neither "stored"
    nor "nothing is online" would be true: a person has to look.
    """
    notes = tuple(note for note in decide([archive], logs).notes if not note.startswith("the server counts"))
    return Decision((_verdict(archive, logs),), notes)


def _verdict(archive: Expected, logs: Sequence[JobLog]) -> Verdict:
    rows = [row for log in logs for row in log.rows]
    worst: dict[str, Weight] = {}  # by what a row is about
    for row in rows:
        about = row.asset_name or row.message
        for meaning in _weights(row):
            worst[about] = max(meaning, worst.get(about, Weight.UNKNOWN))
    gave_up = [log.fatal_error for log in logs if log.fatal_error.strip()]
    good = [meaning for meaning in worst.values() if meaning.is_good]
    skipped = [meaning for meaning in worst.values() if meaning is Weight.DUPLICATE]
    bad = [meaning for meaning in worst.values() if meaning.is_bad]
    errors = [*gave_up, *(row.message for row in _bad(rows))]
    if not good and not skipped and not bad:
        if gave_up:
            return _with(archive, Outcome.FAILED, said(errors, wording.GAVE_UP, wording.GAVE_UP_SILENTLY), rows)
        return Verdict(archive.drop, None, wording.SILENCE)
    if not bad and not gave_up and not skipped:
        is_update = all(meaning is Weight.UPDATED for meaning in good)
        reason = wording.TAKEN_APART.format(count=len(good))
        return _with(archive, Outcome.UPDATED if is_update else Outcome.STORED, reason, rows)
    if not good and not bad and not gave_up:
        return _with(archive, Outcome.DUPLICATE, wording.TAKEN_APART_DUPLICATE, rows)
    if not good and not skipped:
        return _with(archive, Outcome.FAILED, said(errors, wording.REFUSED, wording.REFUSED_SILENTLY), rows)
    partly = wording.TAKEN_APART_PARTLY.format(count=len(good))
    return _with(archive, Outcome.UNKNOWN, said(errors, f"{partly}: {{message}}", partly), rows)


def _weights(row: LogRow) -> Iterator[Weight]:
    """Yield what a row and its details say of a file; nothing of what is made from one on the side."""
    meaning = weight(row.log_type)
    if is_by_product(row):
        return
    if meaning > Weight.NEUTRAL:
        yield meaning
    for detail in row.aux:
        if weight(detail.log_type) is Weight.ERROR:
            yield Weight.ERROR


def _bad(rows: Iterable[LogRow]) -> Iterator[LogRow]:
    for row in rows:
        if not is_by_product(row):
            yield from (line for line in (row, *row.aux) if weight(line.log_type).is_bad)


def _with(archive: Expected, outcome: Outcome, reason: str, rows: Sequence[LogRow]) -> Verdict:
    remarks = (
        wording.tidied(line.message)
        for row in rows
        for line in (row, *row.aux)
        if weight(line.log_type) is Weight.WARNING
    )
    return Verdict(archive.drop, outcome, reason, warnings=tuple(dict.fromkeys(filter(None, remarks))))
