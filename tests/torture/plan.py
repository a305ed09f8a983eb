"""
How much of everything a run of the bench does: the quick profile, which is part of every check, and the long one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How much to do; None = all there is."""

    seed: int = 0
    minutes: float  # after which nothing more is begun
    histories: int
    short_cases: int | None
    short_moments: int | None  # of each case and way to end
    short_pairs: int  # of each case
    kills: int  # of real processes
    inputs: int  # of all sorts together
    failures: int | None  # calls of each case
    cuts: int  # of the power of a real disk


QUICK = Plan(
    minutes=2.5,
    histories=400,
    short_cases=30,
    short_moments=3,
    short_pairs=3,
    kills=16,
    inputs=4_000,
    failures=3,
    cuts=30,
)

LONG = Plan(
    minutes=240.0,
    histories=20_000,
    short_cases=None,
    short_moments=None,
    short_pairs=40,
    kills=500,
    inputs=100_000,
    failures=None,
    cuts=300,
)

PROFILES = {"quick": QUICK, "long": LONG}
