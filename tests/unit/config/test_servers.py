"""Several servers: what they inherit, and what is wrong with each as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotfolder.config import ConfigError, Loaded, load, read_server_password
from hotfolder.config.secret import SecretError

Load = Callable[..., Loaded]
Messages = Callable[..., list[str]]

TWO = """\
[server]
region = "north-america"
environment = "staging"
company = "Example Co"
user = "ingest@example.com"
proxy = "http://proxy.example.com:3128"
[server.emea]
region = "emea"
company_handle = "c|7"
[defaults.options]
overwrite = true
[[folder]]
name = "catalog"
path = "/srv/share/catalog"
[[folder]]
name = "archive"
path = "/srv/share/archive"
server = "emea"
"""

SHARED = """\
[server]
region = "north-america"
user = "ingest@example.com"
[server.north]
company = "Example North"
[server.south]
company = "Example South"
[defaults]
server = "south"
[defaults.options]
overwrite = true
[[folder]]
name = "catalog"
path = "/srv/share/catalog"
"""


def test_a_further_server_inherits_what_it_does_not_state(loaded: Load) -> None:
    settings = loaded(TWO).settings
    first, second = settings.servers
    assert (first.name, first.company, first.company_handle) == ("default", "Example Co", None)
    assert (second.name, second.company, second.company_handle) == ("emea", None, "c|7")
    assert second.upload_url == "https://s7sps3ssl-staging.scene7.com/scene7/UploadFile"
    assert (second.user, second.password, second.proxy) == (first.user, "secret", "http://proxy.example.com:3128")
    assert [folder.server for folder in settings.folders] == ["default", "emea"]


def test_an_address_of_its_own_takes_the_place_of_an_inherited_region(loaded: Load) -> None:
    text = TWO.replace('region = "emea"', 'base_url = "https://ips.example.com/scene7"')
    second = loaded(text).settings.servers[1]
    assert second.upload_url == "https://ips.example.com/scene7/UploadFile"


def test_a_server_without_company_only_gives_defaults(loaded: Load) -> None:
    settings = loaded(SHARED).settings
    assert [(server.name, server.company) for server in settings.servers] == [
        ("north", "Example North"),
        ("south", "Example South"),
    ]
    assert settings.folders[0].server == "south"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'server = "south"\n',
            "",
            'hotfolder.toml:11: folder[0].server: found nothing, wanted "north" or "south", since [server] itself',
        ),
        (
            'server = "south"',
            'server = "default"',
            'hotfolder.toml:9: defaults.server: found "default", wanted "north" or "south", since [server] itself',
        ),
        (
            'server = "south"',
            'server = "suoth"',
            'hotfolder.toml:9: defaults.server: found "suoth", wanted "south"',
        ),
        (
            'server = "south"',
            'server = "x"',
            'defaults.server: found "x", wanted the name of a server: "north" or "south"',
        ),
        (
            'user = "ingest@example.com"\n',
            "",
            "server.north.user: found nothing, wanted the account's e-mail address, here or in [server]",
        ),
        (
            'region = "north-america"\n',
            "",
            'server.south: found none, wanted one of the keys "region" or "base_url", here or in [server]',
        ),
        (
            'company = "Example South"\n',
            "",
            'hotfolder.toml:6: server.south: found none, wanted one of the keys "company" or "company_handle"',
        ),
        (
            "[server.south]",
            "[server.proxy]",
            "server.proxy: found a table, wanted another name for a table of its own; this one is a key of [server]",
        ),
        (
            "[server.south]",
            "[server.default]",
            'found the name "default", wanted another name; "default" means [server]',
        ),
        ("[server.south]", '[server."so uth"]', 'found the name "so uth", wanted a name of letters, digits'),
        ("[server.south]", "[server.NORTH]", 'found the name "NORTH", wanted one that is not nearly "north"'),
        (
            'company = "Example South"',
            'company = "Example South"\nusr = "x"',
            'hotfolder.toml:8: server.south.usr: found an unknown key, wanted "user"',
        ),
        ("[server.north]", 'regoin = "emea"\n[server.north]', 'server.regoin: found an unknown key, wanted "region"'),
        (
            'company = "Example South"',
            'company = "Example South"\nproxy_login_file = "login"',
            "hotfolder.toml:8: server.south.proxy_login_file: found it without a proxy, wanted proxy beside it",
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nproxy = "http://ingest:hunter2@proxy.example.com:3128"',
            "wanted a URL without user and password; they go into proxy_login_file",
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nproxy = "proxy.example.com"',
            'found "proxy.example.com", wanted an HTTP proxy with its port, such as "http://proxy.example.com:3128"',
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nproxy = "http://proxy.example.com:99999"',
            "wanted an HTTP proxy with its port",
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nbase_url = "http://127.0.0.1/x"\nproxy = "http://proxy.example.com:80"',
            "wanted no proxy, or https in base_url: it would see the password",
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nsource_address = "eth0"',
            'found "eth0", wanted an address of this machine such as "192.0.2.10"',
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nsource_address = "0.0.0.0"',
            'found "0.0.0.0", wanted one address, since it is bound to',
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nca_bundle = "missing.pem"',
            "server.south.ca_bundle: found missing.pem: No such file",
        ),
        (
            'company = "Example South"',
            'company = "Example South"\nwsdl = "missing.wsdl"',
            "server.south.wsdl: found missing.wsdl: No such file",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(messages: Messages, old: str, new: str, message: str) -> None:
    text = SHARED.replace(old, new)
    found = messages(text)
    assert any(message in line for line in found), found
    assert not any("hunter2" in line for line in found)


def test_a_server_that_nobody_uses_is_worth_a_look(messages: Messages) -> None:
    assert messages(SHARED) == [
        'hotfolder.toml:4: server.north: found a server that no hot folder uses, wanted server = "north" in one'
    ]


def test_files_of_no_certificate_and_no_wsdl_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not what it should be")
    (tmp_path / "page").write_text("<html/>")
    (tmp_path / "login").write_text("no colon")
    (tmp_path / "login").chmod(0o600)
    keys = 'ca_bundle = "text"\nwsdl = "page"\nproxy = "http://127.0.0.1:1"\nproxy_login_file = "login"\n'
    file = tmp_path / "hotfolder.toml"
    file.write_text(TWO.replace("[server.emea]\n", f"[server.emea]\n{keys}"))
    with pytest.raises(ConfigError) as caught:
        load(file, {"HOTFOLDER_PASSWORD": "secret"})
    assert [(problem.key, problem.wanted) for problem in caught.value.problems] == [
        ("server.emea.ca_bundle", "a PEM file with certificates to trust"),
        ("server.emea.wsdl", "a WSDL file of version 1.1"),
        ("server.emea.proxy_login_file", "USER:PASSWORD on one line"),
    ]


def test_those_who_only_look_need_no_secrets(tmp_path: Path) -> None:
    file = tmp_path / "hotfolder.toml"
    file.write_text(TWO.replace("[server.emea]\n", '[server.emea]\nproxy_login_file = "not-for-them"\n'))
    settings = load(file, {}, with_password=False).settings
    assert [(server.password, server.proxy_login) for server in settings.servers] == [("", None), ("", None)]


class Secrets:
    """Password files and credentials by name."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environment = {"CREDENTIALS_DIRECTORY": str(place / "credentials"), "HOTFOLDER_PASSWORD": "environment"}
        (place / "credentials").mkdir()

    def put(self, name: str) -> None:
        file = self.place / name
        file.write_text(f"{name}\n")
        file.chmod(0o600)

    def of(self, name: str, **stated: str) -> str:
        """Read the password of a server; `stated` are password files, by the table that names them."""
        text = TWO
        for table, file in stated.items():
            header = "[server]\n" if table == "server" else f"[server.{table}]\n"
            text = text.replace(header, f'{header}password_file = "{file}"\n')
        (self.place / "hotfolder.toml").write_text(text)
        return read_server_password(self.place / "hotfolder.toml", self.environment, name)


def test_the_nearest_password_is_taken(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    assert secrets.of("emea") == "environment"
    secrets.put("credentials/ips-password")
    assert secrets.of("emea") == "credentials/ips-password"
    secrets.put("shared")
    assert secrets.of("emea", server="shared") == "shared"
    secrets.put("credentials/ips-password-emea")
    assert secrets.of("emea", server="shared") == "credentials/ips-password-emea"
    assert secrets.of("default", server="shared") == "shared"
    assert secrets.of("default") == "credentials/ips-password"
    secrets.put("own")
    assert secrets.of("emea", server="shared", emea="own") == "own"


def test_a_mistake_that_concerns_others_keeps_nobody_from_signing_in(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    assert secrets.of("default", emea="missing") == "environment"
    with pytest.raises(SecretError, match="no file"):
        secrets.of("emea", emea="missing")


def test_a_server_that_is_gone_has_no_password(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="no server other in"):
        Secrets(tmp_path).of("other")


def test_settings_that_are_no_toml_are_named(tmp_path: Path) -> None:
    file = tmp_path / "hotfolder.toml"
    file.write_text("[server\n")
    with pytest.raises(SecretError, match="no TOML"):
        read_server_password(file, {}, "default")


def test_no_password_of_any_server_may_lie_in_a_hot_folder(messages: Messages) -> None:
    """A glob such as "*" would send it to a server."""
    for key in ("password_file", "proxy_login_file"):
        text = TWO.replace("[server.emea]\n", f'[server.emea]\n{key} = "/srv/share/archive/secret"\n')
        found = [line for line in messages(text) if "folder[1].path" in line]
        assert len(found) == 1
        assert "/srv/share/archive/secret" in found[0]


def test_what_is_secret_of_a_server_is_known(tmp_path: Path) -> None:
    secrets: Any = Secrets(tmp_path)
    (tmp_path / "login").write_text("proxy-user:proxy-word\n")
    (tmp_path / "login").chmod(0o600)
    file = tmp_path / "hotfolder.toml"
    file.write_text(TWO.replace("[server.emea]\n", '[server.emea]\nproxy_login_file = "login"\n'))
    second = load(file, secrets.environment).settings.servers[1]
    assert second.proxy_login == "proxy-user:proxy-word"
    assert set(second.secrets) == {
        "environment",
        "proxy-user:proxy-word",
        "proxy-word",
        "cHJveHktdXNlcjpwcm94eS13b3Jk",
    }
    assert "proxy-word" not in repr(second)
