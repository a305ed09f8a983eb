"""
The limit of *many*: one process that reads the files of a directory and sends them twenty to a POST. Nothing else.

No ledger, no settle gate, no hash, no claim, no check, no filing: `python -m tests.bench.limit PORT DIRECTORY COUNT`.
Prints the seconds from listing the directory to the last answer.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import Final

FILES_PER_POST: Final = 20
_BOUNDARY: Final = "bench-0123456789abcdef"


def _head(job: str) -> bytes:
    return (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="auth"\r\n\r\n<authHeader/>\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="uploadParams"\r\n\r\n'
        f"<uploadPostParam><jobName>{job}</jobName></uploadPostParam>"
    ).encode()


def send(port: int, directory: str, files: int) -> None:
    """Send the first so many files of a directory over one connection."""
    memory = bytearray()
    closing = f"\r\n--{_BOUNDARY}--\r\n".encode()
    with os.scandir(directory) as found:
        entries = [entry for entry in found if entry.is_file()][:files]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(entries), FILES_PER_POST):
            group = entries[start : start + FILES_PER_POST]
            at = _put(memory, 0, _head(f"limit-{start}"))
            for entry in group:
                head = f'\r\n--{_BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="{entry.name}"\r\n\r\n'
                at = _put(memory, at, head.encode())
                at = _read_in(memory, at, entry.path)
            at = _put(memory, at, closing)
            request = (
                "POST /scene7/UploadFile HTTP/1.1\r\nHost: bench\r\n"
                f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: {at}\r\n\r\n"
            )
            connection.sendall(request.encode())
            connection.sendall(memoryview(memory)[:at])
            if b"jobHandle" not in connection.recv(65536):
                raise ConnectionError("no job handle")


def _room(memory: bytearray, size: int) -> None:
    if len(memory) < size:
        memory.extend(bytes(size - len(memory)))


def _put(memory: bytearray, at: int, data: bytes) -> int:
    _room(memory, at + len(data))
    memory[at : at + len(data)] = data
    return at + len(data)


def _read_in(memory: bytearray, at: int, path: str) -> int:
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        _room(memory, at + size)
        with memoryview(memory) as view:
            return at + os.readv(fd, [view[at : at + size]])
    finally:
        os.close(fd)


def main() -> None:
    """Send, and print how long it took."""
    began = time.monotonic()
    send(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    print(time.monotonic() - began)


if __name__ == "__main__":
    main()
