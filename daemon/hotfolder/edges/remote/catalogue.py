"""
Reading what the server has that options can name: projects, property sets, ICC profiles (PROTOCOL 3.5, 4.5).

Keeps nothing: when a list is read again is decided by whoever uses it.
"""

from __future__ import annotations

from typing import Any, assert_never

from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.server import Company, Kind, RemoteError, Trouble
from hotfolder.edges.remote.offers import Read
from hotfolder.ips import records

PAGE_ASSETS = 1000
"""The most that searchAssets gives in one call (PROTOCOL 4.5)."""

MAX_PAGES = 100
"""Of profiles: far more than anybody has, and an end for a server that never sends a short page."""


def read_shelf(read: Read, company: Company, shelf: Shelf) -> list[Listed]:
    """Return everything of one sort, in the server's order."""
    match shelf:
        case Shelf.PROJECTS:
            projects: list[Listed] = read("getProjects", records.projects, companyHandle=company.handle)
            return projects
        case Shelf.PROPERTY_SETS:
            return _property_sets(read, company)
        case Shelf.PROFILES:
            return _profiles(read, company)
        case _:
            assert_never(shelf)


def _property_sets(read: Read, company: Company) -> list[Listed]:
    """Ask for the sets of every type; a type that this user may not read is left out, unless that leaves none."""
    found: list[Listed] = []
    refused: RemoteError | None = None
    types = read("getPropertySetTypes", records.property_set_types, companyHandle=company.handle)
    for handle, name in types:

        def understand(answer: Any, name: str = name) -> list[Listed]:
            return records.property_sets(answer, name)

        try:
            found += read("getPropertySets", understand, typeHandle=handle, primaryOwnerHandle=company.handle)
        except RemoteError as error:
            if error.trouble.kind is not Kind.PERMANENT:
                raise
            refused = error
    if refused is not None and not found:
        raise refused
    return found


def _profiles(read: Read, company: Company) -> list[Listed]:
    found: list[Listed] = []
    for number in range(1, MAX_PAGES + 1):
        count, profiles = read(
            "searchAssets",
            records.searched_profiles,
            companyHandle=company.handle,
            includeSubfolders=True,
            assetTypeArray={"items": [records.ICC_PROFILE]},
            recordsPerPage=PAGE_ASSETS,
            resultsPage=number,
        )
        found += profiles
        if count < PAGE_ASSETS:
            return found
    text = f"the server has more than {MAX_PAGES * PAGE_ASSETS} ICC profiles, or sends one page again and again"
    raise RemoteError(Trouble(kind=Kind.PERMANENT, text=text))
