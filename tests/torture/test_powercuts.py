"""A disk whose power is cut keeps what was synced, and forgets what was not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.acceptance.trouble import own_mounts
from tests.torture import powercuts
from tests.torture.__main__ import PARTS
from tests.torture.plan import QUICK
from tests.torture.powercuts import CutDisk


def test_a_cut_keeps_what_was_synced_and_nothing_else(tmp_path: Path) -> None:
    if reason := powercuts.impossible():
        pytest.skip(reason)
    with own_mounts():
        disk = CutDisk(tmp_path / "disk", tmp_path / "place")
        try:
            (tmp_path / "place/kept").write_bytes(b"kept")
            disk.sync()
            (tmp_path / "place/lost").write_bytes(b"lost")
            (tmp_path / "place/kept").rename(tmp_path / "place/renamed")
            copy = disk.copy()
            disk.unmount()
            disk.go_on_from(copy)
            assert {path.name for path in (tmp_path / "place").iterdir()} == {"kept", "lost+found"}
            assert (tmp_path / "place/kept").read_bytes() == b"kept"
        finally:
            disk.unmount()


def test_where_no_disk_can_be_mounted_the_part_says_why_and_plays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    tally = PARTS["powercuts"](QUICK, 1, float("inf"))
    assert tally.remark == "skipped: there is no mkfs.ext4"
    assert tally.counts["runs"] == 0
