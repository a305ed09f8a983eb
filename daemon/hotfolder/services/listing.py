"""
Reads the lists of what options can name: projects, property sets, ICC profiles.

Apart from the other questions to the server and in a thread of its own: a list may take as many calls as there are
types, and one that hangs must not delay how jobs are followed.
"""

from __future__ import annotations

from dataclasses import replace

from hotfolder.core import line_troubles
from hotfolder.core.messages import Event, ListFailed, ListNames, NamesListed
from hotfolder.core.server import Kind, RemoteError, Trouble
from hotfolder.services.account import Account


class ListingService:
    """Asks one server; one thread uses it."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def carry_out(self, action: ListNames) -> list[Event]:
        """Ask, and return the answer."""
        company = self._account.company
        if company is None:
            trouble = Trouble(kind=Kind.TRANSIENT, text=line_troubles.NOT_SIGNED_IN)
            return [ListFailed(action.server, action.shelf, trouble)]
        try:
            found = self._account.remote.listed(company, action.shelf)
        except RemoteError as error:
            return [ListFailed(action.server, action.shelf, error.trouble)]
        # the details are for people who choose; the daemon keeps none of them
        return [NamesListed(action.server, action.shelf, tuple(replace(entry, details=()) for entry in found))]
