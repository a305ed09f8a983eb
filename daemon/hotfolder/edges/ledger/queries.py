"""
Every statement of the ledger, each with what it is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    TextClause,
    Update,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    union,
    union_all,
    update,
)

from hotfolder.core.model import MAY_BE_STORED, STORED_KEPT
from hotfolder.edges.ledger.tables import (
    FILED_DROP,
    OPEN_DROP,
    OPEN_JOB,
    OPEN_PUBLISH,
    STORED_DROP,
    drops,
    folders,
    jobs,
    posts,
    progress,
    publishes,
)

# --- what a start goes on with ---

# Drops that are not at their end.
OPEN_DROPS = select(drops).where(text(OPEN_DROP)).order_by(drops.c.id)

_needed_jobs = union(
    select(jobs.c.id).where(text(OPEN_JOB)),
    select(drops.c.job).where(text(OPEN_DROP)),  # more words would lead SQLite to the index of all jobs' drops
)

# Jobs that are not at their end, and those that such drops belong to.
OPEN_JOBS = select(jobs).where(jobs.c.id.in_(_needed_jobs.scalar_subquery())).order_by(jobs.c.id)

# The POSTs of these jobs.
OPEN_POSTS = select(posts).where(posts.c.job.in_(_needed_jobs.scalar_subquery())).order_by(posts.c.job, posts.c.number)

# What was stored last, or may have been, of all that is at its end, newest first.
LAST_STORED = (
    select(drops.c.server, drops.c.asset, drops.c.stored_at, drops.c.filed_at)
    .where(drops.c.filed_at.is_not(None), drops.c.outcome.in_(sorted(MAY_BE_STORED)), drops.c.stored_at.is_not(None))
    .order_by(drops.c.filed_at.desc(), drops.c.id.desc())
    .limit(STORED_KEPT)
)

# Publishes that are not at their end.
OPEN_PUBLISHES = select(publishes).where(text(OPEN_PUBLISH)).order_by(publishes.c.id)

# The id of the newest publish: none is ever forgotten.
LAST_PUBLISH = select(func.max(publishes.c.id))

# Hot folders that have been seen, where they were, and whether a person holds them.
KNOWN_FOLDERS = select(folders)

# How far the ledger has come.
LEDGER_ID = select(progress.c.ledger_id)
PROGRESS = select(progress.c.openings, progress.c.commits, progress.c.next_drop, progress.c.next_job)

# --- whether a file is known ---

_recalled = (
    *("id", "folder", "path", "state", "device", "inode", "size_bytes", "mtime_s", "mtime_part_ns", "identity_hash"),
    *("seen_at", "origin", "work_path", "outcome", "target_path", "note_digest", "receipt_digest"),
)

# Filed drops of a hot folder whose identity may be one of these, with what recalling needs: half of what a whole costs.
FILED_LIKE = select(*(drops.c[name] for name in _recalled)).where(
    text(FILED_DROP),
    drops.c.folder == bindparam("folder"),
    drops.c.identity_hash.in_(bindparam("hashes", expanding=True)),
)

_newest_stored = (
    select(func.max(drops.c.id))
    .where(text(STORED_DROP), drops.c.asset.in_(bindparam("assets", expanding=True)))
    .group_by(drops.c.asset, drops.c.server)
)

# Where that was dropped which is stored under these asset IDs: the newest of each ID and server.
STORED_UNDER = (
    select(drops.c.asset, drops.c.server, drops.c.folder, drops.c.path, drops.c.origin)
    .where(drops.c.id.in_(_newest_stored.scalar_subquery()))
    .order_by(drops.c.server)
)

# Those of the digests that belong to notes or receipts of ours.
OUR_COPIES = union_all(
    select(drops.c.note_digest.label("digest")).where(drops.c.note_digest.in_(bindparam("digests", expanding=True))),
    select(drops.c.receipt_digest.label("digest")).where(
        drops.c.receipt_digest.in_(bindparam("digests", expanding=True))
    ),
)

# --- what became of drops ---

_at_end = drops.c.filed_at.is_not(None)  # set when a drop comes to its end, and never before

_at_path = (
    select(drops.c.id).where(drops.c.path == bindparam("path")),
    select(drops.c.id).where(drops.c.origin == bindparam("path")),
    select(drops.c.id).where(drops.c.target_path == bindparam("path")),
)

# Every drop that had a path, or goes or lies there now, newest first.
AT_PATH = (
    select(drops)
    .where(
        drops.c.folder == bindparam("folder"),
        drops.c.id.in_(
            union(
                *_at_path, select(drops.c.id).where(text(OPEN_DROP), drops.c.work_path == bindparam("path"))
            ).scalar_subquery()
        ),
    )
    .order_by(drops.c.id.desc())
)

# How many drops have come to their end, by hot folder and outcome.
TOTALS = select(drops.c.folder, drops.c.outcome, func.count()).where(_at_end).group_by(drops.c.folder, drops.c.outcome)

# Some jobs by their ids.
JOBS = select(jobs).where(jobs.c.id.in_(bindparam("ids", expanding=True)))

# Some publishes by their ids.
PUBLISHES = select(publishes).where(publishes.c.id.in_(bindparam("ids", expanding=True)))

# One drop.
DROP = select(drops).where(drops.c.id == bindparam("id"))

# One job.
JOB = select(jobs).where(jobs.c.name == bindparam("name"))

# The POSTs of one job.
POSTS_OF = select(posts).where(posts.c.job == bindparam("job")).order_by(posts.c.number)

# The drops of one job.
DROPS_OF = select(drops).where(drops.c.job == bindparam("job")).order_by(drops.c.id)

_HISTORY_WHERE: dict[str, ColumnElement[bool]] = {
    "folder": drops.c.folder == bindparam("folder"),
    "since": drops.c.filed_at >= bindparam("since"),
    "outcome": drops.c.outcome == bindparam("outcome"),
    "job": drops.c.job.in_(
        select(jobs.c.id).where(or_(jobs.c.name == bindparam("job"), jobs.c.handle == bindparam("job")))
    ),
    "path": drops.c.id.in_(union(*_at_path).scalar_subquery()),
    "before_id": tuple_(drops.c.filed_at, drops.c.id) < tuple_(bindparam("before_at"), bindparam("before_id")),
}


def history(wanted: Iterable[str]) -> Select[Any]:
    """Return the query for one page of finished drops, newest first; `wanted` names parameters that narrow it."""
    narrowed = (_HISTORY_WHERE[name] for name in wanted if name in _HISTORY_WHERE)
    return (
        select(drops)
        .where(_at_end, *narrowed)
        .order_by(drops.c.filed_at.desc(), drops.c.id.desc())
        .limit(bindparam("page"))
    )


# --- writing; the parameters that say which row are named "key_..." ---


def insertion(table: Table, columns: Iterable[str]) -> Insert:
    """Return the statement for a new row; columns that are not named stay empty."""
    return insert(table).values({column: bindparam(column) for column in columns})


def change(table: Table, columns: Iterable[str]) -> Update:
    """Return the statement that gives one row other values in some columns."""
    return (
        update(table)
        .where(*(column == bindparam(f"key_{column.name}") for column in table.primary_key))
        .values({column: bindparam(column) for column in columns})
    )


# A drop that is settling again.
FORGET_DROP: Delete = delete(drops).where(drops.c.id == bindparam("key_id"))

# What is kept of a hot folder; the last word counts.
REMEMBER_FOLDER: TextClause = text(
    "INSERT INTO folders (name, path, held, held_paths, mount_point) "
    "VALUES (:name, :path, :held, :held_paths, :mount_point) "
    "ON CONFLICT (name) DO UPDATE SET path = excluded.path, held = excluded.held, held_paths = excluded.held_paths, "
    "mount_point = excluded.mount_point"
)

# One owner more than there were.
COUNT_OPENING: Update = update(progress).values(openings=progress.c.openings + 1)

# One commit more than there were; no row = it is not ours any more.
COUNT_COMMIT: Update = (
    update(progress)
    .where(progress.c.openings == bindparam("key_openings"), progress.c.commits == bindparam("key_commits"))
    .values(commits=bindparam("commits"), next_drop=bindparam("next_drop"), next_job=bindparam("next_job"))
)
