"""
What only the running daemon knows of one path: what it waits for, and when something happens next.

Asked in the coordinator's own thread.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hotfolder.core.coordinator import Coordinator
from hotfolder.core.model import Drop, DropState, Job, JobState
from hotfolder.core.wording import BY_PERSON
from hotfolder.status import cures
from hotfolder.status.plain import stamp
from hotfolder.status.snapshot import folder_state, state_of

LAST_LEDGER_LOOK = "a last look into the ledger"
NOT_A_DROP = "not a drop: {why}"
FOLDER_WAITS = "the hot folder is {state}: {reason}"
NOT_ANSWERED = "it has not answered yet"
SERVER_WAITS = "waits for the server, which is {state}"
SERVER_WAITS_WHY = "waits for the server, which is {state}: {message}"
NAMED_SERVER_WAITS = "waits for the server {server}, which is {state}"
NAMED_SERVER_WAITS_WHY = "waits for the server {server}, which is {state}: {message}"
STATES = {
    "starting": "not known yet",
    "unreachable": "unreachable",
    "refused": "refusing",
    "degraded": "degraded",
    "held": "held",
    "watching": "watching",
    "polling": "polling",
}
BEHIND = 'waits for another file that becomes "{asset}" as well'
NAME_ASKED = 'complete; the server is asked whether the name "{asset}" is free'
LINGERS = "complete; waits for its batch to form"
LINGERS_AGAIN = "complete; waits for its batch to form after trying {tries} times ({reason})"
FEWER = "complete; fewer uploads side by side, since the server had trouble"
TAKEN_OVER_FEWER = "taken over; fewer uploads side by side, since the server had trouble"
TAKEN_OVER = "taken over; waits for its turn to be sent"
TAKEN_OVER_WAITS = "taken over; {reason}"
BEING_SENT = "being sent"
OVERDUE = "the server has not finished in time; the file is safe in _working"
SENT = "sent; the server works on it"
ASKED = "the server's answer was lost; it is asked whether it has the file"
LOG_TELLS = "the server's answer was lost; its log will tell"
DECIDED = "decided; on its way to its place"
NOT_FILED = "decided ({outcome}), but could not be put in its place yet: {reason}"


def waiting(coordinator: Coordinator, folder: str, inside: str) -> dict[str, Any]:
    """
    Return `state`, `reason`, `cure` and `next_at` of a path that is under way; nothing where nothing is known of it.

    `inside` is the path in the hot folder: where it was dropped, or where it lies in `_working`. `drop` is the number
    of the drop, None before it is complete; a `state` of None means that the path is no drop. `folder_waits` is there
    where nothing is known of the path and nothing can be, as long as its hot folder is as it is.
    """
    desk = coordinator.desks.get(folder)
    if desk is None:
        return {}
    answer: dict[str, Any] = {}
    drop = _drop_at(coordinator, folder, inside)
    entry = desk.settling.get(inside)
    if entry is not None and drop is None:
        answer = {
            "drop": None,
            "state": "held" if entry.held else "settling",
            "reason": entry.held or entry.missing or LAST_LEDGER_LOOK,
            "cure": cures.of_held(entry.held) if entry.held else None,
            "caution": entry.caution or None,
            "next_at": moment_of(coordinator, entry.due_s),
        }
    elif drop is not None:
        answer = of_drop(coordinator, drop)
    elif inside in desk.ignored:
        return {"state": None, "reason": NOT_A_DROP.format(why=desk.ignored[inside])}
    if answer.get("state") in (None, "settling", "ready") and not desk.may_send:
        waits = FOLDER_WAITS.format(state=folder_state(desk), reason=desk.reason or NOT_ANSWERED)
        cure = cures.of_folder(folder, desk.state, desk.reason)
        answer |= {"reason" if answer else "folder_waits": waits, "cure": cure, "next_at": None}
    return answer


def of_folder(coordinator: Coordinator, folder: str) -> dict[str, Any]:
    """Return how a hot folder itself is doing."""
    desk = coordinator.desks[folder]
    return {
        "folder_state": folder_state(desk),
        "reason": desk.reason,
        "cure": cures.of_folder(folder, desk.state, desk.reason),
        "held_by_person": desk.reason == BY_PERSON,
    }


def _drop_at(coordinator: Coordinator, folder: str, inside: str) -> Drop | None:
    desk = coordinator.desks[folder]
    if inside in desk.in_place:
        return desk.in_place[inside]
    return next(
        (
            drop
            for drop in reversed(coordinator.board.drops.values())
            if drop.folder == folder and inside in (drop.path, drop.work_path, drop.target_path, drop.origin)
        ),
        None,
    )


def of_drop(coordinator: Coordinator, drop: Drop) -> dict[str, Any]:
    """Return what `waiting` does, of a drop that is under way."""
    job = None if drop.job is None else coordinator.board.jobs.get(drop.job)
    state = state_of(coordinator, drop)
    reason, next_s = _waits_for(coordinator, drop, job)
    cure = cures.of_held(drop.reason, is_filing=drop.state is DropState.FILING) if state == "held" else None
    if drop.state in (DropState.READY, DropState.CLAIMED) and job is None:
        cure = cures.of_names(coordinator.lookup.waits_for(drop.server, drop.options))
    return {
        "drop": drop.id,
        "state": state,
        "reason": reason,
        "cure": cure,
        "next_at": moment_of(coordinator, next_s),
    }


def _waits_for(coordinator: Coordinator, drop: Drop, job: Job | None) -> tuple[str, float | None]:
    connection = coordinator.connections.get(drop.server)
    if connection is not None and not connection.is_ok and drop.state not in (DropState.FILING, DropState.HELD):
        name, error = coordinator.board.server_name(connection.name), connection.error
        silent, spoken = (NAMED_SERVER_WAITS, NAMED_SERVER_WAITS_WHY) if name else (SERVER_WAITS, SERVER_WAITS_WHY)
        values = {"state": STATES[connection.state], "server": name, "message": error}
        return (spoken if error else silent).format(**values), connection.next_wake_s()
    match drop.state:
        case DropState.READY | DropState.CLAIMED if job is None:
            if coordinator.dispatch.is_behind(drop):
                return BEHIND.format(asset=drop.asset), None
            if coordinator.dispatch.taken.is_asked(drop):
                return NAME_ASKED.format(asset=drop.asset), None
            names = coordinator.lookup.waits_for(drop.server, drop.options)
            if names is not None:
                return names, coordinator.lookup.next_look_s(drop.server, drop.options)
            if coordinator.dispatch.is_due(drop) and _has_too_few_places(coordinator, drop.server):
                return FEWER, None
            lingers = LINGERS_AGAIN if drop.tries and drop.reason else LINGERS
            return lingers.format(tries=drop.tries, reason=drop.reason), coordinator.dispatch.waits_until_s(drop)
        case DropState.READY | DropState.CLAIMING | DropState.CLAIMED:
            names = coordinator.lookup.waits_for(drop.server, drop.options) if job and job.handle is None else None
            if names is not None and drop.state is DropState.CLAIMED:
                return TAKEN_OVER_WAITS.format(reason=names), coordinator.lookup.next_look_s(drop.server, drop.options)
            run = coordinator.runs.all.get(job.id) if job else None
            next_s = run.not_before_s if run and run.not_before_s > coordinator.board.now.monotonic else None
            is_next = next_s is None and drop.state is DropState.CLAIMED
            if is_next and _has_too_few_places(coordinator, drop.server):
                return TAKEN_OVER_FEWER, None
            return TAKEN_OVER, next_s
        case DropState.SENDING:
            return BEING_SENT, None
        case DropState.SENT:
            if job is not None and coordinator.tracking.is_overdue(job):
                return OVERDUE, None
            return SENT, coordinator.tracking.next_wake_s()
        case DropState.DOUBTED:
            if job is not None and job.state is JobState.SEEKING:
                return ASKED, coordinator.tracking.next_wake_s()
            return LOG_TELLS, coordinator.tracking.next_wake_s()
        case DropState.FILING:
            trouble = coordinator.filing.trouble_of(drop)
            if trouble is None:
                return DECIDED, None
            return (
                NOT_FILED.format(outcome=drop.outcome, reason=trouble),
                coordinator.filing.tries_again_s(drop),
            )
        case DropState.HELD | DropState.FILED | DropState.WITHDRAWN:
            return drop.reason, None


def _has_too_few_places(coordinator: Coordinator, server: str) -> bool:
    """Whether all places of a server are taken, and there were more before it had trouble."""
    connection = coordinator.connections.get(server)
    if connection is None or not connection.parallelism.is_reduced:
        return False
    return coordinator.places.busy(server) >= connection.parallelism.limit


def moment_of(coordinator: Coordinator, monotonic_s: float | None) -> str | None:
    """Return the moment of the wall clock for one of the monotonic, None for the past and for never."""
    if monotonic_s is None:
        return None
    left_s = monotonic_s - coordinator.board.now.monotonic
    return stamp(coordinator.board.now.wall + timedelta(seconds=left_s)) if left_s > 0 else None
