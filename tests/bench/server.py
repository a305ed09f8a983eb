"""
A server that speaks just enough IPS to be uploaded to, and does as little as possible: no check, no disk, no delay.

It reads every request with its exact Content-Length, throws the bytes away, remembers file names and when the first and
the last byte of each POST came, and calls every file stored as soon as it is asked, but those that are called
`refused-...`. `python -m tests.bench.server` prints its port. Raw sockets, because an HTTP framework would be slower
than what is to be measured.

    POST /scene7/UploadFile               one job for ever per jobName
    POST /scene7/services/IpsApiService   the reading calls
    POST /line-N/...                      the same on a line of N MB/s
    GET /stats                            what came since the last call, as JSON
"""

from __future__ import annotations

import itertools
import json
import re
import resource
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Final

HELD_BYTES: Final = 32 * 1024 * 1024
"""Bodies up to this size are kept until they are complete and searched for names; of larger ones only the beginning."""

BLOCK_BYTES: Final = 1024 * 1024
LOOKED_AT_BYTES: Final = 16 * 1024  # of a body: both documents and the head of the first file are in there

PAGE_ROWS: Final = 1000

REFUSED: Final = "refused-"
"""Files with such names come to nothing, as ones would that the server cannot read."""

_NAMESPACE: Final = "http://www.scene7.com/IpsApi/xsd/2014-04-03"
_FILE_NAME: Final = b' filename="'
_NEXT_HEAD_BYTES: Final = 512  # of a part: its delimiter and its headers

_DATE: Final = "2026-01-01T00:00:00.000Z"


@dataclass(slots=True)
class Job:
    """What came under one name."""

    handle: str
    name: str
    assets: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Store:
    """All that is remembered; a list or dictionary operation is one step of the interpreter, so no lock is needed."""

    jobs: dict[str, Job] = field(default_factory=dict)  # by handle
    names: dict[str, str] = field(default_factory=dict)  # name to handle
    posts: list[tuple[float, float, int, list[str]]] = field(default_factory=list)  # first and last byte, size, names
    reads: list[str] = field(default_factory=list)  # SOAP operations
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def open(self, name: str) -> Job:
        """Return the job of a name, a new one if there is none."""
        handle = self.names.get(name)
        if handle is None:
            handle = self.names[name] = f"j|{next(self.numbers)}"
            self.jobs[handle] = Job(handle, name)
        return self.jobs[handle]

    def take_stats(self) -> dict[str, object]:
        """Return what came since the last call."""
        posts, self.posts = self.posts, []
        reads, self.reads = self.reads, []
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {"posts": posts, "reads": len(reads), "cpu_s": usage.ru_utime + usage.ru_stime}


class Visit:
    """One connection."""

    def __init__(self, connection: socket.socket, store: Store) -> None:
        self._connection = connection
        self._store = store
        self._memory = bytearray(BLOCK_BYTES)

    def serve(self) -> None:
        """Answer request after request until the other side is gone."""
        with self._connection:
            try:
                while self._serve_one():
                    pass
            except OSError:
                return

    def _serve_one(self) -> bool:
        view = memoryview(self._memory)
        filled = 0
        end = -1
        began = 0.0
        while end < 0:
            count = self._connection.recv_into(view[filled:])
            if not count:
                return False
            began = began or time.monotonic()
            filled += count
            end = self._memory.find(b"\r\n\r\n", 0, filled)
        head = bytes(view[:end]).lower()
        length = int(_header(head, b"content-length") or 0)
        if _header(head, b"expect"):
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if head.startswith(b"get /stats"):
            self._answer(json.dumps(self._store.take_stats()).encode())
        elif b"/uploadfile " in head[:64]:
            line = re.match(rb"post /line-(\d+)/", head)
            self._take_upload(end + 4, filled, length, began, line_bytes_s=int(line[1]) * 1_000_000 if line else 0)
        else:
            body = bytes(self._read_all(end + 4, filled, length))
            self._answer(_soap_answer(self._store, body))
        return True

    def _read_all(self, start: int, filled: int, length: int) -> memoryview:
        """Return a whole body; its memory is used again for the next request."""
        need = start + length
        if len(self._memory) < need:
            more = bytearray(need)
            more[:filled] = memoryview(self._memory)[:filled]
            self._memory = more
        view = memoryview(self._memory)
        while filled < need:
            count = self._connection.recv_into(view[filled:need])
            if not count:
                raise ConnectionError
            filled += count
        return view[start:need]

    def _take_upload(self, start: int, filled: int, length: int, began: float, *, line_bytes_s: int) -> None:
        if length <= HELD_BYTES:
            body = self._read_all(start, filled, length)
            ended = time.monotonic()
            names = _file_names(self._memory, start, start + length)
            beginning = bytes(body[:LOOKED_AT_BYTES])
        else:
            self._read_all(start, filled, LOOKED_AT_BYTES)
            beginning = bytes(memoryview(self._memory)[start : start + LOOKED_AT_BYTES])
            names = _file_names(beginning, 0, len(beginning))
            left = length - max(LOOKED_AT_BYTES, filled - start)
            view = memoryview(self._memory)[:BLOCK_BYTES]
            while left:
                count = self._connection.recv_into(view[: min(left, BLOCK_BYTES)])
                if not count:
                    raise ConnectionError
                left -= count
                if line_bytes_s and (early_s := began + (length - left) / line_bytes_s - time.monotonic()) > 0.001:
                    time.sleep(early_s)
            ended = time.monotonic()
        job = self._job(beginning)
        job.assets += [name.rpartition(".")[0] or name for name in names]
        self._store.posts.append((began, ended, length, names))
        self._answer(
            f'<uploadPostReturn xmlns="{_NAMESPACE}"><jobHandle>{job.handle}</jobHandle></uploadPostReturn>'.encode()
        )

    def _job(self, beginning: bytes) -> Job:
        handle = _between(beginning, "jobHandle")
        return self._store.jobs[handle] if handle else self._store.open(_between(beginning, "jobName"))

    def _answer(self, body: bytes) -> None:
        self._connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )


def _header(head: bytes, name: bytes) -> bytes:
    found = re.search(rb"\r\n" + name + rb":\s*([^\r]*)", head)
    return found[1] if found else b""


def _between(document: bytes, element: str) -> str:
    found = re.search(rf"<{element}>([^<]*)</".encode(), document)
    return found[1].decode() if found else ""


def _file_names(body: bytes | bytearray, start: int, end: int) -> list[str]:
    """
    Return the names in the heads of parts.

    Files of one size follow each other, so the next head is looked for where it would then be, before the whole body
    is searched for it.
    """
    names: list[str] = []
    stride = 0
    at = body.find(_FILE_NAME, start, end)
    while at >= 0:
        begin = at + len(_FILE_NAME)
        names.append(body[begin : body.index(b'"', begin)].decode())
        expected = at + stride
        following = -1
        if stride:
            following = body.find(_FILE_NAME, expected - 8, min(expected + _NEXT_HEAD_BYTES, end))
        if following < 0:
            following = body.find(_FILE_NAME, begin, end)
        stride, at = following - at, following
    return names


def _soap_answer(store: Store, request: bytes) -> bytes:
    found = re.search(rb"<(?:\w+:)?(\w+)Param[ >/]", request)
    operation = found[1].decode() if found else ""
    store.reads.append(operation)
    plain = re.sub(rb"<(/?)\w+:", rb"<\1", request)
    match operation:
        case "getCompanyInfo":
            content = (
                "<companyInfo><companyHandle>c|1</companyHandle><name>Bench</name><rootPath>Bench/</rootPath>"
                "</companyInfo>"
            )
        case "getProperty":
            content = f"<value>{2**40}</value>"
        case "getActiveJobs":
            content = "<jobArray/>"
        case "getAssetsByName":
            content = "<assetArray/>"
        case _:
            handle = _between(plain, "jobHandle") or store.names.get(_between(plain, "originalName"), "")
            page = int(_between(plain, "resultsPage") or 1)
            size = int(_between(plain, "recordsPerPage") or PAGE_ROWS)
            job = store.jobs.get(handle)
            content = f"<jobLogArray>{_log(job, page, size) if job else ''}</jobLogArray>"
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation}Return xmlns="{_NAMESPACE}">{content}</{operation}Return></s:Body></s:Envelope>'
    ).encode()


def _log(job: Job, page: int, size: int) -> str:
    verdicts = (("UploadError" if asset.startswith(REFUSED) else "UploadSuccess", asset) for asset in job.assets)
    rows = [("BeginUpload", ""), *verdicts, ("EndUpload", "")]
    details = "".join(
        f"<items><logMessage>{kind}</logMessage><logType>{kind}</logType><dateCreated>{_DATE}</dateCreated>"
        + (f"<assetName>{asset}</assetName><assetHandle>a|{asset}</assetHandle>" if asset else "")
        + "</items>"
        for kind, asset in rows[(page - 1) * size : page * size]
    )
    return (
        f"<items><companyHandle>c|1</companyHandle><jobHandle>{job.handle}</jobHandle><jobName>{job.name}</jobName>"
        f"<originalJobName>{job.name}</originalJobName><startDate>{_DATE}</startDate><endDate>{_DATE}</endDate>"
        f"<fileSuccessCount>{len(job.assets)}</fileSuccessCount><totalFileCount>{len(job.assets)}</totalFileCount>"
        f"<fatalError>false</fatalError><detailTotalRows>{len(rows)}</detailTotalRows>"
        f"<detailArray>{details}</detailArray></items>"
    )


def main() -> None:
    """Serve on a free port until killed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    store = Store()
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Visit(connection, store).serve, daemon=True).start()


if __name__ == "__main__":
    main()
