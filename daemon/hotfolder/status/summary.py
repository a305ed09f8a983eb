"""
The daemon's state in one line, for `systemctl status`.
"""

from __future__ import annotations

from collections import Counter

from hotfolder.core.connection import worst
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.model import JobState

_SERVER = {
    "starting": "signing in",
    "ok": "server ok",
    "unreachable": "server unreachable",
    "refused": "server refuses us",
}


def one_line(coordinator: Coordinator) -> str:
    """Return "server ok, 3 folders (1 degraded), 2 jobs, 118 files under way"; only the loop may call it."""
    desks = coordinator.desks.values()
    states = Counter(desk.state for desk in desks)
    troubled = [f"{states[state]} {state}" for state in ("degraded", "held") if states[state]]
    jobs = sum(job.state is not JobState.GHOST for job in coordinator.board.jobs.values())
    files = len(coordinator.board.drops) + sum(len(desk.settling) for desk in desks)
    return ", ".join(
        [
            _servers(coordinator),
            _count(len(desks), "folder") + (f" ({', '.join(troubled)})" if troubled else ""),
            _count(jobs, "job"),
            _count(files, "file") + " under way",
        ]
    )


def _servers(coordinator: Coordinator) -> str:
    connections = coordinator.connections.values()
    if len(connections) == 1:
        return _SERVER[worst(connections).state]
    troubled = [f"{_SERVER[each.state]} ({each.name})" for each in connections if not each.is_ok]
    return ", ".join(troubled) or f"{len(connections)} servers ok"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
