"""What the company has besides assets: what is listed, what may be named in options, and the file it comes from."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.sandbox.client import COMPANY, OPTIONS, Answer, Caller

from hotfolder.sandbox import Sandbox, SandboxError

SMALL = """\
projects = ["Spring", { name = "Autumn", handle = "p|6|Autumn" }]
[[type]]
name = "Scripts"
handle = "pt|5"
sets = [{ name = "Spin", handle = "ps|941" }, "Swatches"]
"""
EVERYWHERE = f"{COMPANY}<includeSubfolders>true</includeSubfolders>"


@pytest.fixture
def small(tmp_path: Path, call: Callable[..., Caller]) -> Caller:
    """A caller of a sandbox with little in it."""
    (tmp_path / "box").mkdir()
    (tmp_path / "box/catalogue.toml").write_text(SMALL)
    return call(data=tmp_path / "box")


def named(answer: Answer, handle: str) -> dict[str, str]:
    """Handles to names, as they stand in an answer."""
    return dict(zip(answer.texts(handle), answer.texts("name"), strict=True))


def with_options(more: str) -> str:
    """Options with elements that stand just before emailSetting."""
    return OPTIONS.replace("<emailSetting>", f"{more}<emailSetting>")


def in_projects(*handles: str) -> str:
    return with_options(
        f"<projectHandleArray>{''.join(f'<items>{handle}</items>' for handle in handles)}</projectHandleArray>"
    )


def test_projects_are_listed(small: Caller) -> None:
    assert named(small.soap("getProjects", COMPANY), "projectHandle") == {
        "p|2101|Spring": "Spring",
        "p|6|Autumn": "Autumn",
    }
    assert small.soap("getProjects").code == 30002
    assert small.soap("getProjects", "<companyHandle>c|1</companyHandle>").code == 20000


def test_property_sets_are_listed_by_type_and_owner(small: Caller) -> None:
    types = small.soap("getPropertySetTypes", COMPANY)
    assert named(types, "typeHandle") == {"pt|5": "Scripts"}
    asked = "<typeHandle>pt|5</typeHandle><primaryOwnerHandle>c|2101</primaryOwnerHandle>"
    sets = small.soap("getPropertySets", asked)
    assert len(sets.texts("setHandle")) == 2
    assert sets.texts("setHandle")[0] == "ps|941"
    assert set(sets.texts("typeHandle")) == {"pt|5"}
    assert sets.texts("value") == ["Spin", "true", "Swatches", "true"]
    assert small.soap("getPropertySets", asked.replace("c|2101", "u|41|ingest@example.com")).texts("setHandle") == []
    assert small.soap("getPropertySets", asked.replace("pt|5", "pt|6")).code == 30001
    assert small.soap("getPropertySets", asked.replace("c|2101", "c|1")).code == 30001


def test_the_types_come_before_the_owner(small: Caller) -> None:
    """The order of elements is part of the message."""
    asked = "<primaryOwnerHandle>c|2101</primaryOwnerHandle><typeHandle>pt|5</typeHandle>"
    assert small.soap("getPropertySets", asked).code == 30003


def test_assets_are_found_by_type_and_folder_page_by_page(caller: Caller) -> None:
    caller.post("a.jpg", job="one", end=True)
    caller.post("own.icc", job="two", end=True, dest="Example Co/profiles/")
    assert caller.soap("searchAssets", EVERYWHERE).texts("name") == ["CoatedPaper", "WebPhoto", "a", "own"]
    profiles = f"{EVERYWHERE}<assetTypeArray><items>IccProfile</items></assetTypeArray>"
    assert caller.soap("searchAssets", profiles).texts("name") == ["CoatedPaper", "WebPhoto", "own"]
    second = caller.soap("searchAssets", f"{profiles}<recordsPerPage>2</recordsPerPage><resultsPage>2</resultsPage>")
    assert (second.texts("name"), second.texts("totalRows")) == (["own"], ["3"])
    here = f"{COMPANY}<folder>Example Co/</folder><includeSubfolders>false</includeSubfolders>"
    assert caller.soap("searchAssets", here).texts("name") == ["CoatedPaper", "WebPhoto"]
    others = f"{EVERYWHERE}<excludeAssetTypeArray><items>IccProfile</items></excludeAssetTypeArray>"
    assert caller.soap("searchAssets", others).texts("name") == ["a"]
    assert caller.soap("searchAssets", COMPANY).code == 30002
    assert caller.soap("searchAssets", f"{EVERYWHERE}<recordsPerPage>1001</recordsPerPage>").code == 30001


def test_an_asset_is_in_the_projects_of_every_job_that_wrote_it(small: Caller) -> None:
    small.post("a.jpg", job="one", end=True, options=in_projects("p|2101|Spring"))
    small.post("a.jpg", job="two", end=True, options=in_projects("p|6|Autumn", "p|2101|Spring"))
    small.post("b.jpg", job="three", end=True)
    assert {asset["name"]: asset["projects"] for asset in small.box.assets()} == {
        "a": ["p|2101|Spring", "p|6|Autumn"],
        "b": [],
    }
    assert "in project <bdi>p|6|Autumn</bdi>" in small.send("GET", "/").body.decode()


@pytest.mark.parametrize(
    "options",
    [
        in_projects("p|2101|Spring", "p|2101|Winter"),
        in_projects("Spring"),
        with_options(
            "<autoSetCreationOptions><autoSetsArray><items>ps|1</items></autoSetsArray></autoSetCreationOptions>"
        ),
        OPTIONS
        + "<mediaOptions><videoEncodingPresetsArray><items>Wide</items></videoEncodingPresetsArray></mediaOptions>",
        with_options(
            "<colorManagementOptions><colorManagement>Convert</colorManagement>"
            "<outputProfileHandle>a|1</outputProfileHandle></colorManagementOptions>"
        ),
    ],
)
def test_a_handle_that_means_nothing_is_refused_before_any_file_counts(small: Caller, options: str) -> None:
    assert small.post("a.jpg", job="one", end=True, options=options).code == 30001
    assert small.box.jobs() == []


def test_handles_of_everything_that_is_there_are_taken(caller: Caller) -> None:
    caller.post("own.icc", job="zero", end=True)
    (own,) = (asset["asset_handle"] for asset in caller.box.assets())
    options = with_options(
        "<colorManagementOptions><colorManagement>Convert</colorManagement>"
        f"<sourceProfileHandle>{own}</sourceProfileHandle></colorManagementOptions>"
        "<autoSetCreationOptions><autoSetsArray><items>ps|941</items></autoSetsArray></autoSetCreationOptions>"
        "<projectHandleArray><items>p|2101|Spring 2026</items></projectHandleArray>"
    )
    options += (
        "<mediaOptions><videoEncodingPresetsArray><items>ps|17</items></videoEncodingPresetsArray></mediaOptions>"
    )
    assert caller.post("a.jpg", job="one", end=True, options=options).status == 200


def test_the_file_is_read_at_every_request(small: Caller, tmp_path: Path) -> None:
    """So a project can be made while the sandbox runs, and a slip in the file is told by whoever asks."""
    file = tmp_path / "box/catalogue.toml"
    file.write_text('projects = ["Winter"]\n')
    assert small.soap("getProjects", COMPANY).texts("name") == ["Winter"]
    assert "Winter" in small.send("GET", "/").body.decode()
    file.write_text("projects = [")
    answer = small.soap("getProjects", COMPANY)
    assert answer.code == 30000
    assert "catalogue.toml" in answer.texts("reason")[0]
    assert "It cannot be used" in small.send("GET", "/").body.decode()


def test_a_new_sandbox_writes_a_file_to_begin_with_and_keeps_it(
    open_box: Callable[..., Sandbox], tmp_path: Path
) -> None:
    open_box(data=tmp_path / "box").stop()
    file = tmp_path / "box/catalogue.toml"
    assert "Spring 2026" in file.read_text()
    file.write_text(SMALL)
    open_box(data=tmp_path / "box")
    assert file.read_text() == SMALL


@pytest.mark.parametrize(
    "text",
    [
        "projects = 1",
        "projects = [1]",
        "projects = ['']",
        "projects = [{ name = 'a', colour = 1 }]",
        "project = []",
        "type = 1",
        "[[type]]\nsets = []",
        "[[type]]\nname = 'a'\nset = []",
    ],
)
def test_a_file_that_cannot_be_used_keeps_the_sandbox_from_starting(
    open_box: Callable[..., Sandbox], tmp_path: Path, text: str
) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box/catalogue.toml").write_text(text)
    with pytest.raises(SandboxError, match=r"catalogue\.toml"):
        open_box(data=tmp_path / "box")
