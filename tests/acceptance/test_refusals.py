"""What the server would not take is refused before it is sent, with its cure, and told to whoever asks before."""

from __future__ import annotations

import io
import struct
import unicodedata
from pathlib import Path

from PIL import Image

from tests.acceptance.asking import command, daemon, explained
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
    counts, *lines = ended.stdout.splitlines()
    assert (ended.code, counts) == (1, "5 rejected, 1 stored")
    assert sorted(line.split(": it is ")[0] for line in lines) == sorted(
        f"rejected: hot/{unicodedata.normalize('NFC', path)}" for path in dropped
    )
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
    assert "It has 131.3 KiB (134,465 bytes), and the server takes no file of more" in " ".join(text.split())
    assert (hot / "fits.bin").exists()
    assert sent(place) == 0


def test_check_says_of_files_what_would_become_of_them(make_place: MakePlace, images: list[bytes]) -> None:
    place = make_place(max_post_bytes=200_000)
    once = {"name": "once", "include": ["*"], "options": {"overwrite": False}, "destination": "Once"}
    place.configure({"name": "hot"}, once)
    place.drop("once/chair.jpg", images[0])
    assert place.run_once().code == 0
    questions = len(place.box.requests)
    good, lab = place.drop("hot/spring/chair.jpg", images[0]), place.drop("hot/lab.psd", LAB)
    taken, free = place.drop("once/chair.jpg", images[2]), place.drop("once/stool.jpg", images[4])
    large, notes = place.drop("once/large.bin", bytes(150_000)), place.drop("hot/notes.txt", b"x")
    files = (good, lab, taken, free, large, notes, place.config)

    offline = command(place, "check", *files)
    online = command(place, "check", "--online", *files)
    all_good = command(place, "check", "--online", good, free, place.hot("once") / "new.jpg")

    lines = offline.stdout.splitlines()
    assert lines[0].endswith("good, 2 hot folders")
    assert lines[1:] == [
        f'{good}: would be sent as "chair" to hot/spring',
        lines[2],
        f'{taken}: would be sent as "chair" to Once',
        f'{free}: would be sent as "stool" to Once',
        f'{large}: would be sent as "large" to Once',
        f"{notes}: not a drop: no include pattern matches",
        lines[7],
    ]
    assert lines[2].startswith(f"{lab}: it would be rejected: it is a Photoshop document in Lab colour")
    assert lines[7].startswith(f"{place.config}: in none of the hot folders")
    told = online.stdout.splitlines()[2:]
    assert told[0] == lines[1]
    assert told[2].startswith(f'{taken}: would be a duplicate: something with the name "chair" is there already')
    assert told[3] == lines[4]
    assert "takes no file of more than 131.3 KiB" in told[4]
    assert all_good.stdout.splitlines()[-1].endswith(
        ': nothing is there, but such a file would be sent as "new" to Once'
    )
    assert (offline.code, online.code, all_good.code) == (1, 1, 0)
    asked = [request.operation for request in place.box.requests[questions:]]
    assert asked.count("checkAssetNames") == 2, "one question each time, for all files"
