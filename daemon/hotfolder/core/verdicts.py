"""
What became of each file of a job, read from the job's log or from the server's assets.

Owns the rules of PROTOCOL 4.4 and RELIABILITY 2.6, 3.5 (J13, J14, J19). Judges finished logs only; whether a log is
finished (PROTOCOL 4.2) was decided before. A file without a row is never guessed at: it gets no outcome.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hotfolder.core import wording
from hotfolder.core.logwords import Weight, weight
from hotfolder.core.model import Outcome
from hotfolder.core.server import Asset, JobLog, LogRow

CLOCK_TOLERANCE = timedelta(minutes=2)
"""
How much earlier than our POST the server may date what we sent: its clock is not ours.

A guess. Larger would let a version from before pass for ours; smaller only costs one more upload.
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """A file of the job; `decide` has to get all of them at once, to tell whose row is whose."""

    drop: int
    asset: str  # asset ID it should get
    sent_name: str
    overwrite: bool
    doubted: bool  # the answer to its POST was lost
    earlier_doubt: bool  # an earlier attempt may have stored it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one file."""

    drop: int
    outcome: Outcome | None  # None = nothing is said of it: ask for the asset
    reason: str  # for people
    warnings: tuple[str, ...] = ()  # of the server, each one line
    asset_handle: str | None = None
    stored_as: str | None = None  # asset ID that the server reported
    second_copy: bool = False  # it is also there under another name


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of all files of a job."""

    verdicts: tuple[Verdict, ...]  # in the order of the files expected
    notes: tuple[str, ...]  # what does not add up in the logs, for operators


def decide(expected: Sequence[Expected], logs: Sequence[JobLog]) -> Decision:
    """
    Decide file by file over all rows; several logs (jobs found under one name) count as one.

    Of a file's rows the worst decides: fatal, error, cancel, duplicate, then those that mean stored.
    """
    owners = _Owners(expected)
    evidence = [_Evidence() for _ in expected]
    strangers: Counter[str] = Counter()
    strange_errors = 0
    made = 0  # rows about things that were made from files
    fatal: list[str] = []
    for number, log in enumerate(logs):
        if log.fatal_error.strip():
            fatal.append(log.fatal_error)
        for row in log.rows:
            meaning = weight(row.log_type)
            if meaning is Weight.UNKNOWN:
                strangers[row.log_type] += 1
                continue
            if meaning is Weight.FATAL:
                fatal.append(row.message)
            owner = owners.find(row)
            if owner is not None:
                position, relation = owner
                made += relation == "aside" and meaning > Weight.NEUTRAL
                evidence[position].add(relation, _Line(number, meaning, row))
            elif meaning is not Weight.FATAL and meaning.is_bad:
                strange_errors += 1
    verdicts = tuple(
        _verdict(file, found, fatal, several=len(logs) > 1) for file, found in zip(expected, evidence, strict=True)
    )
    notes = [f"unknown log type {word!r} in {count} rows" for word, count in sorted(strangers.items())]
    if strange_errors:
        notes.append(f"{strange_errors} errors in the log name no file of the job")
    notes += [f"the log of {log.handle} is not complete" for log in logs if not log.is_complete]
    notes += _miscounts(len(expected), made, logs)
    return Decision(verdicts, tuple(notes))


def begun_at(logs: Iterable[JobLog]) -> datetime | None:
    """Return when the jobs of these logs began, by the server's own clock; None if it does not tell."""
    told = (moment for log in logs for moment in (log.started_at, *(row.at for row in log.rows)))
    return min((moment for moment in told if moment is not None), default=None)


def from_asset(
    expected: Expected,
    assets: Sequence[Asset],
    *,
    size_bytes: int,
    since: datetime,
    tolerance: timedelta = CLOCK_TOLERANCE,
) -> Verdict:
    """
    Decide by what the server has under the asset ID (RELIABILITY 3.5, J14).

    Proof of arrival is an asset with this very ID, of the same size where the server tells it, and modified since our
    POST began. Anything less proves nothing. `since` is by a clock that may be off by `tolerance`; whether another
    version of ours may have been stored in that time, the caller has to know. Raises ValueError when `since` has no
    time zone.
    """
    if since.tzinfo is None:
        raise ValueError(f"{since} has no time zone")
    for asset in assets:
        modified = asset.modified_at
        if modified is None or asset.name != expected.asset or asset.size_bytes not in (None, size_bytes):
            continue
        earliest = since - tolerance
        if not modified.microsecond:  # a server that tells whole seconds cuts the rest off
            earliest = earliest.replace(microsecond=0)
        if modified < earliest:
            continue
        size = wording.PROVEN_SIZE if asset.size_bytes is not None else ""
        reason = wording.PROVEN.format(size=size, modified=modified.astimezone(UTC))
        return Verdict(expected.drop, Outcome.STORED, reason, asset_handle=asset.handle or None, stored_as=asset.name)
    return Verdict(expected.drop, None, wording.NOT_PROVEN)


# --- whose row is it ---


@dataclass(frozen=True, slots=True)
class _Line:
    """One row, weighed."""

    log: int  # which of several
    weight: Weight
    row: LogRow


@dataclass(slots=True)
class _Evidence:
    """All rows about one file, by how we know that they are."""

    own: list[_Line] = field(default_factory=list)  # its asset ID, or no ID and its name in the message
    renamed: list[_Line] = field(default_factory=list)  # its asset ID and "-1", "-2", ...
    hinted: list[_Line] = field(default_factory=list)  # an ID that is nobody's, its name in the message
    aside: list[_Line] = field(default_factory=list)  # about something made from it

    def add(self, relation: str, line: _Line) -> None:
        lines: list[_Line] = getattr(self, relation)
        lines.append(line)
        # What an entry says in its details counts like a row of its own (PROTOCOL 4.3: match on the suffix).
        for detail in line.row.aux:
            meaning = weight(detail.log_type)
            if meaning in (Weight.WARNING, Weight.ERROR):
                # A warning there never makes "stored" of a row that does not say so.
                lines.append(_Line(line.log, meaning if meaning is Weight.ERROR else Weight.NEUTRAL, detail))


_BY_PRODUCTS = ("optimized", "mask", "thumbnail", "layer", "page", "encod")
"""Parts of asset types that are made from a file, mostly under names of their own (PROTOCOL 4.4, rule 3)."""


def is_by_product(row: LogRow) -> bool:
    """Return whether a row is about something made from a file on the side."""
    if not row.asset_type:
        return False
    kind = row.asset_type.lower()
    return any(part in kind for part in _BY_PRODUCTS)


_RENAMED = re.compile(r"(.+)-[1-9][0-9]*", re.DOTALL)  # PROTOCOL 3.2


class _Owners:
    """Finds the file that a row is about."""

    def __init__(self, expected: Sequence[Expected]) -> None:
        self._by_asset = {file.asset: position for position, file in enumerate(expected)}
        self._by_name = {file.sent_name: position for position, file in enumerate(expected) if file.sent_name}
        self._lengths = sorted({len(name) for name in self._by_name}, reverse=True)

    def find(self, row: LogRow) -> tuple[int, str] | None:
        """Return the file's position and how the row belongs to it: own, renamed, hinted or aside."""
        if not row.asset_name:
            position = self._named(row.message)
            return None if position is None else (position, "own")
        own = self._by_asset.get(row.asset_name)
        renamed = _RENAMED.fullmatch(row.asset_name)
        base = self._by_asset.get(renamed.group(1)) if renamed else None
        if is_by_product(row):
            candidates = (own, base, self._part_of(row.asset_name), self._named(row.message))
            position = next((candidate for candidate in candidates if candidate is not None), None)
            return None if position is None else (position, "aside")
        if own is not None:
            # "chair-1" is a file of this job, but may also be what "chair" was renamed to: then only the message tells.
            if base is not None and self._named(row.message) == base:
                return base, "renamed"
            return own, "own"
        if base is not None:
            return base, "renamed"
        position = self._named(row.message)
        return None if position is None else (position, "hinted")

    def _part_of(self, name: str) -> int | None:
        """Return the file from whose name one such as "poster_Layer 1" is made (PROTOCOL 3.4, layerNaming)."""
        while "_" in name:
            name = name.rpartition("_")[0]
            if name in self._by_asset:
                return self._by_asset[name]
        return None

    def _named(self, message: str) -> int | None:
        """Return the one file that a message names as the last part of a path, or None."""
        found: set[str] = set()
        free = 0  # where the name found last ends: names do not overlap
        for start in _NAME_STARTS.finditer(message):
            if start.start() >= free and (name := self._name_at(message, start.start())):
                found.add(name)
                free = start.start() + len(name)
        return self._by_name[found.pop()] if len(found) == 1 else None

    def _name_at(self, message: str, start: int) -> str | None:
        """Return the longest name of a file that stands whole at a place in a message."""
        for length in self._lengths:
            name = message[start : start + length]
            if name in self._by_name:
                ends = _DOTTED_NAME_ENDS if "." in name else _PLAIN_NAME_ENDS
                if ends.match(message, start + len(name)):
                    return name
        return None


_NAME_STARTS = re.compile(r"^|(?<=[/\\\"'“‘«(\[<])")
_DOTTED_NAME_ENDS = re.compile(r"$|[\s\"'”’»)\]>,;:!?]|\.(?:\s|$)")
_PLAIN_NAME_ENDS = re.compile(r"$|[\"'”’»)\]>,;:]")
"""
What stands around a name in messages such as "ExampleCo/chair.jpg was processed into IPS".

A name begins a message, or follows a "/" or a quotation mark; after a mere blank it could be the end of a longer one
("red chair.jpg"). After a name without an extension, a blank could be part of a longer one too.
"""


# --- one file ---


def _verdict(file: Expected, found: _Evidence, fatal: Sequence[str], *, several: bool) -> Verdict:
    """
    Judge by the rows about the file itself; trouble with what is made from it is a remark (PROTOCOL 4.4, rule 3).

    Where the log has no other row with its ID, one about something made from it under the same ID has to do.
    """
    if _heaviest(found.own) <= Weight.NEUTRAL:
        found.own += [line for line in found.aside if line.row.asset_name == file.asset]
        found.aside = [line for line in found.aside if line.row.asset_name != file.asset]
    verdict = _judged(file, found, fatal, several=several)
    remarks = (
        wording.tidied(line.row.message) for line in found.aside if line.weight.is_bad or line.weight is Weight.WARNING
    )
    warnings = tuple(dict.fromkeys((*verdict.warnings, *filter(None, remarks))))
    is_whole = verdict.outcome is None or warnings == verdict.warnings
    return verdict if is_whole else replace(verdict, warnings=warnings)


def _judged(file: Expected, found: _Evidence, fatal: Sequence[str], *, several: bool) -> Verdict:
    own, renamed = _heaviest(found.own), _heaviest(found.renamed)
    if own.is_bad:
        return _bad(file, found.own, own, several=several)
    if (
        renamed.is_good
        and (own < Weight.SUCCESS or own is Weight.DUPLICATE)
        and not (own is Weight.WARNING and renamed is Weight.WARNING)
    ):
        return _renamed(file, found.own + found.renamed, found.renamed)
    if own is Weight.DUPLICATE:
        return _duplicate(file, found.own)
    if own.is_good:
        verdict = _good(file, found.own, own)
        # In one log, sent once, "-1" would be a page or a part of this file; after doubt it may be the file again.
        is_twice = renamed.is_good and (several or file.doubted)
        return replace(verdict, second_copy=True) if is_twice else verdict
    if renamed.is_bad:
        return _bad(file, found.renamed, renamed, several=several)
    hinted = _heaviest(found.hinted)
    if hinted.is_bad:
        return _bad(file, found.hinted, hinted, several=several)
    if hinted is Weight.DUPLICATE or renamed is Weight.DUPLICATE:
        elsewhere = [line for line in found.renamed + found.hinted if line.weight.is_good and line.row.asset_name]
        if elsewhere:  # one job stored it under another name, another one skipped it
            return _renamed(file, found.hinted + found.renamed, elsewhere)
        return _duplicate(file, found.hinted + found.renamed)
    if hinted.is_good:
        return _renamed(file, found.hinted, found.hinted)
    if fatal:
        return Verdict(file.drop, None, said(fatal, wording.GAVE_UP, wording.GAVE_UP_SILENTLY))
    return Verdict(file.drop, None, wording.SILENCE)


def _heaviest(lines: Sequence[_Line]) -> Weight:
    return max(line.weight for line in lines) if lines else Weight.UNKNOWN


def _bad(file: Expected, lines: Sequence[_Line], worst: Weight, *, several: bool) -> Verdict:
    messages = [line.row.message for line in lines if line.weight.is_bad]
    bad_logs = {line.log for line in lines if line.weight.is_bad}
    if several and any(line.weight.is_good and line.log not in bad_logs for line in lines):
        # One job stored it, another did not: neither "stored" nor "nothing is online" would be true.
        text = said(messages, wording.CONTRADICTION, wording.CONTRADICTION_SILENTLY)
        return _with(file, Outcome.UNKNOWN, text, lines)
    if worst is Weight.CANCEL:
        return _with(file, Outcome.FAILED, wording.CANCELLED, lines)
    silent, spoken = wording.REFUSED_SILENTLY, wording.REFUSED
    if worst is Weight.FATAL:
        silent, spoken = wording.GAVE_UP_SILENTLY, wording.GAVE_UP
    return _with(file, Outcome.FAILED, said(messages, spoken, silent), lines)


def _renamed(file: Expected, lines: Sequence[_Line], stored: Sequence[_Line]) -> Verdict:
    names = [line.row.asset_name for line in stored if line.weight.is_good and line.row.asset_name]
    text = wording.RENAMED_AFTER_DOUBT if file.doubted or file.earlier_doubt else wording.RENAMED
    reason = text.format(stored_as=names[0], asset=file.asset)
    verdict = _with(file, Outcome.RENAMED, reason, lines)
    return replace(verdict, asset_handle=_handle(stored), stored_as=names[0])


def _duplicate(file: Expected, lines: Sequence[_Line]) -> Verdict:
    """
    Tell a name that was taken before from our own file, which the server got earlier.

    A lost answer alone does not make it ours: had this job stored it, a row would say so; and since no two files of a
    job have one asset ID, a row that says so and one that skips it tell of one file that arrived twice. Whether an
    earlier job stored it only the asset can tell, which the caller asks for.
    """
    skipped = {line.log for line in lines if line.weight is Weight.DUPLICATE}
    stored = {
        line.log
        for line in lines
        # a remark beside the skipping may be about that, but where a name that exists is replaced, nothing is skipped
        if line.weight in (Weight.SUCCESS, Weight.UPDATED)
        or (line.weight is Weight.WARNING and (file.overwrite or line.log not in skipped))
    }
    if stored:
        return _with(file, Outcome.STORED, wording.ARRIVED_TWICE, lines)
    text = wording.DUPLICATE_ALL_THE_SAME if file.overwrite else wording.DUPLICATE
    return _with(file, Outcome.DUPLICATE, text.format(asset=file.asset), lines)


def _good(file: Expected, lines: Sequence[_Line], best: Weight) -> Verdict:
    if best is Weight.UPDATED:
        return _with(file, Outcome.UPDATED, wording.UPDATED, lines)
    return _with(file, Outcome.STORED, wording.STORED if best is Weight.SUCCESS else wording.STORED_WITH_REMARKS, lines)


def _with(file: Expected, outcome: Outcome, reason: str, lines: Sequence[_Line]) -> Verdict:
    """Return a verdict with everything else that its rows tell."""
    remarks = (
        wording.tidied(line.row.message)
        for line in lines
        if line.weight is Weight.WARNING
        or (line.weight is Weight.NEUTRAL and weight(line.row.log_type) is Weight.WARNING)  # of an entry's details
    )
    is_there = outcome in (Outcome.STORED, Outcome.UPDATED, Outcome.DUPLICATE)
    named = any(line.row.asset_name == file.asset for line in lines)
    return Verdict(
        drop=file.drop,
        outcome=outcome,
        reason=reason,
        warnings=tuple(dict.fromkeys(remark for remark in remarks if remark)),
        asset_handle=_handle(lines) if is_there else None,
        stored_as=file.asset if is_there and named and outcome is not Outcome.DUPLICATE else None,
    )


def _handle(lines: Sequence[_Line]) -> str | None:
    """Return the asset handle that the weightiest row tells."""
    told = [line for line in lines if line.row.asset_handle]
    return max(told, key=lambda line: line.weight).row.asset_handle if told else None


def said(messages: Iterable[str], spoken: str, silent: str) -> str:
    """Return `spoken` with the server's messages, in plain words; `silent` if there are none."""
    text = "; ".join(dict.fromkeys(plain for message in messages if (plain := wording.in_plain_words(message))))
    return spoken.format(message=text.rstrip(".")) if text else silent


def _miscounts(files: int, made: int, logs: Sequence[JobLog]) -> list[str]:
    """
    Compare the server's own counts with the files we sent (RELIABILITY F6).

    They prove nothing (PROTOCOL 4.3): each file follows its rows. A file with a remark may be counted only as such, and
    what was made from files may be counted too.
    """
    if not logs:
        return []
    counted = sum(log.success_count + log.error_count + log.duplicate_count + log.update_count for log in logs)
    remarked = sum(log.warning_count for log in logs)
    if counted > files + made or counted + remarked < files:
        return [f"the server counts {counted} files and {remarked} remarks for {files} files sent"]
    return []
