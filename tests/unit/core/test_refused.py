"""
What the server does not take, told from heads: real files by Pillow, hand-made heads, and heads that mean harm.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hotfolder.core.formats import not_taken
from hotfolder.core.formats.source import _BYTES_MAX, _READS_MAX
from hotfolder.core.model import NotTaken
from hotfolder.core.wording import NOT_TAKEN

MB = 1024**2


def found_in(data: bytes, size: int | None = None) -> NotTaken | None:
    """Return what the head says of a file of this size, all zeros behind the data given."""
    size = len(data) if size is None else size

    def read_at(offset: int, length: int) -> bytes:
        length = max(0, min(length, size - offset))
        return data[offset : offset + length].ljust(length, b"\0")

    return not_taken(size, read_at)


def psd(mode: int = 3, depth: int = 8, *, version: int = 1, channels: int = 3, side: int = 20) -> bytes:
    return struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, side, side, depth, mode) + bytes(200)


def tiff(mode: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (7, 5)).save(buffer, "TIFF", **options)
    return buffer.getvalue()


def directory(order: str, *entries: tuple[int, int, int, int], big: bool = False) -> bytes:
    """A TIFF of one directory; entries are tag, type, count, value or offset."""
    if big:
        head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ", 43, 8, 0, 16)
        body = b"".join(
            struct.pack(order + "HHQ", tag, kind, count) + struct.pack(order + ("HHHH" if kind == 3 else "Q"), *value)
            for tag, kind, count, *rest in entries
            for value in [(rest[0], 0, 0, 0) if kind == 3 else (rest[0],)]
        )
        return head + struct.pack(order + "Q", len(entries)) + body + bytes(8)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    body = b"".join(
        struct.pack(order + "HHI", tag, kind, count) + struct.pack(order + ("HH" if kind == 3 else "I"), *value)
        for tag, kind, count, *rest in entries
        for value in [(rest[0], 0) if kind == 3 else (rest[0],)]
    )
    return head + struct.pack(order + "H", len(entries)) + body + bytes(4)


def png(*chunks: tuple[bytes, int]) -> bytes:
    """Heads of chunks only where they are long: their data is all zeros, behind what is given."""
    data = b"\x89PNG\r\n\x1a\n"
    for kind, length in chunks:
        data += struct.pack(">I4s", length, kind)
        if length < 1000:
            data += bytes(length + 4)
    return data


REFUSED: dict[str, tuple[NotTaken, Callable[[], bytes]]] = {
    "PSB": (NotTaken.PSB, lambda: psd(version=2, side=40_000)),
    "PSB in Lab": (NotTaken.PSB, lambda: psd(9, version=2)),
    "duotone": (NotTaken.PSD_DUOTONE, lambda: psd(8, channels=1)),
    "Lab": (NotTaken.PSD_LAB, lambda: psd(9)),
    "indexed": (NotTaken.PSD_INDEXED, lambda: psd(2, channels=1)),
    "32 bits": (NotTaken.PSD_DEEP, lambda: psd(depth=32)),
    "float": (NotTaken.TIFF_FLOAT, lambda: tiff("F")),
    "float, packed": (NotTaken.TIFF_FLOAT, lambda: tiff("F", compression="tiff_lzw")),
    "float, BigTIFF": (NotTaken.TIFF_FLOAT, lambda: tiff("F", big_tiff=True)),
    "float, big-endian": (NotTaken.TIFF_FLOAT, lambda: directory(">", (262, 3, 1, 1), (339, 3, 1, 3))),
    "float, big-endian BigTIFF": (NotTaken.TIFF_FLOAT, lambda: directory(">", (339, 3, 1, 3), big=True)),
    "Lab TIFF": (NotTaken.TIFF_LAB, lambda: tiff("LAB")),
    "Lab TIFF, ICC": (NotTaken.TIFF_LAB, lambda: directory("<", (262, 3, 1, 9))),
    "Lab BigTIFF": (NotTaken.TIFF_LAB, lambda: tiff("LAB", big_tiff=True)),
}

TAKEN: dict[str, Callable[[], bytes]] = {
    "RGB": lambda: psd(),
    "CMYK": lambda: psd(4, channels=4),
    "grey, 16 bits": lambda: psd(1, 16, channels=1),
    "bitmap": lambda: psd(0, 1, channels=1),
    "multichannel": lambda: psd(7),
    "RGB TIFF": lambda: tiff("RGB"),
    "32-bit integers": lambda: tiff("I"),
    "palette TIFF": lambda: tiff("P"),
    "CMYK BigTIFF": lambda: tiff("CMYK", big_tiff=True),
    "JPEG": lambda: b"\xff\xd8\xff\xe0" + bytes(100),
    "nothing": lambda: b"",
    "four bytes of a PSD": lambda: b"8BPS",
}

UNSURE: dict[str, Callable[[], bytes]] = {
    "no such mode": lambda: psd(6),
    "no such depth": lambda: psd(9, 24),
    "no channels": lambda: psd(9, channels=0),
    "no such side": lambda: psd(9, side=30_001),
    "something where zeros must be": lambda: b"8BPS\0\x01\0\0\0\x01" + psd(9)[10:],
    "no such version": lambda: psd(9, version=3),
    "half a header": lambda: psd(9)[:20],
    "a preview of camera raw": lambda: directory("<", (254, 4, 1, 1), (262, 3, 1, 8)),
    "DNG with floats": lambda: directory("<", (339, 3, 1, 3), (50706, 1, 4, 0x0401)),
    "a directory beyond the end": lambda: b"II*\0" + struct.pack("<I", 10**9) + bytes(30),
    "no directory yet": lambda: b"II*\0" + bytes(60),
    "a text where a number must be": lambda: directory("<", (262, 2, 2, 8)),
    "more samples than anybody has": lambda: directory("<", (339, 3, 65, 3)) + bytes(1000),
}


@pytest.mark.parametrize(("reason", "make"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_server_does_not_take_is_told(reason: NotTaken, make: Callable[[], bytes]) -> None:
    assert found_in(make()) is reason


@pytest.mark.parametrize("make", [*TAKEN.values(), *UNSURE.values()], ids=[*TAKEN, *UNSURE])
def test_what_it_takes_and_what_cannot_be_told_is_sent(make: Callable[[], bytes]) -> None:
    assert found_in(make()) is None


@pytest.mark.parametrize(
    ("chunks", "size", "reason"),
    [
        ([(b"IHDR", 13), (b"IDAT", 100 * MB + 1)], 101 * MB, NotTaken.PNG_CHUNK),
        ([(b"IHDR", 13), (b"tEXt", 500), (b"IDAT", 300 * MB)], 301 * MB, NotTaken.PNG_CHUNK),
        ([(b"IHDR", 13), (b"IDAT", 100 * MB)], 101 * MB, None),
        ([(b"IHDR", 13), (b"IDAT", 100 * MB + 1)], 100 * MB, None),  # cut: it is not there in full
        ([(b"IHDR", 13), (b"zTXt", 200 * MB)], 201 * MB, None),
        ([(b"IHDR", 13), (b"\0\0\0\0", 200 * MB)], 201 * MB, None),
        ([(b"IHDR", 13), *[(b"IDAT", 100)] * 300, (b"IDAT", 200 * MB)], 201 * MB, None),  # nobody writes that
    ],
)
def test_png_is_refused_for_one_long_chunk_of_image_data(
    chunks: list[tuple[bytes, int]], size: int, reason: NotTaken | None
) -> None:
    assert found_in(png(*chunks), size) is reason


def test_every_reason_has_words_with_a_cure() -> None:
    for reason in NotTaken:
        text = NOT_TAKEN[reason]
        assert "which the server does not take: save it " in text
        assert not text.endswith(".")


HEADS = [*(make() for _, make in REFUSED.values()), *(make() for make in TAKEN.values()), png((b"IHDR", 13))]


@given(
    st.sampled_from(HEADS),
    st.lists(st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=8)), max_size=12),
    st.integers(0, 2**40),
)
def test_hostile_heads_have_an_answer_and_cost_no_more_than_fixed_amounts(
    head: bytes, changes: list[tuple[int, bytes]], size: int
) -> None:
    changed = bytearray(head)
    for at, replacement in changes:
        changed[at : at + len(replacement)] = replacement
    reads: list[int] = []

    def read_at(offset: int, length: int) -> bytes:
        assert offset >= 0
        assert offset + length <= size
        reads.append(length)
        return bytes(changed[offset : offset + length]).ljust(length, b"\xff")

    answer = not_taken(size, read_at)
    assert answer is None or answer in NotTaken
    assert len(reads) <= _READS_MAX
    assert max(reads, default=0) <= _BYTES_MAX


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"8BPS\0\x01", b"8BPS\0\x02", b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0"]),
)
def test_any_bytes_have_an_answer(rest: bytes, magic: bytes) -> None:
    answer = found_in(magic + rest)
    assert answer is None or answer in NotTaken


def test_a_file_that_is_cut_while_it_is_read_is_not_judged() -> None:
    whole = psd(9)
    assert not_taken(len(whole), lambda offset, length: whole[offset : min(offset + length, 12)]) is None
