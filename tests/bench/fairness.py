"""
Fairness: one file beside 100,000 in another hot folder, with our own sandbox running jobs side by side and in a row.

The crowd lies there when the daemon starts, and while it is being sent single files are dropped into a second hot
folder. Each is measured from its close until it is stored and filed. Where the server runs jobs in a row, what it has
already is before us: then it counts how many jobs were begun between the close of the file and its own.
"""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from tests.bench.daemon import Daemon, wait_for
from tests.bench.processes import ROOT, BenchError, Server
from tests.bench.share import PASSWORD, Share, daemon_command, photos
from tests.bench.table import Figures, figures

CROWD: Final = 100_000
SINGLES: Final = 10
SIZE_BYTES: Final = 1_000
GAP_S: Final = 6.0  # from one single file to the next
LIMIT_S: Final = 10.0
FAST: Final = 2_000.0  # files a second where jobs run in a row: the server keeps up with what it is sent
PATIENCE_S: Final = 300.0  # for the first of the crowd to be filed, and for a single file

_SECOND: Final = """\
[[folder]]
name = "single"
path = "single"
destination = "Bench/single"
include = ["*"]
first_run_limit = 0
settle = { quiet = "0s" }
options = { overwrite = true }
"""


def fairness(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show; the single files are the rounds."""
    del server, rounds  # one that has everything stored at once would say nothing of jobs that wait for each other
    crowd, singles, gap_s = (1_000, 2, 0.5) if quick else (CROWD, SINGLES, GAP_S)
    for mode, arguments in (("side by side", ()), ("in a row", ("--serial", "--speed", str(FAST)))):
        share = Share(place=place / mode.replace(" ", "-"))
        with _sandbox(share.place / "sandbox", *arguments) as base_url:
            _measure(share, base_url, mode, crowd=crowd, singles=singles, gap_s=gap_s)


def _measure(share: Share, base_url: str, mode: str, *, crowd: int, singles: int, gap_s: float) -> None:
    share.write_config(base_url, linger="0s")
    share.config.write_text(share.config.read_text() + _SECOND)
    share.fill_with_photos(crowd, SIZE_BYTES)
    single = share.place / "single"
    single.mkdir()
    closed: dict[str, datetime] = {}
    took_s: list[float] = []
    with Daemon(share) as daemon:
        wait_for(lambda: any(share.folder.glob("_done/*/*")), "the crowd to be filed", patience_s=PATIENCE_S)
        for name, photo in photos(singles, SIZE_BYTES, prefix="single-"):
            (single / name).write_bytes(photo)
            closed[name] = datetime.now(UTC)
            began_s = time.monotonic()
            wait_for(partial(_is_filed, single, name), name, patience_s=PATIENCE_S)
            took_s.append(time.monotonic() - began_s)
            time.sleep(gap_s)
        daemon.check()
        left = crowd - sum(1 for _ in share.folder.glob("_done/*/*"))
        cpu_s, memory_mib = daemon.cpu_s(), daemon.memory_mib()
    before = _jobs_between(share.ledger, closed)
    row = Figures(what="close to filed", values=took_s)
    figures(
        f"fairness: {singles} single files beside {crowd} in another hot folder, jobs {mode}",
        "s",
        [row],
        {f"of {LIMIT_S:.0f} s to the slowest": LIMIT_S / max(took_s)},
        [
            f"jobs of the crowd begun between a single file's close and its own job: at most {max(before)}",
            f"{left} of the crowd were still to be filed at the end; {cpu_s:.1f} s of CPU and {memory_mib:.0f} MiB",
        ],
    )


def _is_filed(folder: Path, name: str) -> bool:
    return any(folder.glob(f"_done/*/{name}"))


def _jobs_between(ledger: Path, closed: Mapping[str, datetime]) -> list[int]:
    """Return for each single file how many jobs of the crowd were begun after its close and before its own."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        own = connection.execute(
            "SELECT path, created_at FROM drops JOIN jobs ON jobs.id = drops.job WHERE drops.folder = 'single'"
        ).fetchall()
        crowd = [at for (at,) in connection.execute("SELECT created_at FROM jobs WHERE folder = 'share'")]
    if len(own) != len(closed):
        raise BenchError(f"the ledger knows {len(own)} of {len(closed)} single files")
    return [sum(closed[path.decode()].timestamp() * 1e6 < at < begun for at in crowd) for path, begun in own]


@contextmanager
def _sandbox(data: Path, *arguments: str) -> Iterator[str]:
    """Run `hotfolder sandbox`, and give its base URL."""
    command = [
        *daemon_command(),
        "sandbox",
        "--port",
        "0",
        "--data",
        str(data),
        "--company",
        "Bench",
        "--user",
        "bench@example.com",
        "--password",
        PASSWORD["HOTFOLDER_PASSWORD"],
        *arguments,
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        if not base_url:
            raise BenchError("the sandbox did not start")
        yield base_url
    finally:
        process.terminate()
        process.communicate()
