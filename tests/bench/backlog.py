"""
A backlog: a start with very many files lying there.

Time from the start of the process to the first byte of the first POST, with the quiet time that comes with it; then
how many are filed in a second over a while, and the most memory. Against `find -printf` over the same tree, which only
looks. The rest of the files stays where it is: a million take many minutes, and all are alike.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from tests.bench.daemon import Daemon, wait_for
from tests.bench.processes import BenchError, Server, run
from tests.bench.share import Share
from tests.bench.table import tell

FILES: Final = 1_000_000
IN_ONE: Final = 10_000  # in one directory
WINDOW_S: Final = 30.0
LIMIT_S: Final = 10.0
LIMIT_MIB: Final = 250.0


def backlog(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show; a million files are laid out once."""
    del rounds
    files = 1_000 if quick else FILES
    share = Share(place=place / "backlog")
    share.write_config(server.base_url(), quiet="1s" if quick else "5s")
    fill(share.folder, files)
    looked = run(["find", str(share.folder), "-type", "f", "-printf", "%s %T@ %p\\n"], log=share.log)
    server.take_traffic()
    with Daemon(share) as daemon:
        first_s = _first_post(daemon, server) - daemon.began_s
        time.sleep(2.0)  # whatever is first of its kind is over
        before, began_s, cpu_s = count_filed(share.folder), time.monotonic(), daemon.cpu_s()
        wait_for(
            lambda: time.monotonic() - began_s > WINDOW_S or count_filed(share.folder) == files,
            "the window",
            patience_s=2 * WINDOW_S,
            every_s=1.0,
        )
        daemon.check()
        filed, passed_s = count_filed(share.folder) - before, time.monotonic() - began_s
        cpu_s = daemon.cpu_s() - cpu_s
        memory_mib = daemon.memory_mib()
    if not quick and not filed:
        raise BenchError(f"nothing was filed in {passed_s:.0f} s")
    tell(
        f"backlog: a start with {files} files",
        {
            "first byte of the first POST after": f"{first_s:.1f} s",
            "find -printf": f"{looked.wall_s:.1f} s",
            "filed": f"{filed / passed_s:.0f} files/s over {passed_s:.0f} s",
            "CPU": f"{cpu_s / max(filed, 1) * 1e6:.0f} µs a file",
            "most memory": f"{memory_mib:.0f} MiB",
        },
        {
            f"of {LIMIT_S:.0f} s to the first POST": LIMIT_S / first_s,
            "of find to the first POST": looked.wall_s / first_s,
            f"of {LIMIT_MIB:.0f} MiB to the most memory": LIMIT_MIB / memory_mib,
        },
    )


def fill(root: Path, count: int) -> None:
    """Make so many small files of a few bytes each, no two alike in name."""
    made = 0
    while made < count:
        above = root / f"part-{made // IN_ONE:03}"
        above.mkdir()
        for number in range(made, min(count, made + IN_ONE)):
            fd = os.open(f"{above}/note-{number:07}.txt", os.O_CREAT | os.O_WRONLY, 0o644)
            os.write(fd, b"%d\n" % number)
            os.close(fd)
        made += IN_ONE
    os.sync()


def count_filed(root: Path) -> int:
    """Return how many originals lie in `_done`."""
    return sum(len(names) for _, _, names in os.walk(root / "_done"))


def _first_post(daemon: Daemon, server: Server) -> float:
    began: list[float] = []

    def has_begun() -> bool:
        daemon.check()
        if (traffic := server.take_traffic()).posts:
            began.append(traffic.began_s)
        return bool(began)

    wait_for(has_begun, "the first POST", patience_s=300, every_s=0.1)
    return began[0]
