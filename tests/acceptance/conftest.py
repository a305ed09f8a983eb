"""Installations to try, each with a sandbox of its own, and pictures to drop."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from hotfolder.sandbox import Sandbox
from tests.acceptance import messages
from tests.acceptance.place import PASSWORD, SANDBOX_JOB_TIMEOUT_S, Place

MakePlace = Callable[..., Place]


@pytest.fixture
def make_place() -> Iterator[MakePlace]:
    """Makes installations; afterwards everything they sent is checked against the schema, and they are removed."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Place:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hotfolder-")))
            password = settings.get("password", PASSWORD)
            defaults: dict[str, Any] = {"password": PASSWORD, "job_timeout": SANDBOX_JOB_TIMEOUT_S, "record_xml": True}
            box = stack.enter_context(Sandbox(data=root / "sandbox", **(defaults | settings)))
            stack.callback(_check_messages, box)
            return Place(root, box, password)

        yield make


def _check_messages(box: Sandbox) -> None:
    if messages.SCHEMA.is_file():  # test_messages says so if it is not
        assert not (misfits := messages.misfits(box.requests)), misfits[:5]


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    """An installation with all defaults, not configured yet."""
    return make_place()


@pytest.fixture(scope="session")
def images() -> list[bytes]:
    """A thousand small pictures, JPEG and PNG in turn; no two have the same bytes."""
    return [_image(number) for number in range(1000)]


def _image(number: int) -> bytes:
    image = Image.new("RGB", (24, 16), (number % 256, number // 256 * 40, 99))
    out = io.BytesIO()
    if number % 2:
        text = PngImagePlugin.PngInfo()
        text.add_text("number", str(number))
        image.save(out, "PNG", pnginfo=text)
    else:
        image.save(out, "JPEG", comment=str(number).encode())
    return out.getvalue()
