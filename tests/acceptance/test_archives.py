"""Archives of which the server stores what is in them."""

from __future__ import annotations

import io
import zipfile

from tests.acceptance.place import Place

UNPACK = {"unCompressOptions": {"process": "UnCompress"}}


def packed(**files: bytes) -> bytes:
    """Return a ZIP of files, named by their extensions too."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"inside/{name}.jpg", content)
    return out.getvalue()


def test_archive_is_done_when_what_is_in_it_is_stored_and_sent_once(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "options": {"overwrite": True, **UNPACK}})
    place.drop("hot/first.zip", packed(a=images[0], b=images[2]))
    place.drop("hot/second.zip", packed(c=images[4]))
    place.drop("hot/chair.jpg", images[6])
    lost = place.box.add_fault(on="UploadFile", file="first.zip", do="swallow-after", nth=1)

    assert place.run_once().code == 0

    assert lost.hits == 1
    assert {name: asset["versions"] for name, asset in place.assets().items()} == {"a": 1, "b": 1, "c": 1, "chair": 1}
    assert {entry["file"]: entry["outcome"] for entry in place.history()} == {
        "first.zip": "stored",
        "second.zip": "stored",
        "chair.jpg": "stored",
    }
    assert {path.partition("/")[0] for path in place.files("hot")} == {"_done"}
    assert [len(post["files"]) for job in place.box.jobs() for post in job["posts"] if post["files"]] == [1, 1, 1]


def test_archive_of_which_some_was_there_already_waits_for_a_person(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "options": {"overwrite": False, **UNPACK}})
    place.drop("hot/a.jpg", images[0])
    assert place.run_once().code == 0
    place.drop("hot/pack.zip", packed(a=images[2], b=images[4]))
    assert place.run_once().code == 1

    newest = place.history()[0]
    assert (newest["file"], newest["outcome"]) == ("pack.zip", "unknown")
    assert newest["reason"].startswith("the server took it apart and stored some of what is in it (files: 1)")
    assert {"_check/pack.zip", "_check/pack.zip - PLEASE CHECK.txt"} <= set(place.files("hot"))
    assert set(place.assets()) == {"a", "b"}
