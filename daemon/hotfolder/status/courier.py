"""
Messages to people far away: looks how everything stands when something happened, and has what is due delivered.

Nothing depends on messages, and nothing waits for them. Each receiver has a thread of its own, so that a dead mail
server keeps nothing from the others; what happens meanwhile is gathered, and told in one message once it is back.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hotfolder.core.board import backoff_s
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import Now
from hotfolder.core.model import Drop, Outcome
from hotfolder.core.saying import Voice
from hotfolder.core.settings import FolderSettings, NotifySettings
from hotfolder.core.tidings import NAMED, DigestDue, File, FolderSight, News, Place, Sight, Tidings
from hotfolder.core.wording import BY_PERSON
from hotfolder.ports import BusyError, Carrier, CarrierError, HistoryQuery, LedgerError, Letter
from hotfolder.status.telling import Day, Digest, letter
from hotfolder.status.view import Taken, View

LOOK_S: Final = 2.0  # between two looks while much happens

BUSY: Final = ("settling", "ready", "working", "processing")

FIRST_RETRY_S: Final = 5.0
MAX_RETRY_S: Final = 600.0
GIVE_UP_S: Final = 86_400.0
"""A message that cannot be delivered for a day may itself be what is not taken; those after it go on without it."""

FAREWELL_S: Final = 5.0  # for what is still to be said when the daemon ends


@dataclass(kw_only=True)
class Receiver:
    """One URL, and what is told there."""

    settings: NotifySettings
    tidings: Tidings
    carrier: Carrier
    is_down: bool = False  # the latest message has not been delivered
    is_busy: bool = False  # what it was given last is still on its way
    given: queue.SimpleQueue[tuple[list[News], Sight] | None] = field(default_factory=queue.SimpleQueue)


class Courier:
    """All messages of a daemon."""

    def __init__(
        self,
        view: View,
        receivers: Sequence[Receiver],
        *,
        now: Callable[[], Now],
        voice_of: Callable[[str], Voice],
        delivered: Callable[[str, str], None],
        caution: Callable[[str], None],
        warn: Callable[[str, BaseException | None], None],
        look_s: float = LOOK_S,
        first_retry_s: float = FIRST_RETRY_S,
    ) -> None:
        """
        `delivered` logs to whom a message went, and its title.

        `caution` logs what goes wrong outside, `warn` what nobody foresaw.
        """
        self._view = view
        self._receivers = receivers
        self._now = now
        self._voice_of = voice_of
        self._delivered = delivered
        self._caution = caution
        self._warn = warn
        self._look_s = look_s
        self._first_retry_s = first_retry_s
        self._has_warned = False
        self._stirred = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()  # of every Tidings, and of what is busy
        self._at_rest = threading.Condition(self._lock)
        self._sight = Sight()
        self._folders: Mapping[str, FolderSettings] = {}  # as of the latest look
        self._stirred.set()
        threading.Thread(target=self._watch, name="messages", daemon=True).start()
        for receiver in receivers:
            threading.Thread(target=self._deliver, args=(receiver,), name="message", daemon=True).start()

    # --- what the daemon's loop calls ---

    def stirred(self) -> None:
        """Something may have changed; any thread may call this, and it costs next to nothing."""
        self._stirred.set()

    def ended(self, drop: Drop) -> None:
        """A drop came to its end."""
        file = File(drop.folder, drop.path, drop.reason, drop.outcome)
        now_s = self._now().monotonic
        with self._lock:
            for receiver in self._receivers:
                receiver.tidings.ended(file, now_s)

    def look_last(self, coordinator: Coordinator) -> None:
        """Look once more before the daemon ends; for the coordinator's own thread."""
        self._ended.set()
        self._stirred.set()
        self._see(self._view.taken_from(coordinator))

    def close(self) -> None:
        """Say what is left to say, for some seconds at most; a second call is harmless."""
        self._ended.set()
        self._stirred.set()
        deadline_s = time.monotonic() + FAREWELL_S
        with self._at_rest:
            for round_is_last in (False, True):  # what is on its way already, and then the rest
                for receiver in self._receivers:
                    if round_is_last and not receiver.is_busy and not receiver.is_down:
                        self._give(receiver, is_last=True)
                left_s = max(0.0, deadline_s - time.monotonic())
                self._at_rest.wait_for(lambda: not any(one.is_busy for one in self._receivers), left_s)
            for receiver in self._receivers:
                receiver.given.put(None)

    # --- the thread that looks ---

    def _watch(self) -> None:
        wake_s: float | None = None
        while not self._ended.is_set():
            self._stirred.wait(None if wake_s is None else max(0.0, wake_s - self._now().monotonic))
            self._stirred.clear()
            if self._ended.is_set():
                return
            try:
                self._see(self._view.latest())
                wake_s = self._give_what_is_due()
            except BusyError:
                self._stirred.set()  # once more, later
            except Exception as error:  # noqa: BLE001 # everything else goes on without messages
                self._told_once("what messages are due cannot be found out", error)
            self._ended.wait(self._look_s)

    def _told_once(self, text: str, error: BaseException) -> None:
        if not self._has_warned:
            self._warn(text, error)
        self._has_warned = True

    def _see(self, taken: Taken) -> None:
        sight, now = seen(taken, self._view.running.ledger_error), self._now()
        with self._lock:
            self._sight = sight
            self._folders = {folder.name: folder for folder in taken.settings.folders}
            for receiver in self._receivers:
                receiver.tidings.saw(sight, now)

    def _give_what_is_due(self) -> float | None:
        """Return when something may be due next if nothing happens."""
        with self._lock:
            for receiver in self._receivers:
                if not receiver.is_busy:
                    self._give(receiver)
            now = self._now()
            moments = [one.tidings.next_wake_s(now) for one in self._receivers if not one.is_busy]
        return min((moment for moment in moments if moment is not None), default=None)

    def _give(self, receiver: Receiver, *, is_last: bool = False) -> None:
        news = receiver.tidings.due(self._now(), is_last=is_last)
        if news:
            receiver.is_busy = True
            receiver.given.put((news, self._sight))

    # --- the threads that deliver ---

    def _deliver(self, receiver: Receiver) -> None:
        while (given := receiver.given.get()) is not None:
            for one in given[0]:
                try:
                    written = self._written(receiver, one, given[1])
                    if written is not None:
                        self._send(receiver, written)
                except Exception as error:  # noqa: BLE001 # one bad message ends no others
                    self._told_once(f"a message to {receiver.settings.name} failed", error)
            with self._at_rest:
                receiver.is_busy = False
                self._at_rest.notify_all()
            self._stirred.set()

    def _send(self, receiver: Receiver, written: Letter) -> None:
        """Deliver, again and again if need be; trouble is told once, and when it is over."""
        name, began_s, tries = receiver.settings.name, time.monotonic(), 0
        while True:
            try:
                receiver.carrier.send(written)
            except CarrierError as error:
                receiver.is_down = True
                tries += 1
                if tries == 1:
                    self._caution(f"messages to {name} cannot be delivered, and are tried again: {error}")
                if time.monotonic() - began_s > GIVE_UP_S:
                    self._caution(f"a message to {name} could not be delivered for a day and is dropped: {error}")
                    return
                if self._ended.wait(backoff_s(self._first_retry_s, MAX_RETRY_S, tries)):
                    return
            else:
                receiver.is_down = False
                if tries:
                    self._caution(f"messages to {name} can be delivered again")
                self._delivered(name, written.title)
                return

    def _written(self, receiver: Receiver, news: News, sight: Sight) -> Letter | None:
        """Return the message, None where there is nothing to say."""
        folders = self._folders
        voice = self._voice_of(receiver.settings.language)
        if isinstance(news, DigestDue):
            try:
                digest = self._digest(receiver.tidings, news.since, sight)
            except LedgerError as error:
                self._caution(f"the digest for {receiver.settings.name} is left out: {error}")
                return None
            return letter(digest, voice, folders) if digest.is_something else None
        return letter(news, voice, folders)

    def _digest(self, tidings: Tidings, since: datetime, sight: Sight) -> Digest:
        uploaded: Counter[str] = Counter()
        need: Counter[str] = Counter()
        first: list[File] = []
        for drop, _ in self._view.ledger.history(HistoryQuery(since=since, limit=None)):
            if not tidings.is_told_of(drop.folder) or drop.outcome in (None, Outcome.WITHDRAWN):
                continue
            if drop.outcome.is_good:
                uploaded[drop.folder] += 1
            else:
                need[drop.folder] += 1
                if len(first) < NAMED:
                    first.append(File(drop.folder, drop.path, drop.reason, drop.outcome))
        names = [name for name in dict.fromkeys([*sight.folders, *uploaded, *need]) if tidings.is_told_of(name)]
        standing = {name: sight.folders.get(name, FolderSight(server="")) for name in names}
        return Digest(
            days=tuple(
                Day(folder=name, uploaded=uploaded[name], need=need[name], busy=seen.busy, held=seen.held)
                for name, seen in standing.items()
            ),
            first=tuple(first),
            troubles=tuple((place, why) for place, why in sight.troubles.items() if tidings.concerns(place, sight)),
        )


def seen(taken: Taken, ledger_error: str | None) -> Sight:
    """Return how everything stands, as far as messages speak of it."""
    servers = {folder.name: folder.server for folder in taken.settings.folders}
    troubled = {entry["folder"]: entry for entry in taken.attention["folders"]}
    files: dict[str, list[File]] = {}
    for entry in taken.attention["held"]:
        if entry["reason"] != BY_PERSON:
            files.setdefault(entry["folder"], []).append(File(entry["folder"], entry["path"], entry["reason"] or ""))
    folders: dict[str, FolderSight] = {}
    troubles: dict[Place, str] = {}
    for entry in taken.snapshot["folders"]:
        name = entry["name"]
        trouble: Mapping[str, str] = troubled.get(name, {})
        is_paused = entry["state"] == "held" and trouble.get("reason") != BY_PERSON
        folders[name] = FolderSight(
            server=servers.get(name, ""),
            busy=sum(entry["counts"][count] for count in BUSY),
            held=entry["counts"]["held"],
            files=tuple(files.get(name, ())),
            paused=trouble.get("reason") if is_paused else None,
        )
        if entry["state"] == "degraded":
            troubles[Place("folder", name)] = trouble.get("reason") or ""
    for server in taken.attention["servers"]:
        if server["state"] != "ok":
            troubles[Place("server", server["name"])] = server["error"] or ""
    if ledger_error is not None:
        troubles[Place("ledger")] = ledger_error
    return Sight(folders=folders, troubles=troubles)
