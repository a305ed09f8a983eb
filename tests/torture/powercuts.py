"""
Power cuts of real disks: the installed daemon works on ext4 file systems in images; at a moment it is stopped, the
images are copied as the disks have them just then, and the daemon goes on from the copies, as after a cut. Three times
in a row, then everything has to come to its end.

The ledger has a disk of its own: on the one of the share, each of its commits would bring to the disk what the daemon
forgot to sync there. What users drop is synced before; nothing else is.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.trouble import own_mounts
from tests.torture.installed import Installation, installation
from tests.torture.judge import STUCK, Finding
from tests.torture.kills import drop_some, line_of, moment_of, settle_in
from tests.torture.plan import Plan
from tests.torture.simulated import Places
from tests.torture.tally import Run

CUTS: Final = 3  # of one installation

LEDGER: Final = Path("state", "ledger.db")

SIZE: Final = "32M"

OPTIONS: Final = "loop,commit=300"
"""The journal is written when somebody asks for it, not every five seconds: the less is kept, the more is seen."""

COPIES_MAX: Final = 20
"""So often an image is copied until two copies are the same: the kernel writes its journal when it likes."""

PAUSE_S: Final = 0.05


def impossible() -> str:
    """Return why no power can be cut here, "" if it can; one disk is tried."""
    if shutil.which("mkfs.ext4") is None:
        return "there is no mkfs.ext4"
    with tempfile.TemporaryDirectory(prefix="hotfolder-torture-") as directory:
        try:
            with own_mounts():
                CutDisk(Path(directory, "probe"), Path(directory, "place")).unmount()
        except pytest.skip.Exception as skipped:
            return str(skipped)
        except subprocess.CalledProcessError as error:
            return f"a disk image cannot be mounted: {error.stderr.decode(errors='replace').strip()}"
    return ""


class CutDisk:
    """A file system in an image, named by a path without its end, and mounted at one place for this thread only."""

    def __init__(self, name: Path, place: Path) -> None:
        self._image = name.with_suffix(".0.img")
        self._name = name
        self._place = place
        self._count = 0
        _run("truncate", "--size", SIZE, self._image)
        _run("mkfs.ext4", "-q", "-F", self._image)
        place.mkdir(parents=True)
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-o", OPTIONS, self._image, self._place)

    def sync(self) -> None:
        """Bring everything to the disk: what users drop is their own business."""
        _run("sync", "--file-system", self._place)

    def copy(self) -> Path:
        """Return a copy of the image as the disk has it now."""
        self._count += 1
        target = self._name.with_suffix(f".{self._count}.img")
        pause = threading.Event()
        _copy(self._image, target)
        for number in range(COPIES_MAX):
            again = target.with_suffix(f".{number}")
            _copy(self._image, again)
            is_same = again.read_bytes() == target.read_bytes()
            again.replace(target)
            if is_same:
                return target
            pause.wait(PAUSE_S)
        raise AssertionError("the disk does not come to rest while its only user is stopped")

    def go_on_from(self, copy: Path) -> None:
        """Have the copy instead of what is no longer mounted."""
        self._image.unlink()
        self._image = copy
        self._mount()

    def unmount(self) -> None:
        """Let go of it; whoever still has something open keeps that."""
        with suppress(subprocess.CalledProcessError):
            _run("umount", "--lazy", self._place)


def _copy(source: Path, target: Path) -> None:
    _run("cp", "--sparse=always", source, target)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


def play(seed: int, directory: Path) -> Run:
    """Torture one installation, and judge what is left."""
    chance = random.Random(f"power cuts {seed}")
    root = directory / f"cuts-{seed}"
    root.mkdir()
    findings: list[Finding] = []
    kinds: Counter[str] = Counter()
    home = root / "home"
    with own_mounts(), ExitStack() as stack:
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        disks = [CutDisk(root / "home-disk", home), CutDisk(root / "ledger-disk", home / LEDGER.parent)]
        for disk in disks:
            stack.callback(disk.unmount)
        with installation(root, chance, home=home, ledger=LEDGER) as installed:
            settle_in(installed)
            for number in range(CUTS):
                drop_some(installed, number)
                installed.draw = line_of(chance)
                for disk in disks:
                    disk.sync()
                findings += _live_and_lose_power(installed, disks, kinds)
            findings += installed.finish()
            kinds += installed.proxy.met
            counts = {"ends": CUTS, "faults": sum(installed.proxy.met.values()), "files": len(installed.dropped)}
            return Run(replay=str(seed), findings=tuple(findings), counts=counts, kinds=kinds)


def _live_and_lose_power(installed: Installation, disks: Sequence[CutDisk], kinds: Counter[str]) -> list[Finding]:
    """Run one life until a moment, and go on from what the disks have then."""
    with installed.place.start() as daemon:
        what, is_time = moment_of(installed, daemon)
        came = is_time()
        daemon.send(signal.SIGSTOP)
        copies = [disk.copy() for disk in disks]
        was_alive = daemon.is_alive()
        daemon.send(signal.SIGKILL)
        ended = daemon.wait()
    installed.heard.clear()
    installed.ended.append(ended)
    for disk in reversed(disks):
        disk.unmount()
    for disk, copy in zip(disks, copies, strict=True):
        disk.go_on_from(copy)
    kinds[f"cut at {what}" if came else "cut after a while"] += 1
    if not was_alive:
        return [Finding(STUCK, f"the daemon ended with {ended.code} by itself: {ended.noise[-10:]}")]
    return []


# --- as a part of the bench ---


def work(plan: Plan) -> Iterator[str]:
    """Yield the seeds of this part."""
    return (str(seed) for seed in range(plan.seed, plan.seed + -(-plan.cuts // CUTS)))


def replayed(what: str, places: Places) -> Run:
    """Torture the installation of a seed."""
    return play(int(what), places.directory)
