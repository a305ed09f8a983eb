"""The command, in a process of its own."""

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.unit.sandbox.client import BOUNDARY, COMPANY, JPEG, OPTIONS, auth_xml, multipart, param_xml

CODE = """
import sys
from pathlib import Path
from hotfolder.sandbox import run_sandbox
faults = Path(sys.argv[3]) if len(sys.argv) > 3 else None
sys.exit(run_sandbox(port=0, data=Path(sys.argv[1]), company="Example Co", user="ingest@example.com", password="secret",
                     speed=float(sys.argv[2]), job_timeout_s=60.0, faults=faults))
"""
FIRST = f"{COMPANY}<jobName>j</jobName><destFolder>Example Co/in/</destFolder><uploadParams>{OPTIONS}</uploadParams>"
ENDING = FIRST.replace("<uploadParams>", "<endJob>true</endJob><uploadParams>")


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-c", CODE, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@contextmanager
def connected(process: subprocess.Popen[str]) -> Iterator[http.client.HTTPConnection]:
    """A connection to the sandbox, made when it has said where it is."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("http://127.0.0.1:")
    assert line.endswith("/scene7\n")
    connection = http.client.HTTPConnection(urlsplit(line.strip()).netloc, timeout=60)
    yield connection
    connection.close()


def view(connection: http.client.HTTPConnection, name: str) -> list[dict[str, Any]]:
    connection.request("GET", f"/api/{name}")
    found = json.loads(connection.getresponse().read())
    assert isinstance(found, list)
    return found


def upload(connection: http.client.HTTPConnection, param: str, blocks: list[bytes]) -> int:
    """The status of a POST of one file, sent in blocks."""
    before, after = multipart(
        [
            ('name="auth"', auth_xml().encode()),
            ('name="uploadParams"', param_xml(param).encode()),
            ('name="f"; filename="a.jpg"', b"@@"),
        ]
    ).split(b"@@")
    connection.putrequest("POST", "/scene7/UploadFile")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(len(before) + sum(map(len, blocks)) + len(after)))
    connection.endheaders(before)
    for block in blocks:
        connection.send(block)
    connection.send(after)
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, 0) as process:
        with connected(process) as connection:
            assert view(connection, "jobs") == []
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_start_up_error_is_one_message_and_code_2(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\ndo = "explode"\n')
    with running(tmp_path, 0, faults) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"{faults}: fault[1].do: found 'explode', wanted one of ")


def test_killed_sandbox_keeps_what_it_had(tmp_path: Path) -> None:
    with running(tmp_path, 0) as process, connected(process) as connection:
        assert upload(connection, ENDING, [JPEG]) == 200
        assert upload(connection, FIRST, [JPEG]) == 200
        before = (view(connection, "assets"), view(connection, "jobs"))
        process.kill()
        process.wait()
    assert [job["state"] for job in before[1]] == ["Done", "WaitingClient"]
    with running(tmp_path, 0) as process, connected(process) as connection:
        assert (view(connection, "assets"), view(connection, "jobs")) == before


def test_memory_does_not_grow_with_the_body(tmp_path: Path) -> None:
    """An 80 MB file, in a process that peaks below that with all its imports."""
    with running(tmp_path, 0) as process, connected(process) as connection:
        assert upload(connection, ENDING, [JPEG, *[bytes(1_000_000)] * 80]) == 200
        assert view(connection, "assets")[0]["size_bytes"] == 80_000_000 + len(JPEG)
        status = Path(f"/proc/{process.pid}/status").read_text()
    (peak,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    assert peak < 64_000  # kB; about 40,000 when idle
