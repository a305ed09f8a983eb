"""
The status file in each hot folder: what the page of that folder says, for people who have the share and no page.

One thread writes what has changed, every ten seconds at most; it is the hot folder's own thread that touches the share.
Nothing depends on these files, and trouble with them holds up nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from hotfolder.core import wording
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import StatusTold
from hotfolder.core.model import Drop, Job
from hotfolder.core.notes import what_to_do
from hotfolder.core.saying import Voice
from hotfolder.core.settings import FolderSettings
from hotfolder.ports import BusyError, HistoryQuery, LedgerError
from hotfolder.status.site import facts, words
from hotfolder.status.view import Taken, View

GAP_S: Final = 10.0  # between two writes

LOOK_S: Final = 1.0
"""Between two looks that found nothing to write, as while a folder is being opened."""

UNWELL: Final = 10  # files that are named because somebody should look at them

BUSY: Final = 50  # files on their way that are named; the rest is counted
ENDED: Final = 30  # latest outcomes


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """One file at its end."""

    row: facts.Row
    to_do: str  # in the language of the hot folder; "" where nothing is


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What one hot folder's file says of what is under way; as long as it stays the same nothing is written."""

    folder: FolderSettings
    state: str
    reason: str = ""
    cure: str = ""
    servers: tuple[str, ...] = ()  # states of the server that its files go to, if that is not well
    counts: dict[str, int] = field(default_factory=dict)
    held: tuple[dict[str, Any], ...] = ()
    unwell: tuple[tuple[Drop, Job | None], ...] = ()  # at their end, and somebody should look at them
    busy: tuple[facts.Row, ...] = ()
    runs: bool = True  # False = the daemon comes to its end

    @property
    def is_something(self) -> bool:
        """Whether anything ever happened here."""
        return any(count for name, count in self.counts.items() if name != "ignored")


class Sheets:
    """All status files of a daemon."""

    def __init__(
        self,
        view: View,
        stirred: threading.Event,
        *,
        voice_of: Callable[[str], Voice],
        warn: Callable[[str, BaseException | None], None],
        gap_s: float = GAP_S,
    ) -> None:
        """`stirred` is set whenever something may have changed."""
        self._view = view
        self._stirred = stirred
        self._voice_of = voice_of
        self._warn = warn
        self._gap_s = gap_s
        self._said: dict[str, News] = {}  # by hot folder, as of the last time that it was told
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="sheets", daemon=True)
        self._thread.start()

    def load(self, languages: Iterable[str]) -> None:
        """Load what writes a text in these languages, before the first one is wanted."""
        from hotfolder.status.site.sheet import load  # whom nothing is written for need not load it

        for language in languages:
            load(language)

    def close(self) -> None:
        """Write nothing more; a second call is harmless."""
        self._ended.set()
        self._stirred.set()

    def farewell(self, coordinator: Coordinator) -> list[StatusTold]:
        """Return the last words of each file, and have nothing come after them; for the coordinator's own thread."""
        self.close()
        try:
            return list(self._told(self._news(self._view.taken_from(coordinator), coordinator, runs=False)))
        except Exception as error:  # noqa: BLE001 # the daemon ends as it would without them
            self._warn("the status files could not be written", error)
            return []

    # --- the thread ---

    def _run(self) -> None:
        while True:
            self._stirred.wait()
            if self._ended.is_set():
                return
            self._stirred.clear()
            wrote = False
            try:
                wrote = self._write()
            except (BusyError, LedgerError):
                self._stirred.set()  # once more, later
            except Exception as error:  # noqa: BLE001 # everything else goes on without them
                self._warn("the status files could not be written", error)
            self._ended.wait(self._gap_s if wrote else LOOK_S)

    def _write(self) -> bool:
        taken = self._view.latest()
        told = list(self._told(self._view.running.ask(lambda coordinator: self._news(taken, coordinator))))
        for event in told:
            self._view.running.tell(event)
        return bool(told)

    # --- what there is to say ---

    def _news(self, taken: Taken, coordinator: Coordinator, *, runs: bool = True) -> list[News]:
        """Return what can be said of each hot folder that may be written to; in the coordinator's own thread."""
        folders = {entry["name"]: entry for entry in taken.snapshot["folders"]}
        names = [name for name in folders if coordinator.may_write_status(name, is_last=not runs)]
        busy = facts.under_way_by_folder(coordinator, names, BUSY)
        troubles = {entry["folder"]: entry for entry in taken.attention["folders"]}
        states = {entry["name"]: entry["state"] for entry in taken.attention["servers"]}
        news = []
        for name in names:
            settings, trouble = coordinator.desks[name].folder, troubles.get(name, {})
            news.append(
                News(
                    folder=settings,
                    state=folders[name]["state"],
                    reason=trouble.get("reason") or "",
                    cure=trouble.get("cure") or "",
                    servers=tuple(
                        state for server, state in states.items() if server == settings.server and state != "ok"
                    ),
                    counts=dict(folders[name]["counts"]),
                    held=tuple(
                        {key: entry[key] for key in ("path", "reason", "cure")}
                        for entry in taken.attention["held"]
                        if entry["folder"] == name
                    ),
                    unwell=tuple(one for one in taken.unwell if one[0].folder == name)[:UNWELL],
                    busy=tuple(row for row in busy[name] if row.word is not words.STATES["held"]),
                    runs=runs,
                )
            )
        return news

    def _told(self, news: Iterable[News]) -> Iterator[StatusTold]:
        with self._lock:
            for one in news:
                name = one.folder.name
                if self._said.get(name) != one and (one.is_something or name in self._said):
                    text = self._text(one)
                    self._said[name] = one
                    yield StatusTold(name, text, is_last=not one.runs)

    def _text(self, news: News) -> str:
        from hotfolder.status.site.sheet import rendered  # whom nothing is written for need not load it

        voice = self._voice_of(news.folder.language)
        history = self._view.ledger.history(HistoryQuery(folder=news.folder.name, limit=ENDED))
        on_top = {drop.id for drop, _ in news.unwell}
        return rendered(
            voice,
            news=news,
            unwell=[_ended(drop, job, voice) for drop, job in news.unwell],
            ended=[_ended(drop, job, voice) for drop, job in history if drop.id not in on_top],
            now=self._view.clock.now(),
        )


def _ended(drop: Drop, job: Job | None, voice: Voice) -> Ended:
    return Ended(row=facts.finished(drop, job), to_do=_to_do(drop, voice))


def _to_do(drop: Drop, voice: Voice) -> str:
    """Return what the note beside a file says is to be done."""
    text = what_to_do(drop)
    return voice.say(text).format(asset=wording.shown(drop.asset)) if text else ""
