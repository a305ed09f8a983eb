import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sandbox.client import Caller

from hotfolder.sandbox import FaultFileError, Sandbox, SandboxError


def test_base_url_is_on_loopback(open_box: Callable[..., Sandbox]) -> None:
    box = open_box()
    assert box.base_url == f"http://127.0.0.1:{box.port}/scene7"


def test_stopping_leaves_no_thread_and_no_open_port(call: Callable[..., Caller]) -> None:
    """Connections that are kept alive do not hold it up."""
    before = threading.active_count()
    caller = call()
    box, port = caller.box, caller.box.port
    for one in (caller, call(box)):
        one.post("a.jpg", job="j")
    box.stop()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    box.stop()
    with pytest.raises(SandboxError, match="not running"):
        _ = box.base_url


def test_port_in_use_is_an_error_in_the_caller(open_box: Callable[..., Sandbox], tmp_path: Path) -> None:
    box = open_box()
    with pytest.raises(SandboxError, match=f"Cannot listen on 127.0.0.1:{box.port}: Address already in use"):
        open_box(port=box.port, data=tmp_path / "other")
    open_box(data=tmp_path / "other")  # which is free again


def test_second_sandbox_on_one_directory_is_refused(open_box: Callable[..., Sandbox], tmp_path: Path) -> None:
    box = open_box(data=tmp_path / "data")
    with pytest.raises(SandboxError, match="another sandbox uses this data directory"):
        open_box(data=tmp_path / "data")
    with pytest.raises(SandboxError, match="running already"):
        box.start()
    box.stop()
    open_box(data=tmp_path / "data")


def test_data_directory_that_cannot_be_used_is_named(open_box: Callable[..., Sandbox], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match="file: cannot be used as data directory"):
        open_box(data=tmp_path / "file")


def test_index_that_is_none_is_refused(open_box: Callable[..., Sandbox], tmp_path: Path) -> None:
    (tmp_path / "index.db").write_text("this is no database, and long enough to tell" * 100)
    with pytest.raises(SandboxError, match="not a sandbox index"):
        open_box(data=tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": -1.0}, "speed: found -1.0"),
        ({"speed": float("nan")}, "speed: found nan"),
        ({"job_timeout": 0.0}, "job_timeout: found 0.0"),
        ({"company": ""}, "company: found ''"),
        ({"company": "a/b"}, "company: found 'a/b'"),
        ({"overwrite_mode": "Never"}, "overwrite_mode: found 'Never', wanted one of OverwriteFullName, "),
        ({"faults": [{"do": "html"}, {"do": "x"}]}, "fault\\[2\\].do: found 'x'"),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        Sandbox(data=tmp_path, **settings)


def test_faults_come_from_a_file_too(call: Callable[..., Caller], tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\ndo = "empty-200"\nnth = 1\n')
    assert call(faults=path).soap("getActiveJobs").body == b""


def test_faults_are_added_and_cleared_while_it_runs(caller: Caller) -> None:
    fault = caller.box.add_fault(do="empty-200", from_=2)
    statuses = [bool(caller.soap("getActiveJobs").body) for _ in range(3)]
    assert (statuses, fault.matches, fault.hits) == ([True, False, False], 3, 2)
    caller.box.clear_faults()
    assert caller.soap("getActiveJobs").body
    with pytest.raises(FaultFileError):
        caller.box.add_fault(do="nothing")


def test_content_of_an_unknown_asset(caller: Caller) -> None:
    with pytest.raises(KeyError):
        caller.box.content("none")


def test_leavings_of_a_broken_post_are_swept_at_the_start(open_box: Callable[..., Sandbox], tmp_path: Path) -> None:
    box = open_box(data=tmp_path)
    box.stop()
    (tmp_path / "incoming" / "leftover").write_bytes(b"half")
    box.start()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_another_company_and_user(call: Callable[..., Caller]) -> None:
    caller = call(company="Müller & Söhne", user="u@example.org", password="pässword")
    assert caller.soap("getCompanyMembership").code == 10001
    auth = (
        '<authHeader xmlns="http://www.scene7.com/IpsApi/xsd/2014-04-03"><user>u@example.org</user>'
        "<password>pässword</password><appName>a</appName><appVersion>1</appVersion></authHeader>"
    )
    assert caller.soap("getCompanyMembership", auth=auth).texts("rootPath") == ["Müller & Söhne/"]
