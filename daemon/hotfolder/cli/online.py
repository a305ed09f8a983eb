"""
What commands have in common that ask a server by themselves, without the daemon.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import typer

from hotfolder import compose
from hotfolder.cli.exits import Exit
from hotfolder.config import Problem, StatedName
from hotfolder.core.catalogue import SHELVES, Listed, Shelf, handle_of, wanted_instead
from hotfolder.core.server import Company, Kind, RemoteError
from hotfolder.core.settings import ServerSettings, Settings
from hotfolder.core.wording import shown
from hotfolder.ports import Remote


class Line:
    """One server, signed in; each list is read at most once."""

    def __init__(self, server: ServerSettings, company: Company, remote: Remote) -> None:
        self.server = server
        self.company = company
        self._remote = remote
        self._shelves: dict[Shelf, list[Listed] | RemoteError] = {}

    def summary(self) -> str:
        """Return what the sign-in has found, for people."""
        company, limit = self.company, self.company.max_post_bytes
        takes = "does not tell how much it takes" if limit is None else f"takes at most {limit:,} bytes"
        return f"signed in to {company.name} ({company.handle}) as {self.server.user}; one upload {takes}"

    def taken(self, assets: Sequence[str]) -> set[str]:
        """Return those of the asset IDs that are taken; raises `RemoteError`."""
        return self._remote.names_in_use(self.company, assets)

    def listed(self, shelf: Shelf) -> list[Listed]:
        """Return all of one sort that options can name; raises `RemoteError`, and the same one again."""
        if shelf not in self._shelves:
            try:
                self._shelves[shelf] = self._remote.listed(self.company, shelf)
            except RemoteError as error:
                self._shelves[shelf] = error
        found = self._shelves[shelf]
        if isinstance(found, RemoteError):
            raise found
        return found


@dataclass(frozen=True, slots=True)
class Online:
    """The servers that let us in, by name, and the exit code that those make who did not."""

    lines: Mapping[str, Line]
    code: Exit


@contextmanager
def signed_in(settings: Settings, name: str | None = None) -> Iterator[Online]:
    """
    Sign in to the server of a name, or to all of them.

    What is wrong is told at once; a server that refuses us (3), or cannot be reached (4), keeps nobody from the others.
    """
    servers = [server for server in settings.servers if name in (None, server.name)]
    if not servers:
        names = ", ".join(server.name for server in settings.servers)
        raise typer.BadParameter(f"--server: found {name}, wanted one of {names}")
    lines: dict[str, Line] = {}
    code = Exit.GOOD
    with ExitStack() as stack:
        for server in servers:
            remote = compose.connect(server, partial(str, server.password))
            stack.callback(remote.close)
            try:
                lines[server.name] = Line(server, remote.sign_in(), remote)
            except RemoteError as error:
                failed = _told(settings, server, error)
                code = code or failed
        yield Online(lines, code)


def name_problems(names: Iterable[StatedName], lines: Mapping[str, Line]) -> Iterator[Problem]:
    """Yield a problem for every name in the configuration that means nothing on a server that is to know it."""
    for stated in names:
        for server in sorted(stated.servers & set(lines)):
            try:
                shelf = lines[server].listed(SHELVES[stated.kind])
            except RemoteError as error:
                wanted = f"a handle, since no name can be looked up: {error}"
            else:
                if handle_of(stated.name, shelf) is not None:
                    continue
                wanted = wanted_instead(stated.kind, stated.name, shelf)
            yield stated.problem(f"{wanted} (server {server})" if len(lines) > 1 else wanted)


def _told(settings: Settings, server: ServerSettings, error: RemoteError) -> Exit:
    """Say why a sign-in failed; return the exit code for it."""
    which = f"server {server.name}" if len(settings.servers) > 1 else "the server"
    is_refusal = error.trouble.kind in (Kind.FATAL, Kind.PERMANENT)
    what = "refuses us" if is_refusal else "cannot be asked"
    sys.stderr.write(shown(f"{which} {what}: {error}") + "\n")
    return Exit.REFUSED if is_refusal else Exit.UNREACHABLE
