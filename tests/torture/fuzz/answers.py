"""
Answers of the server, down to the bytes of HTTP: the real client against a socket that answers whatever it was given.

What is not whole and well-formed is no answer; above all it is never "accepted", "no jobs" or "no rows".
"""

from __future__ import annotations

import gzip
import random
import re
import socket
import threading
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Final

from hotfolder.core.server import Company, PostAnswer, RemoteError
from hotfolder.core.settings import DEFAULT_SERVER, ServerSettings
from hotfolder.edges.remote import IpsRemote
from hotfolder.ports import PostRequest
from tests.torture.fuzz.mutation import NASTY, demand, mutated

COMPANY: Final = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")
XMLNS: Final = 'xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"'
PASSWORD: Final = "canary-password"


class Server:
    """Answers every request with the bytes it was given last, and closes the connection."""

    def __init__(self) -> None:
        self.answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            with client:
                try:
                    self._answer(client)
                except OSError:
                    continue  # the client had seen enough

    def _answer(self, client: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += client.recv(65536) or b"\r\n\r\n"
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        left = (int(length.group(1)) if length else 0) - len(body)
        while left > 0 and (block := client.recv(65536)):
            left -= len(block)
        client.sendall(self.answer)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(5.0)
        while client.recv(65536):
            pass


@cache
def _line() -> tuple[Server, IpsRemote]:
    """Return this process's server and the line to it."""
    server = Server()
    base = f"http://127.0.0.1:{server.port}"
    settings = ServerSettings(
        name=DEFAULT_SERVER,
        upload_url=f"{base}/UploadFile",
        soap_url=f"{base}/services/IpsApiService",
        company="Example Co",
        company_handle=None,
        user="u@example.com",
        password="",
    )
    remote = IpsRemote(
        settings,
        read_password=lambda: PASSWORD,
        connect_timeout_s=5.0,
        read_timeout_s=5.0,
        connections=1,
        app_version="1",
        boundary=lambda: "b" * 20,
        sleep=lambda seconds: None,
    )
    return server, remote


def try_one(number: int, place: Path) -> None:
    """Try one answer to one call."""
    chance = random.Random(f"answer {number}")
    server, remote = _line()
    kind = chance.choice(("post", "post", "active jobs", "job logs", "assets"))
    body = chance.choice(BODIES[kind])
    is_changed = chance.random() < 0.7
    if is_changed:
        body = mutated(chance, body)
    server.answer = _http(chance, body)
    try:
        found = _ask(remote, kind)
    except RemoteError as error:
        demand(PASSWORD not in error.trouble.text, "the password is told")
        demand(error.trouble.text.isprintable(), f"trouble that cannot be printed: {error.trouble.text!a}")
        return
    _judge(kind, body, found)


def _ask(remote: IpsRemote, kind: str) -> object:
    match kind:
        case "post":
            request = PostRequest(company=COMPANY, destination="", job_handle=HANDLE, end_job=True)
            return remote.post(request, lambda sent_bytes: None)
        case "active jobs":
            return remote.active_jobs(COMPANY)
        case "job logs":
            return remote.job_logs(COMPANY, handle=HANDLE)
        case _:
            return remote.assets(COMPANY, ["chair"])


def _judge(kind: str, body: bytes, found: object) -> None:
    """Ask another parser whether there was an answer at all, and count with it."""
    text = re.sub(rb"^\s*<\?xml[^>]*>", b"", body)  # a broken declaration is forgiven (PROTOCOL 2.6)
    try:
        root = ET.fromstring(text)  # noqa: S314 # our own bytes
    except ET.ParseError as error:
        demand(False, f"{kind}: taken for an answer, though it is no XML: {error}")
        return
    if kind == "post":
        handle = root.find("{*}jobHandle") if root.tag.endswith("uploadPostReturn") else None
        demand(isinstance(found, PostAnswer) and handle is not None and bool((handle.text or "").strip()), "accepted")
        return
    wanted = {
        "active jobs": "getActiveJobsReturn",
        "job logs": "getJobLogDetailsReturn",
        "assets": "getAssetsByNameReturn",
    }
    demand(
        any(element.tag.rpartition("}")[2] == wanted[kind] for element in root.iter()),
        f"{kind}: taken for an answer without {wanted[kind]}",
    )
    if kind == "active jobs":
        listed = [
            job for array in root.iter() if array.tag.endswith("jobArray") for job in array if job.tag.endswith("items")
        ]
        demand(isinstance(found, list) and len(found) <= len(listed), f"{len(listed)} jobs are listed")
        demand(bool(found) or not listed, f"{len(listed)} jobs are listed, and none is told")


HANDLE: Final = "j|1||ours|7"


def _envelope(body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f"{body}</e:Body></e:Envelope>"
    ).encode()


def _fault(name: str, code: int) -> str:
    return (
        f'<t:{name} xmlns:t="http://www.scene7.com/IpsApi/xsd"><t:code>{code}</t:code>'
        f"<t:reason>no: {PASSWORD}</t:reason></t:{name}>"
    )


def _soap_fault(name: str, code: int) -> bytes:
    return _envelope(
        f"<e:Fault><faultcode>e:Client</faultcode><faultstring>{name}</faultstring>"
        f"<detail>{_fault(name, code)}</detail></e:Fault>"
    )


_JOB = (
    f"<items><companyHandle>c|1</companyHandle><jobHandle>{HANDLE}</jobHandle><name>ours</name>"
    "<originalName>ours</originalName><type>Upload</type><state>Running</state><submitUserEmail>u</submitUserEmail>"
    "<serverName>s</serverName><startDate>2026-03-01T09:00:00Z</startDate><totalSize>0</totalSize><progress>0</progress>"
    "<progressMessage/><lastProgressUpdate>2026-03-01T09:00:00Z</lastProgressUpdate><taskProgressArray/></items>"
)
_ROW = (
    "<items><logMessage>ExampleCo/chair.jpg was processed into IPS</logMessage><logType>UploadSuccess</logType>"
    "<dateCreated>2026-03-01T09:00:00.123-05:00</dateCreated><assetName>chair</assetName>"
    "<assetType>MasterImage</assetType><assetHandle>a|1</assetHandle></items>"
)
_LOG = (
    f"<items><companyHandle>c|1</companyHandle><jobHandle>{HANDLE}</jobHandle><jobName>ours</jobName>"
    "<originalJobName>ours</originalJobName><submitUserEmail>u</submitUserEmail><logType>BeginUpload</logType>"
    "<jobSubType/><startDate>2026-03-01T09:00:00Z</startDate><endDate>2026-03-01T09:01:00Z</endDate><description/>"
    "<fileSuccessCount>2</fileSuccessCount><fileErrorCount>0</fileErrorCount><fileWarningCount>0</fileWarningCount>"
    "<fileDuplicateCount>0</fileDuplicateCount><fileUpdateCount>0</fileUpdateCount><totalFileCount>2</totalFileCount>"
    "<transferSuccessCount>0</transferSuccessCount><transferErrorCount>0</transferErrorCount>"
    "<transferWarningCount>0</transferWarningCount><fatalError/><detailTotalRows>2</detailTotalRows>"
    f"<detailArray>{_ROW}{_ROW}</detailArray></items>"
)
_ASSET = (
    "<items><assetHandle>a|1</assetHandle><type>Image</type><name>chair</name><folder>ExampleCo/</folder>"
    "<fileName>chair.jpg</fileName><lastModified>2026-03-01T09:00:00Z</lastModified></items>"
)
_ODD = (b"", b"<html><head><title>Sign in</title></head></html>", b"\x00" * 50, b"{}", NASTY[11] + b"<a/>")

BODIES: Final = {
    "post": (
        f"<uploadPostReturn {XMLNS}><jobHandle>{HANDLE}</jobHandle></uploadPostReturn>".encode(),
        f'<?xml version="1.0"><uploadPostReturn {XMLNS}><jobHandle>{HANDLE}</jobHandle></uploadPostReturn>'.encode(),
        _fault("ipsApiFault", 30000).encode(),
        _fault("authenticationFault", 10001).encode(),
        *_ODD,
    ),
    "active jobs": (
        _envelope(f"<getActiveJobsReturn {XMLNS}><jobArray>{_JOB}{_JOB}</jobArray></getActiveJobsReturn>"),
        _envelope(f"<getActiveJobsReturn {XMLNS}><jobArray/></getActiveJobsReturn>"),
        _soap_fault("authorizationFault", 20003),
        *_ODD,
    ),
    "job logs": (
        _envelope(f"<getJobLogDetailsReturn {XMLNS}><jobLogArray>{_LOG}</jobLogArray></getJobLogDetailsReturn>"),
        _soap_fault("ipsApiFault", 30000),
        *_ODD,
    ),
    "assets": (
        _envelope(f"<getAssetsByNameReturn {XMLNS}><assetArray>{_ASSET}</assetArray></getAssetsByNameReturn>"),
        _soap_fault("ipsApiFault", 30003),
        *_ODD,
    ),
}


def _http(chance: random.Random, body: bytes) -> bytes:
    """Put a body into an HTTP answer, which is sometimes wrong itself."""
    status = 200 if chance.random() < 0.8 else chance.choice((500, 404, 503, 301, 204, 999))
    headers = ["Content-Type: text/xml", "Connection: close"]
    if chance.random() < 0.1:
        body = gzip.compress(body)
        if chance.random() < 0.3:
            body = mutated(chance, body)
        headers.append("Content-Encoding: gzip")
    match chance.choice(("length", "length", "length", "length", "none", "wrong", "chunked")):
        case "length":
            headers.append(f"Content-Length: {len(body)}")
        case "wrong":
            headers.append(f"Content-Length: {chance.choice((0, len(body) // 2, len(body) + 10, 10**12))}")
        case "chunked":
            headers.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    if chance.random() < 0.1:
        headers.append(
            chance.choice(("Retry-After: soon", "Retry-After: -5", "Retry-After: 1e9", "X: \xff", "Location: //["))
        )
    answer = "\r\n".join([f"HTTP/1.1 {status} Such", *headers, "", ""]).encode("latin-1") + body
    return mutated(chance, answer, most=1) if chance.random() < 0.1 else answer
