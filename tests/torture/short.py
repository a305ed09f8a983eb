"""
Short histories, exhaustively: one file, then two, what their users do with them, how the line is, and the process ended
at every single moment; recovery, too, is cut short, at pairs of moments.

A history is named by its numbers, such as "drag-back-9.0/2-same/swallowed after/move/1@17k+4c": what users do and when,
which files, how the POSTs go, what happens to originals, files per POST; and the ends, each counted from the one
before: k is a kill, c a power cut that loses everything not synced, m one that loses some of it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from hotfolder.core.settings import OnSuccess
from hotfolder.testing.perils import VirtualClock
from tests.torture import settings as made
from tests.torture.histories import Told, finish
from tests.torture.moments import End, Moments
from tests.torture.plan import Plan
from tests.torture.simulated import START, Places, Ports, World
from tests.torture.tally import Run
from tests.torture.users import Users
from tests.torture.weather import Weather

FILES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "1": (("catalog", "a/chair.jpg"),),
    "2": (("catalog", "a/chair.jpg"), ("catalog", "a/table.jpg")),
    "2-same": (("catalog", "a/chair.jpg"), ("catalog", "b/chair.png")),
    "2-folders": (("catalog", "chair.jpg"), ("news", "table.jpg")),
    "2-folders-same": (("catalog", "chair.jpg"), ("news", "chair.png")),
}
"""Hot folder and path of each; "same" ones have one asset ID."""

SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "fine": (),
    **{
        mood: (mood,)
        for mood in (
            "not sent",
            "swallowed before",
            "swallowed after",
            "replayed",
            "replayed, second answer",
            "replayed, answer lost",
            "arrives late",
            "busy",
            "busy, yet taken",
            "refused for now",
            "refused",
            "reset",
        )
    },
    "second swallowed after": ("fine", "swallowed after"),
    "second replayed, second answer": ("fine", "replayed, second answer"),
    "second busy, yet taken": ("fine", "busy, yet taken"),
    "twice swallowed after": ("swallowed after", "swallowed after"),
    "lost, then late": ("swallowed before", "arrives late"),
}
"""How the first POSTs go; after them all is fine."""

DEEDS: Final = ("nothing", "take-back", "again", "rewrite", "drag-back", "write-on")

TIMES_S: Final = (1.0, 3.5, 4.5, 6.0, 9.0, 20.0)
"""When the user does it: while it settles, is ready, claimed, sent, done, and long after."""

ON_SUCCESS: Final = {"move": OnSuccess.MOVE, "delete": OnSuccess.DELETE, "keep": OnSuccess.KEEP}

ENDS: Final = {"k": (End.KILL, False), "c": (End.CUT, True), "m": (End.CUT, False)}


@dataclass(frozen=True, slots=True)
class Case:
    """One short history without its ends."""

    deed: str
    at_s: float
    files: str
    script: str
    on_success: str
    files_per_post: int

    def __str__(self) -> str:
        parts = (f"{self.deed}-{self.at_s}", self.files, self.script, self.on_success, str(self.files_per_post))
        return "/".join(parts)

    @classmethod
    def read(cls, text: str) -> Case:
        """Return the case that a name stands for."""
        deed, files, script, on_success, files_per_post = text.split("/")
        what, _, at_s = deed.rpartition("-")
        return cls(what, float(at_s), files, script, on_success, int(files_per_post))


def cases() -> Iterator[Case]:
    """Yield every case there is."""
    for files, script, on_success, per_post in product(FILES, SCRIPTS, ON_SUCCESS, (1, 2)):
        if on_success != "move" and script not in ("fine", "swallowed after"):
            continue  # what happens to originals has little to do with how the line is
        yield Case("nothing", 0.0, files, script, on_success, per_post)
    for deed, at_s, files, script in product(
        DEEDS[1:], TIMES_S, ("1", "2-same"), ("fine", "refused", "swallowed after")
    ):
        yield Case(deed, at_s, files, script, "move", 1)


def play(case: Case, ends: str, place: Path, *, ports: Ports | None = None) -> Told:
    """Play one case with its ends, such as "17k+4c", and judge it."""
    world, users = _world(case, place, ports or Ports())
    world.moments.ends, world.harsh = _ends(ends)
    for folder, path in FILES[case.files]:
        world.at(0.0, _dropping(users, folder, path))
    if case.deed != "nothing":
        world.at(case.at_s, _deed(case, users))
    return finish(world, users)


def _ends(text: str) -> tuple[dict[int, End], bool]:
    ends: dict[int, End] = {}
    at, harsh = 0, False
    for number, kind in re.findall(r"(\d+)([kcm])", text):
        at += int(number)
        ends[at], is_harsh = ENDS[kind]
        harsh = harsh or is_harsh
    return ends, harsh


def _world(case: Case, place: Path, ports: Ports) -> tuple[World, Users]:
    clock = VirtualClock(START)
    names = dict.fromkeys(folder for folder, _ in FILES[case.files])
    folders = [made.folder(name, receipts=True, on_success=ON_SUCCESS[case.on_success]) for name in names]
    weather = Weather(clock, str(case), script=SCRIPTS[case.script])
    settings = made.settings(place, *folders, files_per_post=case.files_per_post)
    world = World(settings, weather, clock, place, seed=str(case), moments=Moments(), ports=ports)
    return world, Users(world, random.Random(str(case)))


def _dropping(users: Users, folder: str, path: str) -> Callable[[World], None]:
    def drop(world: World) -> None:
        users.drop(folder, path)

    return drop


def _deed(case: Case, users: Users) -> Callable[[World], None]:
    folder, path = FILES[case.files][0]

    def do(world: World) -> None:
        is_there = world.disk.find(world.root(folder), path) is not None
        match case.deed:
            case "take-back" if is_there:
                users.take_back(folder, path)
            case "again":
                users.drop(folder, path)
            case "rewrite" if is_there:
                users.rewrite(folder, path)
            case "drag-back":
                users.drag_back(folder, notes=True)
            case "write-on":
                users.write_on(users.dropped[0])

    return do


# --- as a part of the bench ---


def work(plan: Plan) -> Iterator[str]:
    """
    Yield the cases of this part, each with where to end it.

    "*" stands for every moment of a case and every way to end, one after the other; "*2" for pairs of moments, sampled.
    With less than all asked for, moments and cases are drawn.
    """
    chance = random.Random(f"short {plan.seed}")
    drawn = list(cases())
    chance.shuffle(drawn)
    for case in drawn if plan.short_cases is None else drawn[: plan.short_cases]:
        for kind in ("k", "c", "m"):
            yield f"{case}@*{kind}" if plan.short_moments is None else f"{case}@*{kind}{plan.short_moments}"
        if plan.short_pairs:
            yield f"{case}@**{plan.short_pairs}"


def replayed(what: str, places: Places) -> Iterator[Run]:
    """Play a case with its ends, or with every one that a pattern stands for."""
    name, _, ends = what.partition("@")
    case = Case.read(name)
    pattern = re.fullmatch(r"(\*\*?)([kcm]?)(\d*)", ends)
    if pattern is None:
        yield play(case, ends, places.new()).run(what)
        return
    whole = play(case, "", places.new())
    yield whole.run(f"{case}@")
    stars, kind, most = pattern.groups()
    chance = random.Random(what)
    moments = range(1, whole.world.moments.count + 1)
    if stars == "**":
        for _ in range(int(most)):
            first, second = (
                f"{chance.choice(moments)}{chance.choice('kcm')}",
                f"{chance.randint(1, 30)}{chance.choice('kcm')}",
            )
            yield _ended(case, f"{first}+{second}", places)
        return
    for moment in chance.sample(moments, min(int(most), len(moments))) if most else moments:
        yield _ended(case, f"{moment}{kind}", places)


def _ended(case: Case, ends: str, places: Places) -> Run:
    return play(case, ends, places.new()).run(f"{case}@{ends}")
