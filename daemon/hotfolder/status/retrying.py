"""
Which filed originals can be sent again, and where they have to go for that: back to where they were dropped.

Decides from the ledger and from what lies there; moving them is the daemon's, or without one the command's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.core.settings import FolderSettings, Settings
from hotfolder.ports import HistoryQuery, LedgerReader
from hotfolder.status.explain import Kind, place_of
from hotfolder.status.snapshot import PEOPLE

SAFE = (Outcome.FAILED, Outcome.DUPLICATE, Outcome.REJECTED)
"""Nothing of these is online, so sending them again cannot make a second copy."""

DOUBTFUL = (Outcome.RENAMED, Outcome.UNKNOWN)
"""Only by their paths: somebody has to have looked at each."""

TWICE = "it may be on the server twice after this"

LookAt = Callable[[Path], Kind]


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One original that can go back."""

    folder: str
    source: str  # inside the hot folder
    target: str
    warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """One path that was asked for and cannot go back."""

    path: str
    reason: str


NOWHERE = "in none of the hot folders"
NOTHING_FAILED = "nothing that failed lies below it"
NEVER_SEEN = "never seen: the ledger knows of no drop there"
NO_ANSWER = "the hot folder does not answer"
DROP_AGAIN = "it was {outcome}: to send it again, drop it again"
SAVE_AGAIN = "it lies where it was dropped; save it again there and it is sent again"
NO_LONGER = "it is no longer at {path}"
SOMETHING_ELSE = "something else lies at {path} now; move that away first"
TAKEN_AWAY = "it was taken away before it was sent; drop it again"
HELD = "it is held; 'hotfolder release' lets it go on"
UNDER_WAY = "it is under way already: {state}"

Found = Move | Obstacle


def by_path(settings: Settings, ledger: LedgerReader, path: Path, look_at: LookAt) -> list[Found]:
    """Return what is to be done for one path: of the original, of where it was dropped, or of a directory of such."""
    place = place_of(settings, path)
    if place is None:
        return [Obstacle(path=str(path), reason=NOWHERE)]
    folder, inside = place
    drops = ledger.find(folder.name, inside)
    if drops:
        return [_of_drop(folder, drops[0][0], str(path), look_at, outcomes=SAFE + DOUBTFUL)]
    if look_at(path) == "directory":
        below = f"{inside}/" if inside else ""
        found = [move for move in by_folder(folder, ledger, look_at) if _source(folder, move).startswith(below)]
        return found or [Obstacle(path=str(path), reason=NOTHING_FAILED)]
    return [Obstacle(path=str(path), reason=NEVER_SEEN)]


def by_folder(folder: FolderSettings, ledger: LedgerReader, look_at: LookAt) -> Iterator[Found]:
    """Yield every failed original that still lies where it was filed, newest first."""
    seen: set[str] = set()
    for outcome in SAFE:
        for drop, _ in ledger.history(HistoryQuery(folder=folder.name, outcome=outcome, limit=None)):
            if not drop.target_path or drop.target_path in seen:
                continue
            seen.add(drop.target_path)
            path = folder.path / drop.target_path
            match look_at(path):
                case "file":
                    yield _of_drop(folder, drop, str(path), look_at, outcomes=SAFE)
                case "no answer":  # and it would not for any other
                    yield Obstacle(path=str(folder.path), reason=NO_ANSWER)
                    return


def _source(folder: FolderSettings, found: Found) -> str:
    return found.source if isinstance(found, Move) else str(Path(found.path).relative_to(folder.path))


def _of_drop(folder: FolderSettings, drop: Drop, path: str, look_at: LookAt, *, outcomes: Sequence[Outcome]) -> Found:
    if drop.state is not DropState.FILED:
        return Obstacle(path=path, reason=_not_filed(drop))
    if drop.outcome not in outcomes:
        return Obstacle(path=path, reason=DROP_AGAIN.format(outcome=drop.outcome))
    if drop.was_kept or not drop.target_path:
        return Obstacle(path=path, reason=SAVE_AGAIN)
    match look_at(folder.path / drop.target_path):
        case "no answer":
            return Obstacle(path=path, reason=NO_ANSWER)
        case "file":
            pass
        case _:
            return Obstacle(path=path, reason=NO_LONGER.format(path=folder.path / drop.target_path))
    target = drop.origin or drop.path
    if look_at(folder.path / target) != "nothing":
        return Obstacle(path=path, reason=SOMETHING_ELSE.format(path=folder.path / target))
    warning = TWICE if drop.outcome in DOUBTFUL else ""
    return Move(folder=folder.name, source=drop.target_path, target=target, warning=warning)


def _not_filed(drop: Drop) -> str:
    match drop.state:
        case DropState.WITHDRAWN:
            return TAKEN_AWAY
        case DropState.HELD:
            return HELD
        case _:
            return UNDER_WAY.format(state=PEOPLE[drop.state])
