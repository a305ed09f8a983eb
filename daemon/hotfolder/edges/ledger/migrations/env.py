"""
Alembic's way in: works on the connection, and in the transaction, that it is given.

Sets up no logging: that belongs to whoever runs us.
"""

from alembic import context

from hotfolder.edges.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
