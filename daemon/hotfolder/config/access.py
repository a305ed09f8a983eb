"""
Who may look at the pages: nobody beyond this machine without a password, and guests only at the folders they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hotfolder.config.addresses import LISTEN, is_loopback, split_listen
from hotfolder.config.checks import FolderSource, path_at, value_at
from hotfolder.config.problems import KeyPath, Problem, one_of, quoted
from hotfolder.config.secret import SecretError, read_secret
from hotfolder.config.structure import Source

SHORTEST_TOKEN = 20
"""Characters of a link's token: whoever has the link is let in, so nobody may guess it."""


def check_access(main: Source, folders: Sequence[FolderSource], *, with_secrets: bool) -> Iterator[Problem]:
    """Yield what is wrong with the password of the pages and with links; `structure` sees to their form."""
    listen = value_at(main.tables, ("web", "listen"))
    password = path_at(main, ("web", "password_file"))
    is_good = isinstance(listen, str) and LISTEN.test(listen) is None
    if is_good and listen and password is None and not is_loopback(split_listen(listen)[0]):
        yield main.problem(
            ("web", "listen"),
            quoted(listen),
            "an address of this machine only, such as 127.0.0.1:8480, or password_file beside it: "
            "a file with the password that others are to log in with",
        )
    if password is not None and with_secrets:
        yield from _unreadable(main, ("web", "password_file"), password, shortest=1)
    known = [folder.name for folder in folders if folder.name is not None]
    links = value_at(main.tables, ("web", "link"))
    names: set[str] = set()
    for number, link in enumerate(links if isinstance(links, list) else []):
        at: KeyPath = ("web", "link", number)
        name = value_at(link, ("name",))
        if isinstance(name, str) and name in names:
            yield main.problem((*at, "name"), quoted(name), "a name that no other link has")
        names.add(str(name))
        shown = value_at(link, ("folders",))
        for folder in shown if isinstance(shown, list) else []:
            if isinstance(folder, str) and folder not in known:
                yield main.problem((*at, "folders"), quoted(folder), f"names of hot folders: {one_of(known)}")
        token = path_at(main, (*at, "token_file"))
        if token is not None and with_secrets:
            yield from _unreadable(main, (*at, "token_file"), token, shortest=SHORTEST_TOKEN)


def _unreadable(main: Source, key: KeyPath, file: Path, *, shortest: int) -> Iterator[Problem]:
    try:
        secret = read_secret(file)
    except SecretError as error:
        yield main.problem(key, error.found, error.wanted)
        return
    if len(secret) < shortest:
        yield main.problem(
            key,
            f"{file} with {len(secret)} characters",
            f"at least {shortest}; for example: python3 -c 'import secrets; print(secrets.token_urlsafe())' > {file}",
        )
