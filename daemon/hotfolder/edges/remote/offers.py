"""
What not every server offers and not every role may see: one trouble for both, told for good.

Owns how calls are made by those who ask for one thing: the type of such a call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from hotfolder.core import line_troubles
from hotfolder.core.server import Kind, RemoteError
from hotfolder.edges.remote.soap import NotOfferedError

Understood = TypeVar("Understood")

_NOT_ALLOWED = 20003
_UNREADABLE = 30003
"""Fault codes (PROTOCOL 1.5): the role may not call this; the server's schema has no such thing."""


class Read(Protocol):
    """Calls an operation and returns what is understood of its answer; raises `RemoteError`."""

    def __call__(self, operation: str, understand: Callable[[Any], Any], **arguments: object) -> Any:
        """Call it; arguments that are None are left out."""


def if_offered(what: str, ask: Callable[[], Understood]) -> Understood:
    """Ask for something; where it is not offered, or not to us, raise a permanent `RemoteError` that says so."""
    try:
        return ask()
    except RemoteError as error:
        if isinstance(error, NotOfferedError) or error.trouble.code in (_NOT_ALLOWED, _UNREADABLE):
            text = line_troubles.NOT_TOLD.format(what=what, why=error)
            raise RemoteError(replace(error.trouble, kind=Kind.PERMANENT, text=text)) from error
        raise
