"""
`python -m tests.bench [--quick] [--rounds N] [large] [many] [growth]`: measure, and print what was measured as ratios.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.growth import growth
from tests.bench.large import large
from tests.bench.many import many
from tests.bench.processes import Server

BENCHES = {"large": large, "many": many, "growth": growth}


def main() -> None:
    """Run the benches named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which; default all", metavar="name")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round: whether it runs at all")
    parser.add_argument("--rounds", type=int, help="how often each is measured; medians are shown")
    parser.add_argument("--place", type=Path, help="on which disk; default the directory for temporary files")
    arguments = parser.parse_args()
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    for name in arguments.names or BENCHES:
        with tempfile.TemporaryDirectory(prefix="hotfolder-bench-", dir=arguments.place) as place, Server() as server:
            BENCHES[name](Path(place), server, quick=arguments.quick, rounds=rounds)


if __name__ == "__main__":
    main()
