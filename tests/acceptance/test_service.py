"""
The daemon as systemd sees it: when it is ready, whether it lives, and how it ends.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from tests.acceptance.manager import Manager
from tests.acceptance.place import Place
from tests.acceptance.process import Process

WATCHDOG_S = 1.0


@pytest.fixture
def manager(place: Place) -> Iterator[Manager]:
    with Manager(place.root / "notify") as manager:
        yield manager


def start(place: Place, manager: Manager, watchdog_s: float = WATCHDOG_S) -> Process:
    """Start the daemon as a service."""
    return Process("-c", place.config, "run", environment=manager.environment(watchdog_s))


def test_it_is_ready_tells_how_it_goes_and_ends(place: Place, manager: Manager, images: list[bytes]) -> None:
    place.configure({"name": "hot"})
    with start(place, manager) as process:
        assert manager.receive() == ["READY=1", "STATUS=signing in, 1 folder, 0 jobs, 0 files under way"]
        assert manager.receive() == ["WATCHDOG=1"]
        assert manager.await_line("STATUS=") == ["STATUS=server ok, 1 folder, 0 jobs, 0 files under way"]
        process.send(signal.SIGTERM)
        assert manager.await_line("STOPPING=1") == ["STOPPING=1", "STATUS=stopping"]
        assert process.wait().code == 0


def test_it_is_ready_and_lives_while_the_server_hangs(place: Place, manager: Manager) -> None:
    """A server that does not answer is no failed start, and a restart would not make it answer."""
    hold = place.box.add_fault(do="hold")
    place.configure({"name": "hot"})
    watchdog_s = 3.0
    with start(place, manager, watchdog_s) as process:
        manager.await_line("READY=1")
        assert hold.met.wait(60)
        manager.await_line("WATCHDOG=1")
        for _ in range(6):  # twice as long as the watchdog would wait
            last_s = time.monotonic()
            manager.await_line("WATCHDOG=1")
            assert time.monotonic() - last_s < watchdog_s
        process.send(signal.SIGTERM)
        manager.await_line("STOPPING=1")
        assert process.wait().code == 0  # without the answer
        assert not hold.released.is_set()


def test_it_lives_while_the_server_hangs_in_the_middle_of_a_post(
    place: Place, manager: Manager, images: list[bytes]
) -> None:
    """And at a stop it asks for the time that the POST takes, and uses it."""
    hold = place.box.add_fault(do="hold", on="UploadFile", nth=1)
    place.configure({"name": "hot"})
    place.drop("hot/chair.jpg", images[0])
    with start(place, manager) as process:
        assert hold.met.wait(60)
        for _ in range(4):
            manager.await_line("WATCHDOG=1")
        process.send(signal.SIGTERM)
        manager.await_line("STOPPING=1")
        manager.await_line("EXTEND_TIMEOUT_USEC=")
        manager.await_line("WATCHDOG=1")
        hold.release()
        ended = process.wait()
    assert ended.code == 0
    assert len(ended.named("job.posted")) == 1
    assert [asset["name"] for asset in place.box.assets()] == ["chair"]


def test_a_process_that_stands_still_falls_silent(place: Place, manager: Manager) -> None:
    """Which is what the watchdog is for."""
    place.configure({"name": "hot"})
    with start(place, manager) as process:
        manager.await_line("WATCHDOG=1")
        process.send(signal.SIGSTOP)
        assert len(manager.receive_until_silence(2 * WATCHDOG_S)) <= 3  # what was on its way
        process.send(signal.SIGCONT)
        manager.await_line("WATCHDOG=1")


def test_a_reload_is_announced_and_ends(place: Place, manager: Manager) -> None:
    place.configure({"name": "hot"})
    with start(place, manager) as process:
        manager.await_line("STATUS=server ok")
        place.configure({"name": "hot"}, {"name": "second"})
        process.send(signal.SIGHUP)
        assert manager.await_line("RELOADING=1")[1].startswith("MONOTONIC_USEC=")
        assert manager.await_line("READY=1")[1] == "STATUS=server ok, 2 folders, 0 jobs, 0 files under way"
        assert process.end().code == 0


def test_settings_that_cannot_be_used_are_no_start(place: Place, manager: Manager) -> None:
    """Exit 2, on which the unit does not try again."""
    place.configure({"name": "hot"}, server={"company": ""})
    with start(place, manager) as process:
        assert process.wait().code == 2
        assert manager.receive_until_silence(0.1) == []
