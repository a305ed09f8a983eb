"""
The wire: how much of a long line with a limit is used, with large files and with small ones.

The share is that from the first byte to the last one that the server sees, over whatever the daemon does in between.
The settings are the ones that come with it, so two POSTs at once of up to twenty small files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bench.line import Line
from tests.bench.processes import BenchError, Server, run
from tests.bench.share import PASSWORD, Share, daemon_command
from tests.bench.table import tell

ROUND_TRIP_S: Final = 0.1
LINE_BYTES_S: Final = 12_500_000  # 100 Mbit/s
FILM_BYTES: Final = 150 * 1024**2
PHOTOS: Final = 3_000
PHOTO_BYTES: Final = 50_000


def wire(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show; a limit leaves little to chance, so one round."""
    del rounds
    film_bytes, photo_count = (5 * 1024**2, 100) if quick else (FILM_BYTES, PHOTOS)
    large, small = Share(place=place / "large"), Share(place=place / "small")
    large.folder.mkdir(parents=True)
    small.folder.mkdir(parents=True)
    large.fill_with_film(film_bytes)
    small.fill_with_photos(photo_count, PHOTO_BYTES)
    with Line(server.port, round_trip_s=ROUND_TRIP_S, bytes_per_s=LINE_BYTES_S) as line:
        base_url = f"http://127.0.0.1:{line.port}/scene7"
        parts = {
            f"one file of {film_bytes // 1024**2} MiB": _share(large, server, base_url, 1),
            f"{photo_count} files of {PHOTO_BYTES // 1000} kB": _share(small, server, base_url, photo_count),
        }
    tell(
        f"wire: {ROUND_TRIP_S * 1000:.0f} ms round trip, {LINE_BYTES_S / 1e6:.1f} MB/s",
        {name: f"{100 * part:.0f} % of the line, {cpu_s:.1f} s of CPU" for name, (part, cpu_s) in parts.items()},
        {f"of the line used, {name}": part for name, (part, _) in parts.items()},
    )


def _share(share: Share, server: Server, base_url: str, files: int) -> tuple[float, float]:
    """Return the share of the line, and the CPU seconds."""
    share.write_config(base_url)
    server.take_traffic()
    taken = run(
        [*daemon_command(), "--config", str(share.config), "run", "--once"], log=share.log, environment=PASSWORD
    )
    traffic = server.take_traffic()
    if traffic.files != files:
        raise BenchError(f"of {files} files {traffic.files} were sent")
    return traffic.size_bytes / traffic.span_s / LINE_BYTES_S, taken.cpu_s
