"""
`list`: what the server has that options can name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from hotfolder.cli.console import console
from hotfolder.cli.exits import Exit
from hotfolder.cli.online import signed_in
from hotfolder.config import load
from hotfolder.core.catalogue import Listed, Shelf, way_to_write
from hotfolder.core.server import RemoteError
from hotfolder.core.wording import shown
from hotfolder.status.plain import as_json


class What(StrEnum):
    """What can be listed."""

    PROJECTS = "projects"
    SETS = "sets"
    PRESETS = "presets"
    PROFILES = "profiles"


SHELVES = {
    What.PROJECTS: Shelf.PROJECTS,
    What.SETS: Shelf.PROPERTY_SETS,
    What.PRESETS: Shelf.PROPERTY_SETS,
    What.PROFILES: Shelf.PROFILES,
}

BOTH_KINDS = (
    "Presets of batch sets and of video encoding are told as property sets of several types, and what the types are "
    "called is not documented: choose by type, and with --json by properties."
)


def list_(
    context: typer.Context,
    what: Annotated[What, typer.Argument(help="projects, sets, presets or profiles")],
    server: Annotated[str | None, typer.Option(help="Only this server; default: all of them")] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="As JSON, with all properties")] = False,
) -> int:
    """
    List what the server has that upload options can name, with its handles.

    Sets and presets are the same list: the server tells both as property sets of several types.

    Exit code 0; 1 where a server does not tell; 2 for the configuration; 3 when it refuses us; 4 when it cannot be
    reached.
    """
    settings = load(context.obj, os.environ).settings
    entries: list[dict[str, Any]] = []
    with signed_in(settings, server) as online:
        code = online.code
        for name, line in online.lines.items():
            try:
                found = line.listed(SHELVES[what])
            except RemoteError as error:
                sys.stderr.write(shown(f"{name}: {error}" if len(settings.servers) > 1 else str(error)) + "\n")
                code = code or Exit.ATTENTION
                continue
            entries += [_entry(name, entry, found) for entry in sorted(found, key=lambda entry: entry.full_name)]
    if as_json_:
        typer.echo(as_json(entries, indent=2))
    elif entries:
        terminal = console()
        terminal.print(_table(entries, what, several=len(settings.servers) > 1))
        if SHELVES[what] is Shelf.PROPERTY_SETS:
            terminal.print(BOTH_KINDS, highlight=False)
    elif code is Exit.GOOD:
        typer.echo("nothing")
    return code


def _entry(server: str, entry: Listed, shelf: Sequence[Listed]) -> dict[str, Any]:
    return {
        "server": server,
        "write": way_to_write(entry, shelf),
        "name": entry.name or None,
        "type": entry.group or None,
        "handle": entry.handle,
        "properties": dict(entry.details),
    }


def _table(entries: list[dict[str, Any]], what: What, *, several: bool) -> Table:
    columns = {"write": "write in options", "handle": "handle"}
    if SHELVES[what] is Shelf.PROPERTY_SETS:
        columns |= {"name": "name", "type": "type"}
    if several:
        columns = {"server": "server", **columns}
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in columns.values():
        table.add_column(title, overflow="fold")
    for entry in entries:
        table.add_row(*(Text(shown(str(entry[key] or ""))) for key in columns))
    return table
