"""
`status`, `history` and `explain`: what the ledger knows.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hotfolder.cli.exits import Exit
from hotfolder.config import load
from hotfolder.core.notes import receipt
from hotfolder.core.settings import Settings
from hotfolder.core.wording import shown
from hotfolder.edges.ledger import read_ledger
from hotfolder.ports import HistoryQuery, LedgerReader
from hotfolder.status import explain as explaining
from hotfolder.status import snapshot

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
) -> int:
    """Show the server, the hot folders and the jobs."""
    settings = load(context.obj, os.environ).settings
    ledger = read_ledger(settings.ledger_url)
    try:
        recent = [receipt(drop, job) for drop, job in ledger.history(HistoryQuery(limit=snapshot.RECENT))]
        folders = [(folder.name, str(folder.path)) for folder in settings.folders]
        taken = snapshot.from_ledger(folders, ledger.unfinished(), recent)
    finally:
        ledger.close()
    if as_json:
        typer.echo(json.dumps(taken, indent=2, ensure_ascii=False))
    else:
        Console().print(status_table(taken))
    return Exit.GOOD


def status_table(taken: snapshot.Snapshot) -> Table:
    """Return the folders of a snapshot as a table."""
    server = taken["server"]
    title = f"Server: {server['state']}" + (f" ({server['error']})" if server["error"] else "")
    table = Table(title=title, title_justify="left")
    table.add_column("hot folder")
    table.add_column("state")
    names = ("settling", "ready", "working", "processing", "held", "done", "check", "failed")
    for name in names:
        table.add_column(name, justify="right")
    for folder in taken["folders"]:
        counts = folder["counts"]
        table.add_row(Text(folder["name"]), folder["state"], *(str(counts[name]) for name in names))
    return table


def history(
    context: typer.Context,
    folder: Annotated[str | None, typer.Option(help="Only this hot folder")] = None,
    since: Annotated[str | None, typer.Option(help='Only since then: "2h", "3d", or 2026-01-31[T12:00Z]')] = None,
    outcome: Annotated[str | None, typer.Option(help="Only this outcome")] = None,
    job: Annotated[str | None, typer.Option(help="Only this job, by name or handle")] = None,
    limit: Annotated[int, typer.Option(help="At most so many; 0 = all", min=0)] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
) -> int:
    """Show what became of drops, newest first."""
    settings = load(context.obj, os.environ).settings
    query = HistoryQuery(
        folder=folder, since=None if since is None else moment(since), outcome=outcome, job=job, limit=limit or None
    )
    ledger = read_ledger(settings.ledger_url)
    try:
        entries = [(drop.folder, receipt(drop, job_)) for drop, job_ in ledger.history(query)]
    finally:
        ledger.close()
    if as_json:
        typer.echo(json.dumps([entry for _, entry in entries], indent=2, ensure_ascii=False))
        return Exit.GOOD
    Console().print(history_table(entries))
    return Exit.GOOD


def history_table(entries: list[tuple[str, dict[str, Any]]]) -> Table:
    """Return history entries as a table."""
    table = Table()
    for name in ("hot folder", "file", "outcome", "asset", "when", "why"):
        table.add_column(name, overflow="fold")
    for folder, entry in entries:
        when = entry["stored_at"] or entry["dropped_at"]
        table.add_row(
            *(
                Text(shown(str(value or "")))
                for value in (folder, entry["file"], entry["outcome"], entry["asset"], when, entry["reason"])
            )
        )
    return table


def moment(text: str) -> datetime:
    """Return the moment meant by "2h", "3d", a date or a date with time; raises a usage error."""
    if text[:-1].isdigit() and text[-1:] in UNITS:
        return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * UNITS[text[-1]])
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'found "{text}", wanted "2h", "3d", or a date such as 2026-01-31') from None
    return at if at.tzinfo else at.astimezone()


def explain(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Any path in a hot folder, or where a file was dropped")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
) -> int:
    """Say for any path what would become of it, or what became of it."""
    settings = load(context.obj, os.environ).settings
    ledger = read_ledger(settings.ledger_url)
    try:
        answer = explained(settings, ledger, path)
    finally:
        ledger.close()
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else explaining.as_text(answer))
    return Exit.GOOD if answer["folder"] else Exit.ATTENTION


def explained(settings: Settings, ledger: LedgerReader, path: Path) -> dict[str, Any]:
    """Return the explanation of a path."""
    place = explaining.place_of(settings, path)
    found = [] if place is None else ledger.find(place[0].name, place[1])
    return explaining.explain(
        settings,
        path,
        found,
        exists=os.path.lexists(path),
        today=date.today(),  # noqa: DTZ011 # people's own calendar
    )
