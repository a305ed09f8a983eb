"""Whom messages go to."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from hotfolder.config import Loaded, load
from hotfolder.config.notify import address_in, destinations
from hotfolder.core.settings import FolderSettings, NotifyEvent, NotifySettings

Messages = Callable[..., list[str]]
MAIL = "mailtos://desk:s3cret%2Fword@mail.example.com?to=desk@example.com"


@pytest.fixture
def urls(tmp_path: Path) -> Path:
    file = tmp_path / "urls"
    file.write_text(f"# the desk\n\n{MAIL}\n")
    file.chmod(0o600)
    return file


def loaded(tmp_path: Path, text: str, environment: Mapping[str, str]) -> Loaded:
    file = tmp_path / "hotfolder.toml"
    file.write_text(text)
    return load(file, {"HOTFOLDER_PASSWORD": "secret", **environment})


def test_every_key_is_taken(tmp_path: Path, good: str, urls: Path) -> None:
    pytest.importorskip("apprise")
    text = f'{good}[[notify]]\nname = "desk"\nurls_file = "urls"\nfolders = ["catalog"]\nlanguage = "fr"\n'
    text += 'events = ["held"]\ntrouble_after = "1h"\ngather = "1s"\nquiet = "5m"\ndigest = "18:30"\n'
    assert loaded(tmp_path, text, {}).settings.notify == (
        NotifySettings(
            name="desk",
            urls=(MAIL,),
            folders=("catalog",),
            language="fr",
            events=frozenset({NotifyEvent.HELD}),
            trouble_after_s=3600.0,
            gather_s=1.0,
            quiet_s=300.0,
            digest=time(18, 30),
        ),
    )


def test_urls_come_from_a_credential_as_well(tmp_path: Path, good: str, urls: Path) -> None:
    pytest.importorskip("apprise")
    urls.rename(tmp_path / "notify-desk").chmod(stat.S_IRUSR | stat.S_IROTH)  # systemd guards it by its own means
    text = f'{good}[[notify]]\nname = "desk"\n'
    (notify,) = loaded(tmp_path, text, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).settings.notify
    assert notify.urls == (MAIL,)
    assert MAIL not in repr(notify)


def test_who_only_looks_reads_no_urls(tmp_path: Path, good: str) -> None:
    (tmp_path / "hotfolder.toml").write_text(f'{good}[[notify]]\nname = "desk"\nurls_file = "nowhere"\n')
    settings = load(tmp_path / "hotfolder.toml", {}, with_password=False).settings
    assert [notify.urls for notify in settings.notify] == [()]


def test_what_is_wrong_is_named_and_no_secret_is(messages: Messages, good: str, urls: Path) -> None:
    pytest.importorskip("apprise")
    table = f'[[notify]]\nname = "desk"\nurls_file = "{urls}"\n'
    assert messages(good + table) == []
    urls.write_text("nonsense://s3cret\nmailto://user:s3cret@\njson://localhost/{contact}\njust words s3cret\n")
    found = "\n".join(
        messages(good + table + 'folders = ["nope"]\n' + table.replace("desk", "Desk") + 'digest = "6pm"')
    )
    for said in (
        'notify[0].folders: found "nope", wanted names of hot folders: "catalog"',
        'notify[1].name: found "Desk", wanted a name that no other [[notify]] has',
        'notify[1].digest: found "6pm", wanted "never" or a time of day such as "18:00"',
        "line 1, which Apprise does not understand (nonsense://, the rest is not shown)",
        "line 2, which Apprise does not understand (mailto://",
        "{contact} in line 3, wanted a mail address in the contact of a hot folder that it is told of",
        "line 4, which Apprise does not understand, wanted a URL of Apprise's, such as mailtos://",
    ):
        assert said in found
    assert "s3cret" not in found


def test_a_file_without_a_url_or_for_all_to_read_is_refused(messages: Messages, good: str, urls: Path) -> None:
    table = f'[[notify]]\nname = "desk"\nurls_file = "{urls}"\n'
    urls.write_text("# nothing yet\n")
    (message,) = messages(good + table)
    assert f"notify[0].urls_file: found no URL in {urls}, wanted URLs of Apprise's, one a line" in message
    urls.chmod(0o604)
    (message,) = messages(good + table)
    assert "that others may not touch it: chmod 600" in message
    (message,) = messages(f'{good}[[notify]]\nname = "desk"\n')
    assert (
        "found nothing, wanted a file with URLs of Apprise's, one a line (or the systemd credential notify-d" in message
    )


def test_contacts_get_what_concerns_their_folders() -> None:
    folders = [
        FolderSettings(name=name, path=Path(f"/srv/{name}"), contact=contact)
        for name, contact in (
            ("a", "Ann <ann@example.com>, ext. 3"),
            ("b", "bob@example.com"),
            ("c", "write to ann@example.com."),
            ("d", "Photo desk, ext. 4711"),
        )
    ]
    notify = NotifySettings(name="all", urls=("mailto://localhost?to={contact}", "json://localhost"))
    ann, bob = "mailto://localhost?to=ann%40example.com", "mailto://localhost?to=bob%40example.com"
    assert destinations(notify, folders) == [(ann, ("a", "c")), (bob, ("b",)), ("json://localhost", ())]
    only = replace(notify, folders=("b", "d"))
    assert destinations(only, folders) == [(bob, ("b",)), ("json://localhost", ("b", "d"))]
    assert address_in("no address @ all") is None


def test_what_may_be_a_secret_in_a_url_is_known() -> None:
    notify = NotifySettings(name="x", urls=(MAIL, "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?a=b"))
    assert {MAIL, "s3cret%2Fword", "s3cret/word", "TIiajkdnlazkcOXrIdevi7FQ"} <= set(notify.secrets)
    assert "" not in notify.secrets
