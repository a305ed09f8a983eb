"""The status file in a hot folder says what the page of that folder says, and holds up nothing."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image

from tests.acceptance.asking import daemon, over_tcp, page_of
from tests.acceptance.place import Place
from tests.acceptance.process import Process

MARK = "<!DOCTYPE html>\n<!-- written by hotfolder"


class Texts(HTMLParser):
    """What a page says, and whether it could do anything."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.text = " ".join(" ".join(self.parts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def float_tiff() -> bytes:
    """Return what the server does not take."""
    out = io.BytesIO()
    Image.new("F", (30, 20), 0.5).save(out, "TIFF")
    return out.getvalue()


def said(process: Process, file: Path, *wanted: str) -> Texts:
    """Return what a status file says once it says all of this."""

    def look() -> Texts | None:
        texts = Texts(file.read_text("utf-8")) if file.exists() else Texts("")
        return texts if all(one in texts.text for one in wanted) else None

    return process.await_that(look, f"{file.name} says {', '.join(wanted)}")


def test_the_status_file_says_what_the_page_does(place: Place, images: list[bytes]) -> None:
    hostile = "<b>chair & \u202egpj.jpg"
    with daemon(place, {"name": "hot", "contact": "Photo desk, ext. 4711", "options": {"overwrite": False}}) as process:
        place.drop("hot/spring/lamp.jpg", images[0])
        place.drop("hot/half.jpg", images[1][:-2])
        place.drop(f"hot/{hostile}", images[2])
        place.drop("hot/deep.tif", float_tiff())
        for path in ("spring/lamp.jpg", hostile, "deep.tif"):
            process.await_event("drop.filed", path=path)
        place.drop("hot/lamp.jpg", images[3])
        process.await_event("drop.filed", path="lamp.jpg", outcome="duplicate")
        file = place.hot("hot") / "_status.html"
        texts = said(process, file, "Not uploaded: this name already exists", "half.jpg", "spring/lamp.jpg")
        page = Texts(over_tcp(page_of(process), "GET", "/folder/hot").text)
        content = file.read_text("utf-8")
        ended = process.end()
    farewell = Texts(file.read_text("utf-8"))

    assert ended.code == 0
    for truth in (
        "Uploaded",
        "Not uploaded: this name already exists",
        "Still copying",
        "half.jpg",
        "it is a TIFF with floating-point samples (32 bits or HDR), which the server does not take: save it with 8 or",
        'something with the name "lamp" is there already, and replacing it is switched off; nothing was changed',
    ):
        assert truth in page.text
        assert truth in texts.text
    assert "give the file another name and drag it back into the hot folder" in texts.text
    assert "Photo desk, ext. 4711" in texts.text
    assert r"<b>chair & \u202egpj.jpg" in texts.text
    assert not {"script", "a", "link", "img"} & texts.tags
    assert content.startswith(MARK)
    assert not re.search(r"(?:src|href)=|https?:", content)
    assert "the service has ended" in farewell.text
    assert "_status.html" not in page.text
    assert not list(place.hot("hot").glob(".hotfolder-*"))


def test_it_is_in_the_language_of_its_folder_and_only_where_something_happened(
    place: Place, images: list[bytes]
) -> None:
    place.configure({"name": "fr", "language": "fr"}, {"name": "quiet"}, {"name": "off", "status_file": False})
    for folder in ("fr", "off"):
        place.drop(f"{folder}/{folder}.jpg", images[0])
    place.drop("fr/deep.tif", float_tiff())
    place.drop("fr/_Status.html", b"somebody's own")

    ended = place.run_once()
    texts = Texts((place.hot("fr") / "_status.html").read_text("utf-8"))
    note = (place.hot("fr") / "_failed" / "deep.tif - NOT SENT.txt").read_text("utf-8-sig")

    assert ended.code == 1
    assert "c'est un TIFF à virgule flottante" in texts.text
    assert "le service est arrêté" in texts.text
    assert "Envoyé" in texts.text
    assert note.startswith("PAS ENVOYÉ\u00a0: deep.tif")
    assert "C'est un TIFF à virgule flottante" in note
    assert (place.hot("fr") / "_Status.html").read_bytes() == b"somebody's own"
    assert list(place.hot("quiet").iterdir()) == []
    assert not (place.hot("off") / "_status.html").exists()


def test_what_somebody_else_made_of_that_name_is_left_alone(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "file"}, {"name": "directory"}, {"name": "link"})
    for folder in ("file", "directory", "link"):
        place.drop(f"{folder}/{folder}.jpg", images[0])
    place.drop("file/_status.html", b"<html>mine")
    (place.hot("directory") / "_status.html").mkdir()
    elsewhere = place.root / "elsewhere.html"
    elsewhere.write_text(MARK)
    (place.hot("link") / "_status.html").symlink_to(elsewhere)

    ended = place.run_once()

    assert ended.code == 0
    assert (place.hot("file") / "_status.html").read_bytes() == b"<html>mine"
    assert (place.hot("directory") / "_status.html").is_dir()
    assert (place.hot("link") / "_status.html").is_symlink()
    assert elsewhere.read_text() == MARK
