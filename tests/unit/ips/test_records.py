"""
Answers as servers really send them (PROTOCOL 5.1), read by zeep on our WSDL and turned into our own values.
"""

import logging
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from tests.unit.ips.soap import read

from hotfolder.core.catalogue import Listed
from hotfolder.core.server import Company, LogRow
from hotfolder.ips import records


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="zeep.xsd.types.simple")


JOB = """
<getActiveJobsReturn xmlns="http://www.scene7.com/IpsApi/xsd/{version}"><jobArray><items>
  <companyHandle>c|110</companyHandle><jobHandle>j|110||run_2026-01-31-12:00:00.000|7</jobHandle>
  <name>run_2026-01-31-12:00:00.000</name><originalName>run</originalName><type>UrlUpload</type><state>Running</state>
  <submitUserEmail>x@example.com</submitUserEmail><serverName>s1</serverName><startDate>2026-01-31T12:00:00-05:00</startDate>
  <triggerTime>2026-01-31T12:00:00Z</triggerTime><totalSize>0</totalSize><progress>0</progress><progressMessage/>
  <lastProgressUpdate>20080726T08:36:19.19305:00</lastProgressUpdate><taskProgressArray>{tasks}</taskProgressArray>
  <uploadUrlsJob><pdfOptions><process>render</process></pdfOptions><projects/></uploadUrlsJob>
</items></jobArray></getActiveJobsReturn>
"""
TASK = (
    "<items><taskType>{type}</taskType><numProcessed>{done}</numProcessed><numProcessing>1</numProcessing>"
    "<numPending>2</numPending><progress>{progress}</progress><progressMessage>{message}</progressMessage>"
    "<lastProgressUpdate>2026-01-31T12:00:01.5Z</lastProgressUpdate><taskItemProgressArray/></items>"
)


def task(kind: str, *, done: int = 0, progress: str = "0.5", message: str = "") -> str:
    return TASK.format(type=kind, done=done, progress=progress, message=message)


UPLOAD_TASK = "com.scene7.upload.UploadAsyncTaskMonitor"
AUTOSET_TASK = "com.scene7.autoset.AutoSetAsyncTaskMonitor"


@pytest.mark.parametrize("version", ["2014-04-03", "2010-01-31"])
def test_a_running_job_without_task_state_and_with_strangers_is_read(version: str) -> None:
    tasks = task(AUTOSET_TASK, done=9, progress="0.1") + task(UPLOAD_TASK, done=3, progress="1.0", message="Uploading")
    (found,) = records.items(read("getActiveJobs", JOB.format(version=version, tasks=tasks)))
    job = records.active_job(found)
    assert job.handle == "j|110||run_2026-01-31-12:00:00.000|7"
    assert job.original_name == "run"
    assert job.state == "Running"
    assert job.progress == 1.0  # the task's, though the job itself says 0
    assert job.files_done == 3
    assert job.message == "Uploading"


@pytest.mark.parametrize(
    ("tasks", "progress", "done"),
    [
        ("", None, None),
        (task("something new", done=4), 0.5, 4),
        (task(UPLOAD_TASK, progress="7"), 1.0, 0),
        (task(UPLOAD_TASK, progress="-1"), 0.0, 0),
        (task(UPLOAD_TASK, progress="NaN"), None, 0),
        (task(UPLOAD_TASK, progress="soon", done=-1), None, None),
        ("<items/>", None, None),
    ],
)
def test_progress_is_for_display_and_may_be_anything(tasks: str, progress: float | None, done: int | None) -> None:
    (found,) = records.items(read("getActiveJobs", JOB.format(version="2014-04-03", tasks=tasks)))
    job = records.active_job(found)
    assert (job.progress, job.files_done) == (progress, done)


@pytest.mark.parametrize(
    ("operation", "inside"),
    [
        ("getActiveJobs", "<jobArray/>"),
        ("getActiveJobs", ""),
        ("getJobLogDetails", "<jobLogArray/>"),
        ("getAssetsByName", "<assetArray/>"),
        ("getAssetsByName", ""),
        ("getCompanyMembership", "<membershipArray/>"),
    ],
)
def test_an_empty_array_is_an_empty_list(operation: str, inside: str) -> None:
    answer = f'<{operation}Return xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03">{inside}</{operation}Return>'
    assert records.items(read(operation, answer)) == []


def test_an_answer_of_another_shape_is_not_an_empty_list() -> None:
    doubled = (
        '<getActiveJobsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><jobArray><items/></jobArray>'
        "<jobArray><items/></jobArray></getActiveJobsReturn>"
    )
    with pytest.raises(records.ShapeError):
        records.items(read("getActiveJobs", doubled))
    with pytest.raises(records.ShapeError):
        records.items("no jobs")


@pytest.mark.parametrize(
    ("text", "number"),
    [("2147483648", 2147483648), ("0", None), ("-1", None), ("²", None), ("2 GB", None), (None, None)],
)
def test_a_property_is_a_positive_number_or_nothing(text: object, number: int | None) -> None:
    assert records.positive_number(text) == number


LOG = """
<getJobLogDetailsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><jobLogArray><items>
  <companyHandle>c|110</companyHandle><jobHandle>j|110||run|7</jobHandle><jobName>run_x</jobName>
  <originalJobName>run</originalJobName><submitUserEmail/><logType>BeginUpload</logType><jobSubType/>
  <startDate>2026-01-31T11:59:00</startDate>{end}<description/>
  <fileSuccessCount>2</fileSuccessCount><fileErrorCount>x</fileErrorCount><fileWarningCount>205</fileWarningCount>
  <fileDuplicateCount>1</fileDuplicateCount><fileUpdateCount>4</fileUpdateCount><totalFileCount>0</totalFileCount>
  <transferSuccessCount>0</transferSuccessCount><transferErrorCount>0</transferErrorCount>
  <transferWarningCount>0</transferWarningCount><fatalError>{fatal}</fatalError>
  <detailTotalRows>2</detailTotalRows><detailArray>{rows}</detailArray>
</items></jobLogArray></getJobLogDetailsReturn>
"""
ROW = (
    "<items><logMessage>ExampleCo/b&amp;w.jpg was processed into IPS</logMessage><logType>UploadSuccess</logType>"
    "<dateCreated>2026-01-31T12:00:00.250</dateCreated><newThing>1</newThing><assetName>bw</assetName>"
    "<assetType>MasterImage</assetType><assetHandle>a|1</assetHandle><auxArray><items><logMessage>soft</logMessage>"
    "<logType>IPSJobLog.gcUploadWarning</logType></items></auxArray></items>"
)


def test_a_log_keeps_every_field_behind_a_stranger() -> None:
    end = "<endDate>2026-01-31T07:00:01.000-05:00</endDate>"
    (head,) = records.items(read("getJobLogDetails", LOG.format(end=end, fatal="false", rows=ROW)))
    rows = records.log_rows(head)
    assert records.total_rows(head) == 2
    (row,) = rows
    assert row.log_type == "UploadSuccess"
    assert row.message == "ExampleCo/b&w.jpg was processed into IPS"
    assert (row.asset_name, row.asset_type, row.asset_handle) == ("bw", "MasterImage", "a|1")
    assert row.at == datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)  # naive dates are UTC
    assert [(aux.log_type, aux.message) for aux in row.aux] == [("IPSJobLog.gcUploadWarning", "soft")]
    log = records.job_log(head, rows, is_complete=False)
    assert log.handle == "j|110||run|7"
    assert log.original_name == "run"
    assert log.ended_at == datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC)
    assert log.fatal_error == ""
    assert (log.success_count, log.error_count, log.warning_count) == (2, 0, 205)
    assert (log.duplicate_count, log.update_count) == (1, 4)


def test_rows_are_read_in_any_namespace_and_around_comments() -> None:
    row = (
        '<!-- a --><items xmlns=""><logType>UploadError</logType><!-- b --><logMessage/>'
        "<dateCreated> 2026-01-31T12:00:00Z </dateCreated></items><items/>strange<other/>"
    )
    (head,) = records.items(read("getJobLogDetails", LOG.format(end="", fatal="false", rows=row)))
    first, second = records.log_rows(head)
    assert (first.log_type, first.message, first.asset_name) == ("UploadError", "", None)
    assert first.at == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert second == LogRow(log_type="")


@pytest.mark.parametrize("text", ["", "20080726T08:36:19.19305:00", "0001-01-01T00:00:00+14:00", "soon"])
def test_a_row_with_a_damaged_date_has_none(text: str) -> None:
    row = f"<items><logType>UploadSuccess</logType><dateCreated>{text}</dateCreated></items>"
    (head,) = records.items(read("getJobLogDetails", LOG.format(end="", fatal="false", rows=row)))
    assert [found.at for found in records.log_rows(head)] == [None]


@pytest.mark.parametrize("end", ["", "<endDate/>", "<endDate>20080726T08:36:19.19305:00</endDate>"])
def test_a_missing_or_damaged_end_is_no_end(end: str) -> None:
    (head,) = records.items(read("getJobLogDetails", LOG.format(end=end, fatal="false", rows="")))
    assert records.job_log(head, [], is_complete=True).ended_at is None


def test_a_fatal_error_has_words() -> None:
    (head,) = records.items(read("getJobLogDetails", LOG.format(end="", fatal="true", rows="")))
    assert records.job_log(head, [], is_complete=True).fatal_error == "the server reports a fatal error"
    row = "<items><logMessage>disk full</logMessage><logType>Fatalerror</logType></items>"
    (head,) = records.items(read("getJobLogDetails", LOG.format(end="", fatal="false", rows=row)))
    assert records.job_log(head, records.log_rows(head), is_complete=True).fatal_error == "disk full"


def test_an_asset_has_the_size_of_its_info_block() -> None:
    answer = """<getAssetsByNameReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><assetArray>
      <items><assetHandle>a|1</assetHandle><type>Image</type><name>bw</name><fileName>bw.jpg</fileName>
      <folder>ExampleCo/x/</folder><lastModified>2026-01-31T13:00:00+01:00</lastModified>
      <imageInfo><originalFile>bw.jpg</originalFile><fileSize>4294967296</fileSize></imageInfo><permissions/></items>
      <items><name>bw</name><pdfInfo><fileSize>about 3</fileSize></pdfInfo></items>
      </assetArray></getAssetsByNameReturn>"""
    first, second = (records.asset(record) for record in records.items(read("getAssetsByName", answer)))
    assert (first.name, first.handle, first.folder, first.file_name) == ("bw", "a|1", "ExampleCo/x/", "bw.jpg")
    assert first.size_bytes == 4294967296
    assert first.modified_at == datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    assert (second.name, second.handle, second.size_bytes, second.modified_at) == ("bw", "", None, None)


def test_memberships_show_the_companies_that_can_be_used() -> None:
    def member(inside: str, active: str) -> str:
        return f"<items>{inside}<role>IpsUser</role>{active}</items>"

    def company(handle: str, root: str) -> str:
        return (
            f"<company><companyHandle>{handle}</companyHandle><name>Co</name>{root}<expires>never</expires></company>"
        )

    yes, no = "<isActive>true</isActive>", "<isActive>false</isActive>"
    answer = (
        '<getCompanyMembershipReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><membershipArray>'
        + member(company("c|1", "<rootPath>Root/</rootPath>"), yes)
        + member(company("c|2", "<rootPath>Root</rootPath>"), no)
        + member(company("111", "<rootPath>Root2</rootPath>"), "")
        + member(company("c|4", ""), yes)
        + member("", yes)
        + "</membershipArray></getCompanyMembershipReturn>"
    )
    assert records.active_companies(read("getCompanyMembership", answer)) == [
        Company(handle="c|1", name="Co", root_path="Root/"),
        Company(handle="111", name="Co", root_path="Root2/"),
        Company(handle="c|4", name="Co", root_path="Co/"),
    ]


def test_nothing_at_all_is_no_company() -> None:
    assert records.company(None) is None
    assert records.company(SimpleNamespace(companyHandle=7)) is None


def test_a_date_at_the_edge_of_time_is_none() -> None:
    record = SimpleNamespace(endDate=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))))
    assert records.job_log(record, [], is_complete=True).ended_at is None


# --- what options can name ---


def test_projects_have_a_handle_and_a_name() -> None:
    answer = read(
        "getProjects",
        '<getProjectsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><projectArray>'
        "<items><projectHandle>p|6|Spring</projectHandle><name>Spring</name></items>"
        "<items><projectHandle/><name>nothing</name></items></projectArray></getProjectsReturn>",
    )
    assert records.projects(answer) == [Listed(handle="p|6|Spring", name="Spring")]
    nothing = (
        '<getProjectsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><projectArray/></getProjectsReturn>'
    )
    assert records.projects(read("getProjects", nothing)) == []


def test_types_of_property_sets_have_a_handle_and_a_name() -> None:
    answer = read(
        "getPropertySetTypes",
        '<getPropertySetTypesReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><typeArray>'
        "<items><typeHandle>pt|10801</typeHandle><name>Some.Type</name><propertyType>odd</propertyType>"
        "<allowMultiple>false</allowMultiple></items></typeArray></getPropertySetTypesReturn>",
    )
    assert records.property_set_types(answer) == [("pt|10801", "Some.Type")]


SET = (
    '<getPropertySetsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><setArray><items>'
    "<setHandle>ps|941</setHandle><typeHandle>pt|1</typeHandle><propertyArray>{pairs}</propertyArray>"
    "<permissions/></items></setArray></getPropertySetsReturn>"
)


@pytest.mark.parametrize(
    ("pairs", "name"),
    [
        ([("width", "1"), ("Name", "Spin")], "Spin"),
        ([("presetName", "Wide"), ("height", "2")], "Wide"),
        ([("firstName", "a"), ("lastName", "b"), ("name", " c ")], "c"),
        ([("firstName", "a"), ("lastName", "b")], ""),
        ([("Name", " "), ("width", "1")], ""),
        ([], ""),
    ],
)
def test_a_property_set_is_called_what_one_of_its_properties_says(pairs: list[tuple[str, str]], name: str) -> None:
    """Which one is not documented, so where it is not plain there is none, and only the handle can be written."""
    told = "".join(f"<items><name>{key}</name><value>{value}</value></items>" for key, value in pairs)
    (found,) = records.property_sets(read("getPropertySets", SET.format(pairs=told)), "Type")
    assert (found.handle, found.name, found.group) == ("ps|941", name, "Type")
    assert found.details == tuple(pairs)


def test_profiles_are_found_among_what_a_search_brings() -> None:
    answer = read(
        "searchAssets",
        '<searchAssetsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><totalRows>3</totalRows><assetArray>'
        "<items><assetHandle>a|1</assetHandle><type>IccProfile</type><name>Coated</name></items>"
        "<items><assetHandle>a|2</assetHandle><type>Image</type><name>chair</name></items>"
        "<items><assetHandle>a|3</assetHandle><name>Narrow</name></items>"
        "</assetArray></searchAssetsReturn>",
    )
    assert records.searched_profiles(answer) == (
        3,
        [Listed(handle="a|1", name="Coated"), Listed(handle="a|3", name="Narrow")],
    )
    nothing = '<searchAssetsReturn xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"/>'
    assert records.searched_profiles(read("searchAssets", nothing)) == (0, [])
