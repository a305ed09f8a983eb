"""
What the commands that ask have in common: the running daemon if there is one, else the ledger.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from hotfolder.config import load
from hotfolder.core.notes import receipt
from hotfolder.core.settings import Settings
from hotfolder.core.wording import shown
from hotfolder.edges.control import ControlClient, ControlError
from hotfolder.ports import HistoryQuery, LedgerReader
from hotfolder.status import snapshot
from hotfolder.status.explain import forms, place_of
from hotfolder.status.view import look_soon


def settings_of(context: typer.Context) -> Settings:
    """Return the settings that the command was given."""
    config: Path = context.obj
    return load(config, os.environ, with_password=False).settings


def now() -> datetime:
    """Return the wall clock in the reader's own time zone, aware."""
    return datetime.now(UTC).astimezone()


def daemon_of(settings: Settings) -> ControlClient:
    """Return the way to the daemon, whether or not there is one."""
    return ControlClient(settings.control_socket)


def asked(client: ControlClient, target: str, *, is_told: bool = True, **parameters: str | int | None) -> Any:
    """Return the daemon's answer, None without one; one that is there and does not answer is told and passed over."""
    try:
        return client.get(target, parameters)
    except ControlError as error:
        if is_told:
            sys.stderr.write(f"warning: {error}; what follows is what the ledger says\n")
        return None


@contextmanager
def ledger_of(settings: Settings) -> Iterator[LedgerReader]:
    """Open the ledger for reading."""
    from hotfolder.edges.ledger import read_ledger  # where a daemon answers, SQLAlchemy need not be loaded

    ledger = read_ledger(settings.ledger_url)
    try:
        yield ledger
    finally:
        ledger.close()


def from_ledger(settings: Settings) -> snapshot.Snapshot:
    """Return the status that the ledger alone tells."""
    with ledger_of(settings) as ledger:
        recent = [receipt(drop, job) for drop, job in ledger.history(HistoryQuery(limit=snapshot.RECENT))]
        servers = [server.name for server in settings.servers]
        folders = [(folder.name, str(folder.path)) for folder in settings.folders]
        return snapshot.from_ledger(servers, folders, ledger.unfinished(), ledger.totals(), recent)


def spelled(settings: Settings, path: Path) -> Path:
    """
    Return a path as the settings spell the hot folder that it lies in, however the user came there.

    Absolute, without "..", and, if that lies in no hot folder, without the links on the way to it. Where nothing is
    there, in the other Unicode form if something is: we show names in NFC, and people copy what they see.
    """
    whole = Path(os.path.normpath(path.absolute()))
    if place_of(settings, whole) is not None:
        return next((form for form in forms(whole) if look_soon(form) != "nothing"), whole)
    real = Path(os.path.realpath(whole.parent)) / whole.name
    for folder in settings.folders:
        root = os.path.realpath(folder.path)
        if real.is_relative_to(root):
            return folder.path / real.relative_to(root)
    return whole


def say(text: str) -> None:
    """Print a line of results; nothing in it can move the cursor."""
    typer.echo(shown(text))
