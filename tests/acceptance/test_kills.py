"""
The daemon is stopped, politely and not, at moments that a seed picks, and started again: nothing is lost, and nothing
is twice without being said.

Moments are log lines, and requests that the sandbox holds back so that the end comes while an answer is awaited.
"""

from __future__ import annotations

import random
import signal

import pytest

from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, check_all_arrived, copies_unnoticed, numbered, receipts, sha256

FILES = 200
KEPT = 20

HELD = {"UploadFile": 30, "getActiveJobs": 1, "getJobLogDetails": 3}
"""Requests that may be held back, and how many of each every run that is not interrupted makes at least."""


LINES = (FILES, 3 * FILES)
"""
The last line that an interruption may come at. There are two, so that recovery is interrupted as well, and the first
leaves so much to do that it always comes in time.
"""


def interrupt(place: Place, chance: random.Random, number: signal.Signals, last: int) -> int | None:
    """
    Let the daemon run until a moment by chance, at its `last` log line at the latest, and end it.

    Returns its exit code, None if it came to its own end.
    """
    lines = chance.randint(1, last)
    operation = chance.choice([None, *HELD])
    held = None
    if operation is not None:
        held = place.box.add_fault(on=operation, do="hold", nth=chance.randint(1, HELD[operation]))
    with place.start("--once") as daemon:
        is_time = daemon.has_logged(lines) if held is None else daemon.has_met(held)
        daemon.send(number)
        if number is not signal.SIGKILL:
            place.box.clear_faults()  # whoever stops politely waits for an answer that is under way
        ended = daemon.wait()
    place.box.clear_faults()
    assert not ended.noise
    return ended.code if is_time else None


def check_receipts(place: Place, *, may_lack_digest: bool) -> None:
    """
    Check that beside every original lies one receipt that tells its bytes.

    The digest is of the bytes sent and comes with the POST's result: who is killed before that never learns it.
    """
    told = {path: receipt["sha256"] for path, receipt in receipts(place, "hot").items()}
    there = place.originals("hot")
    assert told.keys() == there.keys()
    wrong = [path for path in told if told[path] != there[path] and not (may_lack_digest and told[path] == "")]
    assert wrong == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 1), (signal.SIGKILL, -signal.SIGKILL)])
def test_everything_arrives_although_the_daemon_is_ended_in_the_middle(
    make_place: MakePlace, images: list[bytes], number: signal.Signals, code: int, seed: int
) -> None:
    place = make_place(speed=400.0)
    place.configure(
        {"name": "hot", "receipts": True},
        {"name": "keep", "on_success": "keep"},
        upload={"files_per_post": 5},
        batch={"max_files": 25},
    )
    dropped = dict(numbered(images, "hot/a", FILES))
    kept = dict(numbered(images[FILES:], "keep", KEPT))
    for path, content in (dropped | kept).items():
        place.drop(path, content)
    chance = random.Random(f"{number.name} {seed}")

    codes = [interrupt(place, chance, number, last) for last in LINES]
    ended = place.run_once()

    assert codes[0] == code
    assert set(codes) <= {code, 0, None}  # 0: it was told when everything had just been done
    assert ended.code == 0, ended
    check_all_arrived(place, dropped)
    check_receipts(place, may_lack_digest=number is signal.SIGKILL)
    assert place.originals("keep") == {path.partition("/")[2]: sha256(content) for path, content in kept.items()}
    stored = {asset["sha256"] for asset in place.box.assets()}
    assert stored == {sha256(content) for content in (dropped | kept).values()}
    assert copies_unnoticed(place, kept) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_is_heeded_from_the_first_line_on(place: Place, number: signal.Signals, code: int) -> None:
    place.configure({"name": "hot"})
    with place.start() as daemon:
        daemon.await_event("daemon.ready")
        daemon.send(signal.SIGHUP)
        daemon.await_event("daemon.reloaded")
        ended = daemon.end(number)
    assert ended.code == code
    assert ended.named("daemon.stopping", signal=number.name)
