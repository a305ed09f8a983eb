"""Inputs of every sort are tried, are the same for the same number, and what is wrong is told with its number."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.torture import fuzz
from tests.torture.fuzz.mutation import WrongError, demand, mutated
from tests.torture.plan import QUICK
from tests.torture.simulated import Places


@pytest.mark.parametrize("sort", fuzz.SORTS)
def test_some_inputs_of_every_sort_come_to_nothing_wrong(tmp_path: Path, sort: str) -> None:
    run = fuzz.replayed(f"{sort}/0+60", Places(tmp_path))
    assert run.findings == ()
    assert run.counts == {"inputs": 60}


def test_the_sorts_take_turns() -> None:
    pieces = list(fuzz.work(QUICK))
    assert [piece.partition("/")[0] for piece in pieces[: len(fuzz.SORTS)]] == list(fuzz.SORTS)
    assert len(pieces) * fuzz.TOGETHER >= QUICK.inputs


def test_what_is_wrong_is_told_with_the_number_that_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def picky(number: int, place: Path) -> None:
        demand(number % 7 != 3, "three left over")
        if number % 7 == 5:
            raise KeyError("five")

    monkeypatch.setitem(fuzz.SORTS, "picky", picky)
    run = fuzz.replayed("picky/0+7", Places(tmp_path))
    assert run.replay == "picky/3+1"
    assert [finding.text for finding in run.findings] == ["picky/3: three left over", "picky/5: KeyError: 'five'"]


def test_the_same_seed_changes_an_input_in_the_same_way() -> None:
    data = b"<a>some data</a>"
    changed = [mutated(random.Random(7), data) for _ in range(2)]
    assert changed[0] == changed[1] != data
    with pytest.raises(WrongError):
        demand(False, "no")
