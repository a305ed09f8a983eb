"""
Sandboxes on free ports, on a clock that tests move, and callers for them.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sandbox.client import Caller, HandClock

from hotfolder.sandbox import Sandbox


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def open_box(tmp_path: Path, hand: HandClock) -> Iterator[Callable[..., Sandbox]]:
    """Makes sandboxes, each on a directory of its own if none is given, and closes them."""
    with ExitStack() as stack:
        number = itertools.count(1)

        def make(**settings: Any) -> Sandbox:
            defaults: dict[str, Any] = {"data": tmp_path / f"box{next(number)}", "clock": hand.clock()}
            return stack.enter_context(Sandbox(**{**defaults, **settings}))

        yield make


@pytest.fixture
def call(open_box: Callable[..., Sandbox]) -> Iterator[Callable[..., Caller]]:
    """Makes callers: of a new sandbox with these settings, or of the one given."""
    with ExitStack() as stack:

        def make(box: Sandbox | None = None, *, source: str = "127.0.0.1", **settings: Any) -> Caller:
            caller = Caller(box or open_box(**settings), source)
            stack.callback(caller.close)
            return caller

        yield make


@pytest.fixture
def caller(call: Callable[..., Caller]) -> Caller:
    """A caller of a new sandbox with all defaults."""
    return call()
