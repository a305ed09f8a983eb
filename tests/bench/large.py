"""
One large file: the daemon against `curl -F` of the same file to the same server.

Two comparisons. *On the wire*: from the first byte of the POST to its last one, as the server sees them. *From the
drop*: from the moment that the file is moved into the folder of a daemon that runs, or that curl is started, to the
last byte at the server; it holds the settle gate, the ledger and the claim, which curl has nothing of.

And two lines: loopback to a server that only discards, and a line of 2 Gbit/s. On loopback the hash is the limit, of
which curl takes none: SHA-256 cannot be shared among processors, and one does less than loopback carries. So there is a
third comparison, with curl and a process that only hashes the file side by side: the same work, by who knows its file
twice.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.daemon import Daemon, wait_for
from tests.bench.processes import BenchError, Run, Server, Traffic, run
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
    share = Share(place=place / "large")
    share.write_config(server.base_url(line_mb_s), linger="0s")
    share.fill_with_film(size_bytes)
    url = f"{server.base_url(line_mb_s)}/UploadFile"
    daemon, curl, hashed, both = [], [], [], []
    for _ in range(rounds):
        share.put_back()
        share.warm()
        curl.append(_send_by_curl(share, server, url, size_bytes))
        hashed.append(run(_digest(share), log=share.log))
        both.append(_send_and_hash(share, server, url, size_bytes))
        share.warm()
        daemon.append(_send_by_daemon(share, server, size_bytes))
    ours, theirs, hash_only, side_by_side = middle(daemon), middle(curl), middle(hashed), middle(both)
    line = f"a line of {line_mb_s} MB/s" if line_mb_s else "loopback"
    show(
        f"large: one file of {size_bytes / 1024**2:.0f} MiB over {line}, medians of {rounds}",
        [
            Line(
                what=what,
                seconds=seconds,
                ratio=first_s / seconds,
                cpu_s=taken.cpu_s,
                memory_mib=taken.memory_mib if taken is ours else 0.0,
            )
            for what, seconds, first_s, taken in (
                ("curl -F, on the wire", theirs.post_s, theirs.post_s, theirs),
                ("hotfolder, on the wire", ours.post_s, theirs.post_s, ours),
                ("curl -F, from its start", theirs.wall_s, theirs.wall_s, theirs),
                ("SHA-256 alone", hash_only.wall_s, theirs.wall_s, hash_only),
                ("curl -F beside SHA-256", side_by_side.wall_s, theirs.wall_s, side_by_side),
                ("hotfolder, from the drop", ours.wall_s, theirs.wall_s, ours),
            )
        ],
        {
            "to curl, on the wire": theirs.post_s / ours.post_s,
            "to curl, from the drop to the last byte": theirs.wall_s / ours.wall_s,
            "to curl beside SHA-256, from the drop to the last byte": side_by_side.wall_s / ours.wall_s,
        },
    )


def _send_by_daemon(share: Share, server: Server, size_bytes: int) -> Run:
    film = share.files()[0]
    aside = film.rename(share.place / film.name)
    with Daemon(share) as daemon:
        daemon.await_watches(1)
        server.take_traffic()
        cpu_s, began_s = daemon.cpu_s(), time.monotonic()
        aside.rename(film)
        came: list[Traffic] = []

        def has_come() -> bool:
            daemon.check()
            if (traffic := server.take_traffic()).posts:
                came.append(traffic)
            return bool(came)

        wait_for(has_come, "the film", patience_s=300, every_s=0.1)
        cpu_s = daemon.cpu_s() - cpu_s
        wait_for(lambda: any(share.folder.glob("_done/*/*")), "the film to be filed", patience_s=60)
        memory_mib = daemon.memory_mib()
    if came[0].size_bytes < size_bytes:
        raise BenchError(f"the daemon sent {came[0].size_bytes} of {size_bytes} bytes")
    ended_s = came[0].began_s + came[0].span_s
    return Run(wall_s=ended_s - began_s, cpu_s=cpu_s, memory_mib=memory_mib, post_s=came[0].span_s)


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


def _digest(share: Share) -> list[str]:
    return [sys.executable, "-m", "tests.bench.digest", str(share.files()[0])]


def _send_and_hash(share: Share, server: Server, url: str, size_bytes: int) -> Run:
    """Have curl send the film while another process takes its hash, and count until both have ended."""
    began_s = time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        hashing = beside.submit(run, _digest(share), log=share.place / "digest.log")
        sent = _send_by_curl(share, server, url, size_bytes)
        hashed = hashing.result()
    return replace(sent, wall_s=time.monotonic() - began_s, cpu_s=sent.cpu_s + hashed.cpu_s)
