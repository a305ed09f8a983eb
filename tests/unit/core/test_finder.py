"""Finder's mark on a file that it is still copying."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.formats.finder import is_busy

INFORMATION = b"brokMACS" + bytes(24)
FINISHED = b"JPEG8BIM" + bytes(24)


def apple_double(information: bytes) -> bytes:
    """Return an AppleDouble document with a resource fork before the Finder information (RFC 1740)."""
    entries = [(2, b"resource fork"), (9, information)]
    offset = 26 + 12 * len(entries)
    table, data = b"", b""
    for kind, content in entries:
        table += struct.pack(">III", kind, offset + len(data), len(content))
        data += content
    return b"\x00\x05\x16\x07\x00\x02\x00\x00" + bytes(16) + struct.pack(">H", len(entries)) + table + data


def stream(information: bytes) -> bytes:
    """Return what Samba keeps in its stream AFP_AfpInfo."""
    return b"AFP\0" + bytes(12) + information + bytes(12)


@pytest.mark.parametrize("wrapped", [bytes, apple_double, stream], ids=["attribute", "AppleDouble", "stream"])
def test_the_mark_is_read_in_each_wrapping(wrapped) -> None:  # type: ignore[no-untyped-def] # three kinds of callable
    assert is_busy(wrapped(INFORMATION))
    assert not is_busy(wrapped(FINISHED))


@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(tail: bytes) -> None:
    for head in (b"", b"\x00\x05\x16\x07", b"AFP\0", apple_double(INFORMATION)[:30]):
        assert is_busy(head + tail) in (True, False)


@given(st.integers(0, 120))
def test_a_document_that_is_cut_off_is_no_mark(length: int) -> None:
    document = apple_double(INFORMATION)
    assert not is_busy(document[: min(length, document.index(b"brok") + 7)])
