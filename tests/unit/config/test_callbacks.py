"""Which addresses the server may be asked to call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Messages = Callable[..., list[str]]

URL = 'postHttpUrl = "https://hooks.example.com/done"'
LISTED = '[upload]\npost_http_hosts = ["HOOKS.example.com", "other.example.com:8443"]\n'


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ("[folder.options]\n%s\n", "11: folder[0].options.postHttpUrl"),
        ('[[folder.rule]]\nmatch = ["*.psd"]\noptions = { %s }\n', "12: folder[0].rule[0].options.postHttpUrl"),
        (
            '[[defaults.rule]]\nmatch = ["*.psd"]\n[defaults.rule.options]\n%s\n',
            "13: defaults.rule[0].options.postHttpUrl",
        ),
    ],
)
def test_without_a_list_in_the_main_file_no_address_is_taken(
    messages: Messages, good: str, tables: str, place: str
) -> None:
    """RELIABILITY H2: off by default."""
    assert messages(good + tables % URL) == [
        f'hotfolder.toml:{place}: found "https://hooks.example.com/done", wanted no such option, '
        "while [upload] post_http_hosts of hotfolder.toml lists no host"
    ]
    assert messages(good + tables % URL + LISTED) == []


def test_defaults_are_checked_too(messages: Messages, good: str) -> None:
    text = good.replace("[defaults.options]", f"[defaults.options]\n{URL}")
    (message,) = messages(text)
    assert message.startswith("hotfolder.toml:6: defaults.options.postHttpUrl: found")
    assert messages(text + LISTED) == []


def test_file_of_a_hot_folder_cannot_list_hosts_itself(messages: Messages, good: str) -> None:
    own = f'path = "/b"\nupload.post_http_hosts = ["hooks.example.com"]\noptions.{URL}\n'
    found = messages(good, b=own)
    assert [message.partition(": found")[0] for message in found] == [
        "folders.d/b.toml:2: upload",
        "folders.d/b.toml:3: options.postHttpUrl",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com.evil.example.com/",
        "https://evil.example.com/hooks.example.com",
        "https://hooks.example.com:8443/",
        "https://other.example.com/",
    ],
)
def test_other_hosts_and_ports_are_refused_with_those_that_are_allowed(messages: Messages, good: str, url: str) -> None:
    (message,) = messages(f'{good}[folder.options]\npostHttpUrl = "{url}"\n{LISTED}')
    assert message == (
        f'hotfolder.toml:11: folder[0].options.postHttpUrl: found "{url}", wanted an address at '
        '"HOOKS.example.com" or "other.example.com:8443", as [upload] post_http_hosts of hotfolder.toml lists'
    )


def test_no_address_needs_no_host(messages: Messages, good: str) -> None:
    assert messages(f'{good}[folder.options]\npostHttpUrl = ""\n') == []


def test_list_that_is_none_allows_nothing(messages: Messages, good: str) -> None:
    found = messages(f'{good}[folder.options]\n{URL}\n[upload]\npost_http_hosts = "hooks.example.com"\n')
    assert len(found) == 2
    assert 'found "hooks.example.com", wanted a list, each a host' in found[1]
