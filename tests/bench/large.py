"""
One large file: the daemon against `curl -F` of the same file to the same server.

Two comparisons. *On the wire*: from the first byte of the POST to its last one, as the server sees them. *End to end*:
the whole process from start to end, less what the daemon takes when there is nothing to send; what is left holds the
settle gate, the claim, the ledger, the hash, the job log and the filing, which curl has nothing of.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.processes import BenchError, Run, Server, run
from tests.bench.share import Share
from tests.bench.table import Line, middle, show

SIZE_BYTES: Final = 2 * 1024**3
QUICK_BYTES: Final = 64 * 1024**2

_PARAMETERS: Final = "<uploadPostParam><jobName>curl</jobName><endJob>true</endJob></uploadPostParam>"


def large(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    size_bytes = QUICK_BYTES if quick else SIZE_BYTES
    share, empty = Share(place=place / "large"), Share(place=place / "empty")
    for one in (share, empty):
        one.place.mkdir()
        one.write_config(server)
    share.fill_with_film(size_bytes)
    daemon, curl, idle = [], [], []
    for _ in range(rounds):
        share.put_back()
        curl.append(_send_by_curl(share, server, size_bytes))
        daemon.append(share.send_all(server, files=1))
        empty.put_back()
        idle.append(empty.send_all(server, files=0))
    ours, theirs, nothing = middle(daemon), middle(curl), middle(idle)
    show(
        f"large: one file of {size_bytes / 1024**2:.0f} MiB, medians of {rounds}",
        [
            Line(
                what=what,
                seconds=seconds,
                ratio=theirs.post_s / seconds,
                cpu_s=taken.cpu_s,
                memory_mib=taken.memory_mib,
            )
            for what, seconds, taken in (
                ("curl -F, on the wire", theirs.post_s, theirs),
                ("curl -F, end to end", theirs.wall_s, theirs),
                ("hotfolder run --once, on the wire", ours.post_s, ours),
                ("hotfolder run --once, end to end", ours.wall_s, ours),
                ("  of it with nothing to send", nothing.wall_s, nothing),
            )
        ],
        {
            "to curl, on the wire": theirs.post_s / ours.post_s,
            "to curl, end to end less an empty run": theirs.wall_s / max(ours.wall_s - nothing.wall_s, 0.001),
        },
    )


def _send_by_curl(share: Share, server: Server, size_bytes: int) -> Run:
    server.take_traffic()
    taken = run(
        [
            "curl",
            *("--silent", "--fail"),
            *("--form-string", "auth=<authHeader/>"),
            *("--form-string", f"uploadParams={_PARAMETERS}"),
            *("--form", f"file=@{share.files()[0]}"),
            f"{server.base_url}/UploadFile",
        ],
        log=share.log,
    )
    traffic = server.take_traffic()
    if traffic.size_bytes < size_bytes:
        raise BenchError(f"curl sent {traffic.size_bytes} of {size_bytes} bytes: {taken.output}")
    return replace(taken, post_s=traffic.span_s)
