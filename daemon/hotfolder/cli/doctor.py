"""
`doctor`: is every hot folder fit for its work?
"""

from __future__ import annotations

import os
from contextlib import closing

import typer
from rich.table import Table
from rich.text import Text

from hotfolder.cli.console import console
from hotfolder.cli.exits import Exit
from hotfolder.config import load
from hotfolder.core.wording import shown
from hotfolder.edges.ledger import ledger_file, read_ledger
from hotfolder.edges.trial import Finding, examine
from hotfolder.ports import LedgerError

STYLES = {"good": "green", "note": "yellow", "bad": "red"}


def doctor(context: typer.Context) -> int:
    """
    Try each hot folder for real: events, rename, delete, locks, case, Unicode form, clock, space, rights.

    Ends with 0 when nothing is bad, else with 1.
    """
    settings = load(context.obj, os.environ, with_password=False).settings
    terminal = console()
    is_bad = False
    found = [
        ("", [_of_ledger(settings.ledger_url)]),
        *((folder.name, list(examine(folder))) for folder in settings.folders),
    ]
    for name, findings in found:
        table = Table(title=Text(shown(name or "in general")), title_justify="left", show_header=False, box=None)
        for finding in findings:
            is_bad = is_bad or finding.verdict == "bad"
            table.add_row(Text(finding.verdict, style=STYLES[finding.verdict]), finding.what, Text(shown(finding.text)))
        terminal.print(table)
    return Exit.ATTENTION if is_bad else Exit.GOOD


def _of_ledger(url: str) -> Finding:
    """Return whether the ledger can be used, found out by reading something: to open it asks nothing of it yet."""
    try:
        file = ledger_file(url)
        if file is not None and not file.parent.is_dir():
            return Finding("ledger", "bad", f"{file.parent} is not a directory; create it, or change ledger.url")
        if file is not None and not file.exists():
            return Finding("ledger", "good", "will be made at the first start")
        with closing(read_ledger(url)) as ledger:
            ledger.drop(0)
    except LedgerError as error:
        return Finding("ledger", "bad", str(error))
    return Finding("ledger", "good", "can be read")
