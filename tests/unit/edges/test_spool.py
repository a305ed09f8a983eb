"""
Lines that nobody reads hold up nobody, and are counted.
"""

import os
import threading
from collections.abc import Iterator

import pytest

from hotfolder.edges.spool import Spool

LINE = "x" * 99 + "\n"
PATIENCE_S = 30.0


class Pipe:
    """A pipe, and what a spool at its end has told."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.lost: list[int] = []
        self.on_lost = self.tell
        self.spool = Spool(self.writing, on_lost=lambda lost: self.on_lost(lost), room_bytes=100_000)
        self._read = b""

    def tell(self, lost: int) -> None:
        """Note how many were lost, and write it."""
        self.lost.append(lost)
        self.spool.write(f"{lost} lost\n")

    def read(self, size: int) -> str:
        """Read so many bytes."""
        found = b""
        while len(found) < size:
            found += os.read(self.reading, size - len(found))
        return found.decode()

    def read_line(self) -> str:
        """Read the next line, waiting for it."""
        while b"\n" not in self._read:
            self._read += os.read(self.reading, 4096)
        line, _, self._read = self._read.partition(b"\n")
        return f"{line.decode()}\n"


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reading)  # whoever is stuck in it wakes up
    pipe.spool.close(PATIENCE_S)
    os.close(pipe.writing)


def test_lines_come_out_in_order(pipe: Pipe) -> None:
    texts = [f"{number}\n" for number in range(1000)]
    for text in texts:
        assert pipe.spool.write(text) == len(text)
    assert pipe.read(len("".join(texts))) == "".join(texts)
    assert pipe.lost == []


def test_a_reader_that_stands_still_holds_up_nobody_and_is_told_what_it_missed(pipe: Pipe) -> None:
    count = 5000
    for _ in range(count):
        pipe.spool.write(LINE)
    came = 0
    told: list[int] = []  # several where lines went out while more were lost
    while came + sum(told) < count:
        line = pipe.read_line()
        if line == LINE:
            came += 1
        else:
            told.append(int(line.removesuffix(" lost\n")))
    assert told == pipe.lost
    assert came + sum(told) == count
    assert sum(told) > 3000


def test_the_count_of_lost_lines_is_not_lost(pipe: Pipe) -> None:
    def fill_then_tell(lost: int) -> None:
        told.append(lost)
        if len(told) == 1:
            fill()
        pipe.spool.write(f"{lost} lost\n")

    def fill() -> None:
        filling = threading.Thread(target=lambda: [pipe.spool.write(LINE) for _ in range(1000)])
        filling.start()
        filling.join()

    told: list[int] = []
    pipe.on_lost = fill_then_tell
    for _ in range(3):
        fill()
    while (line := pipe.read_line()) == LINE:
        pass
    assert line == f"{told[0]} lost\n"


def test_what_waits_goes_out_at_the_end(pipe: Pipe) -> None:
    for _ in range(100):
        pipe.spool.write(LINE)
    pipe.spool.close(PATIENCE_S)
    assert pipe.read(100 * len(LINE)) == LINE * 100


def test_the_end_does_not_wait_for_a_reader_that_stands_still(pipe: Pipe) -> None:
    for _ in range(1000):
        pipe.spool.write(LINE)
    pipe.spool.close(0.01)
    pipe.spool.close(0.01)
    assert pipe.spool.write(LINE) == len(LINE)


def test_a_reader_that_has_gone_is_no_trouble(pipe: Pipe) -> None:
    os.close(pipe.reading)
    for _ in range(1000):
        pipe.spool.write(LINE)
    pipe.spool.close(PATIENCE_S)
    pipe.reading = os.open(os.devnull, os.O_RDONLY)


def test_a_pipe_is_no_terminal(pipe: Pipe) -> None:
    pipe.spool.flush()
    assert not pipe.spool.isatty()
