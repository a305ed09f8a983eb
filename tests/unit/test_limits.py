"""The page of faults names every one of them once, and tests that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMITS = ROOT / "docs/limits.md"

ROWS = {"A": 16, "B": 16, "C": 9, "D": 13, "E": 18, "F": 10, "G": 10, "H": 8, "I": 11}
"""How many faults of each kind there are."""


def rows() -> Iterator[tuple[str, str]]:
    """Yield the number of each row and its last column."""
    for line in LIMITS.read_text("utf-8").splitlines():
        found = re.fullmatch(r"\| ([A-I]\d+) \| [^|]+ \| [^|]+ \| ([^|]+) \|", line)
        if found:
            yield found[1], found[2]


def test_every_fault_has_one_row() -> None:
    assert [number for number, _ in rows()] == [
        f"{kind}{number}" for kind, count in ROWS.items() for number in range(1, count + 1)
    ]


def test_every_row_names_tests_that_exist_or_a_reason() -> None:
    written = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def test_(\w+)\(", written))
    for number, shown_by in rows():
        named = re.findall(r"`(\w+)`", shown_by)
        assert set(named) <= defined, (number, set(named) - defined)
        assert named or len(shown_by.split()) > 10, number
