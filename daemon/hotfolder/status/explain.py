"""
What would become, or became, of one path: by the rules of its hot folder, by what the ledger knows, and by what only
the running daemon knows.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from hotfolder.core import litter, naming
from hotfolder.core.litter import is_reserved
from hotfolder.core.model import Drop, DropState, Job, Post, Unsafe
from hotfolder.core.rules import Router
from hotfolder.core.settings import FolderSettings, OnSuccess, Settings
from hotfolder.core.visibility import due_of, planned, published_at, visible
from hotfolder.core.wording import LEFT_IN_PLACE, UNSAFE
from hotfolder.ports import LedgerReader
from hotfolder.status import cures
from hotfolder.status.live import NOT_A_DROP
from hotfolder.status.plain import of_local, stamp
from hotfolder.status.snapshot import PEOPLE
from hotfolder.status.story import What, as_data, moments

Found = Sequence[tuple[Drop, Job | None]]

THE_FOLDER_ITSELF = "this is the hot folder itself"

_OURS = {
    litter.WORKING: "what is being sent lies there",
    litter.DONE: "what was stored lies there, and nothing in it is sent",
    litter.CHECK: "what somebody should look at lies there, and nothing in it is sent",
    litter.FAILED: "what could not be stored lies there, and nothing in it is sent",
    litter.STATUS_PAGE: "the page that tells how the files are",
}
"""What the reserved names are for."""

Kind = Literal["file", "directory", "link", "special", "nothing", "no answer"]
"""What lies at a path now; "no answer" = the share did not say in time."""


def place_of(settings: Settings, path: Path) -> tuple[FolderSettings, str] | None:
    """
    Return the hot folder a path lies in and the path inside it, None if it lies in none.

    Looks at no share: a hot folder is known by the path in its settings. "" inside is the hot folder itself.
    """
    whole = Path(os.path.normpath(path.absolute()))
    for folder in settings.folders:
        if whole.is_relative_to(folder.path):
            inside = str(whole.relative_to(folder.path))
            return folder, "" if inside == "." else inside
    return None


def forms(path: Path) -> tuple[Path, ...]:
    """Return a path as it is given, and in those Unicode forms in which it is another one (RELIABILITY B10)."""
    text = str(path)
    if text.isascii():
        return (path,)
    return tuple(dict.fromkeys((path, *(Path(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")))))


def known_at(ledger: LedgerReader, folder: str, inside: str) -> list[tuple[Drop, Job | None]]:
    """Return every drop that had, or has, this path, newest first; if there is none, in another Unicode form."""
    for form in forms(Path(inside)):
        found = ledger.find(folder, str(form))
        if found:
            return found
    return []


def explain(
    settings: Settings,
    path: Path,
    found: Found,
    *,
    kind: Kind,
    today: date,
    live: Mapping[str, Any] | None,
    objection: str | None = None,
    post: Post | None = None,
) -> dict[str, Any]:
    """
    Return everything about a path as plain data.

    `found` is what the ledger says, newest first, and `post` the one that the newest went with. `live` is what the
    running daemon says, empty where it knows nothing of the path, None where no daemon runs. `objection` is why the
    file that lies there now would be refused. `story` is there of what was seen: its moments, in their order.
    """
    place = place_of(settings, path)
    if place is None:
        folders = ", ".join(str(folder.path) for folder in settings.folders)
        return {"path": str(path), "folder": None, "state": None, "reason": f"in none of the hot folders: {folders}"}
    folder, inside = place
    answer: dict[str, Any] = {"path": str(path), "folder": folder.name, "inside": inside, "daemon": live is not None}
    if not inside:
        told = {key: value for key, value in (live or {}).items() if value is not None}
        return answer | {"state": None, "reason": THE_FOLDER_ITSELF} | told
    latest, job = found[0] if found else (None, None)
    said = dict(live or {})
    is_settling = said.get("state") is not None and said["drop"] is None
    if latest is None or is_settling or _is_another(latest, inside, kind):
        waits = said.pop("folder_waits", None)
        if waits is None and live is None:
            waits = "no daemon is running that could look"
        answer |= said | _not_known(folder, inside, kind, waits, today, objection) | _earlier(found)
        if "state" in said:
            answer |= said
            if is_settling and objection not in (None, said.get("reason")):
                answer["objection"] = f"it would be rejected: {objection}"
        if answer.get("seen_at"):
            answer["story"] = [{"what": What.SEEN.value, "at": answer["seen_at"]}]
    else:
        answer |= _known(folder, latest, job)
        answer["story"] = as_data(moments(latest, job, post))
        if said.get("drop") == latest.id:
            answer |= said
        answer["earlier"] = len(found) - 1
    return answer


def with_look(answer: dict[str, Any], look: Callable[[Path], Kind]) -> dict[str, Any]:
    """
    Return an explanation with `is_there`: whether the original lies where it was put.

    None where that cannot be told; what nobody has put anywhere has no such key.
    """
    if answer.get("now_at") is None:
        return answer
    kind = look(Path(answer["now_at"]))
    return answer | {"is_there": None if kind == "no answer" else kind == "file"}


def _is_another(latest: Drop, inside: str, kind: Kind) -> bool:
    """Return whether what lies at a path where something was dropped, and went away from, is a new file."""
    if latest.state not in (DropState.FILED, DropState.WITHDRAWN) or kind != "file":
        return False
    was_kept = latest.was_kept or not latest.target_path
    return inside != latest.target_path and not (was_kept and latest.state is DropState.FILED)


_UNSAFE: Mapping[Kind, str] = {"link": UNSAFE[Unsafe.LINK], "special": UNSAFE[Unsafe.SPECIAL]}


def _not_known(
    folder: FolderSettings, inside: str, kind: Kind, waits: str | None, today: date, objection: str | None
) -> dict[str, Any]:
    """Say what can be said without a drop, also of a file that is yet to come; `waits` tells why nobody looks now."""
    top = inside.partition("/")[0]
    if is_reserved(top):
        if kind == "nothing":
            return {"state": None, "reason": "nothing is there, and no drop of ours was ever put there"}
        name = top.casefold()
        what = "a file" if name == litter.STATUS_PAGE else "a place" if inside == top else "in a place"
        return {"state": None, "reason": f"{what} of hotfolder's own: {_OURS[name]}", "cure": cures.OURS[name]}
    if kind == "directory":
        return {"state": None, "reason": "a directory: each file below it is a drop of its own"}
    ignored = Router(folder).ignored(inside)
    if ignored is not None:
        return {"state": None, "reason": NOT_A_DROP.format(why=ignored)}
    unsafe = _UNSAFE.get(kind) or (objection if objection == UNSAFE[Unsafe.HARD_LINKS] else None)
    if unsafe is not None:
        why = LEFT_IN_PLACE.format(unsafe=unsafe)
        return {"state": None, "reason": NOT_A_DROP.format(why=why), "cure": cures.of_left(why)}
    refused = naming.unusable(inside.rpartition("/")[2]) or objection
    if refused is not None:
        return {"state": None, "reason": f"it would be rejected: {refused}"}
    plan = _plan(folder, inside, today)
    match kind:
        case "file":
            return {"state": "settling", "reason": f"new: {waits or 'the daemon has not looked at it yet'}"} | plan
        case "no answer":
            return {"state": None, "reason": "never seen, and the hot folder does not answer"} | plan
        case _:
            never = "never seen: nothing is there, and nothing of this name ever was"
            return {"state": None, "reason": f"{never}; {waits}" if waits else never} | plan


def _earlier(found: Found) -> dict[str, Any]:
    """Return what became of the last one at the same path."""
    if not found:
        return {}
    drop, _ = found[0]
    return {
        "earlier": len(found),
        "last_outcome": drop.outcome.value if drop.outcome else None,
        "last_at": stamp(drop.filed_at),
    }


def _plan(folder: FolderSettings, inside: str, today: date) -> dict[str, Any]:
    route = Router(folder).route(inside, today)
    name = inside.rpartition("/")[2]
    return {
        "rule": None if route.rule is None else route.rule + 1,
        "destination": route.destination,
        "asset": naming.asset_id(name),
        "options": json.loads(route.options),
        "visible": planned(folder.publish, route.options),
    }


def _known(folder: FolderSettings, drop: Drop, job: Job | None) -> dict[str, Any]:
    where = drop.target_path if drop.state is DropState.FILED and not drop.was_kept else drop.work_path
    is_deleted = (
        drop.state is DropState.FILED
        and folder.on_success is OnSuccess.DELETE
        and drop.outcome is not None
        and drop.outcome.is_good
    )
    return {
        "state": PEOPLE[drop.state],
        "reason": drop.reason or _waits(drop),
        "cure": cures.of_held(drop.reason)
        if drop.state is DropState.HELD
        else cures.of_outcome(drop.outcome, was_kept=drop.was_kept),
        "next_at": None,
        "drop": drop.id,
        "file": drop.path,
        "outcome": drop.outcome.value if drop.outcome else None,
        "evidence": drop.evidence,
        "seen_at": stamp(drop.seen_at),
        "ready_at": stamp(drop.ready_at),
        "stored_at": stamp(drop.stored_at),
        "filed_at": stamp(drop.filed_at),
        "published_at": stamp(published_at(drop, job)),
        "publish_due": of_local(due_of(drop, job)),
        "now_at": None if is_deleted else str(folder.path / (where or drop.path)),
        "job": job.name if job else None,
        "job_handle": job.handle if job else None,
        "caution": drop.caution or None,
        "possible_second_copy": drop.possible_second_copy,
        "retry_of": drop.retry_of,
        # as recorded when it was found: the settings may have changed since
        "rule": None if drop.rule is None else drop.rule + 1,
        "destination": drop.destination,
        "asset": drop.stored_as or drop.asset,
        "options": json.loads(drop.options),
        "visible": visible(drop, job) if drop.outcome else planned(folder.publish, drop.options),
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
