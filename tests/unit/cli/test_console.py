"""How lines fit a terminal, and what NO_COLOR and a dumb terminal get."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from hotfolder.cli.console import console, print_line


def printed(line: str, columns: int, *, colours: bool = False) -> list[str]:
    out = io.StringIO()
    terminal = Console(
        file=out, force_terminal=True, width=columns, color_system="standard" if colours else None, _environ={}
    )
    print_line(terminal, line)
    return out.getvalue().removesuffix("\n").split("\n")


def test_a_line_that_fits_stays_one_and_a_longer_one_goes_on_between_words() -> None:
    assert printed("half.jpg is held", 16) == ["half.jpg is held"]
    assert printed("half.jpg is held", 15) == ["half.jpg is", "  held"]


@given(st.text("ab写[] \u05d0", min_size=1, max_size=80), st.integers(8, 40))
def test_no_line_is_wider_than_the_terminal_and_no_letter_is_lost(line: str, columns: int) -> None:
    lines = printed(line, columns)
    assert max(map(cell_len, lines)) <= columns
    assert "".join("".join(lines).split()) == "".join(line.split())


def test_colours_of_a_log_line_are_shown_where_there_are_any() -> None:
    assert "\x1b[" in printed("\x1b[1mdrop.held\x1b[0m hot", 40, colours=True)[0]
    assert printed("\x1b[1mdrop.held\x1b[0m hot", 40) == ["drop.held hot"]


def test_a_dumb_terminal_has_the_columns_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("FORCE_COLOR", "1")  # what makes a pipe a terminal
    monkeypatch.setenv("COLUMNS", "52")
    monkeypatch.setenv("LINES", "20")
    assert console().is_dumb_terminal
    assert console().width == 52
