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
    _below(ratios, notes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """One row of many measurements of the same."""

    what: str
    values: Sequence[float]

    def quantile(self, part: float) -> float:
        """Return the value that so many of all do not exceed."""
        return sorted(self.values)[min(len(self.values) - 1, int(part * len(self.values)))]


def figures(
    title: str, unit: str, rows: Sequence[Figures], ratios: Mapping[str, float], notes: Sequence[str] = ()
) -> None:
    """Print how many measurements spread, and under it the ratios that matter."""
    width = max(len(row.what) for row in rows)
    print(f"\n{title}\n")
    print(f"  {unit:{width}}  {'p50':>8}  {'p90':>8}  {'p99':>8}  {'most':>8}")
    for row in rows:
        shown = "  ".join(f"{row.quantile(part):8.2f}" for part in (0.5, 0.9, 0.99, 1.0))
        print(f"  {row.what:{width}}  {shown}")
    _below(ratios, notes)


def tell(title: str, values: Mapping[str, str], ratios: Mapping[str, float], notes: Sequence[str] = ()) -> None:
    """Print what was measured, one line each, and under it the ratios that matter."""
    width = max(map(len, values))
    print(f"\n{title}\n")
    for name, value in values.items():
        print(f"  {name:{width}}  {value}")
    _below(ratios, notes)


def _below(ratios: Mapping[str, float], notes: Sequence[str]) -> None:
    print()
    for name, ratio in ratios.items():
        print(f"  ratio {name}: {ratio:.2f}")
    for note in notes:
        print(f"  {note}")
