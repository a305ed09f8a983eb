"""The doctor's trials on real directories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotfolder.core.settings import FolderSettings, WatchMode
from hotfolder.edges.files import FileSystem
from hotfolder.edges.trial import Finding, examine


def findings(path: Path, watch: WatchMode = WatchMode.AUTO) -> dict[str, Finding]:
    """Return what was found, by what was tried."""
    return {finding.what: finding for finding in examine(FolderSettings(name="catalog", path=path, watch=watch))}


def test_a_sound_folder_is_found_good_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"somebody's")
    found = findings(tmp_path)
    assert {name for name, finding in found.items() if finding.verdict == "bad"} == set()
    assert {
        "root",
        "watch mode",
        "rights",
        "clock",
        "case",
        "names",
        "locks",
        "events",
        "rename",
        "delete",
        "space",
    } == set(found)
    assert [entry.name for entry in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_missing_folder_is_told_and_nothing_else_is_tried(tmp_path: Path) -> None:
    found = findings(tmp_path / "missing")
    assert list(found) == ["root"]
    assert found["root"].verdict == "bad"
    assert "missing" in found["root"].text


def test_the_watch_mode_is_told_with_its_reason(tmp_path: Path) -> None:
    assert "because the settings say so" in findings(tmp_path, WatchMode.POLLING)["watch mode"].text
    assert findings(tmp_path)["watch mode"].text.startswith("inotify")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_bad(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert any(finding.verdict == "bad" for finding in findings(tmp_path).values())
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_working_is_told(tmp_path: Path) -> None:
    (tmp_path / "_working").write_bytes(b"")
    assert findings(tmp_path)["rights"].verdict == "bad"


def test_only_file_systems_that_tell_of_every_change_are_watched() -> None:
    assert FileSystem(name="ext4", is_remote=False).tells_changes
    assert not FileSystem(name="NFS", is_remote=True).tells_changes
    assert not FileSystem(name="overlay", is_remote=False).tells_changes
