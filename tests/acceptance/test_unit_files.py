"""
The files for systemd: as strict as promised, accepted by systemd's own checks, and of one mind with the program.
"""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from hotfolder.cli.exits import Exit
from hotfolder.cli.running import PATIENCE_S
from hotfolder.compose import READ_TIMEOUT_S
from hotfolder.config import default_config_path
from hotfolder.config.secret import CREDENTIAL
from hotfolder.config.starter import starter_text
from hotfolder.services.crew import PARTING_S
from hotfolder.services.supervisor import IDLE_WAKE_S

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "hotfolder.service"
DROP_INS = SYSTEMD / "hotfolder.service.d"
FILES = [UNIT, DROP_INS / "shares.conf", DROP_INS / "lease.conf.sample"]

EXPOSURE_LIMIT = 1.5  # on the scale of systemd 252 (RELIABILITY 4); a bare unit has more than 9

Settings = dict[str, list[str]]


def read(file: Path) -> dict[str, Settings]:
    """Sections to keys to values, in the order they are written; nothing in our files goes over two lines."""
    sections: dict[str, Settings] = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            sections[section][key].append(value)
    return sections


def one(settings: Settings, key: str) -> str:
    """The only value of a key."""
    (value,) = settings[key]
    return value


def seconds(value: str) -> float:
    """A time span as our files write them."""
    match = re.fullmatch(r"(\d+)(s|min)", value)
    assert match, value
    return float(match[1]) * (60 if match[2] == "min" else 1)


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def service() -> Settings:
    return read(UNIT)["Service"]


# --- what systemd says ---


def installed(directory: Path, *drop_ins: str) -> Path:
    """A copy of the unit with drop-ins as an administrator would have it, its program being one that is there."""
    unit = directory / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/hotfolder/bin/hotfolder", "/bin/true"), "utf-8")
    place = directory / DROP_INS.name
    place.mkdir()
    for name in drop_ins:
        shutil.copy(DROP_INS / name, place / name.removesuffix(".sample"))
    return unit


@pytest.mark.parametrize(
    "drop_ins", [(), ("shares.conf",), ("shares.conf", "lease.conf.sample")], ids=["alone", "shares", "lease"]
)
def test_systemd_accepts_the_unit_without_a_word(tmp_path: Path, drop_ins: tuple[str, ...]) -> None:
    found = analyze("verify", "--man=no", installed(tmp_path, *drop_ins))
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize("drop_ins", [(), ("shares.conf", "lease.conf.sample")], ids=["alone", "lease"])
def test_the_unit_exposes_little(tmp_path: Path, drop_ins: tuple[str, ...]) -> None:
    found = analyze("security", "--no-pager", "--offline=true", installed(tmp_path, *drop_ins))
    if "unrecognized option" in found.stderr:
        pytest.skip("this systemd-analyze cannot look at files")
    match = re.search(r"Overall exposure level for \S+: ([\d.]+)", found.stdout)
    assert match, found
    assert float(match[1]) <= EXPOSURE_LIMIT, found.stdout


def test_the_program_is_the_one_that_the_instructions_install(tmp_path: Path) -> None:
    """Or the copies above would prove nothing about the unit as it is."""
    assert "ExecStart=/opt/hotfolder/bin/hotfolder " in UNIT.read_text("utf-8")
    assert "/opt/hotfolder/bin/pip install" in (SYSTEMD / "README.md").read_text("utf-8")


# --- of one mind with the program ---


def test_the_settings_are_where_commands_look_for_them(service: Settings) -> None:
    assert one(service, "ExecStart").endswith(f" --config {default_config_path({})} run")


def test_the_password_has_the_name_that_the_program_asks_for(service: Settings) -> None:
    assert one(service, "LoadCredential") == f"{CREDENTIAL}:/etc/hotfolder/{CREDENTIAL}"


def test_the_directories_are_those_of_the_default_places(service: Settings) -> None:
    assert one(service, "StateDirectory") == "hotfolder"
    assert 'url = "sqlite:////var/lib/hotfolder/ledger.db"' in starter_text()
    assert one(service, "RuntimeDirectory") == "hotfolder"


def test_only_what_a_person_must_cure_is_not_tried_again(service: Settings) -> None:
    """The daemon never ends with 3 or 4: it stays up while a server refuses it or is away."""
    assert one(service, "Restart") == "on-failure"
    assert one(service, "RestartPreventExitStatus") == str(int(Exit.UNUSABLE))
    assert one(service, "SuccessExitStatus") == str(int(Exit.INTERRUPTED))


def test_restarts_that_fail_at_once_reach_the_limit(service: Settings) -> None:
    unit = read(UNIT)["Unit"]
    starts = int(one(unit, "StartLimitBurst"))
    assert starts * seconds(one(service, "RestartSec")) < seconds(one(unit, "StartLimitIntervalSec"))


def test_a_stop_has_time_for_an_answer_and_for_the_daemons_patience(service: Settings) -> None:
    assert seconds(one(service, "TimeoutStopSec")) >= READ_TIMEOUT_S + PATIENCE_S + PARTING_S


def test_the_watchdog_waits_for_more_than_one_turn(service: Settings) -> None:
    assert seconds(one(service, "WatchdogSec")) >= 3 * IDLE_WAKE_S


# --- as the files themselves promise ---


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_line_has_its_reason(file: Path) -> None:
    """A block of settings begins with a comment; only what a title such as Description= says needs none."""
    self_evident = {"Description", "Type", "User", "Group", "ExecStart", "WantedBy", "CapabilityBoundingSet"}
    unexplained = []
    explained = False
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("#"):
            explained = True
        elif not line or line.startswith("["):
            explained = False
        elif not explained and line.partition("=")[0] not in self_evident | {"AmbientCapabilities"}:
            unexplained.append(line)
    assert not unexplained


def test_each_hardening_setting_of_the_list_is_there(service: Settings) -> None:
    """RELIABILITY 4; MemoryMax and TasksMax may be set lower, the rest is all or nothing."""
    wanted = {
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "AmbientCapabilities": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "PrivateMounts": "yes",
        "DevicePolicy": "closed",
        "ProtectKernelTunables": "yes",
        "ProtectKernelModules": "yes",
        "ProtectKernelLogs": "yes",
        "ProtectControlGroups": "yes",
        "ProtectClock": "yes",
        "ProtectHostname": "yes",
        "ProtectProc": "invisible",
        "ProcSubset": "pid",
        "RestrictNamespaces": "yes",
        "RestrictRealtime": "yes",
        "RestrictSUIDSGID": "yes",
        "LockPersonality": "yes",
        "MemoryDenyWriteExecute": "yes",
        "RemoveIPC": "yes",
        "KeyringMode": "private",
        "SystemCallArchitectures": "native",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "UMask": "0007",
        "LimitCORE": "0",
    }
    assert {key: service[key] for key in wanted} == {key: [value] for key, value in wanted.items()}
    assert service["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert {"MemoryMax", "TasksMax", "LimitNOFILE"} <= service.keys()


def test_a_share_is_one_mount() -> None:
    """Every path in ReadWritePaths= is a mount of its own, and nothing can be renamed from one to another."""
    drop_in = read(DROP_INS / "shares.conf")
    assert drop_in["Service"]["ReadWritePaths"] == drop_in["Unit"]["RequiresMountsFor"] == ["/srv/share"]


def test_the_instructions_name_every_file() -> None:
    text = (SYSTEMD / "README.md").read_text("utf-8")
    for file in SYSTEMD.rglob("*"):
        if file.is_file() and file.name != "README.md":
            assert str(file.relative_to(SYSTEMD.parent)) in text, file
            assert not file.stat().st_mode & stat.S_IXUSR, file
