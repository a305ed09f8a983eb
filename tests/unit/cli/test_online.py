"""Commands that ask servers by themselves: one that is not there keeps nobody from the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from hotfolder.cli.exits import Exit
from hotfolder.cli.online import name_problems, signed_in
from hotfolder.config import format_problem, load_text
from hotfolder.core.catalogue import Shelf
from hotfolder.core.settings import Settings
from hotfolder.sandbox import Sandbox

TEXT = """\
[server.shop]
base_url = "{shop}"
company = "Example Co"
user = "ingest@example.com"
[server.museum]
base_url = "{museum}"
company = "Museum"
user = "ingest@example.com"
[defaults.options]
overwrite = true
projectHandleArray = ["Spring 2026"]
[[folder]]
name = "catalog"
path = "/srv/share/catalog"
server = "shop"
[[folder]]
name = "archive"
path = "/srv/share/archive"
server = "museum"
"""


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[Sandbox, Sandbox]]:
    with Sandbox(data=tmp_path / "shop") as shop, Sandbox(data=tmp_path / "museum", company="Museum") as museum:
        yield shop, museum


def loaded(boxes: tuple[Sandbox, Sandbox], *, wrong: str = "") -> tuple[Settings, list[str]]:
    """Return settings for two companies, of which one may have the wrong password, and the problems of names."""
    shop, museum = boxes
    found = load_text(TEXT.format(shop=shop.base_url, museum=museum.base_url), {"HOTFOLDER_PASSWORD": "secret"})
    servers = tuple(
        replace(server, password="wrong" if server.name == wrong else "secret") for server in found.settings.servers
    )
    settings = replace(found.settings, servers=servers)
    with signed_in(settings) as online:
        return settings, [format_problem(problem) for problem in name_problems(found.names, online.lines)]


def test_a_name_that_one_of_two_companies_does_not_know_is_told_with_its_server(
    boxes: tuple[Sandbox, Sandbox], tmp_path: Path
) -> None:
    (tmp_path / "museum/catalogue.toml").write_text('projects = ["Autumn"]\n')
    _, problems = loaded(boxes)
    assert problems == [
        'hotfolder.toml:11: defaults.options.projectHandleArray[0]: found "Spring 2026", '
        'wanted the name of a project on the server: known are "Autumn" (server museum)'
    ]


def test_one_company_that_refuses_us_keeps_nobody_from_the_other(
    boxes: tuple[Sandbox, Sandbox], capsys: pytest.CaptureFixture[str]
) -> None:
    settings, _ = loaded(boxes, wrong="shop")
    with signed_in(settings) as online:
        assert set(online.lines) == {"museum"}
        assert online.code is Exit.REFUSED
        assert online.lines["museum"].listed(Shelf.PROJECTS)
    assert "server shop refuses us" in capsys.readouterr().err


def test_one_server_can_be_asked_by_its_name(boxes: tuple[Sandbox, Sandbox]) -> None:
    settings, _ = loaded(boxes)
    with signed_in(settings, "museum") as online:
        assert set(online.lines) == {"museum"}
        assert online.code is Exit.GOOD
    with pytest.raises(typer.BadParameter, match="found x, wanted one of shop, museum"), signed_in(settings, "x"):
        pass


def test_a_list_is_asked_for_once_however_often_it_is_needed(boxes: tuple[Sandbox, Sandbox]) -> None:
    settings, _ = loaded(boxes)
    shop, _ = boxes
    before = len(shop.requests)
    with signed_in(settings, "shop") as online:
        online.lines["shop"].listed(Shelf.PROJECTS)
        online.lines["shop"].listed(Shelf.PROJECTS)
    assert [request.operation for request in shop.requests[before:]].count("getProjects") == 1
