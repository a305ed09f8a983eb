"""
Who looks at a page, what they may see, and whether a button was pressed on a page of ours.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SCOPE: Final = "hotfolder.visitor"
"""Where the door to TCP notes in an ASGI scope who it let in; without it, it is the control socket, which may all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Somebody who looks."""

    folders: frozenset[str] | None = None  # the only ones they may see; None = all
    may_act: bool = True

    def sees(self, folder: str) -> bool:
        """Return whether a hot folder may be shown to them."""
        return self.folders is None or folder in self.folders


EVERYBODY: Final = Visitor()


class Tokens:
    """One secret for each run of the daemon: a form that holds it comes from a page of ours."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)

    def objection(self, headers: Mapping[str, str], host: str, given: str) -> str | None:
        """
        Return why a POST is not taken, None if it is.

        A browser says where a form comes from; what says nothing is no browser, and then the token alone decides.
        """
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site")
        if site not in (None, "same-origin", "none") or origin not in (None, f"http://{host}", f"https://{host}"):
            return "this was sent by another page"
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return "this page is from before the service was started again: load it anew, and press the button again"
        return None
