"""
The HTTP side: routes, answers, and faults of the connection. Threads over plain sockets, because a fault has to cut,
reset or silence the very connection, and because a body of any size has to stream at constant memory.
"""

import contextlib
import http
import http.server
import json
import logging
import re
import socket
import socketserver
import struct
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from hotfolder.sandbox.body import BLOCK, Body, BodyCutError, ResetDueError, StallDueError
from hotfolder.sandbox.clock import Clock
from hotfolder.sandbox.errors import IpsFaultError
from hotfolder.sandbox.faults import UPLOAD, Fault, FaultScript, RequestWatch
from hotfolder.sandbox.jobs import Jobs
from hotfolder.sandbox.page import STYLE_SHEET, Page
from hotfolder.sandbox.records import RequestInfo, RequestRecord
from hotfolder.sandbox.replies import HTML, XML, Reply, fault_reply, packed, spoilt, text
from hotfolder.sandbox.soap import SoapService
from hotfolder.sandbox.upload import UploadServlet
from hotfolder.sandbox.views import asset_views, job_views

BASE_PATH: Final = "/scene7"
_UPLOAD_PATH: Final = f"{BASE_PATH}/UploadFile"
_SOAP_PATH: Final = f"{BASE_PATH}/services/IpsApiService"

_SOAP_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of an envelope: thousands of asset names fit in one."""

_LINGER_S: Final = 2.0
"""Patience with a caller that goes on sending what was refused: any that reads closes at once."""

_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

log = logging.getLogger("hotfolder.sandbox")


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """All that requests are handed to."""

    upload: UploadServlet
    soap: SoapService
    jobs: Jobs
    page: Page
    script: FaultScript
    clock: Clock


class SandboxServer(socketserver.ThreadingTCPServer):
    """Listens from its making on; `serve` accepts until `stop`, one thread per connection."""

    allow_reuse_address = True
    request_queue_size = 128  # a burst of connections must not be refused for want of backlog
    daemon_threads = False  # server_close waits for them

    def __init__(self, address: tuple[str, int], services: Services, *, max_requests: int, record_xml: bool) -> None:
        self.services = services
        self.record_xml = record_xml
        self.stopping = threading.Event()
        self._records: deque[RequestRecord] = deque(maxlen=max_requests)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def serve(self) -> None:
        """Accept connections until `stop`."""
        while not self.stopping.is_set():
            self.handle_request()

    def stop(self) -> None:
        """End `serve`, after which `disconnect` ends the connections."""
        self.stopping.set()
        self.services.script.release()
        with contextlib.suppress(OSError), socket.create_connection(self.socket.getsockname()[:2], timeout=5):
            pass  # wakes the accepting thread

    def disconnect(self) -> None:
        """Close every connection and the listening socket, and wait for their threads."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def remember(self, record: RequestRecord) -> None:
        with self._lock:
            self._records.append(record)

    def records(self) -> list[RequestRecord]:
        with self._lock:
            return list(self._records)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError):  # the caller may go away at any time
            log.error("A request failed", exc_info=error)


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        services = self.server.services
        url = urlsplit(self.path)
        match url.path:
            case "/":
                with services.jobs.reading() as db:
                    html = services.page.render(db, is_paused=url.query == "pause")
                self._send(Reply(status=200, content_type=HTML, body=html.encode(), headers=_PAGE_HEADERS))
            case "/sandbox.css":
                self._send(Reply(status=200, content_type="text/css", body=STYLE_SHEET, headers=_PAGE_HEADERS))
            case "/api/assets":
                with services.jobs.reading() as db:
                    self._send_json(asset_views(db))
            case "/api/jobs":
                with services.jobs.reading() as db:
                    self._send_json(job_views(db))
            case "/healthz":
                self._send(text(200, "ok"))
            case _:
                self._send(text(404, "There is nothing here"))

    def do_DELETE(self) -> None:
        path = urlsplit(self.path).path
        name = unquote(path.removeprefix("/api/assets/"))
        found = path.startswith("/api/assets/") and self.server.services.jobs.trash(name)
        self._send(text(200, "in the trash") if found else text(404, "There is nothing here"))

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        if path not in (_UPLOAD_PATH, _SOAP_PATH):
            self._refuse(text(404, "There is nothing here"))
            return
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or not re.fullmatch(r"[0-9]{1,18}", lengths[0]) or "Transfer-Encoding" in self.headers:
            self._refuse(text(411, "Content-Length is needed"))
            return
        if path == _SOAP_PATH and int(lengths[0]) > _SOAP_LIMIT:
            self._refuse(text(413, f"An envelope may have {_SOAP_LIMIT} bytes"))
            return
        info = RequestInfo(
            at=self.server.services.clock.now(), peer=self.client_address[:2], size_bytes=int(lengths[0])
        )
        is_upload = path == _UPLOAD_PATH
        info.operation = UPLOAD if is_upload else self.headers.get("SOAPAction", "").strip().strip('"')
        watch = self.server.services.script.watch(info.operation)
        watch.look()
        body = Body(self.rfile, info.size_bytes, watch, self.server.stopping.wait)
        try:
            reply = self._upload(body, watch, info) if is_upload else self._soap(body, watch, info)
        except BodyCutError:
            self._remember(info, 0, None, watch.acting)
            self.close_connection = True
        except ResetDueError:
            self._remember(info, 0, None, watch.acting)
            self._reset()
        except StallDueError as stall:
            self._stall(stall.fault, info)
        else:
            self._deliver(reply, watch.acting, info, is_upload=is_upload)

    def _upload(self, body: Body, watch: RequestWatch, info: RequestInfo) -> Reply | None:
        boundary = self.headers.get_boundary() if self.headers.get_content_type() == "multipart/form-data" else None
        try:
            answer = self.server.services.upload.take(body, boundary, watch, info)
        except IpsFaultError as fault:
            body.drain()
            return fault_reply(fault, _status_of(fault, info), is_upload=True)
        return None if answer is None else Reply(status=200, content_type=XML, body=answer)

    def _soap(self, body: Body, watch: RequestWatch, info: RequestInfo) -> Reply | None:
        raw = body.content()
        try:
            if self.headers.get_content_type() != "text/xml":
                raise IpsFaultError(30003, f"Content-Type: found {self.headers.get_content_type()}, wanted text/xml")
            answer = self.server.services.soap.take(raw, watch, info)
        except IpsFaultError as fault:
            return self._zipped(fault_reply(fault, _status_of(fault, info), is_upload=False), info)
        return None if answer is None else self._zipped(Reply(status=200, content_type=XML, body=answer), info)

    def _zipped(self, reply: Reply, info: RequestInfo) -> Reply:
        """SOAP answers are compressed when Accept-Encoding allows it; gzipResponse overrides (PROTOCOL 1.3)."""
        allowed = re.search(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", self.headers.get("Accept-Encoding", ""))
        if info.wants_gzip is False or (info.wants_gzip is None and not allowed):
            return reply
        return packed(reply)

    def _deliver(self, reply: Reply | None, fault: Fault | None, info: RequestInfo, *, is_upload: bool) -> None:
        """Send the answer, or what a scripted fault makes of it."""
        if fault is not None:
            if fault.do == "slow":
                self.server.stopping.wait(fault.seconds)
            elif fault.do == "hold":
                fault.released.wait()
            elif fault.do == "reset":  # the body was shorter than after_bytes
                self._remember(info, 0, None, fault)
                self._reset()
                return
            elif fault.do in ("swallow-before", "swallow-after"):
                self._remember(info, 0, None, fault)
                self.close_connection = True
                return
            elif fault.do == "stall":  # the same
                self._stall(fault, info)
                return
            elif fault.do == "truncated" and reply is not None:
                self._remember(info, reply.status, reply.fault_code, fault)
                self._send_half(reply, is_admitted=fault.short_length)
                return
            else:
                reply = spoilt(fault, reply, is_upload=is_upload)
        if reply is None:
            raise RuntimeError(f"no answer to {info.operation}, scripted {fault}")
        self._remember(info, reply.status, reply.fault_code, fault)
        if fault is not None and fault.do == "drip":
            self._drip(reply, fault.bytes_per_second)
        else:
            self._send(reply)

    def _stall(self, fault: Fault, info: RequestInfo) -> None:
        self._remember(info, 0, None, fault)
        fault.released.wait()
        self.close_connection = True

    def _remember(self, info: RequestInfo, status: int, fault_code: int | None, fault: Fault | None) -> None:
        scripted = None if fault is None else fault.do
        self.server.remember(info.record(status, fault_code, scripted, with_xml=self.server.record_xml))

    def _send(self, reply: Reply) -> None:
        self.connection.sendall(self._head(reply, len(reply.body)) + reply.body)

    def _refuse(self, reply: Reply) -> None:
        """Answer without having read the body; what still comes is read and forgotten, lest a reset eat the answer."""
        self.close_connection = True
        self._send(reply)
        self.connection.settimeout(_LINGER_S)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while self.rfile.read1(BLOCK):
                pass

    def _send_json(self, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        self._send(Reply(status=200, content_type="application/json", body=body, headers=_PAGE_HEADERS))

    def _send_half(self, reply: Reply, *, is_admitted: bool) -> None:
        half = reply.body[: len(reply.body) // 2]
        self.close_connection = True
        self.connection.sendall(self._head(reply, len(half if is_admitted else reply.body)) + half)

    def _drip(self, reply: Reply, bytes_per_second: int) -> None:
        for byte in self._head(reply, len(reply.body)) + reply.body:
            self.connection.sendall(bytes((byte,)))
            if self.server.stopping.wait(1 / bytes_per_second):
                return

    def _head(self, reply: Reply, length: int) -> bytes:
        lines = [
            f"HTTP/1.1 {reply.status} {_phrase(reply.status)}",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {length}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        if self.close_connection:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _reset(self) -> None:
        """Close at once with a TCP reset instead of an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()  # it holds the socket open
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing goes to stderr; `SandboxServer.records` tells what was asked."""


def _status_of(fault: IpsFaultError, info: RequestInfo) -> int:
    """HTTP 500, or the request's faultHttpStatusCode (PROTOCOL 1.5)."""
    return fault.status or info.fault_status or 500


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
