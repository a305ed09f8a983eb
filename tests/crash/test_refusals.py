"""Files that are refused before they are sent, over the whole coordinator, with a crash at every step."""

from __future__ import annotations

import struct
from dataclasses import replace

from hotfolder.core.model import DropState, Outcome
from hotfolder.core.settings import OnSuccess
from hotfolder.testing.simulation import World
from tests.crash.histories import settings

LAB = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 20, 20, 8, 9) + bytes(200)


def refused(crash_at: int | None, *, on_success: OnSuccess = OnSuccess.MOVE) -> World:
    """Play a file that the server does not take, one that is too large for it, and a good one."""
    configured = settings()
    configured = replace(configured, folders=(replace(configured.folders[0], on_success=on_success),))
    world = World(configured)
    world.server.max_post_bytes = 70_000
    share = world.shares["catalog"]
    share.drop("a/lab.psd", LAB)
    share.drop("huge.jpg", b"x" * 10_000)
    share.drop("good.jpg", b"good")
    world.perils.crash_at = crash_at
    world.run()
    found = {drop.path: drop for drop in world.ledger.drops.values()}
    assert {path: drop.outcome for path, drop in found.items()} == {
        "a/lab.psd": Outcome.REJECTED,
        "huge.jpg": Outcome.REJECTED,
        "good.jpg": Outcome.STORED,
    }
    assert {drop.state for drop in found.values()} == {DropState.FILED}
    assert [found[path].sends for path in ("a/lab.psd", "huge.jpg")] == [0, 0]
    assert set(world.server.assets) == {"good"}
    files = share.files
    assert files["_failed/a/lab.psd"].content == LAB
    assert b"save it in RGB" in files["_failed/a/lab.psd - NOT SENT.txt"].content
    assert len(files["_failed/huge.jpg"].content) == 10_000
    assert b"4.4 KiB (4,464 bytes)" in files["_failed/huge.jpg - NOT SENT.txt"].content
    return world


def test_what_the_server_would_not_take_is_never_sent_wherever_a_crash_comes() -> None:
    steps = refused(None).perils.steps
    for step in range(1, steps + 1):
        refused(step)


def test_each_refusal_is_told_once() -> None:
    told = [notice.fields["path"] for notice in refused(None).notices if notice.event == "drop.rejected"]
    assert sorted(told) == ["a/lab.psd", "huge.jpg"]


def test_what_is_refused_leaves_its_place_also_where_originals_are_kept() -> None:
    assert "good.jpg" in refused(None, on_success=OnSuccess.KEEP).shares["catalog"].files


def test_a_file_complete_before_the_server_told_its_limit_is_refused_before_it_is_claimed() -> None:
    """The server is away at first, so nobody knows how much it takes."""
    world = World(settings())
    world.shares["catalog"].drop("huge.jpg", b"x" * 10_000)
    world.server.away_until_s = world.clock.monotonic() + 60.0
    world.server.max_post_bytes = 70_000
    world.run()
    (drop,) = world.ledger.drops.values()
    events = [notice.event for notice in world.notices if notice.fields.get("drop") == drop.id]
    assert events == ["drop.ready", "drop.rejected", "drop.filed"]
    assert (drop.outcome, drop.job) == (Outcome.REJECTED, None)
    assert world.ledger.jobs == {}
    assert "_failed/huge.jpg - NOT SENT.txt" in world.shares["catalog"].files


def test_small_files_share_no_post_that_is_larger_than_the_server_takes() -> None:
    world = World(settings(files_per_post=20))
    world.server.max_post_bytes = 65_536 + 1000
    for number in range(4):
        world.shares["catalog"].drop(f"{number}.jpg", b"%d" % number * 400)
    world.run()
    assert sorted(post.size_bytes for post in world.ledger.posts.values()) == [800, 800]
    assert len(world.server.assets) == 4
