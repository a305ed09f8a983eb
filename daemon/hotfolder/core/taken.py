"""
Names that are taken on the server, asked for before a drop is claimed that must not replace anything (PROTOCOL 4.5).

It saves an upload that would be skipped, and its dropper is told at once. It is a look ahead and no more: who takes the
name in between is found by the server itself, and a drop of which an earlier attempt may have arrived is never asked
for here, for then "taken" may mean ourselves.
Owns the drops that wait for that look. One question asks for many, and each drop waits a few seconds for the answer at
most, so that a server that is slow, or does not tell, holds up nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from hotfolder.core.archives import is_taken_apart
from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.intake import Desk
from hotfolder.core.messages import CheckTaken, TakenFailed, TakenSeen
from hotfolder.core.model import Drop, DropState

ASKED_AT_ONCE = 1000
"""Names in one question, some 50 KB; a guess, for no limit is documented. What is more is asked with the next one."""

PATIENCE_S = 5.0
"""A server that is well answers in a fraction of a second; longer than a batch lingers nobody should wait for it."""


@dataclass(slots=True)
class _Group:
    """Drops of one hot folder that are still to be asked for, oldest first."""

    drops: dict[int, Drop] = field(default_factory=dict)
    size_bytes: int = 0


@dataclass(slots=True)
class _Question:
    """What a server has been asked, and has not answered yet."""

    drops: dict[int, Drop]
    asked_s: float
    is_overdue: bool = False  # its drops have gone on; an answer still counts for those that were not claimed yet


class TakenNames:
    """Stands before the queues of `dispatch`: what waits here is in none of them."""

    def __init__(
        self,
        board: Board,
        desks: Mapping[str, Desk],
        connections: Mapping[str, Connection],
        *,
        on_taken: Callable[[Drop], None],
        on_free: Callable[[Drop], None],
    ) -> None:
        self._board = board
        self._desks = desks
        self._connections = connections
        self._on_taken = on_taken  # its name is taken: it is decided
        self._on_free = on_free  # it goes on: its name is free, or nobody knows
        self._waiting: dict[str, dict[str, _Group]] = {}  # by server and hot folder
        self._since_s: dict[int, float] = {}  # when each drop that waits became ready
        self._questions: dict[str, _Question] = {}  # by server
        self._untold: set[str] = set()  # servers that do not tell

    # --- who waits ---

    def wants(self, drop: Drop) -> bool:
        """Return whether a drop has to wait for an answer about its name."""
        if drop.overwrite or drop.server in self._untold or not is_untouched(drop) or is_taken_apart(drop):
            return False
        question = self._questions.get(drop.server)
        return question is None or not question.is_overdue

    def hold(self, drop: Drop, since_s: float) -> None:
        """A drop waits for an answer; it has been ready since then."""
        group = self._waiting.setdefault(drop.server, {}).setdefault(drop.folder, _Group())
        if drop.id not in group.drops:
            group.drops[drop.id] = drop
            group.size_bytes += drop.identity.size_bytes
            self._since_s[drop.id] = since_s

    def forget(self, drop: Drop) -> None:
        """A drop is decided, taken back or held; one that does not wait does not mind."""
        self._leave(drop)
        question = self._questions.get(drop.server)
        if question is not None:
            question.drops.pop(drop.id, None)

    def forget_server(self, server: str) -> None:
        """A server is no longer configured; what waited for it has been told to go elsewhere."""
        self._waiting.pop(server, None)
        self._questions.pop(server, None)
        self._untold.discard(server)

    def is_asked(self, drop: Drop) -> bool:
        """Return whether the server is being asked for a drop's name, and the drop waits for that."""
        question = self._questions.get(drop.server)
        return question is not None and not question.is_overdue and drop.id in question.drops

    def _leave(self, drop: Drop) -> None:
        self._since_s.pop(drop.id, None)
        groups = self._waiting.get(drop.server, {})
        group = groups.get(drop.folder)
        if group is not None and group.drops.pop(drop.id, None) is not None:
            group.size_bytes -= drop.identity.size_bytes
            if not group.drops:
                del groups[drop.folder]

    # --- asking ---

    def wake(self) -> None:
        """Ask what is due, and let go on what has waited for long enough."""
        if self._board.stopping:
            return
        now_s = self._board.now.monotonic
        for server, question in self._questions.items():
            if not question.is_overdue and now_s >= question.asked_s + PATIENCE_S:
                question.is_overdue = True
                for drop in list(question.drops.values()):
                    self._on_free(drop)
                self._let_go(server)
        for server in self._waiting:
            if server not in self._questions and self._connections[server].is_ok:
                self._ask(server, now_s)

    def _ask(self, server: str, now_s: float) -> None:
        groups = list(self._groups(server))
        if not any(self._is_due(folder, group, now_s) for folder, group in groups):
            return
        # what is not due yet comes along: one question is as good for all
        drops = sorted(
            (drop for _, group in groups for drop in group.drops.values()), key=lambda drop: self._since_s[drop.id]
        )[:ASKED_AT_ONCE]
        for drop in drops:
            self._leave(drop)
        self._questions[server] = _Question({drop.id: drop for drop in drops}, now_s)
        self._board.do(CheckTaken(server, tuple(dict.fromkeys(drop.asset for drop in drops))))

    def _groups(self, server: str) -> Iterator[tuple[str, _Group]]:
        """Yield what waits in hot folders that may send."""
        for folder, group in self._waiting[server].items():
            if self._desks[folder].may_send:
                yield folder, group

    def _is_due(self, folder: str, group: _Group, now_s: float) -> bool:
        """Return whether these drops would by now be a batch, so that one question serves each batch."""
        limits = self._board.settings.batch
        if len(group.drops) >= min(limits.max_files, ASKED_AT_ONCE) or group.size_bytes >= limits.max_bytes:
            return True
        if self._board.once and self._desks[folder].is_quiet:
            return True
        return now_s - self._since_s[next(iter(group.drops))] >= limits.linger_s

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do that no event will announce."""
        times = [question.asked_s + PATIENCE_S for question in self._questions.values() if not question.is_overdue]
        for server in self._waiting:
            if server not in self._questions and self._connections[server].is_ok:
                linger_s = self._board.settings.batch.linger_s
                times += [self._since_s[next(iter(group.drops))] + linger_s for _, group in self._groups(server)]
        return min(times, default=None)

    # --- answers ---

    def seen(self, event: TakenSeen) -> None:
        """A server has said which names are taken; None = it does not tell."""
        if event.taken is None:
            self._give_up(event.server, event.reason)
            return
        question = self._questions.pop(event.server, None)
        for drop in list(question.drops.values()) if question is not None else ():
            if drop.asset in event.taken and is_untouched(drop) and self._desks[drop.folder].may_send:
                self._on_taken(drop)
            elif question is not None and not question.is_overdue:
                self._on_free(drop)

    def failed(self, event: TakenFailed) -> None:
        """It did not say, this time: the files go, and whatever else they meet will tell whether it is down."""
        question = self._questions.pop(event.server, None)
        if question is not None and not question.is_overdue:
            for drop in list(question.drops.values()):
                self._on_free(drop)

    def _give_up(self, server: str, reason: str) -> None:
        if server not in self._untold:
            self._untold.add(server)
            self._board.tell(
                "daemon.trouble",
                "warning",
                server=self._board.server_name(server),
                reason=f"{reason}; so a file whose name is taken is sent before the server skips it",
            )
        self.failed(TakenFailed(server))
        self._let_go(server)

    def _let_go(self, server: str) -> None:
        for group in list(self._waiting.get(server, {}).values()):
            for drop in list(group.drops.values()):
                self._leave(drop)
                self._on_free(drop)


def is_untouched(drop: Drop) -> bool:
    """Return whether a drop lies where it was dropped: no claim has moved it, so no POST can have had it."""
    return drop.state is DropState.READY and drop.work_path is None
