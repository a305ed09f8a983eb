"""
Files to send and a remote to send them with.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from hotfolder.core.server import Company
from hotfolder.core.settings import ServerSettings
from hotfolder.edges.remote import IpsRemote
from hotfolder.ports import PostFile, PostRequest

COMPANY = Company(handle="c|2101", name="Example Co", root_path="Example Co/")
USER = "ingest@example.com"
CANARY = ' c4n<ary>&"ä '
"""A password that shows wherever it leaks, and breaks what does not escape it."""

OPTIONS = json.dumps(
    {
        "overwrite": True,
        "readyForPublish": True,
        "preservePublishState": True,
        "createMask": False,
        "preserveCrop": True,
        "emailSetting": "None",
    }
)


class Bytes:
    """A `ports.Reader` over bytes in memory; `size_bytes` and what `check_unchanged` says may be lies."""

    def __init__(
        self, data: bytes, *, size_bytes: int | None = None, unchanged: bool = True, block_bytes: int = 1024 * 1024
    ) -> None:
        self.size_bytes = len(data) if size_bytes is None else size_bytes
        self.is_closed = False
        self._data = data
        self._unchanged = unchanged
        self._block_bytes = block_bytes

    def blocks(self) -> Iterator[memoryview]:
        memory = bytearray(self._block_bytes)  # used again for each block, as a real reader may
        for start in range(0, len(self._data), self._block_bytes):
            block = self._data[start : start + self._block_bytes]
            memory[: len(block)] = block
            yield memoryview(memory)[: len(block)]

    def check_unchanged(self) -> bool:
        return self._unchanged

    def close(self) -> None:
        self.is_closed = True


def part(drop: int, name: str, reader: Bytes) -> PostFile:
    """One file part."""
    return PostFile(drop=drop, header_name=name, size_bytes=reader.size_bytes, open=lambda: reader)


def opening(*files: PostFile, **changes: Any) -> PostRequest:
    """A first POST."""
    given = {"company": COMPANY, "destination": "in", "job_name": "j-1", "options": OPTIONS, **changes}
    return PostRequest(files=files, **given)


def later(*files: PostFile, handle: str = "j|1||x|2", **changes: Any) -> PostRequest:
    """A later POST."""
    return PostRequest(company=COMPANY, destination="in", files=files, job_handle=handle, **changes)


def settings(upload_url: str, soap_url: str, **changes: Any) -> ServerSettings:
    """Where and as whom."""
    given: dict[str, Any] = {"company": "Example Co", "company_handle": None, "user": USER, "password": "unused"}
    return ServerSettings(upload_url=upload_url, soap_url=soap_url, **{**given, **changes})


def make_remote(where: ServerSettings, *, password: Callable[[], str] = lambda: CANARY, **changes: Any) -> IpsRemote:
    """A remote that waits for nothing longer than half a second."""
    numbers = itertools.count(10**31)
    given: dict[str, Any] = {
        "read_password": password,
        "connect_timeout_s": 2.0,
        "read_timeout_s": 10.0,
        "connections": 2,
        "app_version": "0.1.0",
        "boundary": lambda: str(next(numbers)),
        "sleep": lambda seconds: None,
    }
    return IpsRemote(where, **{**given, **changes})
