"""The page as HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from tests.strategies import drop
from tests.unit.status.played import PlayedDaemon

from hotfolder.core.messages import HoldAsked
from hotfolder.core.model import Outcome
from hotfolder.status.pages import KINDS, MARKS, render, size
from hotfolder.status.snapshot import Recent
from hotfolder.status.view import Taken, View

VOID = {"meta", "link", "br"}


class Tree(HTMLParser):
    """Checks that every element is closed where it has to be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def taken_of(daemon: PlayedDaemon, recent: Recent | None = None) -> Taken:
    return View(
        daemon, recent=recent or Recent(), ledger=daemon.ledger, clock=daemon.clock, sent_bytes=lambda: 0
    ).latest()


def page_of(taken: Taken | None, *, stale: str | None = None, is_paused: bool = False) -> str:
    return render(taken, stale=stale, ledger_error=None, is_paused=is_paused)


def test_everything_there_is_to_show_makes_a_well_formed_page() -> None:
    daemon = PlayedDaemon("catalog", "archive")
    daemon.come_up()
    daemon.drop("Thumbs.db")
    daemon.drop("chair.jpg", is_complete=True)
    daemon.step(HoldAsked("catalog", ("chair.jpg",)))
    daemon.step(HoldAsked("archive"))
    recent = Recent()
    for number, outcome in enumerate(Outcome, 1):
        one = drop(number)
        one.outcome, one.possible_second_copy = outcome, True
        recent.add(one, None)

    text = " ".join("".join(Tree(page_of(taken_of(daemon, recent))).texts).split())

    for part in (
        "'hotfolder release PATH' lets it go on",
        "'hotfolder release --folder archive' lets it go on",
        "Windows keeps previews in it",
        "There may be a second copy of it on the server.",
    ):
        assert part in text
    assert all(outcome.value in text for outcome in Outcome)


def test_a_page_of_nothing_is_well_formed_too() -> None:
    Tree(page_of(None, stale="the daemon is busy"))
    Tree(page_of(taken_of(PlayedDaemon())))


def test_names_are_text_and_what_hides_is_shown() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    recent = Recent()
    recent.add(drop(1, "<script>alert('x')</script>\u202e\x1b.jpg"), None)

    page = page_of(taken_of(daemon, recent))

    assert "<script" not in page
    assert "<bdi>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\\u202e\\x1b.jpg</bdi>" in page


def test_it_comes_again_by_itself_unless_it_is_paused() -> None:
    taken = taken_of(PlayedDaemon())
    assert '<meta http-equiv="refresh" content="5">' in page_of(taken)
    assert "http-equiv" not in page_of(taken, is_paused=True)


def test_every_sign_has_a_style() -> None:
    assert set(MARKS.values()) == set(KINDS)
    assert all(outcome.value in MARKS for outcome in Outcome)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 * 1024**3, "5.0 GiB"), (9000 * 1024**3, "9000.0 GiB")],
)
def test_sizes_are_for_people(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text
