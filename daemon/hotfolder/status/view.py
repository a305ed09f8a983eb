"""
Answers to what people and machines ask of a running daemon, whatever they ask with.

Reads the daemon through its questions and the ledger through a reader of its own; looks into a share only to say what
lies at one path, and never for long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.model import Drop, Identity, Job
from hotfolder.core.notes import receipt
from hotfolder.core.settings import Settings
from hotfolder.ports import BusyError, Clock, FolderError, HistoryQuery, LedgerReader, Reader
from hotfolder.status import attention, live
from hotfolder.status.explain import Kind, explain, known_at, place_of, with_look
from hotfolder.status.objections import objection_of
from hotfolder.status.retrying import LookAt
from hotfolder.status.running import Running
from hotfolder.status.snapshot import Recent, Snapshot, take
from hotfolder.status.story import post_of

KEPT_S = 0.25  # while nothing happens only times go on

KEPT_FACTOR = 10
"""With 50,000 drops under way a snapshot takes some 50 ms of the loop's time: at most a tenth may go into it."""

LOOK_S = 2.0  # a healthy share answers in milliseconds

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What one question found."""

    settings: Settings
    snapshot: Snapshot
    attention: dict[str, Any]
    latest: tuple[tuple[Drop, Job | None], ...]  # of each in snapshot["recent"]: the drop and its job
    unwell: tuple[tuple[Drop, Job | None], ...]  # that somebody should look at
    totals: dict[str, dict[str, int]]  # finished drops by hot folder and outcome
    polled_at: dict[str, datetime | None]  # by server: when it last told how jobs stand
    at: datetime
    cost_s: float


class View:
    """One daemon as seen from outside; any thread may use it."""

    def __init__(
        self,
        running: Running,
        *,
        recent: Recent,
        ledger: LedgerReader,
        clock: Clock,
        sent_bytes: Callable[[], int],
        look_at: LookAt | None = None,
        read_original: Callable[[str, str, Identity], Reader] | None = None,
    ) -> None:
        """`read_original` opens a filed original by hot folder, path inside and identity, for its thumbnail."""
        self.running = running
        self.ledger = ledger
        self.clock = clock
        self.sent_bytes = sent_bytes
        self.read_original = read_original or _unreadable
        self.look_at: LookAt = look_at or look_soon
        self._recent = recent
        self._lock = threading.Lock()
        self._taken: Taken | None = None
        self._taken_s = 0.0
        self._turns = -1

    def latest(self) -> Taken:
        """Return how things are: asked again after a turn of the daemon, but never for much of its time."""
        with self._lock:
            now_s = self.clock.monotonic()
            taken = self._taken
            kept_s = KEPT_S if self._turns == self.running.turns else 0.0
            if taken is None or now_s - self._taken_s >= max(kept_s, KEPT_FACTOR * taken.cost_s):
                self._turns = self.running.turns  # of before: what happens while we ask is asked for the next time
                taken = self._taken = self.running.ask(self.taken_from)
                self._taken_s = self.clock.monotonic()
            return taken

    def last_known(self) -> tuple[Taken | None, str | None]:
        """Return how things are, or were when the daemon last answered, and why it is not the latest."""
        try:
            return self.latest(), None
        except BusyError as error:
            return self._taken, str(error)

    def taken_from(self, coordinator: Coordinator) -> Taken:
        """Return how things are; for the coordinator's own thread."""
        began_s = self.clock.monotonic()
        return Taken(
            settings=coordinator.board.settings,
            snapshot=take(coordinator, self._recent),
            attention=attention.take(coordinator),
            latest=self._recent.latest(),
            unwell=self._recent.unwell.lately(self.clock.now()),
            totals={name: dict(of) for name, of in self._recent.by_folder.items()},
            polled_at={name: coordinator.tracking.polled_at(name) for name in coordinator.connections},
            at=self.clock.now(),
            cost_s=self.clock.monotonic() - began_s,
        )

    def settings(self) -> Settings:
        """Return the settings that the daemon runs by now."""
        return self.latest().settings

    def history(self, query: HistoryQuery) -> list[dict[str, Any]]:
        """Return what became of drops, newest first, with the receipt's keys."""
        return [receipt(drop, job) for drop, job in self.ledger.history(query)]

    def explain(self, path: Path) -> dict[str, Any]:
        """Return everything about one path."""
        settings = self.settings()
        place = place_of(settings, path)
        if place is None:
            return explain(settings, path, [], kind="nothing", today=_today(), live=None)
        folder, inside = place

        def question(coordinator: Coordinator) -> tuple[dict[str, Any], int | None]:
            if folder.name not in coordinator.desks:
                return {}, None
            most = coordinator.max_post_bytes(folder.name)
            of_folder = live.of_folder(coordinator, folder.name)
            return live.waiting(coordinator, folder.name, inside) if inside else of_folder, most

        # asked before the ledger is read: what comes to its end in between is then told by the ledger
        said, most = self.running.ask(question)
        found = known_at(self.ledger, folder.name, inside) if inside else []
        kind = "file" if said.get("state") else self.look_at(path)
        is_open = kind == "file" and said.get("state") in (None, "settling", "held")
        objection = object_soon(path, most) if is_open else None
        post = post_of(self.ledger, *found[0]) if found else None
        told = explain(settings, path, found, kind=kind, today=_today(), live=said, objection=objection, post=post)
        return with_look(told, self.look_at)


def _unreadable(folder: str, path: str, identity: Identity) -> Reader:
    raise FolderError(f"{folder}: originals cannot be read here")


def _today() -> date:
    return date.today()  # noqa: DTZ011 # people's own calendar, as the destinations use it


def look_soon(path: Path) -> Kind:
    """Return what lies at a path; a share that hangs gets a thread to hang in, and some seconds."""
    return within(LOOK_S, lambda: look(path), "no answer")


def object_soon(path: Path, max_post_bytes: int | None = None) -> str | None:
    """Return why a file would be refused before it is sent, None where a share does not answer in time as well."""
    return within(LOOK_S, lambda: objection_of(path, max_post_bytes), None)


def look(path: Path) -> Kind:
    """Return what lies at a path, without following a link at its end."""
    try:
        if path.is_symlink():
            return "link"
        if path.is_dir():
            return "directory"
        if path.is_file():
            return "file"
        return "special" if path.exists() else "nothing"
    except (OSError, ValueError):
        return "nothing"


def within(seconds: float, do: Callable[[], T], otherwise: T) -> T:
    """Return what something gives, or the other value if it takes too long; the thread is left to itself then."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(do()), name="look", daemon=True)
    thread.start()
    thread.join(seconds)
    return results[0] if results else otherwise
