"""
Idle: what a daemon takes that has nothing to do, with many filed and failed originals lying there.

The daemon itself has filed them before, so that places, notes and ledger are as they always are. It is measured twice,
watching by inotify and by polling, from its rest after the start on, with its status page on; the five minutes hold
one rescan.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from tests.bench.daemon import Daemon
from tests.bench.processes import BenchError, Server, run
from tests.bench.server import REFUSED
from tests.bench.share import PASSWORD, Share, daemon_command
from tests.bench.table import tell

FILED: Final = 100_000
FAILED: Final = 10_000
SIZE_BYTES: Final = 200
AT_REST_S: Final = 10.0  # after a start
MEASURED_S: Final = 300.0
LIMIT_PERCENT: Final = 0.2


def idle(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    del rounds
    filed, failed = (200, 20) if quick else (FILED, FAILED)
    measured_s = 3.0 if quick else MEASURED_S
    share = Share(place=place / "idle")
    share.write_config(server.base_url())
    share.fill_with_photos(filed, SIZE_BYTES)
    share.fill_with_photos(failed, SIZE_BYTES, prefix=REFUSED)
    _file_all(share, filed, failed)
    percents, values = {}, {}
    for watch in ("inotify", "polling"):
        share.write_config(server.base_url(), watch=watch, poll="5s", listen="127.0.0.1:0")
        with Daemon(share) as daemon:
            daemon.await_ready()
            time.sleep(1.0 if quick else AT_REST_S)
            before_s, began_s = daemon.cpu_s(), time.monotonic()
            time.sleep(measured_s)
            daemon.check()
            used_s, passed_s = daemon.cpu_s() - before_s, time.monotonic() - began_s
            percents[watch] = 100 * used_s / passed_s
            values[watch] = f"{percents[watch]:.3f} % of a core ({used_s:.2f} s), {daemon.memory_mib():.0f} MiB"
    tell(
        f"idle: {measured_s:.0f} s each with {filed} filed and {failed} failed originals",
        values,
        {
            f"of the {LIMIT_PERCENT} % to what {watch} took": LIMIT_PERCENT / max(percents[watch], 0.01)
            for watch in values
        },
    )


def _file_all(share: Share, filed: int, failed: int) -> None:
    run(
        # whose exit code says that some have failed
        ["sh", "-c", '"$@" || [ $? = 1 ]', "sh", *daemon_command(), "--config", str(share.config), "run", "--once"],
        log=share.log,
        environment=PASSWORD,
    )
    done = sum(1 for _ in share.folder.glob("_done/*/*"))
    lying = sum(1 for _ in share.folder.glob("_failed/*"))
    if (done, lying) != (filed, 2 * failed):
        raise BenchError(f"{done} of {filed} are filed, and {lying} files are in _failed instead of {2 * failed}")
