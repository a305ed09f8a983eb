"""
Every statement of the ledger, each with what it is for.
"""

from __future__ import annotations

from sqlalchemy import Select, bindparam, func, or_, select, union

from hotfolder.edges.ledger.tables import FINISHED, OVER, counter, drop, folder, job, post

_is_open = (drop.c.state != "filed") & (drop.c.state != "withdrawn")
_is_ended = or_(drop.c.state == "filed", drop.c.state == "withdrawn")

# What a daemon has to go on with.
OPEN_DROPS = select(drop).where(_is_open).order_by(drop.c.id)

# The jobs that are not over, and those that unfinished drops belong to.
OPEN_JOBS = (
    select(job)
    .where(
        job.c.id.in_(
            union(
                select(job.c.id).where(job.c.state != "closed", job.c.state != "void"),
                select(drop.c.job).where(_is_open, drop.c.job.is_not(None)),
            ).scalar_subquery()
        )
    )
    .order_by(job.c.id)
)

# The POSTs of some jobs.
POSTS_OF = select(post).where(post.c.job.in_(bindparam("jobs", expanding=True))).order_by(post.c.job, post.c.number)

# The hot folders that have been seen and released.
FOLDERS = select(folder.c.name)

# The next ids.
COUNTERS = select(counter.c.name, counter.c.next)

# What was done before with files of these inodes.
FILED_WITH_INODE = (
    select(
        drop.c.id,
        drop.c.path,
        drop.c.origin,
        drop.c.device,
        drop.c.inode,
        drop.c.size_bytes,
        drop.c.mtime_ns,
        drop.c.outcome,
        drop.c.target_path,
        drop.c.note_digest,
        drop.c.receipt_digest,
    )
    .where(
        drop.c.state == "filed",
        drop.c.folder == bindparam("in_folder"),
        drop.c.inode.in_(bindparam("inodes", expanding=True)),
    )
    .order_by(drop.c.id.desc())
)

# Which digests belong to notes or receipts of ours.
COPIES = union(
    select(drop.c.note_digest.label("digest")).where(
        drop.c.note_digest.is_not(None), drop.c.note_digest.in_(bindparam("notes", expanding=True))
    ),
    select(drop.c.receipt_digest.label("digest")).where(
        drop.c.receipt_digest.is_not(None), drop.c.receipt_digest.in_(bindparam("receipts", expanding=True))
    ),
)

# Finished drops with their jobs, newest first; filters are added by the caller.
HISTORY = (
    select(drop, *(column.label(f"job_{column.name}") for column in job.c))
    .join(job, job.c.id == drop.c.job, isouter=True)
    .where(_is_ended)
    .order_by(drop.c.filed_at.desc(), drop.c.id.desc())
)

# How many drops stand where, for status without a daemon.
COUNTS = select(drop.c.folder, drop.c.state, func.count()).where(_is_open).group_by(drop.c.folder, drop.c.state)

_PATHS = union(
    select(drop.c.id).where(drop.c.path == bindparam("at")),
    select(drop.c.id).where(drop.c.origin.is_not(None), drop.c.origin == bindparam("at")),
    select(drop.c.id).where(drop.c.target_path.is_not(None), drop.c.target_path == bindparam("at")),
    select(drop.c.id).where(_is_open, drop.c.work_path == bindparam("at")),
)

# Every drop that had, or has, a path.
AT_PATH: Select[tuple[object, ...]] = (
    select(drop, *(column.label(f"job_{column.name}") for column in job.c))
    .join(job, job.c.id == drop.c.job, isouter=True)
    .where(drop.c.folder == bindparam("in_folder"), drop.c.id.in_(_PATHS.scalar_subquery()))
    .order_by(drop.c.id.desc())
)

__all__ = [
    "AT_PATH",
    "COPIES",
    "COUNTERS",
    "FILED_WITH_INODE",
    "FINISHED",
    "FOLDERS",
    "HISTORY",
    "OPEN_DROPS",
    "OPEN_JOBS",
    "OVER",
    "POSTS_OF",
]
