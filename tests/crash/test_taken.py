"""Which names are taken, asked before drops are claimed that must not replace anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hotfolder.core import messages as m
from hotfolder.core.journal import InsertDrops
from hotfolder.core.model import DropState, Outcome
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import BatchSettings, OnSuccess, Settings
from hotfolder.core.taken import ASKED_AT_ONCE, PATIENCE_S
from hotfolder.ports import PostRequest
from hotfolder.testing.remote import ModelAsset
from hotfolder.testing.simulation import START, World
from tests.crash.histories import check, settings
from tests.crash.test_rare_turns import COMPANY, Puppet, actions_of

NOT_ALLOWED = Trouble(kind=Kind.PERMANENT, text="the server does not tell about names in use", code=20003)
BUSY = Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503)


def keeping(on_success: OnSuccess = OnSuccess.MOVE) -> Settings:
    given = settings(overwrite=False)
    return replace(given, folders=(replace(given.folders[0], on_success=on_success),))


def somebodys(world: World, *assets: str) -> None:
    """Let somebody else have stored these."""
    for number, name in enumerate(assets, start=900):
        world.server.assets[name] = ModelAsset(f"a|{number}", ["somebody's"], size_bytes=3, modified_at=START)


def posts(world: World) -> list[str]:
    return [request for request in world.server.requests if request.startswith("post")]


def outcomes(world: World) -> dict[str, Outcome | None]:
    return {drop.path: drop.outcome for drop in world.ledger.drops.values()}


def taken(crash_at: int | None) -> World:
    world = World(keeping())
    somebodys(world, "chair", "stool")
    dropped = {f"f/{name}.jpg": name.encode() for name in ("chair", "table", "stool", "bench")}
    for path, content in dropped.items():
        world.shares["catalog"].drop(path, content)
    world.perils.crash_at = crash_at
    world.run()
    check(world, dropped, failed=frozenset({"f/chair.jpg", "f/stool.jpg"}))
    assert outcomes(world) == {
        "f/chair.jpg": Outcome.DUPLICATE,
        "f/table.jpg": Outcome.STORED,
        "f/stool.jpg": Outcome.DUPLICATE,
        "f/bench.jpg": Outcome.STORED,
    }
    assert {name: asset.contents for name, asset in world.server.assets.items() if name in ("chair", "stool")} == {
        "chair": ["somebody's"],
        "stool": ["somebody's"],
    }
    files = world.shares["catalog"].files
    assert b"Something with this name is online already" in files["_failed/f/chair.jpg - NOT SENT.txt"].content
    return world


def test_what_is_taken_is_not_sent_and_one_question_tells_it() -> None:
    world = taken(None)
    assert [sorted(names) for names in world.server.names_asked] == [["bench", "chair", "stool", "table"]]
    sent = [drop.path for drop in world.ledger.drops.values() if drop.sends]
    assert sorted(sent) == ["f/bench.jpg", "f/table.jpg"]
    assert {drop.job for drop in world.ledger.drops.values() if drop.outcome is Outcome.DUPLICATE} == {None}


def test_a_crash_at_any_step_loses_nothing_of_it() -> None:
    for step in range(1, taken(None).perils.steps + 1):
        taken(step)


def test_who_may_replace_is_not_asked_for() -> None:
    world = World(settings())
    world.shares["catalog"].drop("chair.jpg", b"one")
    world.run()
    assert world.server.names_asked == []


def test_a_server_that_does_not_tell_costs_one_message_and_nothing_else() -> None:
    world = World(keeping())
    somebodys(world, "chair")
    world.server.names_trouble = NOT_ALLOWED
    for number, name in enumerate(("table", "chair", "stool")):
        world.at(number * 100.0, lambda world, name=name: world.shares["catalog"].drop(f"{name}.jpg", name.encode()))  # type: ignore[misc]
    world.run(quiet_end_s=700.0)
    assert outcomes(world) == {
        "table.jpg": Outcome.STORED,
        "chair.jpg": Outcome.DUPLICATE,
        "stool.jpg": Outcome.STORED,
    }
    assert len(world.server.names_asked) == 1
    (told,) = [notice for notice in world.notices if notice.event == "daemon.trouble"]
    assert told.level == "warning"
    assert "does not tell about names in use" in told.fields["reason"]
    assert len(posts(world)) == 3, "the server skipped the one that is taken"


def test_a_server_that_fails_to_tell_is_asked_again_with_the_next_batch() -> None:
    world = World(keeping())
    somebodys(world, "chair", "stool")
    world.server.names_trouble = BUSY
    world.shares["catalog"].drop("chair.jpg", b"one")

    def well_again(world: World) -> None:
        world.server.names_trouble = None
        world.shares["catalog"].drop("stool.jpg", b"two")

    world.at(100.0, well_again)
    world.run(quiet_end_s=700.0)
    assert outcomes(world) == {"chair.jpg": Outcome.DUPLICATE, "stool.jpg": Outcome.DUPLICATE}
    assert len(posts(world)) == 1
    assert not [notice for notice in world.notices if notice.event in ("server.unreachable", "daemon.trouble")]


def test_who_takes_a_name_after_the_question_is_found_by_the_server() -> None:
    world = World(keeping())

    def meanwhile(request: PostRequest) -> str:
        somebodys(world, "chair")
        return "ok"

    world.weather = meanwhile
    world.shares["catalog"].drop("chair.jpg", b"one")
    world.run()
    (drop,) = world.ledger.drops.values()
    assert (drop.outcome, drop.sends) == (Outcome.DUPLICATE, 1)
    assert world.server.assets["chair"].contents == ["somebody's"]


def test_a_drop_that_was_claimed_once_is_never_asked_for_again() -> None:
    """After a lost answer "taken" may mean ourselves."""
    moods = iter(["swallow after"])
    world = World(keeping(), weather=lambda request: next(moods, "ok"))
    world.shares["catalog"].drop("chair.jpg", b"one")
    world.run()
    assert outcomes(world) == {"chair.jpg": Outcome.STORED}
    assert world.server.names_asked == [("chair",)]


def test_the_second_of_two_that_collide_is_asked_for_when_the_first_is_stored() -> None:
    given = keeping()
    press = replace(given.folders[0], name="press", path=Path("/press"))
    world = World(replace(given, folders=(*given.folders, press)))
    world.shares["catalog"].drop("chair.psd", b"one")
    world.shares["press"].drop("chair.jpg", b"two")
    world.run()
    assert sorted(outcome or "" for outcome in outcomes(world).values()) == [Outcome.DUPLICATE, Outcome.STORED]
    assert world.server.names_asked == [("chair",), ("chair",)]
    assert len(posts(world)) == 1


def test_a_kept_original_stays_where_it_is_and_is_known_afterwards() -> None:
    world = World(keeping(OnSuccess.KEEP))
    somebodys(world, "chair")
    world.shares["catalog"].drop("chair.jpg", b"one")
    world.run(quiet_end_s=900.0)
    assert sorted(world.shares["catalog"].files) == ["_failed/chair.jpg - NOT SENT.txt", "chair.jpg"]
    assert outcomes(world) == {"chair.jpg": Outcome.DUPLICATE}
    assert world.server.names_asked == [("chair",)]


def test_an_archive_that_is_taken_apart_is_not_asked_for() -> None:
    given = keeping()
    folder = given.folders[0]
    options = {**folder.options, "unCompressOptions": {"process": "UnCompress"}}
    world = World(replace(given, folders=(replace(folder, options=options),)))
    world.shares["catalog"].drop("chair.zip", b"PK")
    world.run()
    assert world.server.names_asked == []


# --- event by event ---


def ready(puppet: Puppet, *paths: str) -> list[m.Action]:
    """Let files be found and settle, and return what is wanted once they have lingered."""
    for path in paths:
        puppet.settle(path)
    return puppet.take(m.Woken(), 3.0)


@pytest.fixture
def puppet() -> Puppet:
    puppet = Puppet(settings(overwrite=False))
    puppet.up()
    return puppet


def question_in(actions: list[m.Action]) -> m.CheckTaken:
    (question,) = actions_of(m.CheckTaken, actions)
    assert isinstance(question, m.CheckTaken)
    return question


def claims_in(actions: list[m.Action]) -> list[str]:
    return [item.path for claim in actions_of(m.Claim, actions) if isinstance(claim, m.Claim) for item in claim.items]


def claimed(puppet: Puppet, actions: list[m.Action]) -> None:
    """Answer a claim: all that it asked for is in `_working`."""
    (claim,) = actions_of(m.Claim, actions)
    assert isinstance(claim, m.Claim)
    results = tuple(m.ClaimResult(item.drop, m.ClaimStatus.CLAIMED) for item in claim.items)
    puppet.take(m.Claimed(claim.job, results))


def test_nothing_is_claimed_before_the_answer_but_for_some_seconds_at_most(puppet: Puppet) -> None:
    actions = ready(puppet, "chair.jpg")
    assert question_in(actions).assets == ("chair",)
    assert claims_in(actions) == []
    assert puppet.coordinator.dispatch.taken.is_asked(next(iter(puppet.coordinator.board.drops.values())))
    wake_s = puppet.coordinator.dispatch.taken.next_wake_s()
    assert wake_s == puppet.now_s + PATIENCE_S
    assert claims_in(puppet.take(m.Woken(), PATIENCE_S - 0.1)) == []
    assert claims_in(puppet.take(m.Woken(), 0.2)) == ["chair.jpg"]


def test_while_a_server_does_not_answer_nobody_waits_for_it_any_more(puppet: Puppet) -> None:
    ready(puppet, "chair.jpg")
    claimed(puppet, puppet.take(m.Woken(), PATIENCE_S + 0.1))
    actions = ready(puppet, "stool.jpg")
    assert actions_of(m.CheckTaken, actions) == []
    assert claims_in(actions) == ["stool.jpg"]
    assert puppet.take(m.TakenSeen("default", frozenset({"chair", "stool"}))) == []
    assert [drop.state for drop in puppet.coordinator.board.drops.values()] == [DropState.SENDING, DropState.CLAIMING]
    claimed(puppet, actions)
    assert question_in(ready(puppet, "bench.jpg")).assets == ("bench",)


def test_what_took_the_place_of_a_file_that_was_being_filed_is_looked_at_at_once(puppet: Puppet) -> None:
    """A scan has passed it by while the path was still the other one's."""
    ready(puppet, "chair.jpg")
    (filing,) = actions_of(m.FileAway, puppet.take(m.TakenSeen("default", frozenset({"chair"}))))
    assert isinstance(filing, m.FileAway)
    gone = tuple(m.FilingResult(item.drop, m.FilingStatus.MISSING) for item in filing.items)
    (look,) = actions_of(m.Look, puppet.take(m.FiledAway("catalog", gone)))
    assert isinstance(look, m.Look)
    assert [item.path for item in look.items] == ["chair.jpg"]


def test_a_late_answer_counts_for_what_was_not_claimed_yet(puppet: Puppet) -> None:
    ready(puppet, "chair.jpg")
    puppet.take(m.SignInFailed("default", Trouble(kind=Kind.TRANSIENT, text="down", reached=False)))
    puppet.coordinator.connections["default"].report(Trouble(kind=Kind.TRANSIENT, text="down", reached=False))
    assert claims_in(puppet.take(m.Woken(), PATIENCE_S + 0.1)) == []
    (filing,) = actions_of(m.FileAway, puppet.take(m.TakenSeen("default", frozenset({"chair"}))))
    assert isinstance(filing, m.FileAway)
    assert filing.items[0].target_path == "_failed/chair.jpg"
    puppet.take(m.SignedIn("default", COMPANY))
    assert claims_in(puppet.take(m.Woken(), 10.0)) == []


@pytest.mark.parametrize(
    "end",
    [
        lambda puppet: puppet.take(m.TakenFailed("default")),
        lambda puppet: puppet.take(m.Crashed(m.CheckTaken("default", ("chair",)), "MemoryError")),
        lambda puppet: puppet.take(m.TakenSeen("default", frozenset())),
        lambda puppet: puppet.take(m.TakenSeen("default", frozenset({"Chair"}))),
        lambda puppet: puppet.take(m.TakenSeen("default", None, "not allowed")),
    ],
    ids=["failed", "crashed", "free", "another case", "not told"],
)
def test_whatever_the_server_says_short_of_taken_lets_the_file_go(
    puppet: Puppet, end: Callable[[Puppet], list[m.Action]]
) -> None:
    ready(puppet, "chair.jpg")
    assert claims_in(end(puppet)) == ["chair.jpg"]


def test_what_comes_while_a_question_is_out_is_asked_with_the_next_one(puppet: Puppet) -> None:
    for path in ("chair.jpg", "stool.jpg"):
        puppet.take(m.Changed("catalog", (path,)))
        puppet.take(puppet.seen(path))
    puppet.now_s += 6.0
    puppet.take(puppet.seen("chair.jpg"))
    assert question_in(puppet.take(m.Woken(), 3.0)).assets == ("chair",)
    puppet.take(puppet.seen("stool.jpg"))
    assert actions_of(m.CheckTaken, puppet.take(m.Woken(), 0.5)) == []
    claimed = puppet.take(m.TakenSeen("default", frozenset()))
    assert claims_in(claimed) == ["chair.jpg"]
    assert question_in(puppet.take(m.Woken(), 3.0)).assets == ("stool",)


def test_a_file_taken_away_or_held_while_it_waits_is_asked_for_no_more(puppet: Puppet) -> None:
    paths = ("gone.jpg", "held.jpg", "asked.jpg")
    for path in paths:
        puppet.take(m.Changed("catalog", (path,)))
        puppet.take(puppet.seen(path))
    puppet.now_s += 6.0
    for path in paths:
        puppet.take(puppet.seen(path))
    puppet.take(m.HoldAsked("catalog", ("held.jpg",)))
    puppet.take(m.Changed("catalog", ("gone.jpg",)))
    puppet.take(m.Looked("catalog", (m.LookResult("gone.jpg", m.LookStatus.MISSING),)))
    assert question_in(puppet.take(m.Woken(), 3.0)).assets == ("asked",)
    puppet.take(m.Changed("catalog", ("asked.jpg",)))
    puppet.take(m.Looked("catalog", (m.LookResult("asked.jpg", m.LookStatus.MISSING),)))
    puppet.take(m.TakenSeen("default", frozenset({"asked", "gone", "held"})))
    assert [drop.state for drop in puppet.coordinator.board.drops.values()] == [DropState.HELD]


def test_a_held_folder_is_not_asked_for_and_one_held_meanwhile_decides_nothing(puppet: Puppet) -> None:
    ready(puppet, "chair.jpg")
    puppet.take(m.HoldAsked("catalog"))
    assert claims_in(puppet.take(m.TakenSeen("default", frozenset({"chair"})))) == []
    assert [drop.state for drop in puppet.coordinator.board.drops.values()] == [DropState.READY]
    other = Puppet(settings(overwrite=False))
    other.up()
    other.settle("chair.jpg")
    other.take(m.HoldAsked("catalog"))
    assert actions_of(m.CheckTaken, other.take(m.Woken(), 60.0)) == []
    assert other.coordinator.dispatch.taken.next_wake_s() is None


def test_a_full_batch_does_not_linger_and_a_flood_is_asked_for_in_pieces() -> None:
    given = replace(settings(overwrite=False), batch=BatchSettings(linger_s=3600.0, max_files=2000))
    puppet = Puppet(given)
    puppet.up()
    puppet.settle("0.jpg")
    (first,) = puppet.coordinator.board.drops.values()
    for number in range(1, ASKED_AT_ONCE + 500):
        drop = replace(first, id=number + 1, path=f"{number}.jpg", asset=str(number))
        puppet.coordinator.board.drops[drop.id] = drop
        puppet.ledger.commit([InsertDrops((drop,))])
        puppet.coordinator.dispatch.add(drop)
    assert len(question_in(puppet.take(m.Woken())).assets) == ASKED_AT_ONCE
    puppet.take(m.TakenSeen("default", frozenset()))
    assert actions_of(m.CheckTaken, puppet.take(m.Woken())) == []
    assert len(question_in(puppet.take(m.Woken(), 3600.0)).assets) == 500


def test_a_large_file_does_not_linger_either() -> None:
    puppet = Puppet(replace(settings(overwrite=False), batch=BatchSettings(linger_s=3600.0, max_bytes=100)))
    puppet.up()
    puppet.take(m.Changed("catalog", ("chair.jpg",)))
    puppet.take(puppet.seen("chair.jpg", 200))
    puppet.now_s += 6.0
    assert question_in(puppet.take(puppet.seen("chair.jpg", 200))).assets == ("chair",)


def test_a_single_pass_asks_as_soon_as_everything_has_settled() -> None:
    puppet = Puppet(replace(settings(overwrite=False), batch=BatchSettings(linger_s=3600.0)), once=True)
    puppet.take(m.Woken())
    puppet.take(m.SignedIn("default", COMPANY))
    puppet.scanned(puppet.take(m.FolderUp("catalog", "polling")), "chair.jpg", "stool.jpg")
    puppet.take(puppet.seen("chair.jpg"))
    puppet.take(puppet.seen("stool.jpg"))
    puppet.now_s += 6.0
    assert actions_of(m.CheckTaken, puppet.take(puppet.seen("chair.jpg"))) == []
    assert question_in(puppet.take(puppet.seen("stool.jpg"))).assets == ("chair", "stool")
    assert not puppet.coordinator.single_pass.is_finished()


def test_after_a_stop_nothing_is_asked(puppet: Puppet) -> None:
    puppet.settle("chair.jpg")
    puppet.take(m.StopAsked())
    assert actions_of(m.CheckTaken, puppet.take(m.Woken(), 60.0)) == []
