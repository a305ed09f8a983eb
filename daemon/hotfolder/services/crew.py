"""
The threads that carry out actions: which one does what, which of them hang, and how they end.

For each hot folder one thread takes and looks and another one files; for each server one asks, one reads lists of
names, and there is one per job being posted. So a share or a server that hangs holds up only itself. All are daemon
threads.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from hotfolder.core.messages import (
    Action,
    AskExpiry,
    CheckTaken,
    FindAssets,
    ListNames,
    Poll,
    Recall,
    Seek,
    SeekPublish,
    SendPost,
    SignIn,
    SubmitPublish,
    Tidy,
)
from hotfolder.services.lanes import Lane, TakingFirst, lane
from hotfolder.services.reading import PostKey
from hotfolder.services.worker import Inbox, Worker

LEAVE_S = 5.0
"""
At a stop a share that has not answered for so long is left behind.

Sooner than `HANG_S`, for nothing is lost by it: what is cut short there is found half-done at the next start.
"""

PARTING_S = 2.0  # for threads to end once they are told; one that hangs is left behind


@dataclass(slots=True)
class _FolderCrew:
    """The threads that serve one hot folder."""

    do: Callable[[Action], None]
    taker: Worker
    filer: Worker | None = None  # hired when there is something to file: many hot folders seldom have anything

    def workers(self) -> Iterator[Worker]:
        """Yield both, or the one."""
        yield self.taker
        if self.filer is not None:
            yield self.filer


@dataclass(slots=True)
class _ServerCrew:
    """The threads that talk to one server."""

    asker: Worker
    lister: Worker
    uploads: Inbox
    posters: list[Worker]
    uploads_wanted: int  # how many of them are to have time
    posters_hired: int = 0  # ever, for their names
    checker: Worker | None = None  # asks for what must not be held up by other questions, nor hold them up

    def workers(self) -> Iterator[Worker]:
        """Yield all of them."""
        yield self.asker
        yield self.lister
        if self.checker is not None:
            yield self.checker
        yield from self.posters


class Crew:
    """Hands actions to threads; its owner's thread uses it."""

    def __init__(self, do: Callable[[Action], None], monotonic: Callable[[], float]) -> None:
        self._do = do
        self._monotonic = monotonic
        self._folders: dict[str, _FolderCrew] = {}
        self._servers: dict[str, _ServerCrew] = {}

    # --- hiring ---

    def add_folder(self, name: str, do: Callable[[Action], None]) -> None:
        """Have a hot folder served by threads of its own; former ones of that name end with what they have to do."""
        former = self._folders.get(name)
        if former is not None:
            for worker in former.workers():
                worker.inbox.put(None)
        self._folders[name] = _FolderCrew(do, Worker(f"folder {name}", TakingFirst(), do, self._monotonic))

    def add_server(self, name: str, uploads: int) -> None:
        """Have a server asked by two threads, and posted to by so many."""
        asker = Worker(f"server {name}", queue.SimpleQueue(), self._do, self._monotonic)
        lister = Worker(f"names {name}", queue.SimpleQueue(), self._do, self._monotonic)
        crew = self._servers[name] = _ServerCrew(asker, lister, queue.SimpleQueue(), [], uploads)
        for _ in range(uploads):
            self._hire_poster(name, crew)

    def remove_server(self, name: str) -> None:
        """Have the threads of a server end with what they are at."""
        for worker in self._servers.pop(name).workers():
            worker.inbox.put(None)

    def _hire_poster(self, name: str, crew: _ServerCrew) -> None:
        crew.posters_hired += 1
        title = f"upload {name} {crew.posters_hired}"
        crew.posters.append(Worker(title, crew.uploads, self._do, self._monotonic))

    # --- work ---

    def give(self, action: Action) -> None:
        """Have an action carried out by its thread."""
        match action:
            case SendPost():
                self._servers[action.server].uploads.put(action)
            case SignIn() | AskExpiry() | Poll() | Seek() | FindAssets() | SubmitPublish() | SeekPublish():
                self._servers[action.server].asker.inbox.put(action)
            case ListNames():
                self._servers[action.server].lister.inbox.put(action)
            case CheckTaken():
                self._checker_of(action.server).inbox.put(action)
            case Recall():
                raise ValueError("the ledger is asked by the loop itself")
            case _ if lane(action) is Lane.FILING:
                self._filer_of(action.folder).inbox.put(action)
            case _:
                self._folders[action.folder].taker.inbox.put(action)

    def _filer_of(self, folder: str) -> Worker:
        crew = self._folders[folder]
        if crew.filer is None:
            crew.filer = Worker(f"filing {folder}", queue.SimpleQueue(), crew.do, self._monotonic)
        return crew.filer

    def _checker_of(self, server: str) -> Worker:
        """Hire that thread when it has something to do: many daemons never need it."""
        crew = self._servers[server]
        if crew.checker is None:
            crew.checker = Worker(f"taken {server}", queue.SimpleQueue(), self._do, self._monotonic)
        return crew.checker

    def look_after(self, standing: Collection[PostKey]) -> list[str]:
        """
        Return the hot folders found hanging since the last time, and have others post what their threads cannot.

        `standing` are the POSTs that wait for their shares. What hangs goes on by itself when the share answers again.
        """
        now_s = self._monotonic()
        hanging: list[str] = []
        for name, folder in self._folders.items():
            for worker in folder.workers():
                if worker.hangs(now_s) and not worker.hang_told:
                    worker.hang_told = True
                    hanging.append(name)
        for name, crew in self._servers.items():
            self._relieve(name, crew, standing)
        return hanging

    def _relieve(self, name: str, crew: _ServerCrew, standing: Collection[PostKey]) -> None:
        """Have as many threads post as are to, whichever wait for a share; those too many go when they are free."""
        crew.posters = [worker for worker in crew.posters if not worker.has_left]
        for worker in list(crew.posters):
            if not worker.is_relieved and _post_of(worker) in standing:
                worker.is_relieved = True
                self._hire_poster(name, crew)
        wanted = crew.uploads_wanted + sum(worker.is_relieved for worker in crew.posters)
        if len(crew.posters) > wanted and crew.uploads.empty():  # else there is work, or one is about to leave
            crew.uploads.put(None)

    def _reads_from_dead_share(self, poster: Worker) -> bool:
        current = poster.current
        if current is None or not isinstance(current[0], SendPost):
            return False
        folder = self._folders.get(current[0].folder)
        return folder is not None and any(worker.hang_told for worker in folder.workers())

    # --- the end ---

    def try_shares(self) -> None:
        """Have each hot folder do something small: whether it answers tells a slow server from a dead share."""
        for folder in self._folders:
            self.give(Tidy(folder))

    def leave_behind(self) -> None:
        """Wait no longer for shares that hang, nor for POSTs that read from them."""
        now_s = self._monotonic()
        for worker in self._at_shares():
            if worker.hangs(now_s, LEAVE_S):
                worker.hang_told = True
        for crew in self._servers.values():
            for worker in crew.posters:
                if worker.hangs(now_s, LEAVE_S) and _post_of(worker) is not None:
                    worker.hang_told = self._reads_from_dead_share(worker)

    def dismiss(self) -> None:
        """Tell all threads to end, and wait a little for them."""
        workers = list(self._all())
        for worker in workers:
            worker.inbox.put(None)
        deadline_s = self._monotonic() + PARTING_S
        for worker in workers:
            worker.join(max(0.0, deadline_s - self._monotonic()))

    # --- how they are ---

    @property
    def is_busy(self) -> bool:
        """Whether any thread is at something."""
        return any(worker.busy for worker in self._all())

    @property
    def is_posting(self) -> bool:
        """Whether a POST is under way, or waits for a thread."""
        return any(
            not crew.uploads.empty() or any(worker.busy for worker in crew.posters) for crew in self._servers.values()
        )

    @property
    def has_something_to_finish(self) -> bool:
        """Whether something is worth waiting for at the end; a question to a server changes nothing."""
        posters = [worker for crew in self._servers.values() for worker in crew.posters]
        return (
            any(worker.busy for worker in (*self._at_shares(), *posters) if not worker.hang_told)
            or any(not worker.inbox.empty() for worker in self._at_shares() if not worker.hang_told)
            or any(not crew.uploads.empty() for crew in self._servers.values())
        )

    def dead(self) -> list[str]:
        """Return the names of threads that an error has ended: what they are given is never done."""
        return [worker.name for worker in self._all() if not worker.is_alive() and not worker.has_left]

    def _all(self) -> Iterator[Worker]:
        yield from self._at_shares()
        for crew in self._servers.values():
            yield from crew.workers()

    def _at_shares(self) -> Iterator[Worker]:
        for folder in self._folders.values():
            yield from folder.workers()


def _post_of(poster: Worker) -> PostKey | None:
    """Return the POST that a thread is at."""
    current = poster.current
    return (current[0].job, current[0].number) if current is not None and isinstance(current[0], SendPost) else None
