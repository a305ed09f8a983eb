"""
The installed daemon as a process, between real directories and the sandbox, behind a line that breaks: everything that
the benches of real processes share, and the look at what is left for the judge.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hotfolder.sandbox import Sandbox
from tests.acceptance.place import Place, Table
from tests.acceptance.process import Ended
from tests.torture.judge import (
    STUCK,
    Dropped,
    Evidence,
    Finding,
    judge,
    judge_receipts,
    judge_secrets,
    read_rows,
)
from tests.torture.proxy import FINE, Proxy, Toxic
from tests.torture.users import CANARY

PASSWORD: Final = "canary <of> a \"pass\" & 'word'"

END_S: Final = 150.0
"""What a machine with much to do may need for what lies there at the end; it takes a few seconds."""

OURS: Final = (".owner", "_status.html")


@dataclass
class Installation:
    """One installation under torture."""

    place: Place
    proxy: Proxy
    chance: random.Random
    data: Path  # of the sandbox
    ledger: Path
    dropped: list[Dropped] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    keeps: list[str] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    draw: Callable[[str], Toxic] = lambda operation: Toxic(FINE)
    heard: list[Callable[[str], None]] = field(default_factory=list)  # who wants to know of moments on the line
    _count: int = 0

    def hear(self, moment: str) -> None:
        """Something happened on the line."""
        for hear in list(self.heard):
            hear(moment)

    # --- users ---

    def drop(self, folder: str, path: str) -> Dropped:
        """Put a file there as a client does: under another name first, then in one step."""
        self._count += 1
        content = b"\xff\xd8\xff\xda\x00\x04ab" + b"file %06d " % self._count + b"\xff\xd9"
        target = self.place.hot(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.part")
        beside.write_bytes(content)
        found = beside.stat()
        drop = Dropped(folder, path, hashlib.sha256(content).hexdigest(), found.st_ino, found.st_mtime_ns)
        self.take_back(folder, path)
        beside.rename(target)
        self.dropped.append(drop)
        return drop

    def take_back(self, folder: str, path: str) -> None:
        """Take a file away, if it is still there; by a rename, so that what it was can be told."""
        target = self.place.hot(folder) / path
        aside = self.place.root / "aside"
        aside.mkdir(exist_ok=True)
        moved = aside / f"{len(self.dropped)}-{self._count}"
        with suppress(FileNotFoundError):
            target.rename(moved)
            inode = moved.stat().st_ino
            for drop in self.dropped:
                if drop.inode == inode and not drop.is_taken:
                    drop.is_taken = True

    def tempt(self, folder: str) -> None:
        """Put things there that must not be followed: links of both kinds to a secret, and a pipe."""
        secret = self.place.root / "secret.jpg"
        secret.write_bytes(b"\xff\xd8\xff\xda\x00\x04ab" + CANARY + b"\xff\xd9")
        hot = self.place.hot(folder)
        hot.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (hot / "link.jpg").symlink_to(secret)
            os.link(secret, hot / "second.jpg")
            os.mkfifo(hot / "pipe.jpg")
            (hot / "elsewhere").symlink_to(self.place.root)

    # --- the end ---

    def finish(self) -> list[Finding]:
        """Let the daemon come to its end twice, since it asks for what it has written off at its start; and judge."""
        findings: list[Finding] = []
        self.draw = lambda operation: Toxic(FINE)
        self.place.box.clear_faults()
        for _ in range(2):
            try:
                ended = self.place.run_once("--timeout", "2m", within_s=END_S)
            except AssertionError as error:
                return [*findings, Finding(STUCK, str(error)[-3000:])]
            self.ended.append(ended)
            if ended.code not in (0, 1):
                findings.append(Finding(STUCK, f"the last pass ended with {ended.code}: {ended.noise[-5:]}"))
        return findings + self.examined()

    def examined(self, *, may_be_unfinished: bool = False) -> list[Finding]:
        """Judge what is left."""
        root = self.place.root / "share"
        share: dict[str, dict[str, str]] = {}
        written: dict[str, bytes] = {}
        for folder in sorted(path.name for path in root.iterdir()):
            found = {
                str(path.relative_to(root / folder)): path.read_bytes()
                for path in sorted((root / folder).rglob("*"))
                if path.is_file() and not path.is_symlink() and path.name not in OURS and path.stat().st_nlink == 1
            }
            share[folder] = {path: hashlib.sha256(content).hexdigest() for path, content in found.items()}
            written |= {f"{folder}/{path}": content for path, content in found.items()}
        evidence = Evidence(
            dropped=self.dropped,
            share=share,
            copies=copies(self.data),
            rows=read_rows(self.ledger),
            keeps=self.keeps,
            deletes=self.deletes,
            may_be_unfinished=may_be_unfinished,
        )
        receipts = {path: content for path, content in written.items() if path.endswith(".receipt.toml")}
        return judge(evidence) + judge_receipts(evidence, receipts) + self._secrets(written)

    def _secrets(self, written: dict[str, bytes]) -> list[Finding]:
        """Look for the password in everything that was said and written, and for what was never dropped on the wire."""
        for path in self.ledger.parent.glob(f"{self.ledger.name}*"):
            written[path.name] = path.read_bytes()
        for number, ended in enumerate(self.ended):
            said = [*map(repr, ended.events), *ended.noise, ended.stdout]
            written[f"what process {number} said"] = "\n".join(said).encode("utf-8", "backslashreplace")
        wire = self.proxy.wire
        findings = judge_secrets({"the password": PASSWORD.encode(), "the canary": CANARY}, written)
        findings += judge_secrets({"the canary": CANARY}, {"the wire": wire})
        return findings + stray_passwords(wire)


def stray_passwords(wire: bytes) -> list[Finding]:
    """Return a finding if the password stands anywhere on the wire but in the one element made for it."""
    meant = re.compile(rb"<(?:\w+:)?password>[^<]*</(?:\w+:)?password>")
    return judge_secrets({"the password": PASSWORD.encode()}, {"the wire, outside its element": meant.sub(b"", wire)})


def copies(data: Path) -> list[tuple[str, str]]:
    """
    Return every time that a sandbox made a file an asset, with its SHA-256.

    Its log has a row for each: no installation here is told to keep any back. Of files of one asset ID in one job the
    first is the one.
    """
    with closing(sqlite3.connect(f"file:{data / 'index.db'}?mode=ro", uri=True)) as db:
        found: list[tuple[str, str]] = db.execute(
            "select log.asset_name, received.sha256 from log join received "
            "on received.job = log.job and received.asset_name = log.asset_name "
            "where log_type in ('UploadSuccess', 'FileUpdated', 'UploadWarning') and received.position = "
            "(select min(position) from received first where first.job = log.job and first.asset_name = log.asset_name)"
        ).fetchall()
        versions = db.execute("select coalesce(sum(versions), 0) from asset").fetchone()[0]
    assert versions == len(found), f"the sandbox tells of {versions} versions, and its log of {len(found)}"
    return found


@contextmanager
def installation(
    root: Path, chance: random.Random, *, home: Path | None = None, ledger: Path = Path("ledger.db")
) -> Iterator[Installation]:
    """
    Make one; it is gone afterwards but for its directory.

    `home` is where the daemon has everything of its own, and `ledger` is there.
    """
    home = home or root
    root.mkdir(parents=True, exist_ok=True)
    data = root / "sandbox"
    speed = chance.choice((0.0, 100.0, 400.0))
    with ExitStack() as stack:
        server = stack.enter_context(Sandbox(data=data, password=PASSWORD, job_timeout=2.0, speed=speed))
        stack.callback(server.clear_faults)
        made: list[Installation] = []
        proxy = stack.enter_context(
            Proxy(
                ("127.0.0.1", server.port),
                lambda operation: made[0].draw(operation),
                lambda moment: made[0].hear(moment),
            )
        )
        made.append(Installation(Place(home, server, PASSWORD), proxy, chance, data, home / ledger))
        yield made[0]


def configure(installed: Installation, *folders: Table, **tables: Table) -> None:
    """Write settings whose way to the server leads through the proxy."""
    server = {"base_url": f"http://127.0.0.1:{installed.proxy.port}/scene7"}
    installed.keeps = [folder["name"] for folder in folders if folder.get("on_success") == "keep"]
    installed.deletes = [folder["name"] for folder in folders if folder.get("on_success") == "delete"]
    ledger = {"url": f"sqlite:///{installed.ledger.relative_to(installed.place.root)}"}
    installed.place.configure(*folders, server=server, ledger=ledger, **tables)
