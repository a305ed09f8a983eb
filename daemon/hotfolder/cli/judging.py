"""
`check FILE...`: what would become of files, without a drop, a ledger or a daemon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotfolder.cli import asking
from hotfolder.cli.online import Line
from hotfolder.core import wording
from hotfolder.core.server import RemoteError
from hotfolder.core.settings import Settings
from hotfolder.status import explain as explaining
from hotfolder.status.view import look_soon, object_soon


@dataclass(frozen=True, slots=True)
class Judged:
    """What would become of one file."""

    text: str
    is_sent: bool


def judged(settings: Settings, files: Sequence[Path], lines: Mapping[str, Line]) -> Iterator[Judged]:
    """
    Yield what would become of each file, in the order given.

    `lines` are the servers that can be asked, by name: they tell how much they take, and which names are taken there
    that must not be replaced; one question of each tells it for all files.
    """
    answers = [_answer(settings, path, lines) for path in files]
    taken = {
        name: _taken(line, [answer for _, server, answer in answers if server == name]) for name, line in lines.items()
    }
    for path, server, answer in answers:
        asset = answer.get("asset")
        if asset is None:
            cure = f" ({answer['cure']})" if answer.get("cure") else ""
            yield Judged(f"{path}: {answer['reason']}{cure}", is_sent=False)
            continue
        known = taken.get(server or "", set())
        there = "" if answer["state"] is not None else "nothing is there, but such a file "
        where = f'{there}would be sent as "{asset}" to {answer["destination"] or "the root of the company"}'
        if isinstance(known, RemoteError):
            yield Judged(f"{path}: {where}; whether the name is free is not known: {known}", is_sent=True)
        elif asset in known and not answer["options"]["overwrite"]:
            yield Judged(f"{path}: {there}would be a duplicate: {wording.DUPLICATE.format(asset=asset)}", is_sent=False)
        else:
            yield Judged(f"{path}: {where}", is_sent=True)


def _answer(settings: Settings, path: Path, lines: Mapping[str, Line]) -> tuple[Path, str | None, dict[str, Any]]:
    """Return a path as the settings spell it, the server that it would go to, and what its rules and its head say."""
    whole = asking.spelled(settings, path)
    place = explaining.place_of(settings, whole)
    server = place[0].server if place else None
    line = lines.get(server or "")
    kind = look_soon(whole)
    objection = object_soon(whole, line.company.max_post_bytes if line else None) if kind == "file" else None
    today = asking.now().date()
    return (
        whole,
        server,
        explaining.explain(settings, whole, [], kind=kind, today=today, live=None, objection=objection),
    )


def _taken(line: Line, answers: Sequence[Mapping[str, Any]]) -> set[str] | RemoteError:
    """Return which names of files that must not replace anything are taken, or why that is not known."""
    names = [answer["asset"] for answer in answers if "asset" in answer and not answer["options"]["overwrite"]]
    try:
        return line.taken(names) if names else set()
    except RemoteError as error:
        return error
