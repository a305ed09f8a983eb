"""
Each row of the two tables.
"""

import pytest
from tests.unit.ips.cases import soap_fault
from tests.unit.ips.test_answers import NOW

from hotfolder.core.server import KINDS, Action, Kind
from hotfolder.ips.answers import Answer, read_post_answer, read_soap_answer
from hotfolder.ips.faults import (
    FAULTS,
    STATUSES,
    Call,
    Fault,
    FaultRule,
    action_of_status,
    clean,
    rule_of,
    trouble_of_fault,
)

WANTED = {
    10000: ("NO_CREDENTIALS", Action.STOP),
    10001: ("INVALID_CREDENTIALS", Action.STOP),
    10002: ("INVALID_USER", Action.STOP),
    20000: ("INVALID_COMPANY", Action.STOP),
    20001: ("INVALID_REQUEST_USERNAME", Action.STOP),
    20002: ("INVALID_REQUEST_USER", Action.STOP),
    20003: ("NO_OPERATION_PERMISSION", Action.STOP),
    20004: ("NO_IMPERSONATION_PERMISSION", Action.STOP),
    20005: ("ILLEGAL_PARAMETER_VALUE", Action.STOP),
    20006: ("ILLEGAL_COMPANY", Action.STOP),
    20007: ("ILLEGAL_REQUEST_USER", Action.STOP),
    20008: ("ILLEGAL_ACCESS_GROUP", Action.STOP),
    20009: ("MISSING_PERMISSION", Action.DENY),
    30000: ("EXCEPTION", Action.RETRY),
    30001: ("INVALID_PARAMETER", Action.REFUSE),
    30002: ("MISSING_PARAMETER", Action.REFUSE),
    30003: ("INVALID_REQUEST_XML", Action.REFUSE),
}
"""As PROTOCOL 1.5 has it."""

by_row = pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"{row.code}-{row.name}")


@by_row
def test_fault_has_the_action_that_the_protocol_wants(row: FaultRule) -> None:
    assert (row.name, row.action) == WANTED[row.code]


@by_row
@pytest.mark.parametrize("status", [200, 400, 500, 503])
def test_fault_is_read_bare_and_in_an_envelope_whatever_the_status(row: FaultRule, status: int) -> None:
    name = {1: "authenticationFault", 2: "authorizationFault", 3: "ipsApiFault"}[row.code // 10000]
    inside = f"<code>{row.code}</code><reason>Said so</reason>"
    bare = f'<{name} xmlns="http://www.scene7.com/IpsApi/xsd">{inside}</{name}>'
    posted = read_post_answer(Answer(status=status, headers={}, body=bare.encode()), now=NOW, redact=str)
    asked = read_soap_answer(
        Answer(status=status, headers={}, body=soap_fault(bare)), "getActiveJobs", now=NOW, redact=str
    )
    for trouble in (posted, asked):
        assert trouble == trouble_of_fault(Fault(code=row.code, reason="Said so"), status=status)
        assert (trouble.kind, trouble.code, trouble.action) == (KINDS[row.action], row.code, row.action)
        assert trouble.text == f"{row.text} (fault {row.code}: Said so)"


def test_the_table_holds_these_codes_and_no_others() -> None:
    assert [row.code for row in FAULTS] == sorted(WANTED)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        (10003, Action.STOP),
        (19999, Action.STOP),
        (20010, Action.REFUSE),
        (30004, Action.RETRY),
        (99999, Action.RETRY),
        (0, Action.RETRY),
        (-1, Action.RETRY),
    ],
)
def test_an_unknown_code_is_taken_by_its_family(code: int, action: Action) -> None:
    assert rule_of(code).action is action


@pytest.mark.parametrize(
    ("statuses", "action"),
    [
        ([301, 302, 303, 307, 308], Action.WAIT),
        ([429, 503], Action.WAIT),
        ([413], Action.REFUSE),
        ([400, 401, 403, 404, 405, 407, 408, 411], Action.SIFT),
        ([500, 501, 502, 504, 599], Action.ASK),
        ([200, 201, 204], Action.ASK),
        ([100, 999, 1000], Action.ASK),
    ],
)
def test_a_status_without_a_fault_has_its_kind(statuses: list[int], action: Action) -> None:
    for status in statuses:
        assert action_of_status(status, Call.POST) is action
        assert KINDS[action_of_status(status, Call.READ)] is Kind.TRANSIENT


def test_every_row_of_the_statuses_is_met_by_one() -> None:
    """A row that an earlier one hides would say something that is not so."""
    met = {next(row.name for row in STATUSES if status in row.statuses) for status in range(100, 1000)}
    assert met == {row.name for row in STATUSES}
    assert all(row.because for row in STATUSES)


def test_a_reason_becomes_one_line_that_ends() -> None:
    assert clean(" a\r\n\tb\x1b[0m\u202e c ") == "a b [0m c"
    assert clean("x" * 500) == "x" * 299 + "…"
    assert trouble_of_fault(Fault(code=30001, reason="\n"), status=500).text.endswith("(fault 30001)")
    assert trouble_of_fault(Fault(code=30001, reason="In use. "), status=500).text.endswith("(fault 30001: In use)")
