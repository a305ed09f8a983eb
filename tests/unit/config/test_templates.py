"""What templates of destinations and keywords may hold."""

from __future__ import annotations

import re

import pytest

from hotfolder.config.templates import DESTINATION, KEYWORD, check_template, placeholders

DESTINATIONS = {
    "Catalog/{subfolder}": None,
    "": None,
    "Catalog/": None,
    "{folder}/{date}/{year}{month}{day}/{stem}.{ext}": None,
    "Catalog/{subfoldr}": "{subfolder} instead of {subfoldr}",
    "Catalog/{Folder}": "{folder} instead of {Folder}",
    "Catalog/{}": "only the placeholders {folder}",
    "Catalog/{elephants}": "only the placeholders {folder}",
    "Catalog/{folder": "braces in pairs",
    "Catalog/folder}": "braces in pairs",
    "Catalog/{{folder}}": "braces in pairs",
    "/Catalog": 'without "/" at its start',
    "Catalog//PSD": "a folder without empty",
    "../Catalog": "a folder without empty",
    "Catalog/./PSD": "a folder without empty",
    "Catalog\\PSD": 'folders separated by "/"',
}


@pytest.mark.parametrize(("template", "wanted"), DESTINATIONS.items())
def test_destinations_are_folders_below_the_company_root(template: str, wanted: str | None) -> None:
    message = DESTINATION.test(template)
    assert message is None if wanted is None else wanted in (message or "")
    assert bool(re.search(DESTINATION.pattern, template)) == (wanted is None)


@pytest.mark.parametrize(
    ("template", "is_good"),
    [("spring", True), ("a, b", True), ("from {folder}", True), ("", False), ("  ", False), ("{fold}", False)],
)
def test_keywords_say_something(template: str, is_good: bool) -> None:
    assert (KEYWORD.test(template) is None) == is_good
    assert bool(re.search(KEYWORD.pattern, template)) == is_good


def test_control_characters_go_nowhere() -> None:
    assert check_template("a\nb") is not None


def test_placeholders_are_found_in_their_order() -> None:
    assert placeholders("{a}/{subfolder}-{}{a}") == ("a", "subfolder", "", "a")
