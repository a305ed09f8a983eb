"""The schema that the scripts make, and how an older ledger is brought up to it."""

from __future__ import annotations

import logging
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from tests.contract.ledgers import PostgresServer
from tests.strategies import drop

from hotfolder.core import lifecycle
from hotfolder.core.journal import InsertDrops
from hotfolder.core.model import KnownFolder
from hotfolder.edges.ledger import open_ledger
from hotfolder.edges.ledger.database import Held, Place
from hotfolder.edges.ledger.schema import SCRIPTS, prepare_schema
from hotfolder.edges.ledger.tables import HEAD, OPEN_DROP, OPEN_JOB, metadata
from hotfolder.ports import LedgerError

AFTER = f"{int(HEAD) + 1:04}"

NEXT = '''
"""One column more."""
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = "{before}"

def upgrade() -> None:
    op.add_column("drops", sa.Column("colour", sa.Text))
    op.execute("UPDATE drops SET colour = 'red'")
    {then}
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger of the schema of today with one drop."""
    file = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{file}") as ledger:
        ledger.commit([InsertDrops((drop(1),))])
    return file


def scripts_with_a_next_one(tmp_path: Path, *, then: str = "") -> Path:
    """Return scripts as a later version of the program would have them."""
    scripts = tmp_path / "100% scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / f"{AFTER}_colour.py").write_text(NEXT.format(revision=AFTER, before=HEAD, then=then))
    return scripts


def upgrade(file: Path, scripts: Path, head: str = AFTER) -> None:
    """Open the file as another version of the program would."""
    place = Place(f"sqlite:///{file}")
    held = Held(place.engine(read_only=False), place, lambda connection: None)
    try:
        prepare_schema(held, scripts=scripts, head=head)
    finally:
        held.close()


def shape_of(file: Path) -> dict[str, str]:
    """Return the definition of everything in a file, written one way."""
    with closing(sqlite3.connect(file)) as found:
        rows = found.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
        return {name: re.sub(r"\s+", " ", sql) for name, sql in rows}


# --- one schema, said twice ---


def test_scripts_make_what_the_tables_say(file: Path, tmp_path: Path) -> None:
    stated = tmp_path / "stated.db"
    engine = create_engine(f"sqlite:///{stated}")
    metadata.create_all(engine)
    engine.dispose()
    assert shape_of(file) == shape_of(stated)


def differences(connection: Connection) -> list[object]:
    """Return what Alembic would change to come from a database to the tables."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def test_alembic_finds_nothing_to_change(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


def test_alembic_finds_nothing_to_change_in_postgresql(postgres: PostgresServer) -> None:
    url = postgres.store().url
    open_ledger(url).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


def test_the_head_is_the_last_of_scripts_numbered_without_a_gap() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    numbers = [script.revision for script in scripts.walk_revisions()][::-1]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert scripts.get_current_head() == HEAD
    names = sorted(path.name for path in (SCRIPTS / "versions").glob("*.py"))
    assert [name[:5] for name in names] == [f"{number}_" for number in numbers]


def test_the_states_that_queries_leave_out_are_those_that_nothing_follows() -> None:
    for condition, table in ((OPEN_DROP, lifecycle.DROP), (OPEN_JOB, lifecycle.JOB)):
        ends = {state.value for state, following in table.items() if state is not None and not following}
        assert set(re.findall(r"'(\w+)'", condition)) == ends


# --- from an older one ---


def test_an_older_ledger_is_brought_up_to_date_with_all_that_is_in_it(file: Path, tmp_path: Path) -> None:
    upgrade(file, scripts_with_a_next_one(tmp_path))
    with closing(sqlite3.connect(file)) as found:
        assert found.execute("SELECT id, path, colour FROM drops").fetchall() == [(1, b"chair.jpg", "red")]
        assert found.execute("SELECT version_num FROM alembic_version").fetchall() == [(AFTER,)]


def test_folders_of_the_first_schema_are_known_without_their_mount_point(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    file.touch()
    scripts = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__", "000[!1]*"))
    upgrade(file, scripts, head="0001")
    with closing(sqlite3.connect(file)) as found:
        found.execute("INSERT INTO folders (name, path, held, held_paths) VALUES ('catalog', x'2f61', 1, x'')")
        found.commit()
    with open_ledger(f"sqlite:///{file}") as ledger:
        assert ledger.unfinished().folders == {"catalog": KnownFolder("catalog", "/a", held=True)}


def test_a_new_ledger_goes_through_every_script(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    file.touch()
    upgrade(file, scripts_with_a_next_one(tmp_path))
    assert "colour" in shape_of(file)["drops"]


def test_a_script_that_fails_half_way_leaves_the_ledger_as_it_was(file: Path, tmp_path: Path) -> None:
    """SQLite takes back DDL as well, if only the driver does not commit before it."""
    before = shape_of(file)
    with pytest.raises(LedgerError, match="no such table: nowhere"):
        upgrade(file, scripts_with_a_next_one(tmp_path, then='op.execute("DELETE FROM nowhere")'))
    assert shape_of(file) == before
    with open_ledger(f"sqlite:///{file}") as ledger:
        assert ledger.unfinished().drops == [drop(1)]


def test_bringing_up_to_date_leaves_logging_to_whoever_set_it_up(file: Path, tmp_path: Path) -> None:
    mine = logging.getLogger("hotfolder.test")
    before = (logging.root.handlers[:], logging.root.level, logging.getLogger("alembic").handlers[:], mine.disabled)
    upgrade(file, scripts_with_a_next_one(tmp_path))
    after = (logging.root.handlers[:], logging.root.level, logging.getLogger("alembic").handlers[:], mine.disabled)
    assert after == before
