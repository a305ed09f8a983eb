"""
Every answer of the server in the middle of a run of two hundred files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from hotfolder.core.model import Outcome
from hotfolder.core.server import Action
from hotfolder.ips.faults import FAULTS
from tests.crash.answering import FILES, POSTS, TOGETHER, Run, Script

POISON = "f042.txt"

OPENS = {"on": "UploadFile", "file": "f002.txt", "nth": 1}  # the POST that opens the first job
LATER = {"on": "UploadFile", "file": "f062.txt", "nth": 1}  # one in the middle of it


def test_without_a_fault_nothing_is_sent_or_asked_twice(begin: Callable[..., Run]) -> None:
    run = begin()
    run.play()
    run.check()
    assert (run.posts, run.ends) == (POSTS, 0)
    assert run.asked("getCompanyInfo") == 1


# --- one POST in the middle is answered so ---

RESENT = POSTS + 1, 0  # the same POST once more
SINGLY = POSTS + TOGETHER, 0  # each file of it alone
SOUGHT = POSTS, 1  # it was taken: its job is ended, and its log tells
MISSED = POSTS + 1, 1  # it was not: its job is ended, the log does not name its files, and they go once more
TAKEN = POSTS, 0  # nothing was wrong

AFTER = {Action.STOP: RESENT, Action.RETRY: RESENT, Action.REFUSE: SINGLY, Action.DENY: SINGLY}


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"{row.code}-{row.name}")
def test_fault_that_passes(begin: Callable[..., Run], row: Any) -> None:
    run = begin({**LATER, "do": "fault", "code": row.code, "reason": "Just now"})
    run.play()
    run.check()
    assert (run.posts, run.ends) == AFTER[row.action]
    text = [f"{row.text} (fault {row.code}: Just now)"]
    stops = row.action is Action.STOP and row.code != 20000  # a company is looked for once more first
    assert run.told("server.refused") == (text if stops else [])
    assert run.told("server.unreachable") == (text if row.code == 20000 else [])


ANSWERS: dict[str, tuple[Script, tuple[int, int]]] = {
    "301": ({"do": "redirect", "location": "http://127.0.0.1:9/", "status": 301}, RESENT),
    "403": ({"do": "http-503", "status": 403}, RESENT),
    "413": ({"do": "http-503", "status": 413}, SINGLY),
    "429": ({"do": "http-503", "status": 429, "retry_after": 90}, RESENT),
    "503": ({"do": "http-503"}, RESENT),
    "500": ({"do": "http-503", "status": 500}, MISSED),
    "502 of what was taken": ({"do": "http-503", "status": 502, "processed": True}, SOUGHT),
    "HTML": ({"do": "html"}, MISSED),
    "garbage": ({"do": "garbage"}, MISSED),
    "nothing": ({"do": "empty-200"}, MISSED),
    "fault with 200": ({"do": "fault", "code": 30000, "as_200": True}, RESENT),
    "truncated": ({"do": "truncated"}, SOUGHT),
    "packed": ({"do": "gzip"}, TAKEN),
    "packed and damaged": ({"do": "broken-gzip"}, SOUGHT),
    "another namespace": ({"do": "namespace"}, TAKEN),  # names count, not namespaces (PROTOCOL 2.6)
    "no handle": ({"do": "hollow"}, SOUGHT),
    "huge": ({"do": "huge"}, SOUGHT),
    "drips": ({"do": "drip", "bytes_per_second": 40}, SOUGHT),
    "never comes": ({"do": "hold"}, SOUGHT),
    "swallowed before": ({"do": "swallow-before"}, MISSED),
    "swallowed after": ({"do": "swallow-after"}, SOUGHT),
    "stalls": ({"do": "stall", "after_bytes": 3000}, MISSED),
    "reset": ({"do": "reset", "after_bytes": 3000}, MISSED),
}


NEVER_WHOLE = ("drips", "never comes", "stalls")


@pytest.mark.parametrize("answer", ANSWERS)
def test_answer_in_the_middle_of_a_job(begin: Callable[..., Run], answer: str) -> None:
    script, wanted = ANSWERS[answer]
    run = begin(read_timeout_s=1.5 if answer in NEVER_WHOLE else 30.0)
    fault = run.box.add_fault(**LATER, **script)
    started_s = run.world.clock.monotonic()
    run.play()
    run.box.clear_faults()  # what is held back is recorded now
    run.check()
    assert fault.hits == 1
    assert (run.posts, run.ends) == wanted
    assert run.world.clock.monotonic() - started_s >= script.get("retry_after", 0)


@pytest.mark.parametrize("answer", ["HTML", "swallowed after", "reset", "503"])
def test_answer_to_the_post_that_opens_a_job(begin: Callable[..., Run], answer: str) -> None:
    """A job of that name is sought, and only when it cannot be there any more another one is opened."""
    script, wanted = ANSWERS[answer]
    run = begin({**OPENS, **script})
    run.play()
    run.check()
    assert (run.posts, run.ends) == (RESENT if wanted == MISSED else wanted)


# --- one file is answered so, again and again ---

FAILS: dict[str, tuple[Script, int, str]] = {
    "30001": ({"do": "fault", "code": 30001, "reason": "Bad"}, POSTS + TOGETHER, "(fault 30001: Bad)"),
    "30003": ({"do": "fault", "code": 30003}, POSTS + TOGETHER, "the server cannot read our request"),
    "20009": ({"do": "fault", "code": 20009}, POSTS + TOGETHER, "no permission for the folder or the existing file"),
    "413": ({"do": "http-503", "status": 413}, POSTS + TOGETHER, "HTTP 413: too large for the server"),
    # together twice, then each alone, and three times more for the one
    "30000": ({"do": "fault", "code": 30000, "reason": "In use"}, POSTS + 1 + TOGETHER + 2, "(fault 30000: In use)"),
    "500": ({"do": "http-503", "status": 500}, POSTS + 1 + TOGETHER + 2, "the server does not have it"),
    "swallowed": ({"do": "swallow-before"}, POSTS + 1 + TOGETHER + 2, "the server does not have it"),
    "reset": ({"do": "reset", "after_bytes": 10}, POSTS + 1 + TOGETHER + 2, "the server does not have it"),
}


@pytest.mark.parametrize("answer", FAILS)
def test_one_poison_file_fails_alone(begin: Callable[..., Run], answer: str) -> None:
    script, posts, reason = FAILS[answer]
    run = begin({"on": "UploadFile", "file": POISON, **script})
    run.play()
    run.check({POISON: reason})
    assert run.posts == posts
    sent = Counter(name for request in run.box.requests for name in request.file_names)
    assert max(count for name, count in sent.items() if name != POISON) <= 3
    assert sent[POISON] <= run.world.settings.retry.tries


def test_file_that_ends_its_job_fails_alone(begin: Callable[..., Run]) -> None:
    """The others of its job come to nothing with it, twice; then each goes alone."""
    run = begin({"do": "fatal", "file": POISON, "message": "The converter crashed."})
    run.play()
    run.check({POISON: "the server gave up: The converter crashed"})
    sent = Counter(name for request in run.box.requests for name in request.file_names)
    assert sent[POISON] == run.world.settings.retry.tries
    assert max(count for name, count in sent.items() if name != POISON) == 3


def test_file_that_a_proxy_does_not_let_through_fails_alone_when_others_pass(begin: Callable[..., Run]) -> None:
    run = begin({"on": "UploadFile", "file": POISON, "do": "http-503", "status": 403})
    run.play()
    run.check({POISON: "does not let this file through, though it lets others: HTTP 403"})
    sent = Counter(name for request in run.box.requests for name in request.file_names)
    assert sent[POISON] <= run.world.settings.retry.tries + 3  # until others have passed nothing tells it from them
    assert max(count for name, count in sent.items() if name != POISON) <= 4


def test_proxy_that_lets_nothing_through_burns_no_tries(begin: Callable[..., Run]) -> None:
    run = begin({"on": "UploadFile", "do": "http-503", "status": 403, "count": 30})
    run.play()
    run.check()
    assert all(drop.tries == 0 for drop in run.drops.values())
    assert len(run.told("server.unreachable")) >= 1


def test_catch_all_fault_on_everything_is_waited_out(begin: Callable[..., Run]) -> None:
    """Trouble of the server's own, for a few minutes: with short waits every file would have failed."""
    run = begin()
    fault = run.box.add_fault(on="UploadFile", from_=4, do="fault", code=30000)
    run.world.at(200.0, lambda world: run.box.clear_faults())
    run.play()
    run.check()
    assert fault.hits <= 30


def test_catch_all_fault_that_stays_fails_what_it_meets(begin: Callable[..., Run]) -> None:
    run = begin({"on": "UploadFile", "from": 4, "do": "fault", "code": 30000, "reason": "For ever"})
    run.play()
    failed = {path: "(fault 30000: For ever)" for path, drop in run.drops.items() if drop.outcome is Outcome.FAILED}
    assert len(failed) == FILES - 3 * TOGETHER
    run.check(failed)


def test_wait_that_the_server_asks_for_with_a_fault_is_kept(begin: Callable[..., Run]) -> None:
    run = begin({**LATER, "do": "fault", "code": 30000, "retry_after": 600})
    started_s = run.world.clock.monotonic()
    run.play()
    run.check()
    assert run.world.clock.monotonic() - started_s >= 600
    assert run.posts == POSTS + 1


def test_name_that_exists_after_a_lost_attempt_is_known_as_our_own(begin: Callable[..., Run]) -> None:
    """The server hid what it had taken for so long that it was sent once more, and nothing is to be replaced."""
    run = begin({**OPENS, "do": "swallow-after"}, overwrite=False, after_s=1000.0)
    hidden = [run.box.add_fault(on=question, do="hollow") for question in ("getActiveJobs", "getJobLogDetails")]
    run.box.add_fault(on="getAssetsByName", do="hollow", nth=1)
    run.world.at(1500.0, lambda world: run.box.clear_faults())
    run.play()
    run.check()
    assert all(fault.hits > 10 for fault in hidden)
    assert run.posts == POSTS + 1
    again = Counter(drop.reason for drop in run.drops.values())
    assert again["already there from our earlier attempt"] == TOGETHER


# --- permission ---


def test_folder_without_permission_is_held_and_the_server_is_not(begin: Callable[..., Run]) -> None:
    run = begin({"on": "UploadFile", "do": "fault", "code": 20009, "reason": "No"})
    run.play()
    failed = [drop for drop in run.drops.values() if drop.outcome is Outcome.FAILED]
    assert 5 <= len(failed) <= 6  # one more may have been under way
    assert all("no permission for the folder" in drop.reason for drop in failed)
    (held,) = run.told("folder.held")
    assert "(fault 20009: No)" in held
    assert "'hotfolder release'" in held
    assert not run.told("server.refused")
    share = run.world.shares["catalog"].files
    assert len([path for path in share if not path.startswith("_failed/")]) == FILES - len(failed)


def test_company_whose_handle_is_no_good_is_found_anew_at_once_but_only_once(begin: Callable[..., Run]) -> None:
    run = begin({"on": "UploadFile", "from": 4, "count": 4, "do": "fault", "code": 20000})
    started_s = run.world.clock.monotonic()
    run.play()
    run.check()
    assert run.world.clock.monotonic() - started_s >= 900
    assert run.asked("getCompanyInfo") == 1 + 1 + 1
    assert len(run.told("server.unreachable")) == len(run.told("server.refused")) == 1


# --- questions ---

ODD_ANSWERS: dict[str, Script] = {
    "503": {"do": "http-503", "count": 4},
    "fault": {"do": "fault", "code": 30000, "count": 4},
    "permission": {"do": "fault", "code": 20003, "count": 1},
    "HTML": {"do": "html", "count": 4},
    "truncated": {"do": "truncated", "count": 4},
    "damaged": {"do": "broken-gzip", "count": 4},
    "reset": {"do": "reset", "after_bytes": 100, "count": 4},
}


@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_odd_answers_to_questions_send_nothing_again(begin: Callable[..., Run], answer: str) -> None:
    questions = ("getActiveJobs", "getJobLogDetails")
    run = begin(*({"on": question, **ODD_ANSWERS[answer]} for question in questions))
    run.play()
    run.check()
    assert (run.posts, run.ends) == (POSTS, 0)
    assert all(run.asked(question) < 20 for question in questions)


def test_log_that_is_not_there_yet_is_no_verdict(begin: Callable[..., Run]) -> None:
    """Neither listed nor logged is undecided (PROTOCOL 4.2)."""
    run = begin({"on": "getJobLogDetails", "do": "hollow", "count": 20})
    run.play()
    run.check()
    assert (run.posts, run.ends) == (POSTS, 0)


def test_jobs_that_run_one_after_the_other_are_waited_for(begin: Callable[..., Run]) -> None:
    run = begin(serial=True, speed=2.0)
    run.play()
    run.check()
    assert (run.posts, run.ends) == (POSTS, 0)
