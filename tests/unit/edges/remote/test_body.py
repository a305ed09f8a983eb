"""
Bodies put together in memory and bodies that stream: the same bytes, the same truth about what has left.
"""

import hashlib
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.server import SentFile
from hotfolder.edges.remote.body import (
    BLOCK_BYTES,
    HELD_BYTES,
    KEPT_ROOM_BYTES,
    Body,
    HeldBody,
    Room,
    SpoiltError,
    StreamedBody,
    open_body,
)
from hotfolder.ips.multipart import Framing, frame
from hotfolder.ports import PostFile

BOUNDARY = "0123456789abcdef"


class Memory:
    """A reader that uses the memory of its blocks again, as readers may."""

    def __init__(self, data: bytes, block_bytes: int) -> None:
        self.size_bytes = len(data)
        self.closes = 0
        self._data = data
        self._memory = bytearray(block_bytes), bytearray(block_bytes)

    def opened(self) -> "Memory":
        return self

    def blocks(self) -> Iterator[memoryview]:
        step = len(self._memory[0])
        for number, start in enumerate(range(0, len(self._data), step)):
            part, memory = self._data[start : start + step], self._memory[number % 2]
            memory[: len(part)] = part
            yield memoryview(memory)[: len(part)]

    def check_unchanged(self) -> bool:
        return True

    def close(self) -> None:
        self.closes += 1


def prepare(contents: list[bytes], block_bytes: int = 1000) -> tuple[Framing, list[PostFile], bytes]:
    """Return framing, files, and the whole body as it should leave."""
    readers = [Memory(data, block_bytes) for data in contents]
    files = [
        PostFile(drop=number, header_name=f"{number}.jpg", size_bytes=len(data), open=reader.opened)
        for number, (data, reader) in enumerate(zip(contents, readers, strict=True))
    ]
    framing = frame(
        boundary=BOUNDARY,
        auth=b"<a/>",
        parameters=b"<b/>",
        files=[(file.header_name, file.size_bytes) for file in files],
    )
    whole = b"".join(before + data for before, data in zip(framing.before, contents, strict=True)) + framing.closing
    return framing, files, whole


def sent(drop: int, data: bytes) -> SentFile:
    return SentFile(drop=drop, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def make(kind: type[HeldBody] | type[StreamedBody], framing: Framing, files: list[PostFile], told: list[int]) -> Body:
    if kind is HeldBody:
        return HeldBody(framing, files, Room(1), told.append)
    return StreamedBody(framing, files, told.append)


both = pytest.mark.parametrize("kind", [HeldBody, StreamedBody])


@both
@given(contents=st.lists(st.binary(max_size=50), max_size=4), block_bytes=st.integers(1, 60))
def test_the_bytes_are_those_of_the_framing_and_the_files(
    kind: type[HeldBody] | type[StreamedBody], contents: list[bytes], block_bytes: int
) -> None:
    framing, files, whole = prepare(contents, block_bytes)
    told: list[int] = []
    body = make(kind, framing, files, told)
    assert b"".join(bytes(block) for block in body) == whole
    assert len(whole) == framing.content_length
    assert body.sent() == tuple(sent(drop, data) for drop, data in enumerate(contents))
    assert told == sorted(told)
    assert (told or [0])[-1] == sum(map(len, contents))
    body.close()
    body.close()


@both
def test_only_what_has_left_in_full_counts_as_sent(kind: type[HeldBody] | type[StreamedBody]) -> None:
    contents = [b"a" * BLOCK_BYTES, b"b" * 10, b"c" * BLOCK_BYTES]
    framing, files, _ = prepare(contents, BLOCK_BYTES)
    ends, at = [], 0
    for before, data in zip(framing.before, contents, strict=True):
        at += len(before) + len(data)
        ends.append(at)
    told: list[int] = []
    body = make(kind, framing, files, told)
    assert body.sent() == ()
    left = 0
    for block in body:  # the block itself has not left yet; the connection may break at each
        assert [file.drop for file in body.sent()] == [drop for drop, end in enumerate(ends) if end <= left]
        assert (told or [0])[-1] <= left
        left += len(block)
    assert [file.drop for file in body.sent()] == [0, 1, 2]
    body.close()


def test_a_stream_that_is_broken_off_leaves_no_thread_behind() -> None:
    framing, files, _ = prepare([b"a" * 1000], 10)
    body = StreamedBody(framing, files, lambda count: None)
    blocks = iter(body)
    next(blocks)
    next(blocks)
    assert any(thread.name == "digest" for thread in threading.enumerate())
    body.close()
    assert not any(thread.name == "digest" for thread in threading.enumerate())


def test_small_posts_are_held_and_large_ones_streamed() -> None:
    for size, kind in ((HELD_BYTES, HeldBody), (HELD_BYTES + 1, StreamedBody)):
        framing, files, _ = prepare([b"x" * (size - 5), b"y" * 5], BLOCK_BYTES)
        body = open_body(framing, files, room=Room(1), progress=lambda count: None)
        assert isinstance(body, kind)
        assert max(len(block) for block in body) <= BLOCK_BYTES
        body.close()


def test_room_is_used_again_and_holds_nothing_back_of_the_post_before() -> None:
    room = Room(1)
    framing, files, first = prepare([b"secret" * 1000])
    body = HeldBody(framing, files, room, lambda count: None)
    assert b"".join(bytes(block) for block in body) == first
    body.close()
    kept = room.take(10)
    assert len(kept) == len(first)
    room.give_back(kept)
    framing, files, second = prepare([b"x"])
    body = HeldBody(framing, files, room, lambda count: None)
    assert b"".join(bytes(block) for block in body) == second
    body.close()


def test_room_keeps_neither_too_much_nor_too_many() -> None:
    room = Room(1)
    room.give_back(bytearray(KEPT_ROOM_BYTES + 1))
    assert len(room.take(1)) == 1
    one, two = bytearray(10), bytearray(20)
    room.give_back(one)
    room.give_back(two)
    assert room.take(10) is one
    assert room.take(10) is not two
    room.give_back(one)
    assert len(room.take(11)) == 11


@both
def test_every_reader_is_closed_whatever_happens(kind: type[HeldBody] | type[StreamedBody]) -> None:
    reader = Memory(b"abc", 10)
    good = PostFile(drop=1, header_name="1.jpg", size_bytes=3, open=reader.opened)
    bad = PostFile(drop=2, header_name="2.jpg", size_bytes=4, open=reader.opened)
    framing = frame(boundary=BOUNDARY, auth=b"", parameters=b"", files=[("1.jpg", 3), ("2.jpg", 4)])
    with pytest.raises(SpoiltError) as caught:
        make(kind, framing, [good, bad], [])
    assert caught.value.drops == (2,)
    assert reader.closes == 2
