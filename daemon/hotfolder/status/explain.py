"""
What would become, or became, of one path: by the rules of its hot folder and by what the ledger knows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from hotfolder.core import naming
from hotfolder.core.litter import is_reserved
from hotfolder.core.model import Drop, DropState, Job
from hotfolder.core.rules import Router
from hotfolder.core.settings import FolderSettings, Settings
from hotfolder.core.wording import shown
from hotfolder.status.snapshot import PEOPLE, stamp

Found = Sequence[tuple[Drop, Job | None]]


def place_of(settings: Settings, path: Path) -> tuple[FolderSettings, str] | None:
    """Return the hot folder a path lies in and the path inside it, None if it lies in none."""
    whole = Path(os.path.normpath(path.absolute()))
    for folder in settings.folders:
        for root in (folder.path, folder.path.resolve()):
            if whole.is_relative_to(root):
                return folder, str(whole.relative_to(root))
    return None


def explain(settings: Settings, path: Path, found: Found, *, exists: bool, today: date) -> dict[str, Any]:
    """
    Return everything about a path as plain data.

    `found` is what the ledger says, newest first; keys that do not apply are None.
    """
    place = place_of(settings, path)
    if place is None:
        folders = ", ".join(str(folder.path) for folder in settings.folders)
        return {"path": str(path), "folder": None, "state": None, "reason": f"in none of the hot folders: {folders}"}
    folder, inside = place
    answer: dict[str, Any] = {"path": str(path), "folder": folder.name, "inside": inside}
    latest, job = found[0] if found else (None, None)
    if latest is not None:
        answer |= _known(folder, latest, job)
        answer["earlier"] = len(found) - 1
        return answer | _plan(folder, latest.origin or latest.path, today)
    reserved = is_reserved(inside.partition("/")[0])
    if reserved:
        answer |= {"state": None, "reason": "this place is ours: what lies here is not watched"}
        return answer
    ignored = Router(folder).ignored(inside)
    if ignored is not None:
        return answer | {"state": None, "reason": f"not a drop: {ignored}"}
    unusable = naming.unusable(inside.rpartition("/")[2])
    if unusable is not None:
        return answer | {"state": None, "reason": f"it would be rejected: {unusable}"}
    state = "settling" if exists else None
    reason = (
        "not in the ledger: the daemon has not found it complete yet, or is not running"
        if exists
        else "nothing is there, and nothing of this name was ever seen"
    )
    return answer | {"state": state, "reason": reason} | _plan(folder, inside, today)


def _plan(folder: FolderSettings, inside: str, today: date) -> dict[str, Any]:
    route = Router(folder).route(inside, today)
    name = inside.rpartition("/")[2]
    return {
        "rule": None if route.rule is None else route.rule + 1,
        "destination": route.destination,
        "asset": naming.asset_id(name),
        "options": json.loads(route.options),
    }


def _known(folder: FolderSettings, drop: Drop, job: Job | None) -> dict[str, Any]:
    where = drop.target_path if drop.state is DropState.FILED else drop.work_path
    return {
        "state": PEOPLE[drop.state],
        "reason": drop.reason or _waits(drop),
        "drop": drop.id,
        "outcome": drop.outcome.value if drop.outcome else None,
        "evidence": drop.evidence,
        "seen_at": stamp(drop.seen_at),
        "ready_at": stamp(drop.ready_at),
        "stored_at": stamp(drop.stored_at),
        "filed_at": stamp(drop.filed_at),
        "now_at": str(folder.path / (where or drop.path)),
        "job": job.name if job else None,
        "job_handle": job.handle if job else None,
        "retry_of": drop.retry_of,
    }


def _waits(drop: Drop) -> str:
    match drop.state:
        case DropState.READY:
            return "complete; waits for its batch to form"
        case DropState.CLAIMING | DropState.CLAIMED:
            return "taken over; waits for its turn to be sent"
        case DropState.SENDING:
            return "being sent"
        case DropState.SENT:
            return "sent; the server works on it"
        case DropState.DOUBTED:
            return "the server's answer was lost; it is being asked whether it has the file"
        case DropState.FILING:
            return "decided; on its way to its place"
        case DropState.HELD:
            return "held until a person decides"
        case DropState.FILED | DropState.WITHDRAWN:
            return ""


def as_text(answer: dict[str, Any]) -> str:
    """Return an explanation as lines for a terminal."""
    labels = [
        ("state", "State"),
        ("outcome", "Outcome"),
        ("reason", "Why"),
        ("now_at", "Now at"),
        ("folder", "Hot folder"),
        ("rule", "Rule"),
        ("destination", "Destination"),
        ("asset", "Asset ID"),
        ("job", "Job"),
        ("job_handle", "Job handle"),
        ("seen_at", "Seen"),
        ("ready_at", "Complete"),
        ("evidence", "Evidence"),
        ("stored_at", "Decided"),
        ("filed_at", "Filed"),
    ]
    lines = [shown(str(answer["path"]))]
    for key, label in labels:
        value = answer.get(key)
        if value not in (None, ""):
            lines.append(f"  {label + ':':<13}{shown(str(value))}")
    options = answer.get("options")
    if options:
        lines.append("  Options:")
        lines += [f"    {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in sorted(options.items())]
    return "\n".join(lines)
