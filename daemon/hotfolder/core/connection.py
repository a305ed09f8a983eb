"""
Whether a server can be talked to: one state for all its folders, so that an outage is told once and burns no drop's
tries; and one for each server, so that a company that refuses us or is down holds up no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from hotfolder.core.board import Board, backoff_s
from hotfolder.core.expiry import Expiry
from hotfolder.core.messages import SignIn
from hotfolder.core.parallelism import Parallelism
from hotfolder.core.server import Company, Kind, Trouble

FIRST_RETRY_S = 1.0
MAX_RETRY_S = 60.0  # an outage of hours is noticed to be over within a minute

CREDENTIALS_LOOK_S = 5.0
"""How often a refused password is compared with the file; nothing is sent for that."""

REFUSED_RETRY_S = 900.0
"""A refusal may be cured on the server's side, but hammering may lock the account (PROTOCOL 7): four tries an hour."""


INVALID_COMPANY = 20000
"""The fault code of a company's handle that is no good: it is found anew at once, but only once (PROTOCOL 1.5)."""

NOT_ASKED = "no answer yet: the first sign-in is under way"

_WORST_FIRST = ("refused", "unreachable", "starting", "ok")


def worst(connections: Iterable[Connection]) -> Connection:
    """Return the one in the worst state; of several the first in the settings."""
    return min(connections, key=lambda connection: _WORST_FIRST.index(connection.state))


class Connection:
    """What we know of one server; begins unknown, and nothing is claimed before the first sign-in succeeded."""

    def __init__(self, board: Board, name: str) -> None:
        self._board = board
        self.name = name
        self.state: Literal["starting", "ok", "unreachable", "refused"] = "starting"
        self.since: datetime = board.now.wall
        self.error: str | None = None
        self.company: Company | None = None
        self.expiry = Expiry(board, name)
        self.parallelism = Parallelism(board.settings.upload.parallel_jobs)
        self._asked = False  # a sign-in is under way
        self._next_s = board.now.monotonic  # when to sign in next
        self._force_s = board.now.monotonic  # when to try a refused password again
        self._failures = 0
        self._failed_s = board.now.monotonic  # the last of them
        self._down_since_s: float | None = board.now.monotonic
        self._trouble_since_s: float | None = None  # the same, until more than a sign-in has succeeded
        self._found_anew = False  # the company, since our work last succeeded

    @property
    def is_ok(self) -> bool:
        """Whether jobs may be begun."""
        return self.state == "ok"

    @property
    def max_post_bytes(self) -> int | None:
        """How much the server takes in one POST; None = it did not say, or has not been asked yet."""
        return None if self.company is None else self.company.max_post_bytes

    @property
    def shown_state(self) -> Literal["ok", "unreachable", "refused"]:
        """The state for people: before anybody has answered nothing is known to be well."""
        return "unreachable" if self.state == "starting" else self.state

    @property
    def shown_error(self) -> str | None:
        """What is wrong, for people."""
        return NOT_ASKED if self.state == "starting" else self.error

    def down_for_s(self) -> float:
        """Return for how long nobody has answered; 0 while it is well."""
        return 0.0 if self._down_since_s is None else self._board.now.monotonic - self._down_since_s

    def signed_in(self, company: Company) -> None:
        """The server knows us."""
        self._asked = False
        was, self.company = self.state, company
        self._set("ok", None)
        self._down_since_s = None
        self.expiry.signed_in()
        if was in ("unreachable", "refused"):
            self._tell("server.recovered", company=company.name)

    def works(self) -> None:
        """A call that is our work succeeded; a sign-in may do so while every such call fails."""
        self._failures = 0
        self._trouble_since_s = None
        self._found_anew = False

    def took_post(self) -> None:
        """It took one of our POSTs."""
        self.works()
        if self.parallelism.good(self._board.now.monotonic):
            self._tell("uploads.restored", parallel=self.parallelism.limit)

    def strained(self, trouble: Trouble) -> None:
        """What went wrong may come from too much at once; one outage counts once, however often we try meanwhile."""
        if self.is_ok and self.parallelism.trouble(self._board.now.monotonic):
            limit, most = self.parallelism.limit, self.parallelism.most
            self._tell("uploads.reduced", "warning", parallel=limit, of=most, reason=trouble.text)

    def sign_in_failed(self, trouble: Trouble | None) -> None:
        """It does not, or does not answer."""
        self._asked = False
        now_s = self._board.now.monotonic
        if trouble is None:
            self._next_s = now_s + CREDENTIALS_LOOK_S
            return
        if self.state == "refused" and trouble.kind is not Kind.FATAL:  # nobody has answered this time
            self._next_s = self._force_s = now_s + MAX_RETRY_S
        if trouble.kind is Kind.FATAL:
            self._refused(trouble)
        else:
            self.report(trouble)

    def report(self, trouble: Trouble) -> None:
        """Some call failed in a way that concerns all: from now on a sign-in has to succeed first."""
        board = self._board
        if trouble.kind is Kind.FATAL and not self._is_cured_by_a_sign_in(trouble):
            self._refused(trouble)
            return
        if self.state == "refused":
            return
        if trouble.kind is not Kind.FATAL:
            self.strained(trouble)
        if self.state != "unreachable":
            self._tell("server.unreachable", "warning", reason=trouble.text, status=trouble.status)
        now_s = board.now.monotonic
        if self._down_since_s is None and now_s - self._failed_s > 2 * MAX_RETRY_S:  # another trouble than the last
            self._failures, self._trouble_since_s = 0, None
        self._failed_s = now_s
        if self._trouble_since_s is None:
            self._trouble_since_s = now_s if self._down_since_s is None else self._down_since_s
        self._down_since_s = self._trouble_since_s
        self._set("unreachable", trouble.text)
        self._failures += 1
        wait_s = backoff_s(FIRST_RETRY_S, MAX_RETRY_S, self._failures)
        if trouble.retry_after_s is not None:
            wait_s = max(wait_s, trouble.retry_after_s)
        self._next_s = max(self._next_s, board.now.monotonic + wait_s)

    def _refused(self, trouble: Trouble) -> None:
        """It will not have us: somebody has to do something."""
        if self.state != "refused":
            self._tell("server.refused", "error", reason=trouble.text, code=trouble.code)
        self._set("refused", trouble.text)
        self._next_s = self._board.now.monotonic + CREDENTIALS_LOOK_S
        self._force_s = self._board.now.monotonic + REFUSED_RETRY_S

    def _is_cured_by_a_sign_in(self, trouble: Trouble) -> bool:
        """Whether the company may only have another handle by now; not if it was found anew and is still refused."""
        if trouble.code != INVALID_COMPANY or self.company is None or self.state == "refused":
            return False
        if self.state == "ok" and self._found_anew:
            return False
        self._found_anew = True
        return True

    def expiry_untold(self, trouble: Trouble) -> None:
        """The server did not say when the password expires; only what concerns more than that is passed on."""
        self.expiry.untold()
        if trouble.kind is Kind.FATAL or not trouble.reached:
            self.report(trouble)

    def wake(self) -> None:
        """Sign in when it is time."""
        board = self._board
        if self.is_ok and not board.stopping:
            self.expiry.wake()
        if self.state == "ok" or self._asked or board.stopping or board.now.monotonic < self._next_s:
            return
        forced = self.state != "refused" or board.now.monotonic >= self._force_s
        self._asked = True
        board.do(SignIn(self.name, forced))

    def next_wake_s(self) -> float | None:
        """Return when `wake` has something to do."""
        if self.is_ok:
            return self.expiry.next_wake_s()
        return None if self._asked else self._next_s

    def _tell(self, event: str, level: Literal["info", "warning", "error"] = "info", **fields: Any) -> None:
        """Log an event, with the server's name where there is another one."""
        self._board.tell(event, level, server=self._board.server_name(self.name), **fields)

    def _set(self, state: Literal["ok", "unreachable", "refused"], error: str | None) -> None:
        if state != self.state:
            self.since = self._board.now.wall
        self.state, self.error = state, error
