"""
From a path that somebody saw in a hot folder to a drop that is ready: one desk per hot folder.

Owns what is settling, what is held in place, what is ignored, and the scans. Knows nothing of jobs or the server.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hotfolder.core import naming, preflight, settle, wording
from hotfolder.core.board import Board, backoff_s
from hotfolder.core.collisions import Collisions
from hotfolder.core.companions import is_companion_name
from hotfolder.core.formats import finder
from hotfolder.core.litter import is_status_file
from hotfolder.core.messages import (
    DroppedAt,
    EntryKind,
    Found,
    LeaveNote,
    Look,
    LookItem,
    LookResult,
    LookStatus,
    OpenFolder,
    Recall,
    RecallItem,
    RecallResult,
    RemoveCopies,
)
from hotfolder.core.model import Drop, DropState, Identity, Outcome, Unsafe
from hotfolder.core.notes import left_alone
from hotfolder.core.rules import Router
from hotfolder.core.settings import FolderSettings
from hotfolder.core.walks import Walk, Walks

LOOKS_AT_ONCE = 1000  # one thread serves the folder: longer lists would keep claims and filing waiting

DENIED_RETRY_S = 60.0
"""A file we may not read is looked at again this often; rights are cured by people."""

LINKED_LOOK_S = 2.0  # RELIABILITY A10: between the two looks that find a second name

IGNORED_LISTED = 1000  # ignored files named for people; beyond it they are only counted


@dataclass(slots=True)
class Settling:
    """A path on its way through the settle gate."""

    path: str
    seen_at: datetime
    due_s: float
    closed: bool  # an event told us that it was closed or renamed into place
    track: settle.Track | None = None
    memory: RecallResult | None = None
    recalling: bool = False
    digest: str | None = None
    looking: bool = False
    again: bool = False  # something happened while we looked
    evidence: str | None = None  # settled; only the ledger's answer is still to come
    linked: bool = False  # had a second name at the last look
    held: str | None = None  # why it stays in place
    caution: str = ""  # what it meets online, as far as that could be told so far
    missing: str = wording.JUST_FOUND  # what it waits for


class Desk:
    """One hot folder's intake."""

    def __init__(
        self,
        board: Board,
        folder: FolderSettings,
        *,
        is_known: bool,
        is_held: bool = False,
        held_paths: Iterable[str] = (),
        poison: Mapping[str, Identity] | None = None,
        on_ready: Callable[[Drop], None],
        on_gone: Callable[[Drop], None],
        on_refused: Callable[[Drop], None],
        max_post_bytes: Callable[[], int | None],
        collisions: Collisions,
    ) -> None:
        self.board = board
        self.folder = folder
        self.router = Router(folder)
        self.state: Literal["opening", "watching", "polling", "degraded", "held"] = "opening"
        self._mode: Literal["watching", "polling"] = "watching"  # as of the last time it came up
        self.reason: str | None = None  # of being degraded or held
        self.in_place: dict[str, Drop] = {}  # ready drops by path
        self.leaving: dict[str, Drop] = {}  # being claimed or filed, or sent, from where they are: not to be found anew
        self.ignored: dict[str, str] = {}
        self.ignored_count = 0
        self.settling: dict[str, Settling] = {}
        self._is_known = is_known
        self._held_by_person = is_held
        self._denied: str | None = None  # why the server would not take more of its files, until a person releases it
        self.retired = False  # no longer configured: takes nothing in, and brings what it has to its end
        self._poison = dict(poison or {})  # versions that ended the daemon when their content was looked into
        self._held_paths = set(held_paths)  # files that a person holds before they are complete
        self._on_ready = on_ready
        self._on_gone = on_gone
        self._on_refused = on_refused
        self._collisions = collisions
        self._max_post_bytes = max_post_bytes  # of the server's, as far as it is known
        self._due: list[tuple[float, int, str]] = []
        self._order = 0
        self._ignored_now: dict[str, str] = {}
        self._ignored_now_count = 0
        self._walks = Walks(board, folder)
        self._overfull = False  # something was seen for which there was no room
        self._failures = 0
        self._open_s: float | None = board.now.monotonic  # when to open the folder (again)
        self._told_unsafe: dict[str, Identity | None] = {}
        self._to_hold: list[Drop] = []  # found in this turn, held once they are recorded
        self.found_drops: list[Drop] = []  # of this turn, for one grouped insert

    # --- the folder itself ---

    def came_up(self, mode: Literal["watching", "polling"]) -> None:
        """The folder can be used: everything about it is looked at afresh."""
        if self.state == "degraded":
            self.board.tell("folder.recovered", folder=self.folder.name)
        self._failures = 0
        self._open_s = None
        self._mode = mode
        self.state = mode
        self.reason = None
        if self._held_by_person or self._denied:
            self._hold_all(self._denied or wording.BY_PERSON)
        if not self._is_known and not self.folder.first_run_limit:  # nothing to count for: a million names take seconds
            self._is_known = True
            self._remember()
        self._walks.reset(None if self.retired else self.board.now.monotonic)
        for entry in self.settling.values():
            entry.looking = entry.recalling = False
            self._schedule(entry, self.board.now.monotonic)

    def went_down(self, reason: str) -> None:
        """The folder cannot be used; it is tried again."""
        if self.state != "degraded":
            self.board.tell("folder.degraded", "warning", folder=self.folder.name, reason=reason)
        self.state = "degraded"
        self.reason = reason
        self._walks.reset(None)
        if self._open_s is None:  # else this is one more answer to what was asked before it went down
            self._failures += 1
            self._open_s = self.board.now.monotonic + backoff_s(1.0, 60.0, self._failures)

    @property
    def is_up(self) -> bool:
        """Whether files can be looked at."""
        return self.state in ("watching", "polling", "held")

    @property
    def may_send(self) -> bool:
        """Whether batches may form."""
        return self.state in ("watching", "polling")

    def change(self, folder: FolderSettings, nameless: Iterable[Drop] = ()) -> None:
        """
        The folder's settings were read again: drops that are ready follow them, those that were claimed do not.

        But for the `nameless`: claimed ones that were in no POST and wait for what their options name and nobody knows.
        """
        was_retired, self.retired = self.retired, False
        self.folder = folder
        self.router = Router(folder)
        for drop in list(self.in_place.values()):
            if self.router.ignored(drop.path) is not None and not _may_be_claimed(drop):
                self._written_again(drop)
                continue
            self._follow_settings(drop)
        for drop in nameless:
            if drop.server == folder.server:
                self._follow_settings(drop)
        for entry in list(self.settling.values()):
            if not is_companion_name(entry.path) and self.router.ignored(entry.path) is not None:
                self._forget(entry)
        if was_retired and self.state == "degraded":
            self._open_s = self.board.now.monotonic
        elif self.may_send:
            self._walks.want_full()

    def _follow_settings(self, drop: Drop) -> None:
        """Route a drop that still waits by the settings as they are now."""
        route = self.router.route(drop.origin or drop.path, self.board.now.today)
        values = {
            "server": self.folder.server,
            "rule": route.rule,
            "options": route.options,
            "destination": route.destination,
            "overwrite": route.overwrite,
        }
        if any(getattr(drop, name) != value for name, value in values.items()):
            self._on_gone(drop)
            self.board.journal.change_drops([drop], **values)
            if drop.state in (DropState.READY, DropState.CLAIMED):
                self._on_ready(drop)

    def retire(self) -> None:
        """The folder is no longer configured: what still lies in its place is left there."""
        self.retired = True
        for drop in list(self.in_place.values()):
            if not _may_be_claimed(drop):
                self._written_again(drop)
        for entry in list(self.settling.values()):
            self._forget(entry)
        self._walks.reset(None)

    def hold(self, paths: Iterable[str]) -> None:
        """A person wants these files to wait; of no paths, the whole folder."""
        paths = tuple(paths)
        if not paths:
            self._held_by_person = True
            self._remember()
            self._hold_all(wording.BY_PERSON)
        for path in paths:
            drop = self.in_place.get(path)
            if drop is None:
                self._held_paths.add(path)
                self._remember_held_paths()
            elif drop.state is DropState.READY:
                self._hold_drop(drop)

    def deny(self, reason: str) -> None:
        """The server would not take more of its files either: they wait for a person, or for the next start."""
        self._denied = wording.DENIED.format(reason=reason)
        self._hold_all(self._denied)

    def release(self, paths: Iterable[str]) -> None:
        """A person lets these files go on; of no paths, the whole folder."""
        paths = tuple(paths)
        for path in paths:
            if path in self._held_paths:
                self._held_paths.discard(path)
                self._remember_held_paths()
            if self._poison.pop(path, None) is not None and path in self.settling:
                self._schedule(self.settling[path], self.board.now.monotonic)
            drop = self.in_place.get(path)
            if drop is not None and drop.state is DropState.HELD:
                self.board.journal.change_drops([drop], state=DropState.READY, reason="")
                self._on_ready(drop)
        if paths:
            return
        self._held_by_person = False
        self._denied = None
        self._is_known = True
        self._remember()
        if self.state == "held":
            self.state = self._mode
            self.reason = None
            self.board.tell("folder.recovered", folder=self.folder.name)
            self._walks.want_full()

    def _hold_drop(self, drop: Drop) -> None:
        self._on_gone(drop)
        self.board.journal.change_drops([drop], state=DropState.HELD, reason=wording.BY_PERSON)
        self.board.tell("drop.held", folder=drop.folder, drop=drop.id, path=drop.path, reason=wording.BY_PERSON)

    def _remember(self) -> None:
        self.board.journal.remember_folder(
            self.folder.name,
            path=str(self.folder.path),
            held=self._held_by_person,
            held_paths=self._held_paths,
        )

    def _remember_held_paths(self) -> None:
        if self._is_known:  # else it would be known at the next start, and its files not counted
            self._remember()

    def _hold_all(self, reason: str) -> None:
        if self.state in ("watching", "polling"):
            self.state = "held"
            self.reason = reason
            self.board.tell("folder.held", "warning", folder=self.folder.name, reason=reason)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more will come of what lies here now, without a change from outside."""
        if self.state in ("degraded", "held") or self.retired:
            return True
        if not self._walks.is_idle or self._overfull:
            return False
        return all(entry.held or self._never_rests(entry) for entry in self.settling.values())

    def _never_rests(self, entry: Settling) -> bool:
        """Whether a file is still being written after all the time that a single pass can give it."""
        if not self.board.once or entry.track is None:
            return False
        return self.board.now.monotonic - entry.track.first_seen_s > self.folder.settle.limit_s

    # --- hints ---

    def changed(self, files: Iterable[str], directories: Iterable[str]) -> None:
        """The watch saw something."""
        if not self.may_send or not self._is_known:
            return
        for path in files:
            self._see(path, closed=True)
            self._beside(path)
        self._walks.want(directories)

    def _beside(self, path: str) -> None:
        """Look at a file at once when Finder's data beside it changes: that is how a copy from a Mac ends."""
        above, slash, name = path.rpartition("/")
        entry = self.settling.get(above + slash + name.removeprefix(finder.APPLE_DOUBLE_NAME))
        if entry is not None and entry.path != path and not entry.looking:
            self._schedule(entry, self.board.now.monotonic)

    def overflowed(self) -> None:
        """The watch lost events: only a full scan tells."""
        if not self.retired:
            self._walks.want_full()

    def found(self, event: Found) -> None:
        """A chunk of our scan has come in."""
        walk = self._walks.current
        if walk is None or not self._walks.is_current(event.scan):
            return
        for entry in event.entries:
            if entry.kind is EntryKind.FILE:
                walk.unseen.discard(entry.path)
                self._see(entry.path, closed=False, census=walk)
            elif entry.kind is EntryKind.OTHER:
                self._see(entry.path, closed=False, census=walk)
            else:
                self._ignore(entry.path, entry.reason or entry.kind.value)
        if walk.is_census and self.folder.first_run_limit and walk.counted > self.folder.first_run_limit:
            self._hold_first_run()
        elif event.finished:
            self._finish(walk)
        else:
            walk.waiting = True

    def _finish(self, walk: Walk) -> None:
        self._walks.finish(walk, polling=self.state == "polling")
        if walk.is_census:
            self._is_known = True
            self._remember()
            self._walks.reset(self.board.now.monotonic)
        elif not walk.below:
            self.ignored, self._ignored_now = self._ignored_now, {}
            self.ignored_count, self._ignored_now_count = self._ignored_now_count, 0
            for path in walk.unseen:
                if path in self.in_place:
                    self._see(path, closed=False, again=True)

    def _hold_first_run(self) -> None:
        self._walks.reset(None)
        self._hold_all(wording.FIRST_RUN.format(limit=self.folder.first_run_limit, folder=self.folder.name))

    def _see(self, path: str, *, closed: bool, census: Walk | None = None, again: bool = False) -> None:
        if self.retired:
            return
        entry = self.settling.get(path)
        if entry is not None:
            if closed:
                entry.closed = entry.again = True
                if not entry.looking:
                    self._schedule(entry, self.board.now.monotonic)
            return
        if (path in self.in_place or path in self.leaving) and not (closed or again):
            return
        if is_status_file(path):
            return
        if not is_companion_name(path):
            reason = self.router.ignored(path)
            if reason is not None:
                self._ignore(path, reason)
                return
        if census is not None and census.is_census:
            census.counted += 1
            return
        if not self.board.room_in(self.folder.name):
            self._overfull = True
            return
        now_s = self.board.now.monotonic
        entry = Settling(path=path, seen_at=self.board.now.wall, due_s=now_s, closed=closed)
        self.settling[path] = entry
        self.board.live_in[self.folder.name] += 1
        self._schedule(entry, now_s)

    def _ignore(self, path: str, reason: str) -> None:
        self._ignored_now_count += 1
        if len(self._ignored_now) < IGNORED_LISTED:
            self._ignored_now[path] = reason
        if self._walks.current is None and path not in self.ignored:
            self.ignored_count += 1
            self.ignored[path] = reason

    # --- looks ---

    def looked(self, results: Iterable[LookResult]) -> None:
        """Looks have come in: judge each."""
        recalls: list[RecallItem] = []
        for result in results:
            entry = self.settling.get(result.path)
            if entry is None:
                continue
            entry.looking = False
            if entry.again:  # an event came in while we looked: this look may be of before
                entry.again = False
                self._schedule(entry, self.board.now.monotonic)
                continue
            if result.status is LookStatus.PRESENT and result.observation is not None:
                identity = result.observation.identity
                if result.path in self._poison:
                    if self._poison[result.path] == identity:
                        self._hold(entry, wording.POISON, self.board.now.monotonic + settle.STUCK_WAIT_S)
                        continue
                    del self._poison[result.path]  # another version: it is looked into from the next look on
                standing = self.in_place.get(result.path)
                leaving = self.leaving.get(result.path)
                if leaving is not None and leaving.identity == identity:
                    self._forget(entry)
                    continue
                if standing is not None:
                    # one that a person holds stays held, whatever is written into it; its claim will see the change
                    is_held = standing.state is DropState.HELD
                    if standing.identity == identity or is_held or _may_be_claimed(standing):
                        self._forget(entry)
                        continue
                    self._written_again(standing)
                if entry.track is not None and entry.track.observation.identity != identity:
                    entry.memory = None
                entry.digest = result.digest
                self._judge(entry, result)
                if entry.memory is None and not entry.recalling and result.path in self.settling:
                    entry.recalling = True
                    recalls.append(RecallItem(result.path, identity, result.digest))
            else:
                self._not_there(entry, result)
        if recalls:
            self.board.do(Recall(self.folder.name, tuple(recalls)))

    def _not_there(self, entry: Settling, result: LookResult) -> None:
        if result.status is LookStatus.DENIED:
            self._hold(entry, result.reason or wording.MAY_NOT_READ, self.board.now.monotonic + DENIED_RETRY_S)
            return
        if result.unsafe is Unsafe.HARD_LINKS and not entry.linked:
            entry.linked = True  # an SFTP server may rename by link and unlink: for an instant there are two names
            self._schedule(entry, self.board.now.monotonic + LINKED_LOOK_S)
            return
        self._forget(entry)
        standing = self.in_place.get(result.path)
        if standing is not None and not _may_be_claimed(standing):
            self.withdraw(standing, wording.TAKEN_AWAY)
        if result.status is LookStatus.UNSAFE and result.unsafe is not None:
            if self.router.ignored(result.path) is None and result.path not in self._told_unsafe:
                self._told_unsafe[result.path] = None
                self.board.tell(
                    "drop.rejected", "warning", folder=self.folder.name, path=result.path, reason=result.unsafe.value
                )
                path, text = left_alone(result.path, result.unsafe, self.folder, self.board.voice(self.folder))
                self.board.do(LeaveNote(self.folder.name, path, text))
            self._ignore(result.path, wording.LEFT_IN_PLACE.format(unsafe=wording.UNSAFE[result.unsafe]))

    def _judge(self, entry: Settling, result: LookResult) -> None:
        if result.observation is None:
            return
        entry.track, decision = settle.judge(self.folder.settle, entry.track, result.observation, closed=entry.closed)
        entry.evidence = None
        match decision:
            case settle.Settled():
                entry.held = None
                entry.missing = ""
                entry.evidence = decision.evidence
                if entry.memory is not None:
                    self._settled(entry, decision.evidence)
                # else: the ledger's answer, under way or about to be asked for, goes on from here
            case settle.LookAgain():
                if entry.held and entry.track.unchanged_since_s == result.observation.at_s:
                    entry.held = None
                entry.missing = decision.missing
                self._schedule(entry, decision.at_s)
            case settle.Rejected():
                self._refuse(entry, decision.reason)
            case settle.Stuck():
                self._hold(entry, decision.reason, decision.at_s)

    def recalled(self, results: Iterable[RecallResult]) -> None:
        """The ledger has said what it knows of some files."""
        for result in results:
            entry = self.settling.get(result.path)
            if entry is None or not entry.recalling:
                continue
            entry.recalling = False
            if result.known == "kept":
                self._forget(entry)
                continue
            if result.known == "copy" and entry.digest is not None:
                self._forget(entry)
                self.board.do(RemoveCopies(self.folder.name, {result.path: entry.digest}))
                continue
            reason = self.router.ignored(result.path)
            if reason is not None:  # it only looked like a note of ours
                self._forget(entry)
                self._ignore(result.path, reason)
                continue
            if entry.memory is None:
                self.board.tell("drop.seen", folder=self.folder.name, path=entry.path, retry_of=result.drop)
            entry.memory = result
            entry.caution = self._caution(entry, result.stored)
            if entry.evidence is not None and not entry.looking:
                self._settled(entry, entry.evidence)

    # --- ends ---

    def _settled(self, entry: Settling, evidence: str) -> None:
        objection = self._objection(entry)
        if objection is not None:
            self._refuse(entry, objection)
            return
        drop = self._new_drop(entry, DropState.READY)
        drop.evidence = evidence
        drop.caution = self._caution(entry) or entry.caution  # what has come since, or has gone since
        self.found_drops.append(drop)
        self.in_place[drop.path] = drop
        self.board.drops[drop.id] = drop
        self._clear_copies(entry)
        self._drop_entry(entry)
        self._on_ready(drop)
        if drop.path in self._held_paths:
            self._held_paths.discard(drop.path)
            self._remember_held_paths()
            self._to_hold.append(drop)
        self.board.tell(
            "drop.ready",
            "warning" if drop.caution else "info",
            folder=drop.folder,
            drop=drop.id,
            path=drop.path,
            evidence=evidence,
            caution=drop.caution or None,
        )

    def _caution(self, entry: Settling, stored: Iterable[DroppedAt] = ()) -> str:
        """Say what a file meets online; `stored` is what the ledger has under its asset ID."""
        origin = _origin(entry.path, entry.memory.origin if entry.memory else None)
        place = DroppedAt(self.folder.server, self.folder.name, origin or entry.path)
        return self._collisions.caution(place, naming.asset_id(entry.path.rpartition("/")[2]), stored)

    def _objection(self, entry: Settling) -> str | None:
        if entry.track is None:
            return None
        seen = entry.track.observation
        head = seen.evidence.not_taken if seen.evidence is not None else None
        name = entry.path.rpartition("/")[2]
        return preflight.objection(name, seen.identity.size_bytes, head, self._max_post_bytes())

    def _refuse(self, entry: Settling, reason: str) -> None:
        drop = self._new_drop(entry, DropState.FILING)
        drop.reason = reason
        self.leaving[drop.path] = drop  # until it is filed, every scan meets it
        self._clear_copies(entry)
        self._drop_entry(entry)
        self.board.tell("drop.rejected", "warning", folder=drop.folder, drop=drop.id, path=drop.path, reason=reason)
        self._on_refused(drop)

    def drop_at(self, path: str, identity: Identity) -> Drop:
        """Return a new drop for a file that comes to its end without settling; it takes its place in the window."""
        self.board.live_in[self.folder.name] += 1
        route = self.router.route(path, self.board.now.today)
        name = path.rpartition("/")[2]
        return Drop(
            id=self.board.new_drop_id(),
            folder=self.folder.name,
            path=path,
            state=DropState.FILING,
            identity=identity,
            seen_at=self.board.now.wall,
            rule=route.rule,
            options=route.options,
            destination=route.destination,
            asset=naming.asset_id(name),
            sent_name=naming.sent_name(name),
            overwrite=route.overwrite,
        )

    def _new_drop(self, entry: Settling, state: DropState) -> Drop:
        board, now = self.board, self.board.now
        if entry.track is None:
            raise AssertionError(f"{entry.path} became a drop before anybody looked at it")
        origin = _origin(entry.path, entry.memory.origin if entry.memory else None)
        path = origin or entry.path
        route = self.router.route(path, now.today)
        name = entry.path.rpartition("/")[2]
        return Drop(
            id=board.new_drop_id(),
            folder=self.folder.name,
            path=entry.path,
            state=state,
            identity=entry.track.observation.identity,
            seen_at=entry.seen_at,
            ready_at=now.wall,
            origin=origin,
            retry_of=entry.memory.drop if entry.memory else None,
            server=self.folder.server,
            rule=route.rule,
            options=route.options,
            destination=route.destination,
            asset=naming.asset_id(name),
            sent_name=naming.sent_name(name),
            overwrite=route.overwrite,
        )

    def _clear_copies(self, entry: Settling) -> None:
        if entry.memory and entry.memory.copies:
            self.board.do(RemoveCopies(self.folder.name, entry.memory.copies))

    def left(self, drop: Drop) -> None:
        """A drop is out of its dropper's reach, or done: its path is free for the next."""
        if self.in_place.get(drop.path) is drop:
            del self.in_place[drop.path]
        if self.leaving.get(drop.path) is drop:
            del self.leaving[drop.path]

    def leaves(self, drop: Drop) -> None:
        """A drop is about to be claimed."""
        self.left(drop)
        self.leaving[drop.path] = drop

    def stays(self, drop: Drop) -> None:
        """A drop could not be claimed now: it is ready as before."""
        self.left(drop)
        self.in_place[drop.path] = drop

    def look_again(self, path: str) -> None:
        """A path is free again, and may be another file's already: its events came while it was not."""
        self._see(path, closed=False, again=True)

    def look_first(self, drop: Drop) -> None:
        """A drop is ready as before, but may be another file now, or gone."""
        self.stays(drop)
        self._see(drop.path, closed=False, again=True)

    def settle_again(self, drop: Drop) -> None:
        """A drop that was ready is being written again, or is another file now."""
        self._written_again(drop)
        self._see(drop.path, closed=False)

    def _written_again(self, drop: Drop) -> None:
        self.left(drop)
        self._on_gone(drop)
        self.board.journal.delete_drops([drop])
        self.board.drops.pop(drop.id, None)
        self.board.live_in[self.folder.name] -= 1

    def withdraw(self, drop: Drop, reason: str) -> None:
        """Its dropper took it back before it was sent."""
        self.left(drop)
        self._on_gone(drop)
        now = self.board.now.wall
        self.board.journal.change_drops(
            [drop], state=DropState.WITHDRAWN, outcome=Outcome.WITHDRAWN, reason=reason, stored_at=now, filed_at=now
        )
        self.board.finish(drop, None)
        self.board.tell("drop.withdrawn", folder=drop.folder, drop=drop.id, path=drop.path, reason=reason)

    def _hold(self, entry: Settling, reason: str, at_s: float) -> None:
        if entry.held != reason:
            self.board.tell("drop.held", "warning", folder=self.folder.name, path=entry.path, reason=reason)
        entry.held = reason
        entry.missing = reason
        self._schedule(entry, at_s)

    def _forget(self, entry: Settling) -> None:
        if self.settling.pop(entry.path, None) is not None:
            self.board.live_in[self.folder.name] -= 1

    def _drop_entry(self, entry: Settling) -> None:
        """The entry became a drop: its place in the window goes with it."""
        self.settling.pop(entry.path, None)

    # --- time ---

    def _schedule(self, entry: Settling, at_s: float) -> None:
        entry.due_s = at_s
        self._order += 1
        heapq.heappush(self._due, (at_s, self._order, entry.path))

    def record_found(self) -> None:
        """Record the drops of this turn, all at once."""
        if self.found_drops:
            self.board.journal.add_drops([drop for drop in self.found_drops if drop.id in self.board.drops])
            self.found_drops.clear()
        for drop in self._to_hold:
            self._hold_drop(drop)
        self._to_hold.clear()

    def wake(self) -> None:
        """Do what is due: open, scan, look."""
        board, now_s = self.board, self.board.now.monotonic
        if board.stopping:
            return
        if self._open_s is not None and now_s >= self._open_s:
            self._open_s = None
            board.do(OpenFolder(self.folder.name, self._has_claimed()))
        if not self.is_up or self.state == "held":
            return
        if (
            self._overfull
            and self._walks.current is None
            and self.board.room_in(self.folder.name)
            and self._half_empty()
        ):
            self._overfull = False
            self._walks.want_full()
        begun = self._walks.wake(is_known=self._is_known, in_place=self.in_place.keys)
        if begun is not None:
            self._ignored_now, self._ignored_now_count = {}, 0
        self._wake_looks(now_s)

    def _half_empty(self) -> bool:
        """A window refilled for every file that leaves would mean a scan per file."""
        return len(self.settling) + len(self.in_place) < 25_000

    def _wake_looks(self, now_s: float) -> None:
        items: list[LookItem] = []
        gate = self.folder.settle
        while self._due and self._due[0][0] <= now_s:
            due_s, _, path = heapq.heappop(self._due)
            entry = self.settling.get(path)
            if entry is None or entry.looking or entry.due_s != due_s:
                continue
            entry.looking = True
            entry.again = False
            if path in self._poison:
                items.append(LookItem(path, formats=False))  # what it is, and nothing of what is in it
                continue
            items.append(
                LookItem(
                    path,
                    entry.track.observation.identity if entry.track else None,
                    entry.closed and gate.quiet_s == 0,
                    gate.formats,
                    is_companion_name(path),
                )
            )
            if len(items) == LOOKS_AT_ONCE:
                self.board.do(Look(self.folder.name, tuple(items)))
                items = []
        if items:
            self.board.do(Look(self.folder.name, tuple(items)))

    def _has_claimed(self) -> bool:
        """Whether something of ours must lie in `_working`, so that the folder without it is not the real one."""
        certain = (DropState.CLAIMED, DropState.SENDING, DropState.SENT, DropState.DOUBTED, DropState.FILING)
        return any(
            drop.folder == self.folder.name and drop.state in certain and drop.work_path not in (None, drop.path)
            for drop in self.board.drops.values()
        )

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        times = [self._open_s]
        if self.is_up and self.state != "held":
            times.append(self._walks.next_wake_s())
            while self._due:
                due_s, _, path = self._due[0]
                entry = self.settling.get(path)
                if entry is not None and entry.due_s == due_s and not entry.looking:
                    times.append(due_s)
                    break
                heapq.heappop(self._due)
        return min((at for at in times if at is not None), default=None)


def _may_be_claimed(drop: Drop) -> bool:
    """
    Return whether a ready drop may lie in `_working`: a claim that failed may have moved it.

    Only the next claim can tell; what lies at its path meanwhile says nothing about it.
    """
    return drop.work_path is not None


def _origin(path: str, first: str | None) -> str | None:
    """
    Return where a drop that was dragged back counts as dropped: its old folder, under the name it has now.

    It may have been renamed to cure it; and one that was put into a folder is meant to be there.
    """
    if first is None or "/" in path:
        return None
    above = first.rpartition("/")[0]
    return f"{above}/{path}" if above else None
