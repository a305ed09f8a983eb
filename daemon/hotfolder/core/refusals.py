"""
What becomes of the files of a POST that the server refused: by the action that the answer asks for, and by what it did
to other files meanwhile.

Owns the memory of refusals that tells one bad file from a bad folder and from a bad hour of the server. Decides only:
who is told and what is written is the business of `posting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from hotfolder.core.archives import goes_alone
from hotfolder.core.board import backoff_s
from hotfolder.core.model import Drop
from hotfolder.core.server import Action, Trouble
from hotfolder.core.settings import RetrySettings

DENIED_MAX = 5
"""
So many files of a hot folder in a row for which the user has no permission speak of the folder, not of the files.

Fewer could be protected files that happened to be dropped together; all that follow would fail for nothing.
"""

GENERAL_POSTS = 2
"""
So many POSTs of different files in a row with the catch-all fault speak of the server, not of the files.

Two, because two jobs that take turns would not come to a third one before each tries its own again.
"""

GENERAL_FACTOR = 30
"""How much longer the waits are then; with the usual settings five tries take 8 minutes instead of 15 seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """What becomes of the files of one refused POST."""

    again: Sequence[Drop] = ()  # to be sent again
    failed: Sequence[Drop] = ()  # refused for good
    is_try: bool = False  # all of them have lost a try by it
    alone: bool = False  # those sent again go each by itself
    wait_s: float = 0.0  # before that
    is_general: bool = False  # it concerns every job: nothing is sent before the server has answered a sign-in
    is_strain: bool = False  # it is the server's, which may be asked for too much at once
    holds_folder: bool = False  # the hot folder's other files would fare no better


class Refusals:
    """Remembers what was refused since something was accepted."""

    def __init__(self) -> None:
        self._denied: dict[str, int] = {}  # by hot folder: files in a row that met no permission
        self._faulted: set[int] = set()  # drops that met the catch-all fault since a POST was accepted
        self._faulted_posts = 0  # POSTs of drops that were not among those before
        self._accepted = 0  # POSTs
        self._turned_away: dict[int, int] = {}  # drops to how many POSTs had been accepted when they were

    def accepted(self, folder: str, drops: Sequence[Drop]) -> None:
        """A POST was accepted."""
        self._accepted += 1
        self._faulted.clear()
        self._faulted_posts = 0
        self._denied.pop(folder, None)
        for drop in drops:
            self._turned_away.pop(drop.id, None)

    def judge(
        self, trouble: Trouble, folder: str, drops: Sequence[Drop], *, opens_job: bool, retry: RetrySettings
    ) -> Ruling:
        """Decide about the files of a POST, which was the first of its job or not."""
        match trouble.action:
            case Action.STOP | Action.WAIT:
                return Ruling(again=drops, is_general=True)
            case Action.SIFT:
                return self._sift(trouble, drops, retry)
            case Action.RETRY:
                return self._retry(trouble, drops, retry)
            case Action.REFUSE | Action.DENY:
                if len(drops) > 1 or not (opens_job or goes_alone(drops[0])):
                    # one of them is to blame, or the job is, which the server may have ended (PROTOCOL 7)
                    return Ruling(again=drops, alone=True)
                return Ruling(failed=drops, holds_folder=trouble.action is Action.DENY and self._is_denied(folder))
            case Action.ASK:
                raise ValueError("what may have been taken was not refused")
            case _:
                assert_never(trouble.action)

    def _retry(self, trouble: Trouble, drops: Sequence[Drop], retry: RetrySettings) -> Ruling:
        """
        The catch-all fault: a few times more, with growing waits, then it fails (PROTOCOL 1.5).

        When it meets everything the waits are long from the start: trouble of the server's own that passes within
        minutes fails no file, and a rule that some files break fails them all the same in the end.
        """
        if not any(drop.id in self._faulted for drop in drops):
            self._faulted_posts += 1
        self._faulted.update(drop.id for drop in drops)
        meets_everything = self._faulted_posts >= GENERAL_POSTS
        tries = max(drop.tries for drop in drops) + 1
        first_s = retry.first_s * (GENERAL_FACTOR if meets_everything else 1)
        wait_s = backoff_s(first_s, retry.max_s, tries)
        return self._tried(
            drops,
            retry,
            alone=len(drops) > 1 and tries > 1 and not meets_everything,
            wait_s=max(wait_s, trouble.retry_after_s or 0.0),
            is_strain=meets_everything,
        )

    def _sift(self, trouble: Trouble, drops: Sequence[Drop], retry: RetrySettings) -> Ruling:
        """
        Somebody in between let it not pass: nothing at all, or these files.

        It is these files if others were accepted since they were turned away before, or are alone for that reason.
        """
        were_turned_away = any(self._turned_away.get(drop.id, self._accepted) < self._accepted for drop in drops)
        for drop in drops:
            self._turned_away.setdefault(drop.id, self._accepted)
        if not were_turned_away and not all(drop.alone for drop in drops):
            return Ruling(again=drops, is_general=True)
        tries = max(drop.tries for drop in drops) + 1
        wait_s = max(backoff_s(retry.first_s, retry.max_s, tries), trouble.retry_after_s or 0.0)
        return self._tried(drops, retry, alone=True, wait_s=wait_s)

    def _tried(
        self, drops: Sequence[Drop], retry: RetrySettings, *, alone: bool, wait_s: float, is_strain: bool = False
    ) -> Ruling:
        failed = [drop for drop in drops if drop.tries + 1 >= retry.tries]
        for drop in failed:
            self._turned_away.pop(drop.id, None)
            self._faulted.discard(drop.id)
        again = [drop for drop in drops if drop.tries + 1 < retry.tries]
        return Ruling(again=again, failed=failed, is_try=True, alone=alone, wait_s=wait_s, is_strain=is_strain)

    def _is_denied(self, folder: str) -> bool:
        self._denied[folder] = self._denied.get(folder, 0) + 1
        if self._denied[folder] < DENIED_MAX:
            return False
        del self._denied[folder]
        return True
