"""When people see a file, in words and as a moment."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from tests.strategies import MOMENT, drop
from tests.unit.core.test_notes import FOLDER

from hotfolder.core import wording
from hotfolder.core.model import Drop, Job, JobState, Outcome, Publish, PublishState
from hotfolder.core.notes import note, receipt, receipt_text
from hotfolder.core.settings import PublishWhen
from hotfolder.core.visibility import planned, promised, published_at, visible

MARKED = '{"readyForPublish": true}'
ENDED = datetime(2026, 3, 1, 21, 3, tzinfo=UTC)
TONIGHT = '{"catalog": "2026-03-01T22:00"}'


def stored(outcome: Outcome = Outcome.STORED, options: str = MARKED) -> Drop:
    return replace(drop(1), outcome=outcome, options=options, asset="chair", stored_as="chair", stored_at=MOMENT)


def waiting(publish: Publish | None, due: str = "2026-03-01T22:00") -> Job:
    return Job(
        id=1,
        name="catalog-1",
        folder="catalog",
        options=MARKED,
        state=JobState.OVER,
        created_at=MOMENT,
        publish=publish.id if publish else None,
        publish_due=due,
        publishing=publish,
    )


def publish(state: PublishState = PublishState.WAITING, **more: object) -> Publish:
    given = Publish(id=1, company="Example Co", state=state, created_at=MOMENT, wanted=TONIGHT)
    return replace(given, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("publish_", "text"),
    [
        (publish(), "it goes live with the publish at 22:00 on 2026-03-01"),
        (publish(wanted='{"a": "2026-03-01T22:00", "b": ""}'), "it goes live with the next publish, which begins as s"),
        (publish(reason="no room"), "the last try failed: no room"),
        (publish(PublishState.SUBMITTING), "it is being published"),
        (publish(PublishState.SUBMITTED), "it is being published"),
        (publish(PublishState.PUBLISHED, ended_at=ENDED), "it went live on 2026-03-01 at 21:03 UTC"),
        (publish(PublishState.PUBLISHED, ended_at=ENDED, missed="a\nb"), "it went live on 2026-03-01 at 21:03 UTC"),
        (
            publish(PublishState.PUBLISHED, ended_at=ENDED, missed="a\nchair", reason="no room"),
            "it was stored, but could not be published: no room",
        ),
        (publish(PublishState.DROPPED, ended_at=ENDED), "publishing was switched off"),
    ],
    ids=lambda value: value.state.value if isinstance(value, Publish) else None,
)
def test_a_stored_file_says_how_its_publish_stands(publish_: Publish, text: str) -> None:
    said = visible(stored(), waiting(publish_))
    assert said is not None
    assert text in said
    assert not re.search("asset|job|handle", said, re.IGNORECASE)


def test_a_file_that_replaced_another_warns_of_the_old_image() -> None:
    """What is cached on the way to a shop lives on for a while."""
    out = "it went live on 2026-03-01 at 21:03 UTC"
    said = visible(stored(Outcome.UPDATED), waiting(publish(PublishState.PUBLISHED, ended_at=ENDED)))
    assert said == f"{out}; from then on, shops may show the old image for up to 10 hours"
    assert "old image" not in (visible(stored(), waiting(publish())) or "")
    missed = publish(PublishState.PUBLISHED, ended_at=ENDED, missed="chair")
    assert "old image" not in (visible(stored(Outcome.UPDATED), waiting(missed)) or "")


def test_without_a_publish_of_ours_it_says_what_that_means() -> None:
    for job in (None, waiting(None)):
        assert visible(stored(), job) == wording.LIVE_BY_OTHERS
        assert visible(stored(options='{"readyForPublish": false}'), job) == wording.NOT_MARKED


@pytest.mark.parametrize("outcome", [None, *sorted(set(Outcome) - {Outcome.STORED, Outcome.UPDATED, Outcome.RENAMED})])
def test_what_is_not_stored_says_nothing(outcome: Outcome | None) -> None:
    given = replace(stored(), outcome=outcome)
    done = waiting(publish(PublishState.PUBLISHED, ended_at=ENDED))
    assert (visible(given, done), promised(given, done), published_at(given, done)) == (None, None, None)


def test_a_moment_is_given_only_for_what_is_out() -> None:
    out = publish(PublishState.PUBLISHED, ended_at=ENDED, missed="table")
    assert published_at(stored(), waiting(out)) == ENDED
    assert published_at(stored(), waiting(replace(out, missed="chair"))) is None
    assert published_at(stored(), waiting(publish())) is None
    assert published_at(stored(), None) is None


def test_history_tells_what_is_known_now_and_the_receipt_beside_the_file_what_was_promised() -> None:
    """A filing that is cut short and done again must find its own receipt, whatever the publish has done meanwhile."""
    before, after = waiting(publish()), waiting(publish(PublishState.PUBLISHED, ended_at=ENDED))
    assert receipt(stored(), after)["published_at"] == "2026-03-01T21:03:00.000Z"
    assert receipt(stored(), before)["published_at"] is None
    assert receipt_text(stored(), before) == receipt_text(stored(), after)
    assert 'visible = "it goes live with the publish at 22:00 on 2026-03-01"' in receipt_text(stored(), after)


def test_a_note_says_when_the_file_goes_live() -> None:
    renamed = replace(stored(Outcome.RENAMED), stored_as="chair-1")
    _, text = note(renamed, FOLDER, job=waiting(publish()))
    assert "It goes live with the publish at 22:00 on 2026-03-01." in " ".join(text.split())


@pytest.mark.parametrize(
    ("when", "options", "text"),
    [
        (PublishWhen.NEVER, MARKED, wording.LIVE_BY_OTHERS),
        (PublishWhen.AFTER_JOB, MARKED, wording.LIVE_SOON),
        (time(22, 0), MARKED, "it goes live with the first publish at 22:00 after it is stored"),
        (time(22, 0), "{}", wording.NOT_MARKED),
    ],
)
def test_what_is_still_to_be_stored_says_what_is_planned(when: PublishWhen | time, options: str, text: str) -> None:
    assert planned(when, options) == text
