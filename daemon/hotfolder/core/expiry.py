"""
When the password of a server's user expires, and when to say so: Adobe's passwords do (PROTOCOL 1.4).

Asked after each sign-in and once a day; a server that does not tell is asked in vain, and nothing else follows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hotfolder.core.board import Board
from hotfolder.core.messages import AskExpiry

WARN_BEFORE = timedelta(days=14)

ASK_EVERY_S = 24 * 3600.0

ASK_AGAIN_S = 3600.0  # after a question without an answer


class Expiry:
    """What one server told of it."""

    def __init__(self, board: Board, server: str) -> None:
        self._board = board
        self._server = server
        self.at: datetime | None = None  # None = it does not expire, or the server does not tell
        self._asked = False
        self._next_s: float | None = None  # None = nobody has signed in yet
        self._told_on: date | None = None  # the day of the last warning

    @property
    def is_near(self) -> bool:
        """Whether it is time to change the password."""
        return self.at is not None and self.at - self._board.now.wall <= WARN_BEFORE

    def signed_in(self) -> None:
        """It may be another password by now."""
        self._next_s = self._board.now.monotonic

    def wake(self) -> None:
        """Ask when it is time; to be called while the server lets us in."""
        if self._next_s is not None and not self._asked and self._board.now.monotonic >= self._next_s:
            self._asked = True
            self._board.do(AskExpiry(self._server))

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        return None if self._asked else self._next_s

    def told(self, at: datetime | None) -> None:
        """The server has answered; None = it does not tell."""
        self.at = at
        self._ask_after(ASK_EVERY_S)
        today = self._board.now.today
        if at is not None and self.is_near and self._told_on != today:
            self._told_on = today
            left = max(0, (at - self._board.now.wall) // timedelta(days=1))
            server = self._board.server_name(self._server)
            self._board.tell("server.password_expires", "warning", server=server, expires_at=_text(at), days_left=left)

    def untold(self) -> None:
        """The server has not answered: what it said before counts."""
        self._ask_after(ASK_AGAIN_S)

    def _ask_after(self, seconds: float) -> None:
        self._asked = False
        self._next_s = self._board.now.monotonic + seconds


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
