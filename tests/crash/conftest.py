"""Runs against the sandbox, for all tests here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hotfolder.core.settings import BatchSettings
from hotfolder.sandbox import Clock, Sandbox
from hotfolder.testing.simulation import World
from tests.contract.parts import CANARY, make_remote
from tests.contract.parts import settings as server_settings
from tests.crash.answering import FILES, TOGETHER, Run, Script
from tests.crash.histories import settings


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """
    Makes runs with scripted faults; the files are dropped after a while.

    `seconds_per_request` go by on the server's clock whenever it looks at it.
    """
    with ExitStack() as stack:

        def make(
            *faults: Script,
            jobs: int = 2,
            overwrite: bool = True,
            seconds_per_request: float = 0.0,
            read_timeout_s: float = 30.0,
            after_s: float = 0.0,
            **changes: Any,
        ) -> Run:
            world = World(
                replace(
                    settings(files_per_post=TOGETHER, overwrite=overwrite),
                    batch=BatchSettings(linger_s=2, max_files=FILES // jobs),
                )
            )
            ticks = count()
            clock = Clock(
                monotonic=lambda: world.clock.monotonic() + next(ticks) * seconds_per_request, now=world.clock.now
            )
            given: dict[str, Any] = {"password": CANARY, "job_timeout": 60.0, "faults": faults, **changes}
            box = stack.enter_context(Sandbox(data=tmp_path / "box", clock=clock, **given))
            where = server_settings(f"{box.base_url}/UploadFile", f"{box.base_url}/services/IpsApiService")
            world.remote = remote = make_remote(where, read_timeout_s=read_timeout_s)
            stack.callback(remote.close)
            dropped = {f"f{number:03}.txt": f"content {number}".encode() for number in range(FILES)}

            def drop(world: World) -> None:
                for path, content in dropped.items():
                    world.shares["catalog"].drop(path, content)

            if after_s:
                world.at(after_s, drop)
            else:
                drop(world)
            return Run(world, box, remote, dropped)

        yield make
