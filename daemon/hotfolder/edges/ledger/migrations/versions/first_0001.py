"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "drop_",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("device", sa.BigInteger, nullable=False),
        sa.Column("inode", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ready_at", sa.BigInteger),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("origin", sa.LargeBinary),
        sa.Column("retry_of", sa.BigInteger),
        sa.Column("rule", sa.Integer),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("sent_name", sa.Text, nullable=False),
        sa.Column("overwrite", sa.Boolean, nullable=False),
        sa.Column("alone", sa.Boolean, nullable=False),
        sa.Column("job", sa.BigInteger),
        sa.Column("post", sa.Integer),
        sa.Column("work_path", sa.LargeBinary),
        sa.Column("sha256", sa.String(64)),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sends", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.Column("asset_handle", sa.Text),
        sa.Column("stored_as", sa.Text),
        sa.Column("target_path", sa.LargeBinary),
        sa.Column("stored_at", sa.BigInteger),
        sa.Column("filed_at", sa.BigInteger),
        sa.Column("possible_second_copy", sa.Boolean, nullable=False),
        sa.Column("note_digest", sa.String(64)),
        sa.Column("receipt_digest", sa.String(64)),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("handle", sa.Text),
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
    )
    op.create_table(
        "post",
        sa.Column("job", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ends_job", sa.Boolean, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table("folder", sa.Column("name", sa.Text, primary_key=True))
    counter = op.create_table(
        "counter",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("next", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counter, [{"name": "drop", "next": 1}, {"name": "job", "next": 1}])
    for name, table, columns, where in _INDEXES:
        condition = None if where is None else sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


_INDEXES: list[tuple[str, str, list[str], str | None]] = [
    ("drop_open", "drop_", ["state", "job"], "state != 'filed' AND state != 'withdrawn'"),
    ("drop_ended", "drop_", ["filed_at", "id"], "state = 'filed' OR state = 'withdrawn'"),
    ("drop_inode", "drop_", ["inode"], "state = 'filed'"),
    ("drop_origin", "drop_", ["origin"], "origin IS NOT NULL"),
    ("drop_target", "drop_", ["target_path"], "target_path IS NOT NULL"),
    ("drop_note", "drop_", ["note_digest"], "note_digest IS NOT NULL"),
    ("drop_receipt", "drop_", ["receipt_digest"], "receipt_digest IS NOT NULL"),
    ("drop_path", "drop_", ["path"], None),
    ("drop_job", "drop_", ["job"], None),
    ("job_open", "job", ["state"], "state != 'closed' AND state != 'void'"),
]
