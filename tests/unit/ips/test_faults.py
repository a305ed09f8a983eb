"""
Each row of the two tables.
"""

import pytest

from hotfolder.core.server import Kind
from hotfolder.ips.faults import RULES, Call, Fault, clean, kind_of_status, rule_of, trouble_of_fault

FATAL = [10000, 10001, 10002, *range(20000, 20009)]
PERMANENT = [20009, 30001, 30002, 30003]
TRANSIENT = [30000]


@pytest.mark.parametrize(
    ("code", "kind"),
    [*((code, Kind.FATAL) for code in FATAL), *((code, Kind.PERMANENT) for code in PERMANENT), (30000, Kind.TRANSIENT)],
)
def test_a_known_code_has_its_kind_and_its_words(code: int, kind: Kind) -> None:
    trouble = trouble_of_fault(Fault(code=code, reason="Said so"), status=500)
    assert trouble.kind is kind
    assert trouble.code == code
    assert trouble.text == f"{RULES[code].text} (fault {code}: Said so)"


def test_the_table_holds_these_codes_and_no_others() -> None:
    assert sorted(RULES) == sorted(FATAL + PERMANENT + TRANSIENT)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (10003, Kind.FATAL),
        (19999, Kind.FATAL),
        (20010, Kind.PERMANENT),
        (30004, Kind.TRANSIENT),
        (99999, Kind.TRANSIENT),
        (0, Kind.TRANSIENT),
        (-1, Kind.TRANSIENT),
    ],
)
def test_an_unknown_code_is_taken_by_its_family(code: int, kind: Kind) -> None:
    assert rule_of(code).kind is kind


@pytest.mark.parametrize(
    ("statuses", "post"),
    [
        ([301, 302, 303, 307, 308], Kind.TRANSIENT),
        ([429, 503], Kind.TRANSIENT),
        ([413], Kind.PERMANENT),
        ([400, 401, 403, 404, 405, 407, 408, 411], Kind.TRANSIENT),
        ([500, 501, 502, 504, 599], Kind.UNKNOWN),
        ([200, 201, 204], Kind.UNKNOWN),
    ],
)
def test_a_status_without_a_fault_has_its_kind(statuses: list[int], post: Kind) -> None:
    for status in statuses:
        assert kind_of_status(status, Call.POST) is post
        assert kind_of_status(status, Call.READ) is Kind.TRANSIENT


def test_a_reason_becomes_one_line_that_ends() -> None:
    assert clean(" a\r\n\tb\x1b[0m\u202e c ") == "a b [0m c"
    assert clean("x" * 500) == "x" * 299 + "…"
    assert trouble_of_fault(Fault(code=30001, reason="\n"), status=500).text.endswith("(fault 30001)")
