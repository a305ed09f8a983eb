"""
What came over the wire and what it means, by the table of cases.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ips.cases import ANSWERS, HANDLE, RETURN, AnswerCase, envelope, soap_fault

from hotfolder.core.server import Kind, Trouble
from hotfolder.ips.answers import MAX_RETRY_AFTER_S, Answer, lacks_operation, read_post_answer, read_soap_answer

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

by_name = pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)


def trouble_of_post(answer: Answer) -> Trouble:
    result = read_post_answer(answer, now=NOW, redact=str)
    assert isinstance(result, Trouble)
    return result


@by_name
def test_a_post_is_accepted_or_the_kind_of_trouble_is_known(case: AnswerCase) -> None:
    answer = Answer(status=case.status, headers=case.headers, body=case.body)
    result = read_post_answer(answer, now=NOW, redact=str)
    if not isinstance(case.post, Kind):
        assert result == case.post
        return
    assert isinstance(result, Trouble)
    assert result.kind is case.post
    assert result.code == case.code
    assert result.status == case.status
    assert result.reached
    assert case.says in result.text
    assert "hunter2" not in result.text
    assert result.text.isprintable()


@by_name
def test_a_read_is_never_in_doubt(case: AnswerCase) -> None:
    """None of these is a SOAP answer, and a read may simply be done again, unless a fault says otherwise."""
    trouble = read_soap_answer(
        Answer(status=case.status, headers=case.headers, body=case.body), "getActiveJobs", now=NOW, redact=str
    )
    assert trouble is not None
    assert trouble.kind is (case.post if case.code is not None else Kind.TRANSIENT)


@by_name
def test_an_early_answer_refuses_only_if_it_says_so(case: AnswerCase) -> None:
    """Before the request was sent in full nothing can be accepted, and a page says nothing about what was taken."""
    answer = Answer(status=case.status, headers=case.headers, body=case.body, request_was_sent=False)
    trouble = trouble_of_post(answer)
    if case.code is not None or case.status in (413, 429, 503):
        assert trouble.kind is case.post
    else:
        assert trouble.kind is Kind.UNKNOWN


def test_an_answer_that_is_too_large_is_not_read() -> None:
    answer = Answer(status=200, headers={}, body=RETURN.encode(), is_too_large=True)
    assert trouble_of_post(answer).kind is Kind.UNKNOWN


@given(st.binary(max_size=200), st.sampled_from([200, 302, 404, 413, 429, 500, 502, 503]))
def test_no_bytes_make_it_fail(body: bytes, status: int) -> None:
    answer = Answer(status=status, headers={}, body=body)
    assert isinstance(read_post_answer(answer, now=NOW, redact=str), Trouble)
    assert isinstance(read_soap_answer(answer, "getActiveJobs", now=NOW, redact=str), Trouble)


@given(st.integers(0, len(RETURN) - 1))
def test_no_part_of_an_answer_counts_as_accepted(length: int) -> None:
    assert trouble_of_post(Answer(status=200, headers={}, body=RETURN.encode()[:length])).kind is Kind.UNKNOWN


@given(st.integers(0, len(RETURN) - 1), st.integers(0, 255))
def test_a_flipped_byte_gives_no_other_document(position: int, byte: int) -> None:
    body = bytearray(RETURN.encode())
    body[position] = byte
    result = read_post_answer(Answer(status=200, headers={}, body=bytes(body)), now=NOW, redact=str)
    assert isinstance(result, Trouble) or len(result) <= len(HANDLE)


@pytest.mark.parametrize(
    "version", ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"]
)
def test_a_whole_soap_answer_is_passed_on(version: str) -> None:
    answer = Answer(status=200, headers={}, body=envelope("<getActiveJobsReturn/>", version=version))
    assert read_soap_answer(answer, "getActiveJobs", now=NOW, redact=str) is None
    assert not lacks_operation(answer)


@pytest.mark.parametrize(
    "inside", ["", "<getJobLogDetailsReturn/>", "<x/><getActiveJobsReturn/>", "<x><getActiveJobsReturn/></x>", "text"]
)
def test_the_answer_to_another_operation_is_not(inside: str) -> None:
    """zeep in its lenient mode would take it for an empty list."""
    answer = Answer(status=200, headers={}, body=envelope(inside))
    trouble = read_soap_answer(answer, "getActiveJobs", now=NOW, redact=str)
    assert trouble is not None
    assert trouble.kind is Kind.TRANSIENT
    assert not lacks_operation(answer)


def test_an_envelope_without_a_body_is_not() -> None:
    answer = Answer(status=200, headers={}, body=b"<Envelope><Header/></Envelope>")
    assert read_soap_answer(answer, "getActiveJobs", now=NOW, redact=str) is not None


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_cut_soap_answer_is_not(cut: int) -> None:
    """zeep in its lenient mode would take it for an empty list (PROTOCOL 5.2)."""
    body = envelope("<getActiveJobsReturn><jobArray><items/></jobArray></getActiveJobsReturn>")[:-cut]
    trouble = read_soap_answer(Answer(status=200, headers={}, body=body), "getActiveJobs", now=NOW, redact=str)
    assert trouble is not None
    assert trouble.kind is Kind.TRANSIENT


def test_a_fault_without_a_code_may_mean_that_the_operation_is_not_offered() -> None:
    unknown = Answer(status=500, headers={}, body=soap_fault("<x>No such operation</x>"))
    trouble = read_soap_answer(unknown, "getActiveJobs", now=NOW, redact=str)
    assert trouble is not None
    assert "ipsApiFault" in trouble.text
    assert lacks_operation(unknown)
    assert lacks_operation(Answer(status=404, headers={}, body=b""))
    fault = soap_fault("<ipsApiFault><code>30000</code><reason>busy</reason></ipsApiFault>")
    assert not lacks_operation(Answer(status=500, headers={}, body=fault))
    assert not lacks_operation(Answer(status=500, headers={}, body=b"<html/>"))


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999999", MAX_RETRY_AFTER_S),
        ("Sat, 31 Jan 2026 12:00:30 GMT", 30.0),
        ("Sat, 31 Jan 2026 11:00:00 GMT", 0.0),
        ("Sat, 31 Jan 2036 12:00:00 GMT", MAX_RETRY_AFTER_S),
        ("Sat, 31 Jan 2026 12:00:30 -0000", 30.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_honoured_within_bounds(value: str, wait_s: float | None) -> None:
    answer = Answer(status=503, headers={"retry-after": value}, body=b"")
    assert trouble_of_post(answer).retry_after_s == wait_s


def test_a_fault_passes_retry_after_on() -> None:
    body = b"<ipsApiFault><code>30000</code><reason>busy</reason></ipsApiFault>"
    assert trouble_of_post(Answer(status=500, headers={"retry-after": "7"}, body=body)).retry_after_s == 7.0
