"""Who does what: a server or a share that hangs holds up only itself."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from hotfolder.core.catalogue import Shelf
from hotfolder.core.messages import (
    Action,
    AskExpiry,
    Claim,
    Fate,
    FileAway,
    FilingItem,
    FindOrphans,
    ListNames,
    Look,
    Recall,
    Scan,
    SendPost,
    SignIn,
)
from hotfolder.services.crew import Crew
from hotfolder.services.lanes import Lane, lane

PATIENCE_S = 30.0


class Deeds:
    """What was carried out; whatever names something that hangs waits for `released`."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.hanging: set[str] = set()
        self.stuck = threading.Event()
        self._done: queue.SimpleQueue[Action] = queue.SimpleQueue()

    def do(self, action: Action) -> None:
        if self.hanging & {getattr(action, "server", None), getattr(action, "folder", None)}:
            self.stuck.set()
            self.released.wait(PATIENCE_S)
        self._done.put(action)

    def next(self) -> Action:
        return self._done.get(timeout=PATIENCE_S)


@pytest.fixture
def deeds() -> Iterator[Deeds]:
    deeds = Deeds()
    yield deeds
    deeds.released.set()


@pytest.fixture
def crew(deeds: Deeds) -> Crew:
    crew = Crew(deeds.do, time.monotonic)
    for name in ("near", "far"):
        crew.add_server(name, 1)
        crew.add_folder(name, deeds.do)
    return crew


def post(server: str, *, folder: str | None = None, job: int = 1) -> SendPost:
    return SendPost(server=server, folder=folder or server, job=job, number=1, destination="", parts=())


def await_that(condition: Callable[[], bool]) -> None:
    """Wait for what a thread does by itself."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s
        threading.Event().wait(0.01)


def test_a_server_that_hangs_holds_up_no_other(crew: Crew, deeds: Deeds) -> None:
    deeds.hanging.add("far")
    for server in ("far", "near"):
        for action in (SignIn(server), post(server), ListNames(server, Shelf.PROJECTS)):
            crew.give(action)
    done = {type(deeds.next()) for _ in range(3)}
    assert done == {SignIn, SendPost, ListNames}
    assert crew.is_posting
    deeds.released.set()
    assert {getattr(deeds.next(), "server", None) for _ in range(3)} == {"far"}


def test_a_question_is_not_worth_waiting_for_at_the_end_but_a_post_is(crew: Crew, deeds: Deeds) -> None:
    deeds.hanging.add("far")
    crew.give(AskExpiry("far"))
    assert not crew.has_something_to_finish
    crew.give(post("far"))
    assert crew.has_something_to_finish


def test_a_server_that_is_removed_ends_its_threads_and_others_go_on(crew: Crew, deeds: Deeds) -> None:
    before = threading.active_count()
    crew.remove_server("far")
    await_that(lambda: threading.active_count() <= before - 3)  # who asks, who lists, who posts
    crew.give(SignIn("near"))
    assert deeds.next() == SignIn("near")
    assert crew.dead() == []


def test_the_ledger_is_nobodys_work(crew: Crew) -> None:
    with pytest.raises(ValueError, match="ledger"):
        crew.give(Recall("near", ()))


def test_folders_have_threads_of_their_own(crew: Crew, deeds: Deeds) -> None:
    deeds.hanging.add("far")
    crew.give(Scan("far", 1))
    crew.give(Scan("near", 1))
    assert deeds.next() == Scan("near", 1)


def test_others_post_while_a_thread_waits_for_a_share_and_are_let_go_when_it_is_back(crew: Crew, deeds: Deeds) -> None:
    before = threading.active_count()
    deeds.hanging.add("dead share")
    for round_ in range(3):
        stuck = post("near", folder="dead share", job=2 * round_)
        crew.give(stuck)
        crew.give(post("near", job=2 * round_ + 1))
        assert deeds.stuck.wait(PATIENCE_S)
        assert crew.look_after(()) == []  # nobody says that it waits for its share
        crew.look_after({(stuck.job, 1)})
        assert deeds.next() == post("near", job=2 * round_ + 1)
        crew.look_after({(stuck.job, 1)})
        assert threading.active_count() == before + 1, "one for one"
        deeds.released.set()
        assert deeds.next() == stuck
        await_that(lambda: not crew.is_posting)
        crew.look_after(())
        await_that(lambda: threading.active_count() == before)
        crew.look_after(())
        assert crew.dead() == []
        deeds.released.clear()
        deeds.stuck.clear()


def test_what_is_dropped_does_not_wait_for_what_is_filed(crew: Crew) -> None:
    filing, going_on = threading.Event(), threading.Event()
    looked = threading.Event()

    def do(action: Action) -> None:
        if isinstance(action, FileAway):
            filing.set()
            going_on.wait(PATIENCE_S)
        elif isinstance(action, Look):
            looked.set()

    crew.add_folder("busy", do)
    crew.give(FileAway("busy", (item("_working/job/a.jpg"),)))
    assert filing.wait(PATIENCE_S)
    crew.give(Look("busy", ()))
    assert looked.wait(PATIENCE_S)
    assert crew.has_something_to_finish
    going_on.set()
    await_that(lambda: not crew.has_something_to_finish)
    assert crew.dead() == []


def test_a_claim_does_not_wait_for_looks_but_for_the_search_for_orphans(deeds: Deeds) -> None:
    crew = Crew(deeds.do, time.monotonic)
    crew.add_folder("full", deeds.do)
    deeds.hanging.add("full")
    crew.give(Look("full", ()))
    assert deeds.stuck.wait(PATIENCE_S)
    given: list[Action] = [Look("full", ()), Scan("full", 1), FindOrphans("full", frozenset()), Claim("full", 1, ())]
    for action in given:
        crew.give(action)
    deeds.released.set()
    assert [deeds.next() for _ in range(5)] == [Look("full", ()), *given[2:], *given[:2]]


def test_what_is_filed_from_its_place_is_not_filed_beside_the_looks() -> None:
    claimed, in_place = item("_working/job/a.jpg"), item("a.jpg")
    assert lane(FileAway("share", (claimed,))) is Lane.FILING
    assert lane(FileAway("share", (in_place,))) is Lane.TAKING
    assert lane(FileAway("share", (claimed, in_place))) is Lane.TAKING


def item(source: str) -> FilingItem:
    return FilingItem(
        drop=1, source_path=source, identity=None, fate=Fate.MOVE, target_path="_done/a.jpg", note=None, receipt=None
    )


def test_both_threads_of_a_folder_are_seen_to_hang_and_told_to_end(deeds: Deeds) -> None:
    now_s = 0.0
    crew = Crew(deeds.do, lambda: now_s)
    before = threading.active_count()
    crew.add_folder("far", deeds.do)
    deeds.hanging.add("far")
    crew.give(FileAway("far", (item("_working/job/a.jpg"),)))
    assert deeds.stuck.wait(PATIENCE_S)
    now_s = 60.0
    assert crew.look_after(()) == ["far"]
    assert crew.look_after(()) == []
    deeds.released.set()
    crew.dismiss()
    assert threading.active_count() == before
