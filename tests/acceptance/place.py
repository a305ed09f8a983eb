"""
One installation to try: hot folders, settings, a password file and a sandbox, and what an independent look finds there.

The looks share no code with the daemon: they read the directories, the sandbox and what the commands print.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import tomli_w

from hotfolder.sandbox import Sandbox
from tests.acceptance.process import Ended, Process, run

Table = dict[str, Any]

PASSWORD = "a password & <such>"

OWNER_MARK = "_working/.owner"
COMPANIONS = (" - NOT SENT.txt", " - PLEASE CHECK.txt", ".receipt.toml")

SETTINGS: Table = {
    "server": {"company": "Example Co", "user": "ingest@example.com", "password_file": "password"},
    "ledger": {"url": "sqlite:///ledger.db"},
    "batch": {"linger": "200ms"},
    "tracking": {"poll": "200ms", "poll_max": "1s"},
    "retry": {"first": "100ms", "max": "1s"},
    "recovery": {"job_timeout": "2s", "grace": "1s", "recheck": "500ms"},
    "control": {"socket": "control.sock"},
    "web": {"listen": ""},
}
"""Everything that takes minutes in real life takes seconds here."""

SANDBOX_JOB_TIMEOUT_S = 2.0  # like `recovery.job_timeout`

FOLDER: Table = {"settle": {"quiet": "300ms"}, "first_run_limit": 0, "options": {"overwrite": True}}


class Place:
    """One installation; its directory is its maker's to remove."""

    def __init__(self, root: Path, box: Sandbox, password: str = PASSWORD) -> None:
        self.root = root
        self.box = box
        self.config = root / "hotfolder.toml"
        self.set_password(password)

    def set_password(self, password: str) -> None:
        """Write the password file."""
        file = self.root / "password"
        file.touch(mode=0o600)
        file.write_text(password + "\n", "utf-8")

    def hot(self, folder: str) -> Path:
        """Return a hot folder's path."""
        return self.root / "share" / folder

    def configure(self, *folders: Table, **tables: Table) -> None:
        """Write the settings: short ones, the tables given laid over them; make the hot folders."""
        settings = deepcopy(SETTINGS)
        settings["server"]["base_url"] = self.box.base_url
        for name, table in tables.items():
            settings[name] = settings.get(name, {}) | table
        settings["folder"] = [FOLDER | {"path": str(self.hot(folder["name"]))} | folder for folder in folders]
        for folder in folders:
            self.hot(folder["name"]).mkdir(parents=True, exist_ok=True)
        self.config.write_bytes(tomli_w.dumps(settings).encode())

    def drop(self, path: str, content: bytes) -> Path:
        """Put a file into a hot folder, by its path below the share."""
        target = self.root / "share" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    # --- commands ---

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Process:
        """Start the daemon."""
        return Process("-c", self.config, "run", *arguments, environment=environment)

    def run_once(self, *arguments: str, within_s: float = 100.0) -> Ended:
        """Let one pass run to its end."""
        with self.start("--once", *arguments) as process:
            return process.wait(within_s)

    def history(self) -> list[Table]:
        """Return what `history --json` prints of all drops, newest first."""
        found: list[Table] = self._asked("history", "--json", "--limit", "0")
        return found

    def status(self) -> Table:
        """Return what `status --json` prints."""
        found: Table = self._asked("status", "--json")
        return found

    def explain(self, path: Path) -> Table:
        """Return what `explain PATH --json` prints."""
        found: Table = self._asked("explain", str(path), "--json")
        return found

    def _asked(self, *arguments: str) -> Any:
        ended = run("-c", self.config, *arguments)
        assert ended.code == 0, ended
        return json.loads(ended.stdout)

    # --- looks ---

    def files(self, folder: str) -> dict[str, Path]:
        """Return every file in a hot folder, by its path inside; neither the mark of its owner nor the status file."""
        root = self.hot(folder)
        return {
            inside: path
            for path in sorted(root.rglob("*"))
            if path.is_file() and (inside := str(path.relative_to(root))) != OWNER_MARK and not is_status_file(path)
        }

    def originals(self, folder: str) -> dict[str, str]:
        """Return the SHA-256 of every file in a hot folder that is no note or receipt, by its path inside."""
        return {
            inside: sha256(path.read_bytes())
            for inside, path in self.files(folder).items()
            if not inside.endswith(COMPANIONS)
        }

    def assets(self) -> dict[str, Table]:
        """Return the sandbox's assets by name."""
        return {asset["name"]: asset for asset in self.box.assets()}


def is_status_file(path: Path) -> bool:
    """Return whether a file is one of the daemon's own status files."""
    return path.name == "_status.html" and b"<!-- written by hotfolder" in path.read_bytes()[:100]


def sha256(content: bytes) -> str:
    """Return a SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def without_day(inside: str) -> tuple[str, str]:
    """Part the path of a filed original into the directory of ours and the path it was dropped at, day and `~2` out."""
    directory, *rest = inside.split("/")
    if directory == "_done":
        del rest[0]
    return directory, "/".join(part for part in rest if not part.startswith("~"))


def copies_unnoticed(place: Place, dropped: Mapping[str, bytes]) -> list[str]:
    """
    Return what the sandbox has more than once without the history saying that it may be so; dropped by path.

    A copy is a further version of an asset, or the same bytes under another name.
    """
    copies: Counter[str] = Counter()
    for asset in place.box.assets():
        copies[asset["sha256"]] += asset["versions"]
    twice = {path.partition("/")[2]: path for path, content in dropped.items() if copies[sha256(content)] > 1}
    if twice:
        for entry in place.history():
            if entry["possible_second_copy"]:
                twice.pop(entry["file"], None)
    return sorted(twice.values())


def check_all_arrived(place: Place, dropped: Mapping[str, bytes]) -> None:
    """
    Check that every file dropped, by its path below the share, is filed in `_done`, stored with its own bytes, and
    nowhere twice unnoticed. Contents have to differ from file to file.
    """
    where: dict[str, list[str]] = defaultdict(list)
    for folder in sorted({path.partition("/")[0] for path in dropped}):
        for inside, digest in place.originals(folder).items():
            where[digest].append(f"{folder}/{inside}")
    stored = Counter(asset["sha256"] for asset in place.box.assets())
    wrong = []
    for path, content in dropped.items():
        folder, _, inside = path.partition("/")
        digest = sha256(content)
        found = where.pop(digest, [])
        if len(found) != 1 or without_day(found[0].partition("/")[2]) != ("_done", inside):
            wrong.append(f"{path}: found at {found}")
        if stored[digest] == 0:
            wrong.append(f"{path}: not on the server")
    assert not wrong, f"{len(wrong)} of {len(dropped)}: {wrong[:10]}"
    assert not where, f"files that nobody dropped: {list(where.values())[:10]}"
    assert not (twice := copies_unnoticed(place, dropped)), twice


def receipts(place: Place, folder: str) -> dict[str, Table]:
    """Return every receipt in a hot folder by the path of the original that it lies beside."""
    return {
        inside.removesuffix(".receipt.toml"): tomllib.loads(path.read_text("utf-8"))
        for inside, path in place.files(folder).items()
        if inside.endswith(".receipt.toml")
    }


def numbered(images: list[bytes], directory: str, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield so many files below a directory of the share, each with a name and bytes of its own."""
    for number, image in enumerate(images[:count]):
        ending = "png" if image.startswith(b"\x89PNG") else "jpg"
        yield f"{directory}/{directory.replace('/', '-')}-{number:04}.{ending}", image
