"""
`status --follow`: live on a terminal, else one line for each change.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NoReturn

from rich.console import Console
from rich.live import Live

from hotfolder.cli.live import LiveView
from hotfolder.core.wording import shown
from hotfolder.status.plain import as_json
from hotfolder.status.snapshot import Snapshot

FOLLOW_EVERY_S = 0.5  # one question to the daemon, of which it answers four a second at most


def _pause() -> None:
    time.sleep(FOLLOW_EVERY_S)


def follow_live(taken: Callable[[], Snapshot], console: Console) -> NoReturn:
    """Show every change in place, until a signal."""
    view = LiveView()
    with Live(view, console=console, refresh_per_second=4):
        while True:
            view.snapshot = taken()
            _pause()


def follow_lines(taken: Callable[[], Snapshot], *, json_lines: bool, pause: Callable[[], None] = _pause) -> NoReturn:
    """Print how things are, and again at every change, until a signal."""
    last: str | None = None
    while True:
        now = taken()
        line = as_json(now) if json_lines else in_one_line(now)
        if line != last:
            last = line
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        pause()


def in_one_line(taken: Snapshot) -> str:
    """Return a snapshot as "server ok; catalog watching: 3 settling, 2 ready; 1 job"."""
    parts = [
        " ".join(filter(None, ("server", server.get("name"), server["state"])))
        + (f" ({server['error']})" if server["error"] else "")
        for server in taken.get("servers", [taken["server"]])
    ]
    for folder in taken["folders"]:
        counts = [f"{count} {name}" for name, count in folder["counts"].items() if count and name != "ignored"]
        parts.append(f"{folder['name']} {folder['state']}: {', '.join(counts) or 'empty'}")
    if taken["jobs"]:
        parts.append("1 job" if len(taken["jobs"]) == 1 else f"{len(taken['jobs'])} jobs")
    return shown("; ".join(parts))
