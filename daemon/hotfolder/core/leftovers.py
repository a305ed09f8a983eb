"""
What an earlier run left, held against the settings of this one: hot folders and servers that are no longer in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hotfolder.core.model import Drop, DropState, Job, JobState, Unfinished
from hotfolder.core.settings import FolderSettings, Settings


def gone_servers(settings: Settings, unfinished: Unfinished) -> dict[str, int]:
    """Return the servers no longer configured that have to bring drops to their end, and how many drops."""
    names = {drop.server for drop in unfinished.drops} | {job.server for job in unfinished.jobs}
    gone = sorted(name for name in names if settings.server(name) is None)
    counts = {name: bound_to(name, unfinished.drops, unfinished.jobs) for name in gone}
    return {name: count for name, count in counts.items() if count}


def bound_to(server: str, drops: Iterable[Drop], jobs: Iterable[Job]) -> int:
    """Return how many drops only this server can decide; at least 1 while it has a job that is not decided."""
    count = sum(drop.server == server and not _is_free(drop) for drop in drops)
    has_job = any(job.server == server and job.state not in (JobState.GHOST, JobState.OVER) for job in jobs)
    return max(count, int(has_job))


def _is_free(drop: Drop) -> bool:
    """Whether a drop is decided, or still goes where the settings of its hot folder say."""
    return drop.state in (DropState.READY, DropState.HELD, DropState.FILING)


def leftover_folders(settings: Settings, unfinished: Unfinished) -> tuple[FolderSettings, ...]:
    """Return the folders no longer configured that still have claimed drops, as far as the ledger knows where."""
    configured = {folder.name for folder in settings.folders}
    names = {
        drop.folder
        for drop in unfinished.drops
        if drop.folder not in configured and drop.state not in (DropState.READY, DropState.HELD)
    }
    return tuple(
        FolderSettings(name=name, path=Path(unfinished.folders[name].path), include=(), first_run_limit=0)
        for name in sorted(names)
        if name in unfinished.folders
    )
