"""
Which schema a ledger has, and bringing it up to the one this program works with.

Alembic takes a while to import, and is only needed when there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from hotfolder.edges.ledger.database import Held
from hotfolder.edges.ledger.tables import HEAD
from hotfolder.ports import LedgerError

SCRIPTS: Final = Path(__file__).with_name("migrations")


def prepare_schema(held: Held, *, scripts: Path = SCRIPTS, head: str = HEAD) -> None:
    """
    Make the schema, or bring it up to `head`, in one transaction; raise `LedgerError` where that cannot be.

    `scripts` is where Alembic's environment and its scripts are.
    """
    with held.transaction() as connection:
        version = schema_version(connection)
        if version == head:
            return
        if version is None and inspect(connection).get_table_names():
            raise LedgerError(f"{held.name} belongs to another program; let ledger.url name another one")
        _upgrade(connection, held.name, version, scripts)


def schema_version(connection: Connection) -> str | None:
    """Return the number of the schema, None if there is none yet."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)


def check_readable(connection: Connection, name: str) -> bool:
    """Return whether there is anything to read; raise `LedgerError` if it is not of the schema we know."""
    version = schema_version(connection)
    if version is not None and version != HEAD:
        raise LedgerError(
            f"{name} has schema {version} and this program reads {HEAD}; run the same hotfolder as its daemon"
        )
    return version is not None


def _upgrade(connection: Connection, name: str, version: str | None, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))  # "%" begins an interpolation
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise LedgerError(
            f"{name} has schema {version}, which this program does not know: a newer hotfolder has written it; run that"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
