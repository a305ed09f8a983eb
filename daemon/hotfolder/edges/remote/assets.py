"""
Asking for assets by their IDs (PROTOCOL 4.5); an ID that XML cannot carry belongs to no asset.
"""

from __future__ import annotations

from collections.abc import Sequence

from hotfolder.core.server import Asset, Company
from hotfolder.edges.remote.offers import Read
from hotfolder.ips import records
from hotfolder.ips.markup import unfit_character


def read_assets(read: Read, company: Company, names: Sequence[str]) -> list[Asset]:
    """Return the assets with these IDs (getAssetsByName)."""
    askable = _askable(names)
    if not askable:
        return []
    found: list[Asset] = read(
        "getAssetsByName", records.assets, companyHandle=company.handle, nameArray={"items": askable}
    )
    return found


def read_names_in_use(read: Read, company: Company, names: Sequence[str]) -> set[str]:
    """Return those of the IDs that are taken (checkAssetNames)."""
    askable = _askable(names)
    if not askable:
        return set()
    taken: set[str] = read(
        "checkAssetNames", records.names, companyHandle=company.handle, assetNameArray={"items": askable}
    )
    return taken.intersection(askable)


def _askable(names: Sequence[str]) -> list[str]:
    return [name for name in names if name and unfit_character(name) is None]
