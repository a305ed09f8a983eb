"""
HTTP answers as values, and what a scripted fault makes of one.
"""

import gzip
from dataclasses import dataclass, field, replace
from typing import Final

from lxml import etree

from hotfolder.sandbox.answers import SOAP_NAMESPACE, ips_fault, soap_fault
from hotfolder.sandbox.documents import NAMESPACE
from hotfolder.sandbox.errors import IpsFaultError
from hotfolder.sandbox.faults import Fault

XML: Final = "text/xml; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer."""

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    fault_code: int | None = None


def text(status: int, said: str) -> Reply:
    """A line of plain text."""
    return Reply(status=status, content_type="text/plain; charset=utf-8", body=f"{said}\n".encode())


def fault_reply(fault: IpsFaultError, status: int, *, is_upload: bool) -> Reply:
    """An IPS fault: bare from UploadFile, in an envelope from SOAP (PROTOCOL 1.5)."""
    body = ips_fault(fault) if is_upload else soap_fault(fault)
    return Reply(status=status, content_type=XML, body=body, fault_code=fault.code)


def packed(reply: Reply) -> Reply:
    """The same answer, compressed; one that is so already stays as it is."""
    if "Content-Encoding" in reply.headers:
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, body=gzip.compress(reply.body, compresslevel=1), headers=headers)


def spoilt(fault: Fault, reply: Reply | None, *, is_upload: bool) -> Reply | None:
    """The answer that a scripted fault puts in place of the true one, which is None if nothing was carried out."""
    match fault.do:
        case "http-503":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            body = b"<html><body><h1>Service Temporarily Unavailable</h1></body></html>"
            return Reply(status=fault.status, content_type=HTML, body=body, headers=headers)
        case "html":
            body = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in<br></body></html>"
            return Reply(status=fault.status, content_type=HTML, body=body)
        case "garbage":
            return Reply(status=fault.status, content_type=XML, body=b"\x00\xff<<uploadPostReturn>&nothing;\xfe")
        case "empty-200":
            return Reply(status=200, content_type=XML, body=b"")
        case "redirect":
            location = fault.location.encode("ascii", "ignore").decode().replace("\r", "").replace("\n", "")
            return Reply(status=fault.status, content_type=HTML, body=b"", headers={"Location": location})
        case "fault":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            said = fault_reply(IpsFaultError(fault.code, fault.reason), fault.status, is_upload=is_upload)
            return replace(said, headers=headers)
        case _:
            return None if reply is None else _changed(fault, reply)


def _changed(fault: Fault, reply: Reply) -> Reply:
    """The true answer, with something done to it."""
    match fault.do:
        case "gzip":
            return packed(reply)
        case "broken-gzip":
            good = packed(reply)  # all of it can be unpacked, and only its checksum tells
            return replace(good, body=good.body[:-8] + bytes(byte ^ 0xFF for byte in good.body[-8:]))
        case "namespace":
            plain = _unpacked(reply)
            return replace(plain, body=plain.body.replace(NAMESPACE.encode(), fault.namespace.encode()))
        case "hollow":
            return _hollow(_unpacked(reply))
        case "huge":
            plain = _unpacked(reply)
            return replace(plain, body=plain.body + b" " * fault.size_bytes)
        case _:
            return reply


def _unpacked(reply: Reply) -> Reply:
    if "Content-Encoding" not in reply.headers:
        return reply
    headers = {name: value for name, value in reply.headers.items() if name != "Content-Encoding"}
    return replace(reply, body=gzip.decompress(reply.body), headers=headers)


def _hollow(reply: Reply) -> Reply:
    """The return element without its content."""
    root = etree.fromstring(reply.body)
    body = root.find(f"{{{SOAP_NAMESPACE}}}Body")
    element = root if body is None else body[0]
    for child in list(element):
        element.remove(child)
    return replace(reply, body=etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
