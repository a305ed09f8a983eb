"""
`doctor`: is every hot folder fit for its work?
"""

from __future__ import annotations

import os

import typer
from rich.table import Table
from rich.text import Text

from hotfolder.cli.console import console
from hotfolder.cli.exits import Exit
from hotfolder.config import load
from hotfolder.core.wording import shown
from hotfolder.edges.ledger import read_ledger
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
    try:
        read_ledger(settings.ledger_url).close()
        ledger = Finding("ledger", "good", "can be read, or will be made at the first start")
    except LedgerError as error:
        ledger = Finding("ledger", "bad", str(error))
    found = [("", [ledger]), *((folder.name, list(examine(folder))) for folder in settings.folders)]
    for name, findings in found:
        table = Table(title=Text(shown(name or "in general")), title_justify="left", show_header=False, box=None)
        for finding in findings:
            is_bad = is_bad or finding.verdict == "bad"
            table.add_row(Text(finding.verdict, style=STYLES[finding.verdict]), finding.what, Text(shown(finding.text)))
        terminal.print(table)
    return Exit.ATTENTION if is_bad else Exit.GOOD
