"""An explanation as people read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.strategies import MOMENT, drop
from tests.unit.status import test_story
from tests.unit.status.test_explain import SETTINGS, answer, filed

from hotfolder.core.model import DropState, Outcome, Post, PostState, Publish, PublishState
from hotfolder.core.settings import OnSuccess
from hotfolder.status.explain import explain
from hotfolder.status.prose import as_text

PARIS = timezone(timedelta(hours=1), "CET")
NOW = MOMENT + timedelta(minutes=1)
WIDE = 10_000
SETTLING = {"drop": None, "state": "settling", "cure": None, "seen_at": "2026-01-31T12:00:00.000Z", "next": "look"}


def local(at: datetime) -> datetime:
    return at.astimezone(PARIS)


def text(told: dict[str, Any], *, now: datetime = NOW, columns: int = WIDE) -> str:
    return as_text(told, now, columns=columns, to_local=local)


def story(told: dict[str, Any], *, now: datetime = NOW) -> str:
    """Return what stands before the details."""
    return text(told, now=now).partition("\n\n")[0]


def sent(post: Post | None = None, **changes: Any) -> dict[str, Any]:
    """Return the explanation of a drop with a job and a POST."""
    one = replace(
        test_story.stored(),
        work_path="_working/catalog-1/chair.jpg",
        target_path="_done/2026-01-31/chair.jpg",
        evidence="unchanged for 1.0 s, JPEG end found",
        reason="the server stored it",
        options='{"readyForPublish": true}',
    )
    waits = Publish(
        id=1, company="Example Co", state=PublishState.WAITING, created_at=MOMENT, wanted='{"catalog": "T"}'
    )
    job = test_story.job(publish=1, publishing=replace(waits, wanted='{"catalog": "2026-01-31T22:00"}'))
    one = replace(one, **changes)
    live: dict[str, Any] = {}
    return explain(
        SETTINGS,
        Path("/catalog/chair.jpg"),
        [(one, job)],
        kind="nothing",
        today=MOMENT.date(),
        live=live,
        post=post or test_story.post(),
    )


def test_a_stored_file_is_a_story_in_one_sentence_with_its_times() -> None:
    told = sent() | {"publish_due": "2026-01-31T21:00:00.000Z"}
    assert story(told) == (
        "chair.jpg was seen today 13:00:00 CET, complete 13:00:01 (unchanged for 1.0 s, JPEG end found), "
        "claimed 13:00:02, sent 13:00:04 (with 2 others, 8.1 MB in 1.0 s), stored by Adobe 13:00:06 and "
        "filed in _done/2026-01-31 13:00:07. It goes live with the publish today at 22:00."
    )


def test_what_happens_in_one_second_has_its_time_once() -> None:
    told = sent(filed_at=test_story.stored().stored_at)
    assert "stored by Adobe 13:00:06 and filed in _done/2026-01-31. " in story(told)


def test_a_day_is_told_where_it_changes() -> None:
    assert "was seen 2026-01-31 13:00:00 CET, complete 13:00:01 " in story(sent(), now=NOW + timedelta(days=2))
    assert "was seen yesterday 13:00:00 CET, " in story(sent(), now=NOW + timedelta(days=1))
    late = sent(filed_at=MOMENT + timedelta(hours=12))
    assert "filed in _done/2026-01-31 2026-02-01 01:00:00." in story(late, now=NOW + timedelta(days=3))


def test_the_time_zone_is_that_of_each_moment() -> None:
    """In winter it is told of a file of last summer when it was there, by the clock that hung there then."""

    def by_season(at: datetime) -> datetime:
        return at.astimezone(timezone(timedelta(hours=2), "CEST") if at.month == 1 else PARIS)

    told = as_text(sent(), MOMENT + timedelta(days=60), columns=WIDE, to_local=by_season)
    assert "was seen 2026-01-31 14:00:00 CEST, " in told


def test_when_it_went_live_is_told_by_the_readers_clock() -> None:
    told = sent(outcome=Outcome.UPDATED) | {
        "visible": "it went live on 2026-01-31 at 21:02 UTC; from then on, shops may show the old image for up to "
        "10 hours",
        "published_at": "2026-01-31T21:02:03.000Z",
    }
    assert story(told).endswith("It went live 22:02:03; from then on, shops may show the old image for up to 10 hours.")


@pytest.mark.parametrize(
    ("state", "clause"),
    [
        (PostState.INTENT, "being sent since 13:00:04 (with 2 others, 8.1 MB)"),
        (PostState.ACCEPTED, "sent 13:00:04 (with 2 others, 8.1 MB in 1.0 s)"),
        (PostState.UNKNOWN, "sent 13:00:04 (with 2 others, 8.1 MB; the answer was lost)"),
    ],
)
def test_sending_tells_what_came_of_it(state: PostState, clause: str) -> None:
    assert clause in story(sent(test_story.post(2, state)))


def test_a_file_that_went_alone_went_with_no_others() -> None:
    alone, pair = (replace(test_story.post(), files=files) for files in (1, 2))
    assert "(8.1 MB in 1.0 s)" in story(sent(alone))
    assert "(with another one, 8.1 MB in 1.0 s)" in story(sent(pair))


@pytest.mark.parametrize("outcome", [one for one in Outcome if not one.is_good and one is not Outcome.WITHDRAWN])
def test_what_went_wrong_comes_with_its_reason_then_what_to_do_then_the_details(outcome: Outcome) -> None:
    told = text(answer("/catalog/chair.jpg", filed(outcome=outcome)))
    assert told.index("Because.") < told.index("What to do: ") < told.index("\n  Path: ")
    assert "_failed" in told


def test_a_file_that_was_taken_away_is_not_filed() -> None:
    one = replace(drop(1), state=DropState.WITHDRAWN, outcome=Outcome.WITHDRAWN, stored_at=MOMENT, filed_at=MOMENT)
    told = story(answer("/catalog/chair.jpg", replace(one, reason="taken away before it was sent")))
    assert told == "chair.jpg was seen today 13:00:00 CET and taken away before it was sent."


def test_an_original_that_is_kept_deleted_or_gone_is_told_so() -> None:
    kept = replace(filed(), work_path="chair.jpg", target_path="")
    assert "left in its place" in story(answer("/catalog/chair.jpg", kept, kind="file"))
    settings = replace(
        SETTINGS, folders=tuple(replace(folder, on_success=OnSuccess.DELETE) for folder in SETTINGS.folders)
    )
    assert "deleted here, as its hot folder is set up" in story(
        answer("/catalog/chair.jpg", filed(), settings=settings)
    )
    assert "It is no longer there." in story(answer("/catalog/chair.jpg", filed()) | {"is_there": False})


def settling(**more: Any) -> dict[str, Any]:
    return answer("/catalog/chair.jpg", kind="file", live=SETTLING | {"next_at": "2026-01-31T12:01:12.000Z"} | more)


def test_a_file_that_settles_tells_what_is_missing_and_when_it_is_looked_at() -> None:
    assert story(settling(reason="not yet unchanged for 5 s")) == (
        "chair.jpg was seen today 13:00:00 CET. It has not yet been unchanged for 5 s. "
        "It is looked at again at 13:01:12 (in 12 s)."
    )
    assert "It is still being written." in story(settling(reason="still being written"))
    assert "It was just found." in story(settling(reason="just found"))


def test_an_incomplete_file_tells_until_when_it_may_stay_so() -> None:
    limit = {"limit": "held", "limit_at": "2026-01-31T12:10:00.000Z"}
    told = story(settling(reason="the end of the JPEG is missing", **limit))
    assert told.endswith(
        "It is not complete: the end of the JPEG is missing. It is looked at again at 13:01:12 (in 12 s). "
        "If it stays like that, it is held in its place at 13:10:00 (in 9 minutes)."
    )
    empty = {"limit": "rejected", "limit_at": "2026-01-31T15:10:00.000Z"}
    assert "it is rejected at 16:10:00 (in 3 hours)" in story(settling(reason="the file is still empty", **empty))


def test_a_held_file_tells_why_and_what_to_do() -> None:
    told = story(settling(state="held", reason="the end of the JPEG is missing", cure="copy it again"))
    assert "It is held: the end of the JPEG is missing." in told
    assert told.endswith("\nWhat to do: copy it again.")


def on_its_way(at: DropState, **live: Any) -> dict[str, Any]:
    one = replace(drop(1), state=at, ready_at=MOMENT)
    said = {"drop": 1, "cure": None, "next_at": None, "next": None, "state": "working"} | live
    return answer("/catalog/chair.jpg", one, kind="file", live=said)


@pytest.mark.parametrize(
    ("state", "live", "sentences"),
    [
        (
            DropState.READY,
            {
                "state": "ready",
                "reason": "complete; waits for its batch to form",
                "next": "batch",
                "next_at": "2026-01-31T12:01:07.000Z",
            },
            "Its batch forms at 13:01:07 (in 7 s).",
        ),
        (
            DropState.READY,
            {
                "state": "ready",
                "reason": "waits for the server, which is unreachable: no route",
                "next": "server",
                "next_at": "2026-01-31T12:05:00.000Z",
            },
            "It waits for the server, which is unreachable: no route. The server is tried again at 13:05:00 "
            "(in 4 minutes).",
        ),
        (
            DropState.CLAIMED,
            {"reason": "taken over; waits for its turn to be sent"},
            "It waits for its turn to be sent.",
        ),
        (
            DropState.SENDING,
            {"reason": "being sent", "sent_bytes": 3_100_000, "size_bytes": 8_100_000},
            "3.1 MB of 8.1 MB have left (38%).",
        ),
        (
            DropState.SENT,
            {"state": "processing", "reason": "sent; the server works on it", "progress": 0.4},
            "Adobe works on it; its job is 40% done.",
        ),
        (DropState.SENT, {"state": "processing", "reason": "sent; the server works on it"}, "Adobe works on it."),
        (DropState.FILING, {"state": "processing", "reason": "decided; on its way to its place"}, "It is on its way"),
        (
            DropState.HELD,
            {"state": "held", "reason": "held by a person; 'hotfolder release' lets it go on"},
            "It is held by a person; 'hotfolder release' lets it go on.",
        ),
    ],
)
def test_a_file_on_its_way_tells_how_far_it_is_and_what_comes_next(
    state: DropState, live: dict[str, Any], sentences: str
) -> None:
    assert sentences in story(on_its_way(state, **live))


def test_without_a_daemon_nothing_goes_on() -> None:
    assert "No daemon is running: it goes on when one is started." in story(
        answer("/catalog/chair.jpg", drop(1), kind="file")
    )
    assert "No daemon" not in story(answer("/catalog/chair.jpg", filed()))


@pytest.mark.parametrize(
    ("path", "kind", "sentence"),
    [
        ("/etc/passwd", "file", "/etc/passwd lies in none of the hot folders: /catalog, /archive."),
        ("/catalog", "directory", "This is the hot folder catalog."),
        ("/catalog/sub", "directory", "sub is a directory: each file below it is a drop of its own."),
        ("/catalog/.hidden", "file", ".hidden is not sent: hidden file (its name begins with a dot)."),
        (
            "/catalog/link.jpg",
            "link",
            "link.jpg is not sent: it is not a file but a link to something in another place",
        ),
        ("/catalog/_done", "directory", "_done is a place of hotfolder's own: what was stored lies there, and nothing"),
        ("/catalog/_status.html", "file", "_status.html is a file of hotfolder's own: the page that tells how"),
        ("/catalog/_done/x.jpg", "file", "x.jpg is in a place of hotfolder's own: what was stored lies there"),
        ("/catalog/_done/x.jpg", "nothing", "Nothing is there, and no drop of ours was ever put there."),
        (
            "/catalog/a/never.jpg",
            "nothing",
            "never.jpg was never seen: nothing is there, and nothing of this name ever was. Dropped there now, it "
            'would become "never" in catalog/a.',
        ),
        ("/catalog/new.jpg", "file", "new.jpg is new: the daemon has not looked at it yet."),
    ],
)
def test_what_was_never_seen_is_one_sentence(path: str, kind: Any, sentence: str) -> None:
    assert story(answer(path, kind=kind, live={})).startswith(sentence)


def test_a_file_that_would_be_rejected_tells_why_first() -> None:
    told = text(answer("/catalog/huge.mp4", kind="file", live={}, objection="it is too large: make it smaller"))
    assert told.startswith("huge.mp4 would be rejected: it is too large: make it smaller.\n\n  Path: ")
    settling_too = SETTLING | {"reason": "just found", "next_at": None}
    told = text(answer("/catalog/lab.psd", kind="file", live=settling_too, objection="it is in Lab colour"))
    assert told.startswith("Caution: it would be rejected: it is in Lab colour.\n")


def test_a_hot_folder_in_trouble_tells_why() -> None:
    told = answer("/catalog", live={"folder_state": "degraded", "reason": "not mounted", "cure": "mount it"})
    assert story(told) == "This is the hot folder catalog. It is degraded: not mounted.\nWhat to do: mount it."


def test_what_was_dropped_there_before_is_told() -> None:
    told = story(answer("/catalog/chair.jpg", filed(outcome=Outcome.FAILED), kind="file", live={}))
    assert told.endswith("Another file was dropped here before (failed today 13:00:00 CET).")


def test_a_possible_second_copy_is_a_caution() -> None:
    told = story(answer("/catalog/chair.jpg", filed(possible_second_copy=True, caution="it has a twin")))
    assert "\nCaution: it has a twin.\nCaution: there may be a second copy of it on the server." in told


def test_details_name_the_rule_the_destination_and_the_exact_options() -> None:
    told = text(sent())
    for line in (
        "  Path:          /catalog/chair.jpg",
        "  Now at:        /catalog/_done/2026-01-31/chair.jpg",
        "  Hot folder:    catalog",
        "  Rule:          none of its rules",
        "  Destination:   the top folder of the company",
        "  Job:           catalog-1",
        "    readyForPublish = true",
    ):
        assert f"{line}\n" in f"{told}\n"
    elsewhere = text(answer("/catalog/_done/2026-03-01/chair.jpg", filed(), kind="file"))
    assert "  Dropped as:    chair.jpg\n" in elsewhere


def test_no_line_of_prose_is_longer_than_the_terminal() -> None:
    lines = text(sent(), columns=60).partition("\n\n")[0].splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 60


def test_text_is_safe_to_print() -> None:
    nasty = "new\nline\x1b[31m\u202e.jpg"
    told = answer(f"/catalog/{nasty}", filed(path=nasty, evidence="\x1b]0;title\x07", ready_at=MOMENT), live={})
    assert not set(text(told)) & set("\x1b\u202e\x07")
    assert r"new\nline\x1b[31m\u202e.jpg was seen" in text(told)


def test_names_from_right_to_left_turn_nothing_round() -> None:
    assert story(answer("/catalog/\u05d0\u05d1.jpg", live={})).startswith("\u2068\u05d0\u05d1.jpg\u2069 was ")
    assert "\u2068" not in story(answer("/catalog/\u00e4b.jpg", live={}))


def test_text_shows_names_as_everybody_types_them() -> None:
    assert "  Path:          /catalog/caf\u00e9.jpg\n" in text(answer("/catalog/cafe\u0301.jpg"))


def test_times_are_the_machines_own_unless_told_otherwise() -> None:
    at = MOMENT.astimezone()
    assert f"was seen today {at:%H:%M:%S %Z}" in as_text(sent(), NOW, columns=WIDE)
