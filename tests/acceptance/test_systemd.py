"""
The unit in a real systemd: everything that the hardening takes away is not missed, and the watchdog bites.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotfolder.sandbox import Sandbox
from tests.acceptance.machine import Machine, NoMachineError

PASSWORD = "a password & <such>"

SETTINGS = """\
[server]
base_url = "{base_url}"
company = "Example Co"
user = "ingest@example.com"

[ledger]
url = "sqlite:////var/lib/hotfolder/ledger.db"

[batch]
linger = "200ms"

[tracking]
poll = "200ms"

[web]
listen = ""

[[folder]]
name = "catalog"
path = "/srv/share/catalog"
receipts = true
settle = {{ quiet = "300ms" }}
options = {{ overwrite = true }}
"""

pytestmark = pytest.mark.root


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(data=tmp_path / "sandbox", password=PASSWORD) as box:
        yield box


@pytest.fixture
def machine(tmp_path: Path, box: Sandbox) -> Iterator[Machine]:
    stage = tmp_path / "machine"
    (stage / "share/catalog").mkdir(parents=True)
    try:
        with Machine(stage, SETTINGS.format(base_url=box.base_url), PASSWORD) as machine:
            yield machine
    except NoMachineError as error:
        pytest.skip(str(error))


def drop(machine: Machine, name: str, content: bytes) -> None:
    """Put a file into the hot folder, as somebody else than the daemon."""
    machine.share.joinpath("catalog", name).write_bytes(content)


def test_the_service_starts_uploads_and_stops_in_its_cage(machine: Machine, box: Sandbox, images: list[bytes]) -> None:
    """The password comes as a credential, and no call, path or capability that it needs is refused."""
    started = machine.run("systemctl", "start", "hotfolder.service")
    assert started.returncode == 0, (started, machine.show())
    drop(machine, "chair.jpg", images[0])
    assert machine.await_event("drop.filed")["outcome"] == "stored"
    assert [asset["name"] for asset in box.assets()] == ["chair"]
    filed = sorted(path.name for path in machine.share.glob("catalog/_done/*/*"))
    assert filed == ["chair.jpg", "chair.jpg.receipt.toml"]
    shown = machine.show()
    assert (shown["ActiveState"], shown["SubState"], shown["NRestarts"]) == ("active", "running", "0")
    assert machine.run("systemctl", "stop", "hotfolder.service").returncode == 0
    assert machine.await_news("ended") == "ended success exited 0"
    assert machine.show()["Result"] == "success"


def test_the_watchdog_restarts_a_daemon_that_stands_still(machine: Machine, images: list[bytes]) -> None:
    """And its last words are where each thread stood."""
    machine.run("systemctl", "start", "hotfolder.service")
    machine.await_news("started")
    machine.run("kill", "-STOP", machine.show()["MainPID"])
    machine.await_news("Fatal Python error: Aborted")
    assert machine.await_news("ended").startswith("ended watchdog killed ")
    machine.await_news("started")
    assert machine.show()["NRestarts"] == "1"
    drop(machine, "chair.jpg", images[0])
    assert machine.await_event("drop.filed")["outcome"] == "stored"


def test_settings_that_cannot_be_used_are_not_tried_again(machine: Machine) -> None:
    machine.run("sed", "-i", "s/^linger/lingr/", "/etc/hotfolder/hotfolder.toml")
    assert machine.run("systemctl", "start", "hotfolder.service").returncode != 0
    assert "lingr" in machine.await_news("/etc/hotfolder/hotfolder.toml:")
    assert machine.await_news("ended") == "ended exit-code exited 2"
    shown = machine.show()
    assert (shown["ActiveState"], shown["SubState"], shown["NRestarts"]) == ("failed", "failed", "0")


def test_a_reload_is_waited_for_and_takes_the_new_settings(machine: Machine) -> None:
    machine.run("systemctl", "start", "hotfolder.service")
    machine.run("sed", "-i", 's/^linger = .*/linger = "100ms"/', "/etc/hotfolder/hotfolder.toml")
    assert machine.run("systemctl", "reload", "hotfolder.service").returncode == 0
    machine.await_event("daemon.reloaded")
    assert machine.show()["ActiveState"] == "active"


def await_status(machine: Machine, status: str) -> None:
    """Wait for a start to fail so; while the next one is tried there is none."""
    deadline_s = time.monotonic() + 60
    while (found := machine.show()["ExecMainStatus"]) != status:
        assert time.monotonic() < deadline_s, found


def test_a_missing_password_and_a_missing_share_fail_as_the_instructions_say(machine: Machine) -> None:
    machine.run("mv", "/etc/hotfolder/ips-password", "/etc/hotfolder/elsewhere")
    machine.run("systemctl", "start", "hotfolder.service")
    await_status(machine, "243")
    machine.run("systemctl", "stop", "hotfolder.service")
    machine.run("mv", "/etc/hotfolder/elsewhere", "/etc/hotfolder/ips-password")
    machine.run("sed", "-i", "s/^ReadWritePaths=.*/&-away/", "/etc/systemd/system/hotfolder.service.d/shares.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "hotfolder.service")
    await_status(machine, "226")


def test_users_and_directories_are_made_as_the_instructions_say(machine: Machine) -> None:
    places = ["/etc/hotfolder", "/etc/hotfolder/hotfolder.toml", "/etc/hotfolder/ips-password", "/var/lib/hotfolder"]
    found = machine.run("stat", "-c", "%a %U:%G %n", *places, "/run/hotfolder").stdout.splitlines()
    assert found == [
        "750 root:hotfolder /etc/hotfolder",
        "640 root:hotfolder /etc/hotfolder/hotfolder.toml",
        "600 root:root /etc/hotfolder/ips-password",
        "750 hotfolder:hotfolder /var/lib/hotfolder",
        "750 hotfolder:hotfolder /run/hotfolder",
    ]
    user = machine.run("getent", "passwd", "hotfolder").stdout.strip()
    assert re.fullmatch(r"hotfolder:x:\d+:\d+:Hot folder uploads:/var/lib/hotfolder:/usr/sbin/nologin", user)
