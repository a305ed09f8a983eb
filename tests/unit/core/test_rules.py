"""What a hot folder takes, and with what options and to which place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import globs, paths
from tests.unit.core.test_globs import slow_match

from hotfolder.core.naming import FORBIDDEN
from hotfolder.core.rules import GROUPS, TEMPLATE_NAMES, Router, canonical
from hotfolder.core.settings import FolderSettings, RuleSettings

DAY = date(2026, 3, 7)
FOLDER = FolderSettings(
    name="catalog",
    path=Path("/srv/catalog"),
    destination="Catalog/{subfolder}",
    include=("*",),
    options={"overwrite": True, "createMask": False},
)


@given(st.lists(globs, max_size=3), st.lists(globs, max_size=3), paths)
def test_file_is_taken_if_included_and_not_excluded(include: list[str], exclude: list[str], path: str) -> None:
    router = Router(replace(FOLDER, include=tuple(include), exclude=tuple(exclude)))
    reason = router.ignored(path)
    if Router(FOLDER).ignored(path) is not None:  # litter
        assert reason == Router(FOLDER).ignored(path)
    elif any(slow_match(glob, path) for glob in exclude):
        assert reason is not None
        assert slow_match(reason.removeprefix("excluded by "), path)
    elif any(slow_match(glob, path) for glob in include):
        assert reason is None
    else:
        assert reason == "no include pattern matches"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("chair.jpg", None),
        ("a/b/chair.jpg", None),
        ("_DSC1234.NEF", None),
        ("_done.jpg", None),
        ("a/_done/chair.jpg", None),
        ("_done/chair.jpg", "belongs to hotfolder itself"),
        ("_Working/a/chair.jpg", "belongs to hotfolder itself"),
        ("_status.html", "belongs to hotfolder itself"),
        (".chair.jpg", "hidden file (its name begins with a dot)"),
        ("a/.git/chair.jpg", "in .git: hidden directory (its name begins with a dot)"),
        (".git/.svn/chair.jpg", "in .git: hidden directory (its name begins with a dot)"),
        ("drafts/chair.jpg", "excluded by drafts/"),
        ("a/chair old.jpg", "excluded by *old*"),
        ("chair.docx", "no include pattern matches"),
    ],
)
def test_ignored_files_have_a_reason(path: str, reason: str | None) -> None:
    router = Router(replace(FOLDER, include=("@media",), exclude=("drafts/", "*old*")))
    assert router.ignored(path) == reason
    assert router.ignored(path) == reason, "and once more, from memory"


@given(st.lists(st.lists(globs, min_size=1, max_size=2), max_size=4), paths)
def test_first_rule_that_matches_decides(matches: list[list[str]], path: str) -> None:
    rules = tuple(
        RuleSettings(match=tuple(match), options={"createMask": True}, destination=f"R{number}")
        for number, match in enumerate(matches)
    )
    route = Router(replace(FOLDER, rules=rules, destination="own")).route(path, DAY)
    wanted = next((n for n, match in enumerate(matches) if any(slow_match(glob, path) for glob in match)), None)
    assert route.rule == wanted
    assert route.destination == ("own" if wanted is None else f"R{wanted}")
    assert json.loads(route.options) == {"overwrite": True, "createMask": wanted is not None}


def test_rule_replaces_whole_values_and_keeps_the_rest() -> None:
    folder = replace(
        FOLDER,
        options={"overwrite": True, "crop": {"manual": {"left": 1}}, "keywords": ["spring"]},
        rules=(RuleSettings(match=("*.psd",), options={"crop": {"autoTransparent": {"tolerance": 0.5}}}),),
    )
    route = Router(folder).route("a/chair.psd", DAY)
    assert route.options == '{"crop":{"autoTransparent":{"tolerance":0.5}},"keywords":["spring"],"overwrite":true}'
    assert route.destination == "Catalog/a"
    assert route.overwrite


def test_rule_takes_off_what_its_folder_says() -> None:
    folder = replace(
        FOLDER,
        options={
            "createMask": False,
            "projectHandleArray": ["Spring"],
            "postHttpUrl": "https://hooks.example.com/",
            "mediaOptions": {"videoEncodingPresetsArray": ["Wide"], "generateThumbnail": False},
            "autoSetCreationOptions": {"autoSetsArray": ["Spin"]},
            "unsharpMaskOptions": {"amount": 0.0, "threshold": 0},
        },
        rules=(
            RuleSettings(
                match=("*.psd",),
                options={
                    "projectHandleArray": [],
                    "postHttpUrl": "",
                    "mediaOptions": {"videoEncodingPresetsArray": [], "generateThumbnail": False},
                    "autoSetCreationOptions": {"autoSetsArray": []},
                },
            ),
        ),
    )
    assert json.loads(Router(folder).route("chair.psd", DAY).options) == {
        "createMask": False,
        "mediaOptions": {"generateThumbnail": False},
        "unsharpMaskOptions": {"amount": 0.0, "threshold": 0},
    }


def test_overwrite_is_told() -> None:
    rules = (RuleSettings(match=("*.psd",), options={"overwrite": False}),)
    router = Router(replace(FOLDER, rules=rules))
    assert router.route("chair.jpg", DAY).overwrite
    assert not router.route("chair.psd", DAY).overwrite


@pytest.mark.parametrize(
    ("template", "path", "destination"),
    [
        ("Catalog/{subfolder}", "chair.jpg", "Catalog"),
        ("Catalog/{subfolder}", "a/b/chair.jpg", "Catalog/a/b"),
        ("{folder}/{subfolder}", "a/chair.jpg", "catalog/a"),
        ("{date}", "chair.jpg", "2026-03-07"),
        ("{year}/{month}/{day}", "chair.jpg", "2026/03/07"),
        ("{ext}/{stem}", "a/Chair.front.TIF", "tif/Chair.front"),
        ("{stem}", "a/chair.tif", "chair"),
        ("{ext}", "a/chair.tif", "tif"),
        ("x{ext}x/{stem}", "README", "xx/README"),
        ("/a//b/", "chair.jpg", "a/b"),
        ("a/../b/./c", "chair.jpg", "a/b/c"),
        ("{subfolder}", "../../chair.jpg", ""),
        ("{subfolder}", "a & b/50%/chair.jpg", "a  b/50"),
        ("{subfolder}", "&/ . /gru\u0308n/chair.jpg", "gr\u00fcn"),
        ("{subfolder}", ".&./a/chair.jpg", "a"),
        ("", "a/chair.jpg", ""),
    ],
)
def test_table_of_destinations(template: str, path: str, destination: str) -> None:
    assert Router(replace(FOLDER, destination=template)).route(path, DAY).destination == destination


templates = st.lists(
    st.sampled_from([f"{{{name}}}" for name in TEMPLATE_NAMES]) | st.text(" a/.&-", max_size=4), max_size=6
).map("".join)


@given(templates, paths)
def test_destination_never_leaves_the_company_root(template: str, path: str) -> None:
    destination = Router(replace(FOLDER, destination=template)).route(path, DAY).destination
    if destination:
        for part in destination.split("/"):
            assert part.strip() == part
            assert part not in ("", ".", "..")
            assert FORBIDDEN.isdisjoint(part)


@given(st.lists(templates, max_size=4), templates, st.lists(paths, min_size=1, max_size=6))
def test_remembered_answers_are_the_same_as_fresh_ones(
    keywords: list[str], destination: str, several: list[str]
) -> None:
    folder = replace(FOLDER, destination=destination, options={**FOLDER.options, "keywords": keywords})
    router = Router(folder)
    for path in several:
        for day in (DAY, date(2026, 3, 8)):
            assert router.route(path, day) == Router(folder).route(path, day)
            assert router.ignored(path) == Router(folder).ignored(path)


def test_memory_of_directories_is_bounded() -> None:
    router = Router(replace(FOLDER, include=("*.jpg",)))
    for number in range(10_001):
        assert router.ignored(f"{number}/chair.jpg") is None
        assert router.route(f"{number}/chair.jpg", DAY).destination == f"Catalog/{number}"
    assert router.ignored("0/chair.jpg") is None
    assert router.route("0/chair.jpg", DAY).destination == "Catalog/0"


def test_keywords_are_expanded_once_each_and_never_empty() -> None:
    options = {"overwrite": True, "keywords": ["{subfolder}", "spring", " spring ", "{ext}", "", "R&D, {year}"]}
    router = Router(replace(FOLDER, options=options))
    assert json.loads(router.route("a/b/x.JPG", DAY).options)["keywords"] == ["a/b", "spring", "jpg", "R&D, 2026"]
    assert json.loads(router.route("x", DAY).options)["keywords"] == ["spring", "R&D, 2026"]


def test_options_without_any_keyword_are_those_without_the_option() -> None:
    """Else two batches would be formed where one is enough."""
    router = Router(replace(FOLDER, options={**FOLDER.options, "keywords": ["{subfolder}"]}))
    assert router.route("chair.jpg", DAY).options == '{"createMask":false,"overwrite":true}'


def test_options_are_equal_as_text_exactly_when_they_are_equal() -> None:
    frozen = MappingProxyType({"b": MappingProxyType({"d": (1, 2), "c": "ä"}), "a": True})
    assert canonical(frozen) == canonical({"a": True, "b": {"c": "ä", "d": [1, 2]}})
    assert canonical(frozen) == '{"a":true,"b":{"c":"\\u00e4","d":[1,2]}}'


def test_media_is_every_group_but_scripts() -> None:
    others = frozenset[str]().union(*(extensions for group, extensions in GROUPS.items() if group != "@media"))
    assert others - GROUPS["@media"] == {"js"}
    assert all(extension == extension.lower() for extension in others)
