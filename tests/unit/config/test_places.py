"""Looks at hot folders, and the place of the control socket."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hotfolder.config.places import control_socket, look_at


def test_links_are_followed_as_far_as_they_exist(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    paths = [tmp_path / "link", tmp_path / "link/missing", tmp_path / "real"]
    looks = look_at(paths)
    assert [looks[path].real for path in paths] == [
        tmp_path / "real",
        tmp_path / "real/missing",
        tmp_path / "real",
    ]
    assert [looks[path].is_directory for path in paths] == [True, False, True]


def test_share_without_an_answer_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead NFS mount blocks in the kernel; here the look blocks until the test is over."""
    answer = threading.Event()
    real_path = os.path.realpath

    def hanging(path: Path) -> str:
        if path.name == "dead":
            answer.wait(60)
        return real_path(path)

    monkeypatch.setattr(os.path, "realpath", hanging)
    try:
        looks = look_at([tmp_path / "x/../dead", tmp_path], patience_s=0.2)
    finally:
        answer.set()
    assert looks[tmp_path].is_directory is True
    assert looks[tmp_path / "x/../dead"].is_directory is None
    assert looks[tmp_path / "x/../dead"].real == tmp_path / "dead"


def test_control_socket_lies_in_the_runtime_directory_if_there_is_one(tmp_path: Path) -> None:
    found = control_socket(None, "sqlite:////var/lib/ledger.db", Path("/etc/hotfolder"), runtime=tmp_path)
    assert found == tmp_path / "control.sock"


@pytest.mark.parametrize(
    ("stated", "ledger_url", "socket"),
    [
        (None, "sqlite:////var/lib/hotfolder/ledger.db", "/var/lib/hotfolder/control.sock"),
        (None, "postgresql+psycopg://db.example.com/hotfolder", "/etc/hotfolder/control.sock"),
        ("run/my.sock", "sqlite:////x.db", "/etc/hotfolder/run/my.sock"),
        ("/run/my.sock", "sqlite:////x.db", "/run/my.sock"),
    ],
)
def test_control_socket_else_lies_beside_the_ledger(
    tmp_path: Path, stated: str | None, ledger_url: str, socket: str
) -> None:
    assert control_socket(stated, ledger_url, Path("/etc/hotfolder"), runtime=tmp_path / "no") == Path(socket)
