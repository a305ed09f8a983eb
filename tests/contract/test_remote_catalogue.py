"""
`IpsRemote.listed` as a client of the sandbox: what options can name, and servers or roles that do not tell.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.parts import CANARY, COMPANY, make_remote, settings

from hotfolder.core.catalogue import Listed, Shelf, handle_of
from hotfolder.core.server import Kind, RemoteError, Trouble
from hotfolder.edges.remote import IpsRemote
from hotfolder.sandbox import Sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(data=tmp_path / "box", password=CANARY) as running:
        yield running


@pytest.fixture
def remote(box: Sandbox) -> Iterator[IpsRemote]:
    made = make_remote(settings(f"{box.base_url}/UploadFile", f"{box.base_url}/services/IpsApiService"))
    yield made
    made.close()


def trouble_of(remote: IpsRemote, shelf: Shelf) -> Trouble:
    with pytest.raises(RemoteError) as caught:
        remote.listed(COMPANY, shelf)
    return caught.value.trouble


def asked(box: Sandbox) -> list[str | None]:
    return [request.operation for request in box.requests]


def test_projects_come_with_their_handles(remote: IpsRemote) -> None:
    assert Listed(handle="p|2101|Spring 2026", name="Spring 2026") in remote.listed(COMPANY, Shelf.PROJECTS)


def test_property_sets_of_every_type_come_with_its_name(remote: IpsRemote, box: Sandbox) -> None:
    found = remote.listed(COMPANY, Shelf.PROPERTY_SETS)
    assert {entry.group for entry in found} == {"Sandbox.ImageSetScript", "Sandbox.VideoPreset"}
    assert handle_of("Spin sets", found) == "ps|941"
    assert handle_of("Standard", found) is None
    assert handle_of("Sandbox.VideoPreset/Standard", found) is not None
    assert ("IsActive", "true") in found[0].details
    assert asked(box) == ["getPropertySetTypes", "getPropertySets", "getPropertySets"]


def test_profiles_come_from_every_page(remote: IpsRemote, tmp_path: Path) -> None:
    names = [f"profile-{number:04}" for number in range(2001)]
    (tmp_path / "box/catalogue.toml").write_text(f"profiles = {names!r}\n")
    assert [entry.name for entry in remote.listed(COMPANY, Shelf.PROFILES)] == names


def test_a_list_is_asked_for_anew_each_time(remote: IpsRemote, tmp_path: Path) -> None:
    remote.listed(COMPANY, Shelf.PROJECTS)
    (tmp_path / "box/catalogue.toml").write_text('projects = ["Winter"]\n')
    assert [entry.name for entry in remote.listed(COMPANY, Shelf.PROJECTS)] == ["Winter"]


@pytest.mark.parametrize(
    ("shelf", "operation"),
    [
        (Shelf.PROJECTS, "getProjects"),
        (Shelf.PROPERTY_SETS, "getPropertySetTypes"),
        (Shelf.PROPERTY_SETS, "getPropertySets"),
        (Shelf.PROFILES, "searchAssets"),
    ],
)
@pytest.mark.parametrize("fault", [{"do": "fault", "code": 20003}, {"do": "http-503", "status": 404}], ids=str)
def test_a_server_that_does_not_tell_says_so_for_good(
    remote: IpsRemote, box: Sandbox, shelf: Shelf, operation: str, fault: dict[str, object]
) -> None:
    """One feature less, and nobody takes it for a refusal of the user."""
    box.add_fault(on=operation, **fault)
    trouble = trouble_of(remote, shelf)
    assert trouble.kind is Kind.PERMANENT
    assert f"does not tell about {shelf}" in trouble.text


def test_a_type_that_may_not_be_read_leaves_the_others(remote: IpsRemote, box: Sandbox) -> None:
    box.add_fault(on="getPropertySets", nth=1, do="fault", code=20009)
    assert {entry.group for entry in remote.listed(COMPANY, Shelf.PROPERTY_SETS)} == {"Sandbox.VideoPreset"}
    box.add_fault(on="getPropertySets", do="fault", code=20009)
    assert trouble_of(remote, Shelf.PROPERTY_SETS).kind is Kind.PERMANENT


@pytest.mark.parametrize("fault", [{"do": "html"}, {"do": "truncated"}, {"do": "fault", "code": 30000}], ids=str)
def test_trouble_on_the_way_is_no_empty_list(remote: IpsRemote, box: Sandbox, fault: dict[str, object]) -> None:
    box.add_fault(on="getProjects", **fault)
    assert trouble_of(remote, Shelf.PROJECTS).kind is Kind.TRANSIENT
