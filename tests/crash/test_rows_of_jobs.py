"""
Recovery of one job: what the ledger holds against what the server says, row by row (J1 to J21 in `docs/limits.md`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hotfolder.core import messages as m
from hotfolder.core.model import Drop, DropState, JobState, KnownFolder, Outcome, PostState, Unfinished
from hotfolder.core.server import Asset, JobLog, LogRow, Trouble
from hotfolder.core.settings import DEFAULT_SERVER, BatchSettings
from hotfolder.ports import PostRequest
from hotfolder.testing.remote import ModelJob
from hotfolder.testing.simulation import World
from tests.crash.histories import settings
from tests.crash.rows import Ending, Row, begin, committed, passing, play, step
from tests.crash.test_rare_turns import COMPANY, REFUSED, START, UNREACHABLE, Puppet, actions_of, posted

LONG_S = 500.0  # far longer than the server's time-out and the grace


def all_stored_once(row: Row) -> None:
    """Check that every file is on the server once and filed, and that none is called a possible second copy."""
    assert {drop.outcome for drop in row.drops} == {Outcome.STORED}
    assert {drop.state for drop in row.drops} == {DropState.FILED}
    assert not any(drop.possible_second_copy for drop in row.drops)
    assert [len(asset.contents) for asset in row.world.server.assets.values()] == [1] * len(row.drops)


def of_first_job(row: Row) -> list[int]:
    """Return how many files each POST into the first job had."""
    job = row.jobs[0]
    return [len(post.files) for _, post in row.posts if job.name == post.job_name or job.handle == post.job_handle]


# --- whether the first POST opened a job ---


def test_j1_a_job_of_which_nothing_was_sent_is_sent() -> None:
    """It was planned while the server went away; the seed says whether its files are claimed before or after that."""
    one_file = replace(settings(receipts=True, files_per_post=1), batch=BatchSettings(linger_s=2, max_files=1))
    ends = 0
    for seed in range(10):
        row = begin("a.jpg", "b.jpg", configured=one_file, moods=["not sent"], seed=seed)
        row.world.perils = Ending(_planned(row.world))
        row.world.run()
        ends += row.world.crashes
        all_stored_once(row)
        assert len(row.jobs) == 2
        assert len(row.posts) == 3
    assert ends


def _planned(world: World) -> Callable[[str], bool]:
    def is_time(what: str) -> bool:
        began = {job for job, _ in world.ledger.posts}
        planned = (job.id for job in world.ledger.jobs.values() if job.state is JobState.PLANNED)
        return what == "after a commit" and not began.issuperset(planned)

    return is_time


def test_j2_a_post_that_did_not_leave_is_made_again_under_the_same_name() -> None:
    row = play(begin("a.jpg", moods=["not sent", "not sent"]))
    all_stored_once(row)
    assert row.post_states == [PostState.NOT_SENT, PostState.NOT_SENT, PostState.ACCEPTED]
    assert len({post.job_name for _, post in row.posts}) == 1
    assert row.drop.sends == 1


def test_j3_a_job_whose_first_answer_was_lost_is_found_by_its_name_and_takes_no_more_files() -> None:
    row = play(begin("a.jpg", "b.jpg", moods=["swallow after"]))
    all_stored_once(row)
    assert of_first_job(row) == [1, 0]
    assert row.told("job.recovered") == 1


def test_j4_a_job_that_is_over_when_it_is_found_is_decided_by_its_log_and_the_rest_sent_in_another() -> None:
    row = play(begin("a.jpg", "b.jpg"), step("after posting"), passing(LONG_S))
    all_stored_once(row)
    assert of_first_job(row) == [1]
    assert [drop.job for drop in row.drops] == [1, 2]


def test_j5_nothing_is_sent_again_while_a_job_may_still_turn_up() -> None:
    row = play(begin("a.jpg", moods=["swallow before"]))
    (first_s, _), (second_s, _) = row.posts
    recovery = row.world.settings.recovery
    assert second_s - first_s >= recovery.job_timeout_s + recovery.grace_s
    all_stored_once(row)


def test_j6_what_is_certainly_not_there_is_sent_again_under_another_name_and_the_old_one_watched() -> None:
    row = play(begin("a.jpg", moods=["swallow before"]))
    all_stored_once(row)
    first, second = row.jobs
    assert first.name != second.name
    assert first.state is JobState.GHOST
    assert first.ghost_until is not None


def test_j6_a_job_that_nobody_knows_any_more_is_decided_by_what_is_on_the_server() -> None:
    def forget(world: World) -> None:
        passing(LONG_S)(world)
        world.server.jobs.clear()

    row = play(begin("a.jpg"), step("after posting"), forget)
    all_stored_once(row)
    assert len(row.posts) == 1
    assert "found on the server" in row.drop.reason


def test_j7_all_jobs_of_the_name_are_ours_and_their_files_possible_second_copies() -> None:
    def send_again(world: World) -> None:
        (job,) = world.server.jobs.values()
        twin = replace(job, handle=f"{job.handle}0", files=list(job.files), rows=[])
        world.server.jobs[twin.handle] = twin

    row = play(begin("a.jpg"), step("after posting"), send_again)
    assert len(row.posts) == 1
    assert row.jobs[0].other_handles == f"{row.jobs[0].handle}0"
    assert row.drop.outcome in (Outcome.STORED, Outcome.UPDATED)
    assert row.drop.possible_second_copy
    assert len(row.world.server.assets["a"].contents) == 2


# --- a later POST in doubt ---


@pytest.mark.parametrize("how", ["its answer was lost", "the process ended"])
def test_j8_a_job_with_a_post_in_doubt_is_ended_and_takes_no_more_files(how: str) -> None:
    paths = ("a.jpg", "b.jpg", "c.jpg")
    if how == "its answer was lost":
        row = play(begin(*paths, moods=["ok", "swallow after"]))
    else:
        row = play(begin(*paths), step("after posting to j|"))
    all_stored_once(row)
    assert of_first_job(row) == [1, 1, 0]
    assert [drop.job for drop in row.drops] == [1, 1, 2]


def test_j9_a_post_in_doubt_is_decided_by_the_log_when_the_job_is_over() -> None:
    row = play(begin("a.jpg", "b.jpg", "c.jpg"), step("after posting to j|"), passing(LONG_S))
    all_stored_once(row)
    assert sum(of_first_job(row)[2:]) == 0  # it may be told once more that it has ended
    assert [drop.job for drop in row.drops] == [1, 1, 2]


def test_j9_a_post_in_doubt_of_which_the_log_says_nothing_is_made_again_in_another_job() -> None:
    row = play(begin("a.jpg", "b.jpg"), step("before posting to j|"), passing(LONG_S))
    all_stored_once(row)
    assert [drop.job for drop in row.drops] == [1, 2]


# --- the end of a job ---


@pytest.mark.parametrize(
    ("moods", "states"),
    [
        (["swallow after"], [PostState.UNKNOWN, PostState.REFUSED]),  # refused, since it had ended
        (["swallow before"], [PostState.UNKNOWN, PostState.ACCEPTED]),
        (["refuse"], [PostState.REFUSED]),
    ],
)
def test_j10_an_end_in_doubt_is_asked_for_again_and_a_fault_means_that_it_came(
    moods: list[str], states: list[PostState]
) -> None:
    row = play(begin("a.jpg", "b.jpg", moods=["ok", "swallow before", *moods]))
    assert row.post_states[2:] == states
    all_stored_once(row)


def test_j11_a_job_at_work_is_asked_for_ever_more_seldom() -> None:
    row = begin("a.jpg")
    row.world.server.work_s = 300.0
    play(row)
    all_stored_once(row)
    tracking = row.world.settings.tracking
    least, most = 300.0 / tracking.poll_max_s, 300.0 / tracking.poll_s
    assert least <= row.world.server.requests.count("active jobs") < most / 2


def puppet_with_a_job(*, overwrite: bool = True) -> tuple[Puppet, int]:
    """Return a daemon played by hand, which has a past and one job that was sent whole, and the number of that."""
    puppet = Puppet(
        settings(overwrite=overwrite),
        unfinished=Unfinished(next_drop=9, folders={"catalog": KnownFolder("catalog", "/catalog")}),
    )
    puppet.up()
    post = posted(puppet, "a.jpg")
    puppet.take(m.PostAccepted(post.job, post.number, "j|1", ()))
    return puppet, post.job


def log_of(*rows: LogRow, is_complete: bool = True, success_count: int = 0, has_end: bool = True) -> JobLog:
    return JobLog(
        handle="j|1",
        original_name="",
        ended_at=START if has_end else None,
        rows=rows,
        is_complete=is_complete,
        success_count=success_count,
    )


def read(puppet: Puppet, job: int, log: JobLog, after_s: float = 1.0) -> list[m.Action]:
    return puppet.take(m.Polled(DEFAULT_SERVER, {}, {job: (log,)}), after_s)


def only_drop(puppet: Puppet) -> Drop:
    (drop,) = puppet.ledger.drops.values()
    return drop


STORED_ROW = LogRow(log_type="UploadSuccess", message="", asset_name="a")


@pytest.mark.parametrize("log", [log_of(STORED_ROW, has_end=False), log_of(STORED_ROW, is_complete=False)])
def test_j12_a_log_without_its_end_or_all_its_rows_decides_nothing(log: JobLog) -> None:
    puppet, job = puppet_with_a_job()
    for _ in range(5):
        read(puppet, job, log, 60.0)
        assert only_drop(puppet).state is DropState.SENT
    read(puppet, job, log_of(STORED_ROW))
    assert only_drop(puppet).outcome is Outcome.STORED


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (("UploadSuccess",), Outcome.STORED),
        (("FileUpdated",), Outcome.UPDATED),
        (("UploadSuccess", "UploadWarning"), Outcome.STORED),
        (("UploadError",), Outcome.FAILED),
        (("FileCancel",), Outcome.FAILED),
        (("DuplicateSkipped",), Outcome.DUPLICATE),
        (("UploadSuccess", "UploadError"), Outcome.FAILED),
    ],
)
def test_j13_a_whole_log_decides_by_its_worst_row(words: tuple[str, ...], outcome: Outcome) -> None:
    puppet, job = puppet_with_a_job()
    actions = read(puppet, job, log_of(*(LogRow(log_type=word, message=word, asset_name="a") for word in words)))
    if outcome is Outcome.DUPLICATE:  # of what: only the asset can tell
        assert actions_of(m.FindAssets, actions)
        older = replace(sent_size(puppet), modified_at=START - timedelta(days=1))
        puppet.take(m.AssetsSeen(job, (older,)))
    drop = only_drop(puppet)
    assert drop.outcome is outcome
    assert bool(drop.warnings) is ("UploadWarning" in words)


@pytest.mark.parametrize("overwrite", [True, False])
def test_j13_a_name_that_exists_is_our_own_if_it_was_stored_since_though_only_the_second_of_two_has_a_row(
    overwrite: bool,
) -> None:
    """Something on the way has sent the POST twice, and the log has lost the row of the first."""
    puppet, job = puppet_with_a_job(overwrite=overwrite)
    read(puppet, job, log_of(LogRow(log_type="DuplicateSkipped", message="", asset_name="a")))
    puppet.take(m.AssetsSeen(job, (sent_size(puppet),)))
    assert only_drop(puppet).outcome is Outcome.STORED


@pytest.mark.parametrize(("overwrite", "outcome"), [(True, Outcome.UNKNOWN), (False, Outcome.DUPLICATE)])
def test_j13_a_name_that_exists_although_it_is_to_be_replaced_is_checked_where_no_asset_is_told(
    overwrite: bool, outcome: Outcome
) -> None:
    puppet, job = puppet_with_a_job(overwrite=overwrite)
    read(puppet, job, log_of(LogRow(log_type="DuplicateSkipped", message="", asset_name="a")))
    puppet.take(m.AssetsSeen(job, None))
    assert only_drop(puppet).outcome is outcome


def test_j13_a_name_that_exists_after_an_attempt_in_doubt_is_our_own_if_the_asset_proves_it() -> None:
    """The first attempt arrives after it was written off, and so the second finds its name taken."""
    row = begin("a.jpg", configured=settings(overwrite=False, receipts=True), moods=["swallow before"])

    def arrive(world: World) -> None:
        if len(row.posts) == 2:
            (job,) = world.server.jobs.values()
            early = ModelJob(f"{job.handle}0", row.posts[0][1].job_name or "", overwrite=False, files=list(job.files))
            early.last_post_s = early.ended_s = world.clock.monotonic() - 10.0
            world.server.jobs = {early.handle: early, **world.server.jobs}

    row.world.at(90.0, arrive)
    play(row)
    assert len(row.posts) == 2
    assert row.drop.outcome is Outcome.STORED
    assert len(row.world.server.assets["a"].contents) == 1


def sent_size(puppet: Puppet) -> Asset:
    drop = only_drop(puppet)
    return Asset(
        name="a",
        handle="a|1",
        folder="",
        file_name="a.jpg",
        size_bytes=drop.identity.size_bytes,
        modified_at=puppet.ledger.jobs[1].first_post_at,
    )


def test_j14_a_file_without_a_row_is_stored_if_the_asset_proves_it() -> None:
    puppet, job = puppet_with_a_job()
    assert actions_of(m.FindAssets, read(puppet, job, log_of()))
    puppet.take(m.AssetsSeen(job, (sent_size(puppet),)))
    assert only_drop(puppet).outcome is Outcome.STORED


def test_j14_a_file_without_a_row_and_without_an_asset_is_sent_once_more_and_then_fails() -> None:
    puppet, job = puppet_with_a_job()
    read(puppet, job, log_of())
    (post,) = actions_of(m.SendPost, [*puppet.take(m.AssetsSeen(job, ())), *puppet.take(m.Woken(), 1.0)])
    assert isinstance(post, m.SendPost)
    assert post.job_name not in (None, puppet.ledger.jobs[job].name)
    puppet.take(m.PostAccepted(post.job, post.number, "j|2", ()))
    read(puppet, post.job, replace(log_of(), handle="j|2"), 60.0)
    assert not actions_of(m.SendPost, puppet.take(m.AssetsSeen(post.job, ())))
    assert only_drop(puppet).outcome is Outcome.FAILED


def test_j15_a_job_that_the_server_takes_no_files_for_any_more_counts_as_ended() -> None:
    row = begin("a.jpg", "b.jpg", "c.jpg")
    fine = row.world.weather

    def weather(request: PostRequest) -> str:
        if len(row.posts) == 1:  # the first POST was answered, and the second is coming
            (job,) = row.world.server.jobs.values()
            job.ended_s = row.world.clock.monotonic()
        return fine(request)

    row.world.weather = weather
    play(row)
    all_stored_once(row)
    assert row.drops[0].job == 1
    assert {drop.job for drop in row.drops[1:]}.isdisjoint({1})
    assert row.post_states[1] is PostState.REFUSED


# --- time and place ---


def test_j16_a_job_gets_nothing_from_another_address() -> None:
    row = play(begin("a.jpg", "b.jpg", "c.jpg", moods=["ok", "moved"]))
    all_stored_once(row)
    assert row.post_states == [PostState.ACCEPTED, PostState.NOT_SENT]
    assert [drop.job for drop in row.drops] == [1, 2, 2]


@pytest.mark.parametrize("server_timeout_s", [60.0, 2 * LONG_S])
def test_j17_a_job_that_stood_for_too_long_gets_no_more_files_whether_it_is_open_or_not(
    server_timeout_s: float,
) -> None:
    row = begin("a.jpg", "b.jpg", "c.jpg", moods=["ok", "not sent"])
    row.world.server.job_timeout_s = server_timeout_s
    waiting = committed(lambda world: world.ledger.posts.get((1, 2)) is not None and _is_not_sent(world, 2))
    play(row, waiting, passing(LONG_S))
    all_stored_once(row)
    assert sum(of_first_job(row)[2:]) == 0
    assert [drop.job for drop in row.drops] == [1, 2, 2]


def _is_not_sent(world: World, number: int) -> bool:
    return world.ledger.posts[1, number].state is PostState.NOT_SENT


def test_j18_a_server_that_refuses_us_gets_nothing_more_and_no_file_fails() -> None:
    puppet = Puppet(settings(files_per_post=1))
    puppet.up()
    post = posted(puppet, "a.jpg", "b.jpg")
    actions = puppet.take(m.PostFailed(post.job, post.number, REFUSED))
    for _ in range(5):
        actions += puppet.take(m.Woken(), 30.0)
    assert not actions_of(m.SendPost, actions)
    assert {drop.state for drop in puppet.ledger.drops.values()} == {DropState.CLAIMED}
    assert puppet.events.count("server.refused") == 1
    assert actions_of(m.SendPost, puppet.take(m.SignedIn(DEFAULT_SERVER, COMPANY)))


def test_j19_numbers_that_do_not_add_up_are_told_and_every_file_follows_its_own_rows() -> None:
    puppet, job = puppet_with_a_job()
    read(puppet, job, log_of(STORED_ROW, success_count=5))
    assert puppet.events.count("job.remark") == 1
    assert only_drop(puppet).outcome is Outcome.STORED


def written_off() -> Row:
    """Return a history in which a job was written off, and its file sent again."""
    given = settings(receipts=True)
    seldom = replace(given, folders=(replace(given.folders[0], poll_s=3600.0),))
    row = play(begin("a.jpg", configured=seldom, moods=["swallow before"]))
    all_stored_once(row)
    assert row.jobs[0].state is JobState.GHOST
    return row


def test_j20_a_job_that_was_written_off_and_turns_up_makes_its_files_possible_second_copies() -> None:
    row = written_off()
    name = row.jobs[0].name

    def turn_up(world: World) -> None:
        late = ModelJob("j|late", name, overwrite=True, last_post_s=world.clock.monotonic())
        world.server.jobs[late.handle] = late

    row.world.at(7200.0, turn_up)
    row.world.at(7200.0 + 3700.0, lambda world: None)  # it is asked for once an hour
    row.world.run()
    assert row.drop.possible_second_copy
    assert (row.jobs[0].state, row.jobs[0].handle) == (JobState.CLOSED, "j|late")
    assert row.told("job.recovered") == 1


def test_j20_a_job_that_does_not_turn_up_within_a_day_is_forgotten() -> None:
    row = written_off()
    row.world.at(25 * 3600.0, lambda world: None)
    row.world.run()
    assert row.jobs[0].state is JobState.VOID
    assert not row.drop.possible_second_copy


@pytest.mark.parametrize("moods", [["swallow after"], ["swallow before"], ["ok", "swallow after"], []])
def test_j21_while_the_server_does_not_answer_nothing_moves(moods: list[str]) -> None:
    row = begin("a.jpg", "b.jpg", moods=moods)
    world = row.world
    outage: list[float] = []

    def line(server: str, now_s: float) -> Trouble | None:
        begun = len(row.posts) > len(moods) - 1 and bool(row.posts)
        if begun and not outage:
            outage.extend((now_s, now_s + 3600.0))
        return UNREACHABLE if outage and outage[0] < now_s < outage[1] else None

    world.line = line
    play(row)
    assert outage
    assert [at_s for at_s, _ in row.posts if outage[0] < at_s < outage[1]] == []
    all_stored_once(row)
