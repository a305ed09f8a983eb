"""
What the sandbox remembers of each request, for tests to look at. Never a password.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

_PASSWORD: Final = re.compile(rb"(<(?:[\w.-]+:)?password(?:\s[^>]*)?>)[^<]*(</)")


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRecord:
    """One request to UploadFile or the SOAP service, written before its answer leaves."""

    at: datetime  # when its head was read
    operation: str  # "UploadFile" or the SOAP operation; "" if it could not be told
    peer: tuple[str, int]
    status: int  # HTTP status of the answer; 0: none was sent
    size_bytes: int  # Content-Length
    job_name: str | None
    job_handle: str | None  # as in the request
    file_names: tuple[str, ...]  # target names of the POST's files, in order, forbidden characters still in
    end_job: bool
    fault_code: int | None  # the IPS fault answered
    scripted: str | None  # what a scripted fault did
    auth_xml: bytes | None  # UploadFile's auth part, with record_xml, the password blanked
    xml: bytes | None  # uploadParams or the SOAP envelope, with record_xml, passwords blanked


@dataclass(slots=True, kw_only=True)
class RequestInfo:
    """What is known of a request so far, while it comes in."""

    at: datetime
    peer: tuple[str, int]
    size_bytes: int
    operation: str = ""
    job_name: str | None = None
    job_handle: str | None = None
    file_names: list[str] = field(default_factory=list)
    end_job: bool = False
    auth_xml: bytes | None = None
    xml: bytes | None = None
    fault_status: int | None = None  # faultHttpStatusCode
    wants_gzip: bool | None = None  # gzipResponse

    def record(self, status: int, fault_code: int | None, scripted: str | None, *, with_xml: bool) -> RequestRecord:
        """The record of the request as answered."""
        return RequestRecord(
            at=self.at,
            operation=self.operation,
            peer=self.peer,
            status=status,
            size_bytes=self.size_bytes,
            job_name=self.job_name,
            job_handle=self.job_handle,
            file_names=tuple(self.file_names),
            end_job=self.end_job,
            fault_code=fault_code,
            scripted=scripted,
            auth_xml=blank_passwords(self.auth_xml) if with_xml and self.auth_xml is not None else None,
            xml=blank_passwords(self.xml) if with_xml and self.xml is not None else None,
        )


def blank_passwords(raw: bytes) -> bytes:
    """The same document with every password empty; works on broken documents too."""
    return _PASSWORD.sub(rb"\1\2", raw)
