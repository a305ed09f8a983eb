"""A ledger that was put back from a copy does not know what was sent since: nothing is sent before a person says so."""

from __future__ import annotations

import shutil

import pytest

from tests.acceptance.place import OWNER_MARK, Place, numbered


@pytest.mark.slow  # three starts
def test_a_ledger_put_back_from_an_older_copy_sends_nothing_until_a_person_says_so(
    place: Place, images: list[bytes]
) -> None:
    place.configure({"name": "hot"})
    (first, one), (second, two), (third, three) = numbered(images, "hot", 3)
    with place.start() as process:
        place.drop(first, one)
        process.await_event("drop.filed", path=first[4:], outcome="stored")
        process.end()
    shutil.copy(place.root / "ledger.db", place.root / "copy.db")
    with place.start() as process:
        place.drop(second, two)
        process.await_event("drop.filed", path=second[4:], outcome="stored")
        process.end()
    (place.root / "copy.db").replace(place.root / "ledger.db")

    later = place.drop(third, three)
    with place.start() as process:
        told = process.await_event("folder.degraded", folder="hot")
        assert "a newer copy of this ledger was at work in" in told["reason"]
        assert "does not know what was sent since" in told["reason"]
        assert later.read_bytes() == three
        (place.hot("hot") / OWNER_MARK).unlink()
        process.await_event("drop.filed", path=third[4:], outcome="stored")
        process.end()
    assert len(place.assets()) == 3
