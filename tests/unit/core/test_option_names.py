"""Where options take names, and how handles take their place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.option_names import (
    HANDLE_PREFIXES,
    NameKind,
    UnresolvedNameError,
    is_handle,
    names_in,
    with_handles,
)
from hotfolder.core.rules import canonical

NAMED = canonical(
    {
        "overwrite": True,
        "projectHandleArray": ["Spring 2026", "p|6|Autumn"],
        "autoSetCreationOptions": {"autoSetsArray": ["Spin", "ps|941"]},
        "mediaOptions": {"videoEncodingPresetsArray": ["Spin", "Wide"], "generateThumbnail": True},
        "colorManagementOptions": {
            "colorManagement": "Convert",
            "sourceProfileHandle": "CoatedPaper",
            "outputProfileHandle": "a|732|1|535",
        },
        "keywords": ["Spring 2026"],
    }
)


@pytest.mark.parametrize("text", ["p|6|Spring 2026", "p|6|Name", "ps|941", "a|1234", "a|732|1|535"])
def test_forms_of_handles_are_known(text: str) -> None:
    assert is_handle(text)


@pytest.mark.parametrize("text", ["Spring 2026", "red | blue", "a | b", "A|1", "abc|1", "|1", "ps|", "x", "1|2"])
def test_other_texts_are_names(text: str) -> None:
    assert not is_handle(text)


def test_names_are_found_in_their_places_only() -> None:
    assert names_in(NAMED) == {
        NameKind.PROJECT: {"Spring 2026"},
        NameKind.SET: {"Spin"},
        NameKind.PRESET: {"Spin", "Wide"},
        NameKind.PROFILE: {"CoatedPaper"},
    }
    assert names_in('{"overwrite":true}') == {}


def test_handles_take_the_places_of_names() -> None:
    handles = {
        NameKind.PROJECT: {"Spring 2026": "p|6|Spring 2026"},
        NameKind.SET: {"Spin": "ps|1"},
        NameKind.PRESET: {"Spin": "ps|2", "Wide": "ps|3"},
        NameKind.PROFILE: {"CoatedPaper": "a|9"},
    }
    assert json.loads(with_handles(NAMED, handles)) == {
        "overwrite": True,
        "projectHandleArray": ["p|6|Spring 2026", "p|6|Autumn"],
        "autoSetCreationOptions": {"autoSetsArray": ["ps|1", "ps|941"]},
        "mediaOptions": {"videoEncodingPresetsArray": ["ps|2", "ps|3"], "generateThumbnail": True},
        "colorManagementOptions": {
            "colorManagement": "Convert",
            "sourceProfileHandle": "a|9",
            "outputProfileHandle": "a|732|1|535",
        },
        "keywords": ["Spring 2026"],
    }


def test_two_names_of_one_thing_become_one_handle() -> None:
    handles = {NameKind.PROJECT: {"Spring 2026": "p|6|Autumn"}}
    options = canonical({"projectHandleArray": ["Spring 2026", "p|6|Autumn"]})
    assert with_handles(options, handles) == '{"projectHandleArray":["p|6|Autumn"]}'


def test_name_without_a_handle_is_told_with_its_kind() -> None:
    with pytest.raises(UnresolvedNameError, match='no handle is known for the set "Spin"') as raised:
        with_handles('{"autoSetCreationOptions":{"autoSetsArray":["Spin"]}}', {NameKind.PRESET: {"Spin": "ps|2"}})
    assert (raised.value.kind, raised.value.name) == (NameKind.SET, "Spin")


texts = st.text(min_size=1, max_size=8) | st.sampled_from(["p|6|Name", "ps|941", "a|1234"])


@given(projects=st.lists(texts, max_size=4), presets=st.lists(texts, max_size=4), profile=texts)
def test_options_with_handles_hold_no_names(projects: list[str], presets: list[str], profile: str) -> None:
    options = canonical(
        {
            "projectHandleArray": projects,
            "mediaOptions": {"videoEncodingPresetsArray": presets},
            "colorManagementOptions": {"sourceProfileHandle": profile},
        }
    )
    handles = {
        kind: {name: f"{HANDLE_PREFIXES[kind]}{number}" for number, name in enumerate(sorted(names))}
        for kind, names in names_in(options).items()
    }
    filled = with_handles(options, handles)
    assert names_in(filled) == {}
    assert with_handles(filled, {}) == filled
