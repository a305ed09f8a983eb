"""Versions of one asset, one after the other: the last one dropped is online in the end, whatever gets lost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

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
