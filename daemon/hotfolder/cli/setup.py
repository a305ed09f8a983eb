"""
`init` and `check`: from nothing to a configuration that can be trusted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hotfolder.cli.console import say
from hotfolder.cli.exits import Exit
from hotfolder.cli.judging import judged
from hotfolder.cli.online import name_problems, signed_in
from hotfolder.compose import try_messages
from hotfolder.config import (
    PASSWORD_FILE,
    Answers,
    ConfigError,
    check_free,
    format_problem,
    load,
    write_starter,
)
from hotfolder.core.settings import Settings
from hotfolder.core.wording import shown
from hotfolder.edges.logs import Redaction


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write it")] = Path(),
    online: Annotated[
        bool, typer.Option("--online", help="Sign in, list the companies, and ask for the choices that can hurt")
    ] = False,
) -> int:
    """
    Write a commented starter configuration; refuses to overwrite anything.

    Exit code 0; 2 when it cannot be written; with --online 3 when the server refuses us, 4 when it cannot be reached.
    """
    if not online:
        return _write(directory)
    check_free(directory)  # before anybody is asked anything
    from hotfolder.cli.interview import NotLetInError, interview

    try:
        answers, password = interview()
    except NotLetInError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return _write(directory, answers, password)


def _write(directory: Path, answers: Answers | None = None, password: str | None = None) -> int:
    written = write_starter(directory, answers, password)
    for file in written:
        typer.echo(f"wrote {file}")
    secret = directory / PASSWORD_FILE
    if password is not None and secret not in written:
        typer.echo(f"{secret} was there already and is kept: see that it has the password you just gave")
    todo = "fill in the server and a hot folder, then run" if answers is None else "run"
    typer.echo(f"Next: {todo}: hotfolder -c {directory / 'hotfolder.toml'} check")
    return Exit.GOOD


def check(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Also say what would become of these, if dropped")
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also sign in, and look up company, limit and names on the server")
    ] = False,
    trial_messages: Annotated[
        bool, typer.Option("--trial-messages", help="Also deliver a trial message to every [[notify]]")
    ] = False,
) -> int:
    """
    Say everything that is wrong with the configuration, as FILE:LINE: key: found, wanted.

    Exit code 0; 1 when one of the files would not be sent; 2 for a problem; with --online 3 when the server refuses us,
    4 when it cannot be reached, or a trial message cannot be delivered.
    """
    loaded = load(context.obj, os.environ)
    for warning in loaded.warnings:
        sys.stderr.write(f"warning: {format_problem(warning)}\n")
    if online:
        with signed_in(loaded.settings) as servers:
            for line in servers.lines.values():
                typer.echo(shown(line.summary()))
            problems = list(name_problems(loaded.names, servers.lines))
            verdicts = list(judged(loaded.settings, files or (), servers.lines))
        if problems:
            raise ConfigError(problems)
        if servers.code:
            return servers.code
    else:
        verdicts = list(judged(loaded.settings, files or (), {}))
    folders = len(loaded.settings.folders)
    names = f", {_count(len(loaded.names), 'name')} known to the server" if online and loaded.names else ""
    typer.echo(f"{context.obj}: good, {_count(folders, 'hot folder')}{names}")
    for verdict in verdicts:
        say(shown(verdict.text))
    if trial_messages and not _tried(loaded.settings):
        return Exit.UNREACHABLE
    return Exit.GOOD if all(verdict.is_sent for verdict in verdicts) else Exit.ATTENTION


def _tried(settings: Settings) -> bool:
    """Deliver trial messages and say how that went; return whether it went well."""
    redaction = Redaction()
    for secret in (secret for notify in settings.notify for secret in notify.secrets):
        redaction.hide(secret)
    went = list(try_messages(settings))
    for name, trouble in went:
        text = f"messages to {name}: " + ("delivered" if trouble is None else f"not delivered: {trouble}")
        typer.echo(shown(redaction.redacted(text)))
    if not went:
        typer.echo("messages: there is no [[notify]] to deliver to")
    return all(trouble is None for _, trouble in went)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
