"""The page about the sandbox: its tables are whole, its example runs."""

import re
import tomllib
from collections.abc import Callable
from http.client import RemoteDisconnected
from pathlib import Path

import pytest
import typer.main
from tests.unit.sandbox.client import COMPANY, Caller

from hotfolder.cli.app import app
from hotfolder.sandbox.faults import FILE_FAULTS, REQUEST_FAULTS
from hotfolder.sandbox.names import OverwriteMode

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text("utf-8")
(CATALOGUE, EXAMPLE) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def rows(heading: str) -> dict[str, set[str]]:
    """The first two columns of a table: names, and the words in the second."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    return {cell[1].strip().strip("`"): set(re.findall(r"`(\w+)`", cell[2])) for cell in cells}


def test_every_fault_is_explained_with_its_keys() -> None:
    assert rows("`do`, for requests") == {do: set(keys) for do, keys in REQUEST_FAULTS.items()}
    assert rows("`do`, for files") == {do: set(keys) for do, keys in FILE_FAULTS.items()}


def test_every_option_is_explained() -> None:
    command = typer.main.get_command(app)
    options = {name for option in command.commands["sandbox"].params for name in option.opts}  # type: ignore[attr-defined] # a group
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]
    assert {*re.findall(r"`(--[a-z-]+)", table)} == options
    assert all(f"`{mode.value}`" in table for mode in OverwriteMode)


def test_example_does_what_is_said(call: Callable[..., Caller]) -> None:
    caller = call(faults=tomllib.loads(EXAMPLE)["fault"])
    catalog = caller.post("chair.jpg", job="catalog-1").handle
    assert caller.post("table.jpg", handle=catalog).code == 30000
    assert caller.post("table.jpg", handle=catalog).code is None
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        caller.post("sofa.jpg", handle=catalog, end=True)
    assert caller.verdicts(catalog) == [
        ("UploadSucess", "chair"),
        ("UploadSuccess", "table"),
        ("UploadSuccess", "sofa"),
    ]
    other = caller.post("a.psd", "virus.txt", job="other", end=True, content=b"8BPS\0\x01").handle
    assert caller.verdicts(other) == [("UploadError", "a")]
    assert [asset["name"] for asset in caller.box.assets()] == ["chair", "table", "sofa"]


def test_the_example_of_what_options_can_name_can_be_used(call: Callable[..., Caller], tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box/catalogue.toml").write_text(CATALOGUE)
    answer = call(data=tmp_path / "box").soap("getProjects", COMPANY)
    assert answer.texts("projectHandle") == ["p|2101|Spring 2026", "p|6|Autumn"]
