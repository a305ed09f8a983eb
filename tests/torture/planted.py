"""
Bugs planted on purpose, each of which the bench has to find: who finds none may be blind.

Most are wrapped around the daemon's ports; what no wrapper can do is done in a copy of the package, by replacing text
that has to be there. Each is hunted in a process of its own, with the parts of the bench that should see it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from hotfolder.core.journal import InsertJob, InsertPost, UpdateDrops, UpdateJob, Write
from hotfolder.core.server import Company, JobLog, Kind, PostAnswer, RemoteError, Trouble
from hotfolder.ports import Ledger, PostRequest, Progress
from tests.torture import fuzz, histories, powercuts, short
from tests.torture.calls import DiskCalls
from tests.torture.crew import place_for_ledgers
from tests.torture.disk import Node
from tests.torture.model import Line
from tests.torture.simulated import Places, Ports
from tests.torture.tally import Run
from tests.torture.users import CANARY

REPOSITORY: Final = Path(__file__).parents[2]

HISTORIES: Final = 4_000
"""So many seeds are played at most before a planted bug counts as not found; most need a dozen."""

POWER_CUTS: Final = "power cuts"
"""The part that cuts the power of real disks: it takes some seconds a run, and root."""


# --- wrapped ports ---


class NoDirectorySync(DiskCalls):
    """No directory is brought to the disk."""

    def fsync(self, fd: int) -> None:
        if not self._fds[fd].is_directory:
            super().fsync(fd)


class NoFileSync(DiskCalls):
    """No note or receipt is brought to the disk."""

    def fsync(self, fd: int) -> None:
        if self._fds[fd].is_directory:
            super().fsync(fd)


class FollowsLinks(DiskCalls):
    """A link is taken for what it leads to."""

    def resolved(self, node: Node, path: str) -> Node:
        return self._secret() if node.target else node

    def lstat(self, name: str, dir_fd: int) -> os.stat_result:
        node = self._named(dir_fd, name)
        return (self._secret() if node.target else node).stat()

    def _secret(self) -> Node:
        return self._disk.elsewhere(CANARY)


class Replaces(DiskCalls):
    """A rename replaces what has the name."""

    def rename(self, source: str, source_fd: int, target: str, target_fd: int) -> None:
        directory = self._fds[target_fd]
        if target in directory.names:
            self._disk.remove_name(directory, target)
        super().rename(source, source_fd, target, target_fd)


class Wrapped:
    """A ledger that does something else with what it is to commit."""

    def __init__(self, ledger: Ledger) -> None:
        self._inner: Any = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Postponing(Wrapped):
    """Commits that hold one kind of write become durable with the next commit only."""

    kind: type[Any] = InsertPost

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._kept: list[Write] = []

    def commit(self, writes: Sequence[Write]) -> None:
        due, self._kept = [*self._kept, *writes], []
        if any(isinstance(write, self.kind) for write in writes):
            self._kept = due
        else:
            self._inner.commit(due)


class LateIntents(Postponing):
    """A POST begins before its intent is on the disk."""


class LateClaims(Postponing):
    """Files are renamed into `_working` before that is on the disk."""

    kind = InsertJob


class NoHandle(Wrapped):
    """The handle of a job is not recorded."""

    def commit(self, writes: Sequence[Write]) -> None:
        self._inner.commit(
            [
                UpdateJob(write.id, {key: value for key, value in write.values.items() if key != "handle"})
                if isinstance(write, UpdateJob)
                else write
                for write in writes
            ]
        )


class SilentCopies(Wrapped):
    """A possible second copy is not recorded."""

    def commit(self, writes: Sequence[Write]) -> None:
        self._inner.commit(
            [
                UpdateDrops(
                    tuple(
                        {key: value for key, value in row.items() if key != "possible_second_copy"}
                        for row in write.rows
                    )
                )
                if isinstance(write, UpdateDrops)
                else write
                for write in writes
            ]
        )


class LostIsRefused(Line):
    """An answer that was lost counts as a refusal, and the files are sent again."""

    def post(self, request: PostRequest, progress: Progress) -> PostAnswer:
        try:
            return super().post(request, progress)
        except RemoteError as error:
            if error.trouble.kind is not Kind.UNKNOWN:
                raise
            trouble = Trouble(kind=Kind.TRANSIENT, text="internal trouble", code=30000)
            raise RemoteError(trouble, files=error.files, changed=error.changed) from error


class EarlyLogs(Line):
    """A log counts as complete while it is being written."""

    def job_logs(
        self, company: Company, *, handle: str | None = None, original_name: str | None = None
    ) -> list[JobLog]:
        logs = super().job_logs(company, handle=handle, original_name=original_name)
        return [replace(log, is_complete=True, ended_at=log.ended_at or self._model.now()) for log in logs]

    def active_jobs(self, company: Company, *, original_name: str | None = None) -> list[Any]:
        super().active_jobs(company, original_name=original_name)
        return []


# --- the list ---


@dataclass(frozen=True, slots=True)
class Change:
    """One text in the package put in the place of another, which has to be there exactly once."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bug:
    """One bug, and with what it is hunted."""

    ports: Ports = field(default_factory=Ports)
    change: Change | None = None
    hunt: str = "simulation"  # or POWER_CUTS, or a sort of fuzz


BUGS: Final[dict[str, Bug]] = {
    "no directory is synced": Bug(ports=Ports(calls=NoDirectorySync)),
    "no note or receipt is synced": Bug(ports=Ports(calls=NoFileSync)),
    "links are followed": Bug(ports=Ports(calls=FollowsLinks)),
    "a rename replaces what is there": Bug(ports=Ports(calls=Replaces)),
    "a POST begins before its intent is durable": Bug(ports=Ports(ledger=LateIntents)),
    "files are claimed before that is durable": Bug(ports=Ports(ledger=LateClaims)),
    "a job's handle is forgotten": Bug(ports=Ports(ledger=NoHandle)),
    "possible second copies are forgotten": Bug(ports=Ports(ledger=SilentCopies)),
    "a lost answer is taken for a refusal": Bug(ports=Ports(line=LostIsRefused)),
    "a log is read before its end": Bug(ports=Ports(line=EarlyLogs)),
    "new names are synced after lost ones": Bug(
        change=Change(
            "edges/files/beneath.py",
            """        self._sync_all(sorted(self._gained - self._lost))
        for path in sorted(self._gained & self._lost):
            self._sync_all([path])
        self._sync_all(sorted(self._lost))
""",
            """        self._sync_all(sorted(self._lost))
        self._sync_all(sorted(self._gained))
""",
        )
    ),
    "directories that a killed process made are never synced": Bug(
        change=Change("edges/files/beneath.py", "if path and path not in self._kept:", "if False:")
    ),
    "a file moved by a killed process is not synced away from its place": Bug(
        change=Change(
            "edges/files/filing.py",
            "            self._directories.has_lost(source_parent)\n            if is_half_moved:",
            "            if is_half_moved:",
        )
    ),
    "a version is told by its inode alone": Bug(
        change=Change(
            "edges/files/beneath.py",
            "        and found.st_size == identity.size_bytes\n        and found.st_mtime_ns == identity.mtime_ns\n",
            "",
        )
    ),
    "a claimed file is not looked at once more": Bug(
        change=Change(
            "edges/files/claim.py",
            "        if not objection:\n            return ClaimStatus.CLAIMED",
            "        if True:\n            return ClaimStatus.CLAIMED",
        )
    ),
    "one page of a log is left out": Bug(
        change=Change(
            "edges/remote/pages.py",
            "    for number in range(1, MAX_PAGES + 1):\n        count = 0\n",
            "    for number in (1, *range(3, MAX_PAGES + 1)):\n        count = 0\n",
        ),
        hunt="job_logs",
    ),
    "no directory of a real disk is synced": Bug(
        change=Change("edges/files/beneath.py", "self.calls.fsync_each(list(opened.values()))", "[None] * len(opened)"),
        hunt=POWER_CUTS,
    ),
    "no commit of the ledger is brought to a real disk": Bug(
        change=Change("edges/ledger/database.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=OFF"), hunt=POWER_CUTS
    ),
    "a file is settled by its own time": Bug(
        change=Change(
            "core/settle.py",
            "    unchanged_s = now_s - track.unchanged_since_s\n",
            "    unchanged_s = abs(now_s - observation.identity.mtime_ns / 1e9)\n",
        )
    ),
    "jobs of our own name are not looked for": Bug(
        change=Change(
            "core/deciding.py",
            "        if not others:\n            return\n        board",
            "        return\n        board",
        )
    ),
    "jobs that were written off are not watched": Bug(
        change=Change("core/runs.py", "GHOST_WATCH = timedelta(hours=24)", "GHOST_WATCH = timedelta(0)")
    ),
    "a filing cut short is not taken up again": Bug(
        change=Change("core/recovery.py", "            self._filing.resume(drop)\n", "            pass\n")
    ),
    "any name may stand in a header": Bug(
        change=Change("core/naming.py", "    if is_plain(name):\n        return name\n", "    return file_name\n"),
        hunt="names",
    ),
    "a cut answer is read as far as it goes": Bug(
        change=Change("ips/markup.py", "etree.XMLParser(", "etree.XMLParser(recover=True, "), hunt="answers"
    ),
}


# --- hunting ---


def hunt(name: str, places: Places, seed: int = 0) -> Iterator[Run]:
    """Yield runs with a bug planted, until the caller has seen enough."""
    bug = BUGS[name]
    if bug.hunt == POWER_CUTS:
        for number in range(HISTORIES):
            yield powercuts.replayed(str(seed + number), places)
        return
    if bug.hunt in fuzz.SORTS:
        for first in range(0, 20_000, fuzz.TOGETHER):
            yield fuzz.replayed(f"{bug.hunt}/{first}+{fuzz.TOGETHER}", places)
        return
    case = short.Case.read("nothing-0.0/2/fine/move/1")
    moments = short.play(case, "", places.new(), ports=bug.ports).world.moments.count
    for number in range(HISTORIES):
        yield histories.play(seed + number, places.new(), ports=bug.ports).run(f"histories:{seed + number}")
        chance = random.Random(number)
        pair = f"{chance.randint(1, moments)}k+{chance.randint(1, 30)}c"
        for ends in (f"{1 + number % moments}{'kcm'[number % 3]}", pair):
            yield short.play(case, ends, places.new(), ports=bug.ports).run(f"short:{case}@{ends}")


def caught(name: str, within_s: float) -> dict[str, str]:
    """Hunt one bug in this process; return what caught it, and what was seen."""
    deadline_s = time.monotonic() + within_s
    with tempfile.TemporaryDirectory(prefix="hotfolder-planted-", dir=place_for_ledgers()) as directory:
        runs = hunt(name, Places(Path(directory)))
        count = 0
        while time.monotonic() < deadline_s:
            try:
                run = next(runs)
            except StopIteration:
                break
            except Exception as error:  # noqa: BLE001 # a planted bug may well end in one
                return {"by": f"run {count + 1}", "seen": f"{type(error).__name__}: {error}"[:300]}
            count += 1
            if run.findings:
                return {"by": f"{run.replay}, run {count}", "seen": str(run.findings[0])[:300]}
    return {}


def hunted(name: str, within_s: float) -> dict[str, str]:
    """Hunt one bug in a process of its own, over a copy of the package if it takes one."""
    bug = BUGS[name]
    with tempfile.TemporaryDirectory(prefix="hotfolder-planted-") as directory:
        places = [str(REPOSITORY)]
        if bug.change is not None:
            copy = Path(directory, "daemon")
            shutil.copytree(REPOSITORY / "daemon", copy, ignore=shutil.ignore_patterns("__pycache__"))
            plant(copy / "hotfolder", bug.change)
            places.insert(0, str(copy))
        done = subprocess.run(
            [sys.executable, "-m", "tests.torture.planted", name, str(within_s)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        return {"by": "nothing: the hunt failed", "seen": done.stderr[-1000:]}
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def plant(package: Path, change: Change) -> None:
    """Replace a text in a copy of the package; raises AssertionError unless it is there exactly once."""
    file = package / change.file
    text = file.read_text("utf-8")
    assert text.count(change.before) == 1, f"{change.file} has {text.count(change.before)} times {change.before!r}"
    file.write_text(text.replace(change.before, change.after), "utf-8")


def show_caught(jobs: int, within_s: float) -> bool:
    """Hunt every bug, print what caught each, and return whether all were caught."""
    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(lambda name: hunted(name, within_s), BUGS))
    width = max(map(len, BUGS))
    print(f"\n  {'planted':{width}}  caught by")
    for name, what in zip(BUGS, found, strict=True):
        print(f"  {name:{width}}  {what.get('by', 'NOTHING')}")
        if what:
            print(f"  {'':{width}}    {what['seen']}")
    count = sum(bool(what) and not what["by"].startswith("nothing") for what in found)
    print(f"\n  {count} of {len(BUGS)} planted bugs were caught")
    return count == len(BUGS)


if __name__ == "__main__":
    print(json.dumps(caught(sys.argv[1], float(sys.argv[2]))))
