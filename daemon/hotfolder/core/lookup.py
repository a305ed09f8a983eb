"""
Handles for the names in options: which are known, which lists have to be read again, and what waits for them.

There is one copy of each list of each server, so a list that a server does not give holds up no drop but those whose
options need it. Lists are read when somebody needs a name that is not known, at most once a minute, and after a
sign-in; in between what was read counts. Handles are true for one run only (PROTOCOL 2.7), so nothing here is durable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from hotfolder.core.board import Board, backoff_s
from hotfolder.core.catalogue import KINDS, SHELVES, Listed, Shelf, handle_of, why_unknown
from hotfolder.core.connection import Connection
from hotfolder.core.messages import ListFailed, ListNames, NamesListed
from hotfolder.core.option_names import NAME_PLACES, NameKind, names_in, with_handles
from hotfolder.core.rules import canonical
from hotfolder.core.server import Kind, Trouble

AGAIN_S = 60.0
"""A list is read again this often while a name is missing in it: people who make a project wait for no longer."""

FIRST_RETRY_S = 1.0  # after trouble on the way; doubling up to AGAIN_S

SLOWLY_S = 900.0
"""
For a list that the server does not offer or our role may not see: somebody has to change that there.

And for a name that only the settings have, for which no drop waits: so that what is told of it stays true.
"""

PATIENCE = 5
"""Failures in a row after which a single pass waits no longer for a list."""

NOT_LOOKED_UP = 'the {kind} "{name}" cannot be looked up: {why}'
NOT_TOLD_YET = "the server has not told its {shelf} yet"
SEVERAL = "{reason}; {other}"

Name = tuple[NameKind, str]

_PLACES = frozenset(f'"{place[0]}"' for place in NAME_PLACES)
"""What canonical options that name something hold somewhere: most hold none, and are not read for it."""

_REMEMBERED = 10_000
"""Sets of options whose names are kept: some MB; a template of keywords can make any number of them."""


class Standing(Enum):
    """How it stands with the names in one set of options."""

    KNOWN = "known"  # all have handles, or there are none
    ASKED = "asked"  # the server has not told yet
    MISSING = "missing"  # the server has told, and one is not there; or it does not tell


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A name without a handle."""

    server: str
    folders: tuple[str, ...]  # hot folders whose settings name it; none if only older drops do
    reason: str
    next_s: float | None  # when it is looked for again; None while that is under way, or nobody can be asked


class _Copy:
    """Our copy of one list of one server."""

    def __init__(self, shelf: Shelf, now_s: float) -> None:
        self.shelf = shelf
        self.listed: tuple[Listed, ...] | None = None  # as last read; None = never
        self.trouble: str | None = None  # of the last try, None when it went well
        self.refused = False  # the trouble is not a matter of time
        self.failures = 0
        self.asked = False
        self.afresh = False  # to be read whether or not somebody waits
        self.next_s = now_s  # not before, while somebody waits
        self.idle_s = now_s  # and while nobody does
        self.stale = False  # read before the server was away: nothing of it counts before it is asked for again
        self.unsure: set[Name] = set()  # a job was refused with their handles: they count when read again
        self.told: set[Name] = set()  # names that were told to be missing
        self.told_trouble = False
        self._handles: dict[Name, str | None] = {}

    def handle(self, name: Name) -> str | None:
        """Return the handle of a name, None while none is known."""
        if self.listed is None or self.stale or name in self.unsure:
            return None
        if name not in self._handles:
            self._handles[name] = handle_of(name[1], self.listed)
        return self._handles[name]

    def read(self, listed: tuple[Listed, ...]) -> None:
        """Take what the server has told."""
        self.listed = listed
        self.trouble = None
        self.failures = 0
        self.asked = self.afresh = self.refused = self.stale = False
        self.unsure.clear()
        self._handles.clear()

    def why(self, name: Name) -> str | None:
        """Return why a name has no handle, None while that is still to be told."""
        if self.listed is not None and not self.stale and name not in self.unsure:
            return why_unknown(*name, self.listed)
        if self.trouble is None:
            return None
        kind, text = name
        return NOT_LOOKED_UP.format(kind=KINDS[kind], name=text, why=self.trouble)


class Lookup:
    """Knows handles, and has lists read when they are needed."""

    def __init__(self, board: Board, connections: Mapping[str, Connection]) -> None:
        self._board = board
        self._connections = connections
        self._copies: dict[tuple[str, Shelf], _Copy] = {}
        self._names: dict[str, tuple[Name, ...]] = {}  # by options, for those that hold names
        self._configured: dict[str, dict[Name, tuple[str, ...]]] = {}  # by server: what which hot folders name
        self._waiting: dict[str, frozenset[Name]] = {}  # by server: what drops waited for at the last look
        self._doubted: dict[tuple[str, str], str] = {}  # by server and options: what was refused with its handles in
        self.configure()

    # --- what others ask ---

    def names(self, options: str) -> tuple[Name, ...]:
        """Return the names in canonical options that need a handle."""
        if not any(place in options for place in _PLACES):
            return ()
        if options not in self._names:
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            found = names_in(options)
            self._names[options] = tuple((kind, text) for kind in sorted(found) for text in sorted(found[kind]))
        return self._names[options]

    def standing(self, server: str, options: str) -> Standing:
        """Return whether a job with these options can be opened now."""
        standing = Standing.KNOWN
        for name in self.names(options):
            copy = self._copy(server, name)
            if copy.handle(name) is not None:
                continue
            if copy.why(name) is not None:
                return Standing.MISSING
            standing = Standing.ASKED
        return standing

    def waits_for(self, server: str, options: str) -> str | None:
        """Return what options wait for, in words; None if they do not."""
        reasons: list[str] = []
        for name in self.names(options):
            copy = self._copy(server, name)
            if copy.handle(name) is None:
                reasons.append(copy.why(name) or NOT_TOLD_YET.format(shelf=copy.shelf.value))
        *others, last = dict.fromkeys(reasons) or [""]
        for reason in reversed(others):
            last = SEVERAL.format(reason=reason, other=last)
        return last or None

    def is_hopeless(self, server: str, options: str) -> bool:
        """Whether nothing can be expected soon: a single pass ends without these drops."""
        for name in self.names(options):
            copy = self._copy(server, name)
            is_told = copy.trouble is None or copy.refused or copy.failures >= PATIENCE
            if copy.handle(name) is None and copy.why(name) is not None and is_told:
                return True
        return False

    def with_handles(self, server: str, options: str) -> str:
        """Return options as they are to be sent; only for those whose standing is KNOWN."""
        handles: dict[NameKind, dict[str, str]] = {}
        for name in self.names(options):
            handle = self._copy(server, name).handle(name)
            if handle is not None:
                handles.setdefault(name[0], {})[name[1]] = handle
        return with_handles(options, handles)

    def next_look_s(self, server: str, options: str) -> float | None:
        """Return when the lists that options wait for are read again, None if they wait for none."""
        times = [
            copy.next_s
            for name in self.names(options)
            if (copy := self._copy(server, name)).handle(name) is None and not copy.asked
        ]
        return min(times, default=None)

    def missing(self) -> Iterator[Missing]:
        """Yield every name that the settings or waiting drops need and that has no handle, as far as that is told."""
        due = {(server, copy.shelf): at_s for server, copy, at_s in self._due()}
        for server in self._connections:
            users = self._configured.get(server, {})
            for name in sorted(self._needed(server)):
                copy = self._copy(server, name)
                if copy.handle(name) is None and (why := copy.why(name)) is not None:
                    at_s = due.get((server, copy.shelf))
                    yield Missing(server=server, folders=users.get(name, ()), reason=why, next_s=at_s)

    # --- what happens ---

    def configure(self) -> None:
        """The settings were read: what they name is looked up without waiting for a drop, and so is what waits."""
        self._configured.clear()
        for folder in self._board.settings.folders:
            options = [folder.options, *({**folder.options, **rule.options} for rule in folder.rules)]
            users = self._configured.setdefault(folder.server, {})
            for name in {name for values in options for name in self.names(canonical(values))}:
                users[name] = (*users.get(name, ()), folder.name)
        for copy in self._copies.values():
            copy.next_s = self._board.now.monotonic
        for server in self._connections:
            self._look_afresh(server)

    def forget_server(self, server: str) -> None:
        """A server is no longer configured."""
        self._copies = {key: copy for key, copy in self._copies.items() if key[0] != server}
        self._doubted = {key: sent for key, sent in self._doubted.items() if key[0] != server}
        self._waiting.pop(server, None)

    def signed_in(self, server: str) -> None:
        """Handles may be others by now: what was read more than a minute ago is read again before it counts."""
        now_s = self._board.now.monotonic
        for (name, _), copy in self._copies.items():
            if name == server:
                copy.stale = copy.listed is not None and now_s >= copy.next_s
                if copy.refused:  # perhaps as another user
                    copy.next_s = now_s
        self._look_afresh(server)

    def doubt(self, server: str, options: str) -> bool:
        """
        A job was refused with the handles of these options in it: return whether those may be to blame.

        Then these names count for nothing before they were looked up again. Once that gave the same handles, it is not
        they.
        """
        if self.standing(server, options) is not Standing.KNOWN or not self.names(options):
            return False
        sent = self.with_handles(server, options)
        if self._doubted.get((server, options)) == sent:
            return False
        if len(self._doubted) >= _REMEMBERED:
            self._doubted.clear()
        self._doubted[server, options] = sent
        for name in self.names(options):
            copy = self._copy(server, name)
            copy.unsure.add(name)
            copy.next_s = self._board.now.monotonic
        return True

    def listed(self, event: NamesListed) -> None:
        """A list was read."""
        copy = self._copy_of(event.server, event.shelf)
        copy.read(event.listed)
        copy.next_s = self._board.now.monotonic + AGAIN_S
        copy.idle_s = self._board.now.monotonic + SLOWLY_S
        if copy.told_trouble:
            copy.told_trouble = False
            self._tell(event.server, "names.known", "info", what=copy.shelf.value)
        names = {name for name in self._needed(event.server) if SHELVES[name[0]] is event.shelf}
        for name in sorted(names):
            self._tell_of(event.server, copy, name)
        copy.told &= names

    def failed(self, event: ListFailed) -> None:
        """
        A list was not given.

        Only what concerns more than the list is passed on: that the server refuses us, or that nobody answers.
        """
        copy, trouble = self._copy_of(event.server, event.shelf), event.trouble
        copy.asked = copy.afresh = copy.stale = False
        copy.failures += 1
        copy.trouble = trouble.text
        copy.refused = trouble.kind is Kind.PERMANENT or _is_about_rights(trouble)
        wait_s = SLOWLY_S if copy.refused else backoff_s(FIRST_RETRY_S, AGAIN_S, copy.failures)
        copy.next_s = self._board.now.monotonic + max(wait_s, trouble.retry_after_s or 0.0)
        copy.idle_s = self._board.now.monotonic + SLOWLY_S
        if not copy.refused and (trouble.kind is Kind.FATAL or not trouble.reached):
            self._connections[event.server].report(trouble)
        elif not copy.told_trouble and (copy.refused or copy.failures >= PATIENCE):
            copy.told_trouble = True
            self._tell(event.server, "names.unknown", "warning", what=copy.shelf.value, reason=trouble.text)

    def wake(self, waiting: Iterable[tuple[str, str]]) -> None:
        """Have lists read that somebody waits for: `waiting` are server and options of drops and jobs."""
        self._waiting = {}
        for server, options in waiting:
            self._waiting[server] = self._waiting.get(server, frozenset()) | set(self.names(options))
        if self._board.stopping:
            return
        for server, names in self._waiting.items():
            for name in names:
                copy = self._copy(server, name)
                if copy.handle(name) is None:
                    self._tell_of(server, copy, name)
        for server, copy, at_s in self._due():
            if self._board.now.monotonic >= at_s:
                copy.asked = True
                self._board.do(ListNames(server, copy.shelf))

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        return min((at_s for _, _, at_s in self._due()), default=None)

    # --- inside ---

    def _look_afresh(self, server: str) -> None:
        """Have every list read that the settings, or what waits, need."""
        for kind, _ in self._needed(server):
            self._copy_of(server, SHELVES[kind]).afresh = True

    def _needed(self, server: str) -> frozenset[Name]:
        return self._waiting.get(server, frozenset()).union(self._configured.get(server, ()))

    def _due(self) -> Iterator[tuple[str, _Copy, float]]:
        """Yield the lists that are to be read, and when."""
        for (server, shelf), copy in self._copies.items():
            if copy.asked or not self._connections[server].is_ok:
                continue
            waiting = (name for name in self._waiting.get(server, ()) if SHELVES[name[0]] is shelf)
            configured = (name for name in self._configured.get(server, ()) if SHELVES[name[0]] is shelf)
            if copy.afresh or any(copy.handle(name) is None for name in waiting):
                yield server, copy, copy.next_s
            elif any(copy.handle(name) is None for name in configured):
                yield server, copy, max(copy.next_s, copy.idle_s)

    def _copy(self, server: str, name: Name) -> _Copy:
        return self._copy_of(server, SHELVES[name[0]])

    def _copy_of(self, server: str, shelf: Shelf) -> _Copy:
        key = (server, shelf)
        if key not in self._copies:
            self._copies[key] = _Copy(shelf, self._board.now.monotonic)
        return self._copies[key]

    def _tell_of(self, server: str, copy: _Copy, name: Name) -> None:
        """Tell once that the server has nothing of a name, and once that it has."""
        if copy.handle(name) is not None:
            if name in copy.told:
                copy.told.discard(name)
                self._tell(server, "names.known", "info", what=_quoted(name))
        elif copy.trouble is None and name not in copy.told and (why := copy.why(name)) is not None:
            copy.told.add(name)
            self._tell(server, "names.unknown", "warning", what=_quoted(name), reason=why)

    def _tell(self, server: str, event: str, level: Literal["info", "warning"], **fields: str) -> None:
        self._board.tell(event, level, server=self._board.server_name(server), **fields)


def _quoted(name: Name) -> str:
    return f'{KINDS[name[0]]} "{name[1]}"'


def _is_about_rights(trouble: Trouble) -> bool:
    """Whether a refusal is about this list, not about us as a whole (PROTOCOL 1.5, the 20000s)."""
    return trouble.code is not None and 20000 <= trouble.code < 30000
