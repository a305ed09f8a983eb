"""A process that commits is killed, again and again, on one ledger: what was acknowledged is there, whole."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from hotfolder.edges.ledger import open_ledger, read_ledger
from tests.crash.ledger_commits import after, commit_number

LIVES = 8
ROOT = Path(__file__).parents[2]


def live_and_die(url: str, acknowledged: int) -> int:
    """Run the writer, kill it after so many acknowledged commits, and return the number of the last of them."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.ledger_writer", url], cwd=ROOT, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(acknowledged)]
        writer.kill()  # wherever it is in the next commit
        told += writer.stdout.readlines()
    return int([line for line in told if line.endswith(b"\n")][-1])


@pytest.mark.parametrize("seed", range(2))
def test_after_a_kill_every_acknowledged_commit_is_there_and_at_most_the_one_under_way(
    tmp_path: Path, seed: int
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    chance = random.Random(seed)
    for life in range(LIVES):
        acknowledged = live_and_die(url, chance.choice([1, 2, 3, 5, 20, 60]))
        if life % 2:  # a reader may come first, before anybody has put the file in order
            assert read_ledger(url).unfinished() == after(commit_number(read_ledger(url)))
        with open_ledger(url) as ledger:  # the lock went with the process
            found = commit_number(ledger)
            assert acknowledged <= found <= acknowledged + 1
            assert ledger.unfinished() == after(found)
