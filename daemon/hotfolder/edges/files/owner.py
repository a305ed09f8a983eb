"""
Whose `_working` it is: a mark in it names the ledger that knows what lies there (RELIABILITY D10).

Two daemons with ledgers of their own on one share would take each other's claimed files for lost ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from hotfolder.core import file_troubles
from hotfolder.core.litter import WORKING
from hotfolder.edges.files.beneath import Directories
from hotfolder.edges.files.publish import Companion, Publisher, temporary_name
from hotfolder.edges.files.words import shown, trouble
from hotfolder.ports import FolderError

MARK: Final = f"{WORKING}/.owner"


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Who works in a hot folder."""

    ledger_id: str
    host: str  # for people only: a daemon may move to another machine with its ledger


def check_owner(directories: Directories, owner: Owner) -> bool:
    """Return whether the mark is there and ours, False where there is none; raise FolderError for another's."""
    try:
        data = Publisher(directories).read(MARK)
    except OSError as error:
        raise FolderError(trouble(f"{directories.root}/{MARK}", error)) from error
    if data is None:
        return False
    try:
        found = json.loads(data)
        ledger_id, host = str(found["ledger"]), str(found["host"])
    except (ValueError, TypeError, KeyError):
        ledger_id, host = "", file_troubles.HOST_UNKNOWN
    if ledger_id != owner.ledger_id:
        root = shown(directories.root)
        raise FolderError(
            file_troubles.ANOTHER_OWNER.format(path=f"{root}/{WORKING}", host=host, mark=f"{root}/{MARK}")
        )
    return True


def take_ownership(directories: Directories, owner: Owner) -> None:
    """Make the mark if there is none; `_working` must be there. Raises FolderError for another's."""
    if check_owner(directories, owner):
        return
    data = json.dumps({"ledger": owner.ledger_id, "host": owner.host}).encode()
    publisher = Publisher(directories)
    mark = Companion(MARK, data, temporary_name(f"owner-{owner.ledger_id}"))
    try:
        publisher.write(mark)
        publisher.sync(mark)
        is_ours = publisher.publish(mark)
    except OSError as error:
        publisher.drop(mark)
        raise FolderError(trouble(f"{directories.root}/{MARK}", error)) from error
    if not is_ours:
        check_owner(directories, owner)
