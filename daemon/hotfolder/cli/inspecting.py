"""
`status`, `history` and `explain`: how things are, and what became of drops.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box, filesize
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hotfolder.cli import asking
from hotfolder.cli.console import console, may_redraw
from hotfolder.cli.exits import Exit
from hotfolder.cli.following import follow_lines, follow_live
from hotfolder.core import naming
from hotfolder.core.notes import receipt
from hotfolder.core.option_names import HANDLE_PREFIXES, names_in, with_handles
from hotfolder.core.server import Company
from hotfolder.core.settings import Settings
from hotfolder.core.wording import isolated, shown
from hotfolder.ips.documents import upload_document
from hotfolder.status import explain as explaining
from hotfolder.status.filters import FilterError, history_query
from hotfolder.status.plain import as_json
from hotfolder.status.prose import as_text
from hotfolder.status.snapshot import NO_DAEMON, Snapshot
from hotfolder.status.story import post_of
from hotfolder.status.view import look_soon, object_soon


def status(
    context: typer.Context,
    as_json_: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until Ctrl-C; with --json one line for each change")
    ] = False,
) -> int:
    """
    Show the server, the hot folders and the jobs.

    Without a running daemon: what the ledger says. Exit code 0; 2 when neither can be read; 130 after Ctrl-C.
    """
    settings = asking.settings_of(context)
    client = asking.daemon_of(settings)
    terminal = console()

    def taken() -> Snapshot:
        found: Snapshot | None = asking.asked(client, "/api/status", is_told=not follow)
        return asking.from_ledger(settings) if found is None else found

    if follow:
        if may_redraw(terminal) and not as_json_:
            follow_live(taken, terminal)
        else:
            follow_lines(taken, json_lines=as_json_)
    if as_json_:
        typer.echo(as_json(taken(), indent=2))
    else:
        now = taken()
        wanted = {} if now["server"]["error"] == NO_DAEMON else asking.asked(client, "/api/attention")
        terminal.print(status_text(now, wanted or {}), highlight=False)
    return Exit.GOOD


def status_text(taken: Snapshot, attention: dict[str, Any]) -> RenderableType:
    """Return a snapshot, and what wants a person, for a terminal."""
    # where no daemon runs there is the same to say of each
    is_one = "servers" not in taken or taken["server"]["error"] == NO_DAEMON
    servers = [taken["server"]] if is_one else taken["servers"]
    parts: list[RenderableType] = [*map(_server, servers), *_limit(taken), _folders(taken)]
    if attention.get("ledger"):  # first: it stops everything
        parts.insert(0, Text(f"The ledger fails: {shown(attention['ledger'])}", style="bold red"))
    if taken["jobs"]:
        parts.append(_jobs(taken))
    parts += [
        _wanted(f"server {entry['name']}: password" if len(servers) > 1 else "server: password", _expiring(entry))
        for entry in attention.get("servers", [])
        if entry["password_cure"]
    ]
    parts += _publishing(taken["publishing"])
    parts += [_wanted(f"{entry['folder']}: {entry['state']}", entry) for entry in attention.get("folders", [])]
    parts += [_wanted(_naming(entry["folders"]), entry) for entry in attention.get("names", [])]
    parts += [_wanted(f"{entry['folder']}/{entry['path']}: held", entry) for entry in attention.get("held", [])]
    return Group(*parts)


def _server(server: dict[str, Any]) -> Text:
    style = "green" if server["state"] == "ok" else "bold red"
    name = f" {shown(server['name'])}" if "name" in server else ""
    line = Text.assemble(f"Server{name}: ", (server["state"], style))
    if server["error"]:
        line.append(f" ({shown(server['error'])})")
    if "parallel" in server:
        now, most = server["parallel"]["now"], server["parallel"]["most"]
        line.append(f"; fewer uploads side by side ({now} of {most}), since the server had trouble")
    return line


def _limit(taken: Snapshot) -> list[RenderableType]:
    """Return the limit of the line, where there is one just now."""
    limit = taken.get("bandwidth")
    if limit is None:
        return []
    until = f" until {limit['until']}" if limit["until"] else ""
    return [Text(f"Uploads: at most {filesize.decimal(limit['bytes_s'])}/s{until}")]


def _expiring(server: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromisoformat(server["password_expires"]).astimezone()
    return {"reason": f"the password expires on {at:%Y-%m-%d %H:%M}", "cure": server["password_cure"]}


def _publishing(publishing: dict[str, Any]) -> list[RenderableType]:
    """Return what waits for a publish, or is being published, or cannot be; nothing where there is nothing."""
    waiting, running = publishing["files_waiting"], sum(each["files"] for each in publishing["running"])
    if publishing["state"] == "refused":
        return [_wanted(f"Publishing: {waiting} waiting", {**publishing, "reason": publishing["error"]})]
    parts = [f"{running} under way"] if running else []
    if waiting:
        due = publishing["due"]
        parts.append(f"{waiting} waiting" + (f" for {datetime.fromisoformat(due):%H:%M on %Y-%m-%d}" if due else ""))
    if publishing["error"]:
        parts.append(f"the last try failed: {shown(publishing['error'])}")
    return [Text(f"Publishing: {'; '.join(parts)}")] if parts else []


def _naming(folders: list[str]) -> str:
    """Return a title for what some hot folders' options name and the server does not know."""
    return f"{', '.join(folders)}: a name in the options" if folders else "A name in the options of older files"


def _folders(taken: Snapshot) -> Table:
    """One line each that fits 80 columns: only the counts that are not 0."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("hot folder", overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("drops", overflow="fold")
    for folder in taken["folders"]:
        counts = ", ".join(f"{count} {name}" for name, count in folder["counts"].items() if count)
        table.add_row(Text(shown(folder["name"])), folder["state"], counts or "none")
    return table


def _jobs(taken: Snapshot) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("job", "hot folder", "state", "sent", "done"):
        table.add_column(name, overflow="fold")
    for job in taken["jobs"]:
        table.add_row(
            Text(shown(job["name"])),
            Text(shown(job["folder"])),
            job["state"],
            f"{job['files_sent']} of {job['files_total']}",
            f"{job['progress']:.0%}",
        )
    return table


def _wanted(title: str, trouble: dict[str, Any]) -> RenderableType:
    lines: list[RenderableType] = [
        Text(isolated(shown(title)), style="bold"),
        Padding(Text(f"Why: {shown(str(trouble['reason']))}"), (0, 0, 0, 2)),
    ]
    if trouble.get("cure"):
        lines.append(Padding(Text(f"What to do: {shown(trouble['cure'])}"), (0, 0, 0, 2)))
    return Group(*lines)


def history(
    context: typer.Context,
    folder: Annotated[str | None, typer.Option(help="Only this hot folder")] = None,
    since: Annotated[str | None, typer.Option(help='Only since then: "2h", "3d", or 2026-01-31[T12:00Z]')] = None,
    outcome: Annotated[
        str | None,
        typer.Option(help="Only stored, updated, renamed, duplicate, failed, rejected, unknown or withdrawn ones"),
    ] = None,
    job: Annotated[str | None, typer.Option(help="Only this job, by name or handle")] = None,
    limit: Annotated[int, typer.Option(help="At most so many; 0 = all", min=0)] = 1000,
    as_json_: Annotated[bool, typer.Option("--json", help="As JSON, with a receipt's keys")] = False,
) -> int:
    """
    Show what became of drops, newest first.

    Exit code 0, also when nothing is found; 2 for a filter that means nothing, or a ledger that cannot be read.
    """
    settings = asking.settings_of(context)
    with asking.ledger_of(settings) as ledger:
        folders = [configured.name for configured in settings.folders]
        if folder is not None and folder not in folders:
            folders += [
                name for name in ledger.totals() if name not in folders
            ]  # one that is no longer configured has its history all the same
        try:
            query = history_query(
                folders=folders,
                now=asking.now(),
                folder=folder,
                since=since,
                outcome=outcome,
                job=job,
                limit=limit or None,
            )
        except FilterError as error:
            raise typer.BadParameter(str(error)) from None
        entries = [(drop.folder, receipt(drop, job_)) for drop, job_ in ledger.history(query)]
    if as_json_:
        typer.echo(as_json([entry for _, entry in entries], indent=2))
    elif entries:
        terminal = console()
        if terminal.width >= TABLE_COLUMNS:
            terminal.print(history_table(entries))
        else:
            for part in history_list(entries):
                terminal.print(part)
    else:
        typer.echo("nothing")
    return Exit.GOOD


TABLE_COLUMNS = 120
"""In less the columns of a history get so narrow that a name of one word takes five lines; so does a pipe."""


def history_list(entries: list[tuple[str, dict[str, Any]]]) -> Iterator[Text | Padding]:
    """Yield history entries as two lines each: when, outcome and file; then its name online, and why."""
    for folder, entry in entries:
        when = datetime.fromisoformat(entry["stored_at"] or entry["dropped_at"]).astimezone()
        place = isolated(shown(f"{folder}/{entry['file']}"))
        yield Text(f"{when:%Y-%m-%d %H:%M:%S}  {entry['outcome']}  {place}", overflow="fold")
        why = "; ".join(filter(None, (entry["asset"] and f'as "{entry["asset"]}"', entry["reason"], entry["visible"])))
        yield Padding(Text(shown(why), overflow="fold"), (0, 0, 0, 4))


def history_table(entries: list[tuple[str, dict[str, Any]]]) -> Table:
    """Return history entries as a table."""
    table = Table()
    for name in ("hot folder", "file", "outcome", "asset", "when", "why"):
        table.add_column(name, overflow="fold")
    for folder, entry in entries:
        when = datetime.fromisoformat(entry["stored_at"] or entry["dropped_at"]).astimezone()
        table.add_row(
            *(
                Text(isolated(shown(str(value or ""))))
                for value in (
                    folder,
                    entry["file"],
                    entry["outcome"],
                    entry["asset"],
                    f"{when:%Y-%m-%d %H:%M:%S}",
                    "; ".join(filter(None, (entry["reason"], entry["visible"]))),
                )
            )
        )
    return table


def explain(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Any path in a hot folder, or where a file was dropped")],
    as_json_: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
    xml: Annotated[
        bool, typer.Option("--xml", help="Only the message that opens its job, as it would be sent")
    ] = False,
) -> int:
    """
    Say for any path what would become of it, where it is now, what it waits for, or what became of it.

    Without a running daemon: by the settings and the ledger. Exit code 0; 1 for a path in none of the hot folders,
    or with --xml for one that would not be sent; 2 when the ledger cannot be read.
    """
    settings = asking.settings_of(context)
    whole = asking.spelled(settings, path)
    answer = asking.asked(asking.daemon_of(settings), "/api/explain", path=str(whole))
    if answer is None:
        place = explaining.place_of(settings, whole)
        with asking.ledger_of(settings) as ledger:
            found = explaining.known_at(ledger, place[0].name, place[1]) if place and place[1] else []
            post = post_of(ledger, *found[0]) if found else None
        kind = look_soon(whole)
        answer = explaining.explain(
            settings,
            whole,
            found,
            kind=kind,
            today=asking.now().date(),
            live=None,
            objection=object_soon(whole) if kind == "file" else None,
            post=post,
        )
        answer = explaining.with_look(answer, look_soon)
    if xml:
        return _xml(settings, answer)
    if as_json_:
        typer.echo(as_json(answer, indent=2))
    else:
        columns = min(shutil.get_terminal_size().columns, READ_COLUMNS)
        typer.echo(as_text(answer, asking.now(), columns=columns))
    return Exit.GOOD if answer["folder"] else Exit.ATTENTION


READ_COLUMNS = 100
"""Longer lines of prose are hard to read."""


def _xml(settings: Settings, answer: dict[str, Any]) -> int:
    """Print the uploadParams part; what the server or the batch is still to give stands in capitals."""
    if answer.get("options") is None:
        sys.stderr.write(shown(f"{answer['path']}: {answer['reason']}") + "\n")
        return Exit.ATTENTION
    folder = settings.folder(answer["folder"])
    server = settings.servers[0] if folder is None else settings.server(folder.server) or settings.servers[0]
    company = Company(
        handle=server.company_handle or "COMPANY-HANDLE",
        name=server.company or "COMPANY",
        root_path=f"{server.company or 'COMPANY'}/",
    )
    name = naming.sent_name(Path(answer["path"]).name)
    document = upload_document(
        company=company,
        destination=answer["destination"],
        job_name=answer.get("job") or "JOB-NAME",
        options=_with_stand_ins(json.dumps(answer["options"])),
        file_name=None if naming.is_plain(name) else name,
        pretty=True,
    )
    typer.echo(document.decode().rstrip())
    return Exit.GOOD


def _with_stand_ins(options: str) -> str:
    """Return canonical options with something in the form of a handle for each name that the server has one for."""
    return with_handles(
        options,
        {
            kind: {name: f"{HANDLE_PREFIXES[kind]}HANDLE-OF-{name}" for name in names}
            for kind, names in names_in(options).items()
        },
    )
