"""
Whom messages go to: the URLs of [[notify]], which hold passwords and so stand in files of their own.

Apprise reads the URLs; without a [[notify]], or for those who only look, it is not loaded.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from hotfolder.config import model
from hotfolder.config.checks import FolderSource, path_at, value_at
from hotfolder.config.problems import KeyPath, Problem, one_of, quoted
from hotfolder.config.secret import SecretError, read_credential, read_secret
from hotfolder.config.structure import Source
from hotfolder.config.units import parse_daily, parse_duration
from hotfolder.core.settings import FolderSettings, NotifyEvent, NotifySettings

CREDENTIAL = "notify"  # with "-NAME", the name under LoadCredential= of the systemd unit

CONTACT = "{contact}"
"""In a URL: the mail address that stands in the contact of a hot folder."""

_WHAT = "URLs of Apprise's, one a line"
_MISSING = "no Apprise in this installation"
_INSTALL = "the extra that brings it: pip install 'hotfolder[notify]'"
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+\.[^\s<>()\[\],;:\"@.]+")


def check_notify(
    main: Source, folders: Sequence[FolderSource], environment: Mapping[str, str], *, with_secrets: bool
) -> Iterator[Problem]:
    """Yield what is wrong with [[notify]] beyond its form; no message ever shows a URL."""
    tables = value_at(main.tables, ("notify",))
    known = [folder.name for folder in folders if folder.name is not None]
    names: set[str] = set()
    for number, table in enumerate(tables if isinstance(tables, list) else []):
        at: KeyPath = ("notify", number)
        name = value_at(table, ("name",))
        if isinstance(name, str) and name.casefold() in names:
            yield main.problem((*at, "name"), quoted(name), "a name that no other [[notify]] has")
        names.add(str(name).casefold())
        told = value_at(table, ("folders",))
        told = told if isinstance(told, list) else []
        for folder in told:
            if isinstance(folder, str) and folder not in known:
                yield main.problem((*at, "folders"), quoted(folder), f"names of hot folders: {one_of(known)}")
        if with_secrets and isinstance(name, str):
            contacts = [
                value
                for folder in folders
                if (not told or folder.name in told) and isinstance(value := folder.value(("contact",)), str)
            ]
            yield from _check_urls(main, at, name, environment, contacts)


def _check_urls(
    main: Source, at: KeyPath, name: str, environment: Mapping[str, str], contacts: Sequence[str]
) -> Iterator[Problem]:
    place: KeyPath = (*at, "urls_file")
    try:
        urls = _read_urls(main, at, name, environment)
    except SecretError as error:
        yield main.problem(place, error.found, error.wanted)
        return
    for line, url in urls.items():
        if CONTACT in url and not any(map(address_in, contacts)):
            yield main.problem(
                place, f"{CONTACT} in line {line}", "a mail address in the contact of a hot folder that it is told of"
            )
        try:
            is_good = is_understood(url.replace(CONTACT, "someone%40example.com"))
        except ModuleNotFoundError:
            yield main.problem(at, _MISSING, _INSTALL)
            return
        if not is_good:
            scheme = url.partition("://")[0] if re.match(r"[A-Za-z0-9.+-]{1,20}://", url) else ""
            yield main.problem(
                place,
                f"line {line}, which Apprise does not understand"
                + (f" ({scheme}://, the rest is not shown)" if scheme else ""),
                "a URL of Apprise's, such as mailtos://USER:PASSWORD@mail.example.com?to=desk@example.com "
                "(what else is special in a password is written as %XX)",
            )


def is_understood(url: str) -> bool:
    """Return whether Apprise takes a URL; raises ModuleNotFoundError where it is not installed. Nothing is sent."""
    import apprise  # takes half a second that nobody without messages has to wait for

    quiet_apprise()
    return apprise.Apprise.instantiate(url) is not None


def quiet_apprise() -> logging.Logger:
    """Keep what Apprise logs to itself: it may name whole URLs. Return its logger."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return logger


def _read_urls(main: Source, at: KeyPath, name: str, environment: Mapping[str, str]) -> dict[int, str]:
    """Return the URLs of one [[notify]] by their line; raises SecretError."""
    file = path_at(main, (*at, "urls_file"))
    credential = f"{CREDENTIAL}-{name}"
    if file is not None:
        text, where = read_secret(file, what=_WHAT), str(file)
    else:
        found = read_credential(credential, environment, what=_WHAT)
        if found is None:
            raise SecretError("nothing", f"a file with {_WHAT} (or the systemd credential {credential})")
        text, where = found, credential
    urls = {
        number: line.strip()
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    }
    if not urls:
        raise SecretError(f"no URL in {where}", _WHAT)
    return urls


def resolve_notify(
    tables: Sequence[model.Notify], main: Source, environment: Mapping[str, str], *, with_secrets: bool
) -> list[NotifySettings]:
    """Return the settings of good tables; without their URLs for those who only look."""
    return [
        NotifySettings(
            name=table.name,
            urls=tuple(_read_urls(main, ("notify", number), table.name, environment).values()) if with_secrets else (),
            folders=tuple(table.folders),
            language=table.language,
            events=frozenset(map(NotifyEvent, table.events)),
            trouble_after_s=parse_duration(table.trouble_after),
            gather_s=parse_duration(table.gather),
            quiet_s=parse_duration(table.quiet),
            digest=parse_daily(table.digest),
        )
        for number, table in enumerate(tables)
    ]


def address_in(contact: str) -> str | None:
    """Return the mail address in what people are told to ask, None where there is none."""
    found = _ADDRESS.search(contact)
    return found.group() if found else None


def destinations(notify: NotifySettings, folders: Sequence[FolderSettings]) -> list[tuple[str, tuple[str, ...]]]:
    """
    Return each URL that messages go to, with the hot folders that it is told of; () = all.

    One with {contact} becomes one for each mail address, which is told of the hot folders that name it.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    for url in notify.urls:
        if CONTACT not in url:
            found.append((url, notify.folders))
            continue
        named: dict[str, list[str]] = {}
        for folder in folders:
            address = address_in(folder.contact)
            if address is not None and (not notify.folders or folder.name in notify.folders):
                named.setdefault(address, []).append(folder.name)
        found += [(url.replace(CONTACT, quote(address, safe="")), tuple(names)) for address, names in named.items()]
    return found
