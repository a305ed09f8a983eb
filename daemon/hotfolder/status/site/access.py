"""
Who is let in over TCP: everybody on this machine, or with a password file those who know the password; and guests who
hold a link, who see the folders that it names and can do nothing.

Sessions are kept in memory: after a start everybody logs in anew.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final

from hotfolder.status.site.guard import EVERYBODY, Visitor

COOKIE: Final = "hotfolder"

SESSIONS_MAX: Final = 1000
SESSION_S: Final = 12 * 3600.0  # a working day

WRONG_S: Final = 1.0  # a guess a second, however many guess at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What somebody outside is given to look at."""

    name: str
    folders: frozenset[str]
    read_token: Callable[[], str]


class Access:
    """Used in the event loop of the server only. What reads a secret may raise; then nobody is let in by it."""

    def __init__(
        self,
        *,
        read_password: Callable[[], str] | None = None,
        links: Sequence[Link] = (),
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Without a password everybody who gets here is let in."""
        self._read_password = read_password
        self._links = links
        self._monotonic = monotonic
        self._sleep = sleep
        self._sessions: OrderedDict[str, tuple[Visitor, float]] = OrderedDict()
        self._guessing = asyncio.Lock()

    @property
    def asks(self) -> bool:
        """Whether people have to log in."""
        return self._read_password is not None

    async def visitor(self, cookie: str, authorization: str) -> Visitor | None:
        """Return who a request comes from by its headers, None for nobody we know."""
        session = self._session(cookie)
        if session is not None:
            return session
        if not self.asks:
            return EVERYBODY
        password = _basic_password(authorization)
        return EVERYBODY if password is not None and await self._is_right(password) else None

    async def log_in(self, password: str) -> str | None:
        """Return the cookie of a new session, None if the password is wrong."""
        return self._begin(EVERYBODY) if await self._is_right(password) else None

    async def follow(self, token: str) -> str | None:
        """Return the cookie of a guest's session, None for a link that there is not."""
        async with self._guessing:
            for link in self._links:
                if _equals(link.read_token, token):
                    return self._begin(Visitor(folders=link.folders, may_act=False))
            await self._sleep(WRONG_S)
        return None

    def log_out(self, cookie: str) -> None:
        """Forget a session."""
        self._sessions.pop(_value(cookie), None)

    async def _is_right(self, password: str) -> bool:
        async with self._guessing:
            if self._read_password is not None and _equals(self._read_password, password):
                return True
            await self._sleep(WRONG_S)
        return False

    def _begin(self, visitor: Visitor) -> str:
        session = secrets.token_urlsafe(24)
        self._sessions[session] = visitor, self._monotonic() + SESSION_S
        while len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        # Lax: a link in a mail has to work; forms of other sites are refused by their token
        return f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax"

    def _session(self, cookie: str) -> Visitor | None:
        found = self._sessions.get(_value(cookie))
        if found is None or self._monotonic() > found[1]:
            return None
        return found[0]


def _value(cookie: str) -> str:
    try:
        morsel = SimpleCookie(cookie).get(COOKIE)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


def _basic_password(authorization: str) -> str | None:
    """Return the password of HTTP Basic, for machines that scrape numbers; the user's name does not matter."""
    kind, _, rest = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return b64decode(rest, validate=True).decode().partition(":")[2]
    except ValueError:
        return None


def _equals(read_secret: Callable[[], str], given: str) -> bool:
    try:
        secret = read_secret()
    except Exception:  # noqa: BLE001 # a file that cannot be read now lets nobody in; it was told at the start
        return False
    return hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape"))
