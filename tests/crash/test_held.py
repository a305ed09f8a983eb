"""What a person holds waits until a person releases it, however often the daemon begins anew."""

from __future__ import annotations

import pytest

from hotfolder.core import messages as m
from hotfolder.core.model import DropState
from hotfolder.testing.ledger import FakeLedger
from tests.crash.histories import settings
from tests.crash.test_rare_turns import Puppet, actions_of


def anew(ledger: FakeLedger) -> Puppet:
    """Begin another life with the same ledger."""
    puppet = Puppet(settings(), unfinished=ledger.unfinished())
    puppet.ledger = ledger
    puppet.up()
    return puppet


def is_sent(puppet: Puppet) -> bool:
    return bool(actions_of(m.Claim, puppet.take(m.Woken(), 60.0)))


@pytest.fixture
def held() -> FakeLedger:
    """Return the ledger of a daemon that ended while a file that a person holds was not complete."""
    puppet = Puppet(settings())
    puppet.up()
    puppet.take(m.Changed("catalog", ("a.jpg",)))
    puppet.take(puppet.seen("a.jpg"))
    puppet.take(m.HoldAsked("catalog", ("a.jpg",)))
    return puppet.ledger


def test_a_file_that_was_held_before_it_was_complete_is_held_after_a_restart_too(held: FakeLedger) -> None:
    puppet = anew(held)
    puppet.settle("a.jpg")
    assert not is_sent(puppet)
    (drop,) = puppet.coordinator.board.drops.values()
    assert drop.state is DropState.HELD


def test_a_file_that_was_released_before_it_was_complete_is_sent_after_a_restart(held: FakeLedger) -> None:
    anew(held).take(m.ReleaseAsked("catalog", ("a.jpg",)))
    puppet = anew(held)
    puppet.settle("a.jpg")
    assert is_sent(puppet)


def test_a_hold_that_has_come_to_its_file_is_not_kept_for_the_next_of_that_name(held: FakeLedger) -> None:
    puppet = anew(held)
    puppet.settle("a.jpg")
    assert held.unfinished().folders["catalog"].held_paths == ()


def test_a_folder_never_seen_before_is_not_taken_for_known_because_a_file_in_it_is_held() -> None:
    puppet = Puppet(settings(), unfinished=FakeLedger().unfinished())
    puppet.take(m.Woken())
    puppet.take(m.HoldAsked("catalog", ("a.jpg",)))
    assert puppet.ledger.unfinished().folders == {}
