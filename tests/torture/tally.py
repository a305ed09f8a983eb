"""
What a run of the bench has counted, what it found, and the table of both.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.torture.judge import COPY, LEAK, LITTER, LOST, STUCK, UNTRUE, Finding

COUNTED = ("runs", "ends", "faults", "files", "inputs")

FOUND = (LOST, COPY, UNTRUE, LEAK, STUCK, LITTER)

SHOWN_OF_A_FAILURE = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What came of one run."""

    replay: str  # what plays it again, after its part's name
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)  # of COUNTED
    kinds: Mapping[str, int] = field(default_factory=dict)  # faults, ends and inputs by their names
    notes: str = ""


@dataclass
class Tally:
    """The counts of one part of the bench."""

    part: str
    counts: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[Run] = field(default_factory=list)
    remark: str = ""  # why it is less than was asked for
    begun_s: float = field(default_factory=time.monotonic)
    took_s: float = 0.0

    def add(self, run: Run) -> None:
        """Count one run, and tell at once what is wrong with it."""
        self.counts["runs"] += 1
        self.counts.update(run.counts)
        self.kinds.update({name: number for name, number in run.kinds.items() if number})
        self.found.update(finding.kind for finding in run.findings)
        if run.findings:
            self.failures.append(run)
            print(told(self.part, run), flush=True)

    def end(self) -> Tally:
        """Stop the clock."""
        self.took_s = time.monotonic() - self.begun_s
        return self


def told(part: str, run: Run) -> str:
    """Return what is wrong with a run, and how to play it again."""
    lines = [f"FAILED; again: make torture TORTURE_ARGS='--replay \"{part}:{run.replay}\"'"]
    lines += [f"    {finding}" for finding in run.findings[:SHOWN_OF_A_FAILURE]]
    if len(run.findings) > SHOWN_OF_A_FAILURE:
        lines.append(f"    and {len(run.findings) - SHOWN_OF_A_FAILURE} more")
    if run.notes:
        lines.append(f"    {run.notes}")
    return "\n".join(lines)


def show(tallies: Iterable[Tally]) -> None:
    """Print the table."""
    tallies = list(tallies)
    head = ["", *COUNTED, *FOUND, "seconds"]
    rows = [
        [
            tally.part,
            *(f"{tally.counts[name]:,}" for name in COUNTED),
            *(f"{tally.found[name]:,}" for name in FOUND),
            f"{tally.took_s:.0f}",
        ]
        for tally in tallies
    ]
    totals = [sum(tally.counts[name] for tally in tallies) for name in COUNTED]
    totals += [sum(tally.found[name] for tally in tallies) for name in FOUND]
    rows.append(["together", *(f"{number:,}" for number in totals), f"{sum(tally.took_s for tally in tallies):.0f}"])
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    print()
    for row in [head, *rows]:
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print(f"  {first}  {'  '.join(others)}")
    print()
    for tally in tallies:
        if tally.remark:
            print(f"  {tally.part}: {tally.remark}")
        if tally.kinds:
            kinds = ", ".join(f"{name} {number:,}" for name, number in sorted(tally.kinds.items()))
            print(f"  {tally.part}: {kinds}")
