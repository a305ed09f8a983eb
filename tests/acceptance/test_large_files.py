"""Files of gigabytes go through at constant memory."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.acceptance.place import Place

MEBIBYTE = 1024**2

PEAK_MIB = 150
"""All of the daemon, interpreter and libraries included."""


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has had resident so far."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "size_mib",
    [
        pytest.param(512, id="half a gibibyte"),
        pytest.param(4096 + 1, id="more than four gibibytes", marks=pytest.mark.slow),
    ],
)
def test_a_large_file_arrives_at_constant_memory(place: Place, size_mib: int) -> None:
    """Sparse on our side, but for its first and its last block: what ends in a hole would count as not yet written."""
    needed = (size_mib + 1024) * MEBIBYTE
    if shutil.disk_usage(tempfile.gettempdir()).free < needed:
        pytest.skip(f"the sandbox would need {needed / MEBIBYTE:.0f} MiB in {tempfile.gettempdir()}")
    place.configure({"name": "hot", "include": ["*"]})
    block = bytes(range(256)) * 4096
    with place.start() as daemon:
        building = place.root / "large.data"
        with building.open("wb") as file:
            file.write(block)
            file.seek((size_mib - 1) * MEBIBYTE)
            file.write(block)
        building.rename(place.hot("hot") / "large.data")
        filed = daemon.await_event("drop.filed", within_s=500.0)
        peak = peak_mib(daemon.pid)
        assert daemon.end().code == 0
    assert filed["outcome"] == "stored"
    digest = hashlib.sha256(block)
    hole = bytes(MEBIBYTE)
    for _ in range(size_mib - 2):
        digest.update(hole)
    digest.update(block)
    (asset,) = place.box.assets()
    assert (asset["size_bytes"], asset["sha256"], asset["versions"]) == (size_mib * MEBIBYTE, digest.hexdigest(), 1)
    assert peak < PEAK_MIB, f"{peak:.0f} MiB"
