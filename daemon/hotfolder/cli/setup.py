"""
`init` and `check`: from nothing to a configuration that can be trusted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hotfolder.cli.exits import Exit
from hotfolder.config import format_problem, load, write_starter


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write it")] = Path(),
) -> int:
    """Write a commented starter configuration; refuses to overwrite anything."""
    for file in write_starter(directory):
        typer.echo(f"wrote {file}")
    typer.echo(
        "Next: fill in the server and a hot folder, then run: hotfolder -c "
        + str(directory / "hotfolder.toml")
        + " check"
    )
    return Exit.GOOD


def check(context: typer.Context) -> int:
    """Say everything that is wrong with the configuration, as FILE:LINE: key: found, wanted."""
    loaded = load(context.obj, os.environ)
    for warning in loaded.warnings:
        sys.stderr.write(f"warning: {format_problem(warning)}\n")
    folders = len(loaded.settings.folders)
    typer.echo(f"{context.obj}: good, {folders} hot folder{'' if folders == 1 else 's'}")
    return Exit.GOOD
