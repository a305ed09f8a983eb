"""
The command line as a whole.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

import hotfolder
from hotfolder.cli.exits import Exit
from hotfolder.config import ConfigError, StarterError, default_config_path, format_problem
from hotfolder.edges.control import ControlError
from hotfolder.edges.listeners import ListenError
from hotfolder.ports import LedgerError

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("touring", "demo"),
    "init": ("setup", "init"),
    "check": ("setup", "check"),
    "doctor": ("doctor", "doctor"),
    "run": ("running", "run"),
    "explain": ("inspecting", "explain"),
    "status": ("inspecting", "status"),
    "history": ("inspecting", "history"),
    "retry": ("wishing", "retry"),
    "hold": ("wishing", "hold"),
    "release": ("wishing", "release"),
    "list": ("listing", "list_"),
    "sandbox": ("touring", "sandbox"),
}
"""Each command's module and function. Loading all of them for one took half of the time of a command."""


WITHOUT_SETTINGS: Final = ("demo", "init", "sandbox")
SETTINGS_HELP: Final = "-c FILE names the settings, before the command or after it; see 'hotfolder --help'."


class _Commands(Mapping[str, Any]):
    """The commands by their names, each loaded when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        module, function = COMMANDS[name]
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        settings = None if name in WITHOUT_SETTINGS else SETTINGS_HELP
        alone.command(name=name, epilog=settings)(getattr(import_module(f"hotfolder.cli.{module}"), function))
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands: Any = _Commands()


_CommandLineError: Any = typer.BadParameter.__mro__[2]
"""What `BadParameter` and all other errors of usage are: of the click that typer works with, its own or the package."""

app = typer.Typer(
    name="hotfolder",
    cls=_Group,
    help="Gets every file that people drop into shared folders into Adobe Dynamic Media Classic.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=True,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"hotfolder {hotfolder.__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Main file; default $HOTFOLDER_CONFIG, else /etc/hotfolder/hotfolder.toml"),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end")
    ] = False,
) -> None:
    """Take what all commands share."""
    context.obj = config or default_config_path(os.environ)


def _settings_first(arguments: list[str]) -> list[str]:
    """Return arguments with the settings before the command that works by them: many people write them after it."""
    at = next((number for number, argument in enumerate(arguments) if argument in COMMANDS), len(arguments))
    command, rest = arguments[at : at + 1], arguments[at + 1 :]
    if not command or command[0] in WITHOUT_SETTINGS:
        return arguments
    end = rest.index("--") if "--" in rest else len(rest)
    for number, argument in enumerate(rest[:end]):
        if argument in ("-c", "--config") or argument.startswith("--config="):
            upto = number + (1 if "=" in argument else 2)
            return [*arguments[:at], *rest[number:upto], *command, *rest[:number], *rest[upto:]]
    return arguments


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; the only place where errors become one."""
    try:
        given = sys.argv[1:] if arguments is None else arguments
        result = app(args=_settings_first(given), standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except _CommandLineError as error:
        error.show()
        return Exit.UNUSABLE
    except ConfigError as error:
        for problem in error.problems:
            sys.stderr.write(format_problem(problem) + "\n")
        return Exit.UNUSABLE
    except (LedgerError, StarterError, ControlError, ListenError) as error:
        sys.stderr.write(f"{error}\n")
        return Exit.UNUSABLE
    except BrokenPipeError:
        # the reader of our output has gone; nothing is left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.ATTENTION
    return int(result or 0)


def run() -> None:
    """Be the program."""
    sys.exit(main())
