"""
Long histories, seeded: several users, bad weather, kills and power cuts at moments by chance, for some minutes; then
all is well, and everything has to come to its end.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hotfolder.core.settings import OnSuccess, RuleSettings
from hotfolder.testing.perils import VirtualClock
from tests.torture import settings as made
from tests.torture.judge import (
    STUCK,
    UNTRUE,
    Dropped,
    Evidence,
    Finding,
    judge,
    judge_receipts,
    judge_secrets,
    read_rows,
)
from tests.torture.model import TRIES
from tests.torture.moments import End, Moments
from tests.torture.plan import Plan
from tests.torture.simulated import START, Places, Ports, StuckError, World
from tests.torture.tally import Run
from tests.torture.users import CANARY, Users
from tests.torture.weather import INGEST, LAGS, POSTS, READS, Weather

STORM_S: Final = 600.0
"""How long things go wrong."""

NAMES: Final = ("chair.jpg", "table.png", "chair.png", "a&b.jpg", "ab.jpg", "lamp.tif", "Übersicht.jpg", "no extension")

SUBFOLDERS: Final = ("", "", "spring/", "spring/sale/", "autumn/")


@dataclass(frozen=True, slots=True)
class Told:
    """How one history went."""

    findings: list[Finding]
    world: World
    files: int

    def run(self, replay: str) -> Run:
        """Return what is counted of it."""
        world = self.world
        ends = [how for at, how in world.moments.ends.items() if at <= world.moments.count]
        return Run(
            replay=replay,
            findings=tuple(self.findings),
            counts={"ends": world.ends, "files": self.files, "faults": sum(world.model.faults.values())},
            kinds=Counter({how.value: ends.count(how) for how in End}) + world.model.faults,
            notes=f"after moment {world.moments.count}" if self.findings else "",
        )


def play(seed: int, place: Path, *, ports: Ports | None = None) -> Told:
    """Play one history and judge it."""
    chance = random.Random(f"history {seed}")
    world, users = _world(seed, chance, place, ports or Ports())
    _script(chance, world, users)
    return finish(world, users)


def finish(world: World, users: Users) -> Told:
    """Let a history run to its end and judge what is left."""
    findings = []
    try:
        world.run()
    except StuckError as error:
        findings.append(Finding(STUCK, str(error)))
    findings += examined(world, users)
    return Told(findings, world, len(users.dropped))


def examined(world: World, users: Users) -> list[Finding]:
    """Judge what is left of a history."""
    folders = [(folder.name, folder.on_success) for folder in world.settings.folders]
    nodes = {name: world.disk.files(world.root(name)) for name, _ in folders}
    share = {name: {path: sha256(node.content) for path, node in found.items()} for name, found in nodes.items()}
    keeping = [folder.name for folder in world.settings.folders if not folder.options["overwrite"]]
    unsent = world.moments.ended_at("after a commit")  # a POST that was recorded and never begun is a try too
    for drop in users.dropped:
        drop.excuses |= world.model.excuses.get(drop.sha256, set())
        if world.model.lost[drop.sha256] and world.model.lost[drop.sha256] + unsent >= TRIES:
            drop.excuses.add("every try came to nothing")
        if drop.folder in keeping and any(copy.sha256 != drop.sha256 for copy in world.model.copies):
            drop.excuses.add("its name may have been taken")
    ledger = world.place / "ledger.db"
    evidence = Evidence(
        dropped=users.dropped,
        share=share,
        copies=[(copy.asset, copy.sha256) for copy in world.model.copies],
        rows=read_rows(ledger),
        keeps=[name for name, on_success in folders if on_success is OnSuccess.KEEP],
        deletes=[name for name, on_success in folders if on_success is OnSuccess.DELETE],
    )
    receipts = {
        f"{name}/{path}": node.content
        for name, found in nodes.items()
        for path, node in found.items()
        if path.endswith(".receipt.toml")
    }
    outputs = {f"{name}/{path}": node.content for name, found in nodes.items() for path, node in found.items()}
    outputs |= {"the wire": bytes(world.model.wire), "the ledger": ledger.read_bytes()}
    findings = [Finding(UNTRUE, f"a POST to {name} began before its intent was on disk") for name in world.unrecorded]
    return (
        findings + judge(evidence) + judge_receipts(evidence, receipts) + judge_secrets({"the canary": CANARY}, outputs)
    )


# --- one history ---


def _world(seed: int, chance: random.Random, place: Path, ports: Ports) -> tuple[World, Users]:
    clock = VirtualClock(START)
    kind = chance.choice((OnSuccess.MOVE, OnSuccess.MOVE, OnSuccess.MOVE, OnSuccess.DELETE, OnSuccess.KEEP))
    rules = (RuleSettings(match=("*.png",), options={"createMask": True}),) if chance.random() < 0.3 else ()
    receipts = chance.random() < 0.5
    folders = [
        made.folder(
            name,
            overwrite=chance.random() < 0.8,
            receipts=receipts,
            on_success=kind,
            rules=rules,
        )
        for name in ("catalog", "news")[: chance.choice((1, 1, 2))]
    ]
    weather = Weather(clock, seed, chances=_chances(chance), calm_s=clock.monotonic() + STORM_S)
    weather.skew_s = chance.choice((0.0, 0.0, 45.0, -45.0))
    weather.hides_assets = chance.random() < 0.15
    world = World(
        made.settings(
            place, *folders, files_per_post=chance.choice((1, 2, 20)), parallel_jobs=chance.choice((1, 2, 3))
        ),
        weather,
        clock,
        place,
        seed=seed,
        moments=Moments(_ends(chance)),
        ports=ports,
        downtime_s=lambda chance: chance.choice((0.5, 2.0, 20.0, 70.0, 400.0)),
        harsh=chance.random() < 0.3,
    )
    users = Users(world, random.Random(f"users {seed}"), hears=chance.choice((0.0, 0.9, 1.0)))
    return world, users


def _chances(chance: random.Random) -> dict[str, float]:
    """Draw how bad the weather is, and in which ways: a few kinds of trouble at a time, so that none hides another."""
    names = [*POSTS, *(f"read: {mood}" for mood in READS), *INGEST, *LAGS]
    count = chance.choice((0, 1, 1, 2, 3, 6))
    chosen = chance.sample(names, count)
    if "log lost" in chosen:  # a job that nobody waits for would then never be seen by anybody
        chosen = [name for name in chosen if name not in ("busy, yet taken", "arrives late")]
    if "no row" in chosen:  # what is skipped the second time would be all that a log tells
        chosen = [name for name in chosen if name != "busy, yet taken"]
    return {name: chance.choice((0.05, 0.2, 0.5)) for name in chosen}


def _ends(chance: random.Random) -> dict[int, End]:
    """Draw the moments at which the process ends: some close together, so that recovery is cut short as well."""
    ends: dict[int, End] = {}
    at = 0
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 5))):
        at += chance.choice((chance.randint(1, 12), chance.randint(10, 150)))
        ends[at] = chance.choice(list(End))
    return ends


def _script(chance: random.Random, world: World, users: Users) -> None:
    """Draw what users do."""
    folders = [folder.name for folder in world.settings.folders]
    at_s = 0.0
    for _ in range(chance.choice((1, 2, 3, 5, 8, 12))):
        at_s += chance.choice((0.0, 0.1, 1.0, 3.0, 9.0, 40.0))
        world.at(at_s, _deed(chance, chance.choice(folders), users))
    if chance.random() < 0.3:
        world.at(STORM_S + 200.0, lambda world: users.drag_back(folders[0], notes=True))
    if chance.random() < 0.3:
        world.moments.deeds = {
            chance.randint(1, 250): _quick_deed(chance, chance.choice(folders), users) for _ in range(5)
        }


def _quick_deed(chance: random.Random, folder: str, users: Users) -> Callable[[], None]:
    """Draw what a user does between two steps of the daemon's."""
    pick = chance.random()
    deed = _deed(chance, folder, users)
    files = chance.random() < 0.5

    def do() -> None:
        users.world.disturb()
        if files:
            users.file_something(folder, pick)
        else:
            deed(users.world)

    return do


def _deed(chance: random.Random, folder: str, users: Users) -> Callable[[World], None]:
    name = chance.choice(SUBFOLDERS) + chance.choice(NAMES)
    pick = chance.random()
    match chance.choices(
        ("drop", "take back", "rewrite", "rename", "drag back", "write on", "link", "link over", "copy slowly"),
        weights=(54, 6, 8, 5, 8, 4, 2, 2, 6),
    )[0]:
        case "take back":
            return lambda world: _some(users, folder, pick, lambda path: users.take_back(folder, path))
        case "rewrite":
            return lambda world: _some(users, folder, pick, lambda path: users.rewrite(folder, path))
        case "rename":
            return lambda world: _some(users, folder, pick, lambda path: users.rename(folder, path, name))
        case "drag back":
            return lambda world: users.drag_back(folder, notes=pick < 0.5)
        case "write on":
            return lambda world: users.write_on(_one_of(users, pick)) if users.dropped else None
        case "copy slowly":
            return lambda world: users.copy_slowly(folder, name)
        case "link":
            return lambda world: users.link(folder, name)
        case "link over":
            return lambda world: _some(users, folder, pick, lambda path: users.link(folder, path))
        case _:
            return lambda world: _drop(users, folder, name)


def _drop(users: Users, folder: str, name: str) -> None:
    users.drop(folder, name)


def _one_of(users: Users, pick: float) -> Dropped:
    return users.dropped[int(pick * len(users.dropped))]


def _some(users: Users, folder: str, pick: float, do: Callable[[str], None]) -> None:
    """Do it to one of the files that lie in their places, if there is one."""
    found = users.in_place(folder)
    if found:
        do(found[int(pick * len(found))])


def sha256(content: bytes) -> str:
    """Return a SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def work(plan: Plan) -> Iterator[str]:
    """Yield the seeds of this part, as its runs are replayed."""
    return (str(seed) for seed in range(plan.seed, plan.seed + plan.histories))


def replayed(what: str, places: Places) -> Run:
    """Play the history of a seed."""
    return play(int(what), places.new()).run(what)
