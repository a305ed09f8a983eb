"""
A daemon that is ready to run: what is asked of it from outside while it does, new settings above all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import Reloaded
from hotfolder.core.settings import DEFAULT_SERVER, FolderSettings, ServerSettings, Settings
from hotfolder.edges.logs import NoticeLog
from hotfolder.ports import Ledger
from hotfolder.services.account import Account
from hotfolder.services.folder import FolderService
from hotfolder.services.supervisor import Supervisor, UnwrittenError
from hotfolder.services.throttle import Throttle
from hotfolder.status.courier import Courier
from hotfolder.status.sheets import Sheets
from hotfolder.status.snapshot import Recent

FIXED = {
    "ledger_url": "ledger.url",
    "control_socket": "control.socket",
    "web_listen": "web.listen",
    "web_password_file": "web.password_file",
    "web_links": "[[web.link]]",
    "notify": "[[notify]]",
}
"""
Settings that the ledger and listeners were made with, and what the file calls them.

They take effect at the next start, as those of servers.
"""

FIXED_UPLOAD = ("parallel_jobs",)


class ReloadError(Exception):
    """New settings cannot be taken now, and nothing was changed; says why and what to do."""


@dataclass(kw_only=True)
class Daemon:
    """A daemon ready to run; closes what it opened."""

    settings: Settings
    supervisor: Supervisor
    coordinator: Coordinator
    ledger: Ledger
    recent: Recent
    log: NoticeLog
    make_folder: Callable[[FolderSettings], FolderService]
    make_account: Callable[[ServerSettings], Account]
    sheets: Sheets
    throttle: Throttle
    load: Callable[[], None]  # what the first drop would else wait for: a tenth of a second; it begins nothing
    courier: Courier | None = None  # None where nobody wants messages
    page: str | None = None  # URL of the page, None where it is off or could not be had
    _stack: ExitStack = field(default_factory=ExitStack)

    def reload(self, settings: Settings) -> list[str]:
        """
        Take new settings while work goes on; must be called in the loop's own thread.

        Returns what of them takes effect at the next start only. Raises `ReloadError` when nothing was changed.
        """
        moved = {
            folder.name
            for folder in settings.folders
            if (known := self.settings.folder(folder.name)) is not None and known.path != folder.path
        }
        for name in sorted(moved):
            busy = self.coordinator.claimed_in(name)
            if busy:
                raise ReloadError(
                    f"folder {name}: its path changed while {busy} of its files are under way; "
                    "nothing was changed; reload again when they are done"
                )
        gone = [server.name for server in self.settings.servers if settings.server(server.name) is None]
        for name in gone:
            busy = self.coordinator.under_way_on(name)
            if busy:
                raise ReloadError(f"{needed(name, busy)}; nothing was changed")
        settings, later = self._with_running_servers(settings)
        later += [key for name, key in FIXED.items() if getattr(settings, name) != getattr(self.settings, name)]
        settings = replace(settings, **{name: getattr(self.settings, name) for name in FIXED})
        running, wanted = self.settings.upload, settings.upload
        later += [f"upload.{name}" for name in FIXED_UPLOAD if getattr(running, name) != getattr(wanted, name)]
        kept = {name: getattr(running, name) for name in FIXED_UPLOAD}
        settings = replace(settings, upload=replace(wanted, **kept))
        for server in settings.servers:
            if self.settings.server(server.name) is None:
                self.supervisor.add_server(server.name, self.make_account(server))
        if moved:
            rest = tuple(folder for folder in settings.folders if folder.name not in moved)
            self.supervisor.turn(Reloaded(replace(settings, folders=rest)))
        for folder in settings.folders:
            if folder.name not in self.coordinator.desks:
                self.supervisor.add_folder(folder.name, self.make_folder(folder))
        self.supervisor.turn(Reloaded(settings))
        self.throttle.change(settings.upload.bandwidth)
        for name in gone:
            self.supervisor.remove_server(name)
        self.settings = settings
        return later

    def say_farewell(self) -> None:
        """Have the status files say that nothing runs any more; must be called in the loop's own thread."""
        if self.courier is not None:
            self.courier.look_last(self.coordinator)
        with suppress(UnwrittenError):  # then they are put right by the next start
            for told in self.sheets.farewell(self.coordinator):
                self.supervisor.turn(told)

    def _with_running_servers(self, settings: Settings) -> tuple[Settings, list[str]]:
        """Return new settings in which servers that run are as they are, and which of them will be others later."""
        kept: list[ServerSettings] = []
        later: list[str] = []
        for server in settings.servers:
            running = self.settings.server(server.name) or server
            kept.append(running)
            if replace(running, password="") != replace(server, password=""):  # a new password needs no start
                later.append(_table(server.name))
        return replace(settings, servers=tuple(kept)), later

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._stack.close()


def needed(server: str, files: int) -> str:
    """Return what to say of a server that is no longer in the settings and still has files to decide."""
    return (
        f"server {server}: {files} files are under way there, and only it can tell what became of them, "
        f"but the settings do not name it any more; put {_table(server)} back until they are done"
    )


def _table(server: str) -> str:
    return "[server]" if server == DEFAULT_SERVER else f"[server.{server}]"
