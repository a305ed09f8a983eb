"""
What people may ask of a running daemon: to hold, to release, and to send again.

Each wish becomes an event of the coordinator, and the answer says of every path what it came to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.messages import HoldAsked, ReleaseAsked, RetryAsked
from hotfolder.core.model import DropState
from hotfolder.core.settings import FolderSettings, Settings
from hotfolder.core.wording import BY_PERSON
from hotfolder.ports import LedgerReader
from hotfolder.status import live, retrying
from hotfolder.status.explain import place_of
from hotfolder.status.filters import FilterError, check_folder
from hotfolder.status.retrying import LookAt, Move, Obstacle
from hotfolder.status.running import Running

Result = dict[str, Any]
"""`path` (of a file or a hot folder), `done` and `text`."""

PATHS_MAX = 100_000  # of one wish; more than any command line holds


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody asked for: exactly one of the three is set."""

    paths: tuple[Path, ...] = ()
    folder: str | None = None
    everything: bool = False


def read_wish(document: object, folders: Iterable[str], *, may_be_all: bool) -> Wish:
    """Return the wish in a JSON document; raises `FilterError` with what is wanted."""
    wanted = 'one of "paths" (a list of absolute paths), "folder" (a name)' + (
        ' and "all" (true)' if may_be_all else ""
    )
    allowed = {"paths", "folder", "all"} if may_be_all else {"paths", "folder"}
    if not isinstance(document, Mapping) or len(document) != 1 or not set(document) <= allowed:
        raise FilterError(f"wanted a JSON object with {wanted}")
    match document:
        case {"folder": str(name)}:
            check_folder(name, tuple(folders))
            return Wish(folder=name)
        case {"all": True}:
            return Wish(everything=True)
        case {"paths": [*paths]} if paths and len(paths) <= PATHS_MAX:
            if all(isinstance(path, str) and path.startswith("/") and "\0" not in path for path in paths):
                return Wish(paths=tuple(Path(path) for path in dict.fromkeys(paths)))
    raise FilterError(f"wanted a JSON object with {wanted}")


FOLDER_HELD = "held: nothing new of it is sent; what is under way goes on"
FOLDER_WILL_BE_HELD = "it is {state}; as soon as it is back it will be held"
FOLDER_RELEASED = "released; it is {state}"
ON_ITS_WAY_BACK = "on its way back to {path}, to be sent again"
LATER_ONE_FIRST = "a later one goes back to the same place; once that is done, try this one again"
CAUTION = "{reason}; caution: {why}"
HELD = "held; 'hotfolder release' lets it go on"
WAITS_ALREADY = "it waits already: {reason}"
WILL_BE_HELD = "it will be held as soon as it is complete"
NOT_BY_PERSON = "not held by a person: {reason}"
RELEASED = "released: it goes on"
WILL_GO_ON = "it goes on as soon as it is complete"
NOT_HELD = "it was not held"
TOO_LATE = "too late: it has been taken over already, and is being sent"
NOTHING_WAITS = "nothing of that name waits there"


class Wishes:
    """Carries wishes to the coordinator; any thread may use it."""

    def __init__(self, running: Running, ledger: LedgerReader, look_at: LookAt) -> None:
        self._running = running
        self._ledger = ledger
        self._look_at = look_at

    # --- hold and release ---

    def hold(self, settings: Settings, wish: Wish) -> list[Result]:
        """Have a folder, or files that are not taken over yet, wait."""
        names, inside, results = self._sorted(settings, wish)
        for name in names:
            self._running.tell(HoldAsked(name))
        before = self._states(inside)
        for folder, paths in inside.items():
            going = tuple(path for path in paths if before[folder, path].get("state") in ("settling", "ready"))
            if going:
                self._running.tell(HoldAsked(folder, going))
        results += [self._folder_result(settings, name, is_wanted_held=True) for name in names]
        after = self._states(inside)
        for (folder, path), state in after.items():
            done, text = _held(before[folder, path], state)
            results.append(_result(settings, folder, path, done, text))
        return results

    def release(self, settings: Settings, wish: Wish) -> list[Result]:
        """Let a folder, or files, go on."""
        names, inside, results = self._sorted(settings, wish)
        if wish.everything:
            inside = self._running.ask(_held_by_person)
        for name in names:
            self._running.tell(ReleaseAsked(name))
        before = self._states(inside)
        for folder, paths in inside.items():
            self._running.tell(ReleaseAsked(folder, tuple(paths)))
        results += [self._folder_result(settings, name, is_wanted_held=False) for name in names]
        after = self._states(inside)
        for (folder, path), state in after.items():
            done, text = _released(before[folder, path], state)
            results.append(_result(settings, folder, path, done, text))
        return results

    def _sorted(self, settings: Settings, wish: Wish) -> tuple[list[str], dict[str, list[str]], list[Result]]:
        """Return the folders meant as a whole, the paths meant by folder, and what has no place."""
        if wish.folder is not None:
            return [wish.folder], {}, []
        if wish.everything:
            return [folder.name for folder in settings.folders], {}, []
        names: list[str] = []
        inside: defaultdict[str, list[str]] = defaultdict(list)
        results: list[Result] = []
        for path in wish.paths:
            place = place_of(settings, path)
            if place is None:
                results.append({"path": str(path), "done": False, "text": retrying.NOWHERE})
            elif place[1]:
                inside[place[0].name].append(place[1])
            else:
                names.append(place[0].name)
        return names, inside, results

    def _states(self, inside: Mapping[str, Iterable[str]]) -> dict[tuple[str, str], dict[str, Any]]:
        if not inside:
            return {}
        return self._running.ask(
            lambda coordinator: {
                (folder, path): live.waiting(coordinator, folder, path)
                for folder, paths in inside.items()
                for path in paths
            }
        )

    def _folder_result(self, settings: Settings, name: str, *, is_wanted_held: bool) -> Result:
        state = self._running.ask(lambda coordinator: live.of_folder(coordinator, name))
        is_held = state["folder_state"] == "held"
        if is_wanted_held:
            text = FOLDER_HELD
            if not is_held:
                text = FOLDER_WILL_BE_HELD.format(state=state["folder_state"])
        else:
            text = FOLDER_RELEASED.format(state=state["folder_state"])
        folder = settings.folder(name)
        return {
            "path": str(folder.path if folder else name),
            "folder": name,
            "done": is_wanted_held or not is_held,
            "text": text,
        }

    # --- retry ---

    def retry(self, settings: Settings, wish: Wish) -> list[Result]:
        """Have originals brought back to where they were dropped, from where the daemon takes them up again."""
        moves, results = retry_moves(settings, self._ledger, wish, self._look_at)
        for name, group in moves.items():
            self._running.tell(RetryAsked(name, tuple((move.source, move.target) for move in group)))
            for move in group:
                text = ON_ITS_WAY_BACK.format(path=move.target)
                results.append(_result(settings, name, move.source, True, _warned(text, move)))
        return results


def retry_moves(
    settings: Settings, ledger: LedgerReader, wish: Wish, look_at: LookAt
) -> tuple[dict[str, list[Move]], list[Result]]:
    """Return the moves by hot folder that a wish comes to, and what cannot be done."""
    moves: dict[str, list[Move]] = {}
    results: list[Result] = []
    places: set[tuple[str, str]] = set()
    for found in _found(settings, ledger, wish, look_at):
        if isinstance(found, Obstacle):
            results.append({"path": found.path, "done": False, "text": found.reason})
        elif (found.folder, found.target) in places:
            text = LATER_ONE_FIRST
            results.append(_result(settings, found.folder, found.source, False, text))
        else:
            places.add((found.folder, found.target))
            moves.setdefault(found.folder, []).append(found)
    return moves, results


def _found(settings: Settings, ledger: LedgerReader, wish: Wish, look_at: LookAt) -> Iterable[retrying.Found]:
    for path in wish.paths:
        yield from retrying.by_path(settings, ledger, path, look_at)
    for folder in settings.folders:
        if wish.everything or folder.name == wish.folder:
            yield from retrying.by_folder(folder, ledger, look_at)


def _warned(text: str, move: Move) -> str:
    return CAUTION.format(reason=text, why=move.warning) if move.warning else text


def brought_back(
    settings: Settings, folder: FolderSettings, moves: Iterable[Move], done: Iterable[str]
) -> list[Result]:
    """Return what moving originals without a daemon came to; `done` holds the paths they have now."""
    arrived = set(done)
    return [
        _result(
            settings,
            folder.name,
            move.source,
            move.target in arrived,
            _warned(f"back at {move.target}; it is sent again when the daemon runs", move)
            if move.target in arrived
            else "it could not be moved",
        )
        for move in moves
    ]


def _result(settings: Settings, folder: str, inside: str, done: bool, text: str) -> Result:
    found = settings.folder(folder)
    return {"path": str((found.path if found else Path(folder)) / inside), "done": done, "text": text}


def _held(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[bool, str]:
    if after.get("state") == "held":
        by_person = after["reason"] == BY_PERSON
        return (
            by_person,
            HELD if by_person else WAITS_ALREADY.format(reason=after["reason"]),
        )
    return _not_changed(before, after, settling=WILL_BE_HELD)


def _released(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[bool, str]:
    if after.get("state") == "held":
        return False, NOT_BY_PERSON.format(reason=after["reason"])
    if before.get("state") == "held":
        return True, RELEASED
    return _not_changed(before, after, settling=WILL_GO_ON)


def _not_changed(before: Mapping[str, Any], after: Mapping[str, Any], *, settling: str) -> tuple[bool, str]:
    state: Literal["settling", "ready", "working", "processing"] | None = after.get("state")
    match state:
        case "settling":
            return True, settling
        case "ready":
            return True, NOT_HELD
        case "working" | "processing":
            return False, TOO_LATE
        case _:
            known = before.get("reason") or after.get("reason")
            return False, str(known) if known else NOTHING_WAITS


def _held_by_person(coordinator: Coordinator) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for drop in coordinator.board.drops.values():
        if drop.state is DropState.HELD:
            held.setdefault(drop.folder, []).append(drop.path)
    return held
