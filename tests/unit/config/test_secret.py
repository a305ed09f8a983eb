"""The password: where it comes from, and that it is never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotfolder.config.secret import SecretError, read_password


def secret_file(directory: Path, content: bytes, mode: int = 0o600) -> Path:
    file = directory / "ips-password"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b" secret \n", " secret "),
        (b"secret\r", "secret\r"),
        ("gehe\u00efm<&>\"'\n".encode(), "gehe\u00efm<&>\"'"),
    ],
)
def test_one_line_end_is_cut_off_and_all_else_is_kept(tmp_path: Path, content: bytes, password: str) -> None:
    assert read_password(secret_file(tmp_path, content), {}) == password


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_file_of_owner_and_group_is_used(tmp_path: Path, mode: int) -> None:
    assert read_password(secret_file(tmp_path, b"secret", mode), {}) == "secret"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o666])
def test_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SecretError, match=f"mode {mode:04o}.*chmod 600") as caught:
        read_password(secret_file(tmp_path, b"hunter2", mode), {})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "nothing in"),
        (b"\n", "nothing in"),
        (b"hunter2\x00", "a character"),
        (b"hunter2\xff", "not UTF-8"),
        (b"hunter2" * 1000, "more than 4096 bytes"),
    ],
)
def test_content_that_is_no_password_is_refused_and_not_shown(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(SecretError, match=found) as caught:
        read_password(secret_file(tmp_path, content), {})
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_missing_file_is_an_error_even_if_there_is_another_password(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="no file"):
        read_password(tmp_path / "missing", {"HOTFOLDER_PASSWORD": "other"})


def test_directory_is_no_password_file(tmp_path: Path) -> None:
    with pytest.raises(SecretError):
        read_password(tmp_path, {})


def test_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    with pytest.raises(SecretError, match="no plain file"):
        read_password(tmp_path / "fifo", {})


def test_systemd_credential_comes_before_the_environment(tmp_path: Path) -> None:
    secret_file(tmp_path, b"from systemd\n", 0o444)
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path), "HOTFOLDER_PASSWORD": "from the environment"}
    assert read_password(None, environment) == "from systemd"


def test_environment_is_used_when_there_is_no_such_credential(tmp_path: Path) -> None:
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path), "HOTFOLDER_PASSWORD": "from the environment\n"}
    assert read_password(None, environment) == "from the environment\n"


@pytest.mark.parametrize("environment", [{}, {"HOTFOLDER_PASSWORD": ""}])
def test_no_password_anywhere_names_all_three_places(environment: dict[str, str]) -> None:
    with pytest.raises(SecretError, match=r"file.*credential ips-password.*\$HOTFOLDER_PASSWORD"):
        read_password(None, environment)


def test_undecodable_environment_is_refused() -> None:
    with pytest.raises(SecretError, match="a character"):
        read_password(None, {"HOTFOLDER_PASSWORD": "hunter\udcff"})
