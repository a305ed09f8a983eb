import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CODE = """
import sys
from pathlib import Path
from hotfolder.sandbox import run_sandbox
faults = Path(sys.argv[2]) if len(sys.argv) > 2 else None
sys.exit(run_sandbox(port=0, data=Path(sys.argv[1]), company="Example Co", user="u", password="p", speed=0.0,
                     job_timeout_s=60.0, faults=faults))
"""


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-c", CODE, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:")
        assert line.endswith("/scene7\n")
        connection = http.client.HTTPConnection(urlsplit(line.strip()).netloc, timeout=20)
        connection.request("GET", "/api/jobs")
        assert connection.getresponse().read() == b"[]"
        connection.close()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_start_up_error_is_one_message_and_code_2(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\ndo = "explode"\n')
    with running(tmp_path, faults) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"{faults}: fault[1].do: found 'explode', wanted one of ")
