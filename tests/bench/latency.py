"""
Latency: from the close of a file to the first byte of its POST, against `inotifywait` and one `curl` each.

Both watch a folder of their own at the same time and are given files in turns, so that what else the machine does
meets both alike. Nothing waits by the settings: `quiet` and `linger` are 0 s.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.bench import script
from tests.bench.daemon import Daemon, wait_for
from tests.bench.processes import Server
from tests.bench.share import Share, photos
from tests.bench.table import Figures, figures

DROPS: Final = 1_000
IN_A_ROW: Final = 50
GAP_S: Final = 0.04  # longer than the script takes for a file: a queue is not what is measured
REST_S: Final = 0.5  # between the turns: what was begun is at its end
SIZE_BYTES: Final = 10_000


def latency(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show; the drops are many enough for one round."""
    del rounds
    drops = IN_A_ROW if quick else DROPS
    share = Share(place=place / "latency")
    share.write_config(server.base_url(), linger="0s", poll="5s")  # the default; each answer takes the interpreter
    directory = place / "script"
    directory.mkdir()
    notes: list[str] = []
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    server.take_traffic()
    with ExitStack() as running:
        daemon = running.enter_context(Daemon(share))
        daemon.await_watches(1)
        if script.is_possible():
            running.enter_context(script.Script(directory, f"{server.base_url()}/UploadFile", place / "script.log"))
        else:
            notes.append(script.MISSING)
        arrivals: dict[str, float] = {}
        for row in range(drops // IN_A_ROW):
            ours |= drop(share.folder, f"ours-{row}-", arrivals, server)
            if not notes:
                theirs |= drop(directory, f"theirs-{row}-", arrivals, server)
        cpu_s, memory_mib = daemon.cpu_s(), daemon.memory_mib()
    told = {"hotfolder": waits_ms(ours, arrivals), "inotifywait, curl": waits_ms(theirs, arrivals)}
    measured = [Figures(what=what, values=waits) for what, waits in told.items() if waits]
    ratios = {"of the p99, limit of 50 ms to ours": 50 / measured[0].quantile(0.99)}
    if theirs:
        ratios |= {
            f"of the p{percent}, script to ours": measured[1].quantile(percent / 100)
            / measured[0].quantile(percent / 100)
            for percent in (50, 99)
        }
    notes.append(f"hotfolder took {cpu_s:.1f} s of CPU and {memory_mib:.0f} MiB")
    figures(
        f"latency: close to first byte, {drops} drops of {SIZE_BYTES // 1000} kB each", "ms", measured, ratios, notes
    )


def drop(directory: Path, prefix: str, arrivals: dict[str, float], server: Server) -> dict[str, float]:
    """Write files one after the other; return when each was closed, after all of them have arrived."""
    closed: dict[str, float] = {}
    for name, photo in _some(prefix):
        with (directory / name).open("wb") as file:
            file.write(photo)
        closed[name] = time.monotonic()
        time.sleep(GAP_S)

    def have_arrived() -> bool:
        arrivals.update(server.take_traffic().arrivals)
        return closed.keys() <= arrivals.keys()

    wait_for(have_arrived, f"{len(closed)} files", patience_s=30)
    time.sleep(REST_S)
    return closed


def _some(prefix: str) -> Iterator[tuple[str, bytes]]:
    yield from photos(IN_A_ROW, SIZE_BYTES, prefix=prefix)


def waits_ms(closed: dict[str, float], arrivals: dict[str, float]) -> Sequence[float]:
    """Return the times from close to arrival."""
    return [(arrivals[name] - at_s) * 1000 for name, at_s in closed.items()]
