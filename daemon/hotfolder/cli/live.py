"""
Live progress on a terminal: the hot folders, and a bar for each job.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hotfolder.core.wording import isolated, shown
from hotfolder.status.snapshot import Snapshot

JOBS_SHOWN = 8  # more would push the folders off a small terminal
SETTLING_SHOWN = 3


class LiveView:
    """What is shown: the latest snapshot it was given."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.settling: list[dict[str, Any]] = []  # as `attention.settling` tells, where that is known

    def __rich__(self) -> RenderableType:
        """Return what to show now."""
        if self.snapshot is None:
            return Text("starting")
        return Group(_folders(self.snapshot), _jobs(self.snapshot), *map(waits, self.settling))


def waits(file: dict[str, Any]) -> Text:
    """Return what a file waits for, and until when: nobody else says so before it is held."""
    place = isolated(shown(f"{file['folder']}/{file['path']}"))
    at = file.get("limit_at")
    until = f"; {file['limit']} at {datetime.fromisoformat(at).astimezone():%H:%M:%S} if it stays so" if at else ""
    return Text(f"{place}: {shown(file['reason'] + until)}", style="dim")


def _folders(taken: Snapshot) -> Table:
    table = Table.grid(padding=(0, 2))
    for server in taken.get("servers", [taken["server"]]):
        style = "green" if server["state"] == "ok" else "red"
        name = Text(f"server {shown(server['name'])}" if "name" in server else "server")
        table.add_row(name, Text(server["state"], style=style), Text(shown(server["error"] or "")))
    for folder in taken["folders"]:
        counts = folder["counts"]
        parts = [f"{count} {name}" for name, count in counts.items() if count and name != "ignored"]
        table.add_row(
            Text(shown(folder["name"]), style="bold"), Text(folder["state"]), Text(", ".join(parts) or "empty")
        )
    return table


def _jobs(taken: Snapshot) -> Table:
    table = Table.grid(padding=(0, 2))
    jobs = taken["jobs"]
    for job in jobs[:JOBS_SHOWN]:
        # sending fills the first half of the bar, the server's work the second
        sent = job["bytes_sent"] / job["bytes_total"] if job["bytes_total"] else 1.0
        table.add_row(
            Text(shown(job["folder"])),
            ProgressBar(total=1.0, completed=min(1.0, (sent + job["progress"]) / 2), width=30),
            Text(f"{job['files_sent']}/{job['files_total']} sent"),
            Text(job["state"]),
        )
    if len(jobs) > JOBS_SHOWN:
        table.add_row(Text(f"and {len(jobs) - JOBS_SHOWN} more jobs"))
    return table
