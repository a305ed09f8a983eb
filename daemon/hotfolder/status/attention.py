"""
What does not go on by itself, or not at the moment: servers, hot folders, held drops, and what is ignored; and what
does, but should be looked at.

Asked in the coordinator's own thread; plain data, like a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from hotfolder.core.connection import Connection
from hotfolder.core.coordinator import Coordinator
from hotfolder.status import cures
from hotfolder.status.live import NOT_ANSWERED, limit_of, moment_of, of_drop
from hotfolder.status.plain import stamp
from hotfolder.status.snapshot import folder_state, state_of

LISTED = 100
"""Entries of each list of files: more would not be read; the counts are complete."""


def take(coordinator: Coordinator) -> dict[str, Any]:
    """Return what wants a person, with the reason and what can be done."""
    return {
        "servers": [_server(coordinator, connection) for connection in coordinator.connections.values()],
        "folders": [
            {
                "folder": name,
                "state": folder_state(desk),
                "reason": desk.reason or NOT_ANSWERED,
                "cure": cures.of_folder(name, desk.state, desk.reason),
            }
            for name, desk in coordinator.desks.items()
            if desk.state in ("opening", "degraded", "held")
        ],
        "names": [
            {
                "server": coordinator.board.server_name(missing.server),
                "folders": list(missing.folders),
                "reason": missing.reason,
                "cure": cures.of_names(missing.reason),
                "next_at": moment_of(coordinator, missing.next_s),
            }
            for missing in islice(coordinator.lookup.missing(), LISTED)
        ],
        "held": list(islice(_held(coordinator), LISTED)),
        "settling": list(islice(settling(coordinator), LISTED)),
        "cautions": list(islice(_cautions(coordinator), LISTED)),
        "ignored": list(islice(_ignored(coordinator), LISTED)),
    }


def _server(coordinator: Coordinator, connection: Connection) -> dict[str, Any]:
    return {
        "name": connection.name,
        "state": connection.shown_state,
        "since": stamp(connection.since),
        "error": connection.shown_error,
        "cure": cures.of_server(connection.state, connection.name),
        "password_expires": stamp(connection.expiry.at),
        "password_cure": cures.of_password(connection.name) if connection.expiry.is_near else None,
        "next_at": None if connection.is_ok else moment_of(coordinator, connection.next_wake_s()),
    }


def _held(coordinator: Coordinator) -> Iterator[dict[str, Any]]:
    for name, desk in coordinator.desks.items():
        for entry in desk.settling.values():
            if entry.held is not None:
                yield {
                    "drop": None,
                    "folder": name,
                    "path": entry.path,
                    "reason": entry.held,
                    "cure": cures.of_held(entry.held),
                    "next_at": moment_of(coordinator, entry.due_s),
                }
    for drop in coordinator.board.drops.values():
        if state_of(coordinator, drop) == "held":
            yield {"folder": drop.folder, "path": drop.path} | of_drop(coordinator, drop)


def settling(coordinator: Coordinator) -> Iterator[dict[str, Any]]:
    """Yield the files that are not complete yet: what each waits for, and what it comes to when if it stays so."""
    for name, desk in coordinator.desks.items():
        for entry in desk.settling.values():
            if entry.held is None and entry.missing:
                limit = limit_of(coordinator, desk.folder.settle, entry)
                yield {"folder": name, "path": entry.path, "reason": entry.missing} | limit


def _cautions(coordinator: Coordinator) -> Iterator[dict[str, Any]]:
    """Yield what is worth a look before it is sent, and goes on by itself all the same."""
    for drop in coordinator.board.drops.values():
        if drop.caution:
            yield {"folder": drop.folder, "path": drop.path, "caution": drop.caution}


def _ignored(coordinator: Coordinator) -> Iterator[dict[str, Any]]:
    for name, desk in coordinator.desks.items():
        for path, reason in desk.ignored.items():
            yield {"folder": name, "path": path, "reason": reason}
