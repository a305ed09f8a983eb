"""
The schema: four tables of records, the hot folders seen, and how far the ledger has come.

Values are plain, and the same in every database; `rows` translates them:

- paths are bytes, since names need not be UTF-8;
- moments are microseconds since 1970 UTC; flags are 0 and 1; states and outcomes are their words;
- device and inode are unsigned 64-bit numbers, kept as the signed ones of the same bits;
- mtime is in two columns: one of nanoseconds alone would not hold the year 2300, which `touch` is glad to set.

Partial indexes keep what the daemon asks as quick with a million finished drops as with none. Their conditions are
written once, here, because a database uses such an index only for a query with the very same words.

A change here needs a script in `migrations/versions` and its number in `HEAD`; tests compare the three.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TextClause,
    text,
)

HEAD: Final = "0002"
"""The newest schema, which is the one this program works with: the number of the last migration script."""

OPEN_DROP: Final = "state NOT IN ('filed', 'withdrawn')"  # not at its end
FILED_DROP: Final = "state = 'filed'"
STORED_DROP: Final = "outcome IN ('stored', 'updated')"
OPEN_JOB: Final = "state NOT IN ('closed', 'void')"  # not at its end; ghosts are watched still
OPEN_PUBLISH: Final = "state NOT IN ('published', 'dropped')"  # not at its end

metadata = MetaData()

_ID = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER key is SQLite's own row number

drops = Table(
    "drops",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("folder", Text, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_s", BigInteger, nullable=False),
    Column("mtime_part_ns", Integer, nullable=False),  # 0 to 999,999,999
    Column("identity_hash", BigInteger, nullable=False),  # of the five above: one number to look them up by
    Column("seen_at", BigInteger, nullable=False),
    Column("ready_at", BigInteger),
    Column("evidence", Text, nullable=False),
    Column("origin", LargeBinary),
    Column("retry_of", BigInteger),
    Column("rule", Integer),
    Column("server", Text, nullable=False),  # name of the one it goes to
    Column("options", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("sent_name", Text, nullable=False),
    Column("overwrite", SmallInteger, nullable=False),
    Column("alone", SmallInteger, nullable=False),
    Column("job", BigInteger, ForeignKey("jobs.id", deferrable=True, initially="DEFERRED")),
    Column("post", Integer),
    Column("work_path", LargeBinary),
    Column("sha256", Text),
    Column("tries", Integer, nullable=False),
    Column("sends", Integer, nullable=False),
    Column("outcome", Text),
    Column("caution", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    Column("asset_handle", Text),
    Column("stored_as", Text),
    Column("target_path", LargeBinary),
    Column("stored_at", BigInteger),
    Column("filed_at", BigInteger),
    Column("possible_second_copy", SmallInteger, nullable=False),
    Column("note_digest", Text),
    Column("receipt_digest", Text),
)

publishes = Table(
    "publishes",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("server", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("name", Text, unique=True),  # as with jobs
    Column("handle", Text),
    Column("submitted_at", BigInteger),
    Column("takes_to", BigInteger, nullable=False),
    Column("absent_since", BigInteger),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("missed", Text, nullable=False),
    Column("ended_at", BigInteger),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),  # the key by which the server is asked: never used twice
    Column("folder", Text, nullable=False),
    Column("server", Text, nullable=False),  # name of the one that does the work
    Column("company", Text, nullable=False),  # handle of the company that it was then
    Column("options", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("handle", Text),
    Column("our_address", Text),  # that its POSTs come from
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
    Column("publish", BigInteger, ForeignKey("publishes.id", deferrable=True, initially="DEFERRED")),
    Column("publish_due", Text, nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column(
        "job",
        BigInteger,
        ForeignKey("jobs.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("ends_job", SmallInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("reason", Text, nullable=False),
)

folders = Table(
    "folders",
    metadata,
    Column("name", Text, primary_key=True),
    Column("path", LargeBinary, nullable=False),  # where its claimed drops are, also when it is no longer configured
    Column("held", SmallInteger, nullable=False),  # by a person
    Column("held_paths", LargeBinary, nullable=False),  # of it, files that are not drops yet; a zero byte between two
    Column("mount_point", LargeBinary),  # of the file system it was on, if that is known
)

# One row. Every owner adds one to `openings` and every commit one to `commits`. So an owner knows after a lost answer
# whether its commit is there, and an owner that has lost its lock, or finds an older copy in its place, writes nothing.
progress = Table(
    "progress",
    metadata,
    Column("ledger_id", Text, nullable=False),  # random: tells this ledger from every other one
    Column("openings", BigInteger, nullable=False),
    Column("commits", BigInteger, nullable=False),
    Column("next_drop", BigInteger, nullable=False),  # ids are never used again, not even those of forgotten drops
    Column("next_job", BigInteger, nullable=False),
)


def _partial(name: str, *columns: Column[object], where: str) -> Index:
    condition: TextClause = text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


# What a start has to go on with.
_partial("drops_open", drops.c.id, where=OPEN_DROP)
_partial("jobs_open", jobs.c.id, where=OPEN_JOB)
_partial("publishes_open", publishes.c.id, where=OPEN_PUBLISH)
# Whether a file just found is known.
_partial("drops_identity", drops.c.identity_hash, where=FILED_DROP)
# Which files have an asset ID already, the newest of each server.
_partial("drops_stored", drops.c.asset, drops.c.server, drops.c.id, where=STORED_DROP)
_partial("drops_note", drops.c.note_digest, where="note_digest IS NOT NULL")
_partial("drops_receipt", drops.c.receipt_digest, where="receipt_digest IS NOT NULL")
# What became of a path.
Index("drops_path", drops.c.path)
_partial("drops_origin", drops.c.origin, where="origin IS NOT NULL")
_partial("drops_target", drops.c.target_path, where="target_path IS NOT NULL")
# History, newest first, and of one job; folder and outcome are in it so that filters and totals read nothing else.
_partial("drops_filed_at", drops.c.filed_at, drops.c.id, drops.c.folder, drops.c.outcome, where="filed_at IS NOT NULL")
_partial("drops_job", drops.c.job, where="job IS NOT NULL")
_partial("jobs_handle", jobs.c.handle, where="handle IS NOT NULL")
