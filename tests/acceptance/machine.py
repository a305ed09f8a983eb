"""
A real systemd that runs the unit: process 1 of namespaces of its own, on a copy of this machine that leaves no trace.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import hotfolder

SYSTEMD = Path(__file__).parents[2] / "systemd"
SCRIPT = Path(__file__).with_name("machine.sh")
TOOLS = ("unshare", "nsenter", "pivot_root", "chroot", "systemctl", "systemd-sysusers", "systemd-tmpfiles")

BOOT_S = 30.0  # it takes a second; a machine that has not booted by then cannot boot here
PATIENCE_S = 60.0

PROGRAM = f"""\
#!/opt/python/bin/python{sys.version_info.major}.{sys.version_info.minor}
import sys
sys.path[:0] = ["/opt/daemon", "/opt/site"]
from hotfolder.cli.app import run
run()
"""

NEWS = """\
[Service]
# what the test listens to
StandardOutput=file:/news/pipe
StandardError=file:/news/pipe
ExecStartPost=/bin/sh -c 'echo started >/news/pipe'
ExecStopPost=/bin/sh -c 'echo "ended $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" >/news/pipe'
# a test has no time
WatchdogSec=5s
RestartSec=100ms
# the Python of this machine may not be where it was made for
Environment=LD_LIBRARY_PATH=/opt/python/lib
"""

BOOTED = """\
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo booted >/news/pipe'
"""

TARGETS = ("sysinit", "basic", "network", "remote-fs", "shutdown", "multi-user")

Event = dict[str, Any]


class NoMachineError(Exception):
    """Such a machine cannot be had here; the text says why."""


class Machine:
    """Runs while its context is open; its directory is its maker's to remove."""

    def __init__(self, stage: Path, config: str, password: str) -> None:
        self._stage = stage
        self.share = stage / "share"
        self._news: list[str] = []
        for name in ("root", "share", "news", "files"):
            (stage / name).mkdir(parents=True, exist_ok=True)
        self._write_files(config, password)
        pipe = stage / "news" / "pipe"
        os.mkfifo(pipe)
        pipe.chmod(0o666)  # the service writes into it as its own user
        self._pipe = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""
        self._group: Path | None = None
        self._popen: subprocess.Popen[str] | None = None
        self._init: int | None = None

    def _write_files(self, config: str, password: str) -> None:
        """Lay out what the instructions have an administrator install."""
        units = self._stage / "files/etc/systemd/system"
        drop_ins = units / "hotfolder.service.d"
        wants = units / "multi-user.target.wants"
        settings = self._stage / "files/etc/hotfolder"
        for directory in (drop_ins, wants, settings):
            directory.mkdir(parents=True)
        shutil.copy(SYSTEMD / "hotfolder.service", units)
        shutil.copy(SYSTEMD / "hotfolder.service.d/shares.conf", drop_ins)
        (drop_ins / "test.conf").write_text(NEWS)
        for name in TARGETS:
            (units / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
        (units / "booted.service").write_text(BOOTED)
        (wants / "booted.service").symlink_to("../booted.service")
        for kind in ("sysusers", "tmpfiles"):
            target = self._stage / f"files/etc/{kind}.d/hotfolder.conf"
            target.parent.mkdir()
            shutil.copy(SYSTEMD / f"hotfolder.{kind}", target)
        (settings / "hotfolder.toml").write_text(config)
        (settings / "ips-password").write_text(password)
        program = self._stage / "files/opt/hotfolder/bin/hotfolder"
        program.parent.mkdir(parents=True)
        program.write_text(PROGRAM)
        program.chmod(0o755)

    def __enter__(self) -> Self:
        try:
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _boot(self) -> None:
        """Boot; raise `NoMachineError` if that cannot be done here."""
        if os.geteuid() != 0:
            raise NoMachineError("mounts and namespaces need root")
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing or not Path("/lib/systemd/systemd").exists():
            raise NoMachineError(f"not installed: {', '.join(missing) or 'systemd'}")
        self._group = _make_group()
        enter = f'echo $$ >"{self._group}/cgroup.procs" && exec "$@"'
        unshare = ["unshare", "--pid", "--fork", "--mount", "--uts", "--ipc", "--cgroup", "--kill-child"]
        program = Path(hotfolder.__file__).parents[1]
        machine = ["sh", SCRIPT, self._stage, sys.base_prefix, sysconfig.get_path("purelib"), program]
        self._popen = subprocess.Popen(
            ["sh", "-c", enter, "sh", *unshare, *map(str, machine)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self.await_news("booted", BOOT_S)
        except AssertionError as error:
            self._kill()
            said, _ = self._popen.communicate()
            raise NoMachineError(f"systemd does not boot in namespaces here: {said.strip() or error}") from error
        self._init = _only_child(self._popen.pid)

    def __exit__(self, *_: object) -> None:
        self._kill()
        if self._popen is not None:
            self._popen.communicate()
        if self._group is not None:
            _remove_group(self._group)
        os.close(self._pipe)

    def _kill(self) -> None:
        """End process 1, and with it everything in the machine."""
        if self._popen is not None and self._popen.poll() is None:
            init = _only_child(self._popen.pid)
            if init is not None:
                with suppress(ProcessLookupError):
                    os.kill(init, signal.SIGKILL)
            else:
                self._popen.kill()

    # --- what happens in it ---

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root."""
        inside = ["nsenter", "--target", str(self._init), "--mount", "--pid", "--uts", "--ipc", "--cgroup"]
        return subprocess.run([*inside, *command], capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    def show(self) -> Mapping[str, str]:
        """Return the service's properties."""
        lines = self.run("systemctl", "show", "hotfolder.service").stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def await_news(self, beginning: str, within_s: float = PATIENCE_S) -> str:
        """Wait for the next line that begins so, and return it; what came before it is passed over."""
        return self._await(lambda line: line.startswith(beginning), beginning, within_s)

    def await_event(self, name: str) -> Event:
        """Wait for the daemon to log such an event, and return it."""
        event: Event = json.loads(self._await(lambda line: f'"event": "{name}"' in line, name, PATIENCE_S))
        return event

    def _await(self, is_it: Callable[[str], bool], what: str, within_s: float) -> str:
        deadline_s = time.monotonic() + within_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            passed: list[str] = []
            while True:
                while self._news:
                    passed.append(self._news.pop(0))
                    if is_it(passed[-1]):
                        return passed[-1]
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or (self._popen is not None and self._popen.poll() is not None):
                    raise AssertionError("\n  ".join([f"waited for {what}; what came instead:", *passed[-40:]]))
                if selector.select(min(left_s, 1.0)):
                    *lines, self._rest = (self._rest + os.read(self._pipe, 65536)).split(b"\n")
                    self._news += [line.decode(errors="replace") for line in lines]


def _make_group() -> Path:
    """Make a control group for the machine: systemd would rearrange the one that it is in."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            group = Path(place, f"hotfolder-test-{os.getpid()}")
            try:
                group.mkdir()
            except OSError as error:
                raise NoMachineError(f"no control group can be made: {error}") from error
            return group
    raise NoMachineError("there are no control groups of version 2 that may be changed")


def _remove_group(group: Path) -> None:
    for directory, _, _ in os.walk(group, topdown=False):
        Path(directory).rmdir()


def _only_child(pid: int) -> int | None:
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if len(children) == 1:
            return int(children[0])
    return None
