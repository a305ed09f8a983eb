"""
What a fault code or an HTTP status means for us: one table each (PROTOCOL 1.5).

The server's own sentence is passed on for people, cleaned; no decision reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hotfolder.core.server import Kind, Trouble

FAULT_NAMES = ("authenticationFault", "authorizationFault", "ipsApiFault")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What the server refused a call with."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about a fault, and how we tell people."""

    kind: Kind
    text: str


RULES = {
    10000: Rule(Kind.FATAL, "the server got no credentials"),
    10001: Rule(Kind.FATAL, "the server refuses this user and password"),
    10002: Rule(Kind.FATAL, "the server does not know this user, or has disabled it"),
    20000: Rule(Kind.FATAL, "this user cannot use the company"),
    20001: Rule(Kind.FATAL, "the server refuses the user name in the request"),
    20002: Rule(Kind.FATAL, "the server refuses the user in the request"),
    20003: Rule(Kind.FATAL, "this user's role does not allow the operation"),
    20004: Rule(Kind.FATAL, "this user may not act for another one"),
    20005: Rule(Kind.FATAL, "the server does not allow this user that value"),
    20006: Rule(Kind.FATAL, "the company is not allowed for this user"),
    20007: Rule(Kind.FATAL, "the user in the request is not allowed"),
    20008: Rule(Kind.FATAL, "the access group is not allowed"),
    20009: Rule(Kind.PERMANENT, "this user has no permission for the folder or the existing file"),
    30000: Rule(Kind.TRANSIENT, "the server could not do it"),
    30001: Rule(Kind.PERMANENT, "the server calls a value invalid"),
    30002: Rule(Kind.PERMANENT, "the server misses a value"),
    30003: Rule(Kind.PERMANENT, "the server cannot read our request"),
}
"""
Known codes. 30000 is a catch-all for internal trouble and business rules alike, so it is tried a few times more.
"""

_UNKNOWN_RULES = (
    (30000, Rule(Kind.TRANSIENT, "the server reports a fault we do not know")),
    (20000, Rule(Kind.PERMANENT, "the server does not allow it, for a reason we do not know")),
    (10000, Rule(Kind.FATAL, "the server refuses to let us in, for a reason we do not know")),
)
"""
Unknown codes, by the family they would belong to, from the highest.

A new authorisation code is taken like 20009, the latest of its family: about one object, not about us; so one file
that meets it cannot stop all the others.
"""

MAX_REASON_CHARACTERS = 300


class Call(Enum):
    """What a call may have changed on the server."""

    POST = "post"  # it may have taken the files
    READ = "read"  # nothing


def rule_of(code: int) -> Rule:
    """Return what to do about a fault code, known or not."""
    known = RULES.get(code)
    if known is not None:
        return known
    return next((rule for lowest, rule in _UNKNOWN_RULES if code >= lowest), _UNKNOWN_RULES[0][1])


def trouble_of_fault(fault: Fault, *, status: int, retry_after_s: float | None = None) -> Trouble:
    """Return the trouble of a call that the server refused with a fault: it was read, and nothing was done."""
    rule = rule_of(fault.code)
    reason = clean(fault.reason)
    said = f": {reason}" if reason else ""
    return Trouble(
        kind=rule.kind,
        text=f"{rule.text} (fault {fault.code}{said})",
        code=fault.code,
        status=status,
        retry_after_s=retry_after_s,
    )


def kind_of_status(status: int, call: Call) -> Kind:
    """
    Return what to do about an HTTP answer without an IPS fault; for 2xx it has no document we know either.

    | status | POST | READ | because |
    | --- | --- | --- | --- |
    | 3xx | transient | transient | never followed; somebody in between answered, nothing was taken |
    | 413 | permanent | transient | too large for the server or a proxy; every try would end so |
    | 429, 503 | transient | transient | refused for now |
    | other 4xx | transient | transient | IPS says no by a fault; this is a proxy, and it passed nothing on |
    | other 5xx, 2xx | unknown | transient | it may have been taken before something broke |
    """
    if call is Call.READ or status in (429, 503) or 300 <= status < 400:
        return Kind.TRANSIENT
    if status == 413:
        return Kind.PERMANENT
    return Kind.TRANSIENT if 400 <= status < 500 else Kind.UNKNOWN


def clean(text: str, most: int = MAX_REASON_CHARACTERS) -> str:
    """Return a server's sentence fit for a log line and a note: one line, printable, not endless."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
