"""
The ledger on a database: SQLAlchemy Core for the statements, Alembic for the schema's changes.

`open_ledger` is for the one owner, `read_ledger` for everybody else.
"""

from hotfolder.edges.ledger.opening import open_ledger, read_ledger

__all__ = ["open_ledger", "read_ledger"]
