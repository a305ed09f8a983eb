"""
What only the running daemon knows of one path: what it waits for, and when something happens next.

Asked in the coordinator's own thread.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from hotfolder.core import wording
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.model import Drop, DropState, Job, JobState
from hotfolder.core.settings import SettleSettings
from hotfolder.core.settling import Settling
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


_NOT_STUCK = (wording.JUST_FOUND, wording.STILL_WRITTEN, wording.LAST_LOOK)
_NOT_YET_QUIET = wording.NOT_QUIET.partition("{")[0]


class Next(StrEnum):
    """What happens to a drop at the moment that is told as its next."""

    LOOK = "look"  # it is looked at again
    BATCH = "batch"  # its batch forms
    NAMES = "names"  # the server is asked again for what its options name
    SERVER = "server"  # the server is tried again
    SEND = "send"  # it is sent, or sent again
    ASK = "ask"  # the server is asked how far it is
    FILE = "file"  # putting it in its place is tried again


class _Wait(NamedTuple):
    reason: str
    next_s: float | None = None
    what: Next | None = None


def waiting(coordinator: Coordinator, folder: str, inside: str) -> dict[str, Any]:
    """
    Return `state`, `reason`, `cure` and `next_at` of a path that is under way; nothing where nothing is known of it.

    `inside` is the path in the hot folder: where it was dropped, or where it lies in `_working`. `drop` is the number
    of the drop, None before it is complete; a `state` of None means that the path is no drop. `folder_waits` is there
    where nothing is known of the path and nothing can be, as long as its hot folder is as it is. `next` is what
    happens at `next_at`. Of a file that settles: `limit` is what it comes to at `limit_at` if it stays as it is, "held"
    or "rejected". Of one on its way: how far it is, `sent_bytes` of `size_bytes`, then `progress` from 0 to 1 of all
    that is sent with it.
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
            "next": Next.LOOK.value,
            "seen_at": stamp(entry.seen_at),
            **limit_of(coordinator, desk.folder.settle, entry),
        }
    elif drop is not None:
        answer = of_drop(coordinator, drop) | _how_far(coordinator, drop)
    elif inside in desk.ignored:
        why = desk.ignored[inside]
        return {"state": None, "reason": NOT_A_DROP.format(why=why), "cure": cures.of_left(why)}
    if answer.get("state") in (None, "settling", "ready") and not desk.may_send:
        waits = FOLDER_WAITS.format(state=folder_state(desk), reason=desk.reason or NOT_ANSWERED)
        cure = cures.of_folder(folder, desk.state, desk.reason)
        answer |= {"reason" if answer else "folder_waits": waits, "cure": cure, "next_at": None, "next": None}
    return answer


def limit_of(coordinator: Coordinator, settings: SettleSettings, entry: Settling) -> dict[str, Any]:
    """Return what a file comes to that stays incomplete, or empty, and when; nothing while it may still be written."""
    track = entry.track
    if track is None or entry.held or entry.missing in _NOT_STUCK or entry.missing.startswith(_NOT_YET_QUIET):
        return {}
    is_empty = entry.missing == wording.STILL_EMPTY
    limit_s = settings.empty_grace_s if is_empty else settings.limit_s
    at = moment_of(coordinator, track.unchanged_since_s + limit_s)
    return {"limit": "rejected" if is_empty else "held", "limit_at": at}


def _how_far(coordinator: Coordinator, drop: Drop) -> dict[str, Any]:
    """Return how much of a drop is sent; and then, how much of its job the server has done, where it says so."""
    follow = None if drop.job is None else coordinator.tracking.follows.get(drop.job)
    progress = follow.active.progress if drop.state is DropState.SENT and follow and follow.active else None
    return {
        "size_bytes": drop.identity.size_bytes,
        "sent_bytes": coordinator.posting.sent_bytes_of(drop),
        "progress": progress,
    }


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
    wait = _waits_for(coordinator, drop, job)
    cure = cures.of_held(drop.reason, is_filing=drop.state is DropState.FILING) if state == "held" else None
    if drop.state in (DropState.READY, DropState.CLAIMED) and job is None:
        cure = cures.of_names(coordinator.lookup.waits_for(drop.server, drop.options))
    next_at = moment_of(coordinator, wait.next_s)
    return {
        "drop": drop.id,
        "state": state,
        "reason": wait.reason,
        "cure": cure,
        "next_at": next_at,
        "next": wait.what.value if wait.what and next_at else None,
    }


def _waits_for(coordinator: Coordinator, drop: Drop, job: Job | None) -> _Wait:
    connection = coordinator.connections.get(drop.server)
    if connection is not None and not connection.is_ok and drop.state not in (DropState.FILING, DropState.HELD):
        name, error = coordinator.board.server_name(connection.name), connection.error
        silent, spoken = (NAMED_SERVER_WAITS, NAMED_SERVER_WAITS_WHY) if name else (SERVER_WAITS, SERVER_WAITS_WHY)
        values = {"state": STATES[connection.state], "server": name, "message": error}
        return _Wait((spoken if error else silent).format(**values), connection.next_wake_s(), Next.SERVER)
    match drop.state:
        case DropState.READY | DropState.CLAIMED if job is None:
            if coordinator.dispatch.is_behind(drop):
                return _Wait(BEHIND.format(asset=drop.asset))
            if coordinator.dispatch.taken.is_asked(drop):
                return _Wait(NAME_ASKED.format(asset=drop.asset))
            names = coordinator.lookup.waits_for(drop.server, drop.options)
            if names is not None:
                return _Wait(names, coordinator.lookup.next_look_s(drop.server, drop.options), Next.NAMES)
            if coordinator.dispatch.is_due(drop) and _has_too_few_places(coordinator, drop.server):
                return _Wait(FEWER)
            lingers = LINGERS_AGAIN if drop.tries and drop.reason else LINGERS
            text = lingers.format(tries=drop.tries, reason=drop.reason)
            return _Wait(text, coordinator.dispatch.waits_until_s(drop), Next.BATCH)
        case DropState.READY | DropState.CLAIMING | DropState.CLAIMED:
            names = coordinator.lookup.waits_for(drop.server, drop.options) if job and job.handle is None else None
            if names is not None and drop.state is DropState.CLAIMED:
                looks_s = coordinator.lookup.next_look_s(drop.server, drop.options)
                return _Wait(TAKEN_OVER_WAITS.format(reason=names), looks_s, Next.NAMES)
            run = coordinator.runs.all.get(job.id) if job else None
            next_s = run.not_before_s if run and run.not_before_s > coordinator.board.now.monotonic else None
            is_next = next_s is None and drop.state is DropState.CLAIMED
            if is_next and _has_too_few_places(coordinator, drop.server):
                return _Wait(TAKEN_OVER_FEWER)
            return _Wait(TAKEN_OVER, next_s, Next.SEND)
        case DropState.SENDING:
            return _Wait(BEING_SENT)
        case DropState.SENT:
            if job is not None and coordinator.tracking.is_overdue(job):
                return _Wait(OVERDUE)
            return _Wait(SENT, coordinator.tracking.next_wake_s(), Next.ASK)
        case DropState.DOUBTED:
            if job is not None and job.state is JobState.SEEKING:
                return _Wait(ASKED, coordinator.tracking.next_wake_s(), Next.ASK)
            return _Wait(LOG_TELLS, coordinator.tracking.next_wake_s(), Next.ASK)
        case DropState.FILING:
            trouble = coordinator.filing.trouble_of(drop)
            if trouble is None:
                return _Wait(DECIDED)
            text = NOT_FILED.format(outcome=drop.outcome, reason=trouble)
            return _Wait(text, coordinator.filing.tries_again_s(drop), Next.FILE)
        case DropState.HELD | DropState.FILED | DropState.WITHDRAWN:
            return _Wait(drop.reason)


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
