"""
A coordinator that is told events one by one, as the daemon that pages and wishes are given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tests.crash.histories import settings

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.journal import Write
from hotfolder.core.messages import (
    Action,
    Changed,
    Event,
    FolderUp,
    Found,
    Look,
    Looked,
    LookResult,
    LookStatus,
    Recall,
    Recalled,
    RecallResult,
    Scan,
    SignedIn,
    Woken,
)
from hotfolder.core.model import Evidence, FormatEnd, Identity, KnownFolder, Lease, Observation, Unfinished
from hotfolder.core.settings import BatchSettings, Settings
from hotfolder.ports import BusyError
from hotfolder.testing.ledger import FakeLedger
from hotfolder.testing.remote import COMPANY
from hotfolder.testing.simulation import World

T = TypeVar("T")


def settings_of(*names: str) -> Settings:
    """Return settings of hot folders at /NAME, where ready drops stay so for an hour."""
    given = replace(settings(), batch=BatchSettings(linger_s=3600))
    folders = tuple(replace(given.folders[0], name=name, path=Path(f"/{name}")) for name in names)
    return replace(given, folders=folders)


class PlayedDaemon:
    """Fits `status.running.Running`; every event is taken in at once, and its writes are kept."""

    def __init__(
        self,
        *names: str,
        unfinished: Unfinished | None = None,
        ledger: FakeLedger | None = None,
        given: Settings | None = None,
    ) -> None:
        self.settings = given or settings_of(*(names or ("catalog",)))
        self.world = World(self.settings)
        self.clock = self.world.clock
        self.ledger = ledger or FakeLedger()
        self.ledger_error: str | None = None
        self.turns = 0
        self.is_busy = False
        self.asked = 0
        self.told: list[Event] = []
        known = unfinished or Unfinished(
            folders={folder.name: KnownFolder(folder.name, str(folder.path)) for folder in self.settings.folders}
        )
        self.coordinator = Coordinator(self.settings, self.world.now(), token=self.world.token, unfinished=known)

    def ask(self, question: Callable[[Coordinator], T], timeout_s: float = 5.0) -> T:
        """Answer."""
        self.asked += 1
        if self.is_busy:
            raise BusyError("the daemon is busy and did not answer in time")
        return question(self.coordinator)

    def tell(self, event: Event) -> None:
        """Take an event in."""
        self.told.append(event)
        self.step(event)

    def step(self, event: Event) -> Sequence[Action]:
        """Take an event in and return what follows."""
        turn = self.coordinator.step(event, self.world.now())
        writes: Sequence[Write] = turn.writes
        if writes:
            self.ledger.commit(writes)
        self.turns += 1
        return turn.actions

    def come_up(self) -> None:
        """Have the servers and all hot folders be well."""
        for server in self.settings.servers:
            self.step(SignedIn(server.name, COMPANY))
        for folder in self.settings.folders:
            for action in self.step(FolderUp(folder.name, "watching")):
                if isinstance(action, Scan):
                    self.step(Found(folder.name, action.scan, (), finished=True))

    def drop(self, path: str, *, folder: str = "catalog", is_complete: bool = False) -> None:
        """Have a file be seen; if it is complete, until it is ready."""
        actions = self.step(Changed(folder, (path,)))
        if not is_complete:
            return
        for _ in range(3):
            looks = [action for action in actions if isinstance(action, Look)]
            if not looks:
                self.clock.advance(5.0)
                actions = self.step(Woken())
                looks = [action for action in actions if isinstance(action, Look)]
            found = [*self.step(Looked(folder, (self._look(path),)))]
            for recall in [action for action in found if isinstance(action, Recall)]:
                self.step(Recalled(folder, tuple(RecallResult(item.path) for item in recall.items)))
            actions = ()
            if path in self.coordinator.desks[folder].in_place:
                return
        raise AssertionError(f"{path} did not become ready")

    def _look(self, path: str) -> LookResult:
        evidence = Evidence(lease=Lease.FREE, format_end=FormatEnd.COMPLETE, format_name="JPEG")
        observation = Observation(
            identity=Identity(1, 100 + len(path), 10, 1), ctime_ns=1, at_s=self.clock.monotonic(), evidence=evidence
        )
        return LookResult(path, LookStatus.PRESENT, observation)
