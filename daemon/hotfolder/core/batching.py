"""
Which ready drops become a batch, when, and how its files are spread over POSTs.

Owns the rules that keep files apart (one asset ID once in a job, one set of options) and in order.
Knows nothing of the server's state: what is busy, and whether now is a time to send at all, comes in or is decided
elsewhere.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from hotfolder.core.archives import goes_alone
from hotfolder.core.model import Drop
from hotfolder.core.naming import is_plain
from hotfolder.core.settings import BatchSettings

SHARED_BYTES = 16 * 1024**2
"""Files that together are not larger may share a POST: what is in doubt after a lost answer is soon sent again."""


def choose(waiting: Iterable[Drop], *, limits: BatchSettings, busy_assets: Container[str]) -> list[Drop]:
    """
    Return the next batch of one hot folder, oldest first; empty when nothing can go now.

    `waiting` comes oldest first and is read only as far as needed. All drops chosen have the options of the oldest
    one that can go; no two share an asset ID; none has an ID that is busy in another job. A drop never overtakes an
    older one with the same ID, whatever kept that back: the last version dropped has to be the last one stored.
    The batch ends where the next drop would break a limit, so that a large file is not passed over for ever; alone, a
    drop may be larger than the limit. A drop marked `alone`, or an archive that the server takes apart, goes by itself.
    """
    chosen: list[Drop] = []
    options = ""
    size_bytes = 0
    seen: set[str] = set()  # asset IDs of everything older, chosen or not
    for drop in waiting:
        if drop.asset in seen:
            continue
        seen.add(drop.asset)
        if drop.asset in busy_assets:
            continue
        if not chosen:
            options = drop.options
            if goes_alone(drop):
                return [drop]
        elif drop.options != options or goes_alone(drop):
            continue
        elif size_bytes + drop.identity.size_bytes > limits.max_bytes:
            break
        chosen.append(drop)
        size_bytes += drop.identity.size_bytes
        if len(chosen) >= limits.max_files or size_bytes >= limits.max_bytes:
            break
    return chosen


def is_due(limits: BatchSettings, *, waited_s: float, files: int, size_bytes: int) -> bool:
    """
    Return whether the drops that wait with one set of options are to become a batch.

    `waited_s` is how long the oldest of them has been ready. Files and bytes are tallies that the caller keeps as
    drops come and go, so that asking costs nothing.
    """
    if files == 0:
        return False
    return files >= limits.max_files or size_bytes >= limits.max_bytes or waited_s >= limits.linger_s


@dataclass(frozen=True, slots=True)
class PostPlan:
    """The files of one POST to come."""

    drops: tuple[int, ...]  # in the order of the parts
    destination: str  # below the company root, the same for all of them
    file_name: str | None  # for the `fileName` element, which names one file (PROTOCOL 2.5)


def pack(drops: Sequence[Drop], *, files_per_post: int, max_bytes: int | None = None) -> list[PostPlan]:
    """
    Spread a batch over POSTs; every drop is in exactly one, and the same batch always gives the same POSTs.

    Small files with plain names and one destination share, up to `files_per_post` and 16 MiB, or `max_bytes` where the
    server takes no more in a POST; all others go alone.
    POSTs follow each other by their oldest drop, and inside one the oldest comes first.
    """
    shared_bytes = SHARED_BYTES if max_bytes is None else min(SHARED_BYTES, max_bytes)
    plans: list[list[Drop]] = []
    open_plans: dict[str, tuple[list[Drop], int]] = {}  # by destination: a plan with room, and its bytes
    for drop in drops:
        size = drop.identity.size_bytes
        if drop.alone or size > shared_bytes or files_per_post <= 1 or not is_plain(drop.sent_name):
            plans.append([drop])
            continue
        plan, total = open_plans.get(drop.destination, ([], 0))
        if not plan or len(plan) >= files_per_post or total + size > shared_bytes:
            plan, total = [], 0
            plans.append(plan)
        plan.append(drop)
        open_plans[drop.destination] = plan, total + size
    return [
        PostPlan(
            drops=tuple(drop.id for drop in plan),
            destination=plan[0].destination,
            file_name=None if is_plain(plan[0].sent_name) else plan[0].sent_name,
        )
        for plan in plans
    ]
