"""What is ignored is counted once, and told as soon as it is known."""

from __future__ import annotations

from tests.crash.histories import settings
from tests.crash.test_rare_turns import Puppet

from hotfolder.core import messages as m
from hotfolder.core.ignored import IGNORED_LISTED, Ignored

WHY = "no include pattern matches"


def test_what_an_event_and_the_scan_tell_is_counted_once() -> None:
    ignored = Ignored()
    ignored.begin_scan()
    for _ in range(2):
        ignored.add("a.exe", WHY, by_scan=True)
    ignored.finish_scan()
    ignored.add("a.exe", WHY, by_scan=False)
    assert (ignored.count, ignored.names) == (1, {"a.exe": WHY})


def test_what_a_scan_has_met_replaces_what_the_one_before_has_met() -> None:
    ignored = Ignored()
    ignored.add("gone.exe", WHY, by_scan=False)
    ignored.begin_scan()
    ignored.add("new.exe", WHY, by_scan=True)
    assert set(ignored.names) == {"gone.exe"}
    ignored.finish_scan()
    assert (ignored.count, set(ignored.names)) == (1, {"new.exe"})


def test_a_flood_of_events_is_counted_but_not_all_named() -> None:
    ignored = Ignored()
    for number in range(IGNORED_LISTED + 5):
        ignored.add(f"{number}.exe", WHY, by_scan=False)
    assert (ignored.count, len(ignored.names)) == (IGNORED_LISTED + 5, IGNORED_LISTED)


def test_what_lies_in_a_new_directory_is_told_without_a_full_scan() -> None:
    puppet = Puppet(settings())
    puppet.up()
    puppet.scanned(puppet.take(m.Changed("catalog", directories=("new",))), "new/Thumbs.db")
    assert set(puppet.coordinator.desks["catalog"].ignored) == {"new/Thumbs.db"}
    assert puppet.coordinator.desks["catalog"].ignored_count == 1
