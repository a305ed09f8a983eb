"""Who does what: a server or a share that hangs holds up only itself."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import pytest

from hotfolder.core.catalogue import Shelf
from hotfolder.core.messages import Action, AskExpiry, ListNames, Recall, Scan, SendPost, SignIn
from hotfolder.services.crew import Crew

PATIENCE_S = 30.0


class Deeds:
    """What was carried out; whatever names something that hangs waits for `released`."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.hanging: set[str] = set()
        self._done: queue.SimpleQueue[Action] = queue.SimpleQueue()

    def do(self, action: Action) -> None:
        place = getattr(action, "server", None) or getattr(action, "folder", "")
        if place in self.hanging:
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


def post(server: str) -> SendPost:
    return SendPost(server=server, folder=server, job=1, number=1, destination="", parts=())


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
    give_up_s = time.monotonic() + PATIENCE_S
    while threading.active_count() > before - 3:  # who asks, who lists, who posts
        assert time.monotonic() < give_up_s
        threading.Event().wait(0.01)
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
