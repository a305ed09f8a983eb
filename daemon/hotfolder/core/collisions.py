"""
Files that meet online: several that get one name there, and names that differ in case only (PROTOCOL 6.2).

Owns what people are told of it before anything is sent. Knows the drops under way; what is stored already the ledger
tells. That files of one name go one after the other, and never in one job, is seen to by `dispatch`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from hotfolder.core import wording
from hotfolder.core.messages import DroppedAt
from hotfolder.core.model import Drop

_Company = tuple[str, ...]


class Collisions:
    """The names of all drops under way, company by company: asset IDs mean nothing in another one."""

    def __init__(self, company_of: Callable[[str], _Company]) -> None:
        self._company_of = company_of  # of a server
        self._under_way: dict[tuple[_Company, str], dict[int, Drop]] = {}  # by asset ID without case

    def join(self, drop: Drop) -> None:
        """A drop is under way; a second call is harmless."""
        self._under_way.setdefault(self._key(drop), {})[drop.id] = drop

    def leave(self, drop: Drop) -> None:
        """A drop is decided, taken back or held."""
        key = self._key(drop)
        alike = self._under_way.get(key, {})
        alike.pop(drop.id, None)
        if not alike:
            self._under_way.pop(key, None)

    def caution(self, place: DroppedAt, asset: str, stored: Iterable[DroppedAt] = ()) -> str:
        """
        Return what to tell of a file that is about to get an asset ID, "" where it meets nobody.

        `stored` are those that the ledger has under this very ID. A newer version of a file meets nobody: it has the
        same path. Of several the one nearest to it is told, for one is enough to look into it.
        """
        company = self._company_of(place.server)
        alike = self._under_way.get((company, asset.casefold()), {})
        for drop in reversed(alike.values()):
            other = DroppedAt(drop.server, drop.folder, drop.origin or drop.path)
            if drop.asset == asset and not _is_same_file(place, other):
                return wording.SAME_NAME.format(asset=wording.shown(asset), other=_told(place, other))
        for other in stored:
            if self._company_of(other.server) == company and not _is_same_file(place, other):
                return wording.SAME_NAME_STORED.format(asset=wording.shown(asset), other=_told(place, other))
        for drop in reversed(alike.values()):
            if drop.asset != asset:
                other = DroppedAt(drop.server, drop.folder, drop.origin or drop.path)
                return wording.CASE_DIFFERS.format(
                    asset=wording.shown(asset), other_asset=wording.shown(drop.asset), other=_told(place, other)
                )
        return ""

    def _key(self, drop: Drop) -> tuple[_Company, str]:
        return self._company_of(drop.server), drop.asset.casefold()


def _is_same_file(one: DroppedAt, other: DroppedAt) -> bool:
    """Return whether two places are one for people: they see no difference between the Unicode forms of a name."""
    return one.folder == other.folder and (
        one.path == other.path or unicodedata.normalize("NFC", one.path) == unicodedata.normalize("NFC", other.path)
    )


def _told(place: DroppedAt, other: DroppedAt) -> str:
    path = wording.shown(other.path)
    if other.folder == place.folder:
        return wording.HERE.format(path=path)
    return wording.ELSEWHERE.format(path=path, folder=wording.shown(other.folder))
