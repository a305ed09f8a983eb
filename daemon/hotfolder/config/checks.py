"""
What is wrong between keys, tables and files, where each alone is good.

Works on the tables as they were written and passes over what `structure` refuses, so that both report side by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotfolder.config.addresses import LEDGER_URL, ledger_file
from hotfolder.config.model import FolderKeys, Main, check_folder_name
from hotfolder.config.places import Look
from hotfolder.config.problems import KeyPath, Problem, format_key, quoted
from hotfolder.config.structure import Source
from hotfolder.config.table import Table
from hotfolder.config.texts import check_path
from hotfolder.config.units import parse_duration
from hotfolder.core.litter import is_reserved

DEFAULTS: KeyPath = ("defaults",)

_ASCENDING: tuple[tuple[KeyPath, KeyPath], ...] = (
    (("tracking", "poll"), ("tracking", "poll_max")),
    (("tracking", "poll_max"), ("tracking", "deadline")),
    (("retry", "first"), ("retry", "max")),
)
"""Pairs of durations of which the first may not be the longer one."""

_ASCENDING_IN_FOLDER: tuple[tuple[KeyPath, KeyPath], ...] = ((("settle", "quiet"), ("settle", "limit")),)


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Where one hot folder is written: its own table, and [defaults] of the main file for what it does not say."""

    source: Source
    at: KeyPath  # of its table; () = a file of its own
    main: Source

    @property
    def name(self) -> str | None:
        """The name, or None where it is missing or no text."""
        name = value_at(self.source.tables, (*self.at, "name")) if self.at else self.source.file.stem
        return name if isinstance(name, str) else None

    @property
    def path(self) -> Path | None:
        """The absolute path, or None where it is missing or none."""
        return path_at(self.source, (*self.at, "path"))

    def value(self, path: KeyPath) -> Any:
        """Return what the hot folder says of a key, else what [defaults] says, else None."""
        own = value_at(self.source.tables, (*self.at, *path))
        return value_at(self.main.tables, (*DEFAULTS, *path)) if own is None else own

    def problem(self, path: KeyPath, found: str, wanted: str) -> Problem:
        """Return a problem at the place that states the key: here, else in [defaults], else at the own header."""
        own = (*self.at, *path)
        if value_at(self.source.tables, own) is None and value_at(self.main.tables, (*DEFAULTS, *path)) is not None:
            return self.main.problem((*DEFAULTS, *path), found, wanted)
        return self.source.problem(own, found, wanted)


def value_at(tables: Any, path: KeyPath) -> Any:
    """Return the value at a key path, or None; whatever is in the way."""
    for part in path:
        if isinstance(part, str) and isinstance(tables, Mapping):
            tables = tables.get(part)
        elif isinstance(part, int) and isinstance(tables, list) and part < len(tables):
            tables = tables[part]
        else:
            return None
    return tables


def option_tables(tables: Mapping[str, Any], at: KeyPath) -> Iterator[KeyPath]:
    """Yield the paths of the options of a hot folder, or of all, and of its rules."""
    yield (*at, "options")
    rules = value_at(tables, (*at, "rule"))
    for position in range(len(rules) if isinstance(rules, list) else 0):
        yield (*at, "rule", position, "options")


def path_at(source: Source, path: KeyPath) -> Path | None:
    """Return the path that a key names, absolute, or None where it is missing or none."""
    stated = value_at(source.tables, path)
    good = isinstance(stated, str) and check_path(stated) is None
    return source.file.parent.absolute() / stated if good else None


def find_folders(main: Source, files: Sequence[Source]) -> list[FolderSource]:
    """Return all hot folders: those of the main file, then those with files of their own."""
    listed = main.tables.get("folder")
    count = len(listed) if isinstance(listed, list) else 0
    return [
        *(FolderSource(main, ("folder", position), main) for position in range(count)),
        *(FolderSource(file, (), main) for file in files),
    ]


def check_main(main: Source) -> Iterator[Problem]:
    """Yield the problems between keys of the main file."""
    return _check_ascending(_ASCENDING, Main, lambda path: value_at(main.tables, path), main.problem)


def check_any(main: Source) -> Iterator[Problem]:
    """Yield the problem of having no hot folder at all; a [folder] that should be a [[folder]] has its own."""
    if not isinstance(main.tables.get("folder"), dict):
        yield main.problem(("folder",), "no hot folder", "at least one [[folder]], or a file in folders.d")


def check_folders(main: Source, folders: Sequence[FolderSource], looks: Mapping[Path, Look]) -> Iterator[Problem]:
    """Yield the problems of hot folders with each other, with [defaults] and with our own files."""
    yield from _check_names(folders)
    yield from _check_paths(folders, looks, _private_files(main))
    for folder in folders:
        yield from _check_ascending(_ASCENDING_IN_FOLDER, FolderKeys, folder.value, folder.problem)
        if folder.value(("options", "overwrite")) is None:
            yield folder.source.problem(
                (*folder.at, "options", "overwrite"),
                "nothing",
                "true or false: shall a file replace what has the same name? (here or in [defaults.options])",
            )


def _check_ascending(
    pairs: tuple[tuple[KeyPath, KeyPath], ...],
    model: type[Table],
    stated: Callable[[KeyPath], Any],
    problem: Callable[[KeyPath, str, str], Problem],
) -> Iterator[Problem]:
    for lower, upper in pairs:
        texts: list[Any] = [stated(path) or _default(model, path) for path in (lower, upper)]
        try:
            ascending = parse_duration(texts[0]) <= parse_duration(texts[1])
        except (ValueError, TypeError):
            continue  # structure says so
        if not ascending and stated(lower) is not None:
            yield problem(lower, quoted(texts[0]), f"at most {format_key(upper)}, which is {quoted(texts[1])}")
        elif not ascending:
            yield problem(upper, quoted(texts[1]), f"at least {format_key(lower)}, which is {quoted(texts[0])}")


def _default(model: type[Table], path: KeyPath) -> Any:
    """Return the default as people would write it; from the fields, for the schema of a model takes 40 ms to make."""
    table, *keys = map(str, path)
    value: Any = model.model_fields[table].get_default(call_default_factory=True)
    for key in keys:
        value = getattr(value, key)
    return value


def _check_names(folders: Sequence[FolderSource]) -> Iterator[Problem]:
    first: dict[str, FolderSource] = {}
    for folder in folders:
        if folder.name is None:
            continue
        key: KeyPath = (*folder.at, "name") if folder.at else ()
        wanted = check_folder_name(folder.name)
        if wanted is not None and not folder.at:  # the model checks those with a key
            yield folder.source.problem((), f"the name {quoted(folder.name)}", wanted)
        other = first.setdefault(folder.name.casefold(), folder)
        if other is not folder:
            place = f"{other.source.file}:{other.source.lines.line(other.at)}"
            yield folder.source.problem(
                key, quoted(folder.name), f"a name of its own; the hot folder of {place} has it already"
            )


def _check_paths(
    folders: Sequence[FolderSource], looks: Mapping[Path, Look], private: Sequence[Path]
) -> Iterator[Problem]:
    """Hot folders lie apart from each other and from what is ours: nothing leaves the machine that was not dropped."""
    stated = [(folder, folder.path) for folder in folders]
    placed = [(folder, path, looks[path].real) for folder, path in stated if path is not None]
    for folder, path, real in placed:
        if is_reserved(real.name):
            yield folder.problem(("path",), quoted(str(path)), "a directory with another name; this one is reserved")
        for file in private:
            if file.is_relative_to(real):
                yield folder.problem(
                    ("path",), quoted(str(path)), f"a directory without our own files in it, such as {file}"
                )
                break
    for later, earlier, how in _overlaps([real for _, _, real in placed]):
        (folder, path, _), (other, _, _) = placed[later], placed[earlier]
        place = f"{other.source.file}:{other.source.lines.line(other.at)}"
        yield folder.problem(
            ("path",), quoted(str(path)), f"a directory apart: this one {how} the hot folder of {place}"
        )


def _overlaps(directories: Sequence[Path]) -> Iterator[tuple[int, int, str]]:
    """Yield (later, earlier, how) of directories that are equal or nested, and how the later one relates."""
    positions: dict[Path, list[int]] = {}
    for position, directory in enumerate(directories):
        positions.setdefault(directory, []).append(position)
    for position, directory in enumerate(directories):
        for other in positions[directory]:
            if other < position:
                yield position, other, "is also"
        for parent in directory.parents:
            for other in positions.get(parent, ()):
                inside = other < position
                yield max(position, other), min(position, other), "lies inside" if inside else "holds"


def _private_files(main: Source) -> list[Path]:
    """Return the files that must lie in no hot folder: a glob such as "*" would send them."""
    base = main.file.parent.absolute()
    url = value_at(main.tables, ("ledger", "url"))
    ledger = ledger_file(url) if isinstance(url, str) and LEDGER_URL.test(url) is None else None
    servers = main.tables.get("server")
    names = (
        [key for key, value in servers.items() if isinstance(value, Mapping)] if isinstance(servers, Mapping) else []
    )
    tables: list[KeyPath] = [("server",), *(("server", name) for name in names)]
    secrets = [path_at(main, (*at, key)) for at in tables for key in ("password_file", "proxy_login_file")]
    links = value_at(main.tables, ("web", "link"))
    numbers = range(len(links) if isinstance(links, list) else 0)
    secrets += [path_at(main, ("web", "password_file"))]
    secrets += [path_at(main, ("web", "link", number, "token_file")) for number in numbers]
    tables_of_notify = value_at(main.tables, ("notify",))
    numbers = range(len(tables_of_notify) if isinstance(tables_of_notify, list) else 0)
    secrets += [path_at(main, ("notify", number, "urls_file")) for number in numbers]
    files = (base / main.file.name, *secrets, ledger and base / ledger)
    return [Path(os.path.realpath(file)) for file in files if file is not None]
