"""Thumbnails: made elsewhere, kept here, and a sign for what is no picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from PIL import Image
from tests.strategies import drop

from hotfolder.core.model import Drop, Identity
from hotfolder.ports import ChangedError, FolderError, Reader
from hotfolder.status.site.thumbs import LARGEST_BYTES, SIGN, Thumbs


@dataclass
class Opened:
    """An original; fits `ports.Reader`."""

    content: bytes
    is_closed: bool = False

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    @size_bytes.setter
    def size_bytes(self, value: int) -> None:
        raise AttributeError

    def blocks(self) -> Iterator[memoryview]:
        yield memoryview(self.content)

    def check_unchanged(self) -> bool:
        return True

    def close(self) -> None:
        self.is_closed = True


def picture(kind: str, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (300, 200), 77).save(out, kind)
    return out.getvalue()


def filed(number: int = 1) -> Drop:
    return replace(drop(number), target_path="_done/a.jpg")


def made_of(content: bytes) -> tuple[bytes, str]:
    opened = Opened(content)
    made = Thumbs(lambda folder, path, identity: opened).of(filed())
    assert opened.is_closed
    return made


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [("JPEG", "RGB", "image/jpeg"), ("TIFF", "CMYK", "image/jpeg"), ("PNG", "LA", "image/png")],
)
def test_a_picture_becomes_a_small_one(kind: str, mode: str, media_type: str) -> None:
    data, found = made_of(picture(kind, mode))
    assert found == media_type
    with Image.open(io.BytesIO(data)) as image:
        assert max(image.size) == 96


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff no picture", b"GIF89a" + bytes(100)])
def test_what_is_no_picture_has_a_sign(content: bytes) -> None:
    assert made_of(content) == (SIGN, "image/svg+xml")


@pytest.mark.parametrize("error", [ChangedError("another"), FolderError("away"), KeyError("gone")])
def test_an_original_that_is_not_there_any_more_has_a_sign(error: Exception) -> None:
    def gone(folder: str, path: str, identity: Identity) -> Reader:
        raise error

    assert Thumbs(gone).of(filed()) == (SIGN, "image/svg+xml")


def test_each_is_made_once_and_a_huge_one_is_not_read() -> None:
    opened: list[str] = []

    def read(folder: str, path: str, identity: Identity) -> Reader:
        opened.append(path)
        return Opened(picture("JPEG"))

    thumbs = Thumbs(read)
    assert thumbs.of(filed()) == thumbs.of(filed())
    huge = replace(filed(2), identity=replace(filed(2).identity, size_bytes=LARGEST_BYTES + 1))
    assert thumbs.of(huge)[0] == SIGN
    assert opened == ["_done/a.jpg"]
