"""
The daemon's state as plain data, in the shape of DESIGN 4.4; taken in the coordinator's own thread, read by any.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.intake import Desk
from hotfolder.core.model import Drop, DropState, Job, JobState, Unfinished
from hotfolder.core.notes import receipt

Snapshot = dict[str, Any]

RECENT = 50  # outcomes kept for `recent`

PEOPLE: dict[DropState, str] = {
    DropState.READY: "ready",
    DropState.CLAIMING: "working",
    DropState.CLAIMED: "working",
    DropState.SENDING: "working",
    DropState.SENT: "processing",
    DropState.DOUBTED: "processing",
    DropState.FILING: "processing",
    DropState.HELD: "held",
    DropState.FILED: "done",
    DropState.WITHDRAWN: "done",
}
"""Drop states for people and JSON (DESIGN 4.4)."""

JOB_STATES: dict[JobState, str] = {
    JobState.CLAIMING: "claiming",
    JobState.PLANNED: "waiting",
    JobState.OPENING: "sending",
    JobState.OPEN: "sending",
    JobState.SEEKING: "asking the server",
    JobState.CLOSING: "closing",
    JobState.ENDED: "processing",
    JobState.OVER: "filing",
    JobState.GHOST: "watched",
    JobState.CLOSED: "done",
    JobState.VOID: "done",
}


def stamp(at: datetime | None) -> str | None:
    """Return RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Recent:
    """The latest finished drops, newest first, and how many of each outcome since the daemon began."""

    def __init__(self) -> None:
        self._latest: deque[tuple[Drop, Job | None]] = deque(maxlen=RECENT)
        self.outcomes: Counter[str] = Counter()
        self.by_folder: dict[str, Counter[str]] = {}

    def add(self, drop: Drop, job: Job | None) -> None:
        """Take one in."""
        self._latest.appendleft((drop, job))
        if drop.outcome is not None:
            self.outcomes[drop.outcome] += 1
            self.by_folder.setdefault(drop.folder, Counter())[drop.outcome] += 1

    def entries(self) -> list[dict[str, Any]]:
        """Return the latest with the receipt's keys."""
        return [receipt(drop, job) for drop, job in self._latest]


def take(coordinator: Coordinator, recent: Recent) -> Snapshot:
    """Return the state of a running daemon."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in coordinator.desks}
    for drop in coordinator.board.drops.values():
        counts[drop.folder][_state_of(coordinator, drop)] += 1
    connection = coordinator.connection
    return {
        "server": {
            "state": "ok" if connection.state == "starting" else connection.state,
            "since": stamp(connection.since),
            "error": connection.error,
        },
        "folders": [
            _folder(desk, counts[name], recent.by_folder.get(name, Counter()))
            for name, desk in coordinator.desks.items()
        ],
        "jobs": [_job(coordinator, job) for job in coordinator.board.jobs.values() if job.state is not JobState.GHOST],
        "recent": recent.entries(),
    }


def _state_of(coordinator: Coordinator, drop: Drop) -> str:
    if coordinator.filing.trouble_of(drop):
        return "held"
    return PEOPLE[drop.state]


def _folder(desk: Desk, counts: Counter[str], outcomes: Counter[str]) -> dict[str, Any]:
    held = sum(entry.held is not None for entry in desk.settling.values())
    return {
        "name": desk.folder.name,
        "path": str(desk.folder.path),
        "state": "watching" if desk.state == "opening" else desk.state,
        "reason": desk.reason,
        "counts": {
            "settling": len(desk.settling) - held,
            "ready": counts["ready"],
            "working": counts["working"],
            "processing": counts["processing"],
            "held": counts["held"] + held,
            "done": outcomes["stored"] + outcomes["updated"],
            "check": outcomes["renamed"] + outcomes["unknown"],
            "failed": outcomes["failed"] + outcomes["duplicate"] + outcomes["rejected"],
            "ignored": desk.ignored_count,
        },
    }


def _job(coordinator: Coordinator, job: Job) -> dict[str, Any]:
    run = coordinator.posting.runs.get(job.id)
    members = coordinator.board.members_of(job)
    sent = (DropState.SENT, DropState.DOUBTED, DropState.FILING)
    files_sent = sum(drop.state in sent for drop in members)
    bytes_sent = sum(drop.identity.size_bytes for drop in members if drop.state in sent)
    follow = coordinator.tracking.follows.get(job.id)
    active = follow.active if follow else None
    files_done = sum(drop.state is DropState.FILING for drop in members)
    progress = 0.0
    if job.state in (JobState.OVER, JobState.CLOSED):
        progress = 1.0
    elif active is not None and active.progress is not None:
        progress = active.progress
    return {
        "name": job.name,
        "handle": job.handle,
        "folder": job.folder,
        "state": JOB_STATES[job.state],
        "progress": round(min(max(progress, 0.0), 1.0), 3),
        "files_total": job.files_total,
        "files_sent": files_sent,
        "files_done": max(files_done, active.files_done or 0) if active else files_done,
        "bytes_total": job.bytes_total,
        "bytes_sent": bytes_sent + (run.bytes_now if run else 0),
        "started_at": stamp(job.created_at),
    }


def from_ledger(folders: Iterable[tuple[str, str]], unfinished: Unfinished, recent: list[dict[str, Any]]) -> Snapshot:
    """Return what the ledger alone tells, when no daemon runs: nothing settles and nobody has asked the server."""
    counts: dict[str, Counter[str]] = {}
    for drop in unfinished.drops:
        counts.setdefault(drop.folder, Counter())[PEOPLE[drop.state]] += 1
    states = ("settling", "ready", "working", "processing", "held", "done", "check", "failed", "ignored")
    return {
        "server": {
            "state": "unreachable",
            "since": None,
            "error": "no daemon is running: this is what the ledger says",
        },
        "folders": [
            {
                "name": name,
                "path": path,
                "state": "degraded",
                "reason": "no daemon is running",
                "counts": {state: counts.get(name, Counter())[state] for state in states},
            }
            for name, path in folders
        ],
        "jobs": [
            {
                "name": job.name,
                "handle": job.handle,
                "folder": job.folder,
                "state": JOB_STATES[job.state],
                "progress": 1.0 if job.state is JobState.OVER else 0.0,
                "files_total": job.files_total,
                "files_sent": 0,
                "files_done": 0,
                "bytes_total": job.bytes_total,
                "bytes_sent": 0,
                "started_at": stamp(job.created_at),
            }
            for job in unfinished.jobs
            if job.state is not JobState.GHOST
        ],
        "recent": recent,
    }
