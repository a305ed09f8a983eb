"""
What arrives at a real datagram socket, and what happens when nobody listens.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hotfolder.edges.notify import LONGEST_STATUS, SystemdNotifier, notify_address, watchdog_interval_s


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(10)
        yield receiver


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, listener: socket.socket, tmp_path: Path) -> str:
    """What NOTIFY_SOCKET would say."""
    if request.param == "path":
        listener.bind(str(tmp_path / "notify"))
        return str(tmp_path / "notify")
    name = f"hotfolder-test-{os.getpid()}-{tmp_path.name}"
    listener.bind(f"\0{name}")
    return f"@{name}"


def receive(listener: socket.socket) -> list[str]:
    """The lines of the next message."""
    return listener.recv(65536).decode("utf-8").split("\n")


def test_each_message_is_one_datagram_of_assignments(listener: socket.socket, address: str) -> None:
    notifier = SystemdNotifier(address)
    sent = [
        notifier.ready("server ok, 3 folders"),
        notifier.status("server unreachable"),
        notifier.alive(),
        notifier.extend_timeout(2.5),
        notifier.stopping(),
    ]
    assert sent == [True] * 5
    assert [receive(listener) for _ in sent] == [
        ["READY=1", "STATUS=server ok, 3 folders"],
        ["STATUS=server unreachable"],
        ["WATCHDOG=1"],
        ["EXTEND_TIMEOUT_USEC=2500000"],
        ["STOPPING=1", "STATUS=stopping"],
    ]


def test_reloading_carries_the_monotonic_time(listener: socket.socket, address: str) -> None:
    """systemd 253 and newer wait for a stamp that is not older than their signal (sd_notify(3))."""
    before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert SystemdNotifier(address).reloading()
    reloading, stamp = receive(listener)
    assert reloading == "RELOADING=1"
    name, _, value = stamp.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before_us <= int(value) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_status_cannot_smuggle_in_another_assignment(listener: socket.socket, address: str) -> None:
    SystemdNotifier(address).status("one\nMAINPID=1\r\u2028two \ud800")
    assert receive(listener) == ["STATUS=one MAINPID=1 two ?"]


def test_a_long_status_is_cut(listener: socket.socket, address: str) -> None:
    SystemdNotifier(address).status("x" * 10_000)
    assert receive(listener) == ["STATUS=" + "x" * LONGEST_STATUS]


@pytest.mark.parametrize("address", [None, ""])
def test_without_systemd_everything_succeeds(address: str | None) -> None:
    notifier = SystemdNotifier(address)
    assert all([notifier.ready("x"), notifier.alive(), notifier.stopping(), notifier.reloading()])


@pytest.mark.parametrize(
    "address", ["/nonexistent/notify", "@hotfolder-nobody", "/" + "x" * 200, "/nul\0", "vsock:2:1"]
)
def test_a_socket_that_cannot_be_used_is_told_and_not_raised(address: str) -> None:
    assert not SystemdNotifier(address).ready("x")


def test_a_full_socket_delays_only_for_a_moment(listener: socket.socket, tmp_path: Path) -> None:
    """An init system that does not read must not hold up the loop for good."""
    listener.bind(str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
        filler.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                filler.sendto(b"x", str(tmp_path / "notify"))
    assert not SystemdNotifier(str(tmp_path / "notify"), send_timeout_s=0.01).alive()


def test_the_address_is_taken_from_the_environment() -> None:
    assert notify_address({"NOTIFY_SOCKET": "/run/systemd/notify"}) == "/run/systemd/notify"
    assert notify_address({"NOTIFY_SOCKET": ""}) is None
    assert notify_address({}) is None


@pytest.mark.parametrize(
    ("environment", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "77"}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "78"}, None),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": ""}, 0.5),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_counts_only_when_it_is_ours(environment: dict[str, str], interval_s: float | None) -> None:
    assert watchdog_interval_s(environment, 77) == interval_s


def test_our_own_process_is_meant_unless_another_is_named() -> None:
    environment = {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid())}
    assert watchdog_interval_s(environment) == 1.0
