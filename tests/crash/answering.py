"""
Runs of two hundred files against the sandbox: the real line to it, and the whole coordinator on fakes and a virtual
clock. What happened is counted where it cannot be mistaken: at the sandbox, request by request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hotfolder.core.model import Drop, DropState, Outcome
from hotfolder.edges.remote import IpsRemote
from hotfolder.sandbox import Sandbox
from hotfolder.testing.simulation import World
from tests.contract.parts import Bytes, opening, part

FILES = 200
TOGETHER = 20  # files that share a POST
POSTS = FILES // TOGETHER
Script = Mapping[str, Any]


@dataclass
class Run:
    """One run of two hundred files, and what an independent look finds afterwards."""

    world: World
    box: Sandbox
    remote: IpsRemote
    dropped: dict[str, bytes]
    occupied: list[str] = field(default_factory=list)  # files of somebody else that are on the server already

    def occupy(self, names: Iterable[str]) -> None:
        """Let somebody else have stored something under these names."""
        self.occupied = [f"{name}.txt" for name in names]
        files = [part(number, name, Bytes(name.encode())) for number, name in enumerate(self.occupied)]
        self.remote.post(opening(*files, destination="", job_name="somebody", end_job=True), lambda sent_bytes: None)
        self.world.clock.advance(60.0)

    def play(self) -> None:
        """Let everything come to its end."""
        self.world.run()

    @property
    def posts(self) -> int:
        """How many POSTs the server saw the beginning of, those that only end a job left out."""
        return sum(bool(request.file_names) for request in self.box.requests if request.operation == "UploadFile")

    @property
    def ends(self) -> int:
        """How many POSTs without a file there were."""
        return sum(not request.file_names for request in self.box.requests if request.operation == "UploadFile")

    def asked(self, operation: str) -> int:
        """How often something was asked."""
        return sum(request.operation == operation for request in self.box.requests)

    @property
    def drops(self) -> dict[str, Drop]:
        """The drops by path."""
        return {drop.path: drop for drop in self.world.ledger.drops.values()}

    def told(self, event: str) -> list[str]:
        """The reasons of all notices of an event."""
        return [str(notice.fields.get("reason")) for notice in self.world.notices if notice.event == event]

    def check(self, failed: Mapping[str, str] | None = None, outcome: Outcome = Outcome.FAILED) -> None:
        """Every file is stored once, with its bytes, and filed; but for some, with a part of their reason."""
        failed = failed or {}
        share = self.world.shares["catalog"].files
        assets = {asset["file_name"]: asset for asset in self.box.assets()}
        for path, content in self.dropped.items():
            drop = self.drops[path]
            assert drop.state is DropState.FILED, path
            assert not drop.possible_second_copy, path
            assert share[drop.target_path or ""].content == content, path
            if path in failed:
                assert drop.outcome is outcome, (path, drop.outcome, drop.reason)
                assert failed[path] in drop.reason
                assert path not in assets
            else:
                assert drop.outcome is Outcome.STORED, (path, drop.outcome, drop.reason)
                assert self.box.content(path.removesuffix(".txt")).read_bytes() == content
                assert assets[path]["versions"] == 1, path
