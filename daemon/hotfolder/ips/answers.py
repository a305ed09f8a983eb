"""
What an HTTP answer means: the job handle, or a trouble (PROTOCOL 1.5, 2.6).

The body decides before the status: a 200 may carry a fault, and a 500 a readable one. Elements are found by their local
names, since samples differ in prefixes. Only a whole document of the right kind counts as success.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from lxml import etree

from hotfolder.core import line_troubles
from hotfolder.core.server import KINDS, Action, Trouble
from hotfolder.ips.faults import FAULT_NAMES, Call, Fault, action_of_status, clean, trouble_of_fault
from hotfolder.ips.markup import MarkupError, local_name, parse
from hotfolder.ips.redaction import Redact

MAX_POST_ANSWER_BYTES = 1024 * 1024
"""A real answer has 200 bytes; a megabyte leaves room for an error page."""

MAX_READ_ANSWER_BYTES = 64 * 1024 * 1024
"""A page of 1,000 log rows has about 1 MB, a list of jobs with every file in progress more; the number is a guess."""

MAX_RETRY_AFTER_S = 3600.0
"""A server that asks for more has probably made a mistake, and a person would look within the hour."""

_XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]*>")
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One HTTP answer, read in full unless it was too large."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    is_too_large: bool = False  # longer than we were willing to read
    request_was_sent: bool = True  # False: it came while our request was still on its way, and the rest was not sent
    our_address: str | None = None  # that the server saw, as far as we can tell


def read_post_answer(answer: Answer, *, now: datetime, redact: Redact) -> str | Trouble:
    """
    Return the job handle of an accepted POST, else what went wrong.

    A POST that was answered before it was sent in full is refused only if a fault, 413, 429 or 503 says so.
    """
    root = _root_of(answer)
    fault = _fault_in(root)
    retry_after_s = _retry_after_s(answer.headers, now)
    if fault is not None:
        fault = Fault(code=fault.code, reason=redact(fault.reason))
        return trouble_of_fault(fault, status=answer.status, retry_after_s=retry_after_s)
    handle = _job_handle(root)
    if handle and 200 <= answer.status < 300 and answer.request_was_sent:
        return handle
    action = action_of_status(answer.status, Call.POST)
    if not answer.request_was_sent and answer.status not in (413, 429, 503):
        action = Action.ASK
    return Trouble(
        kind=KINDS[action],
        text=_describe(answer, root, Call.POST, redact),
        status=answer.status,
        retry_after_s=retry_after_s,
        row=action,
    )


def call_of(operation: str) -> Call:
    """Return what a SOAP operation may change on the server."""
    return Call.SUBMIT if operation == "submitJob" else Call.READ


def read_soap_answer(answer: Answer, operation: str, *, now: datetime, redact: Redact) -> Trouble | None:
    """
    Return None when this is the whole answer to the operation, so that zeep may read it; else the trouble.

    zeep itself would take a cut answer, and one to something else, for an empty list (PROTOCOL 5.2).
    """
    root = _root_of(answer)
    fault = _fault_in(root)
    retry_after_s = _retry_after_s(answer.headers, now)
    if fault is not None:
        fault = Fault(code=fault.code, reason=redact(fault.reason))
        return trouble_of_fault(fault, status=answer.status, retry_after_s=retry_after_s)
    if answer.status == 200 and _said(root, f"{operation}Return") is not None:
        return None
    call = call_of(operation)
    return Trouble(
        kind=KINDS[action_of_status(answer.status, call)],
        text=_describe(answer, root, call, redact),
        status=answer.status,
        retry_after_s=retry_after_s,
    )


def lacks_operation(answer: Answer) -> bool:
    """
    Return whether this looks like a server that does not offer the SOAP operation at all.

    There is no fault code for it: it is an HTTP 404, 405 or 501, or a SOAP fault without an IPS fault inside.
    """
    if answer.status in (404, 405, 501):
        return True
    root = _root_of(answer)
    return _said(root, "Fault") is not None and _fault_in(root) is None


def _root_of(answer: Answer) -> etree._Element | None:
    if answer.is_too_large:
        return None
    try:
        return parse(answer.body)
    except MarkupError:
        pass
    # Adobe's own sample has a broken XML declaration (PROTOCOL 2.6): without one the rest must be well-formed UTF-8.
    without = _XML_DECLARATION.sub(b"", answer.body, count=1)
    if without == answer.body:
        return None
    try:
        return parse(without)
    except MarkupError:
        return None


def _said(root: etree._Element | None, name: str) -> etree._Element | None:
    """Return what the body of a SOAP envelope holds, if it is an element of that name, else None."""
    if root is None or local_name(root) != "Envelope":
        return None
    body = next((part for part in root if local_name(part) == "Body"), None)
    said = next((part for part in body if local_name(part)), None) if body is not None else None
    return said if said is not None and local_name(said) == name else None


def _fault_in(root: etree._Element | None) -> Fault | None:
    """Return the IPS fault of a document: its root (UploadFile), or inside a SOAP fault; one without a code is none."""
    if root is None:
        return None
    where = root if local_name(root) in FAULT_NAMES else _said(root, "Fault")
    if where is None:
        return None
    for element in where.iter():
        if local_name(element) in FAULT_NAMES:
            code = _child_text(element, "code")
            if re.fullmatch(r"-?[0-9]{1,9}", code):
                return Fault(code=int(code), reason=_child_text(element, "reason"))
    return None


def _job_handle(root: etree._Element | None) -> str:
    if root is None or local_name(root) != "uploadPostReturn":
        return ""
    return _child_text(root, "jobHandle")


def _child_text(parent: etree._Element, name: str) -> str:
    return next(("".join(child.itertext()).strip() for child in parent if local_name(child) == name), "")


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return Retry-After (RFC 9110 10.2.3: seconds or a date) within bounds, else None."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        wait_s = float(value)
    else:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, IndexError, OverflowError):
            return None
        wait_s = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def _describe(answer: Answer, root: etree._Element | None, call: Call, redact: Redact) -> str:
    """Say what came instead of an answer, for people; quotes at most a page's title or a redirect's host."""
    form = line_troubles.INSTEAD
    if 300 <= answer.status < 400:
        why = line_troubles.REDIRECT.format(place=_host_of(answer.headers.get("location", "")))
    elif answer.status == 413 and call is Call.POST:
        why = line_troubles.TOO_LARGE
    else:
        form = line_troubles.INSTEAD if answer.request_was_sent else line_troubles.INSTEAD_EARLY
        why = _content(answer, root, redact)
    return form.format(status=answer.status, why=why)


def _content(answer: Answer, root: etree._Element | None, redact: Redact) -> str:
    if answer.is_too_large:
        return line_troubles.ENDLESS
    if not answer.body.strip():
        return line_troubles.EMPTY
    fault = _said(root, "Fault")
    if fault is not None:
        text = clean(redact(_child_text(fault, "faultstring")))
        return line_troubles.FAULT.format(message=text) if text else line_troubles.SILENT_FAULT
    start = answer.body[:4096].decode("utf-8", "replace")
    if "html" in answer.headers.get("content-type", "") or re.match(r"\s*<(!doctype html|html)", start, re.IGNORECASE):
        title = _TITLE.search(start)
        said = clean(redact(title[1]), 80) if title else ""
        return line_troubles.HTML_TITLED.format(title=said) if said else line_troubles.HTML
    if root is None:
        return line_troubles.NOT_XML
    return line_troubles.OTHER_DOCUMENT.format(name=clean(local_name(root), 80))


def _host_of(location: str) -> str:
    """Return the host of a redirect, and nothing else of it: paths and queries may hold secrets."""
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    if host:
        return clean(host, 100)
    return line_troubles.TO_THE_SAME_HOST if location else line_troubles.TO_NOWHERE
