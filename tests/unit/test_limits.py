"""The page of faults names every one of them once, and tests that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMITS = ROOT / "docs/limits.md"

ROWS = {"A": 16, "B": 16, "C": 9, "D": 13, "E": 18, "F": 10, "G": 10, "H": 8, "I": 11}
"""How many faults of each kind there are."""

RECOVERY = {
    **{f"gate {number}": f"gate_{number}_" for number in range(1, 9)},
    **{
        f"step {name}": f"step_{name.replace(' ', '_')}_"
        for name in ("claim", "read", "plan", "first post", "next post", "end", "outcome", "filing", "copy")
    },
    **{f"L{number}": f"l{number}_" for number in range(1, 16)},
    **{f"J{number}": f"j{number}_" for number in range(1, 22)},
}
"""Every row of the tables of recovery, and how the names of its tests begin."""

OTHERWISE = {"step read", "step copy"}
"""Rows whose tests are older than the tables: what crashes the process, and what never happens."""


def rows() -> Iterator[tuple[str, str]]:
    """Yield the number of each row and its last column."""
    for line in LIMITS.read_text("utf-8").splitlines():
        found = re.fullmatch(r"\| ([A-JL]\d+|(?:gate|step) [^|]+) \|(?: [^|]+ \|){2,3} ([^|]+) \|", line)
        if found:
            yield found[1], found[2]


def test_every_fault_has_one_row() -> None:
    assert [number for number, _ in rows()] == [
        f"{kind}{number}" for kind, count in ROWS.items() for number in range(1, count + 1)
    ] + list(RECOVERY)


def test_every_row_of_recovery_has_tests_named_after_it() -> None:
    for number, shown_by in rows():
        if number in RECOVERY and number not in OTHERWISE:
            named = re.findall(r"`(\w+)`", shown_by)
            assert named, number
            assert all(name.startswith(RECOVERY[number]) for name in named), number


def test_every_row_names_tests_that_exist_or_a_reason() -> None:
    written = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def test_(\w+)\(", written))
    for number, shown_by in rows():
        named = re.findall(r"`(\w+)`", shown_by)
        assert set(named) <= defined, (number, set(named) - defined)
        assert named or len(shown_by.split()) > 10, number
