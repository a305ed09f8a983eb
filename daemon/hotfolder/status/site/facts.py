"""
What the pages show: gathered from the running daemon's questions and from the ledger, as values ready to be laid out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.model import Drop, DropState, Job, Post
from hotfolder.core.notes import what_to_do
from hotfolder.core.settling import Settling
from hotfolder.core.visibility import visible
from hotfolder.core.wording import in_plain_words, shown
from hotfolder.ports import HistoryQuery
from hotfolder.status import live, story
from hotfolder.status.retrying import DOUBTFUL, SAFE
from hotfolder.status.site import words
from hotfolder.status.snapshot import JOB_STATES, PEOPLE, state_of
from hotfolder.status.story import Moment, What
from hotfolder.status.view import View

LISTED = 200
"""Files of one list: more would not be read, and finding one by its name is what the search is for."""

SEARCHED = 50_000
"""Finished drops looked through for a name, newest first: half a second at most, in a thread of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One file in a list."""

    number: int | None  # of the drop; None while it is still being copied
    folder: str
    path: str
    word: words.Word
    reason: str
    at: datetime | None  # when it got there
    size_bytes: int | None = None
    sent_bytes: int | None = None  # while it is being sent
    visible: str = ""  # when a stored file goes live
    second_copy: bool = False
    may_retry: bool = False
    to_do: str = ""  # of one that somebody should look at; to be translated, and filled in with its asset
    asset: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One moment in the history of a file."""

    at: datetime | None
    text: str
    more: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePage:
    """Everything about one drop."""

    row: Row
    steps: tuple[Step, ...]
    waits_for: str | None  # while it is under way
    next_at: str | None
    cure: str | None
    place: str | None  # where the original is, inside the hot folder
    online_name: str
    destination: str
    options: dict[str, Any]
    warnings: tuple[str, ...]
    caution: str
    visible: str | None
    upload: str | None
    sha256: str | None
    retry_of: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadPage:
    """Everything about one job."""

    job: Job
    word: str
    posts: tuple[Post, ...]
    rows: tuple[Row, ...]
    log: tuple[dict[str, str], ...]


def finished(drop: Drop, job: Job | None) -> Row:
    """Return the line of a drop that is at its end."""
    return Row(
        number=drop.id,
        folder=drop.folder,
        path=drop.path,
        word=words.of_drop(PEOPLE[drop.state], drop.outcome),
        reason=drop.reason,
        at=drop.filed_at or drop.stored_at,
        size_bytes=drop.identity.size_bytes,
        visible=visible(drop, job) or "",
        second_copy=drop.possible_second_copy,
        may_retry=drop.state is DropState.FILED and drop.outcome in SAFE + DOUBTFUL,
        to_do=what_to_do(drop),
        asset=shown(drop.asset),
    )


def under_way(coordinator: Coordinator, folder: str | None = None, needle: str = "") -> Iterator[Row]:
    """Yield the lines of what is not at its end, as the daemon itself knows it."""
    for name, desk in coordinator.desks.items():
        if folder not in (None, name):
            continue
        for entry in desk.settling.values():
            if needle in entry.path.casefold():
                yield _settling_row(name, entry)
    for drop in coordinator.board.drops.values():
        if folder in (None, drop.folder) and needle in drop.path.casefold():
            yield _live_row(coordinator, drop)


def _settling_row(folder: str, entry: Settling) -> Row:
    word = words.STATES["held" if entry.held else "settling"]
    reason = entry.held or entry.missing
    return Row(number=None, folder=folder, path=entry.path, word=word, reason=reason, at=entry.seen_at)


def under_way_by_folder(coordinator: Coordinator, folders: Iterable[str], most: int) -> dict[str, list[Row]]:
    """Return at most so many lines for each hot folder, in one pass over all that is under way."""
    found: dict[str, list[Row]] = {name: [] for name in folders}
    for name, rows in found.items():
        for entry in islice(coordinator.desks[name].settling.values(), most):
            rows.append(_settling_row(name, entry))
    for drop in coordinator.board.drops.values():
        listed = found.get(drop.folder)
        if listed is not None and len(listed) < most:
            listed.append(_live_row(coordinator, drop))
    return found


def _live_row(coordinator: Coordinator, drop: Drop) -> Row:
    state = state_of(coordinator, drop)
    return Row(
        number=drop.id,
        folder=drop.folder,
        path=drop.path,
        word=words.of_drop(state, None),
        reason=drop.reason if state == "held" else "",
        at=drop.ready_at or drop.seen_at,
        size_bytes=drop.identity.size_bytes,
        sent_bytes=coordinator.posting.sent_bytes_of(drop),
        second_copy=drop.possible_second_copy,
    )


def of_folder(view: View, folder: str, needle: str, outcome: str | None) -> tuple[list[Row], list[Row], bool]:
    """Return what is under way in a hot folder, what has ended there, and whether more has than is listed."""
    needle = needle.casefold()
    busy: list[Row] = []
    if outcome is None:
        busy = view.running.ask(lambda coordinator: list(islice(under_way(coordinator, folder, needle), LISTED)))
    query = HistoryQuery(folder=folder, outcome=outcome, limit=SEARCHED if needle else LISTED + 1)
    found = (finished(drop, job) for drop, job in view.ledger.history(query) if needle in drop.path.casefold())
    ended = list(islice(found, LISTED + 1))
    return busy, ended[:LISTED], len(ended) > LISTED


def search(view: View, needle: str, folders: frozenset[str] | None = None) -> list[Row]:
    """Return every file, under way or ended, whose path holds a text; newest last word first."""
    needle = needle.casefold()
    rows: list[Row] = view.running.ask(
        lambda coordinator: list(
            islice(
                (row for row in under_way(coordinator, None, needle) if folders is None or row.folder in folders),
                LISTED,
            )
        )
    )
    for drop, job in view.ledger.history(HistoryQuery(limit=SEARCHED)):
        if len(rows) >= LISTED:
            break
        if needle in drop.path.casefold() and (folders is None or drop.folder in folders):
            rows.append(finished(drop, job))
    return rows


def of_file(view: View, number: int) -> FilePage | None:
    """Return everything about one drop, None if there is none of that number."""

    def question(coordinator: Coordinator) -> tuple[Drop, Row, dict[str, Any]] | None:
        drop = coordinator.board.drops.get(number)
        if drop is None:
            return None
        return replace(drop), _live_row(coordinator, drop), live.of_drop(coordinator, drop)

    said = view.running.ask(question)
    found = view.ledger.drop(number)
    if found is None:
        return None
    drop, job = found
    row, told = finished(drop, job), dict[str, Any]()
    if said is not None:
        _, row, told = said
    return FilePage(
        row=row,
        steps=tuple(_steps(drop, story.moments(drop, job, story.post_of(view.ledger, drop, job)))),
        waits_for=told.get("reason"),
        next_at=told.get("next_at"),
        cure=told.get("cure"),
        place=(drop.target_path if drop.state is DropState.FILED and not drop.was_kept else drop.work_path or drop.path)
        or None,
        online_name=drop.stored_as or drop.asset,
        destination=drop.destination,
        options=json.loads(drop.options),
        warnings=tuple(in_plain_words(line) for line in drop.warnings.splitlines() if line.strip()),
        caution=drop.caution,
        visible=visible(drop, job),
        upload=job.name if job else None,
        sha256=drop.sha256,
        retry_of=drop.retry_of,
    )


def _steps(drop: Drop, moments: Iterable[Moment]) -> Iterator[Step]:
    for moment in moments:
        match moment.what:
            case What.COMPLETE:
                evidence = tuple(filter(None, drop.evidence.split(", ")))
                yield Step(at=moment.at, text=words.STEPS[moment.what], evidence=evidence)
            case What.DECIDED:
                yield Step(at=moment.at, text=words.of_drop("", drop.outcome).text, more=drop.reason)
            case _:
                yield Step(at=moment.at, text=words.STEPS[moment.what])


def of_upload(view: View, name: str) -> UploadPage | None:
    """Return everything about one job, None if there is none of that name."""
    found = view.ledger.job(name)
    if found is None:
        return None

    def question(coordinator: Coordinator) -> dict[int, Row]:
        members = coordinator.board.members.get(found.job.id, {})
        return {id_: _live_row(coordinator, drop) for id_, drop in members.items()}

    now = view.running.ask(question)
    return UploadPage(
        job=found.job,
        word=words.UPLOADS[JOB_STATES[found.job.state]],
        posts=tuple(found.posts),
        rows=tuple(now.get(drop.id) or finished(drop, found.job) for drop in found.drops),
        log=tuple(_log_rows(found.job)),
    )


def _log_rows(job: Job) -> Iterator[dict[str, str]]:
    """Yield what the server's log says, line by line; the ledger keeps it as it was read."""
    try:
        logs = json.loads(job.log or "[]")
    except ValueError:
        return
    for log in logs if isinstance(logs, list) else []:
        for row in log.get("rows", []) if isinstance(log, dict) else []:
            if isinstance(row, dict):
                yield {
                    "at": str(row.get("at") or ""),
                    "what": str(row.get("log_type") or ""),
                    "name": str(row.get("asset_name") or ""),
                    "message": str(row.get("message") or ""),
                }
