"""
The framing of an UploadFile POST as multipart/form-data (PROTOCOL 2.1, RFC 7578): everything but the files' bytes.

    --BOUNDARY CRLF headers CRLF CRLF auth document CRLF
    --BOUNDARY CRLF headers CRLF CRLF uploadParams document CRLF
    --BOUNDARY CRLF headers CRLF CRLF bytes of a file CRLF      (once per file)
    --BOUNDARY-- CRLF

All of it is prebuilt, so the bytes of files pass through without a copy, and the length is exact before the first byte.
Adobe's example closes too early; here the one closing delimiter stands at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BOUNDARY = re.compile(r"[0-9A-Za-z_-]{16,70}")
"""RFC 2046 allows up to 70; the characters are those that never need quotes; fewer than 16 could stand in a file."""

_HEADER_NAME = re.compile(r"[ !#-.0-\[\]-~]{1,255}")
"""Printable ASCII without quote, slash and backslash: nothing can end the header, and servers agree on its meaning."""


class FramingError(ValueError):
    """A name or a boundary would break the framing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Framing:
    """What stands around the files: `before[i]`, the bytes of file i, and so on; `closing` comes last."""

    content_type: str
    before: tuple[bytes, ...]  # before[0] begins with both documents
    closing: bytes  # holds both documents when there are no files
    content_length: int


def frame(*, boundary: str, auth: bytes, parameters: bytes, files: Sequence[tuple[str, int]]) -> Framing:
    """
    Return the framing for files given as header name and size.

    The boundary must be unguessable, because the files are not searched for it. Raises `FramingError`.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise FramingError("the boundary must be 16 to 70 letters, digits, - or _")
    delimiter = f"--{boundary}\r\n".encode("ascii")
    if boundary.encode("ascii") in auth or boundary.encode("ascii") in parameters:
        raise FramingError("the boundary stands in a document")
    gap = delimiter + _text_headers("auth") + auth + b"\r\n"
    gap += delimiter + _text_headers("uploadParams") + parameters + b"\r\n"
    before = []
    for number, (name, _) in enumerate(files, start=1):
        before.append(gap + delimiter + _file_headers(number, name))
        gap = b"\r\n"
    closing = gap + f"--{boundary}--\r\n".encode("ascii")
    return Framing(
        content_type=f"multipart/form-data; boundary={boundary}",
        before=tuple(before),
        closing=closing,
        content_length=sum(map(len, before)) + sum(size for _, size in files) + len(closing),
    )


def _text_headers(part: str) -> bytes:
    # As in Adobe's example (PROTOCOL 2.1); true, because the documents are pure ASCII.
    return (
        f'Content-Disposition: form-data; name="{part}"\r\n'
        "Content-Type: text/plain; charset=US-ASCII\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode("ascii")


def _file_headers(number: int, name: str) -> bytes:
    if not _HEADER_NAME.fullmatch(name):
        raise FramingError(f"{name!a} cannot stand in a header; send such names in the fileName element")
    return (
        f'Content-Disposition: form-data; name="file{number}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode("ascii")
