"""
From what looks say to a drop that is ready, refused, held in its place, or none at all.

Takes each look and the ledger's memory together; when a file counts as complete is `settle`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hotfolder.core import naming, preflight, settle, wording
from hotfolder.core.board import Board
from hotfolder.core.collisions import Collisions
from hotfolder.core.messages import (
    DroppedAt,
    LeaveNote,
    LookResult,
    LookStatus,
    Recall,
    RecallItem,
    RecallResult,
    RemoveCopies,
)
from hotfolder.core.model import Drop, DropState, Identity, Unsafe
from hotfolder.core.notes import left_alone
from hotfolder.core.settings import FolderSettings
from hotfolder.core.settling import Settling, SettlingFiles
from hotfolder.core.standing import Standing, may_be_claimed, origin_of

DENIED_RETRY_S = 60.0
"""A file we may not read is looked at again this often; rights are cured by people."""

LINKED_LOOK_S = 2.0  # RELIABILITY A10: between the two looks that find a second name


@dataclass(frozen=True, kw_only=True, slots=True)
class Ways:
    """Where the gate's answers go."""

    ignore: Callable[[str, str], None]  # a path, and why
    is_held: Callable[[str], bool]  # whether a person holds a file; asked once, when it is ready
    refused: Callable[[Drop], None]


class Gate:
    """One hot folder's."""

    def __init__(
        self,
        board: Board,
        settling: SettlingFiles,
        standing: Standing,
        *,
        ways: Ways,
        max_post_bytes: Callable[[], int | None],
        collisions: Collisions,
    ) -> None:
        self._board = board
        self._settling = settling
        self._standing = standing
        self._ways = ways
        self._max_post_bytes = max_post_bytes  # of the server's, as far as it is known
        self._collisions = collisions
        self._told_unsafe: set[str] = set()

    @property
    def _folder(self) -> FolderSettings:
        return self._standing.folder

    # --- looks ---

    def looked(self, results: Iterable[LookResult]) -> None:
        """Looks have come in: judge each."""
        recalls = [item for result in results if (item := self._looked(result)) is not None]
        if recalls:
            self._board.do(Recall(self._folder.name, tuple(recalls)))

    def _looked(self, result: LookResult) -> RecallItem | None:
        """Judge one look; return what the ledger is to be asked."""
        entry = self._settling.entries.get(result.path)
        if entry is None:
            return None
        entry.looking = False
        if entry.again:  # an event came in while we looked: this look may be of before
            entry.again = False
            self._settling.look(entry)
            return None
        if result.status is not LookStatus.PRESENT or result.observation is None:
            self._not_there(entry, result)
            return None
        identity = result.observation.identity
        if self._is_poison(entry, identity) or self._is_known_there(entry, identity):
            return None
        if entry.track is not None and entry.track.observation.identity != identity:
            entry.memory = None
        entry.digest = result.digest
        self._judge(entry, result)
        if entry.memory is not None or entry.recalling or result.path not in self._settling.entries:
            return None
        entry.recalling = True
        return RecallItem(result.path, identity, result.digest)

    def _is_poison(self, entry: Settling, identity: Identity) -> bool:
        poison = self._settling.poison
        if entry.path not in poison:
            return False
        if poison[entry.path] == identity:
            self._hold(entry, wording.POISON, self._board.now.monotonic + settle.STUCK_WAIT_S)
            return True
        del poison[entry.path]  # another version: it is looked into from the next look on
        return False

    def _is_known_there(self, entry: Settling, identity: Identity) -> bool:
        """Whether the file is a drop already; one that was ready and is another file now is none any more."""
        leaving = self._standing.leaving.get(entry.path)
        if leaving is not None and leaving.identity == identity:
            self._settling.forget(entry)
            return True
        standing = self._standing.in_place.get(entry.path)
        if standing is None:
            return False
        # one that a person holds stays held, whatever is written into it; its claim will see the change
        is_held = standing.state is DropState.HELD
        if standing.identity == identity or is_held or may_be_claimed(standing):
            self._settling.forget(entry)
            return True
        self._standing.forget(standing)
        return False

    def _not_there(self, entry: Settling, result: LookResult) -> None:
        if result.status is LookStatus.DENIED:
            self._hold(entry, result.reason or wording.MAY_NOT_READ, self._board.now.monotonic + DENIED_RETRY_S)
            return
        if result.unsafe is Unsafe.HARD_LINKS and not entry.linked:
            entry.linked = True  # an SFTP server may rename by link and unlink: for an instant there are two names
            self._settling.look(entry, LINKED_LOOK_S)
            return
        self._settling.forget(entry)
        standing = self._standing.in_place.get(result.path)
        if standing is not None and not may_be_claimed(standing):
            self._standing.withdraw(standing, wording.TAKEN_AWAY)
        if result.status is LookStatus.UNSAFE and result.unsafe is not None:
            if self._standing.router.ignored(result.path) is None and result.path not in self._told_unsafe:
                self._tell_unsafe(result.path, result.unsafe)
            self._ways.ignore(result.path, wording.LEFT_IN_PLACE.format(unsafe=wording.UNSAFE[result.unsafe]))

    def _tell_unsafe(self, path: str, unsafe: Unsafe) -> None:
        self._told_unsafe.add(path)
        self._board.tell("drop.rejected", "warning", folder=self._folder.name, path=path, reason=unsafe.value)
        note, text = left_alone(path, unsafe, self._folder, self._board.voice(self._folder))
        self._board.do(LeaveNote(self._folder.name, note, text))

    def _judge(self, entry: Settling, result: LookResult) -> None:
        if result.observation is None:
            return
        entry.track, decision = settle.judge(self._folder.settle, entry.track, result.observation, closed=entry.closed)
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
                self._settling.look_at(entry, decision.at_s)
            case settle.Rejected():
                self._refuse(entry, decision.reason)
            case settle.Stuck():
                self._hold(entry, decision.reason, decision.at_s)

    def _hold(self, entry: Settling, reason: str, at_s: float) -> None:
        if entry.held != reason:
            self._board.tell("drop.held", "warning", folder=self._folder.name, path=entry.path, reason=reason)
        entry.held = reason
        entry.missing = reason
        self._settling.look_at(entry, at_s)

    # --- what the ledger knows ---

    def recalled(self, results: Iterable[RecallResult]) -> None:
        """The ledger has said what it knows of some files."""
        for result in results:
            entry = self._settling.entries.get(result.path)
            if entry is None or not entry.recalling:
                continue
            entry.recalling = False
            if result.known == "kept":
                self._settling.forget(entry)
                continue
            if result.known == "copy" and entry.digest is not None:
                self._settling.forget(entry)
                self._board.do(RemoveCopies(self._folder.name, {result.path: entry.digest}))
                continue
            reason = self._standing.router.ignored(result.path)
            if reason is not None:  # it only looked like a note of ours
                self._settling.forget(entry)
                self._ways.ignore(result.path, reason)
                continue
            if not entry.told:
                entry.told = True
                self._board.tell("drop.seen", folder=self._folder.name, path=entry.path, retry_of=result.drop)
            entry.memory = result
            entry.caution = self._caution(entry, result.stored)
            if entry.evidence is not None and not entry.looking:
                self._settled(entry, entry.evidence)

    def _caution(self, entry: Settling, stored: Iterable[DroppedAt] = ()) -> str:
        """Say what a file meets online; `stored` is what the ledger has under its asset ID."""
        place = DroppedAt(self._folder.server, self._folder.name, origin_of(entry) or entry.path)
        return self._collisions.caution(place, naming.asset_id(entry.path.rpartition("/")[2]), stored)

    # --- ends ---

    def _settled(self, entry: Settling, evidence: str) -> None:
        objection = self._objection(entry)
        if objection is not None:
            self._refuse(entry, objection)
            return
        drop = self._standing.new_drop(entry, DropState.READY)
        drop.evidence = evidence
        drop.caution = self._caution(entry) or entry.caution  # what has come since, or has gone since
        self._clear_copies(entry)
        self._settling.has_become_drop(entry)
        self._standing.found(drop, is_held=self._ways.is_held(drop.path))
        self._board.tell(
            "drop.ready",
            "warning" if drop.caution else "info",
            folder=drop.folder,
            drop=drop.id,
            path=drop.path,
            evidence=evidence,
            caution=drop.caution or None,
        )

    def _objection(self, entry: Settling) -> str | None:
        if entry.track is None:
            return None
        seen = entry.track.observation
        head = seen.evidence.not_taken if seen.evidence is not None else None
        name = entry.path.rpartition("/")[2]
        return preflight.objection(name, seen.identity.size_bytes, head, self._max_post_bytes())

    def _refuse(self, entry: Settling, reason: str) -> None:
        drop = self._standing.new_drop(entry, DropState.FILING)
        drop.reason = reason
        self._standing.leaving[drop.path] = drop  # until it is filed, every scan meets it
        self._clear_copies(entry)
        self._settling.has_become_drop(entry)
        self._board.tell("drop.rejected", "warning", folder=drop.folder, drop=drop.id, path=drop.path, reason=reason)
        self._ways.refused(drop)

    def _clear_copies(self, entry: Settling) -> None:
        if entry.memory and entry.memory.copies:
            self._board.do(RemoveCopies(self._folder.name, entry.memory.copies))
