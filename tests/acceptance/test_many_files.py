"""A thousand files in three hot folders, each with rules of its own: every one arrives once, as its rule says."""

from __future__ import annotations

import json
from collections import Counter
from math import ceil

import pytest

from tests.acceptance.place import Place, Table, check_all_arrived, sha256

UNSTATED = {
    "readyForPublish": "true",
    "preservePublishState": "true",
    "createMask": "false",
    "preserveCrop": "true",
    "emailSetting": "None",
}
"""What is sent of options that nobody states (DESIGN 4.2)."""

FOLDERS: list[Table] = [
    {
        "name": "catalog",
        "destination": "Catalog/{subfolder}",
        "options": {"overwrite": True, "keywords": ["spring", "{subfolder}"]},
        "rule": [
            {"match": ["*.png"], "options": {"createMask": True}},
            {"match": ["sale/*"], "destination": "Sale", "options": {"readyForPublish": False}},
        ],
    },
    {
        "name": "archive",
        "destination": "Archive",
        "options": {"overwrite": False, "readyForPublish": False},
        "rule": [
            {"match": ["*.JPG"], "options": {"crop": {"manual": {"left": 1, "right": 2, "top": 3, "bottom": 4}}}},
        ],
    },
    {
        "name": "press",
        "options": {"overwrite": True, "unsharpMaskOptions": {"amount": 1.75, "radius": 0.2}},
        "rule": [
            {"match": ["hero-*"], "destination": "Press/Heroes", "options": {"unsharpMaskOptions": {"amount": 0.5}}},
            {"match": ["@images"], "options": {"emailSetting": "Error"}},
        ],
    },
]


def expected(path: str) -> tuple[str, Table]:
    """Say by hand where a file has to go on the server, and with which options."""
    folder, *above, name = path.split("/")
    subfolder = "/".join(above)
    if folder == "catalog":
        keywords = {"xmpKeywords": f"spring,{subfolder}" if subfolder else "spring"}
        if name.endswith(".png"):
            return f"Catalog/{subfolder}", UNSTATED | keywords | {"overwrite": "true", "createMask": "true"}
        if subfolder == "sale":
            return "Sale", UNSTATED | keywords | {"overwrite": "true", "readyForPublish": "false"}
        return f"Catalog/{subfolder}", UNSTATED | keywords | {"overwrite": "true"}
    if folder == "archive":
        crop = {"manualCropOptions": {"left": "1", "right": "2", "top": "3", "bottom": "4"}}
        return "Archive", UNSTATED | {"overwrite": "false", "readyForPublish": "false"} | (
            crop if name.endswith(".jpg") else {}
        )
    if name.startswith("hero-"):
        return "Press/Heroes", UNSTATED | {"overwrite": "true", "unsharpMaskOptions": {"amount": "0.5"}}
    return f"press/{subfolder}", UNSTATED | {
        "overwrite": "true",
        "emailSetting": "Error",
        "unsharpMaskOptions": {"amount": "1.75", "radius": "0.2"},
    }


def drop_a_thousand(place: Place, images: list[bytes]) -> dict[str, bytes]:
    directories = ["catalog", "catalog/sale", "catalog/chairs/oak", "archive", "archive/2024", "press", "press/news"]
    dropped = {}
    for number, image in enumerate(images):
        prefix = "hero-" if number % 5 == 0 else "picture-"
        ending = "png" if image.startswith(b"\x89PNG") else "jpg"
        dropped[f"{directories[number % 7]}/{prefix}{number}.{ending}"] = image
    for path, content in dropped.items():
        place.drop(path, content)
    return dropped


def check_assets(place: Place, dropped: dict[str, bytes]) -> None:
    """Every file is one asset, once, with exactly its options, in its place."""
    assets = place.assets()
    assert len(assets) == len(dropped)
    for path, content in dropped.items():
        asset = assets[path.rpartition("/")[2].rpartition(".")[0]]
        destination, options = expected(path)
        folder = "/".join(part for part in ("Example Co", *destination.split("/"), "") if part) + "/"
        found = (asset["sha256"], asset["versions"], asset["folder"], asset["options"])
        assert found == (sha256(content), 1, folder, options), path


@pytest.mark.parametrize("max_files", [1000, 60])
def test_a_thousand_files_arrive_once_each_with_the_options_of_its_rule(
    place: Place, images: list[bytes], max_files: int
) -> None:
    """One job for each folder and resulting set of options, and no more than its limit asks for."""
    place.configure(*FOLDERS, batch={"max_files": max_files})
    dropped = drop_a_thousand(place, images)

    ended = place.run_once()

    assert ended.code == 0, ended.noise
    assert ended.stdout == "1000 stored\n"
    check_all_arrived(place, dropped)
    check_assets(place, dropped)
    sets = Counter((path.partition("/")[0], json.dumps(expected(path)[1], sort_keys=True)) for path in dropped)
    jobs = place.box.jobs()
    assert len(jobs) == sum(ceil(count / max_files) for count in sets.values())
    for job in jobs:
        posts = job["posts"]
        assert [post["end_job"] for post in posts] == [False] * (len(posts) - 1) + [True]
        assert all(post["files"] and not post["overlapped"] for post in posts)
        assert not job["timed_out"]
        assert not job["same_name_as"]
