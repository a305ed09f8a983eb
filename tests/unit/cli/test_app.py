"""The command line as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotfolder.cli.app import main
from hotfolder.cli.exits import Exit

PROGRAM = Path(sys.executable).with_name("hotfolder")

COMMANDS = (
    "demo",
    "init",
    "check",
    "doctor",
    "run",
    "explain",
    "status",
    "history",
    "retry",
    "hold",
    "release",
    "sandbox",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_documented_command_has_a_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == Exit.GOOD
    assert capsys.readouterr().out.startswith("Usage: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_help_tells_how_the_settings_are_named_where_there_are_any(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([command, "--help"])
    assert ("-c FILE names the settings" in capsys.readouterr().out) is (command not in ("demo", "init", "sandbox"))


@pytest.mark.parametrize("command", ["status", "history", "explain", "retry", "hold", "release"])
def test_their_help_tells_the_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([command, "--help"])
    assert "Exit code 0" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments", [["--nope"], ["nope"], ["status", "--nope"], ["explain"], ["history", "--limit", "x"]]
)
def test_wrong_usage_ends_with_a_sentence_and_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == Exit.UNUSABLE
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize(("command", "has_all"), [("hold", False), ("release", True), ("retry", True)])
def test_a_wish_for_nothing_is_told_only_the_ways_that_the_command_has(
    command: str, has_all: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", str(tmp_path)])
    assert main(["-c", str(tmp_path / "hotfolder.toml"), command]) == Exit.UNUSABLE
    assert ("--all" in capsys.readouterr().err) is has_all


def test_a_configuration_that_is_not_there_ends_with_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", str(tmp_path / "none.toml"), "status"]) == Exit.UNUSABLE
    assert "none.toml" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["-c", "none.toml"], ["--config", "none.toml"], ["--config=none.toml"]])
@pytest.mark.parametrize("command", [["status"], ["run", "--once"], ["explain", "/a"], ["hold", "/a"], ["check"]])
def test_the_settings_may_be_named_after_the_command_too(
    command: list[str], option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, *option]) == Exit.UNUSABLE
    assert "none.toml" in capsys.readouterr().err
    assert main([command[0], *option, *command[1:]]) == Exit.UNUSABLE
    assert "none.toml" in capsys.readouterr().err


def test_a_command_without_settings_takes_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "-c", "none.toml"]) == Exit.UNUSABLE
    assert "No such option: -c" in capsys.readouterr().err


def test_completion_is_offered_for_bash() -> None:
    environment = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = subprocess.run(
        [PROGRAM, "--show-completion", "bash"], env=environment, check=True, capture_output=True, text=True
    )
    assert "complete -o default -F _hotfolder_completion hotfolder" in shown.stdout


def test_completion_knows_the_commands() -> None:
    words = {"_HOTFOLDER_COMPLETE": "complete_bash", "COMP_WORDS": "hotfolder re", "COMP_CWORD": "1"}
    found = subprocess.run([PROGRAM], env=os.environ | words, check=True, capture_output=True, text=True)
    assert found.stdout.split() == ["retry", "release"]
