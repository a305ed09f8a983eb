"""What a file that lies somewhere would be refused for."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from hotfolder.core.model import NotTaken, Unsafe
from hotfolder.core.wording import NOT_TAKEN, STILL_EMPTY, UNSAFE
from hotfolder.status.objections import objection_of

LAB = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 20, 20, 8, 9) + bytes(200)


def test_a_file_is_judged_by_name_head_and_size(tmp_path: Path) -> None:
    good, lab, unnamed = tmp_path / "good.jpg", tmp_path / "lab.jpg", tmp_path / "&.jpg"
    good.write_bytes(b"good")
    lab.write_bytes(LAB)
    unnamed.write_bytes(LAB)
    assert objection_of(good, None) is None
    assert objection_of(lab, None) == NOT_TAKEN[NotTaken.PSD_LAB]
    assert "nothing is left of its name" in (objection_of(unnamed, None) or "")
    assert objection_of(good, 10**9) is None
    assert "takes no file of more than" in (objection_of(good, 65_537) or "")


def test_a_second_name_elsewhere_is_an_objection(tmp_path: Path) -> None:
    (tmp_path / "good.jpg").write_bytes(b"good")
    (tmp_path / "again.jpg").hardlink_to(tmp_path / "good.jpg")
    assert objection_of(tmp_path / "again.jpg", None) == UNSAFE[Unsafe.HARD_LINKS]


def test_an_empty_file_is_an_objection(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert objection_of(tmp_path / "empty.jpg", None) == STILL_EMPTY


def test_what_is_no_file_or_cannot_be_read_gets_no_objection(tmp_path: Path) -> None:
    lab = tmp_path / "lab.psd"
    lab.write_bytes(LAB)
    (tmp_path / "link.psd").symlink_to(lab)
    os.mkfifo(tmp_path / "pipe.psd")
    for name in ("link.psd", "pipe.psd", "gone.psd", "a\0b.psd", ""):
        assert objection_of(tmp_path / name, 1) is None
