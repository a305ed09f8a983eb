"""Viewers are told that something changed, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.unit.status.test_server import Site

from hotfolder.core.messages import HoldAsked
from hotfolder.status.site.changes import Changes
from hotfolder.status.view import Taken


def changes_of(site: Site, asked: list[int]) -> Changes:
    async def take() -> Taken:
        asked.append(site.daemon.turns)
        site.daemon.clock.advance(1.0)
        return site.view.latest()

    return Changes(site.daemon, take, look_s=0.001)


async def told(stream: AsyncIterator[bytes]) -> bytes:
    """Return the next event."""
    return await asyncio.wait_for(anext(stream), 20)


def test_a_change_reaches_every_viewer_and_a_turn_without_one_none() -> None:
    site = Site()
    site.daemon.come_up()
    asked: list[int] = []

    async def look() -> None:
        changes = changes_of(site, asked)
        streams = [changes.stream() for _ in range(50)]
        for stream in streams:
            assert (await told(stream)).startswith(b"retry:")
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        while not asked:
            await asyncio.sleep(0)
        site.daemon.turns += 1  # a turn in which nothing happened
        while len(asked) < 2:
            await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        site.daemon.step(HoldAsked("catalog"))
        assert {await asyncio.wait_for(one, 20) for one in waiting} == {b"data: 1\n\n"}
        assert len(asked) == 3, "fifty viewers ask once"
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined] # a generator
        assert changes._task is None

    asyncio.run(look())


def test_a_daemon_that_does_not_answer_is_no_change() -> None:
    site = Site()
    asked: list[int] = []

    async def look() -> None:
        async def take() -> Taken:
            asked.append(1)
            raise TimeoutError

        stream = Changes(site.daemon, take, look_s=0.001).stream()
        await told(stream)
        next_one = asyncio.ensure_future(anext(stream))
        while not asked:
            await asyncio.sleep(0)
        assert not next_one.done()
        next_one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await next_one

    asyncio.run(look())
