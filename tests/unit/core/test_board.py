"""What the parts of a coordinator share."""

from __future__ import annotations

from dataclasses import replace

from tests.crash.histories import settings
from tests.strategies import MOMENT

from hotfolder.core.board import Board
from hotfolder.core.messages import Now


def test_company_of_a_server_follows_the_settings_and_outlives_the_server() -> None:
    """What is under way for a server that is no longer configured is still told apart by its company."""
    first = settings()
    board = Board(first, Now(0.0, MOMENT, MOMENT.replace(tzinfo=None)), lambda: "token")
    server = first.servers[0]
    assert board.company_key(server.name) == server.company_key
    moved = replace(server, company="Another Co", company_handle=None)
    board.settings = replace(first, servers=(moved, replace(server, name="second")))
    assert board.company_key(server.name) == moved.company_key != server.company_key
    assert board.company_key("second") == server.company_key
    board.settings = replace(first, servers=(moved,))
    assert board.company_key("second") == server.company_key
    assert board.company_key("never") == ("never",)
