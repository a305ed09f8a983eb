"""`IpsRemote` has the sandbox publish: once, and with a clear word on whether it may have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.parts import CANARY, COMPANY, Bytes, make_remote, opening, part, settings
from tests.unit.sandbox.client import HandClock

from hotfolder.core.server import Company, Kind, RemoteError, Trouble
from hotfolder.edges.remote import IpsRemote
from hotfolder.sandbox import Sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(data=tmp_path / "box", password=CANARY, record_xml=True) as running:
        yield running


@pytest.fixture
def remote(box: Sandbox) -> Iterator[IpsRemote]:
    made = make_remote(settings(f"{box.base_url}/UploadFile", f"{box.base_url}/services/IpsApiService"))
    yield made
    made.close()


def trouble_of(remote: IpsRemote, company: Company = COMPANY) -> Trouble:
    with pytest.raises(RemoteError) as caught:
        remote.publish(company, "publish-1")
    return caught.value.trouble


def asked(box: Sandbox) -> int:
    return sum(request.operation == "submitJob" for request in box.requests)


def test_a_publish_takes_what_was_stored_and_is_found_by_its_name_alone(remote: IpsRemote, box: Sandbox) -> None:
    remote.post(opening(part(1, "a.jpg", Bytes(b"\xff\xd8\xff")), end_job=True), lambda sent: None)
    remote.publish(COMPANY, "publish-1")
    (asset,) = box.assets()
    assert asset["published_sha256"] == asset["sha256"]
    (log,) = remote.job_logs(COMPANY, original_name="publish-1")
    assert log.has_end
    assert log.original_name == "publish-1"
    assert log.handle.startswith("j|2101||publish-1_")
    assert [row.asset_name for row in log.rows if row.log_type == "ImageServingPublishSuccess"] == ["a"]
    assert [request.job_name for request in box.requests if request.operation == "submitJob"] == ["publish-1"]


def test_a_publish_in_progress_is_found_by_its_name(tmp_path: Path) -> None:
    hand = HandClock()
    with Sandbox(data=tmp_path / "slow", password=CANARY, speed=1.0, clock=hand.clock()) as slow:
        remote = make_remote(settings(f"{slow.base_url}/UploadFile", f"{slow.base_url}/services/IpsApiService"))
        remote.publish(COMPANY, "publish-0")  # nothing is there: it is over at once
        remote.post(opening(part(1, "a.jpg", Bytes(b"\xff\xd8\xff")), end_job=True), lambda sent: None)
        hand.move(1)
        remote.publish(COMPANY, "publish-1")
        (job,) = remote.active_jobs(COMPANY, original_name="publish-1")
        assert (job.original_name, job.is_done) == ("publish-1", False)
        assert remote.active_jobs(COMPANY, original_name="publish-0") == []
        remote.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"do": "swallow-before"}, Kind.UNKNOWN),
        ({"do": "swallow-after"}, Kind.UNKNOWN),
        ({"do": "truncated"}, Kind.UNKNOWN),
        ({"do": "garbage"}, Kind.UNKNOWN),
        ({"do": "empty-200", "processed": True}, Kind.UNKNOWN),
        ({"do": "http-503", "status": 502}, Kind.UNKNOWN),
        ({"do": "http-503"}, Kind.TRANSIENT),
        ({"do": "redirect", "location": "https://example.com/"}, Kind.TRANSIENT),
        ({"do": "fault", "code": 30000}, Kind.TRANSIENT),
        ({"do": "fault", "code": 30001}, Kind.PERMANENT),
        ({"do": "fault", "code": 10001}, Kind.FATAL),
        ({"do": "fault", "code": 20000}, Kind.FATAL),
    ],
    ids=str,
)
def test_a_failed_submission_tells_what_may_have_happened_and_is_made_once(
    remote: IpsRemote, box: Sandbox, fault: dict[str, Any], kind: Kind
) -> None:
    box.add_fault(on="submitJob", **fault)
    assert trouble_of(remote).kind is kind
    assert asked(box) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "fault", "code": 20003},
        {"do": "fault", "code": 20009},
        {"do": "fault", "code": 20099},
        {"do": "fault", "code": 30003},
        {"do": "http-503", "status": 404},
    ],
    ids=str,
)
def test_a_role_or_a_server_that_may_not_publish_is_no_outage(
    remote: IpsRemote, box: Sandbox, fault: dict[str, Any]
) -> None:
    box.add_fault(on="submitJob", **fault)
    trouble = trouble_of(remote)
    assert trouble.kind is Kind.PERMANENT
    assert trouble.text.startswith("publishing is not possible: ")


def test_an_answer_without_a_handle_is_an_answer(remote: IpsRemote, box: Sandbox) -> None:
    """The handle would be of no use: the running one has another (PROTOCOL 2.7)."""
    box.add_fault(on="submitJob", do="hollow")
    remote.publish(COMPANY, "publish-1")
    assert len(remote.job_logs(COMPANY, original_name="publish-1")) == 1


def test_nobody_at_home_is_not_taken(box: Sandbox) -> None:
    remote = make_remote(settings(f"{box.base_url}/UploadFile", f"{box.base_url}/services/IpsApiService"))
    remote.sign_in()
    remote.close()
    box.stop()
    trouble = trouble_of(remote)
    assert (trouble.kind, trouble.reached) == (Kind.TRANSIENT, False)
    box.start()
