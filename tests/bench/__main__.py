"""
`python -m tests.bench [quick] [--rounds N] [NAME ...]`: measure, and print what was measured as ratios.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.backlog import backlog
from tests.bench.fairness import fairness
from tests.bench.growth import growth
from tests.bench.history import history
from tests.bench.idle import idle
from tests.bench.large import large
from tests.bench.latency import latency
from tests.bench.many import many
from tests.bench.processes import Server
from tests.bench.tree import tree
from tests.bench.viewers import viewers
from tests.bench.wire import wire

BENCHES = {
    "large": large,
    "many": many,
    "latency": latency,
    "backlog": backlog,
    "history": history,
    "growth": growth,
    "tree": tree,
    "idle": idle,
    "viewers": viewers,
    "wire": wire,
    "fairness": fairness,
}
QUICK = "quick"


def main() -> None:
    """Run the benches named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[*BENCHES, QUICK, []],
        help=f"which of {', '.join(BENCHES)}, default all; {QUICK}: small sizes and one round, whether it runs at all",
        metavar="name",
    )
    parser.add_argument("--rounds", type=int, help="how often each is measured; medians are shown")
    parser.add_argument("--place", type=Path, help="on which disk; default the directory for temporary files")
    arguments = parser.parse_args()
    quick = QUICK in arguments.names
    rounds = arguments.rounds or (1 if quick else 3)
    for name in [name for name in arguments.names if name != QUICK] or BENCHES:
        with tempfile.TemporaryDirectory(prefix="hotfolder-bench-", dir=arguments.place) as place, Server() as server:
            BENCHES[name](Path(place), server, quick=quick, rounds=rounds)


if __name__ == "__main__":
    main()
