"""Threads that do for the loop what may block."""

import asyncio
import threading

import pytest

from hotfolder.status.hands import Hands


def test_results_and_errors_come_back() -> None:
    hands = Hands("hand", 1)

    async def ask() -> int:
        with pytest.raises(ZeroDivisionError):
            await hands.do(lambda: 1 // 0, 5.0)
        return await hands.do(lambda: 6 * 7, 5.0)

    assert asyncio.run(ask()) == 42


def test_one_that_hangs_is_given_up_and_holds_up_neither_the_others_nor_the_end() -> None:
    hands = Hands("hand", 2)
    forever = threading.Event()

    async def ask() -> str:
        with pytest.raises(TimeoutError):
            await hands.do(forever.wait, 0.01)
        return await hands.do(lambda: threading.current_thread().name, 5.0)

    assert asyncio.run(ask()).startswith("hand ")
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("hand "))
    forever.set()


def test_what_is_done_after_the_loop_has_ended_is_nobodys() -> None:
    hands = Hands("hand", 1)
    late = threading.Event()

    async def ask(task: threading.Event) -> None:
        with pytest.raises(TimeoutError):
            await hands.do(task.wait, 0.01)

    asyncio.run(ask(late))
    late.set()
