"""
Growth: whether four times as many files cost four times as much. What is quadratic anywhere shows here.

Compares the daemon's CPU seconds per file, which other processes disturb less than its time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bench.processes import Run, Server
from tests.bench.share import Share
from tests.bench.table import Line, middle, show

FEW: Final = 5_000
TIMES: Final = 4
SIZE_BYTES: Final = 1_000  # the bytes themselves are not what may grow


def growth(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    few = 100 if quick else FEW
    counts = (0, few, TIMES * few)
    shares = [Share(place=place / str(count)) for count in counts]
    runs: dict[int, list[Run]] = {count: [] for count in counts}
    for share, count in zip(shares, counts, strict=True):
        share.write_config(server.base_url())
        share.fill_with_photos(count, SIZE_BYTES)
    for _ in range(rounds):
        for share, count in zip(shares, counts, strict=True):
            share.put_back()
            runs[count].append(share.send_all(server, files=count))
    nothing, some, many = (middle(runs[count]) for count in counts)
    show(
        f"growth: {few} and {TIMES * few} files of {SIZE_BYTES} bytes, medians of {rounds}",
        [
            Line(
                what=f"{count} files",
                seconds=taken.wall_s,
                ratio=some.wall_s / taken.wall_s,
                cpu_s=taken.cpu_s,
                memory_mib=taken.memory_mib,
            )
            for count, taken in zip(counts, (nothing, some, many), strict=True)
        ],
        {
            f"of CPU per file, {TIMES} times as many to few": (many.cpu_s - nothing.cpu_s)
            / max(some.cpu_s - nothing.cpu_s, 0.001)
            / TIMES,
            f"of memory, {TIMES} times as many to few": many.memory_mib / some.memory_mib,
        },
    )
