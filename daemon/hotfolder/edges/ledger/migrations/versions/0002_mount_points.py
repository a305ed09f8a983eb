"""Where the file system of a hot folder was mounted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add it, not known for the folders that are there."""
    op.add_column("folders", sa.Column("mount_point", sa.LargeBinary))
