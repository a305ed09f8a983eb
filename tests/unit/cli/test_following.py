"""Status, line by line."""

from __future__ import annotations

import pytest
from tests.unit.status.played import PlayedDaemon

from hotfolder.cli.following import follow_lines, in_one_line
from hotfolder.core.messages import FolderDown
from hotfolder.status.snapshot import Recent, Snapshot, take


def snapshot(*, is_up: bool = True) -> Snapshot:
    daemon = PlayedDaemon("catalog", "archive")
    if is_up:
        daemon.come_up()
        daemon.step(FolderDown("archive", "not mounted"))
        daemon.drop("chair.jpg", is_complete=True)
    return take(daemon.coordinator, Recent({"archive": {"failed": 2}}))


def test_one_line_has_all_that_is_not_nothing() -> None:
    assert in_one_line(snapshot()) == "server ok; catalog watching: 1 ready; archive degraded: 2 failed"
    assert in_one_line(snapshot(is_up=False)).startswith("server unreachable (no answer yet: ")


@pytest.mark.parametrize("json_lines", [True, False])
def test_only_changes_are_printed(json_lines: bool, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = snapshot(is_up=False), snapshot()
    looks = iter([before, before, after, after, before])
    with pytest.raises(StopIteration):
        follow_lines(lambda: next(looks), json_lines=json_lines, pause=lambda: None)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0] == lines[2] != lines[1]
