"""
A caller that writes every message by hand, so that a test of the sandbox does not lean on the daemon's encoders; and a
clock that tests move.
"""

import http.client
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self
from xml.sax.saxutils import escape

from lxml import etree

from hotfolder.sandbox import Clock, Sandbox

NAMESPACE = "http://www.scene7.com/IpsApi/xsd/2014-04-03"
FAULT_NAMESPACE = "http://www.scene7.com/IpsApi/xsd"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
JPEG = b"\xff\xd8\xff\xe0 a picture"
BOUNDARY = "----boundary-7MA4YWxk"

OPTIONS = (
    "<overwrite>true</overwrite><readyForPublish>true</readyForPublish><preservePublishState>true</preservePublishState>"
    "<createMask>false</createMask><emailSetting>None</emailSetting>"
)
KEEP = OPTIONS.replace("<overwrite>true", "<overwrite>false")
COMPANY = "<companyHandle>c|2101</companyHandle>"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)

    @property
    def code(self) -> int | None:
        """The code of the IPS fault in it, None if it holds none."""
        codes = self.texts("code")
        return int(codes[0]) if codes else None

    @property
    def handle(self) -> str:
        """The job handle of an uploadPostReturn."""
        (handle,) = self.texts("jobHandle")
        return handle

    def texts(self, name: str) -> list[str]:
        """The texts of all elements with a local name."""
        return [element.text or "" for element in self.xml.iter(f"{{*}}{name}")]


def auth_xml(user: str = "ingest@example.com", password: str = "secret", namespace: str = NAMESPACE) -> str:
    return (
        f'<authHeader xmlns="{namespace}"><user>{user}</user><password>{password}</password><locale>en-US</locale>'
        "<appName>Tests</appName><appVersion>1.0</appVersion></authHeader>"
    )


def param_xml(content: str) -> str:
    return f'<uploadPostParam xmlns="{NAMESPACE}">{content}</uploadPostParam>'


def multipart(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A body of parts, each the parameters of its Content-Disposition and its content."""
    body = bytearray()
    for disposition, content in parts:
        body += f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"
    return bytes(body) + f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Caller:
    """Talks to one sandbox over one connection, which it opens again when the server has closed it."""

    box: Sandbox
    source: str = "127.0.0.1"
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", self.box.port, timeout=20, source_address=(self.source, 0)
        )

    def close(self) -> None:
        self.connection.close()

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        try:
            self.connection.request(method, path, body, headers or {})
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except BaseException:
            self.connection.close()
            raise

    def post_parts(self, parts: Sequence[tuple[str, bytes]]) -> Answer:
        return self.post_body(multipart(parts))

    def post_body(self, body: bytes) -> Answer:
        return self.send(
            "POST", "/scene7/UploadFile", body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        )

    def post_param(self, param: str, files: Sequence[tuple[str, bytes]] = (), *, auth: str | None = None) -> Answer:
        """A POST with this content of uploadPostParam."""
        xml = [('name="auth"', (auth or auth_xml()).encode()), ('name="uploadParams"', param_xml(param).encode())]
        return self.post_parts(
            xml + [(f'name="file{n}"; filename="{name}"', content) for n, (name, content) in enumerate(files, 1)]
        )

    def post(
        self,
        *names: str,
        job: str | None = None,
        handle: str | None = None,
        end: bool = False,
        dest: str = "Example Co/in/",
        file_name: str | None = None,
        options: str = OPTIONS,
        content: bytes = JPEG,
    ) -> Answer:
        """A POST as the protocol wants it: a first one with `job`, a later one with `handle`."""
        pieces = [COMPANY]
        pieces += [f"<jobName>{job}</jobName>"] if job else []
        pieces += [f"<jobHandle>{handle}</jobHandle>"] if handle else []
        pieces += [f"<destFolder>{escape(dest)}</destFolder>"]
        pieces += [f"<fileName>{escape(file_name)}</fileName>"] if file_name is not None else []
        pieces += ["<endJob>true</endJob>"] if end else []
        pieces += [f"<uploadParams>{options}</uploadParams>"] if job else []
        return self.post_param("".join(pieces), [(name, content) for name in names])

    def envelope(self, envelope: str, action: str, **headers: str) -> Answer:
        return self.send(
            "POST",
            "/scene7/services/IpsApiService",
            envelope.encode(),
            {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"', **headers},
        )

    def soap(self, operation: str, param: str = "", *, auth: str | None = None, **headers: str) -> Answer:
        return self.envelope(
            f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{auth or auth_xml()}</s:Header><s:Body>'
            f'<{operation}Param xmlns="{NAMESPACE}">{param}</{operation}Param></s:Body></s:Envelope>',
            operation,
            **headers,
        )

    def log(self, *, handle: str, more: str = "") -> Answer:
        param = f"{COMPANY}<jobHandle>{handle}</jobHandle>{more}"
        return self.soap("getJobLogDetails", param)

    def verdicts(self, handle: str) -> list[tuple[str, str]]:
        """(logType, assetName) of the rows that name an asset."""
        details = self.log(handle=handle).xml.iterfind(f".//{{{NAMESPACE}}}detailArray/{{{NAMESPACE}}}items")
        found = []
        for detail in details:
            name = detail.findtext(f"{{{NAMESPACE}}}assetName")
            if name is not None:
                found.append((detail.findtext(f"{{{NAMESPACE}}}logType") or "", name))
        return found

    def states(self) -> dict[str, str]:
        """The active jobs: state by name."""
        active = self.soap("getActiveJobs")
        return dict(zip(active.texts("name"), active.texts("state"), strict=True))


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    seconds: float = 1000.0
    start: datetime = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

    def move(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds - 1000.0)

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.seconds, now=self.now)


class Uploading:
    """A POST of one file to an open job that stops in mid-body until `finish`."""

    def __init__(self, box: Sandbox, handle: str) -> None:
        self._seen = box.add_fault(on="UploadFile", file="late.jpg", nth=1, do="slow", seconds=0)
        param = f"{COMPANY}<jobHandle>{handle}</jobHandle><destFolder>Example Co/in/</destFolder>"
        body = multipart(
            [
                ('name="auth"', auth_xml().encode()),
                ('name="uploadParams"', param_xml(param).encode()),
                ('name="file1"; filename="late.jpg"', JPEG + bytes(1000)),
            ]
        )
        self._body, self._rest = body[:-500], body[-500:]
        self._connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=20)

    def __enter__(self) -> Self:
        self._connection.putrequest("POST", "/scene7/UploadFile")
        self._connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        self._connection.putheader("Content-Length", str(len(self._body) + len(self._rest)))
        self._connection.endheaders(self._body)
        return self

    def wait_until_seen(self) -> None:
        """Until the server reads the file."""
        assert self._seen.met.wait(20)

    def finish(self) -> Answer:
        """Send the rest."""
        self._connection.send(self._rest)
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def __exit__(self, *_: object) -> None:
        self._connection.close()
