"""What the server would not take is refused before it is sent, with its cure, and told to whoever asks before."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from PIL import Image

from tests.acceptance.asking import daemon, explained
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, sha256

PSB = struct.pack(">4sH6xHIIHH", b"8BPS", 2, 3, 40_000, 40_000, 8, 3) + bytes(500)
LAB = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 20, 20, 8, 9) + bytes(500)


def float_tiff(path: Path, **options: object) -> bytes:
    """Write a TIFF of floating-point samples and return its bytes."""
    out = io.BytesIO()
    Image.new("F", (30, 20), 0.5).save(out, "TIFF", **options)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())
    return out.getvalue()


def sent(place: Place) -> int:
    """Return how many POSTs the sandbox got."""
    return sum(request.operation == "UploadFile" for request in place.box.requests)


def test_formats_that_the_server_does_not_take_are_not_sent(place: Place, images: list[bytes]) -> None:
    """Looked for whether or not ends of formats are."""
    place.configure({"name": "hot", "settle": {"quiet": "300ms", "formats": False}})
    dropped = {
        "poster.psb": PSB,
        "spring/lab.psd": LAB,
        "cafe\u0301.psd": LAB + b"a name as some Macs write it",
        "deep.tif": float_tiff(place.hot("hot") / "deep.tif"),
        "big deep.tif": float_tiff(place.hot("hot") / "big deep.tif", big_tiff=True),
    }
    for path, content in dropped.items():
        place.drop(f"hot/{path}", content)
    place.drop("hot/chair.jpg", images[0])
    before, _ = explained(place, place.hot("hot") / "spring" / "lab.psd")

    ended = place.run_once()

    assert before["reason"].startswith("it would be rejected: it is a Photoshop document in Lab colour")
    assert (ended.code, ended.stdout) == (1, "5 rejected, 1 stored\n")
    assert sent(place) == 1
    assert set(place.assets()) == {"chair"}
    originals = place.originals("hot")
    assert {path: originals.get(f"_failed/{path}") for path in dropped} == {
        path: sha256(content) for path, content in dropped.items()
    }
    for path, cure in {
        "poster.psb": "save it as PSD or TIFF",
        "spring/lab.psd": "save it in RGB",
        "caf\u00e9.psd": "save it in RGB",  # the note is named as everybody types it
        "deep.tif": "save it with 8 or 16 bits",
        "big deep.tif": "save it with 8 or 16 bits",
    }.items():
        text = (place.hot("hot") / f"_failed/{path} - NOT SENT.txt").read_text("utf-8-sig")
        words = " ".join(text.split())
        assert cure in words
        assert "It never left this share" in words
    rejected = {entry["file"]: entry for entry in place.history() if entry["outcome"] == "rejected"}
    assert rejected.keys() == dropped.keys()
    assert {entry["job"] for entry in rejected.values()} == {None}
    assert len(ended.named("drop.rejected")) == 5


def test_a_file_that_is_larger_than_the_server_takes_is_not_sent(make_place: MakePlace, images: list[bytes]) -> None:
    place = make_place(max_post_bytes=200_000)
    fits, too_large = 200_000 - 65_536, 200_000 - 65_536 + 1
    with daemon(place, {"name": "hot", "include": ["*"]}, batch={"linger": "1h"}) as process:
        hot = place.hot("hot")
        place.drop("hot/fits.bin", bytes(fits - 1) + b"x")
        process.await_event("drop.ready", path="fits.bin")
        process.await_that(lambda: place.status()["server"]["state"] == "ok", "the sign-in")
        place.drop("hot/large.bin", bytes(too_large - 1) + b"x")
        process.await_event("drop.filed", outcome="rejected")
        after, text = explained(place, hot / "large.bin")
    note = (hot / "_failed/large.bin - NOT SENT.txt").read_text("utf-8-sig")
    assert "the server takes no file of more than 131.3 KiB (134,464 bytes)" in " ".join(note.split())
    assert after["outcome"] == "rejected"
    assert "  Why:         it has 131.3 KiB (134,465 bytes), and the server takes no file of more" in text
    assert (hot / "fits.bin").exists()
    assert sent(place) == 0
