"""
The ledger in a database: SQLite beside the daemon, or PostgreSQL by its URL, with one schema.

`open_ledger` is for the one owner, `read_ledger` for everybody else, at the same time. Knows rows and transactions;
what a row means is the core's. SQLAlchemy Core makes the statements, Alembic the schema's changes.
"""

from hotfolder.edges.ledger.opening import ledger_file, open_ledger, read_ledger

__all__ = ["ledger_file", "open_ledger", "read_ledger"]
