"""
Every legal transition of drops, jobs, POSTs and publishes, as data; an illegal one raises and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from hotfolder.core.model import DropState as D
from hotfolder.core.model import JobState as J
from hotfolder.core.model import PostState as P
from hotfolder.core.model import PublishState as U

DROP: Mapping[D | None, frozenset[D]] = {
    # a complete file is found; one that we refuse goes straight to its note
    None: frozenset({D.READY, D.FILING, D.FILED}),
    # chosen for a batch; paused by a person; taken back; refused after all
    D.READY: frozenset({D.CLAIMING, D.HELD, D.WITHDRAWN, D.FILING}),
    # renamed; taken away just before; not possible now, so it waits again
    D.CLAIMING: frozenset({D.CLAIMED, D.WITHDRAWN, D.READY, D.HELD}),
    # named by a POST; refused for good; paused; a POST of it was turned away on the way, and its job ends; it stayed in
    # its place, and something else is there now
    D.CLAIMED: frozenset({D.SENDING, D.FILING, D.HELD, D.DOUBTED, D.READY}),
    # accepted; answer lost; not received or refused for now; refused for good
    D.SENDING: frozenset({D.SENT, D.DOUBTED, D.CLAIMED, D.FILING}),
    # verdict read; never processed, so once more
    D.SENT: frozenset({D.FILING, D.CLAIMED, D.DOUBTED, D.HELD}),
    # found there; certainly not there, so once more; nobody can tell
    D.DOUBTED: frozenset({D.FILING, D.CLAIMED, D.SENT, D.HELD}),
    # at its end; its outcome turned out to be another (a ghost showed up)
    D.FILING: frozenset({D.FILED, D.HELD}),
    D.FILED: frozenset(),
    # released by a person, from where it stood
    D.HELD: frozenset({D.READY, D.CLAIMED, D.FILING, D.WITHDRAWN}),
    D.WITHDRAWN: frozenset(),
}

JOB: Mapping[J | None, frozenset[J]] = {
    None: frozenset({J.CLAIMING, J.PLANNED}),
    # claims done; none of them succeeded
    J.CLAIMING: frozenset({J.PLANNED, J.VOID}),
    # first POST begins; every drop has left it
    J.PLANNED: frozenset({J.OPENING, J.VOID}),
    # answered with a handle, and more to come or not; certainly not received; answer lost; refused
    J.OPENING: frozenset({J.OPEN, J.ENDED, J.PLANNED, J.SEEKING, J.VOID, J.GHOST}),
    # found active: end it, or it is ended already; never there: written off; its assets are there all the same
    J.SEEKING: frozenset({J.CLOSING, J.ENDED, J.GHOST}),
    # the last file left with endJob; a POST is in doubt or no files are left: end it without one
    J.OPEN: frozenset({J.ENDED, J.CLOSING}),
    # endJob answered, or the server's time-out will do
    J.CLOSING: frozenset({J.ENDED}),
    # log complete
    J.ENDED: frozenset({J.OVER}),
    # every drop filed or handed on
    J.OVER: frozenset({J.CLOSED}),
    J.CLOSED: frozenset(),
    # showed up after all; a day has passed
    J.GHOST: frozenset({J.CLOSED, J.VOID}),
    J.VOID: frozenset(),
}

POST: Mapping[P | None, frozenset[P]] = {
    None: frozenset({P.INTENT}),
    P.INTENT: frozenset({P.ACCEPTED, P.REFUSED, P.NOT_SENT, P.UNKNOWN}),
    P.ACCEPTED: frozenset(),
    P.REFUSED: frozenset(),
    P.NOT_SENT: frozenset(),
    # the server's list or log settled it
    P.UNKNOWN: frozenset({P.ACCEPTED, P.NOT_SENT}),
}

PUBLISH: Mapping[U | None, frozenset[U]] = {
    # the first file begins to wait
    None: frozenset({U.WAITING}),
    # its time has come; an earlier one took its files along; switched off
    U.WAITING: frozenset({U.SUBMITTING, U.PUBLISHED, U.DROPPED}),
    # answered, or found under its name; refused, not received, or never shown
    U.SUBMITTING: frozenset({U.SUBMITTED, U.WAITING}),
    # its log says that it did its work; or that it did not, so once more
    U.SUBMITTED: frozenset({U.PUBLISHED, U.WAITING}),
    U.PUBLISHED: frozenset(),
    U.DROPPED: frozenset(),
}

State = TypeVar("State", D, J, P, U)


class IllegalTransitionError(Exception):
    """A transition that no table allows: a mistake of ours, never of the outside."""


def check(table: Mapping[State | None, frozenset[State]], old: State | None, new: State) -> None:
    """Raise `IllegalTransitionError` unless the table lets `old` become `new`; staying is always legal."""
    if old is not new and new not in table[old]:
        raise IllegalTransitionError(f"{type(new).__name__} {old} may not become {new}")
