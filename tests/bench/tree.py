"""
Many directories: how long until all are watched, what that holds in memory, and a drop in the deepest one.

Against `inotifywait --recursive` on the same tree, and `find`, which only walks it.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from tests.bench.daemon import Daemon, wait_for
from tests.bench.latency import drop, waits_ms
from tests.bench.processes import BenchError, Server, run
from tests.bench.script import MISSING
from tests.bench.share import Share
from tests.bench.table import Figures, tell

DIRECTORIES: Final = 50_000
DEPTH: Final = 10  # of the deepest one
ACROSS: Final = 200  # in one directory


def tree(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show; one round, for what it tells is not a matter of milliseconds."""
    del rounds
    count = 500 if quick else DIRECTORIES
    limit = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    if limit < 2 * count + 1000:
        raise BenchError(f"fs.inotify.max_user_watches is {limit}: too few for {count} directories twice")
    share, empty = Share(place=place / "tree"), Share(place=place / "empty")
    for one in (share, empty):
        one.write_config(server.base_url(), linger="0s")
    deepest = make(share.folder, count)
    server.take_traffic()
    with Daemon(empty) as daemon:
        nothing_s = daemon.await_watches(1)
        nothing_mib = daemon.memory_mib()
    values, notes = {}, []
    with Daemon(share) as daemon:
        armed_s = max(0.01, daemon.await_watches(count) - nothing_s)
        armed_mib = daemon.memory_mib() - nothing_mib
        time.sleep(1.0)  # the first scan comes to its end
        arrivals: dict[str, float] = {}
        closed = drop(deepest, "deep-", arrivals, server)
        waits = Figures(what="deep", values=waits_ms(closed, arrivals))
        values["watched after, less an empty folder's"] = f"{armed_s:.2f} s"
        values["memory, less an empty folder's"] = f"{armed_mib:.0f} MiB (of {daemon.memory_mib():.0f})"
        values["CPU until the drops had been sent"] = f"{daemon.cpu_s():.1f} s"
        values["drop in the deepest, p50 and p99"] = f"{waits.quantile(0.5):.1f} and {waits.quantile(0.99):.1f} ms"
    found_s = run(["find", str(share.folder), "-type", "d", "-printf", ""], log=share.log).wall_s
    values["find"] = f"{found_s:.2f} s"
    ratios = {"of time, find to ours": found_s / armed_s}
    if shutil.which("inotifywait"):
        theirs_s = _inotifywait_s(share.folder, share.place / "inotifywait.log")
        values["inotifywait --recursive"] = f"{theirs_s:.2f} s"
        ratios["of time, inotifywait to ours"] = theirs_s / armed_s
    else:
        notes.append(MISSING)
    tell(f"tree: {count} directories", values, ratios, notes)


def make(root: Path, count: int) -> Path:
    """Make so many directories, the root included, and return the deepest."""
    deepest = root.joinpath(*(f"level-{number}" for number in range(DEPTH)))
    deepest.mkdir(parents=True)
    left = count - 1 - DEPTH
    number = 0
    while left > 0:
        above = root / f"group-{number}"
        above.mkdir()
        left -= 1
        for inner in range(min(left, ACROSS)):
            (above / f"below-{inner}").mkdir()
        left -= min(left, ACROSS)
        number += 1
    return deepest


def _inotifywait_s(root: Path, log: Path) -> float:
    began_s = time.monotonic()
    with log.open("w") as stderr:
        process = subprocess.Popen(
            ["inotifywait", "--monitor", "--recursive", "--event", "close_write", str(root)],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        wait_for(lambda: "established" in log.read_text(), "inotifywait", patience_s=120)
        return time.monotonic() - began_s
    finally:
        process.terminate()
        process.wait()
