"""
The drops of one hot folder that lie in their places: ready or held there, or on their way out.

Owns who is found at which path, and how a drop begins and how it ends before anything of it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hotfolder.core import naming, wording
from hotfolder.core.board import Board
from hotfolder.core.model import Drop, DropState, Identity, Outcome
from hotfolder.core.rules import Router
from hotfolder.core.settings import FolderSettings
from hotfolder.core.settling import Settling


class Standing:
    """All of one hot folder."""

    def __init__(
        self,
        board: Board,
        folder: FolderSettings,
        *,
        on_ready: Callable[[Drop], None],
        on_gone: Callable[[Drop], None],
    ) -> None:
        self.folder = folder
        self.router = Router(folder)
        self.in_place: dict[str, Drop] = {}  # ready drops by path
        self.leaving: dict[str, Drop] = {}  # being claimed or filed, or sent, from where they are: not to be found anew
        self._board = board
        self._on_ready = on_ready
        self._on_gone = on_gone
        self._found: list[Drop] = []  # in this turn, for one grouped insert
        self._to_hold: list[Drop] = []  # of these, once they are recorded

    def change(self, folder: FolderSettings, nameless: Iterable[Drop]) -> None:
        """Take new settings: drops that are ready follow them, and so do the `nameless` (see `Desk.change`)."""
        self.folder = folder
        self.router = Router(folder)
        for drop in list(self.in_place.values()):
            if self.router.ignored(drop.path) is not None and not may_be_claimed(drop):
                self.forget(drop)
                continue
            self._follow_settings(drop)
        for drop in nameless:
            if drop.server == folder.server:
                self._follow_settings(drop)

    def _follow_settings(self, drop: Drop) -> None:
        """Route a drop that still waits by the settings as they are now."""
        route = self.router.route(drop.origin or drop.path, self._board.now.today)
        values = {
            "server": self.folder.server,
            "rule": route.rule,
            "options": route.options,
            "destination": route.destination,
            "overwrite": route.overwrite,
        }
        if any(getattr(drop, name) != value for name, value in values.items()):
            self._on_gone(drop)
            self._board.journal.change_drops([drop], **values)
            if drop.state in (DropState.READY, DropState.CLAIMED):
                self._on_ready(drop)

    def leave_alone(self) -> None:
        """The folder is no longer configured: what was not claimed is no drop any more."""
        for drop in list(self.in_place.values()):
            if not may_be_claimed(drop):
                self.forget(drop)

    # --- begin ---

    def new_drop(self, entry: Settling, state: DropState) -> Drop:
        """Return the drop that a file has become."""
        board, now = self._board, self._board.now
        if entry.track is None:
            raise AssertionError(f"{entry.path} became a drop before anybody looked at it")
        origin = origin_of(entry)
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

    def drop_at(self, path: str, identity: Identity) -> Drop:
        """Return a new drop for a file that comes to its end without settling; it takes its place in the window."""
        self._board.live_in[self.folder.name] += 1
        route = self.router.route(path, self._board.now.today)
        name = path.rpartition("/")[2]
        return Drop(
            id=self._board.new_drop_id(),
            folder=self.folder.name,
            path=path,
            state=DropState.FILING,
            identity=identity,
            seen_at=self._board.now.wall,
            rule=route.rule,
            options=route.options,
            destination=route.destination,
            asset=naming.asset_id(name),
            sent_name=naming.sent_name(name),
            overwrite=route.overwrite,
        )

    def found(self, drop: Drop, *, is_held: bool) -> None:
        """A drop is ready, but that a person may hold it."""
        self._found.append(drop)
        self.in_place[drop.path] = drop
        self._board.drops[drop.id] = drop
        self._on_ready(drop)
        if is_held:
            self._to_hold.append(drop)

    def record_found(self) -> None:
        """Record the drops of this turn, all at once."""
        if self._found:
            self._board.journal.add_drops([drop for drop in self._found if drop.id in self._board.drops])
            self._found.clear()
        for drop in self._to_hold:
            self.hold(drop)
        self._to_hold.clear()

    # --- go and stay ---

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

    def hold(self, drop: Drop) -> None:
        """A person wants a ready drop to wait."""
        self._on_gone(drop)
        self._board.journal.change_drops([drop], state=DropState.HELD, reason=wording.BY_PERSON)
        self._board.tell("drop.held", folder=drop.folder, drop=drop.id, path=drop.path, reason=wording.BY_PERSON)

    def release(self, drop: Drop) -> None:
        """A person lets a drop go on; harmless for one that is not held."""
        if drop.state is DropState.HELD:
            self._board.journal.change_drops([drop], state=DropState.READY, reason="")
            self._on_ready(drop)

    # --- end ---

    def forget(self, drop: Drop) -> None:
        """A drop that was ready is being written again, or is another file now: it is none any more."""
        self.left(drop)
        self._on_gone(drop)
        self._board.journal.delete_drops([drop])
        self._board.drops.pop(drop.id, None)
        self._board.live_in[self.folder.name] -= 1

    def withdraw(self, drop: Drop, reason: str) -> None:
        """Its dropper took it back before it was sent."""
        self.left(drop)
        self._on_gone(drop)
        now = self._board.now.wall
        self._board.journal.change_drops(
            [drop], state=DropState.WITHDRAWN, outcome=Outcome.WITHDRAWN, reason=reason, stored_at=now, filed_at=now
        )
        self._board.finish(drop, None)
        self._board.tell("drop.withdrawn", folder=drop.folder, drop=drop.id, path=drop.path, reason=reason)


def may_be_claimed(drop: Drop) -> bool:
    """
    Return whether a ready drop may lie in `_working`: a claim that failed may have moved it.

    Only the next claim can tell; what lies at its path meanwhile says nothing about it.
    """
    return drop.work_path is not None


def origin_of(entry: Settling) -> str | None:
    """
    Return where a file that was dragged back counts as dropped: its old folder, under the name it has now.

    It may have been renamed to cure it; and one that was put into a folder is meant to be there.
    """
    first = entry.memory.origin if entry.memory else None
    if first is None or "/" in entry.path:
        return None
    above = first.rpartition("/")[0]
    return f"{above}/{entry.path}" if above else None
