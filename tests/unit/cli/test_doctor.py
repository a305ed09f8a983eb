"""What the doctor says of the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotfolder.cli.app import main
from hotfolder.cli.exits import Exit
from hotfolder.edges.ledger import open_ledger

SETTINGS = """\
[server]
region = "emea"
company = "Example Co"
user = "ingest@example.com"

[ledger]
url = "sqlite:///{ledger}"

[[folder]]
name = "catalog"
path = "catalog"
options = {{ overwrite = true }}
"""


@pytest.mark.parametrize("state", ["none yet", "there", "garbage", "no directory"])
def test_the_ledger_is_really_read(state: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / ("nowhere/ledger.db" if state == "no directory" else "ledger.db")
    if state == "garbage":
        ledger.write_bytes(b"garbage" * 1000)
    elif state == "there":
        open_ledger(f"sqlite:///{ledger}").close()
    (tmp_path / "catalog").mkdir()
    (tmp_path / "hotfolder.toml").write_text(SETTINGS.format(ledger=ledger), "utf-8")
    code = main(["-c", str(tmp_path / "hotfolder.toml"), "doctor"])
    said = capsys.readouterr().out.partition("\ncatalog")[0]
    is_good = state in ("none yet", "there")
    assert (code == Exit.GOOD, "bad" in said) == (is_good, not is_good)
    told = {"none yet": "first start", "there": "can be read", "garbage": "not a database", "no directory": "create it"}
    assert told[state] in " ".join(said.split())
