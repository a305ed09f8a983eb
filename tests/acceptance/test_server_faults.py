"""
Every way in which the sandbox can go wrong, once, in the middle of a run: everything arrives all the same.

The promise is at least once, with detection: a second copy that may be there is told in the history (RELIABILITY 0).
"""

from __future__ import annotations

import pytest

from tests.acceptance.place import Place, Table, check_all_arrived, numbered, receipts

FAULTS: dict[str, Table] = {
    "answers 503": {"do": "http-503"},
    "asks to come back later": {"do": "http-503", "retry_after": 2},
    "drops it": {"do": "swallow-before"},
    "carries it out and says nothing": {"do": "swallow-after"},
    "shows a page of some proxy": {"do": "html"},
    "carries it out and shows a page of some proxy": {"do": "html", "processed": True},
    "answers garbage": {"do": "garbage"},
    "carries it out and answers garbage": {"do": "garbage", "processed": True},
    "cuts its answer off": {"do": "truncated"},
    "answers without saying anything": {"do": "hollow"},
    "answers half and calls it all": {"do": "truncated", "short_length": True},
    "has internal trouble": {"do": "fault", "code": 30000},
    "calls a fault a success": {"do": "fault", "code": 30000, "as_200": True},
    "is slow": {"do": "slow", "seconds": 1.5},
    "breaks off while it is read": {"do": "reset", "after_bytes": 3000},
    "answers nothing": {"do": "empty-200"},
    "carries it out and answers nothing": {"do": "empty-200", "processed": True},
    "sends us elsewhere": {"do": "redirect", "location": "http://127.0.0.1:9/elsewhere"},
}

MOMENTS: list[Table] = [
    {"on": "UploadFile", "nth": 1},  # opens a job
    {"on": "UploadFile", "nth": 6},  # in the middle of one
    {"on": "getActiveJobs", "nth": 1},
    {"on": "getJobLogDetails", "nth": 1},
]


@pytest.mark.parametrize("fault", FAULTS)
def test_everything_arrives_although_the_server(place: Place, images: list[bytes], fault: str) -> None:
    """One run, and the same trouble at every kind of request."""
    place.configure({"name": "hot"}, upload={"files_per_post": 4}, batch={"max_files": 20})
    dropped = dict(numbered(images, "hot", 40))
    for path, content in dropped.items():
        place.drop(path, content)
    script = FAULTS[fault]
    if script["do"] == "reset":  # questions are shorter than files
        met = [
            place.box.add_fault(**script | {"after_bytes": 3000 if n < 2 else 300}, **at)
            for n, at in enumerate(MOMENTS)
        ]
    else:
        met = [place.box.add_fault(**script, **at) for at in MOMENTS]

    ended = place.run_once()

    assert [fault.hits for fault in met] == [1, 1, 1, 1]
    assert ended.code == 0, ended
    check_all_arrived(place, dropped)


BAD: dict[str, Table] = {
    "refused": {"on": "UploadFile", "do": "fault", "code": 30001, "reason": "Asset ID of this job is bad."},
    "unusable": {"do": "upload-error", "message": "No such colour space"},
    "quarantined": {"do": "vanish"},
    "renamed": {"do": "rename"},
    "nameless": {"do": "nameless-row"},
    "strange": {"do": "log-type", "log_type": "UploadMiracle"},
}
"""By the name of the one file that meets it, however often it is sent."""


def test_each_bad_file_comes_to_its_own_end_and_the_others_arrive(place: Place, images: list[bytes]) -> None:
    place.configure({"name": "hot", "receipts": True}, upload={"files_per_post": 20})
    good = dict(numbered(images, "hot", 20))
    bad = {f"hot/{name}.jpg": image for name, image in zip(BAD, images[20:32:2], strict=True)}
    for path, content in (good | bad).items():
        place.drop(path, content)
    for name, script in BAD.items():
        place.box.add_fault(file=f"{name}.jpg", **script)

    ended = place.run_once()

    assert ended.code == 1
    outcomes = {entry["file"]: entry["outcome"] for entry in place.history()}
    assert outcomes == {path.removeprefix("hot/"): "stored" for path in good} | {
        "refused.jpg": "failed",
        "unusable.jpg": "failed",
        "quarantined.jpg": "failed",
        "renamed.jpg": "renamed",
        "nameless.jpg": "stored",
        "strange.jpg": "stored",
    }
    notes = {
        path: " ".join(text.read_text("utf-8-sig").split())
        for path, text in place.files("hot").items()
        if path.endswith(".txt")
    }
    assert sorted(notes) == [
        "_check/renamed.jpg - PLEASE CHECK.txt",
        "_failed/quarantined.jpg - NOT SENT.txt",
        "_failed/refused.jpg - NOT SENT.txt",
        "_failed/unusable.jpg - NOT SENT.txt",
    ]
    assert "(fault 30001: Name of this upload is bad)" in notes["_failed/refused.jpg - NOT SENT.txt"]
    assert "No such colour space" in notes["_failed/unusable.jpg - NOT SENT.txt"]
    assert "virus scan" in notes["_failed/quarantined.jpg - NOT SENT.txt"]
    found = receipts(place, "hot")
    proof = next(receipt for receipt in found.values() if receipt["file"] == "strange.jpg")
    assert proof["asset_handle"] == place.assets()["strange"]["asset_handle"]  # nobody knows the word: the asset tells
