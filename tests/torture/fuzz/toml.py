"""
Settings: documents near to good ones come to settings or to problems with their lines, and to nothing else.
"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path
from typing import Final

from hotfolder.config.loading import load_text
from hotfolder.config.problems import ConfigError
from tests.torture.fuzz.mutation import demand, mutated

CONFIG: Final = Path(__file__).parents[3] / "config"

SAMPLES: Final = ("hotfolder.toml", "folders.d/example.toml")

PASSWORD: Final = "canary-password"

VALUES: Final = (
    '""',
    '"0s"',
    '"-5s"',
    '"99999999999999999999h"',
    '"5m"',
    '"4GiB"',
    '"1e400"',
    "-1",
    "0",
    "1.5",
    "nan",
    "inf",
    "99999999999999999999999",
    "true",
    "[]",
    "[1, 2]",
    '["*"]',
    '[["a"]]',
    "{}",
    "{ a = 1 }",
    "1979-05-27T07:32:00Z",
    '"{date}{nothing}"',
    '"../../etc"',
    '"\\u0000"',
    '"http://example.com"',
    '"sqlite://"',
    "'''\n'''",
)

KEYS: Final = (
    "folder",
    "name",
    "path",
    "options",
    "rule",
    "server",
    "settle",
    "quiet",
    "ledger.url",
    '""',
    "é",
    "a.b.c",
)


def try_one(number: int, place: Path) -> None:
    """Try one document."""
    chance = random.Random(f"toml {number}")
    main, folder = (_switched(chance, text) for text in chance.choice(documents()))
    for _ in range(chance.randint(1, 3)):
        if chance.random() < 0.5:
            main = _worse(chance, main)
        else:
            folder = _worse(chance, folder)
    hot = place / "hot"
    hot.mkdir(exist_ok=True)
    folder = re.sub(r"/srv/share/\w+", str(hot), folder)
    environment = {"HOTFOLDER_PASSWORD": PASSWORD}
    try:
        load_text(main, environment, file=place / "hotfolder.toml", folder_texts={"example": folder})
    except ConfigError as error:
        demand(bool(error.problems), "refused without a problem")
        for problem in error.problems:
            said = f"{problem.key}: {problem.found}, {problem.wanted}"
            demand(problem.line >= 0 and "\n" not in said, f"a problem on line {problem.line}: {said!a}")
            demand(bool(problem.found) and bool(problem.wanted), f"an empty problem: {said!a}")
            demand(PASSWORD not in said, f"the password is in {said!a}")


@cache
def documents() -> tuple[tuple[str, str], ...]:
    """Return pairs of good documents, of a daemon and of a folder: the samples, and the least that works."""
    main, folder = ((CONFIG / name).read_text("utf-8") for name in SAMPLES)
    return (main, folder), (main, LEAST_FOLDER), (LEAST_MAIN, folder), (LEAST_MAIN, LEAST_FOLDER)


LEAST_MAIN: Final = """
[server]
company = "Example Co"
user = "ingest@example.com"
base_url = "http://127.0.0.1:8470/scene7"

[ledger]
url = "sqlite:///ledger.db"
"""

LEAST_FOLDER: Final = """
path = "/srv/share/catalog"
options = { overwrite = true }

[[rule]]
match = ["*.psd"]
destination = "Catalog/PSD"
"""


def _switched(chance: random.Random, text: str) -> str:
    """Return a sample with some of the keys that it only shows switched on."""
    often = chance.choice((0.0, 0.1, 0.5))
    return re.sub(r"(?m)^#(?=[\w.]+ = )", lambda found: "" if chance.random() < often else "#", text)


def _worse(chance: random.Random, text: str) -> str:
    lines = text.splitlines()
    at = chance.randrange(len(lines)) if lines else 0
    match chance.randrange(6):
        case 0 if lines:
            del lines[at]
        case 1 if lines:
            lines.insert(chance.randrange(len(lines)), lines[at])
        case 2 | 3 if lines:
            assignments = [number for number, line in enumerate(lines) if re.match(r"[\w.]+ = ", line)]
            if assignments:
                at = chance.choice(assignments)
                lines[at] = f"{lines[at].partition(' = ')[0]} = {chance.choice(VALUES)}"
        case 4:
            lines.insert(at, f"{chance.choice(KEYS)} = {chance.choice(VALUES)}")
        case _:
            return mutated(chance, text.encode("utf-8", "replace"), most=2).decode("utf-8", "replace")
    return "\n".join(lines)
