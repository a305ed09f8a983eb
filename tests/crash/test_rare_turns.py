"""Rare turns of events, each told as a short history or event by event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotfolder.core import messages as m
from hotfolder.core.coordinator import Coordinator
from hotfolder.core.model import (
    DropState,
    Evidence,
    FormatEnd,
    Identity,
    Job,
    JobState,
    KnownFolder,
    Lease,
    Observation,
    Outcome,
    Touched,
    Unfinished,
)
from hotfolder.core.server import ActiveJob, Company, JobLog, Kind, Trouble
from hotfolder.core.settings import DEFAULT_SERVER, Settings
from hotfolder.ports import PostRequest
from hotfolder.testing.ledger import FakeLedger
from hotfolder.testing.simulation import World
from tests.crash.histories import check, settings

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
COMPANY = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")
UNREACHABLE = Trouble(kind=Kind.TRANSIENT, text="no connection", reached=False)
REFUSED = Trouble(kind=Kind.FATAL, text="wrong password", code=10001)


class Puppet:
    """A coordinator whose outside is played by hand."""

    def __init__(
        self,
        configured: Settings,
        *,
        once: bool = False,
        unfinished: Unfinished | None = None,
        poison: Iterable[Touched] = (),
    ) -> None:
        self.now_s = 1000.0
        tokens = iter(range(1_000_000))
        self.coordinator = Coordinator(
            configured,
            self._now(),
            token=lambda: f"{next(tokens):06d}",
            once=once,
            unfinished=unfinished or Unfinished(folders={"catalog": KnownFolder("catalog", "/catalog")}),
            poison=poison,
        )
        self.events: list[str] = []
        self.ledger = FakeLedger()

    def _now(self) -> m.Now:
        wall = START + timedelta(seconds=self.now_s)
        return m.Now(self.now_s, wall, wall.replace(tzinfo=None))

    def take(self, event: m.Event, after_s: float = 0.0) -> list[m.Action]:
        """Let time pass and give it an event; return what it wants done."""
        self.now_s += after_s
        turn = self.coordinator.step(event, self._now())
        if turn.writes:
            self.ledger.commit(turn.writes)
        self.events += [notice.event for notice in turn.notices]
        actions = list(turn.actions)
        for action in turn.actions:
            if isinstance(action, m.Recall):
                results = self.ledger.recall(action.folder, action.items)
                actions += self.take(m.Recalled(action.folder, tuple(results)))
        return actions

    def up(self) -> None:
        """Sign in and open the folder, which is empty."""
        self.take(m.Woken())
        self.take(m.SignedIn(DEFAULT_SERVER, COMPANY))
        self.scanned(self.take(m.FolderUp("catalog", "watching")))

    def scanned(self, actions: list[m.Action], *paths: str) -> list[m.Action]:
        """Answer a scan."""
        (scan,) = (action for action in actions if isinstance(action, m.Scan))
        entries = tuple(m.Entry(path, m.EntryKind.FILE) for path in paths)
        return self.take(m.Found("catalog", scan.scan, entries, finished=True))

    def seen(self, path: str, size_bytes: int = 7, inode: int = 1) -> m.Looked:
        """Return the answer to a look at a complete file."""
        return m.Looked(
            "catalog",
            (
                m.LookResult(
                    path,
                    m.LookStatus.PRESENT,
                    Observation(
                        identity=Identity(1, inode, size_bytes, 1),
                        ctime_ns=1,
                        at_s=self.now_s,
                        evidence=Evidence(lease=Lease.FREE, format_end=FormatEnd.COMPLETE, format_name="JPEG"),
                    ),
                ),
            ),
        )

    def settle(self, path: str) -> list[m.Action]:
        """Let a file be found and settle."""
        self.take(m.Changed("catalog", (path,)))
        self.take(self.seen(path))
        self.now_s += 6.0
        return self.take(self.seen(path))


def actions_of(kind: type[m.Action], actions: list[m.Action]) -> list[m.Action]:
    """Return the actions of one kind."""
    return [action for action in actions if isinstance(action, kind)]


def test_a_server_that_refused_us_and_is_then_unreachable_is_not_hammered() -> None:
    puppet = Puppet(settings())
    puppet.take(m.Woken())
    puppet.take(m.SignInFailed(DEFAULT_SERVER, REFUSED))
    assert actions_of(m.SignIn, puppet.take(m.Woken(), 1000.0))
    for _ in range(3):
        assert not actions_of(m.SignIn, puppet.take(m.SignInFailed(DEFAULT_SERVER, UNREACHABLE)))
        (sign_in,) = actions_of(m.SignIn, puppet.take(m.Woken(), 61.0))
        assert isinstance(sign_in, m.SignIn)
        assert sign_in.forced  # a new password that nobody could be asked about is tried again soon


def test_a_server_that_lets_us_in_but_takes_no_post_is_asked_ever_more_rarely() -> None:
    """Each refused first POST leaves a job to be watched for a day."""
    world = World(settings())
    end_s = world.clock.monotonic() + 3600.0
    world.weather = lambda request: "busy" if world.clock.monotonic() < end_s else "ok"
    world.shares["catalog"].drop("a.jpg", b"one")
    world.run()
    check(world, {"a.jpg": b"one"})
    assert world.server.requests.count("post busy") < 80


def test_an_event_that_comes_in_while_a_look_finds_nothing_is_not_lost() -> None:
    puppet = Puppet(settings())
    puppet.up()
    puppet.take(m.Changed("catalog", ("a.jpg",)))
    puppet.take(m.Changed("catalog", ("a.jpg",)))
    missing = m.Looked("catalog", (m.LookResult("a.jpg", m.LookStatus.MISSING),))
    assert actions_of(m.Look, puppet.take(missing))


def test_the_end_of_a_copy_from_a_mac_is_seen_in_the_data_beside_the_file() -> None:
    """Only `._a.jpg` changes when Finder takes its mark off `a.jpg`."""
    puppet = Puppet(settings())
    puppet.up()
    puppet.take(m.Changed("catalog", ("spring/a.jpg",)))
    puppet.take(puppet.seen("spring/a.jpg"))
    (look,) = actions_of(m.Look, puppet.take(m.Changed("catalog", ("spring/._a.jpg",))))
    assert isinstance(look, m.Look)
    assert [item.path for item in look.items] == ["spring/a.jpg"]


def test_a_file_that_crashed_the_daemon_twice_is_held_untouched_until_it_changes_or_is_released() -> None:
    for cure in ("save it anew", "release it"):
        puppet = Puppet(settings(), poison=[Touched(folder="catalog", path="a.jpg", identity=Identity(1, 1, 7, 1))])
        puppet.up()
        (look,) = actions_of(m.Look, puppet.take(m.Changed("catalog", ("a.jpg", "b.jpg"))))
        assert isinstance(look, m.Look)
        assert [(item.path, item.evidence_always, item.expect) for item in look.items] == [
            ("a.jpg", False, None),
            ("b.jpg", False, None),
        ]
        assert not look.items[0].formats
        puppet.take(puppet.seen("a.jpg"))
        assert "ended abruptly" in (puppet.coordinator.desks["catalog"].settling["a.jpg"].held or "")
        (later,) = actions_of(m.Look, puppet.take(m.Woken(), 400.0))
        assert isinstance(later, m.Look)
        assert later.items[0].expect is None  # it is only asked what it is
        if cure == "release it":
            puppet.take(puppet.seen("a.jpg"))
            puppet.take(m.ReleaseAsked("catalog", ("a.jpg",)))
            puppet.take(puppet.seen("a.jpg"), 6.0)
        else:
            puppet.take(puppet.seen("a.jpg", size_bytes=8))
            puppet.take(puppet.seen("a.jpg", size_bytes=8), 6.0)
        assert puppet.coordinator.desks["catalog"].settling["a.jpg"].held is None


def test_a_rejected_file_that_cannot_be_moved_is_rejected_once() -> None:
    puppet = Puppet(settings())
    puppet.up()
    actions = puppet.settle("&&&.jpg")
    (asked,) = actions_of(m.FileAway, actions)
    assert isinstance(asked, m.FileAway)
    failed = m.FilingResult(asked.items[0].drop, m.FilingStatus.FAILED, "permission denied")
    puppet.take(m.FiledAway("catalog", (failed,)))
    for _ in range(3):
        puppet.scanned(puppet.take(m.Woken(), 400.0), "&&&.jpg")
        puppet.take(puppet.seen("&&&.jpg"))
        puppet.now_s += 6.0
        puppet.take(puppet.seen("&&&.jpg"))
    assert len(puppet.coordinator.board.drops) == 1
    again = Puppet(settings(), unfinished=puppet.ledger.unfinished())
    again.ledger = puppet.ledger
    again.take(m.Woken())
    again.take(m.SignedIn(DEFAULT_SERVER, COMPANY))
    again.take(m.FolderUp("catalog", "watching"))
    again.take(m.Changed("catalog", ("&&&.jpg",)))
    again.take(again.seen("&&&.jpg"))
    again.now_s += 6.0
    again.take(again.seen("&&&.jpg"))
    assert len(again.coordinator.board.drops) == 1


def test_a_drop_whose_failed_claim_may_have_moved_it_is_not_taken_for_withdrawn() -> None:
    puppet = Puppet(settings())
    puppet.up()
    puppet.settle("a.jpg")
    (claim,) = actions_of(m.Claim, puppet.take(m.Woken(), 3.0))
    assert isinstance(claim, m.Claim)
    drop = claim.items[0].drop
    failed = m.ClaimResult(drop, m.ClaimStatus.FAILED, f"it is in {claim.items[0].work_path}")
    puppet.take(m.Claimed(claim.job, (failed,)))
    puppet.take(m.Changed("catalog", ("a.jpg",)))
    puppet.take(m.Looked("catalog", (m.LookResult("a.jpg", m.LookStatus.MISSING),)))
    assert puppet.ledger.drops[drop].state is DropState.READY
    puppet.take(m.Changed("catalog", ("a.jpg",)))
    puppet.take(puppet.seen("a.jpg", inode=2))
    assert puppet.ledger.drops[drop].state is DropState.READY


def test_events_lost_during_a_scan_are_made_up_for_by_another_scan() -> None:
    puppet = Puppet(settings())
    puppet.take(m.Woken())
    scanning = puppet.take(m.FolderUp("catalog", "watching"))
    puppet.take(m.Overflowed("catalog"))
    assert actions_of(m.Scan, puppet.scanned(scanning))


def test_a_job_that_the_server_has_ended_fails_none_of_its_files() -> None:
    """A handle that is no longer good is refused like a bad value; only a file alone in a new job is to blame."""
    moods: Iterator[str] = iter(["ok", "refuse"])
    world = World(settings(files_per_post=1), weather=lambda request: next(moods, "ok"))
    dropped = {f"p{number}.jpg": b"content %d" % number for number in range(3)}
    for path, content in dropped.items():
        world.shares["catalog"].drop(path, content)
    world.run()
    check(world, dropped)


def test_many_drops_of_one_asset_wait_in_order_at_no_cost() -> None:
    """Each costs the same, however many wait: with a list, 3,000 of them took half a minute."""
    puppet = Puppet(settings())
    puppet.up()
    dispatch = puppet.coordinator.dispatch
    puppet.settle("0/a.jpg")
    (first,) = puppet.coordinator.board.drops.values()
    others = [replace(first, id=number, path=f"{number}/a.jpg") for number in range(2, 6002)]
    for drop in others:
        dispatch.add(drop)
    assert all(dispatch.is_behind(drop) for drop in others)
    dispatch.gone(first)
    assert not dispatch.is_behind(others[0])
    assert dispatch.is_behind(others[1])


def test_a_file_that_never_rests_holds_up_neither_a_single_pass_nor_its_other_files() -> None:
    puppet = Puppet(settings(), once=True)
    puppet.take(m.Woken())
    puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY))
    puppet.scanned(puppet.take(m.FolderUp("catalog", "polling")), "a.jpg", "growing.log")
    puppet.take(puppet.seen("a.jpg"))
    puppet.take(puppet.seen("growing.log"))
    puppet.now_s += 6.0
    puppet.take(puppet.seen("a.jpg"))
    assert not actions_of(m.Claim, puppet.take(puppet.seen("growing.log", 8)))
    assert actions_of(m.Claim, puppet.take(m.Woken(), 3.0))
    (drop,) = puppet.coordinator.board.drops.values()
    puppet.coordinator.desks["catalog"].standing.withdraw(drop, "")
    puppet.coordinator.board.jobs.clear()
    assert not puppet.coordinator.single_pass.is_finished()
    puppet.take(m.Woken(), 700.0)
    assert not puppet.coordinator.single_pass.is_finished()  # it is looked at just now, and may be held for it
    puppet.take(puppet.seen("growing.log", 9))
    assert puppet.coordinator.single_pass.is_finished()
    assert puppet.coordinator.single_pass.leaves_something()


def test_a_file_is_told_as_seen_once_however_often_it_grows() -> None:
    puppet = Puppet(settings())
    puppet.up()
    puppet.take(m.Changed("catalog", ("a.jpg",)))
    for size_bytes in range(1, 6):
        puppet.now_s += 1.0
        puppet.take(puppet.seen("a.jpg", size_bytes))
        puppet.take(m.Changed("catalog", ("a.jpg",)))
    assert puppet.events.count("drop.seen") == 1


def test_a_single_pass_scans_once() -> None:
    puppet = Puppet(settings(), once=True)
    puppet.take(m.Woken())
    puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY))
    puppet.scanned(puppet.take(m.FolderUp("catalog", "polling")))
    assert not actions_of(m.Scan, puppet.take(m.Woken(), 1000.0))


def test_a_long_post_that_is_lost_leaves_the_server_its_whole_grace() -> None:
    world = World(settings())
    clock = world.clock
    ends = []

    def slow(request: PostRequest) -> str:
        if not world.server.jobs:
            clock.advance(500.0)  # longer than time-out and grace together
            ends.append(clock.now())
            world.weather = lambda request: "ok"
            return "swallow before"
        return "ok"

    world.weather = slow
    world.shares["catalog"].drop("a.jpg", b"one")
    world.run()
    check(world, {"a.jpg": b"one"})
    first, second = sorted(world.ledger.jobs.values(), key=lambda job: job.id)
    assert first.state is JobState.GHOST
    recovery = world.settings.recovery
    assert second.created_at - ends[0] >= timedelta(seconds=recovery.job_timeout_s + recovery.grace_s)


def test_what_is_sent_again_without_any_proof_is_called_a_possible_second_copy() -> None:
    """The job's log never ended, and the server tells nobody of its assets."""
    puppet = Puppet(settings())
    puppet.up()
    puppet.settle("a.jpg")
    (claim,) = actions_of(m.Claim, puppet.take(m.Woken(), 3.0))
    assert isinstance(claim, m.Claim)
    drop = claim.items[0].drop
    (post,) = actions_of(m.SendPost, puppet.take(m.Claimed(1, (m.ClaimResult(drop, m.ClaimStatus.CLAIMED),))))
    assert isinstance(post, m.SendPost)
    puppet.take(m.PostAccepted(1, post.number, "j|1", ()))
    assert actions_of(m.FindAssets, puppet.take(m.Polled(DEFAULT_SERVER, {}, {}), 700.0))
    puppet.take(m.AssetsSeen(1, None))
    assert puppet.ledger.drops[drop].job == 2
    assert puppet.ledger.drops[drop].possible_second_copy


def test_a_ghost_is_asked_for_at_every_start() -> None:
    """A daemon run by a timer lives for less than the hour between two looks."""
    ghost = Job(
        id=1,
        name="catalog-1",
        folder="catalog",
        options="{}",
        state=JobState.GHOST,
        created_at=START,
        ghost_until=START + timedelta(days=1),
    )
    unfinished = Unfinished(jobs=[ghost], next_job=2, folders={"catalog": KnownFolder("catalog", "/catalog")})
    puppet = Puppet(settings(), once=True, unfinished=unfinished)
    puppet.take(m.Woken())
    assert actions_of(m.Seek, puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY)))
    puppet.scanned(puppet.take(m.FolderUp("catalog", "polling")))
    assert not puppet.coordinator.single_pass.is_finished()
    puppet.take(m.Sought(1, (), ()))
    assert puppet.coordinator.single_pass.is_finished()


def test_a_folder_named_like_a_place_of_ours_does_no_harm() -> None:
    world = World(settings())
    for content in (b"one", b"two", b"three"):
        world.shares["catalog"].drop("~²/a.jpg", content)
        world.run()
    done = {path for path in world.shares["catalog"].files if path.startswith("_done/")}
    assert done == {f"_done/2026-03-01/~²/{place}a.jpg" for place in ("", "~2/", "~3/")}


def test_a_single_pass_waits_for_jobs_under_way_in_a_held_folder() -> None:
    puppet = Puppet(settings())
    puppet.up()
    puppet.settle("a.jpg")
    (claim,) = actions_of(m.Claim, puppet.take(m.Woken(), 3.0))
    assert isinstance(claim, m.Claim)
    puppet.take(m.HoldAsked("catalog", ()))
    claimed = tuple(m.ClaimResult(item.drop, m.ClaimStatus.CLAIMED) for item in claim.items)
    puppet.take(m.Claimed(claim.job, claimed))
    assert not puppet.coordinator.single_pass.is_finished()


def test_the_last_word_of_a_folder_no_longer_configured_harms_nobody() -> None:
    puppet = Puppet(settings())
    puppet.up()
    puppet.take(m.Reloaded(replace(settings(), folders=())))
    puppet.take(m.Crashed(m.CloseFolder("catalog"), "OSError"))
    assert puppet.coordinator.desks == {}


def test_a_folder_goes_although_a_job_of_its_is_watched() -> None:
    ghost = Job(
        id=1,
        name="catalog-1",
        folder="catalog",
        options="{}",
        state=JobState.GHOST,
        created_at=START,
        ghost_until=START + timedelta(days=1),
    )
    unfinished = Unfinished(jobs=[ghost], next_job=2, folders={"catalog": KnownFolder("catalog", "/catalog")})
    puppet = Puppet(settings(), unfinished=unfinished)
    puppet.take(m.Reloaded(replace(settings(), folders=())))
    assert puppet.coordinator.desks == {}


def test_a_file_that_changed_while_it_was_taken_and_has_no_place_to_go_back_to_is_filed_with_a_note() -> None:
    """Else it would lie in `_working` for ever, and its path would be closed to every later file of that name."""
    puppet = Puppet(settings())
    puppet.up()
    puppet.settle("a.jpg")
    (claim,) = actions_of(m.Claim, puppet.take(m.Woken(), 3.0))
    assert isinstance(claim, m.Claim)
    drop = claim.items[0].drop
    stranded = m.ClaimResult(drop, m.ClaimStatus.STRANDED, "it changed")
    actions = puppet.take(m.Claimed(claim.job, (stranded,)))
    assert not actions_of(m.SendPost, actions)
    (filing,) = actions_of(m.FileAway, actions)
    assert isinstance(filing, m.FileAway)
    (item,) = filing.items
    assert (item.source_path, item.target_path) == (claim.items[0].work_path, "_failed/a.jpg")
    assert item.identity is None  # whatever lies there by now
    puppet.take(m.FiledAway("catalog", (m.FilingResult(drop, m.FilingStatus.FILED),)))
    assert puppet.ledger.drops[drop].outcome is Outcome.FAILED
    assert puppet.coordinator.board.jobs == {}
    assert actions_of(m.Look, puppet.take(m.Changed("catalog", ("a.jpg",))))


def test_a_claim_that_keeps_failing_is_told_once() -> None:
    puppet = Puppet(settings())
    puppet.up()
    puppet.settle("a.jpg")
    for _ in range(3):
        (claim,) = actions_of(m.Claim, puppet.take(m.Woken(), 400.0))
        assert isinstance(claim, m.Claim)
        failed = m.ClaimResult(claim.items[0].drop, m.ClaimStatus.FAILED, "permission denied")
        puppet.take(m.Claimed(claim.job, (failed,)))
    assert puppet.events.count("drop.delayed") == 1


def posted(puppet: Puppet, *paths: str) -> m.SendPost:
    """Settle and claim files of one job and return its first POST."""
    for number, path in enumerate(paths):
        puppet.take(m.Changed("catalog", (path,)))
        puppet.take(puppet.seen(path, inode=number + 1))
    puppet.now_s += 6.0
    for number, path in enumerate(paths):
        puppet.take(puppet.seen(path, inode=number + 1))
    actions = puppet.take(m.Woken(), 3.0)
    if actions_of(m.CheckTaken, actions):
        actions = puppet.take(m.TakenSeen(DEFAULT_SERVER, frozenset()))
    (claim,) = actions_of(m.Claim, actions)
    assert isinstance(claim, m.Claim)
    claimed = tuple(m.ClaimResult(item.drop, m.ClaimStatus.CLAIMED) for item in claim.items)
    (post,) = actions_of(m.SendPost, puppet.take(m.Claimed(claim.job, claimed)))
    assert isinstance(post, m.SendPost)
    return post


def test_a_second_job_of_our_name_is_noticed_and_its_files_may_be_there_twice() -> None:
    """Something on the way has sent the first POST twice: we know one of the two jobs that it opened."""
    puppet = Puppet(settings())
    puppet.up()
    post = posted(puppet, "a.jpg")
    assert post.job_name is not None
    puppet.take(m.PostAccepted(post.job, post.number, "j|1", ()))
    twin = ActiveJob(handle="j|2", original_name=post.job_name, state="Running")
    puppet.take(m.Polled(DEFAULT_SERVER, {"j|2": twin}, {}), 1.0)
    (drop,) = puppet.ledger.drops.values()
    assert drop.possible_second_copy
    assert puppet.ledger.jobs[post.job].other_handles == "j|2"
    assert puppet.events.count("job.recovered") == 1
    (poll,) = actions_of(m.Poll, puppet.take(m.Woken(), 60.0))
    assert isinstance(poll, m.Poll)
    assert poll.jobs == (m.Followed(post.job, post.job_name, ("j|1", "j|2")),)


def test_a_second_job_of_our_name_is_noticed_in_an_answer_that_is_all_we_get() -> None:
    """While the job is open, and though a log could not be read: its own may be lost when it is over."""
    puppet = Puppet(settings(files_per_post=1))
    puppet.up()
    first = posted(puppet, "a.jpg", "b.jpg")
    assert first.job_name is not None
    puppet.take(m.PostAccepted(first.job, first.number, "j|1", ()))
    twins = {
        handle: ActiveJob(handle=handle, original_name=first.job_name, state="Running") for handle in ("j|1", "j|2")
    }
    puppet.take(m.PollFailed(DEFAULT_SERVER, Trouble(kind=Kind.TRANSIENT, text="no answer"), twins))
    sent, other = (puppet.ledger.drops[number] for number in sorted(puppet.ledger.drops))
    assert (sent.possible_second_copy, other.possible_second_copy) == (True, False)
    assert puppet.ledger.jobs[first.job].other_handles == "j|2"


def test_a_later_post_that_is_refused_is_asked_about_before_it_is_sent_again() -> None:
    """What is refused may be the second of two: the first of them has ended the job."""
    puppet = Puppet(settings(files_per_post=1))
    puppet.up()
    first = posted(puppet, "a.jpg", "b.jpg")
    (second,) = actions_of(m.SendPost, puppet.take(m.PostAccepted(first.job, first.number, "j|1", ())))
    assert isinstance(second, m.SendPost)
    refusal = Trouble(kind=Kind.PERMANENT, text="no such open job", code=30001)
    actions = puppet.take(m.PostFailed(second.job, second.number, refusal))
    drop = puppet.ledger.drops[second.parts[0].drop]
    assert (drop.state, drop.job, drop.alone) == (DropState.DOUBTED, second.job, True)
    (end,) = actions_of(m.SendPost, [*actions, *puppet.take(m.Woken(), 1.0)])
    assert isinstance(end, m.SendPost)
    assert (end.parts, end.end_job) == ((), True)


def test_what_was_turned_away_on_the_way_into_a_job_is_asked_about_when_that_ends() -> None:
    """A 503 may come from something behind which the POST arrived."""
    puppet = Puppet(settings(files_per_post=1))
    puppet.up()
    first = posted(puppet, "a.jpg", "b.jpg")
    (second,) = actions_of(m.SendPost, puppet.take(m.PostAccepted(first.job, first.number, "j|1", ())))
    assert isinstance(second, m.SendPost)
    busy = Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503)
    puppet.take(m.PostFailed(second.job, second.number, busy))
    puppet.take(m.Woken(), 59.0)
    actions = puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY))  # by now the job may be gone, so it takes no more files
    assert not [action for action in actions_of(m.SendPost, actions) if isinstance(action, m.SendPost) and action.parts]
    assert puppet.ledger.drops[second.parts[0].drop].state is DropState.DOUBTED


@pytest.mark.parametrize(
    ("trouble", "changed"),
    [
        (Trouble(kind=Kind.FATAL, text="wrong password", code=10000), False),
        (Trouble(kind=Kind.TRANSIENT, text="nothing was sent"), True),
        (Trouble(kind=Kind.TRANSIENT, text="another address", has_moved=True), False),
    ],
    ids=["refused", "changed", "moved"],
)
def test_what_was_turned_away_on_the_way_is_asked_about_whatever_comes_of_it_the_next_time(
    trouble: Trouble, changed: bool
) -> None:
    """That the second POST certainly did not arrive says nothing of the first, which met a 503."""
    puppet = Puppet(settings(files_per_post=1))
    puppet.up()
    first = posted(puppet, "a.jpg", "b.jpg")
    (second,) = actions_of(m.SendPost, puppet.take(m.PostAccepted(first.job, first.number, "j|1", ())))
    assert isinstance(second, m.SendPost)
    busy = Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503, code=None)
    puppet.take(m.PostFailed(second.job, second.number, busy))
    (third,) = actions_of(m.SendPost, [*puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY)), *puppet.take(m.Woken(), 5.0)])
    assert isinstance(third, m.SendPost)
    assert third.parts[0].drop == second.parts[0].drop
    drop = third.parts[0].drop
    puppet.take(m.PostFailed(third.job, third.number, trouble, changed=(drop,) if changed else ()))
    puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY), 400.0)
    assert puppet.ledger.drops[drop].state is DropState.DOUBTED


@pytest.mark.parametrize("tells_assets", [True, False])
def test_a_log_without_a_row_proves_that_nothing_is_there_only_if_no_such_asset_is(tells_assets: bool) -> None:
    puppet = Puppet(settings())
    puppet.up()
    post = posted(puppet, "a.jpg")
    puppet.take(m.PostAccepted(post.job, post.number, "j|1", ()))
    log = JobLog(handle="j|1", original_name=post.job_name or "", ended_at=START, rows=(), is_complete=True)
    assert actions_of(m.FindAssets, puppet.take(m.Polled(DEFAULT_SERVER, {}, {post.job: (log,)}), 1.0))
    puppet.take(m.AssetsSeen(post.job, () if tells_assets else None))
    (drop,) = puppet.ledger.drops.values()
    assert drop.job == 2
    assert drop.possible_second_copy is not tells_assets


def test_a_new_folder_is_counted_only_if_there_is_a_limit() -> None:
    """A million names take seconds, and what a person has just dropped would wait for them."""
    for limit, looks in ((0, 1), (1000, 0)):
        puppet = Puppet(settings(first_run_limit=limit), unfinished=Unfinished())
        puppet.take(m.Woken())
        scanning = puppet.take(m.FolderUp("catalog", "watching"))
        found = puppet.scanned(scanning, "a.jpg")
        assert len(actions_of(m.Look, found)) == looks
        if limit:
            puppet.scanned(found, "a.jpg")
        assert puppet.ledger.unfinished().folders == {"catalog": KnownFolder("catalog", "/catalog")}
