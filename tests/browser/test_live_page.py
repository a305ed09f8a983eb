"""The pages in a real browser: live, with buttons, for every screen and for those who do not see it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import pytest
from PIL import Image

from tests.acceptance.asking import PAGE, daemon, page_of
from tests.acceptance.place import Place
from tests.acceptance.process import Process

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HOSTILE = (
    "<img src=x onerror=document.title='got-you'>.jpg",
    "evil\u202egpj.exe.jpg",
    "new\nline.jpg",
    "ä" * 120 + ".jpg",
)
LOW = """[...document.querySelectorAll("button, input:not([type=hidden]), select, summary")]
    .filter(element => element.getBoundingClientRect().height < 44).map(element => element.outerHTML)"""
"""What is too low to be touched."""

BAD = "&&&.jpg"  # nothing is left of its name


@contextmanager
def watched(place: Place, page: Page, target: str = "", **tables: dict[str, Any]) -> Iterator[Process]:
    """Run the daemon, with these tables of settings, and open one of its pages."""
    with daemon(place, {"name": "hot"}, **tables) as process:
        page.goto(page_of(process) + target)
        page.locator("#live").filter(has_text=re.compile("^Live$")).wait_for()
        yield process


def check_readable(page: Page, *, but: str = "") -> None:
    """Check that nothing keeps people from using a page: by axe-core, `but` one rule, by its width, and by touch."""
    found = pytest.importorskip("axe_playwright_python.sync_playwright").Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical") and one["id"] != but]
    bad = [(one["id"], one["nodes"][0]["html"]) for one in serious]
    assert bad == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert page.evaluate(LOW) == [], page.url


def line(page: Page, name: str) -> str:
    """Return how to find the line of a file."""
    return f".files > li:has(a:text-is('{name}'))"


def test_a_dropped_file_appears_goes_its_way_and_ends_with_a_thumbnail_without_a_reload(
    place: Place, page: Page, images: list[bytes]
) -> None:
    with watched(place, page):
        page.evaluate("window.isTheSamePage = true")
        place.drop("hot/spring/chair.jpg", images[0])
        row = page.locator(line(page, "chair.jpg"))
        row.wait_for()
        row.locator(".word", has_text="Uploaded").wait_for()
        image = row.locator("img")
        page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
        assert page.evaluate("window.isTheSamePage")
        assert row.locator(".where").inner_text() == "hot/spring"


def test_the_bars_of_an_upload_and_of_its_file_move_while_bytes_leave(place: Place, page: Page) -> None:
    with watched(place, page, upload={"bandwidth": "1200kB/s"}):
        page.evaluate(WATCH_BARS)
        place.drop("hot/large.jpg", large_jpeg())
        page.locator(line(page, "large.jpg")).locator(".word", has_text="Uploaded").wait_for()
        for seen in page.evaluate("window.seen").values():
            assert len({part for part in seen if 0 < part < 1}) >= 3
            assert seen == sorted(seen)


WATCH_BARS = """() => {
    window.seen = {"file": [], "upload": []};
    setInterval(() => {
        for (const [name, where] of [["file", ".files progress"], ["upload", ".bars progress"]]) {
            const bar = document.querySelector(where);
            if (bar) window.seen[name].push(bar.value / bar.max);
        }
    }, 50);
}"""
"""Keeps what the first bar of each kind shows; a page that were loaded again would have forgotten it."""


def large_jpeg() -> bytes:
    """Return a picture that takes some seconds on a slow line."""
    out = io.BytesIO()
    Image.effect_noise((3000, 3000), 90).save(out, "JPEG", quality=90)
    return out.getvalue()


def test_a_bad_file_shows_its_reason_and_is_sent_again_by_the_button(
    place: Place, page: Page, images: list[bytes]
) -> None:
    with watched(place, page) as process:
        place.drop(f"hot/{BAD}", images[0])
        row = page.locator(line(page, BAD))
        row.locator(".word", has_text="Not uploaded").wait_for()
        assert "rename it" in row.inner_text()
        row.get_by_role("button", name="Send again").click()
        page.get_by_text("on its way back").wait_for()
        process.await_event("drop.filed", times=2, path=BAD)
        page.goto(page_of(process) + "folder/hot")
        assert page.locator(line(page, BAD)).count() == 2


def test_a_folder_is_paused_and_goes_on(place: Place, page: Page) -> None:
    with watched(place, page, "folder/hot") as process:
        page.get_by_role("button", name="Pause").click()
        process.await_event("folder.held")
        page.locator("h1").get_by_text("Paused").wait_for()
        page.get_by_role("button", name="Let it go on").click()
        process.await_event("folder.recovered")
        page.locator("h1").get_by_text("Working").wait_for()


def test_hostile_names_are_only_text(place: Place, page: Page, images: list[bytes]) -> None:
    with watched(place, page) as process:
        for number, name in enumerate(HOSTILE):
            place.drop(f"hot/{name}", images[2 * number])
        process.await_event("drop.filed", times=len(HOSTILE))
        page.get_by_text(HOSTILE[0]).first.wait_for()
        page.get_by_text(r"evil\u202egpj.exe.jpg").first.wait_for()
        page.get_by_text(r"new\nline.jpg").first.wait_for()
        page.get_by_text(HOSTILE[3]).first.wait_for()
        assert page.title() == "Uploads"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
def test_nothing_keeps_people_from_using_the_pages(
    place: Place, page: Page, images: list[bytes], scheme: Literal["light", "dark"], width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    with watched(place, page) as process:
        place.drop("hot/chair.jpg", images[0])
        place.drop(f"hot/{BAD}", images[2])
        place.drop("hot/half.jpg", images[0][:-2])
        process.await_event("drop.filed", times=2)
        page.goto(page_of(process) + "file/1")
        upload = page.locator("dd a[href^='/upload/']").get_attribute("href") or ""
        for target in ("", "folder/hot", "file/1", upload.removeprefix("/"), "find?q=half"):
            page.goto(page_of(process) + target)
            check_readable(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_from_logging_in_or_guests_and_people_with_only_the_share_from_reading(
    place: Place, page: Page, images: list[bytes], scheme: Literal["light", "dark"]
) -> None:
    for name in ("page-password", "token"):
        (place.root / name).touch(mode=0o600)
        (place.root / name).write_text(f"{name}-of-this-test-long-enough\n")
    web = {
        **PAGE,
        "password_file": str(place.root / "page-password"),
        "link": [{"name": "agency", "folders": ["hot"], "token_file": str(place.root / "token")}],
    }
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    with daemon(place, {"name": "hot"}, web=web) as process:
        place.drop("hot/chair.jpg", images[0])
        place.drop(f"hot/{BAD}", images[2])
        process.await_event("drop.filed", times=2)
        page.goto(page_of(process) + "login")
        check_readable(page)
        page.get_by_label("Password").fill("not it")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("alert").wait_for()
        check_readable(page)
        page.goto(page_of(process) + "link/token-of-this-test-long-enough")
        page.locator(line(page, "chair.jpg")).wait_for()
        assert page.get_by_role("button").all_inner_texts() == ["Look"]  # a guest can do nothing else
        check_readable(page)
        sheet = place.hot("hot") / "_status.html"
        process.await_that(lambda: "chair.jpg" in sheet.read_text("utf-8"), "the status file to tell of the file")
        page.goto(sheet.as_uri())
        page.get_by_text("chair.jpg").first.wait_for()
        check_readable(page, but="meta-refresh")  # without scripts, nothing else shows what has changed


def test_everything_can_be_reached_by_keyboard(place: Place, page: Page, images: list[bytes]) -> None:
    with watched(place, page) as process:
        place.drop("hot/chair.jpg", images[0])
        process.await_event("drop.filed")
        page.goto(page_of(process))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        seen = set()
        for _ in range(30):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
        assert {"hotfolder", "find", "Look", "chair.jpg", "hot"} <= seen
