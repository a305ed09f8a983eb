"""
Runs shared out among processes, one for each core: a simulation is all computing.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.torture.judge import STUCK, Finding
from tests.torture.simulated import Places
from tests.torture.tally import Run, Tally

Replayed = Callable[[str, Places], Run | Iterator[Run]]
"""Plays what a piece of work names: one run, or a few."""

_MEMORY = Path("/dev/shm")  # noqa: S108 # a ledger on a disk would wait for it at every commit

_mine: dict[str, Places] = {}  # of this process


def place_for_ledgers() -> Path | None:
    """Return where ledgers of simulations are fastest, None for the usual temporary place."""
    return _MEMORY if _MEMORY.is_dir() else None


def share_out(tally: Tally, work: Iterable[str], do: Replayed, *, jobs: int, deadline_s: float) -> None:
    """Do all the work, until the time is up; count what comes of it."""
    with (
        tempfile.TemporaryDirectory(prefix="hotfolder-torture-", dir=place_for_ledgers()) as directory,
        multiprocessing.get_context("spawn").Pool(jobs, _begin, (directory,)) as pool,
    ):
        pieces = ((do, piece, deadline_s) for piece in work)
        for runs in pool.imap_unordered(_done, pieces):
            for run in runs:
                tally.add(run)
            if time.monotonic() >= deadline_s:
                tally.remark = "the time was up before all was done"
                return
        pool.close()  # all is done: they end by themselves
        pool.join()


def _begin(directory: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what it has started and mounted goes with it
    _mine["places"] = Places(Path(tempfile.mkdtemp(dir=directory)))


def _done(piece: tuple[Replayed, str, float]) -> list[Run]:
    do, what, deadline_s = piece
    return played(do, what, _mine["places"], deadline_s)


def played(do: Replayed, what: str, places: Places, deadline_s: float) -> list[Run]:
    """Do one piece of work; what nobody foresaw is a finding as well."""
    runs: list[Run] = []
    try:
        done = do(what, places)
        for run in (done,) if isinstance(done, Run) else done:
            runs.append(run)
            if time.monotonic() >= deadline_s:
                break
    except Exception as error:  # noqa: BLE001 # of the daemon or of the bench: both have to be seen
        trace = traceback.format_exc()
        runs.append(Run(replay=what, findings=(Finding(STUCK, f"{type(error).__name__}: {error}"),), notes=trace))
    return runs
