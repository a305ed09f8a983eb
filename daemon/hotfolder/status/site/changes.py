"""
Tells everybody who looks that something has changed, and when nothing has, nothing.

While somebody looks, one task asks once a second whether the daemon has taken a turn, and only then what has changed;
so fifty viewers cost as much as one, and a daemon at rest costs the reading of a number.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from hotfolder.status.plain import as_json
from hotfolder.status.running import Running
from hotfolder.status.view import Taken

LOOK_S: Final = 1.0

KEEP_ALIVE_S: Final = 25.0  # proxies close what is silent for half a minute


class Changes:
    """One for all viewers; used in the event loop of the server only."""

    def __init__(self, running: Running, take: Callable[[], Awaitable[Taken]], *, look_s: float = LOOK_S) -> None:
        self._running = running
        self._take = take
        self._look_s = look_s
        self._version = 0
        self._digest = b""
        self._turns = -1
        self._news = asyncio.Condition()
        self._viewers = 0
        self._task: asyncio.Task[None] | None = None

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield server-sent events: one whenever something changed, and a sign of life in between."""
        yield b"retry: 3000\n\n"
        self._viewers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        seen = self._version
        try:
            while True:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S), self._news:
                        while self._version == seen:
                            await self._news.wait()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                seen = self._version
                yield b"data: %d\n\n" % seen
        finally:
            self._viewers -= 1
            if not self._viewers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _look(self) -> None:
        while True:
            turns = self._running.turns
            if turns != self._turns:
                self._turns = turns
                await self._compare()
            await asyncio.sleep(self._look_s)

    async def _compare(self) -> None:
        try:
            taken = await self._take()
        except Exception:  # noqa: BLE001 # whoever loads the page is told; here there is only nothing new
            return
        told = as_json([taken.snapshot, taken.attention])
        digest = hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest != self._digest:
            is_first = not self._digest
            self._digest = digest
            if not is_first:
                async with self._news:
                    self._version += 1
                    self._news.notify_all()
