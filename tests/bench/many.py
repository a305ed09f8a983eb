"""
Many small files: the daemon against one curl per file, and against a process that only reads and sends.

All three send the same files, from the page cache, to the same server over loopback; curl sends a sample, and its time
is scaled to all. The daemon's time is that of its whole process, start and end included, with everything it promises:
settle gate, ledger with full syncs, claims, hashes, job logs, originals filed.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.processes import BenchError, Run, Server, run
from tests.bench.share import Share
from tests.bench.table import Line, middle, show

FILES: Final = 20_000
SIZE_BYTES: Final = 50_000
SAMPLE: Final = 300  # files sent by curl, one process each

_SCRIPT: Final = """\
set -e
url=$1; shift
for file; do
    job="<jobName>curl-${file##*/}</jobName><endJob>true</endJob>"
    curl --silent --fail --output /dev/null \\
        --form-string 'auth=<authHeader/>' \\
        --form-string "uploadParams=<uploadPostParam>$job</uploadPostParam>" \\
        --form "file=@$file" "$url"
done
"""


def many(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    files, sample = (200, 20) if quick else (FILES, SAMPLE)
    share, empty = Share(place=place / "many"), Share(place=place / "empty")
    for one in (share, empty):
        one.write_config(server.base_url())
    share.fill_with_photos(files, SIZE_BYTES)
    daemon, curl, limit, idle = [], [], [], []
    for _ in range(rounds):
        share.put_back()
        share.warm()
        curl.append(_scaled(_send_by_curl(share, server, sample), files / sample))
        limit.append(_send_only(share, server, files))
        daemon.append(share.send_all(server, files=files))
        empty.put_back()
        idle.append(empty.send_all(server, files=0))
    ours, theirs, best, nothing = middle(daemon), middle(curl), middle(limit), middle(idle)
    show(
        f"many: {files} files of {SIZE_BYTES // 1000} kB, medians of {rounds}",
        [
            Line(
                what=what,
                seconds=taken.wall_s,
                ratio=theirs.wall_s / taken.wall_s,
                cpu_s=taken.cpu_s,
                memory_mib=taken.memory_mib if taken in (ours, nothing) else 0.0,
            )
            for what, taken in (
                (f"one curl per file (from {sample})", theirs),
                ("hotfolder run --once", ours),
                ("  of it with nothing to send", nothing),
                ("read and send only", best),
            )
        ],
        {
            "to one curl per file": theirs.wall_s / ours.wall_s,
            "to read and send only": best.wall_s / ours.wall_s,
            "to read and send only, without what an empty run takes": best.wall_s
            / max(ours.wall_s - nothing.wall_s, 0.001),
        },
        notes=[
            f"per file: {(ours.wall_s - nothing.wall_s) / files * 1e6:.0f} µs, {ours.cpu_s / files * 1e6:.0f} of CPU"
        ],
    )


def _scaled(taken: Run, factor: float) -> Run:
    return replace(taken, wall_s=taken.wall_s * factor, cpu_s=taken.cpu_s * factor)


def _send_by_curl(share: Share, server: Server, sample: int) -> Run:
    server.take_traffic()
    files = [str(path) for path in share.files()[:sample]]
    taken = run(["bash", "-c", _SCRIPT, "curl-per-file", f"{server.base_url()}/UploadFile", *files], log=share.log)
    _check(server, sample)
    return taken


def _send_only(share: Share, server: Server, files: int) -> Run:
    server.take_traffic()
    taken = run(
        [sys.executable, "-m", "tests.bench.limit", str(server.port), str(share.folder), str(files)], log=share.log
    )
    _check(server, files)
    return replace(taken, wall_s=float(taken.output))


def _check(server: Server, files: int) -> None:
    sent = server.take_traffic().files
    if sent != files:
        raise BenchError(f"of {files} files {sent} were sent")
