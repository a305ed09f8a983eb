"""
Inputs by the ten thousand: names, images, settings, answers of the server and logs of jobs, each made from a number.

Every sort has one module with `try_one(number, place)`, which makes one input, gives it to the daemon's own code, and
raises `WrongError` for what must not come of it; any other exception is wrong as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.torture.fuzz import answers, images, job_logs, names, toml
from tests.torture.fuzz.mutation import WrongError
from tests.torture.judge import UNTRUE, Finding
from tests.torture.plan import Plan
from tests.torture.simulated import Places
from tests.torture.tally import Run

SORTS: Final[dict[str, Callable[[int, Path], None]]] = {
    "names": names.try_one,
    "images": images.try_one,
    "toml": toml.try_one,
    "answers": answers.try_one,
    "job_logs": job_logs.try_one,
}

TOGETHER: Final = 100  # inputs of one piece of work


def work(plan: Plan) -> Iterator[str]:
    """Yield pieces of work, each a sort and its first input, such as "names/1200+100"; the sorts take turns."""
    for first in range(0, -(-plan.inputs // len(SORTS)), TOGETHER):
        for sort in SORTS:
            yield f"{sort}/{plan.seed * 10**9 + first}+{TOGETHER}"


def replayed(what: str, places: Places) -> Run:
    """Try the inputs of one piece of work."""
    sort, _, numbers = what.partition("/")
    first, _, count = numbers.partition("+")
    findings: list[Finding] = []
    wrong = what
    for number in range(int(first), int(first) + int(count)):
        try:
            SORTS[sort](number, places.directory)
        except WrongError as error:
            findings.append(Finding(UNTRUE, f"{sort}/{number}: {error}"))
        except Exception as error:  # noqa: BLE001 # whatever it is, it should not have come out
            findings.append(Finding(UNTRUE, f"{sort}/{number}: {type(error).__name__}: {error}"))
        if findings and wrong == what:
            wrong = f"{sort}/{number}+1"
    return Run(replay=wrong, findings=tuple(findings), counts={"inputs": int(count)}, kinds={sort: int(count)})
