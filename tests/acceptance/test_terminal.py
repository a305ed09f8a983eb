"""What people see on a terminal: narrow ones, plain ones, dumb ones, and names that want to take it over."""

from __future__ import annotations

import pytest

from tests.acceptance.place import Place
from tests.acceptance.process import run as command
from tests.acceptance.terminal import on_terminal

COLUMNS = 60

HOSTILE = "\x1b[31mred \x1b]0;title\x07\u202efdp.gpj\u2069 " + "写真" * 20 + ".jpg"
"""Colours, a window title, text from right to left, and wide letters."""


@pytest.fixture
def config(place: Place) -> str:
    place.configure({"name": "hot", "settle": {"quiet": "100ms", "limit": "2s"}})
    return str(place.root / "hotfolder.toml")


def test_a_pass_says_what_it_waits_for_and_fits_the_terminal(place: Place, config: str, images: list[bytes]) -> None:
    place.drop("hot/half.jpg", images[0][:-2])
    place.drop("hot/" + HOSTILE, images[0])
    place.drop("hot/כיסא.jpg", images[0])
    with on_terminal("-c", config, "run", "--once", columns=COLUMNS) as run:
        run.await_text("half.jpg: ")
        run.await_text("if it stays so")
        assert run.end() == 1
        assert not run.has_styles
        assert run.shows_cursor
        assert "\x1b]0;" not in run.text
        assert "\u202e" not in run.text
    for arguments in (["status"], ["history"], ["explain", str(place.hot("hot") / "half.jpg")]):
        with on_terminal("-c", config, *arguments, columns=COLUMNS) as told:
            told.end()
            assert told.width <= COLUMNS
            assert not told.has_styles
            assert "\x1b]0;" not in told.text
            assert "\u202e" not in told.text
    with on_terminal("-c", config, "history") as told:
        told.end()
        assert "  stored  \u2068hot/כיסא.jpg\u2069" in told.text  # apart, so that it turns nothing else round
    with on_terminal("-c", config, "status", colours=True) as told:
        told.end()
        assert told.has_styles


def test_following_ends_with_the_cursor_shown_and_a_dumb_terminal_gets_lines(place: Place, config: str) -> None:
    with place.start() as process:
        process.await_event("daemon.ready")
        with on_terminal("-c", config, "status", "--follow") as live:
            live.await_text("hot")
            assert live.end(interrupt=True) == 130
            assert live.shows_cursor
        with on_terminal("-c", config, "status", "--follow", kind="dumb") as lines:
            lines.await_text("server ok; hot ")
            assert lines.end(interrupt=True) == 130
            assert "\x1b" not in lines.text


def test_a_dumb_terminal_is_told_what_a_pass_waits_for_without_any_code(
    place: Place, config: str, images: list[bytes]
) -> None:
    place.drop("hot/half.jpg", images[0][:-2])
    place.drop("hot/" + HOSTILE, images[0])
    place.drop("hot/" + "写真" * 20 + ".jpg", images[2])
    (place.hot("hot") / "link.jpg").symlink_to(place.config)
    with on_terminal("-c", config, "run", "--once", columns=COLUMNS, kind="dumb", colours=True) as run:
        run.await_text("hot/half.jpg: the end of the JPEG is missing; held at")
        assert run.end() == 1
        assert "held: hot/half.jpg: " in run.text
        assert "not sent: hot/link.jpg: it is not a file but a link" in run.text
        assert "\x1b" not in run.text
        assert run.width <= COLUMNS
    with on_terminal("-c", config, "history", columns=COLUMNS, kind="dumb", colours=True) as told:
        assert told.end() == 0
        assert "\x1b" not in told.text
        assert told.width <= COLUMNS
    with on_terminal("-c", config, "check", str(place.hot("hot") / "link.jpg"), columns=COLUMNS) as judged:
        assert judged.end() == 1
        assert "(put a copy of the file itself there instead of the link)" in " ".join(judged.text.split())
        assert judged.width <= COLUMNS
    piped = command("-c", config, "history")
    assert (piped.code, "\x1b" in piped.stdout, "\u202e" in piped.stdout) == (0, False, False)


def test_ctrl_c_ends_a_run_with_the_cursor_shown(place: Place, config: str, images: list[bytes]) -> None:
    place.drop("hot/half.jpg", images[0][:-2])
    with on_terminal("-c", config, "run", "--once", colours=True) as run:
        run.await_text("half.jpg: ")
        assert run.end(interrupt=True) == 130
        assert "\x1b[?25l" in run.text
        assert run.shows_cursor


def test_the_tour_needs_no_colours() -> None:
    with on_terminal("demo", columns=COLUMNS) as tour:
        assert tour.end() == 0
        assert not tour.has_styles
        assert tour.shows_cursor
