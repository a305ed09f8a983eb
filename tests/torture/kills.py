"""
The installed daemon, killed: at moments by chance and at named ones, while its line to the server breaks in every way,
users go on dropping files, and starts follow each other; then the line is mended, and all has to come to its end.

Named moments are lines of its log, states of the file system, and what happens to its requests on the line.
"""

from __future__ import annotations

import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.acceptance.process import Process
from tests.torture.installed import Installation, configure, installation
from tests.torture.judge import STUCK, Finding
from tests.torture.plan import Plan
from tests.torture.proxy import FINE, TOXICS, Toxic
from tests.torture.simulated import Places
from tests.torture.tally import Run

KILLS: Final = 8  # of one installation
WAVE: Final = 6  # files dropped before each start

PATIENCE_S: Final = 4.0
"""How long a named moment is waited for; if it does not come, the daemon is killed all the same."""

LOOK_S: Final = 0.001

EVENTS: Final = (
    "daemon.ready",
    "drop.seen",
    "drop.ready",
    "job.opened",
    "job.posted",
    "job.closed",
    "job.progress",
    "job.finished",
    "job.recovered",
    "drop.filed",
)

STATES: Final = {
    "something in _working": lambda hot: any((hot / "_working").rglob("*.jpg")),
    "a note or receipt half written": lambda hot: any(hot.rglob(".hotfolder-*.tmp")),
    "something in _done": lambda hot: any((hot / "_done").rglob("*.jpg")),
    "something in _failed": lambda hot: any((hot / "_failed").rglob("*.jpg")),
    "nothing in its place": lambda hot: not any(path.is_file() for path in hot.glob("*.jpg")),
}
"""States of a hot folder; a file system with more of them would need a daemon with more steps."""

REQUESTS: Final = tuple(
    f"{operation} {moment}"
    for operation in ("UploadFile", "getActiveJobs", "getJobLogDetails")
    for moment in ("begun", "under way", "arrived", "answered")
)


def play(seed: int, directory: Path) -> Run:
    """Torture one installation, and judge what is left."""
    chance = random.Random(f"kills {seed}")
    root = directory / f"kills-{seed}"
    findings: list[Finding] = []
    kinds: Counter[str] = Counter()
    try:
        with installation(root, chance) as installed:
            settle_in(installed)
            for number in range(KILLS):
                drop_some(installed, number)
                installed.draw = line_of(chance)
                findings += _live_and_die(installed, kinds)
            findings += installed.finish()
            kinds += installed.proxy.met
            toxics = sum(installed.proxy.met.values())
            counts = {"ends": KILLS, "faults": toxics, "files": len(installed.dropped)}
            return Run(replay=str(seed), findings=tuple(findings), counts=counts, kinds=kinds)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def settle_in(installed: Installation) -> None:
    chance = installed.chance
    kind = chance.choice(("move", "move", "move", "delete", "keep"))
    configure(
        installed,
        {"name": "hot", "receipts": chance.random() < 0.7, "on_success": kind},
        {"name": "other", "destination": "Else/{subfolder}"},
        upload={"files_per_post": chance.choice((1, 3, 20)), "parallel_jobs": chance.choice((1, 2, 3))},
        batch={"linger": "200ms", "max_files": chance.choice((5, 25))},
    )
    installed.tempt("hot")
    if chance.random() < 0.5:
        installed.place.box.add_fault(do="upload-error", file="bad*")
    if chance.random() < 0.5:
        installed.place.box.add_fault(do="vanish", file="gone*")


def drop_some(installed: Installation, number: int) -> None:
    chance = installed.chance
    for file in range(WAVE):
        kind = chance.choices(("photo", "bad", "gone"), weights=(10, 1, 1))[0]
        below = chance.choice(("", "", "spring/", "spring/sale/"))
        drop = installed.drop(chance.choice(("hot", "hot", "other")), f"{below}{kind}-{number}-{file}.jpg")
        if kind != "photo":
            drop.excuses.add(kind)
    if chance.random() < 0.4:  # a new version of something, wherever the old one is by now
        old = chance.choice(installed.dropped)
        installed.drop(old.folder, old.path).excuses |= old.excuses
    if chance.random() < 0.3:
        old = chance.choice(installed.dropped)
        installed.take_back(old.folder, old.path)


def line_of(chance: random.Random) -> Callable[[str], Toxic]:
    """Draw how the line is in one life."""
    how_bad = chance.choice((0.0, 0.1, 0.4))
    toxics = chance.sample(TOXICS, 3)
    mine = random.Random(chance.random())
    lock = threading.Lock()

    def draw(operation: str) -> Toxic:
        with lock:
            if mine.random() >= how_bad:
                return Toxic(FINE)
            return Toxic(mine.choice(toxics), mine.choice((0, 200, 1500, 3000)), mine.random() < 0.5)

    return draw


def _live_and_die(installed: Installation, kinds: Counter[str]) -> list[Finding]:
    """Run one life and end it; one that ended by itself is a finding."""
    with installed.place.start() as daemon:
        what, is_time = moment_of(installed, daemon)
        came = is_time()
        if daemon.is_alive():
            daemon.send(signal.SIGKILL)
        ended = daemon.wait()
    installed.heard.clear()
    installed.ended.append(ended)
    kinds[f"kill at {what}" if came else "kill after a while"] += 1
    findings = []
    if ended.code != -signal.SIGKILL:
        findings.append(Finding(STUCK, f"the daemon ended with {ended.code} by itself: {ended.noise[-10:]}"))
    if ended.noise:
        findings.append(Finding(STUCK, f"it said what is no log line: {ended.noise[-5:]}"))
    return findings


def moment_of(installed: Installation, daemon: Process) -> tuple[str, Callable[[], bool]]:
    """Draw when a life ends: a name for it, and what waits until then and returns whether it came."""
    chance = installed.chance
    match chance.choice(("event", "event", "state", "request", "request", "time")):
        case "event":
            name, nth = chance.choice(EVENTS), chance.choice((1, 1, 2, 5))
            return name, lambda: _comes(lambda: daemon.count(name) >= nth)
        case "state":
            state = chance.choice(sorted(STATES))
            hot = installed.place.hot("hot")
            return state, lambda: _comes(lambda: _holds(STATES[state], hot))
        case "request":
            moment, nth = chance.choice(REQUESTS), chance.choice((1, 1, 2, 4))
            reached = threading.Event()
            seen: Counter[str] = Counter()

            def hear(what: str) -> None:
                seen[what] += 1
                if seen[moment] >= nth:
                    reached.set()

            installed.heard.append(hear)
            return moment, lambda: reached.wait(PATIENCE_S)
        case _:
            span_s = chance.uniform(0.0, 3.0)
            return "some time", lambda: not _comes(lambda: not daemon.is_alive(), span_s)


def _comes(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Look again and again, as often as it costs little, whether something is so."""
    deadline_s = time.monotonic() + within_s
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        if condition():
            return True
        pause.wait(LOOK_S)
    return False


def _holds(state: Callable[[Path], bool], hot: Path) -> bool:
    try:
        return state(hot)
    except OSError:  # a directory went while it was listed
        return False


# --- as a part of the bench ---


def work(plan: Plan) -> Iterator[str]:
    """Yield the seeds of this part."""
    return (str(seed) for seed in range(plan.seed, plan.seed + -(-plan.kills // KILLS)))


def replayed(what: str, places: Places) -> Run:
    """Torture the installation of a seed."""
    return play(int(what), places.directory)
