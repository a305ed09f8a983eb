"""Addresses of server, ledger and status page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotfolder.config.addresses import (
    BASE_URL,
    LEDGER_URL,
    LISTEN,
    POST_HOST,
    POST_URL,
    absolute_ledger_url,
    base_urls,
    ledger_file,
    region_urls,
    same_host,
    split_listen,
    url_host,
)


@pytest.mark.parametrize(
    ("region", "environment", "upload", "soap"),
    [
        ("north-america", "production", "s7sps1ssl.scene7.com", "s7sps1apissl.scene7.com"),
        ("emea", "production", "s7sps3ssl.scene7.com", "s7sps3apissl.scene7.com"),
        ("asia-pacific", "production", "s7sps5ssl.scene7.com", "s7sps5apissl.scene7.com"),
        ("emea", "staging", "s7sps3ssl-staging.scene7.com", "s7sps3apissl-staging.scene7.com"),
    ],
)
def test_regions_have_two_families_of_hosts(region: str, environment: str, upload: str, soap: str) -> None:
    """PROTOCOL 1.1: do not derive one from the other by accident."""
    assert region_urls(region, environment) == (
        f"https://{upload}/scene7/UploadFile",
        f"https://{soap}/scene7/services/IpsApiService",
    )


@pytest.mark.parametrize("base", ["http://127.0.0.1:8470/scene7", "http://127.0.0.1:8470/scene7/"])
def test_base_url_leads_to_both_services(base: str) -> None:
    assert base_urls(base) == (
        "http://127.0.0.1:8470/scene7/UploadFile",
        "http://127.0.0.1:8470/scene7/services/IpsApiService",
    )


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://ips.example.com/scene7", None),
        ("https://ips.example.com", None),
        ("http://127.0.0.1:8470/scene7", None),
        ("http://127.8.9.1", None),
        ("http://localhost:1", None),
        ("http://[::1]:8470/scene7", None),
        ("http://ips.example.com/scene7", "https"),
        ("http://127.0.0.1.example.com", "https"),
        ("http://localhost.example.com", "https"),
        ("http://0.0.0.0:80", "https"),
        ("ftp://ips.example.com", "a URL such as"),
        ("ips.example.com", "a URL such as"),
        ("https://", "a URL such as"),
        ("https://ips.example.com:port", "a URL"),
        ("https://[::1", "a URL"),
        ("https://user:hunter2@ips.example.com", "without user"),
        ("https://ips.example.com/?x=1", 'without "?"'),
        ("https://ips.example.com/a b", "a URL such as"),
    ],
)
def test_base_url_is_https_or_this_machine(url: str, wanted: str | None) -> None:
    message = BASE_URL.test(url)
    assert message is None if wanted is None else (message or "").startswith((wanted, f"a URL {wanted}"))
    if wanted is None:
        assert re.search(BASE_URL.pattern, url)


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("sqlite:///ledger.db", True),
        ("sqlite:////var/lib/hotfolder/ledger.db", True),
        ("postgresql+psycopg://u:p@db.example.com/hotfolder", True),
        ("postgresql+psycopg:///hotfolder", True),
        ("postgresql+psycopg://db.example.com", False),
        ("postgresql+psycopg://db.example.com/", False),
        ("postgresql://db.example.com/hotfolder", False),
        ("sqlite://", False),
        ("sqlite:///", False),
        ("sqlite:///:memory:", False),
        ("sqlite:///?x=1", False),
        ("ledger.db", False),
        ("", False),
    ],
)
def test_ledger_is_a_file_or_a_database(url: str, is_good: bool) -> None:
    assert (LEDGER_URL.test(url) is None) == is_good
    assert bool(re.search(LEDGER_URL.pattern, url)) == is_good


@pytest.mark.parametrize("url", ["postgresql+psycopg://[::1/x", "sqlite:///a\nb.db"])
def test_ledger_url_that_nobody_can_read_is_refused(url: str) -> None:
    assert LEDGER_URL.test(url) is not None


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("sqlite:///ledger.db", "sqlite:////etc/hotfolder/ledger.db"),
        ("sqlite:///data/ledger.db?timeout=5", "sqlite:////etc/hotfolder/data/ledger.db?timeout=5"),
        ("sqlite:////var/lib/ledger.db", "sqlite:////var/lib/ledger.db"),
        ("postgresql+psycopg:///hotfolder", "postgresql+psycopg:///hotfolder"),
    ],
)
def test_ledger_file_is_beside_the_file_that_names_it(url: str, absolute: str) -> None:
    assert absolute_ledger_url(url, Path("/etc/hotfolder")) == absolute


def test_ledger_file_is_known_for_sqlite_only() -> None:
    assert ledger_file("sqlite:////a/b.db?x=1") == Path("/a/b.db")
    assert ledger_file("postgresql+psycopg:///b") is None


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:8480", ("127.0.0.1", 8480)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8480", ("::1", 8480)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),  # noqa: S104 - only a text
    ],
)
def test_listen_is_address_and_port(listen: str, address: tuple[str, int]) -> None:
    assert split_listen(listen) == address
    assert LISTEN.test(listen) is None
    assert re.search(LISTEN.pattern, listen)


@pytest.mark.parametrize("listen", ["8480", ":8480", "127.0.0.1", "127.0.0.1:65536", "::1:8480", "a b:1", "x:1\n"])
def test_what_is_no_address_and_port_is_refused(listen: str) -> None:
    assert LISTEN.test(listen) == 'an address and port such as "127.0.0.1:8480", or ""'


def test_empty_listen_turns_the_page_off() -> None:
    assert LISTEN.test("") is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.example.com", "hooks.example.com"),
        ("https://hooks.example.com/", "hooks.example.com"),
        ("https://hooks.example.com/a/b%20c/?x=1&y=@2", "hooks.example.com"),
        ("https://hooks.example.com?x=1", "hooks.example.com"),
        ("https://hooks.example.com:8443/a", "hooks.example.com:8443"),
        ("https://192.0.2.7/a", "192.0.2.7"),
        ("", None),
    ],
)
def test_address_to_call_has_a_host(url: str, host: str | None) -> None:
    assert POST_URL.test(url) is None
    assert re.search(POST_URL.pattern, url)
    assert url_host(url) == host


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://hooks.example.com/", "https"),
        ("HTTP://hooks.example.com/", "https"),
        ("https://user:word@hooks.example.com/", "without user and password"),
        ("https://hooks.example.com@other.example.com/", "without user and password"),
        ("https://other.example.com\\@hooks.example.com/", "without user and password"),
        ("https://other.example.com\\.hooks.example.com/", "an address such as"),
        ("https://hooks.example.com#@other.example.com/", "an address such as"),
        ("https://hooks.example.com/a b", "an address such as"),
        ("https://hooks.example.com/\n", "an address such as"),
        ("https://hooks.example.com/ä", "an address such as"),
        ("https://hooks.exämple.com/", "an address such as"),
        ("https://hooks.example.com:0/", "an address such as"),
        ("https://hooks.example.com./", "an address such as"),
        ("https://[::1]/", "an address such as"),
        ("https:///a", "an address such as"),
        ("https://", "an address such as"),
        ("ftp://hooks.example.com/", "an address such as"),
        ("hooks.example.com", "an address such as"),
    ],
)
def test_what_could_be_read_as_another_address_is_refused(url: str, wanted: str) -> None:
    """RELIABILITY H2: our idea of the host must be the server's."""
    assert wanted in (POST_URL.test(url) or "")
    assert not re.fullmatch(POST_URL.pattern, url)
    assert url_host(url) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("hooks.example.com", "hooks.example.com", True),
        ("Hooks.Example.COM", "hooks.example.com:443", True),
        ("hooks.example.com:8443", "hooks.example.com:8443", True),
        ("hooks.example.com:8443", "hooks.example.com", False),
        ("hooks.example.com", "example.com", False),
        ("hooks.example.com", "ooks.example.com", False),
    ],
)
def test_hosts_are_the_same_with_their_port(one: str, other: str, same: bool) -> None:
    assert same_host(one, other) is same
    assert same_host(other, one) is same


@pytest.mark.parametrize(
    "host", ["", "https://hooks.example.com", "*.example.com", "a b", "x/", "x:", "x:0", "x.", "ä"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    assert "a host such as" in (POST_HOST.test(host) or "")
    assert not re.fullmatch(POST_HOST.pattern, host)
