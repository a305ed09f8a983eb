"""
Many small files: the daemon against a script with one curl per file, against `rclone` to a WebDAV server, and against a
process that only reads and sends.

All send the same files, from the page cache, over loopback, all but rclone to the same server; the script is given a
sample, and its time is scaled to all. The daemon's time is that of its whole process, start and end included, with
everything it promises: settle gate, ledger with full syncs, claims, hashes, job logs, originals filed. rclone does none
of that; its server writes what it gets to the disk, without syncs.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench import script
from tests.bench.daemon import wait_for
from tests.bench.processes import BenchError, Run, Server, run
from tests.bench.share import Share
from tests.bench.table import Line, middle, show

FILES: Final = 20_000
SIZE_BYTES: Final = 50_000
SAMPLE: Final = 300  # files given to the script

_OURS: Final = "hotfolder run --once"
_EMPTY: Final = "  of it with nothing to send"
_LIMIT: Final = "read and send only"
_RCLONE: Final = "rclone copy --transfers 8"


def many(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    files, sample = (200, 20) if quick else (FILES, SAMPLE)
    share, empty = Share(place=place / "many"), Share(place=place / "empty")
    for one in (share, empty):
        one.write_config(server.base_url())
    share.fill_with_photos(files, SIZE_BYTES)
    notes: list[str] = []
    runs: dict[str, list[Run]] = {}

    def took(what: str, taken: Run) -> None:
        runs.setdefault(what, []).append(taken)

    script_name = f"inotifywait, curl (from {sample})"
    for _ in range(rounds):
        share.put_back()
        share.warm()
        if script.is_possible():
            took(script_name, _scaled(_send_by_script(share, server, sample), files / sample))
        if shutil.which("rclone"):
            took(_RCLONE, _send_by_rclone(share, place / "webdav", files))
        took(_LIMIT, _send_only(share, server, files))
        took(_OURS, share.send_all(server, files=files))
        empty.put_back()
        took(_EMPTY, empty.send_all(server, files=0))
    if script_name not in runs:
        notes.append(script.MISSING)
    if _RCLONE not in runs:
        notes.append("rclone is not installed: nothing is compared with it")
    middles = {what: middle(of_it) for what, of_it in runs.items()}
    ours, nothing = middles[_OURS], middles[_EMPTY]
    named = {script_name: "the script", _RCLONE: "rclone", _LIMIT: "read and send only"}
    notes.append(
        f"per file: {(ours.wall_s - nothing.wall_s) / files * 1e6:.0f} µs,"
        f" {(ours.cpu_s - nothing.cpu_s) / files * 1e6:.0f} of CPU, less what an empty run takes"
    )
    show(
        f"many: {files} files of {SIZE_BYTES // 1000} kB, medians of {rounds}",
        [
            Line(
                what=what,
                seconds=taken.wall_s,
                ratio=ours.wall_s / taken.wall_s,
                cpu_s=taken.cpu_s,
                memory_mib=taken.memory_mib if what in (_OURS, _EMPTY) else 0.0,
            )
            for what, taken in middles.items()
        ],
        {f"to {named[what]}": taken.wall_s / ours.wall_s for what, taken in middles.items() if what in named},
        notes=notes,
    )


def _scaled(taken: Run, factor: float) -> Run:
    return replace(taken, wall_s=taken.wall_s * factor, cpu_s=taken.cpu_s * factor)


def _send_by_script(share: Share, server: Server, sample: int) -> Run:
    directory = share.place / "script"
    directory.mkdir(exist_ok=True)
    files = share.files()[:sample]
    server.take_traffic()
    with script.Script(directory, f"{server.base_url()}/UploadFile", share.log) as running:
        began_s = time.monotonic()
        for path in files:
            path.rename(directory / path.name)
        sent = 0

        def is_sent() -> bool:
            nonlocal sent
            sent += server.take_traffic().files
            return sent >= sample

        wait_for(is_sent, f"{sample} files by the script", patience_s=120)
        wall_s = time.monotonic() - began_s
    for path in files:
        (directory / path.name).rename(path)
    return replace(running.taken, wall_s=wall_s)


def _send_by_rclone(share: Share, target: Path, files: int) -> Run:
    target.mkdir()
    try:
        with _webdav(target, share.place / "webdav.log") as url:
            taken = run(
                [
                    *("rclone", "copy", "--transfers", "8", "--max-depth", "1"),
                    *("--config", "", "--webdav-url", url, str(share.folder), ":webdav:"),
                ],
                log=share.log,
            )
        arrived = len(list(target.iterdir()))
    finally:
        shutil.rmtree(target)
    if arrived != files:
        raise BenchError(f"of {files} files rclone sent {arrived}")
    return taken


@contextmanager
def _webdav(directory: Path, log: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with log.open("w") as stderr:
        process = subprocess.Popen(
            ["rclone", "serve", "webdav", "--config", "", "--addr", f"127.0.0.1:{port}", str(directory)], stderr=stderr
        )
    try:
        wait_for(lambda: _answers(port), "the WebDAV server", patience_s=30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


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
