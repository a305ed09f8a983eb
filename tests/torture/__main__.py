"""
`python -m tests.torture [PROFILE] [--seed N] [--minutes N] [--part NAME] [--replay PART:WHAT]`: torture the daemon.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.torture import failures, fuzz, histories, kills, powercuts, short
from tests.torture.crew import place_for_ledgers, played, share_out
from tests.torture.plan import PROFILES, Plan
from tests.torture.planted import show_caught
from tests.torture.simulated import Places
from tests.torture.tally import Tally, show

SIMULATED = {
    "histories": histories,
    "short": short,
    "kills": kills,
    "fuzz": fuzz,
    "failures": failures,
    "powercuts": powercuts,
}


def _simulated(part: str) -> Callable[[Plan, int, float], Tally]:
    module = SIMULATED[part]

    def run(plan: Plan, jobs: int, deadline_s: float) -> Tally:
        tally = Tally(part)
        if part == "powercuts" and (reason := powercuts.impossible()):
            tally.remark = f"skipped: {reason}"
            return tally.end()
        share_out(tally, module.work(plan), module.replayed, jobs=jobs, deadline_s=deadline_s)
        return tally.end()

    return run


PARTS: dict[str, Callable[[Plan, int, float], Tally]] = {part: _simulated(part) for part in SIMULATED}

SHARES = {"histories": 3.0, "short": 2.0, "kills": 3.0, "fuzz": 1.0, "failures": 1.0, "powercuts": 1.5}
"""How the time is shared out among the parts; what one leaves goes to the next."""


HUNT_S = 300.0
"""How long each planted bug is hunted at most."""


def main() -> int:
    """Run the parts asked for, and return 1 if anything was found."""
    arguments = _arguments()
    if arguments.replay:
        return _replay(arguments.replay)
    if arguments.profile == "planted":
        return int(not show_caught(arguments.jobs, HUNT_S if arguments.minutes is None else arguments.minutes * 60.0))
    plan = replace(PROFILES[arguments.profile], seed=arguments.seed)
    minutes = arguments.minutes or plan.minutes
    end_s = time.monotonic() + minutes * 60.0
    parts = arguments.part or list(PARTS)
    tallies = []
    for number, part in enumerate(parts):
        left_s = end_s - time.monotonic()
        share = SHARES[part] / sum(SHARES[name] for name in parts[number:])
        tallies.append(PARTS[part](plan, arguments.jobs, time.monotonic() + left_s * share))
    show(tallies)
    return int(any(tally.failures for tally in tallies))


def _replay(what: str) -> int:
    part, _, run = what.partition(":")
    with tempfile.TemporaryDirectory(prefix="hotfolder-torture-", dir=place_for_ledgers()) as directory:
        tally = Tally(part)
        for done in played(SIMULATED[part].replayed, run, Places(Path(directory)), float("inf")):
            tally.add(done)
    show([tally.end()])
    return int(bool(tally.failures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument(
        "profile", nargs="?", choices=[*PROFILES, "planted"], default="long", help="how much; default long"
    )
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be said again")
    parser.add_argument("--seed", type=int, default=0, help="other histories; default 0")
    parser.add_argument("--minutes", type=float, help="begin nothing more after so many; default the profile's")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default one for each core")
    parser.add_argument("--replay", metavar="PART:WHAT", help="play one run again, as a failure names it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
