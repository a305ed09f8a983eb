"""What `history` prints where there is little room."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console
from tests.strategies import drop

from hotfolder.cli.inspecting import history_list
from hotfolder.core.model import Outcome
from hotfolder.core.notes import receipt

HOSTILE = "evil\u202egpj\n\x1b[31m " + "long name " * 20 + ".jpg"


def test_every_entry_fits_into_eighty_columns_whatever_its_name_is() -> None:
    ended = replace(
        drop(1, HOSTILE), outcome=Outcome.DUPLICATE, reason="something is there already " * 5, asset="chair"
    )
    out = io.StringIO()
    console = Console(file=out, width=80)
    for part in history_list([("catalog", receipt(ended, None))]):
        console.print(part)
    lines = out.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "  duplicate  catalog/evil\\u202egpj\\n\\x1b" in lines[0]
    assert '    as "chair"; something is there already' in out.getvalue()
    assert not {"\x1b", "\u202e"} & set(out.getvalue())
