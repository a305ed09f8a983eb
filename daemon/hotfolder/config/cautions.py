"""
What can be used but is worth a second look: the warnings of a good configuration.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hotfolder.config.checks import FolderSource
from hotfolder.config.model import Recovery
from hotfolder.config.patterns import Covered, never_matches
from hotfolder.config.places import LONGEST_SOCKET, Look
from hotfolder.config.problems import KeyPath, Problem, quoted
from hotfolder.config.secret import PLACEHOLDER
from hotfolder.config.servers import find_servers
from hotfolder.config.structure import Source
from hotfolder.config.templates import placeholders
from hotfolder.config.units import parse_duration
from hotfolder.core.settings import FolderSettings, OptionValues, PublishWhen, Settings

_PER_FILE = {"stem": "file", "subfolder": "subfolder", "ext": "extension"}  # placeholders that split a folder's drops


def find_cautions(
    main: Source,
    folders: Sequence[tuple[FolderSource, FolderSettings]],
    settings: Settings,
    looks: Mapping[Path, Look],
) -> Iterator[Problem]:
    """Yield every warning."""
    yield from _main_cautions(main, settings)
    for source, folder in folders:
        missing = {False: "which is no directory (yet)", None: "which does not answer"}
        if (words := missing.get(looks[source.path or folder.path].is_directory)) is not None:
            yield source.problem(
                ("path",), f"{quoted(str(folder.path))}, {words}", "a directory; until then the hot folder is degraded"
            )
        if "stem" in placeholders(folder.destination):
            yield source.problem(
                ("destination",),
                quoted(folder.destination),
                "a template without {stem}: this makes one folder per file",
            )
        yield from _option_cautions(source, ("options",), folder.options)
        yield from _rule_cautions(source, folder)
        yield from _publish_cautions(source, folder, settings)


def _publish_cautions(source: FolderSource, folder: FolderSettings, settings: Settings) -> Iterator[Problem]:
    """Warn of a hot folder that does not publish and whose files go live with another one's publish all the same."""
    marks = (options.get("readyForPublish") for options in (folder.options, *(rule.options for rule in folder.rules)))
    if folder.publish is not PublishWhen.NEVER or not any(marks):
        return
    companies = {server.name: server.company_key for server in settings.servers}
    for other in settings.folders:
        if other.publish is not PublishWhen.NEVER and companies[other.server] == companies[folder.server]:
            yield source.problem(
                ("publish",),
                '"never", but what it stores is marked',
                f"options.readyForPublish = false, or a time of its own: what is marked goes live "
                f"with the publish of the hot folder {other.name}, which is one for the whole company",
            )
            return


def _main_cautions(main: Source, settings: Settings) -> Iterator[Problem]:
    yield from _server_cautions(main, settings)
    if urlsplit(settings.ledger_url).password and _has_any(main.file, stat.S_IROTH):
        yield main.problem(
            ("ledger", "url"), "a password in a file that others may read", f"a narrow mode: chmod 640 {main.file}"
        )
    if main.tables.get("upload", {}).get("post_http_hosts") and _has_any(main.file, stat.S_IWGRP | stat.S_IWOTH):
        yield main.problem(
            ("upload", "post_http_hosts"),
            "hosts in a file that others may write",  # they could make the server call any address (RELIABILITY H2)
            f"a narrow mode: chmod go-w {main.file}",
        )
    if len(os.fsencode(settings.control_socket)) > LONGEST_SOCKET:
        yield main.problem(
            ("control", "socket"), quoted(str(settings.control_socket)), f"a path of at most {LONGEST_SOCKET} bytes"
        )
    if any(server.value("base_url") is None for server in find_servers(main)):
        for key, value in main.tables.get("recovery", {}).items():
            default = str(Recovery.model_fields[key].default)
            if parse_duration(value) < parse_duration(default):
                yield main.problem(
                    ("recovery", key), quoted(value), f"at least {quoted(default)}: the real servers may need that long"
                )


def _server_cautions(main: Source, settings: Settings) -> Iterator[Problem]:
    used = {folder.server for folder in settings.folders}
    for source in find_servers(main):
        server = settings.server(source.name)
        if server is not None and server.password == PLACEHOLDER:
            yield source.problem("password_file", "the placeholder of the starter", "the password in that file")
        if source.name not in used:
            yield main.problem(source.at, "a server that no hot folder uses", f"server = {quoted(source.name)} in one")


def _has_any(file: Path, mode: int) -> bool:
    try:
        return bool(file.stat().st_mode & mode)
    except OSError:
        return False


def _option_cautions(source: FolderSource, path: KeyPath, options: OptionValues) -> Iterator[Problem]:
    yield from _keyword_cautions(source, (*path, "keywords"), options)
    colours = options.get("colorManagementOptions", {})
    for key in ("sourceProfileHandle", "outputProfileHandle"):
        if key in colours and colours["colorManagement"] != "Convert":
            yield source.problem(
                (*path, "colorManagementOptions", key),
                quoted(colours[key]),
                'no profile, or colorManagement = "Convert": only that uses them',
            )


def _keyword_cautions(source: FolderSource, path: KeyPath, options: OptionValues) -> Iterator[Problem]:
    keywords = options.get("keywords")
    for position, keyword in enumerate(keywords if isinstance(keywords, list) else ()):
        for name in placeholders(keyword):
            if name in _PER_FILE:
                yield source.problem(
                    (*path, position),
                    quoted(keyword),
                    f"a keyword without {{{name}}}: this makes one job per {_PER_FILE[name]}",
                )


def _rule_cautions(source: FolderSource, folder: FolderSettings) -> Iterator[Problem]:
    """Warn of globs that no file matches, and of rules that no file reaches since earlier ones take all of theirs."""
    for number, pattern in enumerate(folder.include):
        reason = never_matches(pattern, [pattern], ())
        if reason is not None:
            yield source.problem(("include", number), quoted(pattern), f"a glob that can match; {reason}")
    taken = Covered()
    for position, rule in enumerate(folder.rules):
        path: KeyPath = ("rule", position)
        if all(map(taken.covers, rule.match)):
            yield source.problem(path, "a rule that no file reaches", "it above the rules that take its files")
        elif not rule.options and rule.destination is None:
            yield source.problem(path, "a rule that changes nothing", "options or a destination in it")
        for number, pattern in enumerate(rule.match):
            reason = never_matches(pattern, folder.include, folder.exclude)
            if reason is not None:
                yield source.problem((*path, "match", number), quoted(pattern), f"a glob that can match; {reason}")
        taken.add(rule.match)
        yield from _option_cautions(source, (*path, "options"), rule.options)
