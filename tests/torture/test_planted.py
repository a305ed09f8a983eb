"""Planted bugs: every change still finds its place in the package, and some that are found at once are found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.torture.planted import BUGS, REPOSITORY, Change, caught, plant


def test_every_change_finds_its_place(tmp_path: Path) -> None:
    package = tmp_path / "hotfolder"
    for name, bug in BUGS.items():
        if bug.change is not None:
            file = package / bug.change.file
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / "daemon" / "hotfolder" / bug.change.file, file)
            before = file.read_text("utf-8")
            plant(package, bug.change)
            assert file.read_text("utf-8") != before, name


def test_a_change_without_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(AssertionError, match="0 times"):
        plant(tmp_path, Change("a.py", "y = 1", "y = 2"))


def test_there_are_enough_of_them() -> None:
    assert len(BUGS) >= 15


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("links are followed", "leak"),
        ("a POST begins before its intent is durable", "untrue"),
        ("no note or receipt is synced", "untrue"),
    ],
)
def test_some_are_found_at_once(name: str, kind: str) -> None:
    found = caught(name, 60.0)
    assert found["seen"].startswith(kind)
