"""
The daemon's state as plain data, in the shape of DESIGN 4.4; taken in the coordinator's own thread, read by any.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hotfolder.core.board import Board
from hotfolder.core.connection import Connection, worst
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.intake import Desk
from hotfolder.core.model import Drop, DropState, Job, JobState, Unfinished
from hotfolder.core.notes import receipt
from hotfolder.status import publishing
from hotfolder.status.plain import stamp
from hotfolder.status.unwell import Unwell

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
    JobState.SEEKING: "asking",
    JobState.CLOSING: "closing",
    JobState.ENDED: "processing",
    JobState.OVER: "filing",
    JobState.GHOST: "watched",
    JobState.CLOSED: "done",
    JobState.VOID: "done",
}


COUNTS = ("settling", "ready", "working", "processing", "held", "done", "check", "failed", "ignored")

SENT = (DropState.SENT, DropState.DOUBTED, DropState.FILING)
"""Drops of a job that have left this machine."""

NO_DAEMON = "no daemon is running: this is what the ledger says"

Totals = Mapping[str, Mapping[str, int]]
"""Finished drops by hot folder and outcome, all that the ledger knows."""


class Recent:
    """
    The latest finished drops, newest first, and how many there are of each outcome.

    The daemon's loop adds to it, and reads it for the questions it is asked.
    """

    def __init__(
        self,
        totals: Totals | None = None,
        latest: Iterable[tuple[Drop, Job | None]] = (),
        unwell: Iterable[tuple[Drop, Job | None]] = (),
    ) -> None:
        """`totals`, `latest` and `unwell`, newest first, are what the ledger knew when the daemon began."""
        self.unwell = Unwell(unwell)
        self._latest: deque[tuple[Drop, Job | None]] = deque(latest, maxlen=RECENT)
        self.outcomes: Counter[str] = Counter()  # since the daemon began
        self.by_folder: dict[str, Counter[str]] = {name: Counter(dict(of)) for name, of in (totals or {}).items()}

    def add(self, drop: Drop, job: Job | None) -> None:
        """Take one in."""
        self._latest.appendleft((drop, job))
        self.unwell.ended(drop, job)
        if drop.outcome is not None:
            self.outcomes[drop.outcome] += 1
            self.by_folder.setdefault(drop.folder, Counter())[drop.outcome] += 1

    def entries(self) -> list[dict[str, Any]]:
        """Return the latest with the receipt's keys."""
        return [receipt(drop, job) for drop, job in self._latest]

    def latest(self) -> tuple[tuple[Drop, Job | None], ...]:
        """Return the latest themselves, in the same order; nobody changes them any more."""
        return tuple(self._latest)


def take(coordinator: Coordinator, recent: Recent) -> Snapshot:
    """Return the state of a running daemon."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in coordinator.desks}
    for drop in coordinator.board.drops.values():
        counts[drop.folder][state_of(coordinator, drop)] += 1
    servers = [_server(connection) for connection in coordinator.connections.values()]
    several = {"servers": servers} if len(servers) > 1 else {}
    return {
        "server": _server(worst(coordinator.connections.values()), is_named=False),
        **several,
        **_limited(coordinator.board),
        "folders": [
            _folder(desk, counts[name], recent.by_folder.get(name, Counter()))
            for name, desk in coordinator.desks.items()
        ],
        "jobs": [_job(coordinator, job) for job in coordinator.board.jobs.values() if job.state is not JobState.GHOST],
        "publishing": publishing.of_daemon(coordinator),
        "recent": recent.entries(),
    }


def _server(connection: Connection, *, is_named: bool = True) -> dict[str, Any]:
    return {
        **({"name": connection.name} if is_named else {}),
        "state": connection.shown_state,
        "since": stamp(connection.since),
        "error": connection.shown_error,
        "password_expires": stamp(connection.expiry.at),
        **_reduced(connection),
    }


def _reduced(connection: Connection) -> dict[str, Any]:
    """Return how many POSTs go side by side, where these are fewer than the settings allow."""
    parallelism = connection.parallelism
    return {"parallel": {"now": parallelism.limit, "most": parallelism.most}} if parallelism.is_reduced else {}


def _limited(board: Board) -> dict[str, Any]:
    """Return the limit of the line, where there is one just now; `until` is by the local clock, as in the settings."""
    bandwidth, local = board.settings.upload.bandwidth, board.now.local
    limit = bandwidth.limit_at(local)
    if limit is None:
        return {}
    until = bandwidth.holds_until(local)
    return {"bandwidth": {"bytes_s": round(limit), "until": None if until is None else f"{until:%H:%M}"}}


def _of_server(board: Board, name: str) -> dict[str, str]:
    """Return the server's name where there are several."""
    return {"server": name} if board.server_name(name) else {}


def folder_state(desk: Desk) -> str:
    """Return the state for people; one that has not answered yet, as a share that hangs does not, is no good one."""
    return "degraded" if desk.state == "opening" else desk.state


def state_of(coordinator: Coordinator, drop: Drop) -> str:
    """Return the state for people of a drop under way."""
    if coordinator.filing.trouble_of(drop):
        return "held"
    return PEOPLE[drop.state]


def _folder(desk: Desk, counts: Counter[str], outcomes: Counter[str]) -> dict[str, Any]:
    held = sum(entry.held is not None for entry in desk.settling.values())
    return {
        "name": desk.folder.name,
        "path": str(desk.folder.path),
        **_of_server(desk.board, desk.folder.server),
        "state": folder_state(desk),
        "counts": {
            "settling": len(desk.settling) - held,
            "ready": counts["ready"],
            "working": counts["working"],
            "processing": counts["processing"],
            "held": counts["held"] + held,
            **_ends(outcomes),
            "ignored": desk.ignored_count,
        },
    }


def _ends(outcomes: Mapping[str, int]) -> dict[str, int]:
    """Return how many drops lie in each of the three places, by where their outcomes lead."""
    places = {
        "done": ("stored", "updated"),
        "check": ("renamed", "unknown"),
        "failed": ("failed", "duplicate", "rejected"),
    }
    return {place: sum(outcomes.get(name, 0) for name in names) for place, names in places.items()}


def _job(coordinator: Coordinator, job: Job) -> dict[str, Any]:
    run = coordinator.runs.all.get(job.id)
    members = coordinator.board.members_of(job)
    follow = coordinator.tracking.follows.get(job.id)
    active = follow.active if follow else None
    if job.state is JobState.OVER:  # its drops leave it one by one as they are filed
        files_sent, bytes_sent = job.files_total, job.bytes_total
        files_done = job.files_total
    else:
        files_sent = sum(drop.state in SENT for drop in members)
        bytes_sent = sum(drop.identity.size_bytes for drop in members if drop.state in SENT)
        bytes_sent += run.bytes_now if run else 0
        files_done = sum(drop.state is DropState.FILING for drop in members)
        files_done = min(max(files_done, (active.files_done if active else 0) or 0), job.files_total)
    progress = 0.0
    if job.state in (JobState.OVER, JobState.CLOSED):
        progress = 1.0
    elif active is not None and active.progress is not None:
        progress = active.progress
    return {
        "name": job.name,
        "handle": job.handle,
        "folder": job.folder,
        **_of_server(coordinator.board, job.server),
        "state": JOB_STATES[job.state],
        "progress": round(min(max(progress, 0.0), 1.0), 3),
        "files_total": job.files_total,
        "files_sent": files_sent,
        "files_done": files_done,
        "bytes_total": job.bytes_total,
        "bytes_sent": min(bytes_sent, job.bytes_total),
        "started_at": stamp(job.created_at),
    }


def from_ledger(
    servers: Sequence[str],
    folders: Iterable[tuple[str, str]],
    unfinished: Unfinished,
    totals: Totals,
    recent: list[dict[str, Any]],
) -> Snapshot:
    """Return what the ledger alone tells, when no daemon runs: nothing settles and nobody has asked the server."""
    counts: dict[str, Counter[str]] = {}
    members: dict[int | None, list[Drop]] = {}
    for drop in unfinished.drops:
        counts.setdefault(drop.folder, Counter())[PEOPLE[drop.state]] += 1
        members.setdefault(drop.job, []).append(drop)
    held = {folder.name for folder in unfinished.folders.values() if folder.held}
    server = {"state": "unreachable", "since": None, "error": NO_DAEMON, "password_expires": None}
    return {
        "server": server,
        **({"servers": [{"name": name, **server} for name in servers]} if len(servers) > 1 else {}),
        "folders": [
            {
                "name": name,
                "path": path,
                "state": "held" if name in held else "degraded",
                "counts": dict.fromkeys(COUNTS, 0) | counts.get(name, Counter()) | _ends(totals.get(name, {})),
            }
            for name, path in folders
        ],
        "jobs": [
            _job_at_rest(job, members.get(job.id, [])) for job in unfinished.jobs if job.state is not JobState.GHOST
        ],
        "publishing": publishing.at_rest(unfinished.publishes),
        "recent": recent,
    }


def _job_at_rest(job: Job, members: list[Drop]) -> dict[str, Any]:
    sent = [drop for drop in members if drop.state in SENT]
    return {
        "name": job.name,
        "handle": job.handle,
        "folder": job.folder,
        "state": JOB_STATES[job.state],
        "progress": 1.0 if job.state is JobState.OVER else 0.0,
        "files_total": job.files_total,
        "files_sent": len(sent),
        "files_done": sum(drop.state is DropState.FILING for drop in members),
        "bytes_total": job.bytes_total,
        "bytes_sent": sum(drop.identity.size_bytes for drop in sent),
        "started_at": stamp(job.created_at),
    }
