"""What is wrong between keys, tables and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotfolder.config import ConfigError, load

Messages = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("tables", "messages_end"),
    [
        ('[tracking]\npoll = "2m"', 'poll: found "2m", wanted at most tracking.poll_max, which is "60s"'),
        ('[tracking]\npoll_max = "1s"', 'poll_max: found "1s", wanted at least tracking.poll, which is "5s"'),
        ('[tracking]\npoll_max = "2h"', 'poll_max: found "2h", wanted at most tracking.deadline, which is "45m"'),
        ('[retry]\nfirst = "6m"', 'retry.first: found "6m", wanted at most retry.max, which is "5m"'),
        ('[folder.settle]\nquiet = "1h"', 'quiet: found "1h", wanted at most settle.limit, which is "10m"'),
    ],
)
def test_durations_that_must_not_cross(messages: Messages, good: str, tables: str, messages_end: str) -> None:
    (message,) = messages(f"{good}{tables}\n")
    assert message.startswith("hotfolder.toml:11: ")
    assert message.endswith(messages_end)


def test_durations_of_defaults_and_hot_folder_are_compared_together(messages: Messages, good: str) -> None:
    text = f'{good}settle.quiet = "20m"\n[defaults.settle]\nlimit = "1h"\n'
    assert messages(text) == []


def test_duration_wrong_in_defaults_is_said_once_and_there(messages: Messages, good: str) -> None:
    text = f'{good}[[folder]]\nname = "b"\npath = "/b"\n[defaults.settle]\nquiet = "1h"\n'
    assert messages(text) == [
        'hotfolder.toml:14: defaults.settle.quiet: found "1h", wanted at most settle.limit, which is "10m"'
    ]


def test_wrong_duration_is_not_compared(messages: Messages, good: str) -> None:
    assert len(messages(f'{good}[tracking]\npoll = "soon"\n')) == 1


def test_no_hot_folder_at_all_is_a_problem(messages: Messages, good: str) -> None:
    (message,) = messages(good[: good.index("[[folder]]")])
    assert (
        message
        == "hotfolder.toml:1: folder: found no hot folder, wanted at least one [[folder]], or a file in folders.d"
    )


def test_unreadable_file_in_folders_d_is_not_also_called_missing(messages: Messages, good: str) -> None:
    (message,) = messages(good[: good.index("[[folder]]")], catalog="path = ")
    assert message.startswith("folders.d/catalog.toml:1: found no TOML")


def test_names_differ_by_more_than_case(messages: Messages, good: str) -> None:
    assert messages(f'{good}[[folder]]\nname = "Catalog"\npath = "/b"\n') == [
        'hotfolder.toml:11: folder[1].name: found "Catalog", wanted a name of its own; '
        "the hot folder of hotfolder.toml:7 has it already"
    ]


def test_names_differ_between_main_file_and_folders_d(messages: Messages, good: str) -> None:
    assert messages(good, CATALOG='path = "/b"') == [
        'folders.d/CATALOG.toml:1: found "CATALOG", wanted a name of its own; '
        "the hot folder of hotfolder.toml:7 has it already"
    ]


def test_file_name_that_is_no_name_of_a_hot_folder_is_refused(messages: Messages, good: str) -> None:
    (message,) = messages(good, _done='path = "/b"')
    assert message.startswith('folders.d/_done.toml:1: found the name "_done", wanted another name')


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/srv/share/catalog", "is also"),
        ("/srv/share/catalog/inner", "lies inside"),
        ("/srv/share", "holds"),
        ("../../srv/share/catalog/", "is also"),
    ],
)
def test_nested_and_equal_paths_are_refused(tmp_path: Path, good: str, path: str, how: str) -> None:
    file = tmp_path / "etc/hotfolder/hotfolder.toml"
    file.parent.mkdir(parents=True)
    (tmp_path / "srv/share/catalog").mkdir(parents=True)
    stated = path if path.startswith("..") else f"{tmp_path}{path}"
    file.write_text(good.replace("/srv", f"{tmp_path}/srv") + f'[[folder]]\nname = "b"\npath = "{stated}"\n')
    with pytest.raises(ConfigError) as caught:
        load(file, {"HOTFOLDER_PASSWORD": "secret"})
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (12, "folder[1].path")
    assert problem.wanted == f"a directory apart: this one {how} the hot folder of {file}:7"


def test_paths_are_compared_behind_links(tmp_path: Path, good: str) -> None:
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    file = tmp_path / "hotfolder.toml"
    file.write_text(good.replace("/srv/share/catalog", "link/inner") + '[[folder]]\nname = "b"\npath = "real"\n')
    with pytest.raises(ConfigError, match="this one holds the hot folder"):
        load(file, {"HOTFOLDER_PASSWORD": "secret"})


def test_neighbours_with_a_common_beginning_are_apart(messages: Messages, good: str) -> None:
    assert messages(f'{good}[[folder]]\nname = "b"\npath = "/srv/share/catalog2"\n') == []


@pytest.mark.parametrize("path", ["/", "/etc", "/etc/hotfolder", "..", "."])
def test_our_own_files_lie_in_no_hot_folder(messages: Messages, good: str, path: str) -> None:
    """Otherwise a glob such as "*" would send the password to the server."""
    text = good.replace("/srv/share/catalog", path).replace("[server]", '[server]\npassword_file = "../secret"', 1)
    assert any("a directory without our own files in it" in message for message in messages(text))


def test_ledger_lies_in_no_hot_folder(messages: Messages, good: str) -> None:
    (message,) = messages(f'{good}[ledger]\nurl = "sqlite:////srv/share/catalog/ledger.db"\n')
    assert message.endswith("wanted a directory without our own files in it, such as /srv/share/catalog/ledger.db")


def test_directory_of_ours_is_no_hot_folder(messages: Messages, good: str) -> None:
    (message,) = messages(good.replace("share/catalog", "share/_Done"))
    assert "a directory with another name; this one is reserved" in message


def test_overwrite_has_no_default(messages: Messages, good: str) -> None:
    text = good.replace("overwrite = true\n", "")
    assert messages(text, other='path = "/b"\n[options]\noverwrite = false\n', third='path = "/c"\n\n[options]\n') == [
        "hotfolder.toml:6: folder[0].options.overwrite: found nothing, wanted true or false: "
        "shall a file replace what has the same name? (here or in [defaults.options])",
        "folders.d/third.toml:3: options.overwrite: found nothing, wanted true or false: "
        "shall a file replace what has the same name? (here or in [defaults.options])",
    ]
