"""
How publishing stands, as plain data: what waits, since when something is under way, and what keeps it.

Asked in the coordinator's own thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.model import Publish, PublishState
from hotfolder.status import cures
from hotfolder.status.plain import of_local, stamp


def of_daemon(coordinator: Coordinator) -> dict[str, Any]:
    """Return the state of all companies together; `due` is None also of what is wanted as soon as possible."""
    lines = list(coordinator.publishing.lines)
    refused = next((line.refused for line in lines if line.refused is not None), None)
    return _of(
        [publish for line in lines for publish in line.open.values()],
        refused=refused if any(line.refused and line.waiting for line in lines) else None,
    )


def at_rest(publishes: Iterable[Publish]) -> dict[str, Any]:
    """Return what the ledger alone tells."""
    return _of(list(publishes), refused=None)


def _of(publishes: list[Publish], *, refused: str | None) -> dict[str, Any]:
    waiting = [publish for publish in publishes if publish.state is PublishState.WAITING]
    running = [publish for publish in publishes if publish.state is not PublishState.WAITING]
    state = "waiting" if waiting else "idle"
    if refused is not None:
        state = "refused"
    elif running:
        state = "publishing"
    return {
        "state": state,
        "files_waiting": sum(publish.files for publish in waiting),
        "due": of_local(min((publish.due for publish in waiting), default=None)),
        "running": [
            {
                "name": publish.name,
                "handle": publish.handle,
                "server": publish.server,
                "files": publish.files,
                "submitted_at": stamp(publish.submitted_at),
            }
            for publish in running
        ],
        "error": refused or next((publish.reason for publish in waiting if publish.reason), None),
        "cure": cures.of_publishing(state),
    }
