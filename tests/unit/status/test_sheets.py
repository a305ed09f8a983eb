"""When the status files are written, and that nothing depends on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.strategies import drop
from tests.unit.status.played import PlayedDaemon, settings_of

from hotfolder.core.companions import STATUS_MARK
from hotfolder.core.journal import InsertDrops
from hotfolder.core.messages import FolderDown, FolderUp, StatusTold, StatusWritten, WriteStatus
from hotfolder.core.model import DropState, Outcome
from hotfolder.core.settings import Settings
from hotfolder.status.sheets import Sheets
from hotfolder.status.site.look import in_language
from hotfolder.status.snapshot import Recent
from hotfolder.status.view import View
from hotfolder.status.voices import voice_of

TIMEOUT_S = 60.0


class Stage:
    """Status files of a played daemon; nothing is written but by the farewell, or when a test says so."""

    def __init__(self, given: Settings | None = None) -> None:
        self.daemon = PlayedDaemon(given=given)
        self.daemon.come_up()
        self.recent = Recent()
        self.warnings: list[str] = []
        view = View(
            self.daemon,
            recent=self.recent,
            ledger=self.daemon.ledger,
            clock=self.daemon.clock,
            sent_bytes=lambda: 0,
        )
        self.stirred = threading.Event()
        self.sheets = Sheets(
            view, self.stirred, voice_of=voice_of, warn=lambda text, error: self.warnings.append(text), gap_s=0.01
        )

    def farewell(self) -> list[StatusTold]:
        return self.sheets.farewell(self.daemon.coordinator)


@contextmanager
def stage(given: Settings | None = None) -> Iterator[Stage]:
    made = Stage(given)
    try:
        yield made
    finally:
        made.sheets.close()


def test_a_folder_in_which_nothing_ever_happened_gets_none() -> None:
    with stage() as made:
        assert made.farewell() == []


def test_what_is_seen_is_told_whole_and_by_the_folders_thread() -> None:
    with stage() as made:
        made.daemon.drop("chair.jpg")
        (told,) = made.farewell()
        (action,) = made.daemon.step(told)
    assert isinstance(action, WriteStatus)
    assert action.text.startswith(STATUS_MARK)
    assert "chair.jpg" in action.text
    assert "Still copying" in action.text
    assert "the service has ended" in action.text
    assert made.warnings == []


def test_a_folder_that_wants_none_gets_none() -> None:
    given = settings_of("catalog")
    given = replace(given, folders=tuple(replace(folder, status_file=False) for folder in given.folders))
    with stage(given) as made:
        made.daemon.drop("chair.jpg")
        assert made.farewell() == []


def test_the_thread_tells_when_something_stirs_and_nothing_when_all_is_as_it_was() -> None:
    with stage() as made:
        told = threading.Event()
        tell = made.daemon.tell

        def telling(event: object) -> None:
            tell(event)  # type: ignore[arg-type] # whatever it is, it is passed on
            told.set()

        made.daemon.tell = telling  # type: ignore[method-assign] # the fake's own, to await it
        made.daemon.drop("chair.jpg")
        made.stirred.set()
        assert told.wait(TIMEOUT_S)
        asked = made.daemon.asked
        made.daemon.step(StatusWritten("catalog"))
        made.stirred.set()
        while made.stirred.is_set() or made.daemon.asked == asked:
            told.wait(0.01)
    assert [type(event) for event in made.daemon.told] == [StatusTold]


def test_one_text_at_a_time_is_given_to_a_share_so_that_none_pile_up_where_it_hangs() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    first, second = StatusTold("catalog", "first"), StatusTold("catalog", "second")
    assert list(daemon.step(first)) == [WriteStatus("catalog", "first")]
    assert list(daemon.step(second)) == []
    assert not daemon.coordinator.may_write_status("catalog")
    daemon.step(StatusWritten("catalog"))
    assert list(daemon.step(second)) == [WriteStatus("catalog", "second")]


def test_nothing_is_written_where_the_folder_cannot_be_used() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    daemon.step(StatusTold("catalog", "first"))
    daemon.step(FolderDown("catalog", "it hangs"))
    assert list(daemon.step(StatusTold("catalog", "second"))) == []
    daemon.step(FolderUp("catalog", "watching"))
    assert daemon.coordinator.may_write_status("catalog")


def test_our_own_file_is_not_among_what_is_left_out() -> None:
    daemon = PlayedDaemon()
    daemon.come_up()
    for name in ("_status.html", ".hotfolder-status.tmp"):
        daemon.drop(name)
    daemon.drop("_STATUS.HTML")
    daemon.drop(".hidden.jpg")
    assert set(daemon.coordinator.desks["catalog"].ignored) == {"_STATUS.HTML", ".hidden.jpg"}


def test_its_template_is_compiled_before_the_first_text_is_wanted() -> None:
    compiled = [cache for language in ("en", "fr") if (cache := in_language(language).cache) is not None]
    for cache in compiled:
        cache.clear()
    with stage() as made:
        made.sheets.load(["en", "fr"])
    assert [len(cache) for cache in compiled] == [1, 1]


def test_what_somebody_should_look_at_is_told_first_and_once_with_what_to_do() -> None:
    with stage() as made:
        at = made.daemon.clock.now()
        ends = [Outcome.FAILED, *[Outcome.STORED] * 60]
        drops = [
            replace(drop(number, f"{number}.jpg"), state=DropState.FILED, outcome=outcome, filed_at=at)
            for number, outcome in enumerate(ends, 1)
        ]
        made.daemon.ledger.commit([InsertDrops(tuple(drops))])
        for one in drops:
            made.recent.add(one, None)
        (told,) = made.farewell()
        assert told.text.index("Please look at these") < told.text.index(">1.jpg<") < told.text.index("Latest")
        assert told.text.count(">1.jpg<") == 1
        assert told.text.index(">1.jpg<") < told.text.index("Put right what is said above") < told.text.index("Latest")
