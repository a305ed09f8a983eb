"""
Short histories for the simulation, and the checker that says whether one kept the promises.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hotfolder.core.model import DropState, Outcome
from hotfolder.core.settings import (
    DEFAULT_SERVER,
    BatchSettings,
    FolderSettings,
    RecoverySettings,
    ServerSettings,
    Settings,
    TrackingSettings,
    UploadSettings,
)
from hotfolder.testing.simulation import World

OPTIONS: Mapping[str, object] = {
    "overwrite": True,
    "readyForPublish": True,
    "preservePublishState": True,
    "createMask": False,
    "preserveCrop": True,
    "emailSetting": "None",
}


def server(name: str = DEFAULT_SERVER) -> ServerSettings:
    """Return a server of that name, with a company of its own."""
    return ServerSettings(
        name=name, upload_url="", soap_url=name, company="Example Co", company_handle=None, user="u", password="secret"
    )


def settings(
    *, overwrite: bool = True, receipts: bool = False, files_per_post: int = 2, first_run_limit: int = 1000
) -> Settings:
    """Return settings of one hot folder, with times short enough for a virtual clock."""
    folder = FolderSettings(
        name="catalog",
        path=Path("/catalog"),
        include=("*",),
        receipts=receipts,
        first_run_limit=first_run_limit,
        options={**OPTIONS, "overwrite": overwrite},
    )
    return Settings(
        servers=(server(),),
        folders=(folder,),
        ledger_url="",
        control_socket=Path("/control.sock"),
        upload=UploadSettings(files_per_post=files_per_post),
        batch=BatchSettings(linger_s=2),
        tracking=TrackingSettings(poll_s=1, poll_max_s=5, deadline_s=600),
        recovery=RecoverySettings(job_timeout_s=60, grace_s=20, recheck_s=10),
    )


def two_companies() -> Settings:
    """Return settings of two hot folders, each with a server of its own."""
    given = settings(receipts=True)
    catalog = replace(given.folders[0], poll_s=20.0)
    archive = replace(catalog, name="archive", path=Path("/archive"), server="archive")
    return replace(given, servers=(server(), server("archive")), folders=(catalog, archive))


def check(
    world: World,
    dropped: Mapping[str, bytes],
    *,
    failed: frozenset[str] = frozenset(),
    folder: str = "catalog",
    server: str = DEFAULT_SERVER,
) -> None:
    """
    Raise AssertionError unless every dropped file is in exactly one right place, and no copy is unnoticed.

    `failed` names those whose outcome may be anything but stored; `folder` is where they were dropped, `server` where
    they belong.
    """
    share = world.shares[folder].files
    ledger = world.ledger
    places: dict[bytes, list[str]] = {content: [] for content in dropped.values()}
    for path, file in share.items():
        if file.content in places:
            places[file.content].append(path)
    drops = [drop for drop in ledger.drops.values() if drop.state is DropState.FILED and drop.folder == folder]
    copies = Counter(digest for asset in world.servers[server].assets.values() for digest in asset.contents)
    for path, content in dropped.items():
        assert len(places[content]) == 1, f"{path} is at {places[content]}"
        digest = hashlib.sha256(content).hexdigest()
        mine = [drop for drop in drops if path in (drop.origin, drop.path)]
        assert mine, f"{path} has no outcome"
        last = mine[-1]
        if path not in failed:
            assert last.outcome in (Outcome.STORED, Outcome.UPDATED), f"{path}: {last.outcome}: {last.reason}"
            assert places[content][0].startswith("_done/"), places
            assert copies[digest] >= 1, f"{path} is not on the server"
        if copies[digest] > 1:
            noticed = any(drop.possible_second_copy for drop in mine)
            assert noticed, f"{path} is on the server {copies[digest]} times and nobody says so"
        if last.outcome not in (Outcome.STORED, Outcome.UPDATED, Outcome.RENAMED, Outcome.UNKNOWN):
            assert copies[digest] == 0, f"{path} is called {last.outcome} but is on the server"
    unfinished = ledger.unfinished()
    assert not unfinished.drops, unfinished.drops
    assert {job.state.value for job in unfinished.jobs} <= {"ghost"}, unfinished.jobs
