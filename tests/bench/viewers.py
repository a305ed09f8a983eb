"""
The page with a long history and many who look: how soon it answers, and what viewers cost while nothing happens.

50,000 drops are finished, 500 wait in the hot folder, and 50 browsers keep the page open, as each does with one stream
of events. Times are those of whole requests over loopback, one after the other; the CPU of the daemon beside them says
how much of that is its own work, on a machine that has other things to do as well.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.bench.daemon import Daemon, wait_for
from tests.bench.history import fill
from tests.bench.processes import BenchError, Server
from tests.bench.share import Share
from tests.bench.table import Figures, figures, tell

FINISHED: Final = 50_000
OPEN: Final = 500
VIEWERS: Final = 50
REQUESTS: Final = 200
SIZE_BYTES: Final = 1_000
AT_REST_S: Final = 10.0
MEASURED_S: Final = 20.0
LIMIT_S: Final = 0.1  # for the first answer
PATIENCE_S: Final = 60.0

PAGES: Final = ("/", "/folder/share", "/find?q=earlier-00049", "/api/status")


def viewers(place: Path, server: Server, *, quick: bool, rounds: int) -> None:
    """Measure and show."""
    del rounds
    finished, waiting, count, requests = (2_000, 20, 5, 5) if quick else (FINISHED, OPEN, VIEWERS, REQUESTS)
    measured_s = 2.0 if quick else MEASURED_S
    share = Share(place=place / "viewers")
    share.write_config(server.base_url(), linger="1h", listen="127.0.0.1:0")
    share.config.write_text(share.config.read_text().replace("[batch]", "[batch]\nmax_files = 5000"))
    fill(share.ledger, finished)
    share.fill_with_photos(waiting, SIZE_BYTES)
    with Daemon(share) as daemon:
        daemon.await_ready()
        looking = Browser(_address(share))
        wait_for(lambda: looking.waiting() == waiting, "all to be seen", patience_s=PATIENCE_S, every_s=0.2)
        time.sleep(1.0 if quick else AT_REST_S)
        browser = Browser(_address(share))  # the server ends a connection on which nothing is asked for seconds
        first_s = browser.get("/")
        alone = {page: _asked(daemon, browser, page, requests) for page in PAGES}
        without_s = _at_rest(daemon, measured_s)
        with _looking_on(_address(share), count):
            with_s = _at_rest(daemon, measured_s)
            with_them = _asked(daemon, Browser(_address(share)), "/", requests)
            together_s = _all_at_once(_address(share), count)
        daemon.check()
    rows = [Figures(what=page, values=taken[0]) for page, taken in alone.items()]
    rows.append(Figures(what=f"/ with {count} viewers", values=with_them[0]))
    title = f"viewers: {finished} finished, {waiting} waiting, {requests} requests each"
    slowest = rows[0].quantile(0.99)
    figures(title, "ms", [Figures(what=row.what, values=[1e3 * value for value in row.values]) for row in rows], {})
    tell(
        "viewers: what they cost",
        {
            "the first answer": f"{1e3 * first_s:.1f} ms",
            "CPU of one /": f"{1e3 * alone['/'][1]:.1f} ms",
            f"{count} at once, the last of them": f"{1e3 * together_s:.0f} ms",
            f"CPU at rest in {measured_s:.0f} s, nobody looks": f"{without_s:.2f} s",
            f"CPU at rest in {measured_s:.0f} s, {count} look": f"{with_s:.2f} s",
        },
        {
            f"of {1e3 * LIMIT_S:.0f} ms to the first answer": LIMIT_S / first_s,
            f"of {1e3 * LIMIT_S:.0f} ms to 99 % of all": LIMIT_S / slowest,
            "of 1 % of a core to what idle viewers take": 0.01 * measured_s / max(with_s - without_s, 0.001),
        },
    )


class Browser:
    """One connection that is kept."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)

    def get(self, path: str) -> float:
        """Return the seconds from asking to the last byte."""
        began_s = time.perf_counter()
        self._read(path)
        return time.perf_counter() - began_s

    def waiting(self) -> int:
        """Return how many drops are ready."""
        folders = json.loads(self._read("/api/status"))["folders"]
        return sum(folder["counts"]["ready"] for folder in folders)

    def _read(self, path: str) -> bytes:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BenchError(f"{path}: {answer.status}")
        return body


def _asked(daemon: Daemon, browser: Browser, page: str, requests: int) -> tuple[list[float], float]:
    """Return the seconds of each request, and the CPU seconds of one."""
    before_s = daemon.cpu_s()
    took = [browser.get(page) for _ in range(requests)]
    return took, (daemon.cpu_s() - before_s) / requests


def _at_rest(daemon: Daemon, seconds: float) -> float:
    before_s = daemon.cpu_s()
    time.sleep(seconds)
    return daemon.cpu_s() - before_s


@contextmanager
def _looking_on(address: tuple[str, int], count: int) -> Iterator[None]:
    """Keep so many streams of events open, and wait until each has begun."""
    with ExitStack() as stack:
        for _ in range(count):
            connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
            stack.callback(connection.close)
            connection.request("GET", "/live")
            if not connection.getresponse().readline().startswith(b"retry:"):
                raise BenchError("/live: no stream of events")
        yield


def _all_at_once(address: tuple[str, int], count: int) -> float:
    """Return the seconds until each of so many browsers has the page that all ask for when something changed."""
    browsers = [Browser(address) for _ in range(count)]
    threads = [threading.Thread(target=browser.get, args=("/",)) for browser in browsers]
    began_s = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began_s


def _address(share: Share) -> tuple[str, int]:
    lines = share.log.read_text().splitlines()
    ready = next(json.loads(line) for line in lines if '"daemon.ready"' in line)
    parts = urlsplit(ready["page"])
    return str(parts.hostname), int(parts.port or 0)
