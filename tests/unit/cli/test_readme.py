"""What the README says of commands: each exists, has the options that are named with it, and none is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.cli.test_app import COMMANDS

from hotfolder.cli.app import main
from hotfolder.cli.exits import Exit

README = (Path(__file__).parents[3] / "README.md").read_text("utf-8")


def named() -> Iterator[tuple[str, str]]:
    """Yield commands with the options named in the same code, or in the same row of a table."""
    for code in re.findall(r"`hotfolder (?:-c \S+ )?([a-z]+[^`]*)`", README):
        command, _, rest = code.partition(" ")
        for option in re.findall(r"--[a-z-]+", rest):
            yield command, option
    for row in re.findall(r"^\| `hotfolder .*$", README, re.MULTILINE):
        first, options = row.split("|")[1], re.findall(r"`?(--[a-z-]+)", row.partition("|")[2].partition("|")[2])
        for command in re.findall(r"`(?:hotfolder )?([a-z]+)", first):
            for option in options:
                yield command, option


@pytest.mark.parametrize(("command", "option"), sorted(set(named())))
def test_a_command_of_the_readme_has_the_options_named_with_it(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == Exit.GOOD
    assert option in capsys.readouterr().out


def test_the_readme_names_every_command() -> None:
    told = set(re.findall(r"hotfolder (?:-c \S+ )?([a-z]+)", README)) | set(
        re.findall(r"`(retry|release|hold)`", README)
    )
    assert {*COMMANDS, "list"} - told <= {"demo"}, "the tour is what `make demo` shows"
