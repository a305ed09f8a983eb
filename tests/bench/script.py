"""
What people write instead: `inotifywait` on a directory, and one `curl` for each file that it names.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.bench.daemon import wait_for
from tests.bench.processes import Run

MISSING: Final = "inotifywait is not installed (inotify-tools): nothing is compared with a script"

_SCRIPT: Final = """\
exec 3< <(exec inotifywait --monitor --event close_write --event moved_to --format '%w%f' "$2")
echo $!
while IFS= read -r -u 3 file; do
    job="<jobName>curl-${file##*/}</jobName><endJob>true</endJob>"
    curl --silent --fail --output /dev/null \
        --form-string 'auth=<authHeader/>' \
        --form-string "uploadParams=<uploadPostParam>$job</uploadPostParam>" \
        --form "file=@$file" "$1"
done
"""


def is_possible() -> bool:
    """Return whether its tools are there."""
    return shutil.which("inotifywait") is not None and shutil.which("curl") is not None


class Script:
    """The script at work on a directory, until the end of the `with`; `taken` is what it took then."""

    def __init__(self, directory: Path, url: str, log: Path) -> None:
        self.directory = directory
        self._log = log
        self.taken = Run(wall_s=0.0, cpu_s=0.0, memory_mib=0.0)
        with log.open("w") as stderr:
            self._process = subprocess.Popen(
                ["bash", "-c", _SCRIPT, "script", url, str(directory)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self._process.stdout is not None
        self._watcher = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        wait_for(lambda: "established" in self._log.read_text(), "inotifywait", patience_s=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self._watcher, signal.SIGTERM)  # the loop ends with what it reads from
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        assert self._process.stdout is not None
        self._process.stdout.close()
        # of bash and of all that it waited for, which are the processes of curl
        self.taken = Run(wall_s=0.0, cpu_s=usage.ru_utime + usage.ru_stime, memory_mib=usage.ru_maxrss / 1024)
