"""
The schema: three tables of records, the folders seen, and two counters.

Values are plain for the database: paths as bytes, moments as microseconds since 1970 UTC, states as their words, inode
and device numbers wrapped into signed 64 bits. `rows` translates. What a migration makes and what stands here is
compared by a test.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
    column,
    or_,
)

metadata = MetaData()

FINISHED = ("filed", "withdrawn")
"""Drops at their end."""

OVER = ("closed", "void")
"""Jobs at their end."""

drop = Table(
    "drop_",  # DROP is a word of SQL
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("folder", Text, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ready_at", BigInteger),
    Column("evidence", Text, nullable=False),
    Column("origin", LargeBinary),
    Column("retry_of", BigInteger),
    Column("rule", Integer),
    Column("options", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("sent_name", Text, nullable=False),
    Column("overwrite", Boolean, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("job", BigInteger),
    Column("post", Integer),
    Column("work_path", LargeBinary),
    Column("sha256", String(64)),
    Column("tries", Integer, nullable=False),
    Column("sends", Integer, nullable=False),
    Column("outcome", String(16)),
    Column("reason", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    Column("asset_handle", Text),
    Column("stored_as", Text),
    Column("target_path", LargeBinary),
    Column("stored_at", BigInteger),
    Column("filed_at", BigInteger),
    Column("possible_second_copy", Boolean, nullable=False),
    Column("note_digest", String(64)),
    Column("receipt_digest", String(64)),
)

job = Table(
    "job",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("name", String(64), nullable=False, unique=True),  # a name used twice could not be told apart
    Column("folder", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("handle", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("first_post_at", BigInteger),
    Column("last_post_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("absent_since", BigInteger),
    Column("ghost_until", BigInteger),
    Column("other_handles", Text, nullable=False),
    Column("written_off", Text, nullable=False),
    Column("files_total", Integer, nullable=False),
    Column("bytes_total", BigInteger, nullable=False),
    Column("log", Text, nullable=False),
)

post = Table(
    "post",
    metadata,
    Column("job", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("ends_job", Boolean, nullable=False),
    Column("files", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("reason", Text, nullable=False),
)

folder = Table("folder", metadata, Column("name", Text, primary_key=True))

counter = Table(
    "counter",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("next", BigInteger, nullable=False),  # ids are never used again, not even those of forgotten drops
)


def _partial(name: str, *columns: Column[object], where: object) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


_open = and_(column("state") != "filed", column("state") != "withdrawn")
_ended = or_(column("state") == "filed", column("state") == "withdrawn")
_partial("drop_open", drop.c.state, drop.c.job, where=_open)
_partial("drop_ended", drop.c.filed_at, drop.c.id, where=_ended)
_partial("drop_inode", drop.c.inode, where=column("state") == "filed")
_partial("drop_origin", drop.c.origin, where=column("origin").is_not(None))
_partial("drop_target", drop.c.target_path, where=column("target_path").is_not(None))
_partial("drop_note", drop.c.note_digest, where=column("note_digest").is_not(None))
_partial("drop_receipt", drop.c.receipt_digest, where=column("receipt_digest").is_not(None))
Index("drop_path", drop.c.path)
Index("drop_job", drop.c.job)
_partial("job_open", job.c.state, where=and_(column("state") != "closed", column("state") != "void"))
