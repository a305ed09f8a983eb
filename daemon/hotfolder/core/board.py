"""
What the parts of the coordinator share: the settings, the drops and jobs under way, and what the current turn collects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from hotfolder.core.journal import Journal, Write
from hotfolder.core.messages import Action, Notice, Now
from hotfolder.core.model import Drop, Job
from hotfolder.core.saying import ENGLISH, Voice
from hotfolder.core.settings import FolderSettings, Settings
from hotfolder.core.turns import Turns, weight

WINDOW = 50_000
"""Drops held in memory and ledger at once (DESIGN 2); beyond it the folder itself is the queue."""

FOLDER_SHARE = 1_000
"""What every folder may hold even when others fill the window, so that none is kept waiting by another."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one step decided: writes to make durable first, then actions to carry out, and what to log."""

    writes: tuple[Write, ...]
    actions: tuple[Action, ...]
    notices: tuple[Notice, ...]
    finished: tuple[tuple[Drop, Job | None], ...] = ()  # drops at their end, with the job that carried them


class Board:
    """Shared state of one coordinator; only its parts touch it."""

    def __init__(
        self,
        settings: Settings,
        now: Now,
        token: Callable[[], str],
        voice_of: Callable[[str], Voice] = lambda language: ENGLISH,
    ) -> None:
        self.settings = settings
        self.folders: dict[str, FolderSettings] = {folder.name: folder for folder in settings.folders}
        self.now = now
        self.token = token  # fresh random text for names that must be unique for ever
        self._voice_of = voice_of
        self.journal = Journal()
        self.drops: dict[int, Drop] = {}  # all that are not filed or withdrawn
        self.jobs: dict[int, Job] = {}  # all that are not closed or void
        self.members: dict[int, dict[int, Drop]] = {}  # job to its drops
        self.live_in: dict[str, int] = dict.fromkeys(self.folders, 0)  # drops and settling files a folder holds
        self.next_drop = 1
        self.next_job = 1
        self.once = False  # run --once: nothing lingers, and it ends
        self.stopping = False
        self._company_keys: dict[str, tuple[str, ...]] = {}
        self._keyed: Settings | None = None  # those that the keys are of
        self._actions: list[Action] = []
        self._notices: list[Notice] = []
        self._finished: list[tuple[Drop, Job | None]] = []

    def do(self, action: Action) -> None:
        """Have an action carried out once this turn's writes are durable."""
        self._actions.append(action)

    def tell(self, event: str, level: Literal["debug", "info", "warning", "error"] = "info", **fields: Any) -> None:
        """Log an event; fields that are None are left out."""
        self._notices.append(Notice(event, {key: value for key, value in fields.items() if value is not None}, level))

    def turns(self) -> Turns:
        """Return a new order of turns among the hot folders, by their priorities as they are at each turn."""
        return Turns(lambda folder: weight(self.folders[folder].priority if folder in self.folders else 0))

    def voice(self, folder: FolderSettings) -> Voice:
        """Return what a hot folder's people are answered in."""
        return self._voice_of(folder.language)

    def server_name(self, name: str) -> str | None:
        """Return a server's name for people, None where there is no other that could be meant."""
        return name if len(self.settings.servers) > 1 else None

    def company_key(self, server: str) -> tuple[str, ...]:
        """Return what tells companies apart: asset IDs are unique in one, and mean nothing in another."""
        if self._keyed is not self.settings:  # asked seven times for every file
            self._keyed = self.settings
            self._company_keys.update({one.name: one.company_key for one in self.settings.servers})
        return self._company_keys.get(server, (server,))  # also of one that is no longer configured

    def take_turn(self) -> Turn:
        """Return what has been collected since the last call."""
        turn = Turn(tuple(self.journal.take()), tuple(self._actions), tuple(self._notices), tuple(self._finished))
        self._actions, self._notices, self._finished = [], [], []
        return turn

    def finish(self, drop: Drop, job: Job | None) -> None:
        """A drop is at its end: nothing here knows it any more."""
        self.leave_job(drop)
        self.drops.pop(drop.id, None)
        self.live_in[drop.folder] -= 1
        self._finished.append((drop, job))

    def room_in(self, folder: str) -> bool:
        """Return whether one more file of this folder fits in the window."""
        return self.live_in[folder] < FOLDER_SHARE or sum(self.live_in.values()) < WINDOW

    def age_s(self, moment: datetime) -> float:
        """Return seconds since a moment of the wall clock; never negative: a clock set back delays, never hastens."""
        return max(0.0, (self.now.wall - moment).total_seconds())

    def join_job(self, drop: Drop, job: int) -> None:
        """Count a drop among a job's."""
        self.members.setdefault(job, {})[drop.id] = drop

    def leave_job(self, drop: Drop) -> None:
        """A drop is no longer this job's business."""
        if drop.job is not None:
            members = self.members.get(drop.job, {})
            members.pop(drop.id, None)
            if not members:
                self.members.pop(drop.job, None)

    def members_of(self, job: Job) -> list[Drop]:
        """Return the drops of a job that are not at their end."""
        return list(self.members.get(job.id, {}).values())

    def new_drop_id(self) -> int:
        """Return an id never used before."""
        self.next_drop += 1
        return self.next_drop - 1

    def new_job_id(self) -> int:
        """Return an id never used before."""
        self.next_job += 1
        return self.next_job - 1


def backoff_s(first_s: float, max_s: float, tries: int) -> float:
    """Return how long to wait after the n-th failure in a row: doubling from the first."""
    return float(min(max_s, first_s * 2 ** min(max(tries - 1, 0), 30)))
