"""
Publishing for all companies: what waits where, and whose events are whose.

What there is to decide about the publishes of one company is in `publish_line`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.messages import PublishFailed, PublishSeekFailed, PublishSought, PublishSubmitted
from hotfolder.core.model import Job, Publish
from hotfolder.core.publish_line import PublishLine
from hotfolder.core.publish_times import is_marked, stored_in
from hotfolder.core.settings import PublishWhen
from hotfolder.core.verdicts import Verdict


class Publishing:
    """Brings every publish from the first file that waits for it to its end."""

    def __init__(self, board: Board, connections: Mapping[str, Connection]) -> None:
        self._board = board
        self._connections = connections
        self._lines: dict[tuple[str, ...], PublishLine] = {}  # by company
        self._restored: dict[int, Publish] = {}  # what an earlier run left
        self._next_id = 1

    # --- what waits ---

    def restore(self, publishes: Iterable[Publish], jobs: Iterable[Job], *, next_id: int) -> None:
        """Take over what an earlier run left."""
        self._next_id = next_id
        self._restored = {publish.id: publish for publish in publishes}
        for job in jobs:
            self.adopt(job)
        for publish in self._restored.values():
            self.line(publish.server).restore(publish)
        self.settings_changed()

    def adopt(self, job: Job) -> None:
        """Have a job that was read from the ledger know from now on how its publish stands."""
        job.publishing = self._restored.get(job.publish or 0, job.publishing)

    def wait(self, job: Job, verdicts: Iterable[Verdict]) -> None:
        """Have what a job stored wait for a publish, if its hot folder wants one; before the drops are filed."""
        when = self._board.folders[job.folder].publish
        files = stored_in(verdicts)
        if files and when is not PublishWhen.NEVER and is_marked(job.options):
            publish = self.line(job.server).take(job, when, files, self._new_id)
            self._board.journal.change_job(job, publish=publish.id, publish_due=publish.due)
            job.publishing = publish

    def settings_changed(self) -> None:
        """Hot folders may want their waiting files published at another time, or not any more."""
        for line in self._lines.values():
            line.settings_changed()

    def forget_server(self, server: str) -> None:
        """A server is no longer configured: what waits for it is held, and what it was asked is not answered."""
        for line in self._lines.values():
            line.forget_server(server)

    def line(self, server: str) -> PublishLine:
        """Return the publishes of a server's company."""
        key = self._board.company_key(server)
        if key not in self._lines:
            self._lines[key] = PublishLine(self._board, self._connections)
        return self._lines[key]

    @property
    def lines(self) -> Iterator[PublishLine]:
        """All companies of which something waited."""
        return iter(self._lines.values())

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def is_busy(self, given_up: Container[str] = ()) -> bool:
        """Whether something happens without a person and without waiting for a later time (run --once)."""
        return any(line.is_busy(given_up) for line in self._lines.values())

    # --- time and events ---

    def wake(self) -> None:
        """Submit what is due, and ask how those under way stand."""
        if not self._board.stopping:
            for line in self._lines.values():
                line.wake()

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        times = (line.next_wake_s() for line in self._lines.values())
        return min((at_s for at_s in times if at_s is not None), default=None)

    def submitted(self, event: PublishSubmitted) -> None:
        """The server took one."""
        self._with(event.publish, lambda line, publish: line.submitted(publish))

    def failed(self, event: PublishFailed) -> None:
        """One was not accepted, or nobody knows."""
        self._with(event.publish, lambda line, publish: line.failed(publish, event.trouble))

    def sought(self, event: PublishSought) -> None:
        """The server has said what it knows under the name of one."""
        self._with(event.publish, lambda line, publish: line.sought(publish, event.active, event.logs))

    def seek_failed(self, event: PublishSeekFailed) -> None:
        """The server did not say."""
        self._with(event.publish, lambda line, publish: line.seek_failed(publish, event.trouble))

    def _with(self, id_: int, do: Callable[[PublishLine, Publish], None]) -> None:
        for line in self._lines.values():
            publish = line.open.get(id_)
            if publish is not None and publish.server in self._connections and publish is line.running:
                do(line, publish)
