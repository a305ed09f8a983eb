"""
What a name in the options means among the things that the server has, and what is said of one that means nothing.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.catalogue import SHELVES, Listed, handle_of, wanted_instead, way_to_write, why_unknown
from hotfolder.core.option_names import NameKind

PROJECTS = [
    Listed(handle="p|1|Spring 2026", name="Spring 2026"),
    Listed(handle="p|1|Autumn", name="Autumn"),
]
SETS = [
    Listed(handle="ps|1", name="Spin", group="Scripts"),
    Listed(handle="ps|2", name="Standard", group="Scripts"),
    Listed(handle="ps|3", name="Standard", group="Presets"),
    Listed(handle="ps|4", group="Presets"),  # its name is not told
    Listed(handle="ps|5", name="Odd/Spin", group="Presets"),
]


def test_every_kind_of_name_has_its_place() -> None:
    assert set(SHELVES) == set(NameKind)


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Spin", "ps|1"),
        ("Scripts/Spin", "ps|1"),
        ("Presets/Standard", "ps|3"),
        ("Odd/Spin", "ps|5"),
        ("Presets/Odd/Spin", "ps|5"),
        ("Standard", None),
        ("spin", None),
        ("Presets/", None),
        ("", None),
        ("ps|1", None),
    ],
)
def test_a_name_means_one_thing_or_nothing(name: str, handle: str | None) -> None:
    assert handle_of(name, SETS) == handle


def test_one_thing_that_is_listed_twice_is_one() -> None:
    assert handle_of("Autumn", [*PROJECTS, PROJECTS[1]]) == "p|1|Autumn"


def test_letters_are_the_same_in_both_unicode_forms() -> None:
    assert handle_of("Fru\u0308hling", [Listed(handle="p|1|x", name="Fr\u00fchling")]) == "p|1|x"


def test_a_name_that_is_nearly_right_is_told_the_right_one() -> None:
    assert why_unknown(NameKind.PROJECT, "spring 2026", PROJECTS) == (
        'the project "spring 2026" is not known to the server; the nearest is "Spring 2026"'
    )
    assert 'is "Scripts/Spin"' in why_unknown(NameKind.SET, "Script/Spin", SETS)


def test_a_name_like_no_other_is_told_what_there_is() -> None:
    assert why_unknown(NameKind.PROJECT, "Zoo", PROJECTS).endswith('; known are "Autumn", "Spring 2026"')
    many = [Listed(handle=f"a|{number}", name=f"{number:02}") for number in range(20)]
    told = why_unknown(NameKind.PROFILE, "Zoo", many)
    assert told.startswith('the ICC profile "Zoo" is not known to the server; known are "00", ')
    assert told.endswith('"07" and 12 more')
    assert why_unknown(NameKind.PRESET, "Zoo", []).endswith("; it has none with a name")


def test_a_name_of_two_things_is_told_how_to_name_each() -> None:
    assert why_unknown(NameKind.SET, "Standard", SETS) == (
        'the server has more than one batch set preset "Standard"; write one of "Scripts/Standard", "Presets/Standard"'
    )
    twins = [Listed(handle=f"ps|{number}", name="Spin", group="Scripts") for number in (1, 2)]
    assert why_unknown(NameKind.SET, "Spin", twins).endswith('"Spin"; write one of "ps|1", "ps|2"')


def test_what_is_wanted_instead_follows_what_was_found() -> None:
    assert wanted_instead(NameKind.PROJECT, "spring 2026", PROJECTS) == (
        'the name of a project on the server: the nearest is "Spring 2026"'
    )
    assert wanted_instead(NameKind.PROFILE, "Zoo", []) == (
        "the name of an ICC profile on the server: it has none with a name"
    )
    assert wanted_instead(NameKind.SET, "Standard", SETS) == (
        'one of "Scripts/Standard", "Presets/Standard": the server has more than one batch set preset of this name'
    )


def test_everything_can_be_written_in_some_way() -> None:
    assert [way_to_write(entry, SETS) for entry in SETS] == [
        "Spin",
        "Scripts/Standard",
        "Presets/Standard",
        "ps|4",
        "Odd/Spin",
    ]


listed = st.builds(
    Listed,
    handle=st.sampled_from(["ps|1", "ps|2", "ps|3"]),
    name=st.sampled_from(["", "a", "b", "a/b", "A"]),
    group=st.sampled_from(["", "a", "g"]),
)


@given(st.lists(listed, max_size=6), st.sampled_from(["a", "b", "A", "a/b", "g/a", "a/a/b", "zz", ""]))
def test_what_is_found_bears_the_name_and_what_is_not_has_a_reason(shelf: list[Listed], name: str) -> None:
    handle = handle_of(name, shelf)
    if handle is not None:
        assert any(entry.handle == handle and name in (entry.name, entry.full_name) for entry in shelf)
    else:
        assert why_unknown(NameKind.SET, name, shelf)
        alone = [entry for entry in shelf if entry.name == name != ""]
        assert len({entry.handle for entry in alone}) != 1
