"""
Reading multipart/form-data as it streams in (PROTOCOL 2.1), at constant memory and by large blocks.

Strict: no preamble, no epilogue, one closing delimiter at the end.
Knows nothing of HTTP or IPS; framing it cannot accept raises `MultipartError`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

HEAD_LIMIT: Final = 16 * 1024
"""Bytes of one part's header lines; Java servlets commonly allow 8 KiB and a name takes at most 255 bytes, escaped."""

_DISPOSITION: Final = re.compile(
    r"""form-data(?P<parameters>(?:\s*;\s*[A-Za-z*-]+=(?:"(?:\\.|[^"\\])*"|[^\s;"]+))*)\s*""", re.IGNORECASE
)
_PARAMETER: Final = re.compile(r""";\s*([A-Za-z*-]+)=(?:"((?:\\.|[^"\\])*)"|([^\s;"]+))""")


class MultipartError(Exception):
    """The body is not well-framed multipart/form-data, or ends before its closing delimiter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PartHead:
    """What a part's Content-Disposition says."""

    name: str
    filename: str | None  # None: no file


class MultipartReader:
    """
    The parts of one body, in order: `next_part`, then its `blocks`, and so on until `next_part` gives None.

    `read` gives the next bytes of the body, b"" at its end.
    """

    def __init__(self, read: Callable[[], bytes], boundary: bytes) -> None:
        self._read = read
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # so that the first delimiter looks like every other
        self._at = 0
        self._is_first = True
        self._in_part = False

    def next_part(self) -> PartHead | None:
        """The head of the next part, whatever of the last one was not read is skipped; None at the end."""
        if self._is_first:
            self._need(len(self._delimiter))
            if not self._buffer.startswith(self._delimiter):
                raise MultipartError("The body does not begin with its boundary")
            self._at = len(self._delimiter)
            self._is_first = False
        for _ in self.blocks():
            pass
        self._need(2)
        mark = self._take(2)
        if mark == b"--":
            self._expect_end()
            return None
        if mark != b"\r\n":
            raise MultipartError("A boundary is followed by neither a line end nor --")
        head = self._read_head()
        self._in_part = True
        return head

    def blocks(self) -> Iterator[memoryview]:
        """The content of the present part, in blocks that are valid until the next one is asked for."""
        while self._in_part:
            start, end = self._at, self._buffer.find(self._delimiter, self._at)
            if end >= 0:
                self._in_part = False
                self._at = end + len(self._delimiter)
            else:
                # the last bytes may be the beginning of a delimiter: they wait for the next block
                end = max(start, len(self._buffer) - len(self._delimiter) + 1)
                self._at = end
            if end > start:
                yield memoryview(self._buffer)[start:end]
            if self._in_part:
                self._fill()

    def content(self, limit: int) -> bytes:
        """The whole content of the present part, which must not be longer than `limit`."""
        pieces = bytearray()
        for block in self.blocks():
            pieces += block
            if len(pieces) > limit:
                raise MultipartError(f"A part is longer than {limit} bytes")
        return bytes(pieces)

    def _read_head(self) -> PartHead:
        while (end := self._buffer.find(b"\r\n\r\n", self._at)) < 0:
            if len(self._buffer) - self._at > HEAD_LIMIT:
                raise MultipartError(f"The headers of a part are longer than {HEAD_LIMIT} bytes")
            self._fill()
        lines = self._buffer[self._at : end].split(b"\r\n")
        self._at = end + 4
        return parse_head(lines)

    def _expect_end(self) -> None:
        rest = self._buffer[self._at :]
        while block := self._read():
            rest += block
            if len(rest) > 2:
                break
        if rest not in (b"", b"\r\n"):
            raise MultipartError("There is something behind the closing boundary")

    def _need(self, count: int) -> None:
        while len(self._buffer) - self._at < count:
            self._fill()

    def _take(self, count: int) -> bytes:
        taken = self._buffer[self._at : self._at + count]
        self._at += count
        return taken

    def _fill(self) -> None:
        block = self._read()
        if not block:
            raise MultipartError("The body ends before its closing boundary")
        self._buffer = self._buffer[self._at :] + block
        self._at = 0


def parse_head(lines: list[bytes]) -> PartHead:
    """
    The part's name and filename from its header lines.

    Bytes beyond ASCII are read as Latin-1, as a Java servlet may (PROTOCOL 2.5): raw UTF-8 arrives mangled.
    """
    for line in lines:
        key, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise MultipartError(f"A part has the header line {line[:60]!r}")
        if key.strip().lower() != "content-disposition":
            continue
        match = _DISPOSITION.fullmatch(value.strip())
        if match is None:
            raise MultipartError(f"A part has the Content-Disposition {value.strip()[:200]!r}")
        parameters: dict[str, str] = {}
        for parameter in _PARAMETER.finditer(match["parameters"]):
            quoted, plain = parameter[2], parameter[3]
            parameters[parameter[1].lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if "name" not in parameters:
            raise MultipartError("A part has no name")
        return PartHead(name=parameters["name"], filename=parameters.get("filename"))
    raise MultipartError("A part has no Content-Disposition")
