"""What may begin beside what is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.crash.histories import settings
from tests.strategies import MOMENT

from hotfolder.core.board import Board
from hotfolder.core.connection import Connection
from hotfolder.core.messages import Now
from hotfolder.core.places import EXTRA_JOBS, LONG_POST_BYTES, Holder, Places
from hotfolder.core.server import Kind, Trouble
from hotfolder.core.settings import DEFAULT_SERVER as SERVER
from hotfolder.testing.remote import COMPANY

SHORT, LONG = LONG_POST_BYTES, LONG_POST_BYTES + 1


class Shared:
    """The places of one server, with what is under way as a test says."""

    def __init__(self, limit: int, *folders: str) -> None:
        given = settings()
        self.holders: list[Holder] = []
        self.board = Board(
            replace(
                given,
                folders=tuple(replace(given.folders[0], name=name) for name in folders),
                upload=replace(given.upload, parallel_jobs=limit),
            ),
            Now(1000.0, MOMENT, MOMENT.replace(tzinfo=None)),
            lambda: "token",
        )
        self.connection = Connection(self.board, SERVER)
        self.connection.signed_in(COMPANY)
        self.places = Places(self.board, {SERVER: self.connection}, lambda server: self.holders)

    def hold(self, folder: str, *, busy: bool = True, long: bool = False) -> None:
        """Have a job be under way."""
        self.holders.append(Holder(len(self.holders) + 1, folder, is_busy=busy, is_long=busy and long))

    def may_form(self, folder: str) -> bool:
        """Return whether a hot folder may begin a job."""
        test = self.places.may_form(SERVER)
        return test is not None and test(folder)


def test_as_many_jobs_as_places_may_begin() -> None:
    shared = Shared(2, "a", "b")
    shared.hold("a")
    assert shared.may_form("a")
    assert shared.places.may_post(SERVER, SHORT)
    shared.hold("a")
    assert not shared.may_form("a")
    assert not shared.may_form("b")
    assert not shared.places.may_post(SERVER, SHORT)


def test_between_two_posts_a_job_gives_its_place_to_a_hot_folder_that_has_none() -> None:
    shared = Shared(1, "a", "b")
    shared.hold("a", busy=False)
    assert shared.may_form("b")
    assert not shared.may_form("a"), "its next job waits for the end of this one"
    shared.hold("b")
    assert not shared.places.may_post(SERVER, SHORT)


def test_no_more_jobs_are_open_than_can_be_posted_to_often_enough() -> None:
    shared = Shared(1, "a", "b")
    for number in range(1 + EXTRA_JOBS):
        assert shared.may_form("b")
        shared.hold(f"a{number}", busy=False)
    assert not shared.may_form("b")


@pytest.mark.parametrize(
    ("limit", "folders", "long", "may"),
    [
        (2, ("a", "b"), 0, True),
        (2, ("a", "b"), 1, False),
        (2, ("a",), 1, True),  # there is nobody to leave a place to
        (3, ("a", "b"), 1, True),
        (3, ("a", "b"), 2, False),
        (1, ("a", "b"), 0, True),  # else no long POST were ever made
    ],
)
def test_long_posts_leave_a_place_to_other_hot_folders(
    limit: int, folders: tuple[str, ...], long: int, may: bool
) -> None:
    shared = Shared(limit, *folders)
    for _ in range(long):
        shared.hold("a", long=True)
    assert shared.places.may_post(SERVER, LONG) is may
    assert shared.places.may_post(SERVER, SHORT)


def test_after_trouble_there_are_fewer_places_and_what_has_begun_goes_on() -> None:
    shared = Shared(4, "a", "b")
    for _ in range(3):
        shared.hold("a")
    shared.connection.report(Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503))
    assert not shared.may_form("b"), "nothing begins while the server is away"
    shared.connection.signed_in(COMPANY)
    assert shared.connection.parallelism.limit == 2
    assert not shared.places.may_post(SERVER, SHORT)
    del shared.holders[:2]
    assert shared.places.may_post(SERVER, SHORT)


def test_one_outage_counts_once_however_often_it_is_tried_meanwhile() -> None:
    shared = Shared(8, "a")
    for _ in range(20):
        now = shared.board.now
        shared.board.now = Now(now.monotonic + 60.0, now.wall, now.local)
        shared.connection.report(Trouble(kind=Kind.TRANSIENT, text="no route", reached=False))
    assert shared.connection.parallelism.limit == 4
    told = [notice.event for notice in shared.board.take_turn().notices]
    assert told == ["uploads.reduced", "server.unreachable"]


def test_a_refusal_of_ours_is_no_sign_of_too_much_at_once() -> None:
    shared = Shared(4, "a")
    shared.connection.report(Trouble(kind=Kind.FATAL, text="wrong password", code=10000))
    assert shared.connection.parallelism.limit == 4


_holders = st.lists(
    st.builds(
        lambda job, folder, busy, long: Holder(job, folder, is_busy=busy, is_long=busy and long),
        st.integers(1, 1000),
        st.sampled_from("abc"),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


@given(st.integers(1, 10), _holders)
def test_whatever_is_under_way_nobody_waits_while_there_is_a_place(limit: int, holders: Sequence[Holder]) -> None:
    shared = Shared(limit, "a", "b", "c")
    shared.holders = list(holders)
    busy = sum(holder.is_busy for holder in holders)
    assert shared.places.may_post(SERVER, SHORT) is (busy < limit)
    assert shared.places.busy(SERVER) == busy
    if not shared.places.may_post(SERVER, LONG):
        assert busy >= limit or any(holder.is_long for holder in holders)
    has_none = {"a", "b", "c"} - {holder.folder for holder in holders}
    for folder in "abc":
        may = shared.may_form(folder)
        assert not may or busy < limit
        if folder in has_none and busy < limit and len(holders) < limit + EXTRA_JOBS:
            assert may
