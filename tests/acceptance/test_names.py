"""
Names in options: files get into the project that is named, a name that the server does not know holds only the files
that need it, and `list` and `check --online` help to write the right one.
"""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.acceptance.place import FOLDER, PASSWORD, Place, check_all_arrived
from tests.acceptance.process import run

Table = dict[str, Any]


def named(*projects: str, **options: Any) -> Table:
    """Return a hot folder whose files are to be in these projects."""
    return {"name": "named", "options": FOLDER["options"] | {"projectHandleArray": list(projects)} | options}


PLAIN: Table = {"name": "plain"}


def files_for(place: Place, images: list[bytes], folder: str, count: int = 3) -> dict[str, bytes]:
    """Drop some files into a hot folder; return them by their paths below the share."""
    start = 0 if folder == "named" else 500
    dropped = {f"{folder}/{folder}-{number}.jpg": images[start + 2 * number] for number in range(count)}
    for path, content in dropped.items():
        place.drop(path, content)
    return dropped


def projects(place: Place) -> dict[str, list[str]]:
    """Return which projects each asset of the sandbox is in."""
    return {name: asset["projects"] for name, asset in place.assets().items()}


def test_files_get_into_their_projects_and_everything_else_that_options_name(place: Place, images: list[bytes]) -> None:
    place.configure(
        named(
            "Spring 2026",
            "p|2101|Autumn",
            autoSetCreationOptions={"autoSetsArray": ["Sandbox.ImageSetScript/Standard", "Spin sets"]},
            mediaOptions={"videoEncodingPresetsArray": ["Wide"]},
            colorManagementOptions={"colorManagement": "Convert", "outputProfileHandle": "CoatedPaper"},
        )
    )
    dropped = files_for(place, images, "named")
    assert place.run_once().code == 0
    check_all_arrived(place, dropped)
    assert set(map(tuple, projects(place).values())) == {("p|2101|Autumn", "p|2101|Spring 2026")}
    (job,) = place.box.jobs()
    assert "ps|941" in job["options"]["autoSetCreationOptions"]["autoSetsArray"]
    assert job["options"]["mediaOptions"]["videoEncodingPresetsArray"] == ["ps|17"]
    assert job["options"]["colorManagementOptions"]["outputProfileHandle"].startswith("a|")
    assert place.history()[0]["options"]["projectHandleArray"] == ["Spring 2026", "p|2101|Autumn"]
    asked = [request.operation for request in place.box.requests]
    assert [asked.count(name) for name in ("getProjects", "getPropertySetTypes", "searchAssets")] == [1, 1, 1]


def test_a_name_that_nobody_knows_holds_only_its_own_files_until_the_settings_are_cured(
    place: Place, images: list[bytes]
) -> None:
    place.configure(named("Spring 2025"), PLAIN)
    with place.start() as daemon:
        told = daemon.await_event("names.unknown", what='project "Spring 2025"')
        dropped = files_for(place, images, "named")
        others = files_for(place, images, "plain")
        daemon.await_event("drop.filed", times=3, folder="plain", outcome="stored")
        daemon.await_event("drop.ready", times=3, folder="named")

        assert sorted(place.originals("named")) == ["named-0.jpg", "named-1.jpg", "named-2.jpg"]
        answer = place.explain(place.hot("named") / "named-0.jpg")
        assert answer["state"] == "ready"
        assert answer["reason"] == told["reason"]
        assert 'the nearest is "Spring 2026"' in answer["reason"]
        assert "hotfolder list" in answer["cure"]
        assert answer["next_at"] is not None
        status = run("-c", place.config, "status").stdout
        assert "named: a name in the options" in status
        assert "Spring 2025" in status

        place.configure(named("Spring 2026"), PLAIN)
        daemon.send(signal.SIGHUP)
        daemon.await_event("drop.filed", times=3, folder="named", outcome="stored")
        ended = daemon.end()
    assert ended.code == 0
    check_all_arrived(place, dropped | others)
    assert {
        tuple(handles) for name, handles in projects(place).items() if name in ("named-0", "named-1", "named-2")
    } == {("p|2101|Spring 2026",)}
    assert len(ended.named("names.unknown")) == 1


@pytest.mark.parametrize("fault", [{"do": "fault", "code": 20003}, {"do": "hold"}], ids=["not allowed", "hangs"])
def test_a_list_that_is_not_given_stops_nothing_else(place: Place, images: list[bytes], fault: Table) -> None:
    """Not even following the jobs of others, whichever way it is not given."""
    kept = place.box.add_fault(on="getProjects", **fault)
    place.configure(named("Spring 2026"), PLAIN)
    with place.start() as daemon:
        assert daemon.has_met(kept)
        dropped = files_for(place, images, "named")
        others = files_for(place, images, "plain")
        daemon.await_event("drop.filed", times=3, folder="plain", outcome="stored")
        daemon.await_event("drop.ready", times=3, folder="named")
        answer = place.explain(place.hot("named") / "named-0.jpg")
        if fault["do"] == "hold":
            assert answer["reason"] == "the server has not told its projects yet"
            kept.release()
        else:
            assert "does not tell about projects" in answer["reason"]
            assert daemon.count("names.unknown") == 1
            place.box.clear_faults()
            daemon.send(signal.SIGHUP)
        daemon.await_event("drop.filed", times=3, folder="named", outcome="stored")
        ended = daemon.end()
    assert not ended.named("server.unreachable")
    assert not ended.named("server.refused")
    check_all_arrived(place, dropped | others)


def test_a_single_pass_leaves_files_whose_name_is_missing_and_says_so(place: Place, images: list[bytes]) -> None:
    place.configure(named("Winter"), PLAIN)
    files_for(place, images, "named")
    others = files_for(place, images, "plain")
    ended = place.run_once()
    assert ended.code == 1
    assert len(place.originals("named")) == 3
    assert len(ended.named("drop.filed", folder="plain", outcome="stored")) == len(others)
    assert len(ended.named("names.unknown", what='project "Winter"')) == 1


def test_a_project_that_is_taken_away_fails_no_file(place: Place, images: list[bytes]) -> None:
    """The server refuses the handle that was right a moment ago; the files wait for the name like any others."""
    place.configure(named("Spring 2026"))
    catalogue = place.root / "sandbox/catalogue.toml"
    with place.start() as daemon:
        first = files_for(place, images, "named", count=1)
        daemon.await_event("drop.filed", outcome="stored")
        catalogue.write_text('projects = ["Autumn"]\n')
        late = {"named/late.jpg": images[100]}
        place.drop("named/late.jpg", images[100])
        daemon.await_event("names.unknown", what='project "Spring 2026"')
        assert place.explain(place.hot("named") / "late.jpg")["state"] == "working"
        place.configure(named("Autumn"))
        daemon.send(signal.SIGHUP)
        daemon.await_event("drop.filed", path="late.jpg", outcome="stored")
        assert daemon.end().code == 0
    check_all_arrived(place, first | late)
    assert projects(place)["late"] == ["p|2101|Autumn"]


def test_check_online_tells_every_wrong_name_with_its_line(place: Place) -> None:
    place.configure(
        named("Spring 2025", "Autumn", mediaOptions={"videoEncodingPresetsArray": ["Wide", "Standard"]}), PLAIN
    )
    ended = run("-c", place.config, "check", "--online")
    lines = [line.rstrip() for line in ended.noise]
    text = place.config.read_text().splitlines()
    assert ended.code == 2
    assert "signed in to Example Co (c|2101)" in ended.stdout
    assert len(lines) == 2
    for line, name, wanted in zip(
        lines,
        ("Spring 2025", "Standard"),
        ('the nearest is "Spring 2026"', 'one of "Sandbox.ImageSetScript/Standard", "Sandbox.VideoPreset/Standard"'),
        strict=True,
    ):
        file, number, rest = line.split(":", 2)
        assert file == str(place.config)
        assert f'"{name}"' in text[int(number) - 1]
        assert f'found "{name}", wanted ' in rest
        assert wanted in rest

    place.configure(named("Autumn", mediaOptions={"videoEncodingPresetsArray": ["Wide"]}), PLAIN)
    ended = run("-c", place.config, "check", "--online")
    assert ended.code == 0
    assert "2 names known to the server" in ended.stdout
    assert run("-c", place.config, "check").code == 0


def test_check_online_tells_a_list_that_is_not_given(place: Place) -> None:
    place.configure(named("Autumn"))
    place.box.add_fault(on="getProjects", do="fault", code=20003)
    ended = run("-c", place.config, "check", "--online")
    assert ended.code == 2
    (line,) = ended.noise
    assert 'found "Autumn", wanted a handle, since no name can be looked up' in line


def test_a_server_that_refuses_us_or_is_not_there_ends_these_commands(place: Place) -> None:
    place.configure(named("Autumn"))
    place.set_password("wrong")
    for command in (["check", "--online"], ["list", "projects"]):
        ended = run("-c", place.config, *command)
        assert ended.code == 3
        assert "the server refuses us" in ended.noise[0]
    place.set_password(PASSWORD)
    place.box.stop()
    for command in (["check", "--online"], ["list", "projects"]):
        ended = run("-c", place.config, *command)
        assert ended.code == 4
        assert "the server cannot be asked" in ended.noise[0]
    place.box.start()


def test_list_shows_what_can_be_written_and_its_handle(place: Place) -> None:
    place.configure(PLAIN)

    def listed(what: str) -> list[Table]:
        ended = run("-c", place.config, "list", what, "--json")
        assert ended.code == 0
        found: list[Table] = json.loads(ended.stdout)
        return found

    assert {entry["write"]: entry["handle"] for entry in listed("projects")} == {
        "Archive": "p|2101|Archive",
        "Autumn": "p|2101|Autumn",
        "Spring 2026": "p|2101|Spring 2026",
    }
    presets = listed("presets")
    assert {"Wide", "Spin sets", "Sandbox.VideoPreset/Standard"} <= {entry["write"] for entry in presets}
    assert all(entry["properties"]["Name"] == entry["name"] for entry in presets)
    shown = run("-c", place.config, "list", "sets").stdout
    assert all(entry["handle"] in shown for entry in presets)
    assert "Sandbox.VideoPreset" in shown


def test_list_says_where_a_server_does_not_tell(place: Place) -> None:
    place.configure(PLAIN)
    place.box.add_fault(on="getProjects", do="fault", code=20003)
    ended = run("-c", place.config, "list", "projects")
    assert ended.code == 1
    assert "does not tell about projects" in ended.noise[0]
