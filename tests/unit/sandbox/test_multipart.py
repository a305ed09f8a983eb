from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.sandbox.multipart import HEAD_LIMIT, MultipartError, MultipartReader, PartHead, parse_head

BOUNDARY = b"--limit"


def reader(body: bytes, block: int) -> MultipartReader:
    """Reads a body in blocks of so many bytes."""
    blocks: Iterator[bytes] = iter([body[at : at + block] for at in range(0, len(body), block)])
    return MultipartReader(lambda: next(blocks, b""), BOUNDARY)


def body_of(parts: Sequence[tuple[str, bytes]]) -> bytes:
    pieces = [
        b"--" + BOUNDARY + f'\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content
        for name, content in parts
    ]
    return b"\r\n".join([*pieces, b"--" + BOUNDARY + b"--\r\n"])


def read_all(multipart: MultipartReader) -> list[tuple[str, bytes]]:
    found = []
    while (head := multipart.next_part()) is not None:
        found.append((head.name, b"".join(map(bytes, multipart.blocks()))))
    return found


NEAR_MISSES = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b"\r\n----limi", b"\r\n----LIMIT", b"x", b"\0"])
).map(b"".join)


@given(
    contents=st.lists(st.one_of(st.binary(max_size=200), NEAR_MISSES), max_size=5),
    block=st.sampled_from([1, 2, 3, 7, 64, 4096]),
)
def test_parts_come_out_as_they_went_in(contents: list[bytes], block: int) -> None:
    """Fed byte by byte and in blocks, with contents that are almost a delimiter."""
    parts = [(f"part{number}", content) for number, content in enumerate(contents)]
    if not parts:
        parts = [("only", b"")]
    assert read_all(reader(body_of(parts), block)) == parts


@pytest.mark.parametrize("block", [1, 5, 4096])
def test_unread_part_is_skipped(block: int) -> None:
    multipart = reader(body_of([("a", b"first" * 50), ("b", b"second")]), block)
    assert multipart.next_part() == PartHead(name="a", filename=None)
    assert multipart.next_part() == PartHead(name="b", filename=None)
    assert multipart.content(100) == b"second"
    assert multipart.next_part() is None


@pytest.mark.parametrize("block", [1, 4096])
def test_every_shortening_of_a_body_is_refused(block: int) -> None:
    """Only the last line end may be missing."""
    body = body_of([("a", b"content"), ("b", b"")])
    for length in range(len(body) - 2):
        with pytest.raises(MultipartError):
            read_all(reader(body[:length], block))
    assert len(read_all(reader(body[:-2], block))) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"preamble\r\n" + body_of([("a", b"")]),
        body_of([("a", b"")]) + b"epilogue",
        body_of([("a", b"")]) + body_of([("b", b"")]),
        body_of([("a", b"")]).replace(b"limit\r\n", b"limit \r\n"),
        b"----limit\r\nContent-Type: text/plain\r\n\r\n\r\n----limit--\r\n",
        b"----limit\r\nno header at all\r\n\r\n\r\n----limit--\r\n",
        b"----limit\r\nX: " + b"y" * HEAD_LIMIT + b"\r\n\r\n\r\n----limit--\r\n",
    ],
)
def test_other_framing_is_refused(body: bytes) -> None:
    """The documents' own example is malformed and must not be copied (PROTOCOL 2.1)."""
    with pytest.raises(MultipartError):
        read_all(reader(body, 4096))


def test_long_part_is_refused_where_a_short_one_is_wanted() -> None:
    multipart = reader(body_of([("a", bytes(101))]), 10)
    multipart.next_part()
    with pytest.raises(MultipartError, match="longer than 100 bytes"):
        multipart.content(100)


@pytest.mark.parametrize(
    ("line", "name", "filename"),
    [
        (b'Content-Disposition: form-data; name="auth"', "auth", None),
        (b"content-disposition:form-data;name=auth", "auth", None),
        (b'Content-Disposition: form-data; name="f"; filename="a b.jpg"', "f", "a b.jpg"),
        (b'Content-Disposition: form-data; filename="x;y.jpg"; name="f"', "f", "x;y.jpg"),
        (b'Content-Disposition: form-data; name="f"; filename="a\\"b\\\\.jpg"', "f", 'a"b\\.jpg'),
        (b'Content-Disposition: form-data; name="f"; filename="%22.jpg"', "f", "%22.jpg"),
        (b'Content-Disposition: form-data; name="f"; filename=""', "f", ""),
        ('Content-Disposition: form-data; name="f"; filename="ü"'.encode(), "f", "Ã¼"),
    ],
)
def test_heads(line: bytes, name: str, filename: str | None) -> None:
    assert parse_head([b"Content-Type: image/jpeg", line]) == PartHead(name=name, filename=filename)


@pytest.mark.parametrize(
    "line",
    [
        b'Content-Disposition: attachment; name="f"',
        b'Content-Disposition: form-data; filename="f"',
        b'Content-Disposition: form-data; name="f',
        b'Content-Disposition: form-data; name="f" junk',
    ],
)
def test_bad_heads_are_refused(line: bytes) -> None:
    with pytest.raises(MultipartError):
        parse_head([line])
