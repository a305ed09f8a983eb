"""The first schema."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "publishes",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("files", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, unique=True),
        sa.Column("handle", sa.Text),
        sa.Column("submitted_at", sa.BigInteger),
        sa.Column("takes_to", sa.BigInteger, nullable=False),
        sa.Column("absent_since", sa.BigInteger),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("missed", sa.Text, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_table(
        "jobs",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("company", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("handle", sa.Text),
        sa.Column("our_address", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("first_post_at", sa.BigInteger),
        sa.Column("last_post_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("absent_since", sa.BigInteger),
        sa.Column("ghost_until", sa.BigInteger),
        sa.Column("other_handles", sa.Text, nullable=False),
        sa.Column("written_off", sa.Text, nullable=False),
        sa.Column("files_total", sa.Integer, nullable=False),
        sa.Column("bytes_total", sa.BigInteger, nullable=False),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("publish", sa.BigInteger, sa.ForeignKey("publishes.id", deferrable=True, initially="DEFERRED")),
        sa.Column("publish_due", sa.Text, nullable=False),
    )
    op.create_table(
        "drops",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("device", sa.BigInteger, nullable=False),
        sa.Column("inode", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_s", sa.BigInteger, nullable=False),
        sa.Column("mtime_part_ns", sa.Integer, nullable=False),
        sa.Column("identity_hash", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ready_at", sa.BigInteger),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("origin", sa.LargeBinary),
        sa.Column("retry_of", sa.BigInteger),
        sa.Column("rule", sa.Integer),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("sent_name", sa.Text, nullable=False),
        sa.Column("overwrite", sa.SmallInteger, nullable=False),
        sa.Column("alone", sa.SmallInteger, nullable=False),
        sa.Column("job", sa.BigInteger, sa.ForeignKey("jobs.id", deferrable=True, initially="DEFERRED")),
        sa.Column("post", sa.Integer),
        sa.Column("work_path", sa.LargeBinary),
        sa.Column("sha256", sa.Text),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sends", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("caution", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.Column("asset_handle", sa.Text),
        sa.Column("stored_as", sa.Text),
        sa.Column("target_path", sa.LargeBinary),
        sa.Column("stored_at", sa.BigInteger),
        sa.Column("filed_at", sa.BigInteger),
        sa.Column("possible_second_copy", sa.SmallInteger, nullable=False),
        sa.Column("note_digest", sa.Text),
        sa.Column("receipt_digest", sa.Text),
    )
    op.create_table(
        "posts",
        sa.Column(
            "job",
            sa.BigInteger,
            sa.ForeignKey("jobs.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ends_job", sa.SmallInteger, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "folders",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("held", sa.SmallInteger, nullable=False),
        sa.Column("held_paths", sa.LargeBinary, nullable=False),
    )
    progress = op.create_table(
        "progress",
        sa.Column("ledger_id", sa.Text, nullable=False),
        sa.Column("openings", sa.BigInteger, nullable=False),
        sa.Column("commits", sa.BigInteger, nullable=False),
        sa.Column("next_drop", sa.BigInteger, nullable=False),
        sa.Column("next_job", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(progress, [{"ledger_id": uuid4().hex, "openings": 0, "commits": 0, "next_drop": 1, "next_job": 1}])
    for name, table, columns, where in _INDEXES:
        condition = None if where is None else sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


_INDEXES: list[tuple[str, str, list[str], str | None]] = [
    ("drops_open", "drops", ["id"], "state NOT IN ('filed', 'withdrawn')"),
    ("jobs_open", "jobs", ["id"], "state NOT IN ('closed', 'void')"),
    ("publishes_open", "publishes", ["id"], "state NOT IN ('published', 'dropped')"),
    ("drops_identity", "drops", ["identity_hash"], "state = 'filed'"),
    ("drops_stored", "drops", ["asset", "server", "id"], "outcome IN ('stored', 'updated')"),
    ("drops_note", "drops", ["note_digest"], "note_digest IS NOT NULL"),
    ("drops_receipt", "drops", ["receipt_digest"], "receipt_digest IS NOT NULL"),
    ("drops_path", "drops", ["path"], None),
    ("drops_origin", "drops", ["origin"], "origin IS NOT NULL"),
    ("drops_target", "drops", ["target_path"], "target_path IS NOT NULL"),
    ("drops_filed_at", "drops", ["filed_at", "id", "folder", "outcome"], "filed_at IS NOT NULL"),
    ("drops_job", "drops", ["job"], "job IS NOT NULL"),
    ("jobs_handle", "jobs", ["handle"], "handle IS NOT NULL"),
]
