"""Warnings: what can be used but is worth a second look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.config import load

Messages = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('destination = "x/{stem}"', '10: folder[0].destination: found "x/{stem}", wanted a template without {stem}'),
        (
            'options.keywords = ["a", "{stem}"]',
            '10: folder[0].options.keywords[1]: found "{stem}", wanted a keyword wi',
        ),
        ('options.keywords = ["{subfolder}"]', "this makes one job per subfolder"),
        ('options.keywords = ["{ext}"]', "this makes one job per extension"),
        (
            'include = ["*.tmp"]',
            '10: folder[0].include[0]: found "*.tmp", wanted a glob that can match; such names are',
        ),
        (
            '[[folder.rule]]\nmatch = ["*"]\ndestination = "a"\n[[folder.rule]]\nmatch = ["*.psd"]\ndestination = "b"',
            "13: folder[0].rule[1]: found a rule that no file reaches, wanted it above the rules that take its files",
        ),
        (
            '[[folder.rule]]\nmatch = ["@images"]\ndestination = "a"\n[[folder.rule]]\nmatch = ["*.psd"]\n'
            'destination = "b"',
            "13: folder[0].rule[1]: found a rule that no file reaches",
        ),
        ('[[folder.rule]]\nmatch = ["*.psd"]', "10: folder[0].rule[0]: found a rule that changes nothing"),
        (
            'include = ["@images"]\n[[folder.rule]]\nmatch = ["*.mp4"]\ndestination = "a"',
            '12: folder[0].rule[0].match[0]: found "*.mp4", wanted a glob that can match; include takes no such files',
        ),
        (
            '[[folder.rule]]\nmatch = ["*.psd"]\noptions.keywords = ["{stem}"]',
            "12: folder[0].rule[0].options.keywords[0]: found",
        ),
        (
            'options.colorManagementOptions = { colorManagement = "Default", outputProfileHandle = "Screen" }',
            '10: folder[0].options.colorManagementOptions.outputProfileHandle: found "Screen", wanted no profile, or '
            'colorManagement = "Convert"',
        ),
        ('[recovery]\ngrace = "1s"', '11: recovery.grace: found "1s", wanted at least "10m"'),
        (f'[control]\nsocket = "/{"x" * 120}"', "11: control.socket: found"),
    ],
)
def test_warnings_name_their_place(messages: Messages, good: str, lines: str, message: str) -> None:
    found = messages(good + lines + "\n")
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    "lines",
    [
        'options.keywords = ["{folder}", "{year}"]',
        'destination = "{date}/{ext}"',
        '[[folder.rule]]\nmatch = ["*.psd"]\ndestination = "a"\n[[folder.rule]]\nmatch = ["*"]\ndestination = "b"',
        'options.colorManagementOptions = { colorManagement = "Convert", outputProfileHandle = "Screen" }',
        '[web]\nlisten = ""',
        '[web]\nlisten = "[::1]:80"',
    ],
)
def test_usual_things_give_no_warning(messages: Messages, good: str, lines: str) -> None:
    assert messages(good + lines + "\n") == []


def test_short_recovery_is_usual_with_a_test_server(messages: Messages, good: str) -> None:
    text = good.replace('region = "north-america"', 'base_url = "http://127.0.0.1:8470/scene7"')
    assert messages(f'{text}[recovery]\ngrace = "1s"\n') == []


def test_warning_about_what_defaults_say_stands_there(messages: Messages, good: str) -> None:
    text = good.replace("overwrite = true\n", 'overwrite = true\nkeywords = ["{stem}"]\n')
    (message,) = messages(text)
    assert message.startswith("hotfolder.toml:7: defaults.options.keywords[0]: ")


@pytest.mark.parametrize("is_file", [True, False])
def test_missing_hot_folder_is_a_warning(tmp_path: Path, good: str, is_file: bool) -> None:
    """It may be a share that is mounted later: the daemon calls it degraded and goes on."""
    if is_file:
        (tmp_path / "inbox").write_text("")
    file = tmp_path / "hotfolder.toml"
    file.write_text(good.replace("/srv/share/catalog", "inbox"))
    (warning,) = load(file, {"HOTFOLDER_PASSWORD": "secret"}).warnings
    assert (warning.line, warning.key) == (9, "folder[0].path")
    assert "which is no directory (yet)" in warning.found


@pytest.mark.parametrize(("mode", "count"), [(0o644, 1), (0o640, 0)])
def test_password_of_the_ledger_in_a_readable_file_is_a_warning(
    tmp_path: Path, good: str, mode: int, count: int
) -> None:
    (tmp_path / "inbox").mkdir()
    file = tmp_path / "hotfolder.toml"
    text = good.replace("/srv/share/catalog", "inbox")
    file.write_text(f'{text}[ledger]\nurl = "postgresql+psycopg://hotfolder:hunter2@db.example.com/hotfolder"\n')
    file.chmod(mode)
    warnings = load(file, {"HOTFOLDER_PASSWORD": "secret"}).warnings
    assert [warning.key for warning in warnings] == ["ledger.url"] * count
    assert "hunter2" not in repr(warnings)


@pytest.mark.parametrize(
    ("mode", "hosts", "count"),
    [
        (0o664, '["hooks.example.com"]', 1),
        (0o646, '["hooks.example.com"]', 1),
        (0o644, '["x.example.com"]', 0),
        (0o666, "[]", 0),
    ],
)
def test_hosts_to_call_in_a_file_that_others_may_write_are_a_warning(
    tmp_path: Path, good: str, mode: int, hosts: str, count: int
) -> None:
    """RELIABILITY H2: who may write them decides whom the server calls."""
    (tmp_path / "inbox").mkdir()
    file = tmp_path / "hotfolder.toml"
    file.write_text(f"{good.replace('/srv/share/catalog', 'inbox')}[upload]\npost_http_hosts = {hosts}\n")
    file.chmod(mode)
    warnings = load(file, {"HOTFOLDER_PASSWORD": "secret"}).warnings
    assert [warning.key for warning in warnings] == ["upload.post_http_hosts"] * count


OTHER = '[[folder]]\nname = "press"\npath = "/press"\npublish = "after-job"\noptions = { overwrite = true }\n'


@pytest.mark.parametrize(
    "lines",
    ["", "options.readyForPublish = true", '[[folder.rule]]\nmatch = ["*.psd"]\noptions.readyForPublish = true'],
)
def test_files_that_go_live_with_another_folders_publish_are_told(messages: Messages, good: str, lines: str) -> None:
    found = messages(f"{good}{lines}\n{OTHER}")
    assert len(found) == 1
    assert 'folder[0].publish: found "never", but what it stores is marked, wanted options.readyForPublish' in found[0]
    assert "the hot folder press" in found[0]


@pytest.mark.parametrize("lines", ["options.readyForPublish = false", 'publish = "22:00"'])
def test_files_that_do_not_or_are_meant_to_go_live_give_no_warning(messages: Messages, good: str, lines: str) -> None:
    assert messages(f"{good}{lines}\n{OTHER}") == []
