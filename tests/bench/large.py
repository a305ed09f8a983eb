"""
One large file: the daemon against `curl -F` of the same file to the same server.

Two comparisons. *On the wire*: from the first byte of the POST to its last one, as the server sees them. *End to end*:
the whole process from start to end, less what the daemon takes when there is nothing to send; what is left holds the
settle gate, the claim, the ledger, the hash, the job log and the filing, which curl has nothing of.

And two lines: loopback to a server that only discards, where the hash is the limit, and a line of 2 Gbit/s.
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

LINE_MB_S: Final = 250
LINE_SIZE_BYTES: Final = 512 * 1024**2  # two seconds

_PARAMETERS: Final = "<uploadPostParam><jobName>curl</jobName><endJob>true</endJob></uploadPostParam>"


def large(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    _compare(place / "loopback", server, QUICK_BYTES if quick else SIZE_BYTES, rounds=rounds, line_mb_s=0)
    _compare(place / "line", server, QUICK_BYTES if quick else LINE_SIZE_BYTES, rounds=rounds, line_mb_s=LINE_MB_S)


def _compare(place: Path, server: Server, size_bytes: int, *, rounds: int, line_mb_s: int) -> None:
    share, empty = Share(place=place / "large"), Share(place=place / "empty")
    for one in (share, empty):
        one.write_config(server.base_url(line_mb_s))
    share.fill_with_film(size_bytes)
    daemon, curl, idle = [], [], []
    for _ in range(rounds):
        share.put_back()
        share.warm()
        curl.append(_send_by_curl(share, server, f"{server.base_url(line_mb_s)}/UploadFile", size_bytes))
        share.warm()
        daemon.append(share.send_all(server, files=1))
        empty.put_back()
        idle.append(empty.send_all(server, files=0))
    ours, theirs, nothing = middle(daemon), middle(curl), middle(idle)
    line = f"a line of {line_mb_s} MB/s" if line_mb_s else "loopback"
    show(
        f"large: one file of {size_bytes / 1024**2:.0f} MiB over {line}, medians of {rounds}",
        [
            Line(
                what=what,
                seconds=seconds,
                ratio=theirs.post_s / seconds,
                cpu_s=taken.cpu_s,
                memory_mib=taken.memory_mib if taken is not theirs else 0.0,
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


def _send_by_curl(share: Share, server: Server, url: str, size_bytes: int) -> Run:
    server.take_traffic()
    taken = run(
        [
            "curl",
            *("--silent", "--fail"),
            *("--form-string", "auth=<authHeader/>"),
            *("--form-string", f"uploadParams={_PARAMETERS}"),
            *("--form", f"file=@{share.files()[0]}"),
            url,
        ],
        log=share.log,
    )
    traffic = server.take_traffic()
    if traffic.size_bytes < size_bytes:
        raise BenchError(f"curl sent {traffic.size_bytes} of {size_bytes} bytes: {taken.output}")
    return replace(taken, post_s=traffic.span_s)
