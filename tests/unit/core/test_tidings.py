"""What one receiver is told, and when: nothing twice, nothing forgotten, and a storm in one message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotfolder.core.messages import Now
from hotfolder.core.model import Outcome
from hotfolder.core.settings import NotifyEvent, NotifySettings
from hotfolder.core.tidings import (
    GAP,
    GATHER_MOST,
    NAMED,
    DigestDue,
    Failures,
    File,
    Finished,
    FolderSight,
    Held,
    News,
    Place,
    Recovery,
    Sight,
    Tidings,
    Trouble,
)

SETTINGS = NotifySettings(name="desk", urls=())
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WELL = Sight(folders={"hot": FolderSight(server="default"), "other": FolderSight(server="emea")})
HOT, OTHER = Place("folder", "hot"), Place("folder", "other")


def now(seconds: float) -> Now:
    wall = START + timedelta(seconds=seconds)
    return Now(monotonic=seconds, wall=wall, local=wall.replace(tzinfo=None))


def tidings(settings: NotifySettings = SETTINGS, *folders: str) -> Tidings:
    made = Tidings(settings, folders, now(0))
    made.saw(WELL, now(0))
    return made


def file(number: int, outcome: Outcome = Outcome.FAILED, folder: str = "hot") -> File:
    return File(folder, f"{number}.jpg", "broken", outcome)


def busy(count: int, held: int = 0) -> Sight:
    return replace(WELL, folders={**WELL.folders, "hot": FolderSight(server="default", busy=count, held=held)})


def in_trouble(*places: Place) -> Sight:
    return replace(WELL, troubles=dict.fromkeys(places, "gone"))


def told(made: Tidings, *moments: float) -> list[News]:
    return [one for moment in moments for one in made.due(now(moment))]


# --- files ---


def test_a_thousand_failures_are_one_message() -> None:
    made = tidings()
    for number in range(1000):
        made.ended(file(number), number / 100)
    assert told(made, 10, 30) == []
    assert told(made, 40) == [Failures(count=1000, first=tuple(file(number) for number in range(NAMED)))]
    assert told(made, 41, 5000) == []


def test_a_storm_that_does_not_end_is_told_all_the_same() -> None:
    made = tidings()
    news = []
    for second in range(int(GATHER_MOST * SETTINGS.gather_s) + 1):
        made.ended(file(second), second)
        news += told(made, second)
    assert [type(one) for one in news] == [Failures]


def test_after_a_message_about_failures_the_next_one_waits() -> None:
    made = tidings()
    made.ended(file(1), 0)
    assert len(told(made, 30)) == 1
    made.ended(file(2), 31)
    assert told(made, 100, 29 + GAP * SETTINGS.gather_s) == []
    assert told(made, 30 + GAP * SETTINGS.gather_s) == [Failures(count=1, first=(file(2),))]


def test_what_is_good_or_was_taken_back_is_no_failure() -> None:
    made = tidings()
    for number, outcome in enumerate((Outcome.STORED, Outcome.UPDATED, Outcome.WITHDRAWN)):
        made.ended(file(number, outcome), 0)
    assert not [one for one in told(made, 1000) if isinstance(one, Failures)]


def test_files_of_others_are_not_told() -> None:
    made = tidings(SETTINGS, "other")
    made.ended(file(1), 0)
    made.saw(in_trouble(HOT, Place("server", "default")), now(1))
    assert told(made, 10_000) == []


@given(st.lists(st.tuples(st.floats(0, 400), st.sampled_from(Outcome), st.booleans()), max_size=60))
def test_every_failure_is_counted_in_one_message_and_every_upload_too(
    steps: Sequence[tuple[float, Outcome, bool]],
) -> None:
    """Whenever files end and whenever somebody looks: with the farewell nothing is left, and nothing told twice."""
    both = replace(SETTINGS, events=frozenset(NotifyEvent))
    made, moment, news = tidings(both), 0.0, list[News]()
    ended: Counter[str] = Counter()
    for number, (pause_s, outcome, is_busy) in enumerate(steps):
        moment += pause_s
        made.saw(busy(int(is_busy)), now(moment))
        news += told(made, moment)
        made.ended(file(number, outcome), moment)
        kind = "good" if outcome.is_good else "none" if outcome is Outcome.WITHDRAWN else "bad"
        ended[kind] += 1
    made.saw(WELL, now(moment))
    news += made.due(now(moment), is_last=True)
    assert sum(one.count for one in news if isinstance(one, Failures)) == ended["bad"]
    assert sum(one.uploaded for one in news if isinstance(one, Finished)) == ended["good"]
    assert made.due(now(moment + 1e6), is_last=True) == []


# --- what was dropped together ---


def test_what_was_dropped_together_is_done_when_nothing_was_under_way_for_a_while() -> None:
    made = tidings()
    made.saw(busy(3), now(1))
    for number in range(3):
        made.ended(file(number, Outcome.STORED), 2)
    made.saw(busy(1), now(100))
    assert told(made, 1000) == []
    made.saw(busy(0, held=1), now(1000))
    assert told(made, 1119) == []
    assert told(made, 1120) == [Finished(folder="hot", uploaded=3, need=0, held=1, first=())]
    assert told(made, 9000) == []


def test_what_comes_later_is_another_drop() -> None:
    made = tidings()
    news = []
    for began in (0, 1000):
        made.ended(file(began, Outcome.UPDATED), began)
        made.saw(WELL, now(began + 1))
        news += told(made, began + 500)
    assert [one.uploaded for one in news if isinstance(one, Finished)] == [1, 1]


def test_that_nothing_was_uploaded_is_told_once_and_not_again_as_done() -> None:
    both, only = tidings(), tidings(replace(SETTINGS, events=frozenset({NotifyEvent.FINISHED})))
    for made in (both, only):
        made.ended(file(1), 0)
        made.saw(WELL, now(1))
    assert [type(one) for one in told(both, 200)] == [Failures]
    assert [type(one) for one in told(only, 200)] == [Finished]


# --- trouble ---


def test_trouble_is_told_when_it_lasts_and_so_is_its_end() -> None:
    made = tidings()
    made.saw(in_trouble(HOT), now(10))
    assert told(made, 609) == []
    assert told(made, 610) == [Trouble(places=((HOT, "gone", 600.0),))]
    made.saw(in_trouble(HOT), now(700))
    assert told(made, 5000) == []
    made.saw(WELL, now(5000))
    assert told(made, 5029) == []
    assert told(made, 5030) == [Recovery(places=((HOT, 4990.0),))]
    assert told(made, 9000) == []


def test_trouble_that_is_over_soon_is_never_told() -> None:
    made = tidings()
    for moment in range(0, 5000, 200):
        made.saw(in_trouble(HOT), now(moment))
        made.saw(WELL, now(moment + 100))
    assert told(made, 6000) == []


def test_what_goes_at_the_same_time_is_told_together() -> None:
    made = tidings()
    made.saw(in_trouble(HOT), now(0))
    made.saw(in_trouble(HOT, OTHER, Place("server", "emea"), Place("ledger")), now(20))
    (trouble,) = told(made, 600)
    assert isinstance(trouble, Trouble)
    assert len(trouble.places) == 4


def test_what_comes_and_goes_is_well_again_once_it_stays_so() -> None:
    made = tidings()
    made.saw(in_trouble(HOT), now(0))
    assert len(told(made, 600)) == 1
    for moment in range(600, 900, 20):
        made.saw(WELL, now(moment))
        made.saw(in_trouble(HOT), now(moment + 10))
        assert told(made, moment + 10) == []


# --- held ---


def held(*paths: str, paused: str | None = None) -> Sight:
    files = tuple(File("hot", path, "half") for path in paths)
    seen = FolderSight(server="default", held=len(paths), files=files, paused=paused)
    return replace(WELL, folders={**WELL.folders, "hot": seen})


def test_what_is_held_is_told_once() -> None:
    made = tidings()
    made.saw(held("a", "b", paused="too many files"), now(0))
    assert told(made, 29) == []
    assert told(made, 30) == [
        Held(count=2, first=(File("hot", "a", "half"), File("hot", "b", "half")), paused=(("hot", "too many files"),))
    ]
    made.saw(held("a", "b", paused="too many files"), now(9000))
    assert told(made, 9100) == []
    made.saw(held("b", "c"), now(9200))
    assert told(made, 9300) == [Held(count=2, first=(File("hot", "c", "half"),), paused=())]


def test_what_goes_on_by_itself_before_long_is_not_told_as_held() -> None:
    made = tidings()
    made.saw(held("a"), now(0))
    made.saw(WELL, now(20))
    assert told(made, 1000) == []


# --- the digest, and when to look again ---


def test_the_digest_comes_once_a_day_at_its_time() -> None:
    made = Tidings(replace(SETTINGS, digest=time(18)), (), now(0))
    assert told(made, 6 * 3600 - 1) == []
    assert told(made, 6 * 3600 + 5) == [DigestDue(since=START + timedelta(hours=-18, seconds=5))]
    assert told(made, 6 * 3600 + 10, 29 * 3600) == []
    assert len(told(made, 30 * 3600)) == 1


@given(
    st.lists(
        st.tuples(
            st.floats(0, 2000),
            st.sampled_from([WELL, busy(2), in_trouble(HOT), in_trouble(HOT, OTHER), held("a"), held("a", "b")]),
            st.one_of(st.none(), st.sampled_from(Outcome)),
        ),
        max_size=30,
    )
)
def test_nothing_is_due_before_the_time_that_is_given_and_no_time_is_given_twice(
    steps: Sequence[tuple[float, Sight, Outcome | None]],
) -> None:
    """Who sleeps until then misses nothing and wakes for nothing, so that being idle costs nothing."""
    made, moment = tidings(), 0.0
    for number, (pause_s, sight, outcome) in enumerate(steps):
        moment += pause_s
        if outcome is not None:
            made.ended(file(number, outcome), moment)
        made.saw(sight, now(moment))
        made.due(now(moment))
        wake_s = made.next_wake_s(now(moment))
        if wake_s is None:
            assert made.due(now(moment + 1e7)) == []
            continue
        assert wake_s > moment
        assert made.due(now(moment + (wake_s - moment) * 0.999)) == []
        made.due(now(wake_s))
        next_s = made.next_wake_s(now(wake_s))
        assert next_s is None or next_s > wake_s
        moment = wake_s
