"""The first page, rendered once for all who see the same of it."""

from __future__ import annotations

from hotfolder.status.site.rendered import Rendered


class Painter:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> bytes:
        self.asked += 1
        return b"page %d" % self.asked


def test_everybody_who_sees_the_same_is_shown_one_rendering() -> None:
    rendered, render = Rendered(), Painter()
    snapshot, facts = object(), object()
    assert {rendered.of(snapshot, facts, "en", render) for _ in range(50)} == {b"page 1"}
    assert render.asked == 1


def test_another_language_or_visitor_is_another_page() -> None:
    rendered, render = Rendered(), Painter()
    snapshot, facts = object(), object()
    assert rendered.of(snapshot, facts, ("en", None), render) == b"page 1"
    assert rendered.of(snapshot, facts, ("fr", None), render) == b"page 2"
    assert rendered.of(snapshot, facts, ("en", frozenset({"hot"})), render) == b"page 3"
    assert rendered.of(snapshot, facts, ("en", None), render) == b"page 1"


def test_what_has_changed_is_rendered_anew_even_if_it_is_equal() -> None:
    rendered, render = Rendered(), Painter()
    first, second = dict[str, str](), dict[str, str]()
    assert rendered.of(first, first, "en", render) == b"page 1"
    assert rendered.of(second, first, "en", render) == b"page 2"
    assert rendered.of(second, second, "en", render) == b"page 3"
    assert rendered.of(first, first, "en", render) == b"page 4"
