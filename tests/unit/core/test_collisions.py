"""Files that meet online, and what is told of it."""

from __future__ import annotations

from dataclasses import replace

from tests.strategies import drop

from hotfolder.core.collisions import Collisions
from hotfolder.core.messages import DroppedAt
from hotfolder.core.model import Drop


def at(path: str, folder: str = "catalog", server: str = "one") -> DroppedAt:
    return DroppedAt(server, folder, path)


def under_way(*drops: Drop) -> Collisions:
    collisions = Collisions(lambda server: (server.rstrip("0123456789"),))
    for one in drops:
        collisions.join(one)
    return collisions


def dropped(number: int, path: str, *, folder: str = "catalog", server: str = "one", origin: str | None = None) -> Drop:
    one = drop(number, path.rpartition("/")[2])
    return replace(one, path=path, folder=folder, server=server, origin=origin)


CHAIR = dropped(1, "a/chair.psd")


def test_two_names_that_become_one_are_told_with_where_the_other_lies() -> None:
    collisions = under_way(CHAIR)
    assert collisions.caution(at("b/chair.jpg"), "chair") == (
        'it gets the name "chair" online, as does "a/chair.psd", which goes first'
    )
    assert collisions.caution(at("chair.jpg", "archive"), "chair") == (
        'it gets the name "chair" online, as does "a/chair.psd" of the hot folder catalog, which goes first'
    )


def test_a_newer_version_of_a_file_meets_nobody() -> None:
    collisions = under_way(CHAIR, dropped(2, "caf\u00e9.jpg"), dropped(3, "stool.jpg", origin="b/stool.jpg"))
    assert collisions.caution(at("a/chair.psd"), "chair") == ""
    assert collisions.caution(at("cafe\u0301.jpg"), "caf\u00e9") == "", "people see one name"
    assert collisions.caution(at("b/stool.jpg"), "stool") == "", "dragged back: what counts is where it was first"
    assert collisions.caution(at("table.jpg"), "table") == ""


def test_another_company_has_names_of_its_own() -> None:
    collisions = under_way(CHAIR)
    assert collisions.caution(at("b/chair.jpg", server="other"), "chair") == ""
    assert collisions.caution(at("b/chair.jpg", server="one2"), "chair") != "", "another server of the same company"


def test_names_that_differ_in_case_only_are_told_to_be_two() -> None:
    collisions = under_way(CHAIR)
    assert collisions.caution(at("Chair.jpg"), "Chair") == (
        'the names "Chair" and "chair" are two different ones online; the other one is "a/chair.psd"'
    )
    assert collisions.caution(at("STRASSE.jpg"), "STRASSE") == ""
    collisions.join(dropped(2, "straße.jpg"))
    assert '"STRASSE" and "straße"' in collisions.caution(at("STRASSE.jpg"), "STRASSE")


def test_a_name_that_is_taken_matters_more_than_one_that_only_looks_alike() -> None:
    collisions = under_way(dropped(2, "Chair.jpg"), CHAIR)
    stored = [at("x/chair.tif")]
    assert "as does" in collisions.caution(at("b/chair.jpg"), "chair", stored)
    collisions.leave(CHAIR)
    assert 'which "x/chair.tif" has already' in collisions.caution(at("b/chair.jpg"), "chair", stored)
    assert "two different ones" in collisions.caution(at("b/chair.jpg"), "chair")


def test_what_is_stored_counts_for_its_company_and_not_for_the_same_file() -> None:
    collisions = under_way()
    assert collisions.caution(at("a/chair.jpg"), "chair", [at("a/chair.jpg")]) == ""
    assert collisions.caution(at("a/chair.jpg"), "chair", [at("a/chair.psd", server="other")]) == ""
    assert collisions.caution(at("a/chair.jpg"), "chair", [at("a/chair.jpg"), at("a/chair.psd", "press")]) == (
        'it gets the name "chair" online, which "a/chair.psd" of the hot folder press has already'
    )


def test_who_has_left_meets_nobody_and_joining_twice_is_once() -> None:
    collisions = under_way(CHAIR, CHAIR)
    collisions.leave(CHAIR)
    collisions.leave(CHAIR)
    assert collisions.caution(at("b/chair.jpg"), "chair") == ""


def test_a_path_that_would_turn_a_line_round_is_escaped() -> None:
    collisions = under_way(dropped(1, "a\u202egpj/chair.psd"))
    assert '"a\\u202egpj/chair.psd"' in collisions.caution(at("b/chair.jpg"), "chair")
