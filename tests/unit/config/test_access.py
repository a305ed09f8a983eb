"""Who may look at the pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Messages = Callable[..., list[str]]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("twenty characters at least\n")
    file.chmod(0o600)
    return file


def test_beyond_this_machine_a_password_is_wanted(messages: Messages, good: str, secret: Path) -> None:
    (message,) = messages(f'{good}[web]\nlisten = "0.0.0.0:8480"\n')
    assert message.startswith(
        'hotfolder.toml:11: web.listen: found "0.0.0.0:8480", wanted an address of this machine only'
    )
    assert messages(f'{good}[web]\nlisten = "0.0.0.0:8480"\npassword_file = "{secret}"\n') == []


def test_secrets_are_read_and_long_enough(messages: Messages, good: str, secret: Path) -> None:
    link = f'[[web.link]]\nname = "agency"\nfolders = ["catalog"]\ntoken_file = "{secret}"\n'
    assert messages(good + link) == []
    secret.write_text("short")
    (message,) = messages(good + link)
    assert f"web.link[0].token_file: found {secret} with 5 characters, wanted at least 20; for example: " in message
    secret.chmod(0o644)
    (message,) = messages(f'{good}[web]\npassword_file = "{secret}"\n')
    assert "that others may not touch it: chmod 600" in message
    (message,) = messages(f'{good}[web]\npassword_file = "/nowhere/x"\n')
    assert message.startswith("hotfolder.toml:11: web.password_file: found no file /nowhere/x")


def test_links_name_hot_folders_and_have_names_of_their_own(messages: Messages, good: str, secret: Path) -> None:
    link = f'[[web.link]]\nname = "agency"\nfolders = ["nope"]\ntoken_file = "{secret}"\n'
    found = messages(good + link + link)
    assert len(found) == 3
    assert 'web.link[0].folders: found "nope", wanted names of hot folders: ' in found[0]
    assert 'web.link[1].name: found "agency", wanted a name that no other link has' in "\n".join(found)
