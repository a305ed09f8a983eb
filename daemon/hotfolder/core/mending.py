"""
What to write again when rows have gone from the ledger that this process did not take out.

Somebody may delete rows by hand, or with a tool. Memory still has whatever is under way, whole, so it is written anew;
of what is at its end and out of memory there is nothing left to change. Either way the others go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hotfolder.core.journal import (
    InsertDrops,
    InsertJob,
    InsertPost,
    UpdateDrops,
    UpdateJob,
    UpdatePost,
    UpdatePublish,
    Write,
)
from hotfolder.core.model import Drop, Job, Post

Key = int | tuple[int, int]
"""Of a POST the job and its number, of all else its id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The records that memory has as they are after the turn."""

    drops: Mapping[int, Drop]
    jobs: Mapping[int, Job]
    posts: Mapping[tuple[int, int], Post]


def mended(writes: Sequence[Write], table: str, gone: Collection[Key], known: Known) -> list[Write]:
    """
    Return writes that can be made without the rows that are gone from one table.

    Those that are known are written anew, first; changes of those that are not are left out.
    """
    anew: list[Write] = []
    lost: set[Key] = set()
    for key in sorted(gone, key=str):
        write = _anew(table, key, known)
        if write is None:
            lost.add(key)
        else:
            anew.append(write)
    return anew + [left for write in writes for left in _without(write, table, lost)]


def _anew(table: str, key: Key, known: Known) -> Write | None:
    match table, key:
        case "drops", int() if key in known.drops:
            return InsertDrops((replace(known.drops[key]),))
        case "jobs", int() if key in known.jobs:
            return InsertJob(replace(known.jobs[key]))
        case "posts", (job, number) if (job, number) in known.posts:
            return InsertPost(replace(known.posts[job, number]))
        case _:
            return None


def _without(write: Write, table: str, lost: Collection[Key]) -> Iterator[Write]:
    """Yield what is left of a write."""
    match write:
        case UpdateDrops(rows) if table == "drops":
            left = tuple(row for row in rows if row["id"] not in lost)
            if left:
                yield UpdateDrops(left)
        case UpdateDrops(rows) if table == "jobs":
            yield UpdateDrops(tuple(row | {"job": None} if row.get("job") in lost else row for row in rows))
        case InsertDrops(drops) if table == "jobs":
            yield InsertDrops(tuple(replace(drop, job=None) if drop.job in lost else drop for drop in drops))
        case UpdateJob(id=key) if table == "jobs" and key in lost:
            pass
        case InsertPost(row=post) if table == "jobs" and post.job in lost:
            pass
        case UpdatePost(job=job) if table == "jobs" and job in lost:
            pass
        case UpdatePost(job=job, number=number) if table == "posts" and (job, number) in lost:
            pass
        case UpdatePublish(id=key) if table == "publishes" and key in lost:
            pass
        case _:
            yield write
