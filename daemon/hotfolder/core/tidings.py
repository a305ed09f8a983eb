"""
What is told to people far away, and when: gathered, so that a storm makes one message, and never twice.

Owns what one receiver has been told and what is gathered for them; a few names and counts, however much happens.
Knows no texts and sends nothing. Time and what there is to see are given to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from hotfolder.core.messages import Now
from hotfolder.core.model import Outcome
from hotfolder.core.settings import NotifyEvent, NotifySettings

NAMED: Final = 5
"""Files that a message names; the others are counted. More would be a list that nobody reads on a phone."""

GATHER_MOST: Final = 10
"""A storm that does not end is told after so many times the time for gathering: somebody may be able to stop it."""

GAP: Final = 30
"""Between two messages about files lie so many times the time for gathering."""

DIGEST_LOOK_S: Final = 900.0
"""A clock that is set, as for summer time, puts a digest off by this much at most."""


# --- what there is to see ---


@dataclass(frozen=True, slots=True)
class File:
    """One file that somebody has to look at, as far as a message speaks of it."""

    folder: str
    path: str
    reason: str = ""
    outcome: Outcome | None = None  # None = it is held


@dataclass(frozen=True, slots=True)
class Place:
    """What may be in trouble."""

    kind: Literal["folder", "server", "ledger"]
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderSight:
    """How one hot folder stands."""

    server: str
    busy: int = 0  # files that are on their way
    held: int = 0  # files that are held
    files: tuple[File, ...] = ()  # those among them that no person holds, or the first of them
    paused: str | None = None  # why the folder as a whole is held, unless a person does it


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """How everything stands."""

    folders: Mapping[str, FolderSight] = field(default_factory=dict)
    troubles: Mapping[Place, str] = field(default_factory=dict)  # with the reason


# --- what there is to tell ---


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """Files that did not get where they should."""

    count: int
    first: tuple[File, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What does not go on without a person."""

    count: int  # files
    first: tuple[File, ...]
    paused: tuple[tuple[str, str], ...]  # whole hot folders, with the reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What cannot be used, with the reason and for how many seconds already."""

    places: tuple[tuple[Place, str, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery:
    """What was told to be in trouble and is not any more, with how many seconds it was."""

    places: tuple[tuple[Place, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """What was dropped together into one hot folder is done."""

    folder: str
    uploaded: int
    need: int
    held: int
    first: tuple[File, ...]  # of those that need somebody


@dataclass(frozen=True, kw_only=True, slots=True)
class DigestDue:
    """It is time for the digest; the ledger knows what it has to say."""

    since: datetime  # aware


News = Failures | Held | Trouble | Recovery | Finished | DigestDue


# --- what is gathered ---


@dataclass(slots=True)
class _Files:
    """Files that are told together."""

    count: int = 0
    first: list[File] = field(default_factory=list)
    since_s: float = 0.0
    last_s: float = 0.0

    def add(self, file: File, now_s: float) -> None:
        if not self.count:
            self.since_s = now_s
        self.count += 1
        self.last_s = now_s
        if len(self.first) < NAMED:
            self.first.append(file)


@dataclass(slots=True)
class _Session:
    """What was dropped together into one hot folder."""

    uploaded: int = 0
    bad: _Files = field(default_factory=_Files)
    quiet_since_s: float | None = None  # nothing was under way from then on; None = something is, or nobody looked


@dataclass(slots=True)
class _Standing:
    """Trouble that somebody saw."""

    since_s: float
    reason: str
    over_s: float | None = None  # when it was seen to be over; None = it lasts
    is_told: bool = False


class Tidings:
    """What one receiver is told; one thread uses it at a time."""

    def __init__(self, settings: NotifySettings, folders: tuple[str, ...], now: Now) -> None:
        """`folders` are those that the receiver is told of; () = all."""
        self._settings = settings
        self._only = frozenset(folders)
        self._failures = _Files()
        self._failures_from_s = now.monotonic  # none is told before
        self._sessions: dict[str, _Session] = {}
        self._standing: dict[Place, _Standing] = {}
        self._held: dict[tuple[str, str], float] = {}  # folder and path, "" for all of it, to when it was first seen
        self._held_told: set[tuple[str, str]] = set()
        self._held_from_s = now.monotonic
        self._sight = Sight()
        self._digest_at: datetime | None = self._next_digest(now.local)

    # --- what comes in ---

    def ended(self, file: File, now_s: float) -> None:
        """A file came to its end."""
        if file.outcome is Outcome.WITHDRAWN or not self.is_told_of(file.folder):
            return
        session = self._sessions.setdefault(file.folder, _Session())
        session.quiet_since_s = None
        if file.outcome is not None and file.outcome.is_good:
            session.uploaded += 1
            return
        session.bad.add(file, now_s)
        if NotifyEvent.FAILED in self._settings.events:
            self._failures.add(file, now_s)

    def saw(self, sight: Sight, now: Now) -> None:
        """Somebody looked how everything stands."""
        self._sight = sight
        now_s = now.monotonic
        for name, session in self._sessions.items():
            seen = sight.folders.get(name)
            if seen is not None and seen.busy:
                session.quiet_since_s = None
            elif session.quiet_since_s is None:
                session.quiet_since_s = now_s
        self._see_troubles(sight, now_s)
        self._see_held(sight, now_s)

    def _see_troubles(self, sight: Sight, now_s: float) -> None:
        troubles = {place: reason for place, reason in sight.troubles.items() if self.concerns(place, sight)}
        for place, reason in troubles.items():
            standing = self._standing.setdefault(place, _Standing(now_s, reason))
            standing.reason, standing.over_s = reason, None
        for place, standing in list(self._standing.items()):
            if place not in troubles:
                if not standing.is_told:
                    del self._standing[place]
                elif standing.over_s is None:
                    standing.over_s = now_s

    def _see_held(self, sight: Sight, now_s: float) -> None:
        held = {
            (name, path)
            for name, seen in sight.folders.items()
            if self.is_told_of(name)
            for path in (*(file.path for file in seen.files), *([""] if seen.paused is not None else []))
        }
        self._held = {key: self._held.get(key, now_s) for key in sorted(held)}
        self._held_told &= held

    # --- what is due ---

    def due(self, now: Now, *, is_last: bool = False) -> list[News]:
        """Return what is to be told now, which is told by that; with `is_last` whatever can be told at all."""

        def is_due(due_s: float | None) -> bool:
            return due_s is not None and (is_last or due_s <= now.monotonic)

        news: list[News] = []
        if is_due(self._failures_due_s()):
            news.append(Failures(count=self._failures.count, first=tuple(self._failures.first)))
            self._failures = _Files()
            self._failures_from_s = now.monotonic + GAP * self._settings.gather_s
        if is_due(self._held_due_s()):
            news.append(self._tell_held(now.monotonic))
        if not is_last and is_due(self._trouble_due_s()):
            news.append(self._tell_trouble(now.monotonic))
        if is_due(self._recovery_due_s()):
            news.append(self._tell_recovery())
        for name in [name for name, session in self._sessions.items() if is_due(self._session_due_s(session))]:
            news += self._tell_finished(name, self._sessions.pop(name))
        if self._digest_at is not None and now.local >= self._digest_at:
            self._digest_at = self._next_digest(now.local)
            news.append(DigestDue(since=now.wall - timedelta(days=1)))
        return news

    def next_wake_s(self, now: Now) -> float | None:
        """Return when something may be due if nothing happens until then."""
        moments = [
            self._failures_due_s(),
            self._held_due_s(),
            self._trouble_due_s(),
            self._recovery_due_s(),
            *(self._session_due_s(session) for session in self._sessions.values()),
        ]
        if self._digest_at is not None:
            left_s = (self._digest_at - now.local).total_seconds()
            moments.append(now.monotonic + min(max(left_s, 0.0), DIGEST_LOOK_S))
        return min((moment for moment in moments if moment is not None), default=None)

    def _failures_due_s(self) -> float | None:
        files, gather_s = self._failures, self._settings.gather_s
        if not files.count:
            return None
        return max(self._failures_from_s, min(files.last_s + gather_s, files.since_s + GATHER_MOST * gather_s))

    def _held_due_s(self) -> float | None:
        if NotifyEvent.HELD not in self._settings.events:
            return None
        untold = [since_s for key, since_s in self._held.items() if key not in self._held_told]
        return max(self._held_from_s, min(untold) + self._settings.gather_s) if untold else None

    def _trouble_due_s(self) -> float | None:
        if NotifyEvent.TROUBLE not in self._settings.events:
            return None
        untold = [one.since_s for one in self._standing.values() if not one.is_told]
        return min(untold) + self._settings.trouble_after_s if untold else None

    def _recovery_due_s(self) -> float | None:
        """What comes and goes is over once it has stayed away for a while."""
        over = [one.over_s for one in self._standing.values() if one.is_told and one.over_s is not None]
        return max(over) + self._settings.gather_s if over else None

    def _session_due_s(self, session: _Session) -> float | None:
        return None if session.quiet_since_s is None else session.quiet_since_s + self._settings.quiet_s

    def _tell_held(self, now_s: float) -> Held:
        untold = [key for key in self._held if key not in self._held_told]
        self._held_told.update(untold)
        self._held_from_s = now_s + GAP * self._settings.gather_s
        folders = self._sight.folders
        files = [file for name, path in untold if path for file in folders[name].files if file.path == path]
        return Held(
            count=sum(folders[name].held for name in {name for name, path in untold if path}),
            first=tuple(files[:NAMED]),
            paused=tuple((name, folders[name].paused or "") for name, path in untold if not path),
        )

    def _tell_trouble(self, now_s: float) -> Trouble:
        """What began at the same time, as when a network goes, is told together."""
        young_s = now_s - self._settings.trouble_after_s + self._settings.gather_s
        told = [(place, one) for place, one in self._standing.items() if not one.is_told and one.since_s <= young_s]
        for _, one in told:
            one.is_told = True
        return Trouble(places=tuple((place, one.reason, now_s - one.since_s) for place, one in told))

    def _tell_recovery(self) -> Recovery:
        over = [(place, one.over_s - one.since_s) for place, one in self._standing.items() if one.over_s is not None]
        for place, _ in over:
            del self._standing[place]
        return Recovery(places=tuple(over))

    def _tell_finished(self, name: str, session: _Session) -> Iterator[Finished]:
        events = self._settings.events
        if NotifyEvent.FINISHED not in events or (not session.uploaded and NotifyEvent.FAILED in events):
            return  # that nothing was uploaded has been told
        seen = self._sight.folders.get(name)
        yield Finished(
            folder=name,
            uploaded=session.uploaded,
            need=session.bad.count,
            held=0 if seen is None else seen.held,
            first=tuple(session.bad.first),
        )

    # --- whom it concerns ---

    def is_told_of(self, folder: str) -> bool:
        """Return whether the receiver is told of a hot folder."""
        return not self._only or folder in self._only

    def concerns(self, place: Place, sight: Sight) -> bool:
        """Return whether the receiver is told of trouble somewhere."""
        if place.kind == "folder":
            return self.is_told_of(place.name)
        if place.kind == "server":
            return any(seen.server == place.name for name, seen in sight.folders.items() if self.is_told_of(name))
        return True  # without the ledger nothing goes on anywhere

    def _next_digest(self, local: datetime) -> datetime | None:
        at = self._settings.digest
        if at is None:
            return None
        today = datetime.combine(local.date(), at)
        return today if today > local else today + timedelta(days=1)
