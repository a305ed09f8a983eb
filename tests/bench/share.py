"""
The hot folder of a bench: files made once, put back into their place before every round, and a daemon that serves it.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.bench.processes import BenchError, Run, Server, run

_START: Final = "import sys; from hotfolder.cli.app import main; sys.exit(main(sys.argv[1:]))"

_CONFIG: Final = """\
[server]
base_url = "{base_url}"
company = "Bench"
user = "bench@example.com"
[ledger]
url = "sqlite:///ledger.db"
[batch]
linger = "{linger}"
[tracking]
poll = "{poll}"
[control]
socket = "control.sock"
[web]
listen = "{listen}"
[[folder]]
name = "share"
path = "share"
watch = "{watch}"
destination = "Bench"
include = ["*"]
first_run_limit = 0
settle = {{ quiet = "{quiet}" }}
options = {{ overwrite = true }}
"""

PASSWORD: Final = {"HOTFOLDER_PASSWORD": "open sesame"}

POLL: Final = "250ms"
"""The server has everything done at once, so a longer interval would only be waited for."""

_JPEG_HEAD: Final = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
)
_JPEG_END: Final = b"\xff\xd9"


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """One place with a hot folder, its configuration and its ledger."""

    place: Path

    @property
    def folder(self) -> Path:
        """Return the hot folder."""
        return self.place / "share"

    @property
    def log(self) -> Path:
        """Return where standard error goes."""
        return self.place / "log"

    @property
    def config(self) -> Path:
        """Return the file of settings."""
        return self.place / "hotfolder.toml"

    @property
    def ledger(self) -> Path:
        """Return the ledger's file."""
        return self.place / "ledger.db"

    def write_config(
        self,
        base_url: str,
        *,
        quiet: str = "0s",
        linger: str = "10s",
        poll: str = POLL,
        watch: str = "auto",
        listen: str = "",
    ) -> None:
        """Write a configuration for the server at this address."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = _CONFIG.format(base_url=base_url, quiet=quiet, linger=linger, poll=poll, watch=watch, listen=listen)
        self.config.write_text(text)

    def fill_with_photos(self, count: int, size_bytes: int, *, prefix: str = "photo-") -> None:
        """Make files that look like JPEGs to whoever looks at their beginning and end; no two are the same."""
        self.folder.mkdir(exist_ok=True)
        for name, photo in photos(count, size_bytes, prefix=prefix):
            (self.folder / name).write_bytes(photo)
        os.sync()

    def fill_with_film(self, size_bytes: int) -> None:
        """Make one file that looks like a QuickTime film."""
        self.folder.mkdir(exist_ok=True)
        head = struct.pack(">I4s4sI", 16, b"ftyp", b"qt  ", 0) + struct.pack(">I4s", 8, b"moov")
        block = random.Random(2).randbytes(1024 * 1024)
        with (self.folder / "film.mov").open("wb") as film:
            film.write(head + struct.pack(">I4sQ", 1, b"mdat", size_bytes - len(head)))
            while (left := size_bytes - film.tell()) > 0:
                film.write(block[:left])
        os.sync()

    def put_back(self) -> None:
        """Have everything lie in the hot folder as if nothing had happened, and no ledger."""
        for path in [*self.folder.glob("_done/*/*")]:
            path.rename(self.folder / path.name)
        for name in ("_done", "_working", "_check", "_failed"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "_status.html").unlink(missing_ok=True)
        self.forget()
        os.sync()

    def forget(self) -> None:
        """Have no ledger."""
        for path in self.place.glob("ledger.db*"):
            path.unlink()

    def warm(self) -> None:
        """Read every file once: the daemon gives the memory of large ones back, and the next must not pay for that."""
        memory = memoryview(bytearray(1024 * 1024))
        for path in self.files():
            with path.open("rb", buffering=0) as file:
                while file.readinto(memory):
                    pass

    def files(self) -> list[Path]:
        """Return what lies in the hot folder."""
        with os.scandir(self.folder) as found:
            return sorted(Path(entry.path) for entry in found if entry.is_file())

    def send_all(self, server: Server, *, files: int) -> Run:
        """Have the daemon send everything; raises `BenchError` unless every file has been sent once and filed."""
        server.take_traffic()
        taken = run(
            [*daemon_command(), "--config", str(self.config), "run", "--once"],
            log=self.log,
            environment=PASSWORD,
        )
        traffic = server.take_traffic()
        done = sum(1 for _ in self.folder.glob("_done/*/*"))
        if traffic.files != files or done != files:
            raise BenchError(f"of {files} files {traffic.files} were sent and {done} filed: {taken.output}")
        return replace(taken, post_s=traffic.span_s)


def photos(count: int, size_bytes: int, *, prefix: str = "photo-") -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of files that look like JPEGs; no two are the same."""
    noise = random.Random(1).randbytes(2 * size_bytes).replace(b"\xff", b"\xfe")
    for number in range(count):
        start = number * 37 % size_bytes
        body = noise[start : start + size_bytes - len(_JPEG_HEAD) - len(_JPEG_END) - 4]
        yield f"{prefix}{number:06}.jpg", _JPEG_HEAD + struct.pack(">I", number & 0x7F7F7F7F) + body + _JPEG_END


def daemon_command() -> list[str]:
    """Return how the installed daemon is started with this interpreter."""
    return [sys.executable, "-c", _START]
