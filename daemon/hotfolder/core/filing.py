"""
From an outcome to its place: where an original goes, what is written beside it, and what if that does not work at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

from hotfolder.core import wording
from hotfolder.core.board import Board, backoff_s
from hotfolder.core.companions import note_name, receipt_name
from hotfolder.core.intake import Desk
from hotfolder.core.journal import Row
from hotfolder.core.litter import WORKING
from hotfolder.core.messages import Fate, FileAway, FilingItem, FilingResult, FilingStatus
from hotfolder.core.model import Drop, DropState, Job, JobState, Outcome
from hotfolder.core.notes import note, receipt_text
from hotfolder.core.settings import FolderSettings, OnSuccess
from hotfolder.core.verdicts import Verdict

DONE, CHECK, FAILED = "_done", "_check", "_failed"

FILED_AT_ONCE = 500  # one action: long enough to share its syncs, short enough to let looks in between

Companion = tuple[str, str] | None
"""Path and text of a note or receipt."""

PLACES_MAX = 10_000  # "~10000" of one name means that something else is wrong


class Filing:
    """Brings every decided drop to its end."""

    def __init__(self, board: Board, desks: Mapping[str, Desk], *, asset_free: Callable[[Drop], None]) -> None:
        self._board = board
        self._desks = desks
        self._asset_free = asset_free
        self._ready: dict[str, list[Drop]] = {}  # to be filed with this turn, by folder
        self._texts: dict[int, tuple[Companion, Companion]] = {}  # note and receipt, as their digests were recorded
        self._changed_since: set[int] = set()  # drops whose original is not what was sent
        self._asleep: dict[int, float] = {}  # drops whose filing failed, by when to try again
        self._tries: dict[int, int] = {}
        self._places: dict[int, int] = {}  # which place of its name a drop is on its way to, if not the first
        self._troubles: dict[int, str] = {}  # why filing has failed so far

    # --- outcomes ---

    def conclude(self, job: Job, verdicts: Iterable[Verdict]) -> None:
        """A job's drops have their outcomes."""
        changes: list[tuple[Drop, Row]] = []
        for verdict in verdicts:
            drop = self._board.drops.get(verdict.drop)
            if drop is not None and verdict.outcome is not None:
                self._asset_free(drop)
                said = {
                    "outcome": verdict.outcome,
                    "reason": verdict.reason,
                    "warnings": "\n".join(verdict.warnings),
                    "asset_handle": verdict.asset_handle,
                    "stored_as": verdict.stored_as,
                    "possible_second_copy": drop.possible_second_copy or verdict.second_copy,
                }
                changes.append((drop, self._values(drop, job, said, 1)))
        self._board.journal.change_each(changes)
        self._ready.setdefault(job.folder, []).extend(drop for drop, _ in changes)
        self.job_left(job)

    def decide(self, drop: Drop, outcome: Outcome, reason: str) -> None:
        """One drop has its outcome without a verdict of the server's."""
        self._asset_free(drop)
        job = None if drop.job is None else self._board.jobs.get(drop.job)
        self._board.journal.change_drops([drop], **self._values(drop, job, {"outcome": outcome, "reason": reason}, 1))
        self._ready.setdefault(drop.folder, []).append(drop)

    def refuse(self, drop: Drop) -> None:
        """A drop that was never ready: it goes from its place straight to its note."""
        self.adopt(drop, Outcome.REJECTED)

    def adopt(self, drop: Drop, outcome: Outcome) -> None:
        """A new drop, with its reason, comes to its end at once."""
        self._board.drops[drop.id] = drop
        values = self._values(drop, None, {"outcome": outcome, "reason": drop.reason}, 1)
        for column, value in values.items():
            setattr(drop, column, value)
        self._board.journal.add_drops([drop])
        self._ready.setdefault(drop.folder, []).append(drop)

    def resume(self, drop: Drop) -> None:
        """Go on with a filing that an earlier run began (RELIABILITY L10 to L13)."""
        job = None if drop.job is None else self._board.jobs.get(drop.job)
        note_of, receipt_of = self._render(drop, job)
        digests = {"note_digest": _digest(note_of), "receipt_digest": _digest(receipt_of)}
        if digests != {"note_digest": drop.note_digest, "receipt_digest": drop.receipt_digest}:
            self._board.journal.change_drops([drop], **digests)  # what they say of the settings has changed since
        self._ready.setdefault(drop.folder, []).append(drop)

    def _values(self, drop: Drop, job: Job | None, verdict: Mapping[str, object], place: int) -> Row:
        """Return the columns of a drop on its way to the n-th place of its name."""
        now = self._board.now
        folder = self._board.folders[drop.folder]
        values: Row = {"state": DropState.FILING, "stored_at": drop.stored_at or now.wall, **verdict}
        outcome = values.get("outcome", drop.outcome)
        keeps = folder.on_success is OnSuccess.KEEP and drop.was_kept
        original = drop.origin or drop.path
        if outcome in (Outcome.STORED, Outcome.UPDATED):
            root = f"{DONE}/{now.today.isoformat()}"
        elif outcome in (Outcome.RENAMED, Outcome.UNKNOWN):
            root = CHECK
        else:
            root = FAILED
        above, _, name = original.rpartition("/")
        parts = [root, above, f"~{place}" if place > 1 else "", name]
        values["target_path"] = "/".join(part for part in parts if part)
        note_of = receipt_of = None
        if outcome in (Outcome.STORED, Outcome.UPDATED) and not folder.receipts:
            self._texts[drop.id] = None, None  # as nearly always: nothing to be written, so nothing to be rendered
        else:
            note_of, receipt_of = self._render(_as_if(drop, values), job)
        values["note_digest"] = _digest(note_of)
        values["receipt_digest"] = _digest(receipt_of)
        if keeps:
            values["target_path"] = values["target_path"] if note_of or receipt_of else ""
        return values

    def _render(self, drop: Drop, job: Job | None) -> tuple[Companion, Companion]:
        """Return the note and the receipt, and keep them: settings may change before they are written."""
        folder = self._board.folders[drop.folder]
        self._texts[drop.id] = self._note(drop, job, folder), self._receipt(drop, job, folder)
        return self._texts[drop.id]

    def _note(self, drop: Drop, job: Job | None, folder: FolderSettings) -> Companion:
        if drop.outcome is None or drop.outcome.is_good or drop.target_path is None:
            return None
        suffix, text = note(drop, folder, self._board.voice(folder), job)
        above, _, name = drop.target_path.rpartition("/")
        return f"{above}/{note_name(name, suffix)}", text

    def _receipt(self, drop: Drop, job: Job | None, folder: FolderSettings) -> Companion:
        if not folder.receipts or drop.target_path is None:
            return None
        above, _, name = drop.target_path.rpartition("/")
        return f"{above}/{receipt_name(name)}", receipt_text(drop, job)

    # --- filing ---

    def flush(self) -> None:
        """Ask for what this turn decided, grouped by folder."""
        for name, drops in self._ready.items():
            if not drops or not self._desks[name].is_up:
                continue
            items = [self._item(drop) for drop in drops]
            for is_claimed in (True, False):  # apart, since nobody else touches what is claimed
                some = [item for item in items if item.source_path.startswith(f"{WORKING}/") is is_claimed]
                for start in range(0, len(some), FILED_AT_ONCE):
                    self._board.do(FileAway(name, tuple(some[start : start + FILED_AT_ONCE])))
            drops.clear()

    def folder_came_up(self, name: str) -> None:
        """What was asked while the folder was away got no answer: ask again."""
        ready = self._ready.setdefault(name, [])
        waiting = {drop.id for drop in ready}
        ready += [
            drop
            for drop in self._board.drops.values()
            if drop.folder == name
            and drop.state is DropState.FILING
            and drop.id not in waiting
            and drop.id not in self._asleep
        ]

    def _item(self, drop: Drop) -> FilingItem:
        note_of, receipt_of = self._texts[drop.id]
        changed = drop.sha256 is None and drop.outcome is Outcome.FAILED and drop.work_path is not None
        changed = changed or drop.id in self._changed_since
        return FilingItem(
            drop=drop.id,
            source_path=drop.work_path or drop.path,
            identity=None if changed else drop.identity,
            fate=self._fate(drop),
            target_path=drop.target_path or "",
            note=note_of,
            receipt=receipt_of,
        )

    def _fate(self, drop: Drop) -> Fate:
        """Return what becomes of its original."""
        on_success = self._board.folders[drop.folder].on_success
        if on_success is OnSuccess.KEEP and drop.was_kept:
            return Fate.KEEP
        if on_success is OnSuccess.DELETE and drop.outcome is not None and drop.outcome.is_good:
            return Fate.DELETE
        return Fate.MOVE

    def filed(self, results: Iterable[FilingResult]) -> None:
        """A group has been filed, or parts of it."""
        board = self._board
        done: list[Drop] = []
        replaced: list[Drop] = []  # gone from where they were dropped: something else may be there now
        jobs: dict[int, Job] = {}
        for result in results:
            drop = board.drops.get(result.drop)
            if drop is None or drop.state is not DropState.FILING:
                continue
            match result.status:
                case FilingStatus.FILED | FilingStatus.MISSING | FilingStatus.REPLACED:
                    if result.status is FilingStatus.MISSING:
                        gone = wording.ORIGINAL_GONE if drop.reason else wording.ONLY_GONE
                        board.journal.change_drops([drop], reason=gone.format(reason=drop.reason))
                    if result.status is not FilingStatus.FILED and drop.work_path in (None, drop.path):
                        replaced.append(drop)
                    done.append(drop)
                case FilingStatus.TAKEN:
                    self._next_place(drop)
                case FilingStatus.CHANGED:
                    self._changed(drop)
                case FilingStatus.FAILED:
                    self._later(drop, result.reason)
        board.journal.change_drops(done, state=DropState.FILED, filed_at=board.now.wall)
        for drop in done:
            job = None if drop.job is None else board.jobs.get(drop.job)
            if job is not None:
                jobs[job.id] = job
            self._desks[drop.folder].standing.left(drop)
            board.finish(drop, job)
            self._tries.pop(drop.id, None)
            self._places.pop(drop.id, None)
            self._troubles.pop(drop.id, None)
            self._texts.pop(drop.id, None)
            self._changed_since.discard(drop.id)
            self._tell(drop, job)
        for drop in replaced:
            self._desks[drop.folder].look_again(drop.path)
        for job in jobs.values():
            self.job_left(job)

    def _tell(self, drop: Drop, job: Job | None) -> None:
        good = drop.outcome is not None and drop.outcome.is_good
        self._board.tell(
            "drop.filed",
            "info" if good else "warning",
            folder=drop.folder,
            drop=drop.id,
            path=drop.path,
            outcome=drop.outcome.value if drop.outcome else None,
            reason=drop.reason or None,
            target=drop.target_path if self._fate(drop) is Fate.MOVE else None,  # else only papers lie there
            job=job.name if job else None,
            job_handle=job.handle if job else None,
            asset=drop.stored_as or drop.asset or None,
            size_bytes=drop.identity.size_bytes,
            possible_second_copy=drop.possible_second_copy or None,
        )

    def _next_place(self, drop: Drop) -> None:
        """The target's name is taken: commit another one first, then move (RELIABILITY L13)."""
        place = self._places.get(drop.id, 1) + 1
        if place > PLACES_MAX:
            self._later(drop, wording.EVERY_PLACE_TAKEN.format(path=drop.target_path))
            return
        self._places[drop.id] = place
        job = None if drop.job is None else self._board.jobs.get(drop.job)
        values = self._values(drop, job, {}, place)
        self._board.journal.change_drops([drop], **values)
        self._ready.setdefault(drop.folder, []).append(drop)

    def _changed(self, drop: Drop) -> None:
        """Somebody wrote into the original after it was claimed: what lies there now is not what the server has."""
        if drop.id in self._changed_since:
            self._later(drop, wording.UNREADABLE_ORIGINAL)
            return
        self._changed_since.add(drop.id)
        changed = wording.ALSO_CHANGED_SINCE if drop.reason else wording.CHANGED_SINCE
        reason = changed.format(reason=drop.reason)
        job = None if drop.job is None else self._board.jobs.get(drop.job)
        outcome = Outcome.UNKNOWN if drop.outcome is not None and drop.outcome.is_good else drop.outcome
        self._places.pop(drop.id, None)
        values = self._values(drop, job, {"outcome": outcome, "reason": reason}, 1)
        self._board.journal.change_drops([drop], **values)
        self._ready.setdefault(drop.folder, []).append(drop)

    def _later(self, drop: Drop, reason: str) -> None:
        retry = self._board.settings.retry
        tries = self._tries[drop.id] = self._tries.get(drop.id, 0) + 1
        if tries == 1:
            self._board.tell("drop.held", "warning", folder=drop.folder, drop=drop.id, path=drop.path, reason=reason)
        self._troubles[drop.id] = reason or wording.NOT_PUT_AWAY
        self._asleep[drop.id] = self._board.now.monotonic + backoff_s(retry.first_s, retry.max_s, tries)

    def trouble_of(self, drop: Drop) -> str | None:
        """Return why filing this drop has failed so far, None if it has not."""
        return self._troubles.get(drop.id)

    def tries_again_s(self, drop: Drop) -> float | None:
        """Return when a filing that failed is tried again."""
        return self._asleep.get(drop.id)

    def job_left(self, job: Job) -> None:
        """Close a job whose drops have all been filed or handed on."""
        if job.state not in (JobState.OVER, JobState.VOID) or self._board.members_of(job):
            return
        if job.state is JobState.OVER:
            self._board.journal.change_job(job, state=JobState.CLOSED)
        self._board.jobs.pop(job.id, None)

    def wake(self) -> None:
        """Try again what failed before."""
        now_s = self._board.now.monotonic
        for id_ in [id_ for id_, at_s in self._asleep.items() if at_s <= now_s]:
            del self._asleep[id_]
            drop = self._board.drops.get(id_)
            if drop is not None:
                self._ready.setdefault(drop.folder, []).append(drop)

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        return min(self._asleep.values(), default=None)


def _as_if(drop: Drop, values: Mapping[str, object]) -> Drop:
    """Return a copy of the drop as it will be."""
    copy = Drop(**{name: getattr(drop, name) for name in Drop.__slots__})
    for column, value in values.items():
        setattr(copy, column, value)
    return copy


def _digest(companion: Companion) -> str | None:
    return None if companion is None else hashlib.sha256(companion[1].encode()).hexdigest()
