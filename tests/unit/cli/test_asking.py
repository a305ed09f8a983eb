"""Paths as people write them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.status.played import settings_of

from hotfolder.cli.asking import spelled
from hotfolder.core.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of one hot folder that is reached through a link."""
    (tmp_path / "disk" / "catalog" / "sub").mkdir(parents=True)
    (tmp_path / "share").symlink_to(tmp_path / "disk")
    given = settings_of("catalog")
    return replace(given, folders=(replace(given.folders[0], path=tmp_path / "share" / "catalog"),))


@pytest.mark.parametrize(
    "path", ["share/catalog/sub/a.jpg", "share/catalog/sub/../sub/a.jpg", "disk/catalog/sub/a.jpg", "desk/a.jpg"]
)
def test_all_ways_to_a_file_are_one(tmp_path: Path, settings: Settings, path: str) -> None:
    (tmp_path / "desk").symlink_to(tmp_path / "disk" / "catalog" / "sub")
    assert spelled(settings, tmp_path / path) == tmp_path / "share" / "catalog" / "sub" / "a.jpg"


def test_a_relative_path_begins_where_the_command_runs(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "disk" / "catalog")
    assert spelled(settings, Path("sub/a.jpg")) == tmp_path / "share" / "catalog" / "sub" / "a.jpg"


def test_a_link_in_a_hot_folder_is_itself_and_not_what_it_points_to(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "disk" / "catalog" / "link.jpg").symlink_to("/etc/passwd")
    assert spelled(settings, tmp_path / "disk" / "catalog" / "link.jpg").name == "link.jpg"


def test_a_name_copied_from_what_we_show_finds_the_file_whatever_form_it_has_on_the_disk(
    tmp_path: Path, settings: Settings
) -> None:
    catalog = tmp_path / "share" / "catalog"
    (catalog / "cafe\u0301.jpg").write_bytes(b"x")
    assert spelled(settings, catalog / "caf\u00e9.jpg") == catalog / "cafe\u0301.jpg"
    (catalog / "caf\u00e9.jpg").write_bytes(b"y")
    assert spelled(settings, catalog / "caf\u00e9.jpg") == catalog / "caf\u00e9.jpg", "the one named comes first"
    assert spelled(settings, catalog / "n\u00e9e.jpg") == catalog / "n\u00e9e.jpg"


def test_a_path_elsewhere_stays_what_it_is(tmp_path: Path, settings: Settings) -> None:
    assert spelled(settings, tmp_path / "other" / ".." / "a.jpg") == tmp_path / "a.jpg"
