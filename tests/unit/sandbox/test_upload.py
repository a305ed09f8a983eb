import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.sandbox.client import COMPANY, FAULT_NAMESPACE, JPEG, NAMESPACE, OPTIONS, Caller, auth_xml, param_xml

FIRST = f"{COMPANY}<jobName>j</jobName><destFolder>Example Co/in/</destFolder>"
UPLOAD = f"<uploadParams>{OPTIONS}</uploadParams>"
AUTH = auth_xml()


def test_first_post_opens_a_job_and_answers_with_its_handle(caller: Caller) -> None:
    answer = caller.post("chair.jpg", job="catalog-1")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.xml.tag == f"{{{NAMESPACE}}}uploadPostReturn"
    assert answer.handle == "j|2101||catalog-1|1"
    assert caller.states() == {"catalog-1": "WaitingClient"}


def test_later_posts_join_the_job_and_the_last_one_ends_it(caller: Caller) -> None:
    handle = caller.post("a.jpg", job="j").handle
    assert caller.post("b.jpg", "c.jpg", handle=handle).handle == handle
    assert caller.post(handle=handle, end=True).handle == handle
    assert caller.states() == {}
    assert caller.verdicts(handle) == [("UploadSuccess", "a"), ("UploadSuccess", "b"), ("UploadSuccess", "c")]


def test_content_arrives_byte_for_byte(caller: Caller) -> None:
    """Contents that look like pieces of the framing must pass untouched."""
    content = JPEG + b"\r\n------boundary-7MA4YWx\r\n--\r\n" * 100
    caller.post("a.jpg", job="j", end=True, content=content)
    (asset,) = caller.box.assets()
    assert asset["sha256"] == hashlib.sha256(content).hexdigest()
    assert asset["size_bytes"] == len(content)
    assert caller.box.content("a").read_bytes() == content


def test_options_of_later_posts_are_ignored(caller: Caller) -> None:
    handle = caller.post("a.jpg", job="j").handle
    other = OPTIONS.replace("<readyForPublish>true", "<readyForPublish>false")
    later = f"{COMPANY}<jobHandle>{handle}</jobHandle><endJob>true</endJob><uploadParams>{other}</uploadParams>"
    assert caller.post_param(later).status == 200
    (asset,) = caller.box.assets()
    assert asset["options"]["readyForPublish"] == "true"


@pytest.mark.parametrize(
    ("dest", "filename", "file_name", "folder", "stored"),
    [
        ("Example Co/in/", "a.jpg", None, "Example Co/in/", "a.jpg"),
        ("Example Co/in", "a.jpg", None, "Example Co/in/", "a.jpg"),
        ("Example Co", "a.jpg", None, "Example Co/", "a.jpg"),
        ("Example Co/in/", "sub/deep//a.jpg", None, "Example Co/in/sub/deep/", "a.jpg"),
        ("Example Co/in/", "x.bin", "Stühle & Co.jpg", "Example Co/in/", "Stühle  Co.jpg"),
        ("Example Co/in/", "raw ü.jpg", None, "Example Co/in/", "raw Ã¼.jpg"),
    ],
)
def test_target_comes_from_dest_folder_and_name(
    caller: Caller, dest: str, filename: str, file_name: str | None, folder: str, stored: str
) -> None:
    """PROTOCOL 2.5 and 6.2; the last case is raw UTF-8 in the header, read as Latin-1."""
    caller.post(filename, job="j", end=True, dest=dest, file_name=file_name)
    (asset,) = caller.box.assets()
    assert (asset["folder"], asset["file_name"]) == (folder, stored)


def test_without_dest_folder_a_full_path_names_the_target(caller: Caller) -> None:
    answer = caller.post_param(
        f"{COMPANY}<jobName>j</jobName><endJob>true</endJob>{UPLOAD}",
        [("Example Co/new//a.jpg", JPEG), ("b.jpg", JPEG)],
    )
    assert answer.status == 200
    assert [asset["folder"] for asset in caller.box.assets()] == ["Example Co/new/", "Example Co/"]


@pytest.mark.parametrize(
    ("param", "code"),
    [
        (f"<jobName>j</jobName>{UPLOAD}", 30002),
        (f"{COMPANY}<jobName>j</jobName>", 30002),
        (f"{COMPANY}{UPLOAD}", 30001),
        (f"{COMPANY}<jobName>j</jobName><jobHandle>j|2101||j|1</jobHandle>{UPLOAD}", 30001),
        (f"{COMPANY}<jobName>a|b</jobName>{UPLOAD}", 30001),
        (f"{COMPANY}<jobName></jobName>{UPLOAD}", 30001),
        (f"{COMPANY}<jobName>{'x' * 65}</jobName>{UPLOAD}", 30001),
        (f"{COMPANY}<jobHandle>j|2101||never|99</jobHandle>", 30001),
        (f"<companyHandle>c|1</companyHandle><jobName>j</jobName>{UPLOAD}", 20000),
        (f"{COMPANY}<jobName>j</jobName><destFolder>Other/in/</destFolder>{UPLOAD}", 30001),
        (f"{COMPANY}<jobName>j</jobName><destFolder>Example Company/</destFolder>{UPLOAD}", 30001),
        (f"{COMPANY}<jobName>j</jobName><endJob>yes</endJob>{UPLOAD}", 30001),
        (f"{COMPANY}<jobName>j</jobName>{UPLOAD}<endJob>true</endJob>", 30003),
        (f"<jobName>j</jobName>{COMPANY}{UPLOAD}", 30003),
        (f"{COMPANY}<jobName>j</jobName><surprise/>{UPLOAD}", 30003),
        (f"{COMPANY}<jobName>j</jobName><uploadParams>{OPTIONS}<createMask>true</createMask></uploadParams>", 30003),
        (
            f"{COMPANY}<jobName>j</jobName><uploadParams><createMask>false</createMask>{OPTIONS}</uploadParams>",
            30003,
        ),
        (f'{COMPANY}<jobName xmlns="">j</jobName>{UPLOAD}', 30003),
        (f"{COMPANY}<jobName>j</jobName>{UPLOAD.replace('None', 'none')}", 30001),
        (
            f"{COMPANY}<jobName>j</jobName>{UPLOAD.replace('<emailSetting>None</emailSetting>', '')}",
            30002,
        ),
        (f"{COMPANY}<jobName>j</jobName>{UPLOAD}<unclosed>", 30003),
    ],
)
def test_wrong_param_is_a_bare_fault(caller: Caller, param: str, code: int) -> None:
    answer = caller.post_param(param, [("a.jpg", JPEG)])
    assert (answer.status, answer.code) == (500, code)
    name = "authorizationFault" if code == 20000 else "ipsApiFault"
    assert answer.xml.tag == f"{{http://www.scene7.com/IpsApi/xsd}}{name}"
    assert caller.box.jobs() == []


CROPS = {
    "manual": "<manualCropOptions><left>1</left><right>2</right><top>0</top><bottom>0</bottom></manualCropOptions>",
    "color": "<autoColorCropOptions><corner>UpperLeft</corner><tolerance>0.5</tolerance></autoColorCropOptions>",
    "transparent": "<autoTransparentCropOptions><tolerance>1</tolerance></autoTransparentCropOptions>",
}


@pytest.mark.parametrize(
    ("crops", "code"), [(["manual"], None), (["manual", "color"], 30001), (["color", "transparent"], 30001)]
)
def test_crop_options_are_exclusive(caller: Caller, crops: list[str], code: int | None) -> None:
    options = OPTIONS.replace("<emailSetting>", "".join(CROPS[crop] for crop in crops) + "<emailSetting>")
    answer = caller.post("a.jpg", job="j", end=True, options=options)
    assert answer.code == code
    if code is None:
        (asset,) = caller.box.assets()
        assert asset["options"]["manualCropOptions"] == {"left": "1", "right": "2", "top": "0", "bottom": "0"}


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        (AUTH.replace("secret", "wrong"), 10001),
        (AUTH.replace("ingest@", "other@"), 10001),
        (AUTH.replace("<password>secret</password>", ""), 10000),
        (AUTH.replace("<user>ingest@example.com</user>", ""), 10000),
        (AUTH.replace("/2014-04-03", ""), 10000),
        (AUTH.replace("<appName>Tests</appName>", ""), 30002),
        (
            AUTH.replace(
                "<appName>Tests</appName><appVersion>1.0</appVersion>", "<appVersion>1.0</appVersion><appName/>"
            ),
            30003,
        ),
        (AUTH.replace("<appName>", "<samlResponse/><appName>"), 30003),
        ("<authHeader", 30003),
    ],
)
def test_wrong_auth_part_is_a_fault(caller: Caller, auth: str, code: int) -> None:
    answer = caller.post_param(FIRST + UPLOAD, [("a.jpg", JPEG)], auth=auth)
    assert (answer.status, answer.code) == (500, code)
    assert caller.box.jobs() == []


def test_company_may_want_the_auth_header_without_a_version(call: Callable[..., Caller]) -> None:
    """PROTOCOL 1.4 and 7: both are documented, and nobody has tried."""
    caller = call(auth_namespace="unversioned")
    assert caller.post("a.jpg", job="j").code == 10000
    answer = caller.post_param(FIRST + UPLOAD, [("a.jpg", JPEG)], auth=auth_xml(namespace=FAULT_NAMESPACE))
    assert answer.code is None
    wrong = caller.post_param(FIRST + UPLOAD, auth=auth_xml(password="no", namespace=FAULT_NAMESPACE))
    assert wrong.code == 10001
    assert caller.soap("getActiveJobs").code is None  # the WSDL says which one it is
    assert call().post_param(FIRST + UPLOAD, auth=auth_xml(namespace=FAULT_NAMESPACE)).code == 10000


def test_fault_status_of_the_auth_header_is_honoured(caller: Caller) -> None:
    """PROTOCOL 1.5: a 200 may carry a fault."""
    auth = AUTH.replace("</authHeader>", "<faultHttpStatusCode>200</faultHttpStatusCode></authHeader>")
    answer = caller.post_param(FIRST, auth=auth)
    assert (answer.status, answer.code) == (200, 30002)


def test_full_path_leads_below_the_company_root(caller: Caller) -> None:
    answer = caller.post_param(f"{COMPANY}<jobName>j</jobName>{UPLOAD}", [("Other/a.jpg", JPEG)])
    assert answer.code == 30001


def test_parts_come_in_order(caller: Caller) -> None:
    auth = ('name="auth"', AUTH.encode())
    param = (
        'name="uploadParams"',
        param_xml(FIRST + UPLOAD).encode(),
    )
    file = ('name="file1"; filename="a.jpg"', JPEG)
    assert caller.post_parts([param, auth, file]).code == 10000
    assert caller.post_parts([auth, file, param]).code == 30002
    assert caller.post_parts([auth]).code == 30002
    assert caller.post_parts([auth, param, ('name="field"', b"x")]).code == 30003
    assert caller.post_parts([auth, param, file]).code is None


def test_file_name_names_one_file(caller: Caller) -> None:
    assert caller.post("x", "y", job="j", file_name="a.jpg").code == 30001
    assert caller.post("x", job="j", file_name="a.jpg").code is None
    assert caller.post("", job="j2").code == 30001
    assert caller.post("x", job="j3", file_name="a\tb.jpg").code == 30001


def test_truncated_multipart_is_refused_and_leaves_nothing(caller: Caller, tmp_path: Path) -> None:
    body = b"".join(
        [
            b'------boundary-7MA4YWxk\r\nContent-Disposition: form-data; name="auth"\r\n\r\n',
            AUTH.encode(),
            b'\r\n------boundary-7MA4YWxk\r\nContent-Disposition: form-data; name="uploadParams"\r\n\r\n',
            param_xml(FIRST + UPLOAD).encode(),
            b'\r\n------boundary-7MA4YWxk\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n',
            JPEG,
        ]
    )
    assert caller.post_body(body).code == 30000
    assert caller.box.jobs() == []
    assert list((tmp_path / "box1" / "incoming").iterdir()) == []


def test_all_posts_of_a_job_come_from_one_address(call: Callable[..., Caller]) -> None:
    """PROTOCOL 2.4."""
    here = call()
    elsewhere = call(here.box, source="127.0.0.2")
    handle = here.post("a.jpg", job="j").handle
    assert elsewhere.post("b.jpg", handle=handle).code == 30001
    assert elsewhere.post(handle=handle, end=True).code == 30001
    assert here.post(handle=handle, end=True).code is None


def test_ended_job_takes_no_more(caller: Caller) -> None:
    handle = caller.post("a.jpg", job="j", end=True).handle
    assert caller.post("b.jpg", handle=handle).code == 30001
    assert caller.post(handle=handle, end=True).code == 30001


def test_two_jobs_of_one_name_are_allowed_and_noted(caller: Caller) -> None:
    first = caller.post("a.jpg", job="j").handle
    second = caller.post("b.jpg", job="j").handle
    assert first != second
    assert [job["same_name_as"] for job in caller.box.jobs()] == [[], [first]]


def test_post_larger_than_allowed_is_refused(call: Callable[..., Caller]) -> None:
    caller = call(max_post_bytes=5000)
    assert caller.post("a.jpg", job="j", content=JPEG + bytes(5000)).code == 30001
    assert caller.post("a.jpg", job="j", content=JPEG).code is None


def test_posts_are_listed_with_files_and_peer(caller: Caller) -> None:
    handle = caller.post("a.jpg", job="j").handle
    caller.post("b.jpg", "c.jpg", handle=handle, end=True)
    (job,) = caller.box.jobs()
    assert [post["files"] for post in job["posts"]] == [
        ["Example Co/in/a.jpg"],
        ["Example Co/in/b.jpg", "Example Co/in/c.jpg"],
    ]
    assert [post["end_job"] for post in job["posts"]] == [False, True]
    assert all(post["peer"].startswith("127.0.0.1:") for post in job["posts"])
    assert (job["name"], job["handle"], job["state"], job["client"]) == ("j", handle, "Done", "Tests 1.0")
