"""
The servers: [server] itself and its sub-tables, each with what it inherits, and what is wrong with each as a whole.

Works on the tables as they were written and passes over what `structure` refuses, so that both report side by side.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from hotfolder.config.addresses import base_urls, is_loopback, proxy_host, region_urls
from hotfolder.config.checks import FolderSource, path_at, value_at
from hotfolder.config.problems import KeyPath, Problem, nearest, one_of, quoted
from hotfolder.config.secret import SecretError, read_password, read_secret
from hotfolder.config.server_tables import Server, ServerKeys
from hotfolder.config.structure import Source
from hotfolder.core.settings import DEFAULT_SERVER, ServerSettings

SERVER: KeyPath = ("server",)

_RIVALS: Mapping[str, tuple[str, ...]] = {
    "region": ("base_url",),
    "environment": ("base_url",),
    "base_url": ("region", "environment"),
    "company": ("company_handle",),
    "company_handle": ("company",),
}
"""Keys that take the place of others: a server that states one inherits none of its rivals."""


@dataclass(frozen=True, slots=True)
class ServerSource:
    """Where one server is written: its own table, and [server] for what it does not say."""

    main: Source
    name: str

    @property
    def at(self) -> KeyPath:
        """The path of its own table."""
        return SERVER if self.name == DEFAULT_SERVER else (*SERVER, self.name)

    def states(self, key: str) -> bool:
        """Whether its own table says something of a key."""
        return value_at(self.main.tables, (*self.at, key)) is not None

    def inherits(self, key: str) -> bool:
        """Whether [server] says something of a key for it."""
        return not any(map(self.states, (key, *_RIVALS.get(key, ())))) and (
            value_at(self.main.tables, (*SERVER, key)) is not None
        )

    def place(self, key: str) -> KeyPath:
        """Return the path of a key where it is stated, else where it belongs."""
        return (*SERVER, key) if self.inherits(key) else (*self.at, key)

    def value(self, key: str) -> Any:
        """Return what holds for a key, None where nothing is said."""
        return value_at(self.main.tables, self.place(key))

    def path(self, key: str) -> Path | None:
        """Return the absolute path that a key names, None where there is none."""
        return path_at(self.main, self.place(key))

    def problem(self, key: str, found: str, wanted: str) -> Problem:
        """Return a problem at the place that states the key, else at its own header."""
        return self.main.problem(self.place(key), found, wanted)

    def password(self, environment: Mapping[str, str]) -> str:
        """Return its password, read now; raises SecretError."""
        if self.name == DEFAULT_SERVER:
            return read_password(self.path("password_file"), environment)
        path = self.path("password_file")
        own, shared = (path, None) if self.states("password_file") else (None, path)
        return read_password(own, environment, name=self.name, shared_file=shared)


def find_servers(main: Source) -> list[ServerSource]:
    """
    Return the servers, in the order of the file.

    [server] is one itself unless there are others and it names no company or no user: then it only says what they
    share.
    """
    table = main.tables.get("server")
    if not isinstance(table, Mapping):
        return []
    named = [
        ServerSource(main, key)
        for key, value in table.items()
        if key not in Server.model_fields and isinstance(value, Mapping)
    ]
    is_one = "user" in table and ("company" in table or "company_handle" in table)
    return [ServerSource(main, DEFAULT_SERVER), *named] if is_one or not named else named


def check_servers(main: Source, folders: Sequence[FolderSource], *, with_secrets: bool) -> Iterator[Problem]:
    """Yield the problems of servers as a whole, and of hot folders with the choice of theirs."""
    servers = find_servers(main)
    first: dict[str, str] = {}
    for server in servers:
        other = first.setdefault(server.name.casefold(), server.name)
        if other != server.name:
            yield main.problem(server.at, f"the name {quoted(server.name)}", f"one that is not nearly {quoted(other)}")
        if server.name != DEFAULT_SERVER:
            yield from _check_whole(server)
        yield from _check_way(server)
        yield from _check_files(server)
        login = server.path("proxy_login_file")
        if login is not None and with_secrets:
            try:
                _proxy_login(login)
            except SecretError as error:
                yield server.problem("proxy_login_file", error.found, error.wanted)
    names = [server.name for server in servers]
    for folder in folders:
        yield from _check_choice(folder, names)


def _check_whole(server: ServerSource) -> Iterator[Problem]:
    """A sub-table has, with what it inherits, all that a server needs; `structure` sees to a [server] alone."""
    for group in Server.complete:
        if all(server.value(key) is None for key in group):
            yield server.main.problem(server.at, "none", f"one of the keys {one_of(group)}, here or in [server]")
    if server.value("user") is None:
        yield server.problem("user", "nothing", "the account's e-mail address, here or in [server]")


def _check_way(server: ServerSource) -> Iterator[Problem]:
    """Nothing goes in clear text over the network, also not through a proxy."""
    proxy, base_url = server.value("proxy"), server.value("base_url")
    if server.value("proxy_login_file") is not None and proxy is None:
        yield server.problem("proxy_login_file", "it without a proxy", "proxy beside it")
    host = proxy_host(proxy) if isinstance(proxy, str) else None
    is_clear = isinstance(base_url, str) and base_url.startswith("http://")
    if host is not None and is_clear and not is_loopback(host):
        yield server.problem("proxy", quoted(proxy), "no proxy, or https in base_url: it would see the password")


def _check_files(server: ServerSource) -> Iterator[Problem]:
    """The files that a server is reached by can be used."""
    bundle, wsdl = server.path("ca_bundle"), server.path("wsdl")
    if bundle is not None:
        try:
            ssl.create_default_context(cafile=str(bundle))
        except OSError as error:  # SSLError is one
            why = "no certificate in it" if isinstance(error, ssl.SSLError) else str(error.strerror)
            yield server.problem("ca_bundle", f"{bundle}: {why}", "a PEM file with certificates to trust")
    if wsdl is not None:
        try:
            root = etree.fromstring(wsdl.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
        except OSError as error:
            yield server.problem("wsdl", f"{wsdl}: {error.strerror}", "a WSDL file that we may read")
        except (etree.XMLSyntaxError, ValueError):
            yield server.problem("wsdl", f"{wsdl}: no XML", "a WSDL file")
        else:
            if etree.QName(root).localname != "definitions":
                yield server.problem("wsdl", f"{wsdl}: no WSDL", "a WSDL file of version 1.1")


def _check_choice(folder: FolderSource, names: Sequence[str]) -> Iterator[Problem]:
    stated = folder.value(("server",))
    if stated in names or (stated is not None and not isinstance(stated, str)) or not names:
        return
    if stated is None and DEFAULT_SERVER in names:
        return
    found = "nothing" if stated is None else quoted(stated)
    if stated in (None, DEFAULT_SERVER):
        wanted = f"{one_of(names)}, since [server] itself names no company and user"
    else:
        meant = nearest(stated, names)
        wanted = quoted(meant) if meant is not None else f"the name of a server: {one_of(names)}"
    yield folder.problem(("server",), found, wanted)


def _proxy_login(file: Path) -> str:
    """Return USER:PASSWORD for a proxy."""
    login = read_secret(file)
    user, colon, _ = login.partition(":")
    if not user or not colon or not login.isprintable():
        raise SecretError(f"something else in {file}", "USER:PASSWORD on one line")
    return login


def resolve_server(server: ServerSource, password: str, *, with_secrets: bool) -> ServerSettings:
    """Return the settings of a good server; without its secrets for those who only look."""
    stated = {key: server.value(key) for key in ServerKeys.model_fields if server.value(key) is not None}
    keys = ServerKeys.model_validate(stated)
    if keys.base_url is not None:
        upload_url, soap_url = base_urls(keys.base_url)
    else:
        assert keys.region is not None  # noqa: S101 - checked before
        upload_url, soap_url = region_urls(keys.region, keys.environment)
    assert keys.user is not None  # noqa: S101 - checked before
    login = server.path("proxy_login_file")
    return ServerSettings(
        name=server.name,
        upload_url=upload_url,
        soap_url=soap_url,
        company=keys.company,
        company_handle=keys.company_handle,
        user=keys.user,
        password=password,
        proxy=keys.proxy,
        proxy_login=_proxy_login(login) if login is not None and with_secrets else None,
        ca_bundle=server.path("ca_bundle"),
        source_address=keys.source_address,
        wsdl=server.path("wsdl"),
    )
