"""
Medians over rounds, and the table that shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.processes import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a table."""

    what: str
    seconds: float
    ratio: float  # of the speed: 2 = twice as fast as what the table compares with
    cpu_s: float
    memory_mib: float


def middle(runs: Sequence[Run]) -> Run:
    """Return the medians of several runs of the same."""
    return Run(
        wall_s=median(run.wall_s for run in runs),
        cpu_s=median(run.cpu_s for run in runs),
        memory_mib=max(run.memory_mib for run in runs),
        post_s=median(run.post_s for run in runs),
    )


def show(title: str, lines: Sequence[Line], ratios: Mapping[str, float], *, notes: Sequence[str] = ()) -> None:
    """Print a table, and under it the ratios that matter."""
    width = max(len(line.what) for line in lines)
    print(f"\n{title}\n")
    print(f"  {'':{width}}  {'seconds':>9}  {'speed':>7}  {'CPU s':>7}  {'memory':>9}")
    for line in lines:
        memory = f"{line.memory_mib:.0f} MiB" if line.memory_mib else ""
        print(f"  {line.what:{width}}  {line.seconds:9.2f}  {line.ratio:7.2f}  {line.cpu_s:7.2f}  {memory:>9}")
    print()
    for name, ratio in ratios.items():
        print(f"  ratio {name}: {ratio:.2f}")
    for note in notes:
        print(f"  {note}")
