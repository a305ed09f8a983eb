"""Every crash point of short histories, under every kind of weather, and many seeded longer ones."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from hotfolder.core.model import DropState, Outcome
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import RuleSettings
from hotfolder.ports import PostRequest
from hotfolder.testing.remote import ModelAsset
from hotfolder.testing.simulation import START, World
from tests.crash.histories import check, settings

WEATHERS: dict[str, tuple[str, ...]] = {
    "fine": (),
    "first POST not sent": ("not sent",),
    "first answer lost, nothing kept": ("swallow before",),
    "first answer lost, all kept": ("swallow after",),
    "server busy": ("busy",),
    "internal fault": ("fault",),
    "second answer lost, nothing kept": ("ok", "swallow before"),
    "second answer lost, all kept": ("ok", "swallow after"),
    "second POST not sent": ("ok", "not sent"),
    "busy in the middle": ("ok", "busy"),
    "fault in the middle": ("ok", "fault"),
    "last answer lost": ("ok", "ok", "swallow after"),
    "our address changes in the middle": ("ok", "moved"),
    "our address changes before the end": ("ok", "swallow before", "moved"),
    "two answers lost": ("swallow after", "swallow after"),
    "nothing kept, twice": ("swallow before", "swallow before"),
}


def weather(script: Sequence[str]) -> Callable[[PostRequest], str]:
    """Return a weather that follows a script and is fine afterwards."""
    moods: Iterator[str] = iter(script)
    return lambda request: next(moods, "ok")


def play(files: int, script: Sequence[str], *, crash_at: int | None, seed: int = 0) -> World:
    """Play one history and check it."""
    world = World(settings(receipts=True), seed=seed, weather=weather(script))
    dropped = {f"spring/photo {number}.jpg": b"content %d" % number for number in range(files)}
    for path, content in dropped.items():
        world.shares["catalog"].drop(path, content)
    world.perils.crash_at = crash_at
    world.run()
    check(world, dropped)
    return world


@pytest.mark.parametrize("files", [1, 3])
@pytest.mark.parametrize("script", WEATHERS.values(), ids=WEATHERS.keys())
def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing_unnoticed(files: int, script: tuple[str, ...]) -> None:
    steps = play(files, script, crash_at=None).perils.steps
    for step in range(1, steps + 1):
        world = play(files, script, crash_at=step, seed=step)
        assert world.crashes == 1 or world.perils.steps < step  # another order may take fewer steps


@pytest.mark.parametrize("block", range(8))
def test_seeded_histories_with_crashes_and_bad_weather_keep_the_promises(block: int) -> None:
    for seed in range(block * 40, block * 40 + 40):
        chance = random.Random(seed)
        moods = ["ok"] * 6 + ["not sent", "swallow before", "swallow after", "busy", "fault"]
        script = [chance.choice(moods) for _ in range(6)]
        world = World(settings(files_per_post=chance.choice([1, 2, 4])), seed=seed, weather=weather(script))
        dropped = {f"f{number % 3}/p{number}.jpg": b"content %d" % number for number in range(chance.randint(1, 9))}
        for number, (path, content) in enumerate(dropped.items()):
            world.at(number * chance.choice([0.0, 0.5, 4.0]), _dropping(path, content))
        world.perils.crash_at = chance.randint(1, 120)
        world.run(quiet_end_s=400.0)  # long enough for a rescan: no watch tells of these files
        check(world, dropped)


def _dropping(path: str, content: bytes) -> Callable[[World], None]:
    """Return a user's deed; a rescan finds the file, as if its event had been lost."""

    def drop(world: World) -> None:
        world.shares["catalog"].drop(path, content)

    return drop


def test_the_same_seed_gives_the_same_history() -> None:
    runs = [play(3, ("swallow before", "busy"), crash_at=20, seed=7).perils.trace for _ in range(2)]
    assert runs[0] == runs[1]


def test_one_poison_file_in_a_shared_post_fails_alone() -> None:
    world = World(settings(files_per_post=20), weather=lambda request: "poison")
    dropped = {f"p{number}.jpg": b"content %d" % number for number in range(6)} | {"bad.jpg": b"poison!"}
    for path, content in dropped.items():
        world.shares["catalog"].drop(path, content)
    world.run()
    check(world, dropped, failed=frozenset({"bad.jpg"}))
    share = world.shares["catalog"].files
    assert "_failed/bad.jpg" in share
    assert "_failed/bad.jpg - NOT SENT.txt" in share
    assert b"Bad value." in share["_failed/bad.jpg - NOT SENT.txt"].content


def test_a_failed_drop_dragged_back_is_sent_again_and_its_note_goes() -> None:
    world = World(settings(receipts=True), weather=weather(["refuse"]))
    world.shares["catalog"].drop("spring/a.jpg", b"one")
    world.run()
    share = world.shares["catalog"]
    assert "_failed/spring/a.jpg" in share.files
    share.drag("_failed/spring/a.jpg", "a.jpg")
    share.drag("_failed/spring/a.jpg - NOT SENT.txt", "a.jpg - NOT SENT.txt")
    world.run()
    assert sorted(share.files) == ["_done/2026-03-01/spring/a.jpg", "_done/2026-03-01/spring/a.jpg.receipt.toml"]
    first, second = world.ledger.drops.values()
    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.STORED)
    assert second.origin == "spring/a.jpg"
    assert second.retry_of == first.id
    assert second.destination == first.destination


def test_a_drop_taken_back_before_its_batch_forms_is_withdrawn() -> None:
    world = World(settings())
    world.shares["catalog"].drop("a.jpg", b"one")
    world.at(6.5, lambda world: world.shares["catalog"].files.clear())
    world.run()
    (drop,) = world.ledger.drops.values()
    assert drop.state is DropState.WITHDRAWN
    assert world.server.assets == {}


def test_two_files_with_one_asset_id_never_share_a_job() -> None:
    world = World(settings(files_per_post=20))
    world.shares["catalog"].drop("a/chair.psd", b"one")
    world.shares["catalog"].drop("b/chair.jpg", b"two")
    world.run()
    first, second = sorted(world.ledger.drops.values(), key=lambda drop: drop.job or 0)
    assert first.job != second.job
    assert first.stored_at is not None
    assert second.outcome is Outcome.UPDATED
    jobs = world.ledger.jobs
    assert jobs[second.job or 0].created_at >= first.stored_at


def test_a_name_already_taken_goes_below_a_numbered_folder_with_its_own_name() -> None:
    world = World(settings())
    world.shares["catalog"].drop("a.jpg", b"one")
    world.run()
    world.shares["catalog"].drop("a.jpg", b"two")
    world.run()
    assert {"_done/2026-03-01/a.jpg", "_done/2026-03-01/~2/a.jpg"} <= set(world.shares["catalog"].files)


def test_a_newer_drop_never_overtakes_an_older_one_with_its_asset_id() -> None:
    """The older one waits for another try in a queue of its own; the newer one has other options."""
    folder = settings().folders[0]
    rule = RuleSettings(match=("*.png",), options={"createMask": True})
    world = World(replace(settings(), folders=(replace(folder, rules=(rule,)),)), weather=weather(["fault"]))
    world.shares["catalog"].drop("chair.jpg", b"older")
    world.at(1.0, _dropping("chair.png", b"newer"))
    world.run(quiet_end_s=400.0)
    digests = [hashlib.sha256(content).hexdigest() for content in (b"older", b"newer")]
    assert world.server.assets["chair"].contents == digests


def test_a_duplicate_after_a_lost_answer_is_ours_only_if_the_asset_proves_it() -> None:
    """Nothing of the first attempt arrived; the name had been taken by somebody else long before."""
    world = World(settings(overwrite=False), weather=weather(["swallow before"]))
    world.server.names_trouble = Trouble(kind=Kind.TRANSIENT, text="busy")  # else nothing would be sent at all
    long_ago = START - timedelta(days=30)
    world.server.assets["chair"] = ModelAsset("a|99", ["somebody's"], size_bytes=3, modified_at=long_ago)
    world.shares["catalog"].drop("chair.jpg", b"our")
    world.run()
    (drop,) = world.ledger.drops.values()
    assert drop.outcome is Outcome.DUPLICATE
    assert "_failed/chair.jpg" in world.shares["catalog"].files


def test_a_held_folder_sends_nothing_until_it_is_released() -> None:
    world = World(settings(first_run_limit=2))
    for number in range(3):
        world.shares["catalog"].drop(f"{number}.jpg", b"content %d" % number)
    world.run()
    assert world.server.assets == {}
    assert [notice.event for notice in world.notices] == ["folder.held"]


def test_a_drop_renamed_to_cure_it_is_filed_under_its_new_name_from_its_old_folder() -> None:
    world = World(settings(), weather=weather(["refuse"]))
    share = world.shares["catalog"]
    share.drop("spring/bad.jpg", b"one")
    world.run()
    share.drag("_failed/spring/bad.jpg", "good.jpg")
    world.run()
    assert "_done/2026-03-01/spring/good.jpg" in share.files
    assert world.ledger.drops[2].asset == "good"


def test_a_file_changed_after_it_was_sent_is_filed_where_people_look_with_a_note() -> None:
    world = World(settings())
    share = world.shares["catalog"]
    share.drop("a.jpg", b"one")

    def write_into_working(world: World) -> None:
        for file in (file for path, file in share.files.items() if path.startswith("_working/")):
            file.content = b"one and more"
            file.mtime_ns += 1

    world.at(9.0, write_into_working)
    world.run()
    assert sorted(share.files) == ["_check/a.jpg", "_check/a.jpg - PLEASE CHECK.txt"]
    assert share.files["_check/a.jpg"].content == b"one and more"
