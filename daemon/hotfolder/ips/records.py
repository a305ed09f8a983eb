"""
From what zeep makes of an answer to our own values, tolerant of what servers really send (PROTOCOL 5.1).

Reads attributes by name and trusts none: any may be missing, None, empty, or of another type.
zeep gives None for an empty array and for a date or number that it cannot read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from hotfolder.core.catalogue import Listed
from hotfolder.core.server import ActiveJob, Asset, Company, JobLog, LogRow
from hotfolder.ips.markup import local_name


class ShapeError(ValueError):
    """An answer is not built as its operation's answers are; taking it for an empty one would be a lie."""


def items(array: object) -> list[Any]:
    """Return the members of an array as zeep shows it: a list, an object with `items`, or None when empty."""
    if array is None:
        return []
    members = array if isinstance(array, list) else getattr(array, "items", None)
    if not isinstance(members, list):
        raise ShapeError(f"found {type(array).__name__}, wanted an array")
    return [member for member in members if member is not None]


def company(record: object) -> Company | None:
    """Return a company (PROTOCOL 4.5), None without a handle; the root path ends with a slash."""
    handle = _text(record, "companyHandle")
    if not handle:
        return None
    name = _text(record, "name")
    root_path = _text(record, "rootPath") or name
    return Company(handle=handle, name=name, root_path=root_path.rstrip("/") + "/")


def password_expires(user: object) -> datetime | None:
    """Return when a user's password expires, None if the server does not say (PROTOCOL 4.5, getUserInfo)."""
    return _moment(getattr(user, "passwordExpires", None))


def active_companies(memberships: object) -> list[Company]:
    """Return the companies of getCompanyMembership that this user may use now."""
    companies = (
        company(getattr(membership, "company", None))
        for membership in items(memberships)
        if getattr(membership, "isActive", None) is not False
    )
    return [found for found in companies if found is not None]


def positive_number(text: object) -> int | None:
    """Return a property's value as a number (PROTOCOL 4.5, getProperty); None if it is none or means nothing."""
    return int(text) or None if isinstance(text, str) and text.isascii() and text.isdigit() else None


def active_jobs(array: object) -> list[ActiveJob]:
    """Return the jobs of getActiveJobs."""
    return [active_job(record) for record in items(array)]


def active_job(record: object) -> ActiveJob:
    """
    Return a job in progress (PROTOCOL 4.1).

    Progress comes from the tasks: the job's own number stayed 0 while its task was at 1.0 (PROTOCOL 5.1).
    """
    tasks = items(getattr(record, "taskProgressArray", None))
    uploads = [task for task in tasks if "upload" in _text(task, "taskType").casefold()] or tasks
    task = uploads[0] if uploads else None
    message = _text(record, "progressMessage") or (_text(task, "progressMessage") if task is not None else "")
    return ActiveJob(
        handle=_text(record, "jobHandle"),
        original_name=_text(record, "originalName"),
        state=_text(record, "state") or "Unknown",
        progress=_fraction(getattr(task, "progress", None)),
        files_done=_count_or_none(getattr(task, "numProcessed", None)),
        message=message,
    )


def log_rows(record: object) -> list[LogRow]:
    """
    Return the rows of one page of a job log.

    Our WSDL does not declare them, so zeep keeps them as raw elements: it would take five times as long for each row,
    and there is one for every file.
    """
    return [
        _log_row(detail)
        for array in _raw_elements(record)
        if local_name(array) == "detailArray"
        for detail in array.iterchildren(_ITEMS)
    ]


def total_rows(record: object) -> int | None:
    """Return how many rows the server announces, None if it does not."""
    return _count_or_none(getattr(record, "detailTotalRows", None))


def job_log(record: object, rows: list[LogRow], *, is_complete: bool) -> JobLog:
    """Return a job log (PROTOCOL 4.3) from its latest page's head and the rows of all pages."""
    fatal_rows = [row.message or "fatal error" for row in rows if row.log_type.casefold() == "fatalerror"]
    if not fatal_rows and getattr(record, "fatalError", None) is True:
        fatal_rows = ["the server reports a fatal error"]
    return JobLog(
        handle=_text(record, "jobHandle"),
        original_name=_text(record, "originalJobName"),
        started_at=_moment(getattr(record, "startDate", None)),
        ended_at=_moment(getattr(record, "endDate", None)),
        rows=tuple(rows),
        is_complete=is_complete,
        fatal_error=fatal_rows[0] if fatal_rows else "",
        success_count=_count(record, "fileSuccessCount"),
        error_count=_count(record, "fileErrorCount"),
        warning_count=_count(record, "fileWarningCount"),
        duplicate_count=_count(record, "fileDuplicateCount"),
        update_count=_count(record, "fileUpdateCount"),
    )


def names(array: object) -> set[str]:
    """Return the names of an array of texts, such as that of checkAssetNames (PROTOCOL 4.5)."""
    return {name for name in items(array) if isinstance(name, str)}


def assets(array: object) -> list[Asset]:
    """Return the assets of getAssetsByName."""
    return [asset(record) for record in items(array)]


def asset(record: object) -> Asset:
    """Return an asset (PROTOCOL 4.5); its size stands in the info block of its type, such as imageInfo."""
    return Asset(
        name=_text(record, "name"),
        handle=_text(record, "assetHandle"),
        folder=_text(record, "folder"),
        file_name=_text(record, "fileName"),
        size_bytes=next(_file_sizes(record), None),
        modified_at=_moment(getattr(record, "lastModified", None)),
    )


def projects(array: object) -> list[Listed]:
    """Return the projects of getProjects (PROTOCOL 4.5)."""
    found = (Listed(handle=_text(record, "projectHandle"), name=_text(record, "name")) for record in items(array))
    return [project for project in found if project.handle]


def property_set_types(array: object) -> list[tuple[str, str]]:
    """Return handle and name of each type of getPropertySetTypes (PROTOCOL 3.5)."""
    found = ((_text(record, "typeHandle"), _text(record, "name")) for record in items(array))
    return [(handle, name) for handle, name in found if handle]


def property_sets(array: object, type_name: str) -> list[Listed]:
    """Return the property sets of one type, as getPropertySets tells them; what it calls a set stands in the set."""
    found: list[Listed] = []
    for record in items(array):
        pairs = tuple(
            (_text(pair, "name"), _text(pair, "value")) for pair in items(getattr(record, "propertyArray", None))
        )
        found.append(Listed(handle=_text(record, "setHandle"), name=_set_name(pairs), group=type_name, details=pairs))
    return [entry for entry in found if entry.handle]


def _set_name(pairs: Iterable[tuple[str, str]]) -> str:
    """
    Return what a property set is called: the value of its "name", else of its only property that ends in "name".

    A set has no name of its own in the schema, only pairs of names and values; which of them is its name for people is
    not documented (PROTOCOL 3.5), so this is a guess that `hotfolder list` lets people check.
    """
    values = {name.casefold(): value.strip() for name, value in pairs if value.strip()}
    if "name" in values:
        return values["name"]
    ending = [value for name, value in values.items() if name.endswith("name")]
    return ending[0] if len(ending) == 1 else ""


ICC_PROFILE = "IccProfile"
"""The asset type of ICC profiles (PROTOCOL 3.5)."""


def searched_profiles(answer: object) -> tuple[int, list[Listed]]:
    """Return how many assets a page of searchAssets holds, and the ICC profiles among them, named by their IDs."""
    page = items(getattr(answer, "assetArray", None))
    found = [
        Listed(handle=_text(record, "assetHandle"), name=_text(record, "name"))
        for record in page
        if _text(record, "type") in ("", ICC_PROFILE)
    ]
    return len(page), [profile for profile in found if profile.handle]


def _file_sizes(record: object) -> Iterator[int]:
    """Yield `*Info/fileSize`: our WSDL declares no info blocks either."""
    for block in _raw_elements(record):
        if local_name(block).endswith("Info"):
            for child in block:
                text = (child.text or "").strip()
                if local_name(child) == "fileSize" and text.isascii() and text.isdigit():
                    yield int(text)


def _raw_elements(record: object) -> Iterable[etree._Element]:
    """Return the elements that our WSDL does not declare."""
    raw = getattr(record, "_raw_elements", None)
    return raw if isinstance(raw, Iterable) else ()


_ITEMS = "{*}items"


def _log_row(detail: etree._Element) -> LogRow:
    texts: dict[str, str] = {}
    aux: tuple[LogRow, ...] = ()
    for child in detail.iterchildren("{*}*"):
        name = str(child.tag).rpartition("}")[2]
        if name == "auxArray":
            aux = tuple(_log_row(item) for item in child.iterchildren(_ITEMS))
        elif child.text:
            texts[name] = child.text
    return LogRow(
        log_type=texts.get("logType", ""),
        message=texts.get("logMessage", ""),
        asset_name=texts.get("assetName"),
        asset_type=texts.get("assetType"),
        asset_handle=texts.get("assetHandle"),
        at=_moment(_date(texts.get("dateCreated", ""))),
        aux=aux,
    )


def _date(text: str) -> datetime | None:
    """Read an xsd:dateTime as zeep does, which forgives blanks around it."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _text(record: object, name: str) -> str:
    value = getattr(record, name, None)
    return value if isinstance(value, str) else ""


def _count(record: object, name: str) -> int:
    return _count_or_none(getattr(record, name, None)) or 0


def _count_or_none(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _fraction(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(max(float(value), 0.0), 1.0)


def _moment(value: object) -> datetime | None:
    """Return a date in UTC; one without an offset is UTC (PROTOCOL 5.1)."""
    if not isinstance(value, datetime):
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # the year 1 or 9999 with an offset
        return None
