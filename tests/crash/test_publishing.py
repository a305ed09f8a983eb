"""Publishes in the simulation: crashed at every step, in every weather, at their times and with other settings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from hotfolder.core.model import Outcome, Publish, PublishState
from hotfolder.core.settings import PublishWhen, Settings
from hotfolder.ports import HistoryQuery
from hotfolder.testing.simulation import World
from tests.crash.histories import check, server, settings

WEATHERS: dict[str, tuple[str, ...]] = {
    "fine": (),
    "not sent": ("not sent",),
    "answer lost, not taken": ("swallow before",),
    "answer lost, taken": ("swallow after",),
    "server busy": ("busy",),
    "another one is under way": ("fault",),
    "it fails": ("fails",),
    "it misses an asset once": ("misses",),
    "it fails, and then the answer is lost": ("fails", "swallow after"),
}

HOUR_S = 3600.0


def publishing(
    when: PublishWhen | time = PublishWhen.AFTER_JOB,
    *,
    marked: bool = True,
    poll_s: float = 1800.0,
    **others: PublishWhen | time,
) -> Settings:
    """Return settings of the hot folder `catalog` that publishes so, and of others; long histories need few looks."""
    plain = settings(receipts=True)
    (catalog,) = plain.folders
    options = {**catalog.options, "readyForPublish": marked}
    catalog = replace(catalog, publish=when, options=options, poll_s=poll_s, rescan_s=10 * HOUR_S)
    more = [replace(catalog, name=name, path=Path(f"/{name}"), publish=other) for name, other in others.items()]
    return replace(plain, folders=(catalog, *more))


def weather(script: Sequence[str]) -> Callable[[str], str]:
    """Return a weather that follows a script and is fine afterwards."""
    moods: Iterator[str] = iter(script)
    return lambda name: next(moods, "ok")


def drop(world: World, *names: str, folder: str = "catalog", content: str = "content") -> dict[str, bytes]:
    """Drop files."""
    dropped = {name: f"{content} of {name}".encode() for name in names}
    for path, each in dropped.items():
        world.shares[folder].drop(path, each)
    return dropped


def dropping(*names: str, folder: str = "catalog", content: str = "content") -> Callable[[World], None]:
    """Return a user's deed; a rescan finds the files."""

    def deed(world: World) -> None:
        drop(world, *names, folder=folder, content=content)

    return deed


def publishes(world: World) -> list[Publish]:
    """Return every publish in the ledger, oldest first."""
    return list(world.ledger.publishes.values())


def local(world: World, publish: Publish) -> str:
    """Return when a publish was submitted, by the local clock."""
    assert publish.submitted_at is not None
    return f"{publish.submitted_at:%H:%M}"


def told(world: World) -> list[str]:
    """Return the log events of publishes."""
    return [notice.event for notice in world.notices if notice.event.startswith("publish.")]


def check_published(world: World, dropped: Mapping[str, bytes], *, live: int) -> None:
    """Raise AssertionError unless so many files are called published, and all of those are live."""
    found = 0
    for row, job in world.ledger.history(HistoryQuery()):
        if row.outcome not in (Outcome.STORED, Outcome.UPDATED) or row.path not in dropped:
            continue
        assert job is not None
        publish = job.publishing
        if publish is None or publish.state is not PublishState.PUBLISHED or row.asset in publish.missed.split("\n"):
            continue
        found += 1
        asset = world.server.assets[row.asset]
        digest = hashlib.sha256(dropped[row.path]).hexdigest()
        assert digest in asset.contents[: asset.live], f"{row.path} is called published and is not"
    assert found == live


def play(script: Sequence[str], *, crash_at: int | None, seed: int = 0) -> World:
    """Play one history with two files, for as long as a publish may need, and check it."""
    world = World(publishing(), seed=seed, publish_weather=weather(script))
    dropped = drop(world, "a.jpg", "b.jpg")
    world.perils.crash_at = crash_at
    world.run(quiet_end_s=200.0)
    check(world, dropped)
    check_published(world, dropped, live=2)
    return world


@pytest.mark.parametrize("script", WEATHERS.values(), ids=WEATHERS.keys())
def test_a_crash_at_any_step_loses_no_publish_and_calls_nothing_published_that_is_not(script: tuple[str, ...]) -> None:
    untouched = play(script, crash_at=None)
    submits = [at for at, what in enumerate(untouched.perils.trace, 1) if what.startswith("before submitting")]
    for step in range(submits[0] - 12, untouched.perils.steps + 1):
        play(script, crash_at=step, seed=step)


@pytest.mark.parametrize(
    ("script", "made"), [((), 1), (("swallow after",), 1), (("swallow before",), 1), (("fails",), 2)], ids=str
)
def test_a_lost_answer_makes_no_second_publish(script: tuple[str, ...], made: int) -> None:
    world = play(script, crash_at=None)
    assert len(world.server.publishes) == made


def test_a_crash_between_a_publish_and_its_answer_makes_no_second_one() -> None:
    steps = play((), crash_at=None).perils.trace
    world = play((), crash_at=next(at for at, what in enumerate(steps, 1) if what.startswith("after submitting")))
    assert world.crashes == 1
    assert len(world.server.publishes) == 1
    assert told(world) == ["publish.recovered", "publish.recovered", "publish.finished"]


def test_nothing_is_published_by_itself() -> None:
    """`never` is the default: nothing goes live that nobody meant to send."""
    world = World(publishing(PublishWhen.NEVER))
    dropped = drop(world, "a.jpg")
    world.run(quiet_end_s=HOUR_S)
    check(world, dropped)
    assert publishes(world) == []
    assert world.server.publishes == []


def test_files_that_are_not_marked_wait_for_no_publish() -> None:
    world = World(publishing(marked=False))
    drop(world, "a.jpg")
    world.run(quiet_end_s=HOUR_S)
    assert publishes(world) == []
    assert world.server.publishes == []


def test_a_time_of_day_publishes_all_of_a_day_at_once_and_only_when_something_waits() -> None:
    world = World(publishing(time(22, 0)))
    dropped = drop(world, "a.jpg")
    world.at(10 * HOUR_S, dropping("b.jpg"))
    world.at(40 * HOUR_S, dropping("c.jpg"))  # of the second night, in which nothing waited
    dropped |= {"b.jpg": b"content of b.jpg", "c.jpg": b"content of c.jpg"}
    world.run(quiet_end_s=80 * HOUR_S)
    check(world, dropped)
    check_published(world, dropped, live=3)
    assert [(local(world, each), each.files) for each in publishes(world)] == [("22:00", 2), ("22:00", 1)]
    assert [each.submitted_at and each.submitted_at.day for each in publishes(world)] == [1, 3]


def test_what_was_due_while_the_daemon_was_down_is_published_when_it_is_back() -> None:
    world = World(publishing(time(22, 0)))
    dropped = drop(world, "a.jpg")
    world.run()
    check_published(world, dropped, live=0)
    assert [each.due for each in publishes(world)] == ["2026-03-01T22:00"]
    world.clock.advance(20 * HOUR_S)
    world.run(quiet_end_s=20 * HOUR_S)
    check_published(world, dropped, live=1)


def test_the_earliest_wish_of_a_company_takes_everybodys_files_along() -> None:
    """Adobe publishes by company, so what waits for the night goes live with what another hot folder wants now."""
    world = World(publishing(time(22, 0), press=PublishWhen.AFTER_JOB))
    dropped = drop(world, "a.jpg")
    world.at(HOUR_S, dropping("b.jpg", folder="press"))
    world.run(quiet_end_s=16 * HOUR_S)
    check_published(world, dropped | {"b.jpg": b"content of b.jpg"}, live=2)
    assert [(local(world, each), each.files) for each in publishes(world)] == [("10:00", 2)]


def test_what_is_stored_while_a_publish_is_under_way_waits_for_the_next() -> None:
    world = World(publishing(poll_s=2.0))
    world.server.work_s = 60.0
    dropped = drop(world, "a.jpg")
    world.at(20.0, dropping("b.jpg"))
    dropped["b.jpg"] = b"content of b.jpg"
    look_often(world, dropped)
    world.run(quiet_end_s=400.0)
    check_published(world, dropped, live=2)
    assert len(world.server.publishes) == 2


def look_often(world: World, dropped: Mapping[str, bytes]) -> None:
    """Check every few seconds that whatever is called published is live."""
    for second in range(0, 600, 5):
        world.at(second, lambda world: check_published(world, dropped, live=_live(world)))


def _live(world: World) -> int:
    """Return how many files the ledger calls published."""
    jobs = [job for _, job in world.ledger.history(HistoryQuery()) if job and job.publishing]
    return sum(job.publishing is not None and job.publishing.state is PublishState.PUBLISHED for job in jobs)


def test_one_that_fails_takes_along_what_has_come_meanwhile_when_it_is_made_again() -> None:
    """Two publishes wait then, and one submission serves both; but not what comes while that one is under way."""
    world = World(publishing(poll_s=2.0), publish_weather=weather(["fails"]))
    world.server.work_s = 60.0
    dropped = drop(world, "a.jpg")
    for name, at_s in {"b.jpg": 20.0, "c.jpg": 135.0}.items():
        world.at(at_s, dropping(name))
        dropped[name] = f"content of {name}".encode()
    look_often(world, dropped)
    world.run(quiet_end_s=600.0)
    check_published(world, dropped, live=3)
    assert [(each.state, each.files) for each in publishes(world)] == [(PublishState.PUBLISHED, 1)] * 3
    assert [each.submitted_at is not None for each in publishes(world)] == [True, False, True]


def test_one_that_goes_on_failing_is_made_again_ever_more_seldom() -> None:
    world = World(publishing(), publish_weather=lambda name: "fails")
    dropped = drop(world, "a.jpg")
    world.run(quiet_end_s=10 * HOUR_S)
    check_published(world, dropped, live=0)
    assert 10 <= len(world.server.publishes) <= 16
    (waiting,) = publishes(world)
    assert (waiting.state, waiting.reason) == (PublishState.WAITING, "the publish server is full")


def test_an_asset_that_cannot_be_published_is_named_and_keeps_no_other_from_it() -> None:
    world = World(publishing(), publish_weather=lambda name: "misses")
    dropped = drop(world, "a.jpg", "b.jpg")
    world.run(quiet_end_s=HOUR_S)
    check_published(world, dropped, live=1)
    (done,) = publishes(world)
    assert (done.state, done.missed) == (PublishState.PUBLISHED, "a")
    assert told(world).count("publish.failed") == 2
    assert world.notices[-1].fields["missed"] == "a"


def test_a_role_that_may_not_publish_is_told_once_and_tried_now_and_then() -> None:
    world = World(publishing(), publish_weather=weather(["refuse"] * 3))
    dropped = drop(world, "a.jpg")
    world.at(HOUR_S, dropping("b.jpg"))
    world.run(quiet_end_s=4 * HOUR_S)
    check(world, dropped | {"b.jpg": b"content of b.jpg"})
    check_published(world, dropped | {"b.jpg": b"content of b.jpg"}, live=2)
    assert told(world) == ["publish.refused", "publish.submitted", "publish.finished"]
    assert [request for request in world.server.requests if request.startswith("publish")] == [
        *["publish refuse"] * 3,
        "publish ok",
    ]


def test_one_that_takes_long_is_told_once_and_waited_for() -> None:
    world = World(publishing(), publish_weather=weather(["drags"]))
    dropped = drop(world, "a.jpg")
    world.run(quiet_end_s=2 * HOUR_S)
    check_published(world, dropped, live=1)
    assert len(world.server.publishes) == 1
    assert told(world) == ["publish.submitted", "publish.overdue", "publish.finished"]


def test_one_that_the_server_took_and_forgot_is_made_again() -> None:
    """A second one harms nobody, and nothing would ever come of the first."""
    world = World(publishing(), publish_weather=weather(["forget"]))
    dropped = drop(world, "a.jpg")
    world.run(quiet_end_s=2 * HOUR_S)
    check_published(world, dropped, live=1)
    assert told(world) == ["publish.submitted", "publish.failed", "publish.submitted", "publish.finished"]


def test_a_company_is_published_once_for_all_who_work_for_it() -> None:
    """Two users of one company are two servers in the settings, and their files go live together all the same."""
    given = publishing(time(22, 0), press=time(22, 0))
    catalog, press = given.folders
    second = replace(server("second"), soap_url=server().soap_url)
    given = replace(given, servers=(server(), second), folders=(catalog, replace(press, server="second")))
    world = World(given)
    world.servers["second"] = world.server
    dropped = drop(world, "a.jpg") | drop(world, "b.jpg", folder="press")
    world.run(quiet_end_s=16 * HOUR_S)
    check_published(world, dropped, live=2)
    assert [each.files for each in publishes(world)] == [2]


def test_switching_it_off_keeps_what_waits_from_going_live() -> None:
    world = World(publishing(time(22, 0)))
    dropped = drop(world, "a.jpg")
    world.at(HOUR_S, lambda world: world.reload(publishing(PublishWhen.NEVER)))
    world.run(quiet_end_s=20 * HOUR_S)
    check_published(world, dropped, live=0)
    assert world.server.publishes == []
    assert told(world) == ["publish.dropped"]


def test_switching_it_off_while_the_daemon_is_down_counts_as_well() -> None:
    world = World(publishing(time(22, 0)))
    drop(world, "a.jpg")
    world.run()
    world.settings = publishing(PublishWhen.NEVER)
    world.run(quiet_end_s=20 * HOUR_S)
    assert world.server.publishes == []
    assert told(world) == ["publish.dropped"]


def test_another_time_of_day_counts_for_what_waits_already() -> None:
    world = World(publishing(time(22, 0)))
    dropped = drop(world, "a.jpg")
    world.at(HOUR_S, lambda world: world.reload(publishing(time(12, 30))))
    world.run(quiet_end_s=20 * HOUR_S)
    check_published(world, dropped, live=1)
    assert [local(world, each) for each in publishes(world)] == ["12:30"]


def test_a_folder_that_is_gone_from_the_settings_has_its_files_published_all_the_same() -> None:
    world = World(publishing(time(22, 0), press=PublishWhen.NEVER))
    dropped = drop(world, "a.jpg")
    world.run()
    world.settings = replace(world.settings, folders=world.settings.folders[1:])
    world.run(quiet_end_s=20 * HOUR_S)
    check_published(world, dropped, live=1)


def test_a_publish_is_never_made_in_another_company_than_that_of_its_files() -> None:
    world = World(publishing(time(22, 0)))
    drop(world, "a.jpg")
    world.run()
    world.server.company = replace(world.server.company, handle="c|2", name="Another Co")
    world.at(HOUR_S, dropping("b.jpg"))  # what that company stores is published there
    world.run(quiet_end_s=40 * HOUR_S)
    assert told(world) == ["publish.held", "publish.submitted", "publish.finished"]
    assert [(each.company, each.state) for each in publishes(world)] == [
        ("Example Co", PublishState.WAITING),
        ("Another Co", PublishState.PUBLISHED),
    ]


def test_a_publish_waits_for_a_server_that_is_gone_from_the_settings() -> None:
    world = World(publishing(time(22, 0)))
    drop(world, "a.jpg")
    world.run()
    world.settings = replace(world.settings, servers=(replace(server(), name="other"),))
    world.settings = replace(
        world.settings, folders=tuple(replace(each, server="other") for each in world.settings.folders)
    )
    world.servers = {"other": world.server}
    world.run(quiet_end_s=20 * HOUR_S)
    assert world.server.publishes == []
    assert told(world) == ["publish.held"]


def test_a_server_that_goes_while_it_is_to_publish_is_not_waited_for() -> None:
    given = publishing(PublishWhen.NEVER, press=PublishWhen.AFTER_JOB)
    catalog, press = given.folders
    both = replace(given, servers=(server(), server("second")), folders=(catalog, replace(press, server="second")))
    world = World(both, publish_weather=weather(["swallow before"]))
    drop(world, "b.jpg", folder="press")
    world.at(15.0, lambda world: world.reload(replace(both, servers=(server(),), folders=(catalog,))))
    world.at(HOUR_S, lambda world: world.reload(both))
    world.run(quiet_end_s=2 * HOUR_S)
    (publish,) = publishes(world)
    assert publish.state is PublishState.PUBLISHED
    assert told(world) == ["publish.failed", "publish.held", "publish.failed", "publish.submitted", "publish.finished"]


def test_each_company_publishes_for_itself() -> None:
    given = publishing(press=PublishWhen.AFTER_JOB)
    catalog, press = given.folders
    given = replace(given, servers=(server(), server("second")), folders=(catalog, replace(press, server="second")))
    world = World(given)
    drop(world, "a.jpg")
    drop(world, "b.jpg", folder="press")
    world.run()
    assert [len(each.publishes) for each in world.servers.values()] == [1, 1]
    assert sorted((each.server, each.files) for each in publishes(world)) == [("default", 1), ("second", 1)]
    assert [list(each.assets) for each in world.servers.values()] == [["a"], ["b"]]
