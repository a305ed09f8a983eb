"""The SOAP service: who may ask, what comes back, and whether it fits the schema."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree
from tests.unit.sandbox.client import COMPANY, NAMESPACE, OPTIONS, SOAP, Answer, Caller, HandClock, auth_xml, param_xml

from hotfolder.sandbox import schemas

SCHEMAS = Path(os.environ.get("HOTFOLDER_IPS_SCHEMAS") or Path(__file__).parents[4] / "shared" / "ips")

ENVELOPE = f'<s:Envelope xmlns:s="{SOAP}">{{}}</s:Envelope>'
HEADER = f"<s:Header>{auth_xml()}</s:Header>"
BODY = f'<s:Body><getActiveJobsParam xmlns="{NAMESPACE}"/></s:Body>'


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The published schema, where it is at hand."""
    path = SCHEMAS / "ips-2014-04-03.xsd"
    if not path.is_file():
        pytest.skip(f"no schema at {path}; HOTFOLDER_IPS_SCHEMAS names its directory")
    return etree.XMLSchema(etree.parse(path))


def payload(answer: Answer) -> etree._Element:
    """The element in the body."""
    body = answer.xml.find(f"{{{SOAP}}}Body")
    assert body is not None
    (element,) = body
    return element


PUBLISH = (
    f"{COMPANY}<jobName>p</jobName><imageServingPublishJob><publishType>Incremental</publishType>"
    "<emailSetting>None</emailSetting></imageServingPublishJob>"
)


def populate(caller: Caller) -> str:
    """A finished job with every kind of row, and an open one; gives the handle of the first."""
    handle = caller.post("a.jpg", "broken.png", "a.jpg", "w.jpg", "doc.zip", job="done", end=True).handle
    options = OPTIONS.replace(
        "<emailSetting>",
        "<photoshopOptions><process>MaintainLayers</process><layerOptions><layerNaming>LayerName</layerNaming>"
        "</layerOptions></photoshopOptions><projectHandleArray><items>p|2101|Autumn</items></projectHandleArray>"
        "<emailSetting>",
    )
    caller.post("b.jpg", job="open", options=options)
    return handle


SET_TYPE = "pt|694098"  # of Sandbox.ImageSetScript

OPERATIONS = {
    "getCompanyInfo": COMPANY,
    "getCompanyMembership": "",
    "checkLogin": "<email>a</email><password>b</password>",
    "getUserInfo": "",
    "getProperty": "<name>IpsVersion</name>",
    "getActiveJobs": "",
    "getJobLogDetails": COMPANY,
    "getJobLogs": "",
    "getAssetsByName": f"{COMPANY}<nameArray><items>a</items><items>doc</items><items>none</items></nameArray>",
    "checkAssetNames": f"{COMPANY}<assetNameArray><items>a</items></assetNameArray>",
    "submitJob": PUBLISH,
    "searchAssets": f"{COMPANY}<includeSubfolders>true</includeSubfolders>",
    "getProjects": COMPANY,
    "getPropertySetTypes": "",
    "getPropertySets": f"<typeHandle>{SET_TYPE}</typeHandle><primaryOwnerHandle>c|2101</primaryOwnerHandle>",
}


def test_every_operation_of_the_schemas_is_tried() -> None:
    assert set(OPERATIONS) == set(schemas.OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_fit_the_schema(call: Callable[..., Caller], schema: etree.XMLSchema, operation: str) -> None:
    caller = call(faults=[{"do": "upload-warning", "file": "w*"}])
    populate(caller)
    caller.soap("submitJob", PUBLISH)
    answer = caller.soap(operation, OPERATIONS[operation])
    assert answer.status == 200
    element = payload(answer)
    assert element.tag == f"{{{NAMESPACE}}}{operation}Return"
    schema.assertValid(etree.fromstring(etree.tostring(element)))


def test_publishes_in_progress_fit_the_schema(
    call: Callable[..., Caller], hand: HandClock, schema: etree.XMLSchema
) -> None:
    caller = call(speed=1.0)
    caller.post("a.jpg", job="one", end=True)
    hand.move(1)
    for _ in range(2):
        caller.soap("submitJob", PUBLISH)
    answer = caller.soap("getActiveJobs")
    assert answer.texts("state") == ["Running", "WaitingCoordinator"]
    schema.assertValid(etree.fromstring(etree.tostring(payload(answer))))


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg",
        "a.psd",
        "a.eps",
        "a.ai",
        "a.pdf",
        "a.indd",
        "a.svg",
        "a.fxg",
        "a.mp4",
        "a.mp3",
        "a.ttf",
        "a.icc",
        "a.xsl",
        "a.xml",
        "a.css",
        "a.zip",
        "a.unknown",
    ],
)
def test_assets_of_every_kind_fit_the_schema(caller: Caller, schema: etree.XMLSchema, name: str) -> None:
    magic = {"a.psd": b"8BPS\0\x01", "a.pdf": b"%PDF-1.7", "a.jpg": b"\xff\xd8\xff"}.get(name, b"x")
    caller.post(name, job="j", end=True, content=magic)
    answer = caller.soap("getAssetsByName", f"{COMPANY}<nameArray><items>a</items></nameArray>")
    assert answer.texts("fileSize") == ([] if name == "a.unknown" else [str(len(magic))])
    schema.assertValid(etree.fromstring(etree.tostring(payload(answer))))


def test_what_the_tests_send_fits_the_schema(call: Callable[..., Caller], schema: etree.XMLSchema) -> None:
    """So the sandbox accepts what the schema accepts."""
    caller = call(record_xml=True)
    populate(caller)
    for record in caller.box.requests:
        assert record.xml is not None
        schema.assertValid(etree.fromstring(record.xml))


@pytest.mark.parametrize(
    ("envelope", "action", "code"),
    [
        (ENVELOPE.format(HEADER + BODY), "getActiveJobs", None),
        (ENVELOPE.format(BODY), "getActiveJobs", 10000),
        (ENVELOPE.format("<s:Header/>" + BODY), "getActiveJobs", 10000),
        (
            ENVELOPE.format(f"<s:Header>{auth_xml(namespace='http://www.scene7.com/IpsApi/xsd')}</s:Header>{BODY}"),
            "getActiveJobs",
            10000,
        ),
        (ENVELOPE.format(f"<s:Header>{auth_xml(password='wrong')}</s:Header>{BODY}"), "getActiveJobs", 10001),
        (ENVELOPE.format(HEADER + BODY), "getJobLogs", 30003),
        (ENVELOPE.format(HEADER + BODY), "", 30003),
        (ENVELOPE.format(BODY + HEADER), "getActiveJobs", 30003),
        (ENVELOPE.format(HEADER), "getActiveJobs", 30003),
        (ENVELOPE.format(HEADER + "<s:Body/>"), "getActiveJobs", 30003),
        (
            ENVELOPE.format(HEADER + BODY).replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"),
            "getActiveJobs",
            30003,
        ),
        (ENVELOPE.format(HEADER + BODY.replace("2014-04-03", "2013-02-15")), "getActiveJobs", 30003),
        (ENVELOPE.format(HEADER + BODY.replace("getActiveJobs", "getNothing")), "getNothing", 30003),
        (ENVELOPE.format(HEADER + BODY)[:-5], "getActiveJobs", 30003),
    ],
)
def test_envelopes(caller: Caller, envelope: str, action: str, code: int | None) -> None:
    answer = caller.envelope(envelope, action)
    assert (answer.status, answer.code) == (200 if code is None else 500, code)
    if code is not None:
        (fault,) = payload(answer).iterfind("detail/*")
        name = "authenticationFault" if code < 20000 else "ipsApiFault"
        assert fault.tag == f"{{http://www.scene7.com/IpsApi/xsd}}{name}"
        assert payload(answer).findtext("faultstring") == name


@pytest.mark.parametrize(
    ("operation", "param", "code"),
    [
        ("getActiveJobs", "<companyHandle>c|9</companyHandle>", 20000),
        ("getActiveJobs", "<originalName>a</originalName><jobHandle>b</jobHandle>", 30003),
        ("getActiveJobs", "<includeWaitingJobs>true</includeWaitingJobs>", 30003),
        ("getJobLogDetails", "", 30002),
        ("getJobLogDetails", f"{COMPANY}<recordsPerPage>1001</recordsPerPage>", 30001),
        ("getJobLogDetails", f"{COMPANY}<resultsPage>0</resultsPage>", 30001),
        ("getJobLogDetails", f"{COMPANY}<sortBy>Name</sortBy>", 30001),
        ("getJobLogs", "<startDate>2026-13-01T00:00:00Z</startDate>", 30001),
        ("getJobLogs", "<userHandle>u|1|other</userHandle>", 30001),
        ("getProperty", "<name>Colour</name>", 30001),
        ("getCompanyInfo", "", 30002),
        ("getCompanyInfo", "<companyName>Other</companyName>", 30001),
        ("getUserInfo", "<email>other@example.com</email>", 30001),
        ("getCompanyMembership", "<userHandle>u|1|other</userHandle>", 30001),
    ],
)
def test_wrong_params_are_faults(caller: Caller, operation: str, param: str, code: int) -> None:
    answer = caller.soap(operation, param)
    assert (answer.status, answer.code) == (500, code)


def test_company_and_user(caller: Caller) -> None:
    for answer in (
        caller.soap("getCompanyInfo", "<companyName>Example Co</companyName>"),
        caller.soap("getCompanyMembership", "<userHandle>u|41|ingest@example.com</userHandle>"),
    ):
        assert [answer.texts(name) for name in ("companyHandle", "name", "rootPath")] == [
            ["c|2101"],
            ["Example Co"],
            ["Example Co/"],
        ]
    assert caller.soap("getUserInfo", "<email>ingest@example.com</email>").texts("email") == ["ingest@example.com"]


@pytest.mark.parametrize(
    ("email", "password", "status"),
    [
        ("ingest@example.com", "secret", "ValidLogin"),
        ("ingest@example.com", "x", "InvalidLogin"),
        ("x", "secret", "InvalidLogin"),
    ],
)
def test_check_login(caller: Caller, email: str, password: str, status: str) -> None:
    answer = caller.soap("checkLogin", f"<email>{email}</email><password>{password}</password>")
    assert answer.texts("status") == [status]


def test_properties(call: Callable[..., Caller]) -> None:
    caller = call(max_post_bytes=12345)
    assert caller.soap("getProperty", "<name>UploadPostMaxFileSize</name>").texts("value") == ["12345"]
    assert caller.soap("getProperty", "<name>IpsVersion</name>").texts("value") == ["6.8"]


def test_active_jobs_are_found_by_handle_and_original_name(caller: Caller) -> None:
    one = caller.post(job="one").handle
    two = caller.post(job="two").handle
    again = caller.post(job="two").handle

    def found(param: str) -> list[str]:
        return caller.soap("getActiveJobs", param).texts("jobHandle")

    assert found("") == [one, two, again]
    assert found(f"<jobHandle>{one}</jobHandle>") == [one]
    assert found("<originalName>two</originalName>") == [two, again]
    assert found(f"<jobHandle>{one}</jobHandle><originalName>two</originalName>") == []
    assert found("<jobHandle>j|unknown</jobHandle>") == []


def test_active_job_shows_its_options_in_order(caller: Caller) -> None:
    caller.post(job="j")
    (block,) = caller.soap("getActiveJobs").xml.iter(f"{{{NAMESPACE}}}uploadPostJob")
    names = [(etree.QName(child).localname, child.text) for child in block]
    assert "".join(f"<{name}>{text}</{name}>" for name, text in names) == OPTIONS


def details(answer: Answer, name: str) -> list[str | None]:
    return [item.findtext(f"{{{NAMESPACE}}}{name}") for item in answer.xml.iterfind(f".//{{{NAMESPACE}}}detailArray/*")]


def test_log_is_read_by_pages(caller: Caller) -> None:
    handle = caller.post(*[f"{n:03}.jpg" for n in range(25)], job="j", end=True).handle
    pages = [
        caller.log(handle=handle, more=f"<recordsPerPage>10</recordsPerPage><resultsPage>{page}</resultsPage>")
        for page in (1, 2, 3, 4)
    ]
    assert [page.texts("detailTotalRows") for page in pages] == [["30"]] * 4
    assert [len(details(page, "logType")) for page in pages] == [10, 10, 10, 0]
    names = [name for page in pages for name in details(page, "assetName") if name]
    assert names == [f"{n:03}" for n in range(25)]


def test_log_page_has_1000_rows_unless_asked(caller: Caller) -> None:
    handle = caller.post(job="j").handle
    for start in range(0, 1200, 300):
        caller.post(*[f"{n}.txt" for n in range(start, start + 300)], handle=handle)
    caller.post(handle=handle, end=True)
    answer = caller.log(handle=handle)
    assert answer.texts("detailTotalRows") == ["1205"]
    assert len(details(answer, "logType")) == 1000


def test_log_is_filtered_and_sorted(caller: Caller) -> None:
    handle = caller.post("a.jpg", "b.png", "c.jpg", job="j", end=True).handle
    wanted = "<logTypeArray><items>UploadSuccess</items><items>UploadError</items></logTypeArray>"
    down = "<sortDirection>Descending</sortDirection>"
    by_type = "<sortBy>LogType</sortBy>"
    assert details(caller.log(handle=handle, more=wanted), "assetName") == ["a", "b", "c"]
    assert caller.log(handle=handle, more=wanted).texts("detailTotalRows") == ["3"]
    assert details(caller.log(handle=handle, more=wanted + down), "assetName") == ["c", "b", "a"]
    assert details(caller.log(handle=handle, more=wanted + by_type), "assetName") == ["b", "a", "c"]


def test_log_by_original_name_gives_every_job_of_that_name(caller: Caller) -> None:
    caller.post("a.jpg", job="twin", end=True)
    caller.post("b.jpg", "c.jpg", job="twin")
    answer = caller.soap("getJobLogDetails", f"{COMPANY}<originalName>twin</originalName>")
    assert answer.texts("originalJobName") == ["twin", "twin"]
    assert answer.texts("detailTotalRows") == ["6", "3"]
    assert len(answer.texts("endDate")) == 1
    assert caller.soap("getJobLogDetails", f"{COMPANY}<originalName>none</originalName>").texts("items") == []


def test_log_counts_by_verdict(call: Callable[..., Caller]) -> None:
    caller = call(faults=[{"do": "upload-warning", "file": "w*"}])
    caller.post("u.jpg", job="before", end=True)
    handle = caller.post("a.jpg", "b.png", "u.jpg", "a.jpg", "w.jpg", job="j", end=True).handle
    answer = caller.log(handle=handle)
    names = ("fileSuccessCount", "fileErrorCount", "fileWarningCount", "fileDuplicateCount", "fileUpdateCount")
    assert [answer.texts(name) for name in names] == [["1"]] * 5
    assert answer.texts("totalFileCount") == ["5"]


def test_job_logs_are_sorted_and_limited(caller: Caller, hand: HandClock) -> None:
    for name in ("b", "a", "c"):
        caller.post(f"{name}.jpg", job=name, end=True)
        hand.move(3600)

    def names(param: str) -> list[str]:
        return caller.soap("getJobLogs", param).texts("jobName")

    assert names("") == ["b", "a", "c"]
    assert names("<sortBy>JobName</sortBy><sortDirection>Descending</sortDirection>") == ["c", "b", "a"]
    assert names("<sortBy>FileSuccessCount</sortBy><numRows>1</numRows>") == ["b"]
    assert names("<startDate>2026-01-31T08:00:00-05:00</startDate>") == ["a", "c"]
    assert names("<endDate>2026-01-31T12:30:00</endDate>") == ["b"]


def test_assets_are_found_by_name(caller: Caller) -> None:
    caller.post("a.jpg", "B.jpg", job="j", end=True)

    def found(more: str, *names: str) -> Answer:
        items = "".join(f"<items>{name}</items>" for name in names)
        return caller.soap("getAssetsByName", f"{COMPANY}<nameArray>{items}</nameArray>{more}")

    answer = found("", "a", "b", "B", "a.jpg")
    assert answer.texts("name") == ["a", "B"]
    assert answer.texts("folder") == ["Example Co/in/", "Example Co/in/"]
    assert answer.texts("lastModified") == ["2026-01-31T07:00:00.000-05:00"] * 2
    assert found("<assetTypeArray><items>Video</items></assetTypeArray>", "a").texts("name") == []
    assert found("<excludeAssetTypeArray><items>Image</items></excludeAssetTypeArray>", "a").texts("name") == []
    narrow = found(
        "<responseFieldArray><items>assetArray/items/name</items><items>assetArray/items/imageInfo/fileSize</items>"
        "</responseFieldArray>",
        "a",
    )
    (item,) = payload(narrow)[0]
    assert [etree.QName(child).localname for child in item.iterdescendants()] == ["name", "imageInfo", "fileSize"]
    without = found("<excludeFieldArray><items>assetArray/items/imageInfo</items></excludeFieldArray>", "a")
    assert (without.texts("name"), without.texts("fileSize")) == (["a"], [])


def test_names_in_use(caller: Caller) -> None:
    caller.post("a.jpg", job="j", end=True)
    names = "<assetNameArray><items>a</items><items>b</items></assetNameArray>"
    assert caller.soap("checkAssetNames", COMPANY + names).texts("items") == ["a"]


@pytest.mark.parametrize(
    ("accept", "header", "is_packed"),
    [
        ("gzip, deflate", "", True),
        ("identity", "", False),
        ("deflate, gzip;q=0", "", False),
        ("gzip", "<gzipResponse>false</gzipResponse>", False),
        ("identity", "<gzipResponse>true</gzipResponse>", True),
    ],
)
def test_answers_are_packed_when_allowed(caller: Caller, accept: str, header: str, is_packed: bool) -> None:
    """PROTOCOL 1.3."""
    auth = auth_xml().replace("</authHeader>", f"{header}</authHeader>")
    answer = caller.soap("getProperty", "<name>IpsVersion</name>", auth=auth, **{"Accept-Encoding": accept})
    assert (answer.headers["Content-Encoding"] == "gzip") == is_packed
    body = gzip.decompress(answer.body) if is_packed else answer.body
    assert b"<value>6.8</value>" in body


def test_names_that_need_escaping_come_back_whole(caller: Caller) -> None:
    name = "Ärger ]]> <b>&amp; 漢字 #1.jpg"
    caller.post("x", job="j", end=True, file_name=name)
    (asset,) = caller.box.assets()
    answer = caller.soap("getAssetsByName", f"{COMPANY}<nameArray><items>{asset['name']}</items></nameArray>")
    assert answer.texts("fileName") == ["Ärger ]] bamp 漢字 #1.jpg"]


def test_xml_of_a_post_fits_the_schema_only_in_order(schema: etree.XMLSchema) -> None:
    """The oracle itself tells right from wrong."""
    right = f"{COMPANY}<jobName>j</jobName><uploadParams>{OPTIONS}</uploadParams>"
    assert schema.validate(etree.fromstring(param_xml(right)))
    assert not schema.validate(etree.fromstring(param_xml(f"<jobName>j</jobName>{COMPANY}")))
