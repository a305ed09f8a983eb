"""
Where the options of a configuration name things on the server, so that a wrong name can be told by its line.

Knows nothing of what the server has: whoever asked it says what is wanted instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hotfolder.config.checks import DEFAULTS, FolderSource, option_tables, value_at
from hotfolder.config.problems import KeyPath, Problem, quoted
from hotfolder.config.structure import Source
from hotfolder.core.option_names import NAME_PLACES, NameKind, is_handle
from hotfolder.core.settings import FolderSettings


@dataclass(frozen=True, slots=True)
class StatedName:
    """One name in the options of a document."""

    kind: NameKind
    name: str
    source: Source
    path: KeyPath
    servers: frozenset[str]  # that are to know it

    def problem(self, wanted: str) -> Problem:
        """Return a problem of this name."""
        return self.source.problem(self.path, quoted(self.name), wanted)


def stated_names(main: Source, folders: Sequence[tuple[FolderSource, FolderSettings]]) -> Iterator[StatedName]:
    """
    Yield every name in the options of [defaults], the hot folders and their rules; handles are none.

    Those of [defaults] are for the servers of all hot folders.
    """
    everyone = frozenset(settings.server for _, settings in folders)
    yield from _names(main, DEFAULTS, everyone)
    for folder, settings in folders:
        yield from _names(folder.source, folder.at, frozenset((settings.server,)))


def _names(source: Source, at: KeyPath, servers: frozenset[str]) -> Iterator[StatedName]:
    for table in option_tables(source.tables, at):
        for place, kind in NAME_PLACES.items():
            path = (*table, *place)
            value = value_at(source.tables, path)
            texts = [((*path, number), text) for number, text in enumerate(value)] if isinstance(value, list) else []
            for where, text in texts or [(path, value)]:
                if isinstance(text, str) and text and not is_handle(text):
                    yield StatedName(kind, text, source, where, servers)
