"""
What the answers of the server mean for us: two tables, of fault codes and of HTTP statuses (PROTOCOL 1.5).

A row leads from what was answered to an action, and an action has a kind; nothing else decides.
The server's own sentence is passed on for people, cleaned; no decision reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hotfolder.core.server import KINDS, Action, Trouble

FAULT_NAMES = ("authenticationFault", "authorizationFault", "ipsApiFault")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What the server refused a call with."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault code."""

    code: int
    name: str  # how the constant ends
    action: Action
    text: str  # how we tell people


FAULTS = (
    FaultRule(10000, "NO_CREDENTIALS", Action.STOP, "the server got no credentials"),
    FaultRule(10001, "INVALID_CREDENTIALS", Action.STOP, "the server refuses this user and password"),
    FaultRule(10002, "INVALID_USER", Action.STOP, "the server does not know this user, or has disabled it"),
    FaultRule(20000, "INVALID_COMPANY", Action.STOP, "this user cannot use the company"),
    FaultRule(20001, "INVALID_REQUEST_USERNAME", Action.STOP, "the server refuses the user name in the request"),
    FaultRule(20002, "INVALID_REQUEST_USER", Action.STOP, "the server refuses the user in the request"),
    FaultRule(20003, "NO_OPERATION_PERMISSION", Action.STOP, "this user's role does not allow the operation"),
    FaultRule(20004, "NO_IMPERSONATION_PERMISSION", Action.STOP, "this user may not act for another one"),
    FaultRule(20005, "ILLEGAL_PARAMETER_VALUE", Action.STOP, "the server does not allow this user that value"),
    FaultRule(20006, "ILLEGAL_COMPANY", Action.STOP, "the company is not allowed for this user"),
    FaultRule(20007, "ILLEGAL_REQUEST_USER", Action.STOP, "the user in the request is not allowed"),
    FaultRule(20008, "ILLEGAL_ACCESS_GROUP", Action.STOP, "the access group is not allowed"),
    FaultRule(
        20009, "MISSING_PERMISSION", Action.DENY, "this user has no permission for the folder or the existing file"
    ),
    FaultRule(30000, "EXCEPTION", Action.RETRY, "the server could not do it"),
    FaultRule(30001, "INVALID_PARAMETER", Action.REFUSE, "the server calls a value invalid"),
    FaultRule(30002, "MISSING_PARAMETER", Action.REFUSE, "the server misses a value"),
    FaultRule(30003, "INVALID_REQUEST_XML", Action.REFUSE, "the server cannot read our request"),
)
"""
Known codes. 30000 is a catch-all for internal trouble and business rules alike, so it is tried a few times more.
"""

_BY_CODE = {rule.code: rule for rule in FAULTS}

_FAMILIES = (
    FaultRule(30000, "", Action.RETRY, "the server reports a fault we do not know"),
    FaultRule(20000, "", Action.REFUSE, "the server does not allow it, for a reason we do not know"),
    FaultRule(10000, "", Action.STOP, "the server refuses to let us in, for a reason we do not know"),
)
"""
Unknown codes, by the family they would belong to, from the highest; one below all families is taken like 30000.

A new authorisation code is taken to be about one object, like 20009, the latest of its family, and not about us; so one
file that meets it cannot stop all the others.
"""


TEXTS = tuple(rule.text for rule in (*FAULTS, *_FAMILIES))
"""How people are told of a fault; the server's own reason comes after it."""


@dataclass(frozen=True, slots=True)
class StatusRule:
    """HTTP answers without an IPS fault and without a document we know."""

    name: str
    statuses: range
    action: Action  # for a POST or a submission; a read is done again in any case, since it changes nothing
    because: str


STATUSES = (
    StatusRule("3xx", range(300, 400), Action.WAIT, "never followed; somebody in between answered and took nothing"),
    StatusRule("413", range(413, 414), Action.REFUSE, "too large for the server or a proxy; every try would end so"),
    StatusRule("429", range(429, 430), Action.WAIT, "refused for now"),
    StatusRule("503", range(503, 504), Action.WAIT, "refused for now"),
    StatusRule(
        "4xx", range(400, 500), Action.SIFT, "IPS says no by a fault; this is a proxy, and it passed nothing on"
    ),
    StatusRule("any", range(100, 1000), Action.ASK, "it may have been taken before something broke"),
)
"""The first row that fits counts."""

MAX_REASON_CHARACTERS = 300

SAID = "{why} (fault {code}: {message})"
SAID_NOTHING = "{why} (fault {code})"


class Call(Enum):
    """What a call may have changed on the server."""

    POST = "post"  # it may have taken the files
    SUBMIT = "submit"  # it may have begun what was asked for
    READ = "read"  # nothing


def rule_of(code: int) -> FaultRule:
    """Return the row of a fault code, known or not."""
    known = _BY_CODE.get(code)
    if known is not None:
        return known
    return next((family for family in _FAMILIES if code >= family.code), _FAMILIES[0])


def trouble_of_fault(fault: Fault, *, status: int, retry_after_s: float | None = None) -> Trouble:
    """Return the trouble of a call that the server refused with a fault: it was read, and nothing was done."""
    rule = rule_of(fault.code)
    reason = clean(fault.reason).rstrip(".")
    text = SAID if reason else SAID_NOTHING
    return Trouble(
        kind=KINDS[rule.action],
        text=text.format(why=rule.text, code=fault.code, message=reason),
        code=fault.code,
        status=status,
        retry_after_s=retry_after_s,
        row=rule.action,
    )


def action_of_status(status: int, call: Call) -> Action:
    """Return what to do about an HTTP answer without an IPS fault; for 2xx it has no document we know either."""
    if call is Call.READ:
        return Action.WAIT
    return next((rule.action for rule in STATUSES if status in rule.statuses), Action.ASK)


def clean(text: str, most: int = MAX_REASON_CHARACTERS) -> str:
    """Return a server's sentence fit for a log line and a note: one line, printable, not endless."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
