"""
`run --once`: when a single pass over the hot folders is over, what it says at its end, and with which code it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hotfolder.cli.exits import Exit
from hotfolder.core import wording
from hotfolder.core.connection import Connection
from hotfolder.core.model import Outcome
from hotfolder.core.wording import shown
from hotfolder.daemon import Daemon
from hotfolder.status import attention, cures, snapshot

NAMED = 20
"""Files named of each kind; more would push the counts off the screen, and the history has them all."""

BAD = (Outcome.DUPLICATE, Outcome.FAILED, Outcome.REJECTED, Outcome.UNKNOWN)


def is_over(daemon: Daemon, timeout_s: float) -> bool:
    """Return whether nothing is left to do, but for servers that refuse us or were down for too long."""
    connections = _needed(daemon)
    given_up = [
        connection.name
        for connection in connections
        if connection.state == "refused" or connection.down_for_s() > timeout_s
    ]
    if connections and len(given_up) == len(connections):
        return True
    others = (connection for connection in connections if connection.name not in given_up)
    return all(connection.is_ok for connection in others) and daemon.coordinator.single_pass.is_finished(given_up)


def _needed(daemon: Daemon) -> list[Connection]:
    """Return the connections to servers that have hot folders or work: nobody waits for the others."""
    board = daemon.coordinator.board
    names = {folder.server for folder in board.folders.values()} | {job.server for job in board.jobs.values()}
    return [connection for name, connection in daemon.coordinator.connections.items() if name in names]


def exit_code(daemon: Daemon, *, is_stopped: bool) -> Exit:
    """Return how it ended; `is_stopped` by a signal, so that nothing is known of servers that were not reached yet."""
    if not is_stopped:
        states = {connection.state for connection in _needed(daemon)}
        if "refused" in states:
            return Exit.REFUSED
        if states - {"ok"}:
            return Exit.UNREACHABLE
    has_bad = any(daemon.recent.outcomes[outcome] for outcome in BAD)
    has_left = any(True for _ in _left_in_place(daemon))
    is_open = has_bad or has_left or daemon.coordinator.single_pass.leaves_something()
    return Exit.ATTENTION if is_open else Exit.GOOD


def report(daemon: Daemon) -> Iterator[str]:
    """Yield the counts in one line, then a line for each file and hot folder that needs somebody, and what to do."""
    wants = attention.take(daemon.coordinator)
    counts = [f"{count} {name}" for name, count in sorted(daemon.recent.outcomes.items())]
    folders = snapshot.take(daemon.coordinator, daemon.recent)["folders"]
    totals = {kind: sum(folder["counts"][kind] for folder in folders) for kind in _LEFT}  # the lists are cut
    counts += [f"{totals[kind]} {word}" for kind, word in _LEFT.items() if totals[kind]]
    open_ = {word: sum(folder["counts"][kind] for folder in folders for kind in kinds) for word, kinds in _OPEN.items()}
    counts += [f"{count} {word}" for word, count in open_.items() if count]
    left = list(_left_in_place(daemon))
    counts += [f"{len(left)} left in place"] if left else []
    yield ", ".join(counts) or "nothing to do"
    bad = [drop for drop, _ in daemon.recent.unwell.of_this_run() if drop.outcome in BAD]
    for drop in islice(reversed(bad), NAMED):
        yield _line(
            str(drop.outcome),
            drop.folder,
            drop.path,
            drop.reason,
            cures.of_outcome(drop.outcome, was_kept=drop.was_kept),
        )
    for kind, word in _LEFT.items():
        for file in wants[kind][:NAMED]:
            yield _line(word, file["folder"], file["path"], file["reason"], file.get("cure"))
    for name, path, reason in islice(left, NAMED):
        yield _line("not sent", name, path, reason.removeprefix(_LEFT_IN_PLACE), cures.of_left(reason))
    for missing in wants["names"]:
        yield _line("waiting", ", ".join(missing["folders"]), "", missing["reason"], missing["cure"])
    needed = {connection.name for connection in _needed(daemon)}
    for server in wants["servers"]:
        if server["name"] in needed and server["error"] is not None:
            place = "the server" if len(wants["servers"]) == 1 else f"server {server['name']}"
            yield _line(server["state"], place, "", server["error"], server["cure"])
    for folder in wants["folders"]:
        yield _line(folder["state"], folder["folder"], "", folder["reason"], folder["cure"])


_LEFT = {"held": "held", "settling": "not complete"}
"""What a pass may leave in its place: lists of `attention.take`, counts of a snapshot, and what is said of them."""

_OPEN = {"waiting": ("ready",), "under way": ("working", "processing")}
"""What else it may leave, as counts of a snapshot: what they wait for is said of servers, names and hot folders."""

_LEFT_IN_PLACE = wording.LEFT_IN_PLACE.format(unsafe="")


def _left_in_place(daemon: Daemon) -> Iterator[tuple[str, str, str]]:
    """Yield what is not ignored on purpose, but for what it is: hot folder, path and reason."""
    for name, desk in daemon.coordinator.desks.items():
        for path, reason in desk.ignored.items():
            if cures.of_left(reason) is not None:
                yield name, path, reason


def _line(what: str, folder: str, path: str, reason: str, cure: str | None = None) -> str:
    place = f"{folder}/{path}" if path else folder
    return shown(f"{what}: {place}: {reason}" + (f" ({cure})" if cure else ""))
