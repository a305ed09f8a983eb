"""HTTP, and the faults that befall connections and answers."""

import gzip
import http.client
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.sandbox.client import (
    BOUNDARY,
    COMPANY,
    FAULT_NAMESPACE,
    JPEG,
    NAMESPACE,
    OPTIONS,
    SOAP,
    Answer,
    Caller,
    auth_xml,
)


def raw_exchange(caller: Caller, request: bytes) -> bytes:
    """All that comes back for these bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", caller.box.port), timeout=20) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_connection_is_kept_alive_over_answers_and_faults(caller: Caller) -> None:
    caller.post("a.jpg", job="j")
    used = caller.connection.sock
    assert caller.post("a.jpg", job="|").code == 30001
    assert caller.soap("getNothing").code == 30003
    assert caller.send("GET", "/api/jobs").status == 200
    assert caller.connection.sock is used


@pytest.mark.parametrize(
    "headers",
    ["Transfer-Encoding: chunked", "", "Content-Length: ten", "Content-Length: 1\r\nContent-Length: 1"],
)
def test_content_length_is_required(caller: Caller, headers: str) -> None:
    """PROTOCOL 7, chunked transfer encoding: the example uses Content-Length."""
    answer = raw_exchange(caller, f"POST /scene7/UploadFile HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 411 ")


def test_refusal_arrives_although_the_body_keeps_coming(caller: Caller) -> None:
    request = b"POST /scene7/UploadFile HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + bytes(3_000_000)
    with socket.create_connection(("127.0.0.1", caller.box.port), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 411 ")


def test_fault_arrives_although_a_large_body_follows(caller: Caller) -> None:
    answer = caller.post("a.jpg", job="|", content=JPEG + bytes(3_000_000))
    assert answer.code == 30001


def test_envelope_has_a_limit(caller: Caller) -> None:
    answer = raw_exchange(
        caller, b"POST /scene7/services/IpsApiService HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/scene7/webservice/IpsApi-2014-04-03.wsdl", 404),
        ("GET", "/scene7/UploadFile", 404),
        ("POST", "/scene7/other", 404),
        ("PUT", "/scene7/UploadFile", 501),
    ],
)
def test_other_routes(caller: Caller, method: str, path: str, status: int) -> None:
    assert caller.send(method, path, b"" if method == "POST" else None).status == status


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=x"])
def test_upload_without_a_boundary_is_a_fault(caller: Caller, content_type: str) -> None:
    answer = caller.send("POST", "/scene7/UploadFile", b"--x--", {"Content-Type": content_type})
    assert (answer.status, answer.code) == (500, 30000)


def test_body_that_is_cut_leaves_nothing(caller: Caller) -> None:
    """The sender dies in mid-body."""
    head = (
        f"POST /scene7/UploadFile HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="auth"\r\n\r\n{auth_xml()}'
    )
    with socket.create_connection(("127.0.0.1", caller.box.port), timeout=20) as connection:
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    (record,) = caller.box.requests
    assert (record.status, record.scripted, record.operation) == (0, None, "UploadFile")
    assert caller.box.jobs() == []


def test_expect_100_continue_is_answered(caller: Caller) -> None:
    with socket.create_connection(("127.0.0.1", caller.box.port), timeout=20) as connection:
        connection.sendall(
            b"POST /scene7/UploadFile HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"--x--")
        assert connection.recv(65536).startswith(b"HTTP/1.1 500 ")


def both(caller: Caller) -> tuple[Answer, Answer]:
    """An answer of UploadFile and one of the SOAP service."""
    return caller.post("a.jpg", job="j", end=True), caller.soap("getActiveJobs")


def test_http_503(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "http-503", "retry_after": 7}])
    for answer in both(caller):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        assert b"<html>" in answer.body
    assert caller.box.jobs() == []


def test_other_http_errors(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "http-503", "status": 429}])
    assert [answer.status for answer in both(caller)] == [429, 429]


@pytest.mark.parametrize("processed", [True, False])
def test_html(call: Callable[..., Caller], processed: bool) -> None:
    caller = call(faults=[{"do": "html", "processed": processed}])
    for answer in both(caller):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert len(caller.box.jobs()) == processed


def test_garbage(call: Callable[..., Caller]) -> None:
    for answer in both(call(faults=[{"do": "garbage"}])):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
        with pytest.raises(SyntaxError):
            _ = answer.xml


def test_empty_200(call: Callable[..., Caller]) -> None:
    for answer in both(call(faults=[{"do": "empty-200"}])):
        assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(("keys", "status"), [({}, 500), ({"as_200": True}, 200), ({"status": 400}, 400)])
def test_ips_fault(call: Callable[..., Caller], keys: dict[str, Any], status: int) -> None:
    caller = call(faults=[{"do": "fault", "code": 20003, "reason": "not you", **keys}])
    upload, soap = both(caller)
    assert (upload.status, upload.code, upload.texts("reason")) == (status, 20003, ["not you"])
    assert upload.xml.tag == f"{{{FAULT_NAMESPACE}}}authorizationFault"
    assert (soap.status, soap.code) == (status, 20003)
    assert soap.xml.tag == f"{{{SOAP}}}Envelope"
    assert soap.texts("faultstring") == ["authorizationFault"]
    assert [record.fault_code for record in caller.box.requests] == [20003, 20003]


def test_status_without_a_name(call: Callable[..., Caller]) -> None:
    assert [answer.status for answer in both(call(faults=[{"do": "html", "status": 299}]))] == [299, 299]


def test_envelope_of_another_type_is_a_fault(caller: Caller) -> None:
    """Such as SOAP 1.2's."""
    answer = caller.soap("getActiveJobs", **{"Content-Type": "application/soap+xml"})
    assert (answer.status, answer.code) == (500, 30003)


def test_redirect(call: Callable[..., Caller]) -> None:
    for answer in both(call(faults=[{"do": "redirect", "location": "http://127.0.0.1:1/elsewhere"}])):
        assert (answer.status, answer.headers["Location"]) == (307, "http://127.0.0.1:1/elsewhere")


def test_truncated_answer(call: Callable[..., Caller]) -> None:
    """The request was carried out; its answer breaks off."""
    caller = call(faults=[{"on": "UploadFile", "do": "truncated"}])
    with pytest.raises(http.client.IncompleteRead):
        caller.post("a.jpg", job="j", end=True)
    assert len(caller.box.assets()) == 1


def test_truncated_answer_that_admits_it(call: Callable[..., Caller]) -> None:
    """Only a reader that insists on well-formed XML notices (PROTOCOL 5.2)."""
    caller = call(faults=[{"do": "truncated", "short_length": True}])
    for answer in both(caller):
        assert answer.status == 200
        with pytest.raises(SyntaxError):
            _ = answer.xml


@pytest.mark.parametrize(("do", "jobs"), [("swallow-before", 0), ("swallow-after", 1)])
def test_swallowed_answer(call: Callable[..., Caller], do: str, jobs: int) -> None:
    caller = call(faults=[{"on": "UploadFile", "nth": 1, "do": do}])
    with pytest.raises(http.client.RemoteDisconnected):
        caller.post("a.jpg", job="j", end=True)
    assert len(caller.box.jobs()) == jobs
    (record,) = caller.box.requests
    assert (record.status, record.scripted, record.job_name, record.file_names) == (0, do, "j", ("a.jpg",))
    assert caller.post("a.jpg", job="j", end=True).code is None


@pytest.mark.parametrize("after_bytes", [0, 100, 1_000_000, 2_000_000_000])
def test_reset(call: Callable[..., Caller], after_bytes: int) -> None:
    caller = call(faults=[{"on": "UploadFile", "nth": 1, "do": "reset", "after_bytes": after_bytes}])
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        caller.post("a.jpg", job="j", end=True, content=JPEG + bytes(2_000_000))
    assert caller.box.jobs() == []
    assert [record.scripted for record in caller.box.requests] == ["reset"]
    assert caller.post("a.jpg", job="j", end=True).code is None


def test_slow_answer_is_carried_out_at_once(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "slow", "seconds": 0.01}])
    assert [answer.status for answer in both(caller)] == [200, 200]
    assert len(caller.box.assets()) == 1


def test_held_answer_waits_for_its_release(call: Callable[..., Caller]) -> None:
    caller = call()
    other = call(caller.box)
    fault = caller.box.add_fault(on="UploadFile", do="hold")
    body_sent = caller.connection
    body_sent.request("POST", "/scene7/UploadFile", b"--x--", {"Content-Type": "multipart/form-data; boundary=x"})
    assert fault.met.wait(20)
    assert other.states() == {}
    fault.release()
    response = body_sent.getresponse()
    assert response.status == 500
    response.read()


def test_stopping_releases_held_answers(call: Callable[..., Caller]) -> None:
    caller = call()
    fault = caller.box.add_fault(do="hold")
    caller.connection.request("POST", "/scene7/UploadFile", b"", {"Content-Type": "text/plain"})
    assert fault.met.wait(20)
    caller.box.stop()


def test_true_answer_can_be_packed(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "gzip"}])
    for answer in both(caller):
        assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
        assert b"Return" in gzip.decompress(answer.body)
    assert len(caller.box.jobs()) == 1


def test_packed_answer_can_be_damaged(call: Callable[..., Caller]) -> None:
    for answer in both(call(faults=[{"do": "broken-gzip"}])):
        assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
        with pytest.raises(gzip.BadGzipFile):
            gzip.decompress(answer.body)


def test_true_answer_can_come_in_another_namespace(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "namespace", "namespace": "urn:x"}])
    upload, soap = both(caller)
    assert upload.xml.tag == "{urn:x}uploadPostReturn"
    assert soap.xml.find(".//{urn:x}getActiveJobsReturn") is not None
    assert len(caller.box.jobs()) == 1


def test_hollow_answer_has_nothing_in_it(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "hollow"}])
    caller.post("a.jpg", job="open")
    upload, soap = both(caller)
    assert len(upload.xml) == 0
    assert upload.xml.tag == f"{{{NAMESPACE}}}uploadPostReturn"
    assert soap.texts("getActiveJobsReturn") == [""]
    assert soap.texts("jobHandle") == []


def test_huge_answer_goes_on_with_blanks(call: Callable[..., Caller]) -> None:
    for answer in both(call(faults=[{"do": "huge", "bytes": 3_000_000}])):
        assert answer.body.endswith(b">" + b" " * 3_000_000)
        assert answer.code is None


def test_answer_that_drips_comes_whole_in_the_end(call: Callable[..., Caller]) -> None:
    for answer in both(call(faults=[{"do": "drip", "bytes_per_second": 20_000}])):
        assert answer.code is None


@pytest.mark.parametrize("after_bytes", [0, 500, 1_000_000])
def test_stalled_request_waits_for_its_release_and_is_not_answered(
    call: Callable[..., Caller], after_bytes: int
) -> None:
    caller = call()
    other = call(caller.box)
    fault = caller.box.add_fault(on="UploadFile", do="stall", after_bytes=after_bytes)
    caller.connection.request("POST", "/scene7/UploadFile", bytes(4000), {"Content-Type": "multipart/form-data"})
    assert fault.met.wait(20)
    assert other.states() == {}
    fault.release()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        caller.connection.getresponse()
    caller.connection.close()
    assert caller.box.jobs() == []
    assert caller.box.requests[0].scripted == "stall"


def test_slow_read_takes_its_time_and_all_of_the_body(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"on": "UploadFile", "do": "slow-read", "bytes_per_second": 1_000_000}])
    assert caller.post("a.jpg", job="j", end=True, content=JPEG + bytes(50_000)).code is None
    assert caller.box.assets()[0]["size_bytes"] == len(JPEG) + 50_000


def test_faults_choose_by_job_and_file(call: Callable[..., Caller]) -> None:
    caller = call(
        faults=[
            {"on": "UploadFile", "file": "*.psd", "do": "fault", "code": 30001},
            {"on": "UploadFile", "job": "bad-*", "do": "fault", "code": 30000},
            {"on": "getActiveJobs", "job": "bad-*", "do": "empty-200"},
        ]
    )
    assert caller.post("a.jpg", "b.psd", job="good-1").code == 30001
    assert caller.post("a.jpg", job="bad-1").code == 30000
    assert caller.box.jobs() == []
    handle = caller.post("a.jpg", job="good-2").handle
    assert caller.post("c.psd", handle=handle).code == 30001
    assert caller.soap("getActiveJobs", "<originalName>bad-1</originalName>").body == b""
    assert caller.states() == {"good-2": "WaitingClient"}


def test_job_of_a_later_post_is_known_by_its_handle(caller: Caller) -> None:
    handle = caller.post("a.jpg", job="bad-1").handle
    caller.box.add_fault(on="UploadFile", job="bad-*", do="empty-200")
    caller.box.add_fault(on="getActiveJobs", job="bad-*", do="empty-200")
    assert caller.post("b.jpg", handle=handle).body == b""
    assert caller.soap("getActiveJobs", f"<jobHandle>{handle}</jobHandle>").body == b""
    caller.box.clear_faults()
    assert caller.post("b.jpg", handle=handle).code is None


def test_requests_are_recorded_in_order_without_passwords(call: Callable[..., Caller]) -> None:
    caller = call(record_xml=True)
    handle = caller.post("a.jpg", "b.jpg", job="j").handle
    caller.post(handle=handle, end=True)
    caller.soap("checkLogin", "<email>x</email><password>hidden</password>")
    caller.soap("getActiveJobs", auth=auth_xml(password="wrong"))
    first, second, third, fourth = caller.box.requests
    assert (first.operation, first.job_name, first.file_names, first.end_job) == (
        "UploadFile",
        "j",
        ("a.jpg", "b.jpg"),
        False,
    )
    assert (second.job_handle, second.job_name, second.file_names, second.end_job) == (handle, "j", (), True)
    assert (third.operation, third.status, fourth.fault_code) == ("checkLogin", 200, 10001)
    assert first.peer[0] == "127.0.0.1"
    assert first.size_bytes > 200
    assert first.xml is not None
    assert f"<uploadParams>{OPTIONS}</uploadParams>".encode() in first.xml
    assert first.auth_xml is not None
    assert b"<password></password>" in first.auth_xml
    seen = repr(caller.box.requests)
    assert not any(secret in seen for secret in ("secret", "hidden", "wrong"))


def test_xml_is_not_recorded_unless_asked(caller: Caller) -> None:
    caller.post("a.jpg", job="j")
    assert [(record.xml, record.auth_xml) for record in caller.box.requests] == [(None, None)]


def test_record_of_requests_is_bounded(call: Callable[..., Caller]) -> None:
    caller = call(max_requests=3)
    for number in range(5):
        caller.soap("getActiveJobs", f"<originalName>{number}</originalName>")
    assert [record.job_name for record in caller.box.requests] == ["2", "3", "4"]


def test_caller_that_resets_in_mid_body_harms_nobody(caller: Caller) -> None:
    with socket.create_connection(("127.0.0.1", caller.box.port), timeout=20) as connection:
        connection.sendall(b"POST /scene7/UploadFile HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n--x")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert caller.soap("getCompanyInfo", COMPANY).status == 200


def test_large_body_streams(call: Callable[..., Caller]) -> None:
    """Many blocks, none of them aligned with the framing."""
    caller = call()
    content = JPEG + bytes(range(256)) * 40_000
    caller.post("a.jpg", job="j", end=True, content=content)
    assert caller.box.content("a").read_bytes() == content
