"""What is said of files whose options name what the server does not know."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console
from tests.unit.status.played import PlayedDaemon
from tests.unit.status.site.test_pages import page
from tests.unit.status.test_server import Site

from hotfolder.cli.inspecting import status_text
from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.messages import NamesListed, Reloaded
from hotfolder.core.settings import DEFAULT_SERVER
from hotfolder.status import attention
from hotfolder.status.live import waiting
from hotfolder.status.snapshot import Recent, take


def naming(project: str) -> PlayedDaemon:
    """Return a daemon whose only hot folder is to put its files into a project."""
    daemon = PlayedDaemon()
    daemon.come_up()
    (folder,) = daemon.settings.folders
    options = {**folder.options, "projectHandleArray": [project]}
    daemon.step(Reloaded(replace(daemon.settings, folders=(replace(folder, options=options),))))
    return daemon


def listed(daemon: PlayedDaemon, *names: str) -> None:
    entries = tuple(Listed(handle=f"p|1|{name}", name=name) for name in names)
    daemon.step(NamesListed(DEFAULT_SERVER, Shelf.PROJECTS, entries))


def test_a_file_waits_for_the_list_and_then_for_the_name() -> None:
    daemon = naming("Spring")
    daemon.drop("chair.jpg", is_complete=True)
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert (found["state"], found["reason"]) == ("ready", "the server has not told its projects yet")
    listed(daemon, "Winter")
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert found["state"] == "ready"
    assert found["reason"] == 'the project "Spring" is not known to the server; known are "Winter"'
    assert found["next_at"].endswith("Z")
    assert "hotfolder list" in found["cure"]
    listed(daemon, "Winter", "Spring")
    found = waiting(daemon.coordinator, "catalog", "chair.jpg")
    assert (found["reason"], found["cure"]) == ("complete; waits for its batch to form", None)


def test_a_missing_name_is_on_the_page_and_in_the_status_before_any_file_waits_for_it() -> None:
    daemon = naming("<Spring>")
    assert attention.take(daemon.coordinator)["names"] == []  # nobody has told yet
    listed(daemon, "Winter")
    (entry,) = attention.take(daemon.coordinator)["names"]
    assert entry["folders"] == ["catalog"]
    assert entry["server"] is None  # there is only one
    assert entry["next_at"].endswith("Z")
    shown = page(Site(daemon=daemon, ledger=daemon.ledger), "/").text
    assert 'the project "<Spring>" is not known to the server' in shown
    assert "Its files wait" in shown

    console = Console(file=io.StringIO(), width=200)
    console.print(status_text(take(daemon.coordinator, Recent()), attention.take(daemon.coordinator)))
    assert isinstance(console.file, io.StringIO)
    assert "catalog: a name in the options" in console.file.getvalue()
