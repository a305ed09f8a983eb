"""Files being read for POSTs: who waits for a share, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotfolder.services.reading import Readings, WatchedReader

POST = (7, 2)


class Share:
    """A reader, and what is known of its POST at each of its calls."""

    size_bytes = 3

    def __init__(self) -> None:
        self.now_s = 100.0
        self.readings = Readings(lambda: self.now_s)
        self.waits: list[bool] = []

    def _note(self) -> None:
        self.now_s += 5.0
        self.waits.append(self.readings.longer_than(5.0) == {POST} and not self.readings.longer_than(5.1))

    def blocks(self) -> Iterator[memoryview]:
        for letter in (b"a", b"b", b"c"):
            self._note()
            yield memoryview(letter)
        self._note()

    def check_unchanged(self) -> bool:
        self._note()
        return False

    def close(self) -> None:
        self._note()


@pytest.fixture
def share() -> Share:
    return Share()


def test_a_post_waits_while_its_reader_is_asked_and_not_in_between(share: Share) -> None:
    reader = WatchedReader(share, share.readings, POST)
    assert reader.size_bytes == 3
    content = b""
    for block in reader.blocks():
        content += bytes(block)
        assert share.readings.longer_than(0.0) == set(), "now the server is waited for"
    assert content == b"abc"
    assert not reader.check_unchanged()
    reader.close()
    assert share.waits == [True] * 6


def test_a_post_whose_reader_fails_waits_no_more(share: Share) -> None:
    with pytest.raises(OSError, match="gone"), share.readings.waiting(POST):
        raise OSError("gone")
    assert share.readings.longer_than(0.0) == set()
