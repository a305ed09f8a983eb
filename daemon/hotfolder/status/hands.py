"""
A few threads that do for the event loop what may block: asking the daemon, reading the ledger, looking into a share.

All are daemon threads, unlike those of the standard pools: one that hangs must not keep the process from its end.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

_Task = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Hands:
    """So many tasks at a time; the others wait in order."""

    def __init__(self, name: str, count: int) -> None:
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        for number in range(1, count + 1):
            threading.Thread(target=self._work, name=f"{name} {number}", daemon=True).start()

    async def do(self, task: Callable[[], T], timeout_s: float) -> T:
        """Return what a task returns or raises; TimeoutError when it takes too long, its thread left to itself."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._tasks.put((task, loop, future))
        return await asyncio.wait_for(future, timeout_s)

    def _work(self) -> None:
        while True:
            task, loop, future = self._tasks.get()
            if future.cancelled():  # nobody waits for it any more
                continue
            try:
                result, error = task(), None
            except Exception as raised:  # noqa: BLE001 # raised again where it is waited for
                result, error = None, raised
            try:
                loop.call_soon_threadsafe(_settle, future, result, error)
            except RuntimeError:  # the loop has ended
                return


def _settle(future: asyncio.Future[Any], result: object, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
