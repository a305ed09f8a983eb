"""The page about upload options says what the model says, and its examples can be copied."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from hotfolder.config.__main__ import main
from hotfolder.config.option_page import option_page
from hotfolder.config.options import Options

PAGE = Path(__file__).parents[3] / "docs/options.md"
SECTIONS = {
    name: text for name, _, text in (part.partition("\n") for part in PAGE.read_text("utf-8").split("\n## ")[1:])
}


def test_page_is_up_to_date() -> None:
    """If not: `python -m hotfolder.config` writes it anew."""
    assert PAGE.read_text("utf-8") == option_page()


def test_command_writes_the_page_anew(tmp_path: Path) -> None:
    main([str(tmp_path)])
    assert (tmp_path / "docs/options.md").read_text("utf-8") == option_page()


def test_every_option_has_its_section_in_the_order_of_the_wire() -> None:
    assert list(SECTIONS) == list(Options.model_fields)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("createMask", "- Default: `false`"),
        ("overwrite", "- Default: none: it has to be said"),
        ("emailSetting", "- Allowed: `All` `Error` `ErrorAndWarning` `JobCompletion` `None`"),
        ("projectHandleArray", "- Type: list of names or handles"),
        ("unsharpMaskOptions", "| `amount` | number | 0 to 5 |  | Strength. |"),
        ("crop", "| `manual.top` | whole number | 0 to 2147483647 | yes | Pixels cut off the top. |"),
        ("pdfOptions", "| `resolution` | number | above 0, up to 10000 |  | Dots per inch. |"),
        (
            "autoSetCreationOptions",
            "| `autoSetsArray` | list of names or handles | the name of a batch set preset, or its handle such as "
            r'"ps\|941" |  | Batch set presets, by name or handle, each applied to all files of a job; [] = none. |',
        ),
        (
            "mediaOptions",
            "| `thumbnailOptions.thumbnailTime` | whole number | 0 to 9223372036854775807 | yes | Milliseconds from "
            "the start of the video. |",
        ),
    ],
)
def test_types_limits_and_defaults_are_told(option: str, line: str) -> None:
    assert line in SECTIONS[option].splitlines()


@pytest.mark.parametrize("option", SECTIONS)
def test_examples_can_be_copied(option: str) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", SECTIONS[option], flags=re.DOTALL)
    for example in block.split("# or\n"):
        data = tomllib.loads(example)
        options = data["folder"]["options"] if "folder" in data else data
        assert list(options) == [option]
        assert Options.model_validate(options).stated() == options


def test_rows_of_tables_hold_together() -> None:
    rows = [line for line in option_page().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4, 6}
