"""
Which addresses the server may be asked to call when a job ends (`postHttpUrl`).

Whoever may write a hot folder's settings could otherwise make the server call any address, so only https to hosts
that the main file lists is taken, and by default none (RELIABILITY H2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotfolder.config.addresses import same_host, url_host
from hotfolder.config.checks import DEFAULTS, FolderSource, option_tables, value_at
from hotfolder.config.problems import KeyPath, Problem, one_of, quoted
from hotfolder.config.structure import Source

_HOSTS: KeyPath = ("upload", "post_http_hosts")


def check_callbacks(main: Source, folders: Sequence[FolderSource]) -> Iterator[Problem]:
    """Yield a problem for each address at a host that the main file does not list; `structure` sees to its form."""
    listed = value_at(main.tables, _HOSTS)
    hosts = [host for host in listed if isinstance(host, str)] if isinstance(listed, list) else []
    places = [(main, DEFAULTS), *((folder.source, folder.at) for folder in folders)]
    for source, at in places:
        for path in option_tables(source.tables, at):
            key = (*path, "postHttpUrl")
            url = value_at(source.tables, key)
            host = url_host(url) if isinstance(url, str) else None
            if host is not None and not any(same_host(host, allowed) for allowed in hosts):
                yield source.problem(key, quoted(url), _wanted(main, hosts))


def _wanted(main: Source, hosts: Sequence[str]) -> str:
    if hosts:
        return f"an address at {one_of(hosts)}, as [upload] post_http_hosts of {main.file} lists"
    return f"no such option, while [upload] post_http_hosts of {main.file} lists no host"
