"""
A job's log of two thousand five hundred rows with everything odd in it that a log may have (RELIABILITY F1 to F8).

What each file is to come to is written down here, file by file, from what was done to it; nothing is asked of the code
that decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from hotfolder.core.model import DropState, Outcome
from tests.crash.answering import FILES, Run, Script

KINDS = 20


@dataclass(frozen=True)
class Kind:
    """What is done to every twentieth file, and what it comes to."""

    fault: Script | None
    outcome: Outcome
    reason: str  # a part of it
    has_handle: bool = True  # the receipt tells the asset's handle, so the row or the asset was found
    note: str = ""  # a remark of the server that is kept


def odd_word(log_type: str) -> Script:
    return {"do": "log-type", "log_type": log_type}


STORED = "the server stored it"
PROVEN = "found on the server, with the same name"
SKIPPED = "is there already, and replacing it is switched off"

PLAIN = Kind(None, Outcome.STORED, STORED)
UPDATED = Kind(None, Outcome.UPDATED, "the server replaced the earlier version by it")
DUPLICATE = Kind(None, Outcome.DUPLICATE, SKIPPED)
TRASHED = Kind(None, Outcome.RENAMED, "under the name")

BY_KIND: dict[int, Kind] = {
    1: Kind({"do": "upload-error", "message": "No pixels"}, Outcome.FAILED, "No pixels", has_handle=False),
    2: Kind({"do": "upload-warning", "message": "Odd colours"}, Outcome.STORED, "with remarks", note="Odd colours"),
    3: UPDATED,  # its name exists
    4: Kind({"do": "rename"}, Outcome.RENAMED, "under the name"),
    5: TRASHED,  # its name lies in the trash
    6: Kind({"do": "vanish"}, Outcome.FAILED, "its virus scan may have taken the file away", has_handle=False),
    7: Kind({"do": "no-log-row"}, Outcome.STORED, PROVEN),
    8: Kind({"do": "nameless-row"}, Outcome.STORED, STORED, has_handle=False),  # known by its message only
    9: Kind(odd_word("UploadSucess"), Outcome.STORED, STORED),
    10: Kind(odd_word("UPLOADSUCCESS"), Outcome.STORED, STORED),
    11: Kind(odd_word("FleEnd"), Outcome.STORED, PROVEN),  # as Adobe's page prints it; says nothing of the file
    12: Kind(odd_word("VideoPubilshSuccess"), Outcome.STORED, PROVEN),  # the same
    13: Kind(odd_word("UploadMiracle"), Outcome.STORED, PROVEN),  # nobody knows this word
    14: Kind(odd_word("FileCancel"), Outcome.FAILED, "its upload was cancelled", has_handle=False),
    15: Kind(odd_word("IPSJobLog.gcUploadError"), Outcome.FAILED, "could not use it", has_handle=False),
    16: Kind(odd_word("PdfRipError"), Outcome.FAILED, "could not use it", has_handle=False),
    17: Kind(odd_word("DuplicateSkipped"), Outcome.STORED, PROVEN),  # the log tells of a second one only
    18: Kind(odd_word("gcFileUpdated"), Outcome.UPDATED, "the server replaced the earlier version by it"),
}


def kind_of(number: int, *, overwrite: bool) -> Kind:
    """What is done to a file, by its number."""
    kind = BY_KIND.get(number % KINDS, PLAIN)
    # a name in the trash is taken too, so nothing of either is sent where nothing is to be replaced
    return DUPLICATE if kind in (UPDATED, TRASHED) and not overwrite else kind


def scripts() -> list[dict[str, Any]]:
    """The faults of all files, and enough rows of progress for a log of three pages."""
    numbers = range(FILES)
    odd = [
        {**kind.fault, "file": f"f{number:03}.txt"}
        for number in numbers
        if (kind := BY_KIND.get(number % KINDS)) is not None and kind.fault is not None
    ]
    return [*odd, {"do": "noise", "rows": 18, "file": "f??[!8].txt"}]  # which would give a nameless row's file a name


@pytest.fixture(params=[True, False], ids=["replacing", "not replacing"])
def overwrite(request: pytest.FixtureRequest) -> bool:
    on: bool = request.param
    return on


@pytest.fixture
def run(begin: Callable[..., Run], overwrite: bool) -> Run:
    """One job of two hundred files, some of whose names are taken; its log grows while it is read."""
    run = begin(jobs=1, overwrite=overwrite, speed=30.0, seconds_per_request=0.05)
    taken = [number for number in range(FILES) if number % KINDS in (3, 5)]
    run.occupy(f"f{number:03}" for number in taken)
    for number in taken:
        if number % KINDS == 5:
            run.box.trash(f"f{number:03}")
    for script in scripts():
        run.box.add_fault(**script)
    run.box.add_fault(on="getActiveJobs", do="hollow", count=6)  # as if the job were over already
    return run


def test_every_file_comes_to_what_was_done_to_it(run: Run, overwrite: bool) -> None:
    run.play()
    job = next(job for job in run.box.jobs() if job["name"].startswith("catalog-"))
    assert len(job["log"]) > 2500
    assets = {asset["name"]: asset for asset in run.box.assets()}
    for number in range(FILES):
        name = f"f{number:03}"
        kind, drop = kind_of(number, overwrite=overwrite), run.drops[f"{name}.txt"]
        assert drop.state is DropState.FILED
        assert (drop.outcome, kind.reason in drop.reason) == (kind.outcome, True), (name, drop.outcome, drop.reason)
        assert kind.note in drop.warnings
        assert not drop.possible_second_copy, name
        if kind.outcome is Outcome.RENAMED:
            assert drop.stored_as == f"{name}-1"
        if kind.outcome is not Outcome.DUPLICATE:
            told = assets[drop.stored_as or name]["asset_handle"] if kind.has_handle else None
            assert drop.asset_handle == told, name

    sent = [name for request in run.box.requests for name in request.file_names]
    vanished = [f"f{number:03}.txt" for number in range(FILES) if number % KINDS == 6]
    ours = [name for name in run.dropped if overwrite or name not in run.occupied]
    assert sorted(sent) == sorted([*run.occupied, *ours, *vanished]), "only what came to nothing is sent again"

    told = run.told("job.remark")
    assert "unknown log type 'UploadMiracle' in 10 rows" in told
    assert any(reason.startswith("the server counts ") for reason in told)
    assert run.asked("getJobLogDetails") >= 3 * 3  # three pages, more than once: it grew while it was read
