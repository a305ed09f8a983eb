"""Versions of one asset, one after the other: the last one dropped is online in the end, whatever gets lost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from hotfolder.core.model import Outcome
from hotfolder.core.server import Kind, Trouble
from hotfolder.ports import PostRequest
from hotfolder.testing.simulation import World
from tests.crash.histories import settings

EARLIER, LATER = b"the earlier version", b"the later version!!"
"""As large as each other, as all pictures of one measure are in many a format."""

MOODS = {
    "the POST that opens the job": ("ok", "swallow before"),
    "a later POST": ("ok", "ok", "swallow before"),
}


def play(moods: tuple[str, ...], crash_at: int | None) -> World:
    """Let an earlier version be stored, then a later one be lost on its way; with other files to share its job."""
    world = World(settings(files_per_post=1), weather=weather(moods))
    share = world.shares["catalog"]
    share.drop("1/chair.jpg", EARLIER)
    world.run()
    share.drop("2/an other.jpg", b"shares the job")
    share.drop("2/chair.jpg", LATER)
    world.perils.crash_at = crash_at and world.perils.steps + crash_at
    world.run()
    return world


def weather(moods: tuple[str, ...]) -> Callable[[PostRequest], str]:
    """Return a weather that follows a script and is fine afterwards."""
    script = iter(moods)
    return lambda request: next(script, "ok")


@pytest.mark.parametrize("moods", MOODS.values(), ids=MOODS.keys())
def test_an_earlier_version_of_the_same_size_does_not_prove_that_the_later_one_arrived(moods: tuple[str, ...]) -> None:
    digests = [hashlib.sha256(content).hexdigest() for content in (EARLIER, LATER)]
    steps = play(moods, None).perils.steps
    for crash_at in (None, *range(1, steps + 1)):
        contents = play(moods, crash_at).server.assets["chair"].contents
        assert contents[-1] == digests[1], crash_at
        assert contents[:2] == digests, crash_at


def play_unlisted(earlier_s: float | None, crash_at: int | None) -> World:
    """Let the answer to a version be lost, with a server that has forgotten its job when it can be asked again."""
    world = World(settings())
    share = world.shares["catalog"]
    share.drop("1/table.jpg" if earlier_s is None else "1/chair.jpg", EARLIER)
    world.run()
    world.clock.advance(earlier_s or 0.0)
    cut_until_s = 0.0

    def lost(request: PostRequest) -> str:
        nonlocal cut_until_s
        cut_until_s = world.clock.monotonic() + 20.0
        world.at(10.0, forget)
        return "swallow after"

    def forget(world: World) -> None:
        world.server.work()
        world.server.jobs.clear()
        world.weather = lambda request: "ok"

    def cut(server: str, now_s: float) -> Trouble | None:
        return Trouble(kind=Kind.TRANSIENT, text="no connection", reached=False) if now_s < cut_until_s else None

    world.weather = lost
    world.line = cut
    share.drop("2/chair.jpg", LATER)
    world.perils.crash_at = crash_at and world.perils.steps + crash_at
    world.run()
    return world


@pytest.mark.parametrize("earlier_s", [None, 3600.0], ids=["the first version", "another one an hour ago"])
def test_a_version_that_is_there_is_not_sent_again_whenever_the_daemon_was_started(earlier_s: float | None) -> None:
    """RELIABILITY J6: its asset is the evidence, for the ledger tells when the one before it was stored."""
    steps = play_unlisted(earlier_s, None).perils.steps
    for crash_at in (None, *range(1, steps + 1)):
        world = play_unlisted(earlier_s, crash_at)
        last = max(world.ledger.drops.values(), key=lambda drop: drop.id)
        assert last.outcome in (Outcome.STORED, Outcome.UPDATED), crash_at
        assert not last.possible_second_copy, crash_at
        later = hashlib.sha256(LATER).hexdigest()
        assert world.server.assets["chair"].contents.count(later) == 1, crash_at
