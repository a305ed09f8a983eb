"""A real browser, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# the places and images of the acceptance tests are those of these
from tests.acceptance.conftest import images, make_place, place

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

__all__ = ["images", "make_place", "place"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a module; after it no event loop of it is left in the way of other tests."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: browser)")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of its own, of the size of a laptop's; every error in it fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(45_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))

    def heard(answer: Response) -> None:
        is_wrong_password = answer.status == 403 and answer.url.endswith("/login")  # nothing but tests types one
        if answer.status >= 400 and not is_wrong_password:
            errors.append(f"{answer.status} {answer.url}")

    opened.on("response", heard)
    yield opened
    context.close()
    assert errors == []
