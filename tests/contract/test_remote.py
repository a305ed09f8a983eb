"""
`IpsRemote` as a client of the sandbox: what `ports.Remote` promises, with a server that means well or fails by script.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.contract.parts import CANARY, COMPANY, Bytes, later, make_remote, opening, part, settings

from hotfolder.core.server import Company, Kind, RemoteError, Trouble
from hotfolder.edges.remote import IpsRemote
from hotfolder.ports import PostRequest
from hotfolder.sandbox import Sandbox

SMALL = b"a few bytes\r\n--"
LARGE = bytes(range(256)) * 4096 * 17  # 17 MiB: streamed


def ignore(sent_bytes: int) -> None:
    pass


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(data=tmp_path / "box", password=CANARY, record_xml=True) as running:
        yield running


@pytest.fixture
def connect(box: Sandbox) -> Iterator[Callable[..., IpsRemote]]:
    """Makes remotes for the sandbox or another one, with other settings or other limits."""
    with ExitStack() as stack:

        def make(*, at: Sandbox = box, where: dict[str, Any] | None = None, **changes: Any) -> IpsRemote:
            urls = (f"{at.base_url}/UploadFile", f"{at.base_url}/services/IpsApiService")
            remote = make_remote(settings(*urls, **(where or {})), **changes)
            stack.callback(remote.close)
            return remote

        yield make


@pytest.fixture
def remote(connect: Callable[..., IpsRemote]) -> IpsRemote:
    return connect()


def failed_post(remote: IpsRemote, request: PostRequest) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        remote.post(request, ignore)
    return caught.value


def trouble_of(call: Callable[[], object]) -> Trouble:
    with pytest.raises(RemoteError) as caught:
        call()
    return caught.value.trouble


# --- signing in ---


def test_sign_in_finds_the_company_by_name_and_its_limit(remote: IpsRemote, box: Sandbox) -> None:
    company = remote.sign_in()
    assert company == Company(handle="c|2101", name="Example Co", root_path="Example Co/", max_post_bytes=8 * 1024**3)
    assert [request.operation for request in box.requests] == ["getCompanyInfo", "getProperty"]
    assert remote.companies() == [COMPANY]


def test_sign_in_finds_the_company_by_handle(connect: Callable[..., IpsRemote]) -> None:
    remote = connect(where={"company": None, "company_handle": "c|2101"})
    assert remote.sign_in().name == "Example Co"


@pytest.mark.parametrize("where", [{"company": "Exmple Co"}, {"company": None, "company_handle": "c|21"}])
def test_an_unknown_company_is_fatal_and_the_usable_ones_are_named(
    connect: Callable[..., IpsRemote], box: Sandbox, where: dict[str, Any]
) -> None:
    trouble = trouble_of(connect(where=where).sign_in)
    assert trouble.kind is Kind.FATAL
    assert str(where.get("company_handle") or where["company"]) in trouble.text
    assert "Example Co (c|2101)" in trouble.text
    assert len(box.requests) <= 3


def test_a_wrong_password_is_fatal_after_one_request_and_read_afresh(
    connect: Callable[..., IpsRemote], box: Sandbox
) -> None:
    passwords = ["wrong"]
    remote = connect(password=lambda: passwords[-1])
    assert remote.credentials_changed()
    trouble = trouble_of(remote.sign_in)
    assert (trouble.kind, trouble.code) == (Kind.FATAL, 10001)
    assert len(box.requests) == 1
    assert not remote.credentials_changed()
    passwords.append(CANARY)
    assert remote.credentials_changed()
    assert remote.sign_in().handle == "c|2101"
    assert not remote.credentials_changed()


@pytest.mark.parametrize(
    "fault",
    [*({"do": "fault", "code": code} for code in (20003, 20000, 30000, 30001)), {"do": "http-503", "status": 404}],
    ids=str,
)
def test_memberships_help_where_company_info_is_refused_or_not_offered(
    remote: IpsRemote, box: Sandbox, fault: dict[str, object]
) -> None:
    box.add_fault(on="getCompanyInfo", **fault)
    assert remote.sign_in().handle == "c|2101"


@pytest.mark.parametrize("operation", ["getCompanyInfo", "getCompanyMembership", "getProperty"])
def test_refused_credentials_are_told_whatever_call_finds_out(remote: IpsRemote, box: Sandbox, operation: str) -> None:
    if operation == "getCompanyMembership":
        box.add_fault(on="getCompanyInfo", do="fault", code=20003)
    box.add_fault(on=operation, do="fault", code=10002)
    trouble = trouble_of(remote.sign_in)
    assert (trouble.kind, trouble.code) == (Kind.FATAL, 10002)
    assert len(box.requests) <= 3


def test_a_server_that_refuses_both_is_told_by_its_first_refusal(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="getCompanyInfo", do="fault", code=20000)
    box.add_fault(on="getCompanyMembership", do="fault", code=20003)
    trouble = trouble_of(remote.sign_in)
    assert (trouble.kind, trouble.code) == (Kind.FATAL, 20000)


@pytest.mark.parametrize("fault", [{"do": "fault", "code": 20003}, {"do": "html"}, {"do": "http-503", "status": 404}])
def test_a_server_without_properties_has_no_known_limit(
    remote: IpsRemote, box: Sandbox, fault: dict[str, object]
) -> None:
    box.add_fault(on="getProperty", **fault)
    assert remote.sign_in().max_post_bytes is None


def test_a_server_that_is_down_while_signing_in_is_asked_once(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="*", do="http-503", retry_after=7)
    trouble = trouble_of(remote.sign_in)
    assert (trouble.kind, trouble.status, trouble.retry_after_s) == (Kind.TRANSIENT, 503, 7.0)
    assert len(box.requests) == 1


def test_the_server_tells_when_the_password_expires(connect: Callable[..., IpsRemote], tmp_path: Path) -> None:
    at = datetime(2026, 4, 5, 6, 7, 8, tzinfo=UTC)
    for expires in (at, None):
        with Sandbox(data=tmp_path / str(expires), password=CANARY, password_expires=expires, record_xml=True) as other:
            assert connect(at=other).password_expires() == expires


@pytest.mark.parametrize(
    "fault",
    [{"do": "fault", "code": 20003}, {"do": "fault", "code": 30000}, {"do": "fault", "code": 30003}],
    ids=["not allowed", "internal trouble", "unknown to its schema"],
)
def test_a_server_that_will_not_tell_of_the_password_is_no_trouble(
    remote: IpsRemote, box: Sandbox, fault: dict[str, Any]
) -> None:
    box.add_fault(on="getUserInfo", **fault)
    assert remote.password_expires() is None


def test_only_a_refusal_of_us_keeps_the_expiry_from_being_told(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="getUserInfo", do="fault", code=10001)
    assert trouble_of(remote.password_expires).kind is Kind.FATAL


# --- one job from the first POST to its log ---


def test_a_job_goes_from_the_first_post_to_its_log(remote: IpsRemote, box: Sandbox) -> None:
    company = remote.sign_in()
    told: list[int] = []
    first = remote.post(
        opening(part(1, "a.txt", Bytes(SMALL)), part(2, "b.css", Bytes(SMALL * 2)), company=company), told.append
    )
    assert told == [3 * len(SMALL)]
    assert [sent.drop for sent in first.files] == [1, 2]
    assert first.files[1].sha256 == hashlib.sha256(SMALL * 2).hexdigest()
    assert first.files[1].size_bytes == 2 * len(SMALL)

    (active,) = remote.active_jobs(company)
    assert active.handle == first.job_handle
    assert active.original_name == "j-1"
    assert not active.is_done
    assert remote.active_jobs(company, original_name="j-1") == [active]
    assert remote.active_jobs(company, original_name="j") == []

    told.clear()
    name = 'Stühle & "Tische" 𝒳.txt'
    second = remote.post(
        later(
            part(3, "file.txt", Bytes(LARGE)),
            handle=first.job_handle,
            file_name=name,
            end_job=True,
        ),
        told.append,
    )
    assert second.job_handle == first.job_handle
    assert second.files[0].sha256 == hashlib.sha256(LARGE).hexdigest()
    assert told == sorted(told)
    assert told[-1] == len(LARGE)
    assert box.requests[-1].file_names == (name,)

    assert box.content("a").read_bytes() == SMALL
    assert box.content("Stühle  Tische 𝒳").read_bytes() == LARGE
    (log,) = remote.job_logs(company, handle=first.job_handle)
    assert log.is_complete
    assert log.has_end
    assert {row.asset_name for row in log.rows if row.log_type == "UploadSuccess"} >= {"a", "b"}
    assert remote.job_logs(company, original_name="j-1") == [log]
    assert remote.job_logs(company, original_name="j-2") == []

    found = {asset.name: asset for asset in remote.assets(company, ["a", "b", "c", "bad\x00name", ""])}
    assert sorted(found) == ["a", "b"]
    assert found["b"].size_bytes == 2 * len(SMALL)
    assert found["b"].folder == "Example Co/in/"
    assert found["b"].file_name == "b.css"
    assert found["b"].modified_at is not None


def test_a_job_can_be_ended_without_a_file(remote: IpsRemote, box: Sandbox) -> None:
    first = remote.post(opening(part(1, "a.txt", Bytes(SMALL))), ignore)
    assert remote.post(later(handle=first.job_handle, end_job=True), ignore).files == ()
    (log,) = remote.job_logs(COMPANY, handle=first.job_handle)
    assert log.has_end


def test_every_page_of_a_log_is_read(remote: IpsRemote, box: Sandbox) -> None:
    files = [part(number, f"f{number}.txt", Bytes(b"x")) for number in range(1200)]
    posted = remote.post(opening(*files, end_job=True), ignore)
    assert len(posted.files) == 1200
    (log,) = remote.job_logs(COMPANY, handle=posted.job_handle)
    assert log.is_complete
    assert len({row.asset_name for row in log.rows if row.log_type == "UploadSuccess"}) == 1200
    assert [request.operation for request in box.requests].count("getJobLogDetails") >= 2


def test_a_log_that_repeats_the_secret_comes_without_it(remote: IpsRemote, box: Sandbox) -> None:
    """Its messages are kept: in the ledger, and for people in notes and receipts."""
    box.add_fault(do="upload-error", file="a.txt", message=f"{CANARY} was refused")
    box.add_fault(do="upload-warning", file="b.txt", message=f"odd: {CANARY}")
    files = [part(number, f"{name}.txt", Bytes(SMALL)) for number, name in enumerate("abc")]
    posted = remote.post(opening(*files, end_job=True), ignore)
    (log,) = remote.job_logs(COMPANY, handle=posted.job_handle)
    assert CANARY not in repr(log)
    said = {row.asset_name: row.message for row in log.rows if row.asset_name}
    assert "[redacted]" in said["a"]
    assert "[redacted]" in said["b"]
    assert said["c"].endswith("c.txt was processed into IPS")


def test_posts_share_a_connection(remote: IpsRemote, box: Sandbox) -> None:
    first = remote.post(opening(part(1, "a.txt", Bytes(SMALL))), ignore)
    remote.post(later(part(2, "b.txt", Bytes(LARGE)), handle=first.job_handle), ignore)
    assert len({request.peer for request in box.requests}) == 1


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_credentials_go_in_the_namespace_that_the_server_reads(
    connect: Callable[..., IpsRemote], tmp_path: Path, data: bytes
) -> None:
    """PROTOCOL 7: versioned; on 10000 once more in the other, and remember."""
    with Sandbox(data=tmp_path / "old", password=CANARY, auth_namespace="unversioned") as box:
        remote = connect(at=box)
        check_that_it_takes_two_posts(remote, box, data)


def check_that_it_takes_two_posts(remote: IpsRemote, box: Sandbox, data: bytes) -> None:
    told: list[int] = []
    first = remote.post(opening(part(1, "a.txt", Bytes(data))), told.append)
    assert told[-1] == len(data)
    assert [sent.drop for sent in first.files] == [1]
    remote.post(later(part(2, "b.txt", Bytes(data)), handle=first.job_handle, end_job=True), ignore)
    assert [request.fault_code for request in box.requests] == [10000, None, None]
    (log,) = remote.job_logs(COMPANY, handle=first.job_handle)
    assert [row.asset_name for row in log.rows if row.asset_name] == ["a", "b"]


def test_lack_of_credentials_in_both_namespaces_is_fatal_after_two_posts(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="UploadFile", do="fault", code=10000, count=2)
    assert failed_post(remote, opening(part(1, "a.txt", Bytes(SMALL)))).trouble.kind is Kind.FATAL
    assert len(box.requests) == 2
    assert remote.post(opening(part(1, "a.txt", Bytes(SMALL))), ignore).job_handle


@pytest.mark.parametrize("code", [10001, 30001])
def test_credentials_that_were_read_once_are_not_tried_otherwise(remote: IpsRemote, box: Sandbox, code: int) -> None:
    box.add_fault(on="UploadFile", do="fault", code=code, nth=1)
    box.add_fault(on="UploadFile", do="fault", code=10000, nth=2)
    for expected in (code, 10000):
        assert failed_post(remote, opening(part(1, "a.txt", Bytes(SMALL)))).trouble.code == expected
    assert len(box.requests) == 2


def test_several_threads_may_use_it(remote: IpsRemote, box: Sandbox) -> None:
    results: dict[int, str] = {}

    def work(number: int) -> None:
        posted = remote.post(
            opening(part(number, f"t{number}.txt", Bytes(b"%d" % number)), job_name=f"job-{number}", end_job=True),
            ignore,
        )
        (log,) = remote.job_logs(COMPANY, handle=posted.job_handle)
        (asset,) = remote.assets(COMPANY, [f"t{number}"])
        results[number] = f"{log.original_name} {asset.name}"

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"job-{number} t{number}" for number in range(8)}


# --- a POST that fails ---


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("fault", "kind", "processed"),
    [
        ({"do": "swallow-after"}, Kind.UNKNOWN, True),
        ({"do": "swallow-before"}, Kind.UNKNOWN, False),
        ({"do": "truncated"}, Kind.UNKNOWN, True),
        ({"do": "truncated", "short_length": True}, Kind.UNKNOWN, True),
        ({"do": "html"}, Kind.UNKNOWN, False),
        ({"do": "html", "processed": True}, Kind.UNKNOWN, True),
        ({"do": "garbage"}, Kind.UNKNOWN, False),
        ({"do": "empty-200"}, Kind.UNKNOWN, False),
        ({"do": "http-503"}, Kind.TRANSIENT, False),
        ({"do": "http-503", "status": 429}, Kind.TRANSIENT, False),
        ({"do": "http-503", "status": 413}, Kind.PERMANENT, False),
        ({"do": "http-503", "status": 502, "processed": True}, Kind.UNKNOWN, True),
        ({"do": "fault", "code": 30001}, Kind.PERMANENT, False),
        ({"do": "fault", "code": 30000, "as_200": True}, Kind.TRANSIENT, False),
        ({"do": "fault", "code": 20009}, Kind.PERMANENT, False),
        ({"do": "reset", "after_bytes": 10}, Kind.UNKNOWN, False),
        ({"do": "reset", "after_bytes": 1000}, Kind.UNKNOWN, False),
    ],
    ids=str,
)
def test_a_failed_post_tells_what_may_have_happened(
    remote: IpsRemote, box: Sandbox, fault: dict[str, object], kind: Kind, processed: bool, data: bytes
) -> None:
    """Only UNKNOWN may hide a POST that the server has taken."""
    box.add_fault(on="UploadFile", nth=1, **fault)
    error = failed_post(remote, opening(part(7, "a.txt", Bytes(data)), end_job=True))
    assert error.trouble.kind is kind
    assert error.trouble.reached
    assert kind is Kind.UNKNOWN or not processed
    if fault["do"] != "reset":
        assert [sent.drop for sent in error.files] == [7]
    logs = remote.job_logs(COMPANY, original_name="j-1")
    assert bool(logs) == processed
    assert remote.post(opening(part(7, "a.txt", Bytes(data)), job_name="j-2"), ignore).job_handle


def test_retry_after_is_passed_on(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="UploadFile", do="http-503", retry_after=90)
    assert failed_post(remote, opening(part(1, "a.txt", Bytes(SMALL)))).trouble.retry_after_s == 90.0


def test_a_late_answer_is_never_that_of_the_next_post(connect: Callable[..., IpsRemote], box: Sandbox) -> None:
    remote = connect(read_timeout_s=0.3)
    fault = box.add_fault(on="UploadFile", nth=1, do="slow", seconds=1.0)
    error = failed_post(remote, opening(part(1, "a.txt", Bytes(SMALL))))
    assert error.trouble.kind is Kind.UNKNOWN
    assert "did not answer within 0.3 s" in error.trouble.text
    assert fault.hits == 1
    box.clear_faults()
    posted = remote.post(opening(part(2, "b.txt", Bytes(SMALL)), job_name="j-2"), ignore)
    assert "j-2" in posted.job_handle


def test_a_wrong_password_stops_a_large_post(connect: Callable[..., IpsRemote]) -> None:
    remote = connect(password=lambda: "wrong")
    error = failed_post(remote, opening(part(1, "a.txt", Bytes(LARGE))))
    assert (error.trouble.kind, error.trouble.code) == (Kind.FATAL, 10001)


# --- reads that fail ---


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "truncated"},
        {"do": "truncated", "short_length": True},
        {"do": "html"},
        {"do": "html", "status": 503},
        {"do": "garbage"},
        {"do": "empty-200"},
        {"do": "swallow-after"},
        {"do": "http-503"},
        {"do": "fault", "code": 30000},
    ],
    ids=str,
)
def test_a_blip_is_no_empty_answer_and_is_asked_again(
    connect: Callable[..., IpsRemote], box: Sandbox, fault: dict[str, object]
) -> None:
    waits: list[float] = []
    remote = connect(sleep=waits.append)
    remote.post(opening(part(1, "a.txt", Bytes(SMALL))), ignore)
    box.add_fault(on="getActiveJobs", count=2, **fault)
    assert len(remote.active_jobs(COMPANY)) == 1
    assert len(waits) == 2
    assert all(0 <= wait <= 3 for wait in waits)
    box.add_fault(on="getActiveJobs", **fault)
    trouble = trouble_of(lambda: remote.active_jobs(COMPANY))
    assert trouble.kind is Kind.TRANSIENT
    assert [request.operation for request in box.requests].count("getActiveJobs") == 6


def test_a_read_that_may_not_be_made_is_not_asked_again(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="getActiveJobs", do="fault", code=10001)
    assert trouble_of(lambda: remote.active_jobs(COMPANY)).kind is Kind.FATAL
    assert len(box.requests) == 1


def test_a_server_that_says_when_to_come_back_is_not_asked_before(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="getActiveJobs", do="http-503", retry_after=30)
    assert trouble_of(lambda: remote.active_jobs(COMPANY)).retry_after_s == 30.0
    assert len(box.requests) == 1


@pytest.mark.parametrize("fault", [{"do": "fault", "code": 20003}, {"do": "http-503", "status": 404}], ids=str)
def test_a_server_that_does_not_tell_about_assets_says_so_for_good(
    remote: IpsRemote, box: Sandbox, fault: dict[str, object]
) -> None:
    box.add_fault(on="getAssetsByName", **fault)
    trouble = trouble_of(lambda: remote.assets(COMPANY, ["a"]))
    assert trouble.kind is Kind.PERMANENT
    assert "does not tell about assets" in trouble.text


def test_taken_names_are_told_in_one_call(remote: IpsRemote, box: Sandbox) -> None:
    remote.post(
        opening(part(1, "a.txt", Bytes(SMALL)), part(2, "chairs & more.css", Bytes(SMALL)), end_job=True), ignore
    )
    asked = [
        "a",
        "A",
        "b",
        "chairs  more",
        "chairs & more",
        "bad\x00name",
        "",
        *(f"n{number}" for number in range(990)),
    ]
    assert remote.names_in_use(COMPANY, asked) == {"a", "chairs  more"}
    assert [request.operation for request in box.requests].count("checkAssetNames") == 1
    assert remote.names_in_use(COMPANY, ["none of these", "is there"]) == set()
    before = len(box.requests)
    assert remote.names_in_use(COMPANY, ["", "bad\x00name"]) == set()
    assert len(box.requests) == before


@pytest.mark.parametrize("fault", [{"do": "fault", "code": 20003}, {"do": "fault", "code": 30003}], ids=str)
def test_a_server_that_does_not_tell_which_names_are_taken_says_so_for_good(
    remote: IpsRemote, box: Sandbox, fault: dict[str, object]
) -> None:
    box.add_fault(on="checkAssetNames", **fault)
    trouble = trouble_of(lambda: remote.names_in_use(COMPANY, ["a"]))
    assert trouble.kind is Kind.PERMANENT
    assert "does not tell about names in use" in trouble.text


def test_which_names_are_taken_is_asked_once_and_not_again(remote: IpsRemote, box: Sandbox) -> None:
    """Whoever asks goes on without the answer; the server looks again when a file arrives."""
    box.add_fault(on="checkAssetNames", do="html", status=502)
    assert trouble_of(lambda: remote.names_in_use(COMPANY, ["a"])).kind is Kind.TRANSIENT
    assert len(box.requests) == 1


def test_trouble_with_assets_on_the_way_is_no_verdict(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="getAssetsByName", do="html", status=502)
    assert trouble_of(lambda: remote.assets(COMPANY, ["a"])).kind is Kind.TRANSIENT
