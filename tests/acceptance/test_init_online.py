"""A new administrator is asked for everything that matters, and ends with settings that work."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

from tests.acceptance.place import PASSWORD, Place
from tests.acceptance.process import PROGRAM, run


def answer(place: Place, directory: Path, *answers: str) -> subprocess.CompletedProcess[str]:
    """Run the interview with these answers, a line each."""
    return subprocess.run(
        [PROGRAM, "init", "--online", directory],
        input="".join(f"{one}\n" for one in answers),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=place.root,
    )


def test_what_was_answered_is_checked_and_works(place: Place) -> None:
    inbox = place.root / "inbox"
    inbox.mkdir()
    who = ("http://example.com/scene7", place.box.base_url, "ingest@example.com", "a wrong one", "", PASSWORD)
    ended = answer(place, place.root / "new", *who, "cat/alog", str(inbox), "catalog", str(inbox), "y", "n")

    assert ended.returncode == 0, ended
    assert "wanted https" in ended.stderr
    assert "the server refuses us" in ended.stderr
    assert 'found "cat/alog", wanted a name without' in ended.stderr
    assert "The company is Example Co" in ended.stdout
    assert PASSWORD not in ended.stdout + ended.stderr
    secret = place.root / "new/ips-password"
    assert secret.read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    text = (place.root / "new/hotfolder.toml").read_text("utf-8")
    assert "\noverwrite = true\n" in text
    assert "\nreadyForPublish = false\n" in text
    assert run("-c", place.root / "new/hotfolder.toml", "check", "--online").code == 0


def test_who_is_not_let_in_finds_nothing_written(place: Place) -> None:
    refused = answer(place, place.root / "new", place.box.base_url, *("desk@example.com", "wrong") * 3)
    away = answer(place, place.root / "new", "http://127.0.0.1:9/scene7", "desk@example.com", "wrong")
    assert (refused.returncode, away.returncode) == (3, 4), (refused, away)
    assert "refused 3 times; nothing was written" in refused.stderr
    assert "the server cannot be asked" in away.stderr
    assert not (place.root / "new").exists()


def test_settings_that_are_there_end_it_before_anybody_is_asked(place: Place) -> None:
    (place.root / "new").mkdir()
    (place.root / "new/hotfolder.toml").write_text("mine")
    ended = answer(place, place.root / "new")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "exists already" in ended.stderr
