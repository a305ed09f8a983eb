"""What `hotfolder init` writes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hotfolder.config import Answers, StarterError, load, load_text, starter_text, write_starter
from hotfolder.config.problems import format_problem

ANSWERS = Answers(
    base_url="http://127.0.0.1:8470/scene7",
    company='Fish & "Chips"',
    user="desk@example.com",
    folder_name="Größen",
    folder_path="/srv/share/größen",
    overwrite=True,
    ready_for_publish=False,
)


def test_check_accepts_what_init_wrote(tmp_path: Path) -> None:
    write_starter(tmp_path / "new")
    loaded = load(tmp_path / "new/hotfolder.toml", {})
    assert [problem.key for problem in loaded.warnings] == ["server.password_file", "folder[0].path"]
    assert "the placeholder of the starter" in format_problem(loaded.warnings[0])


def test_starter_has_no_warning_once_it_is_filled_in(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    write_starter(tmp_path, Answers(folder_path=str(tmp_path / "inbox")), password="secret")
    loaded = load(tmp_path / "hotfolder.toml", {})
    assert loaded.warnings == ()
    assert loaded.settings.servers[0].password == "secret"
    assert loaded.settings.ledger_url == f"sqlite:///{tmp_path}/ledger.db"


def test_answers_reach_the_settings() -> None:
    text = starter_text(ANSWERS).replace('password_file = "ips-password"', "")
    settings = load_text(text, {"HOTFOLDER_PASSWORD": "secret"}).settings
    (folder,) = settings.folders
    assert settings.servers[0].upload_url == "http://127.0.0.1:8470/scene7/UploadFile"
    assert (settings.servers[0].company, settings.servers[0].user) == ('Fish & "Chips"', "desk@example.com")
    assert (folder.name, folder.path) == ("Größen", Path("/srv/share/größen"))
    assert (folder.options["overwrite"], folder.options["readyForPublish"]) == (True, False)


def test_nothing_that_is_online_is_replaced_before_somebody_says_so() -> None:
    text = starter_text().replace('password_file = "ips-password"', "")
    (folder,) = load_text(text, {"HOTFOLDER_PASSWORD": "secret"}).settings.folders
    assert folder.options["overwrite"] is False


def test_password_file_is_for_its_owner_only(tmp_path: Path) -> None:
    write_starter(tmp_path, password="secret")
    assert stat.S_IMODE((tmp_path / "ips-password").stat().st_mode) == 0o600


@pytest.mark.parametrize("taken", ["hotfolder.toml", "folders.d/example.toml.sample"])
def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path, taken: str) -> None:
    (tmp_path / "folders.d").mkdir()
    (tmp_path / taken).write_text("mine")
    with pytest.raises(StarterError, match=f"{taken} exists already"):
        write_starter(tmp_path)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [tmp_path / taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_password_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "ips-password").write_text("mine")
    assert tmp_path / "ips-password" not in write_starter(tmp_path)
    assert (tmp_path / "ips-password").read_text() == "mine"


def test_example_for_folders_d_works_once_it_is_renamed(tmp_path: Path) -> None:
    write_starter(tmp_path)
    (tmp_path / "folders.d/example.toml.sample").rename(tmp_path / "folders.d/second.toml")
    settings = load(tmp_path / "hotfolder.toml", {}).settings
    assert [folder.name for folder in settings.folders] == ["catalog", "second"]


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StarterError, match="Not a directory; name a directory that can be made and written"):
        write_starter(tmp_path / "file" / "below")
