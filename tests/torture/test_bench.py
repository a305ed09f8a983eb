"""The bench runs, the same seed plays the same history, and a few histories of every sort end well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.torture import histories, short
from tests.torture.__main__ import SHARES, main
from tests.torture.judge import STUCK, Finding
from tests.torture.simulated import Places
from tests.torture.tally import Run, Tally, show


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_the_same_seed_plays_the_same_history(places: Places) -> None:
    for seed in (17, 42):
        first, second = (histories.play(seed, places.new()).world.moments.trace for _ in range(2))
        assert first == second


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_seeded_histories_end_well(places: Places, first: int) -> None:
    for seed in range(first, first + 10):
        assert histories.play(seed, places.new()).findings == [], seed


@pytest.mark.parametrize("script", short.SCRIPTS)
def test_every_way_of_the_line_ends_well(places: Places, script: str) -> None:
    for files, per_post in (("1", 1), ("2", 1), ("2-same", 2)):
        case = short.Case("nothing", 0.0, files, script, "move", per_post)
        assert short.play(case, "", places.new()).findings == [], case


def test_a_case_is_found_again_by_its_name() -> None:
    for case in short.cases():
        assert short.Case.read(str(case)) == case


def test_ends_are_counted_each_from_the_one_before(places: Places) -> None:
    case = short.Case.read("nothing-0.0/1/fine/move/1")
    told = short.play(case, "12k+5c", places.new())
    assert list(told.world.moments.ends) == [12, 17]
    assert told.world.ends == 2
    assert told.findings == []


def test_a_failure_says_how_to_play_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("histories")
    tally.add(Run(replay="7", findings=(Finding(STUCK, "no end"),), counts={"ends": 2}, kinds={"kill": 2}))
    show([tally.end()])
    out = capsys.readouterr().out
    assert """again: make torture TORTURE_ARGS='--replay "histories:7"'""" in out
    assert re.search(r"together +1 +2 +0 +0 +0 +0 +0 +0 +0 +1 +0", out)


def test_one_run_is_played_again(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["torture", "--replay", "short:nothing-0.0/1/swallowed after/move/1@20k"])
    assert main() == 0
    assert "POST: swallowed after 1" in capsys.readouterr().out


def test_every_part_has_its_share_of_the_time() -> None:
    from tests.torture.__main__ import PARTS

    assert SHARES.keys() == PARTS.keys()
