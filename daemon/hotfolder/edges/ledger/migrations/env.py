"""
Alembic's way in: runs on the connection and in the transaction that `opening` gives it.
"""

from alembic import context

from hotfolder.edges.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
