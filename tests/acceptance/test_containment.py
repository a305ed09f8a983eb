"""
Nothing leaves that was not dropped, however somebody baits or swaps, and the password stands in its two places only.

Everything that the daemon puts out is looked through: what it sends, at the line itself, its log with every level, its
notes, receipts and status files, its ledger, every page and answer, and the arguments and environments of processes.
"""

from __future__ import annotations

import ctypes
import io
import os
import re
import stat
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
import tomli_w
from lxml import etree
from PIL import Image

from tests.acceptance.asking import PAGE, command, over_socket, over_tcp, page_of
from tests.acceptance.canary import holders, joined
from tests.acceptance.conftest import MakePlace
from tests.acceptance.place import Place, sha256
from tests.acceptance.process import PROGRAM, Ended, Process
from tests.acceptance.trouble import no_more_files
from tests.torture.proxy import FINE, Proxy, Toxic

PASSWORD: Final = """canary <pass> & "word" o'\\ré 4711"""

SECRET: Final = """canary <of> what "nobody" & 'nothing' dröpped \\ 7f3a91"""
"""Stands in every file that is not to leave."""

SECRET_NAME: Final = "canary-name-5e1f20"
"""In the names of files outside: who lists what a link leads to says them."""

SECRET_COLOUR: Final = (250, 5, 245)
"""Of every picture that is not to leave: a small picture of it has no text any more."""

AT_DEBUG: Final = (PROGRAM.with_name("python"), "-m", "tests.acceptance.at_debug")

pytestmark = pytest.mark.slow

_libc = ctypes.CDLL(None, use_errno=True)


def exchange(one: Path, other: Path) -> None:
    """Let two names change places at one stroke: at no moment is nothing there (renameat2(2), RENAME_EXCHANGE)."""
    assert _libc.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2) == 0, os.strerror(ctypes.get_errno())


def secret_picture() -> bytes:
    """Return a picture that would be sent at once if it lay in a hot folder."""
    out = io.BytesIO()
    Image.new("RGB", (24, 16), SECRET_COLOUR).save(out, "JPEG", comment=SECRET.encode(), quality=95)
    return out.getvalue()


class Trap:
    """An installation before a line that is listened to, with secrets beside its hot folders."""

    def __init__(self, place: Place, proxy: Proxy) -> None:
        self.place = place
        self.proxy = proxy
        self.outside = place.root / "outside"
        self.aside = place.root / "aside"
        self._secrets: dict[Path, bytes] = {}
        self._swapped: list[tuple[Path, Path]] = []
        self.baits: list[Path] = []  # what somebody has put into hot folders, or in the place of what lay there
        self.outputs: dict[str, bytes] = {}
        self.pictures: dict[str, bytes] = {}
        self.aside.mkdir()
        self.secret("secret.jpg")
        self.secret(f"{SECRET_NAME}.jpg")

    def configure(self, *folders: dict[str, object], **tables: dict[str, object]) -> None:
        """Write settings whose way to the server leads through the listener."""
        server = {"base_url": f"http://127.0.0.1:{self.proxy.port}/scene7"}
        self.place.configure(*folders, **({"server": server, "web": PAGE} | tables))

    @contextmanager
    def daemon(self, **environment: str) -> Iterator[Process]:
        """Run the daemon, its log at its most talkative."""
        with Process(self.place.config, program=AT_DEBUG, environment=environment) as process:
            process.await_event("daemon.ready")
            yield process

    # --- what somebody does ---

    def secret(self, path: str) -> Path:
        """Put a picture there that nobody drops."""
        file = self.outside / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(secret_picture())
        self._secrets[file] = secret_picture()
        return file

    def bait(self, folder: str, name: str, lay: Callable[[Path], object]) -> None:
        """Lay something into a hot folder."""
        path = self.place.hot(folder) / name
        lay(path)
        self.baits.append(path)

    def swap(self, path: Path, lay: Callable[[Path], object]) -> None:
        """Put something in the place of a file or directory, at one stroke."""
        spare = self.aside / f"{len(self.baits)}"
        lay(spare)
        exchange(path, spare)
        self.baits.append(path)
        self._swapped.append((path, spare))

    def swap_back(self) -> None:
        """Put back what lay there, wherever something else still stands in its place."""
        for path, spare in reversed(self._swapped):
            if os.path.lexists(path):
                exchange(path, spare)

    def to(self, target: str) -> Callable[[Path], object]:
        """Return what lays a symbolic link to something outside."""
        return lambda path: path.symlink_to(self.outside / target)

    def second_name(self, path: Path) -> None:
        """Lay a hard link to a secret of its own."""
        os.link(self.secret(f"linked-{len(self.baits)}.jpg"), path)

    # --- what came of it ---

    def listen(self, process: Process) -> None:
        """Keep every answer that a running daemon gives of everything."""
        page, control = page_of(process), self.place.root / "control.sock"
        names = [folder.name for folder in (self.place.root / "share").iterdir()]
        paths = [*self.baits, *(self.place.hot(folder) / path for folder in names for path in self.place.files(folder))]
        targets = ["/", "/api/status", "/api/history", "/metrics", "/healthz", "/readyz", f"/find?q={SECRET_NAME}"]
        targets += [f"/folder/{name}" for name in names]
        targets += [f"/api/explain?path={quote(os.fsencode(path))}" for path in paths]
        numbers = range(1, process.count("drop.ready") + process.count("drop.rejected") + process.count("drop.seen"))
        targets += [f"/file/{number}" for number in numbers]
        for target in targets:
            self.outputs[f"page {target}"] = over_tcp(page, "GET", target).body
        for target in ("/api/status", "/api/history"):
            self.outputs[f"socket {target}"] = over_socket(control, "GET", target).body
        for number in numbers:
            self.pictures[f"/thumb/{number}"] = over_tcp(page, "GET", f"/thumb/{number}").body
        for arguments in (("status",), ("history",), ("explain", self.baits[-1])):
            self.outputs[f"command {arguments[0]}"] = command(self.place, *arguments).stdout.encode()

    def search(self, *runs: Ended) -> dict[str, bytes]:
        """Return everything that the daemon has put out, by where; what the server keeps came over the line."""
        found = dict(self.outputs)
        for number, ended in enumerate(runs):
            found[f"run {number}"] = joined([ended.stdout, *ended.noise, *map(repr, ended.events)])
        away = [self.outside, self.aside, self.place.root / "password", self.place.root / "sandbox"]
        for directory, names, files in os.walk(self.place.root):
            names[:] = [name for name in names if Path(directory, name) not in away]
            for name in files:
                path = Path(directory, name)
                seen = path.lstat()
                if path not in away and stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1:
                    found[str(path.relative_to(self.place.root))] = path.read_bytes()
        return found

    def check(self, *runs: Ended) -> None:
        """Check that nothing of the secrets is anywhere, and that they are where and what they were."""
        found = self.search(*runs)
        assert any(where.startswith("ledger.db") for where in found)
        found["the line"] = self.proxy.wire
        for secret in (SECRET, SECRET_NAME):
            leaks = holders(secret, {where: data for where, data in found.items() if "?q=" not in where})
            assert not leaks, leaks[:5]
        assert not [where for where, data in self.pictures.items() if is_of_the_secret(data)]
        assert {path: path.read_bytes() for path in self.outside.rglob("*") if path.is_file()} == self._secrets


def is_of_the_secret(picture: bytes) -> bool:
    """Return whether a small picture, if it is one, has the colour of what must not be seen."""
    if not picture.startswith((b"\xff\xd8", b"\x89PNG")):
        return False
    with Image.open(io.BytesIO(picture)) as image:
        pixel = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 40 for one, other in zip(pixel, SECRET_COLOUR, strict=True))


@pytest.fixture
def trap(make_place: MakePlace) -> Iterator[Trap]:
    place = make_place(password=PASSWORD)
    with Proxy(("127.0.0.1", place.box.port), lambda operation: Toxic(FINE)) as proxy:
        yield Trap(place, proxy)


def stored(place: Place) -> set[str]:
    """Return the SHA-256 of everything the server has."""
    return {asset["sha256"] for asset in place.box.assets()}


# --- what lies there ---


def lay_baits(trap: Trap, folder: str, prefix: str) -> None:
    """Lay every kind of thing that must be left alone."""
    trap.bait(folder, f"{prefix}link.jpg", trap.to("secret.jpg"))
    trap.bait(folder, f"{prefix}folder link", trap.to(""))
    trap.bait(folder, f"{prefix}password.jpg", lambda path: path.symlink_to(trap.place.root / "password"))
    trap.bait(folder, f"{prefix}environment.jpg", lambda path: path.symlink_to("/proc/self/environ"))
    trap.bait(folder, f"{prefix}memory.jpg", lambda path: path.symlink_to("/proc/self/mem"))
    trap.bait(folder, f"{prefix}second.jpg", trap.second_name)
    trap.bait(folder, f"{prefix}pipe.jpg", os.mkfifo)


def test_links_pipes_and_second_names_stay_and_say_nothing(trap: Trap, images: list[bytes]) -> None:
    """Before the daemon starts, and while it watches; the ordinary files beside them are sent."""
    place = trap.place
    folders = ("watched", "polled")
    trap.configure(
        {"name": "watched", "include": ["*"], "receipts": True},
        {"name": "polled", "include": ["*"], "receipts": True, "watch": "polling", "poll": "200ms"},
    )
    for number, folder in enumerate(folders):
        lay_baits(trap, folder, "old ")
        place.drop(f"{folder}/old {folder}.jpg", images[2 * number])
    with trap.daemon() as process:
        for number, folder in enumerate(folders):
            process.await_event("drop.filed", path=f"old {folder}.jpg", outcome="stored")
            lay_baits(trap, folder, "new ")
            place.drop(f"{folder}/new {folder}.jpg", images[10 + 2 * number])
            process.await_event("drop.filed", path=f"new {folder}.jpg", outcome="stored")
        for path in trap.baits:
            process.await_event("drop.rejected", path=path.name, folder=path.parent.name)
        trap.listen(process)
        ended = process.end()

    assert stored(place) == {sha256(images[number]) for number in (0, 2, 10, 12)}
    assert all(os.path.lexists(path) for path in trap.baits)
    notes = {f"{path.name} - NOT SENT.txt" for path in trap.baits}
    assert notes <= {path.name for folder in folders for path in (place.hot(folder) / "_failed").iterdir()}
    trap.check(ended)


@pytest.mark.root
def test_device_nodes_are_not_opened(trap: Trap, images: list[bytes]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes device nodes")
    place = trap.place
    trap.configure({"name": "hot", "include": ["*"]})
    try:
        trap.bait("hot", "zeros.jpg", lambda path: os.mknod(path, 0o644 | stat.S_IFCHR, os.makedev(1, 5)))
        trap.bait("hot", "kernel.jpg", lambda path: os.mknod(path, 0o644 | stat.S_IFCHR, os.makedev(1, 11)))
        trap.bait("hot", "disk.jpg", lambda path: os.mknod(path, 0o644 | stat.S_IFBLK, os.makedev(7, 0)))
    except PermissionError:
        pytest.skip("no device nodes may be made here")
    place.drop("hot/good.jpg", images[0])
    with trap.daemon() as process:
        process.await_event("drop.filed", path="good.jpg", outcome="stored")
        for path in trap.baits:
            process.await_event("drop.rejected", path=path.name)
        opened = {str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir() if entry.is_symlink()}
        trap.listen(process)
        ended = process.end()

    assert stored(place) == {sha256(images[0])}
    assert not opened & {str(path) for path in trap.baits}
    assert all(path.is_char_device() or path.is_block_device() for path in trap.baits)
    trap.check(ended)


# --- what is swapped ---


@pytest.mark.parametrize("watch", ["inotify", "polling"])
def test_what_is_swapped_between_settling_and_claiming_is_not_sent(trap: Trap, images: list[bytes], watch: str) -> None:
    """With polls an hour apart nobody tells of the swap before the claim meets it."""
    place = trap.place
    trap.configure({"name": "hot", "watch": watch, "poll": "1h", "receipts": True, "settle": {"quiet": "0s"}})
    names = ("link.jpg", "second.jpg", "pipe.jpg", "sub/secret.jpg", "deep/er/secret.jpg", "good.jpg", "fine/too.jpg")
    by_name = dict(zip(names, images[::2], strict=False))
    for name, image in by_name.items():
        place.drop(f"hot/{name}", image)
    trap.secret("er/secret.jpg")
    place.box.add_fault(do="http-503")  # nothing is claimed while the server is away
    hot = place.hot("hot")
    with trap.daemon() as process:
        process.await_event("drop.ready", times=len(names))
        trap.swap(hot / "link.jpg", trap.to("secret.jpg"))
        trap.swap(hot / "second.jpg", trap.second_name)
        trap.swap(hot / "pipe.jpg", os.mkfifo)
        trap.swap(hot / "sub", trap.to(""))
        trap.swap(hot / "deep", trap.to(""))
        place.box.clear_faults()
        for name in ("good.jpg", "fine/too.jpg"):
            process.await_event("drop.filed", path=name, outcome="stored")
        for name in ("link.jpg", "second.jpg", "pipe.jpg"):
            process.await_event("drop.rejected", path=name)
        for name in ("sub/secret.jpg", "deep/er/secret.jpg"):
            process.await_event("drop.withdrawn", path=name)
        trap.listen(process)
        ended = process.end()

    assert stored(place) == {sha256(by_name[name]) for name in ("good.jpg", "fine/too.jpg")}
    assert not list((hot / "_working").rglob("*.jpg"))
    trap.check(ended)


def test_what_is_swapped_between_claiming_and_sending_is_not_sent(trap: Trap, images: list[bytes]) -> None:
    """In `_working`, where only an administrator gets: files, a directory, and all of a job; then it is put back."""
    place = trap.place
    trap.configure(
        {"name": "files", "receipts": True},
        {"name": "jobs", "receipts": True},
        {"name": "other", "receipts": True},
        upload={"files_per_post": 1, "parallel_jobs": 3},
        batch={"linger": "500ms"},
    )
    swapped = {name: images[2 * number] for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg", "d.jpg"))}
    below = {"sub/secret.jpg": images[20], "sub/other secret.jpg": images[22]}
    named = {"secret name.jpg": images[30], "e.jpg": images[32], "deep/f.jpg": images[34]}
    for folder, contents in (("files", swapped | below), ("jobs", named), ("other", {"good.jpg": images[40]})):
        for name, image in contents.items():
            place.drop(f"{folder}/{name}", image)
    holds = [place.box.add_fault(on="UploadFile", do="hold", nth=1, job=f"{name}-*") for name in ("files", "jobs")]
    with trap.daemon() as process:
        process.await_event("drop.filed", path="good.jpg", outcome="stored")
        assert all(map(process.has_met, holds))
        working = {name: one_directory(place.hot(name) / "_working") for name in ("files", "jobs")}
        for number, name in enumerate(swapped):
            trap.swap(working["files"] / name, trap.second_name if number % 2 else trap.to("secret.jpg"))
        for name in ("other secret.jpg", "secret name.jpg"):
            trap.secret(name)
        trap.swap(working["files"] / "sub", trap.to(""))
        trap.swap(working["jobs"], trap.to(""))
        place.box.clear_faults()
        process.await_that(lambda: process.count("job.finished") == 3, "an end of the three jobs")
        under_way = stored(place)
        trap.listen(process)
        trap.swap_back()
        for name in below:
            process.await_event("drop.filed", path=name)
        for name in named:
            process.await_event("drop.filed", path=name)
        ended = process.end()

    assert len(under_way & set(map(sha256, (swapped | below).values()))) == 1
    assert len(under_way & set(map(sha256, named.values()))) == 1
    assert len(under_way) == 3
    assert stored(place) <= set(map(sha256, [*swapped.values(), *below.values(), *named.values(), images[40]]))
    trap.check(ended)


def one_directory(path: Path) -> Path:
    """Return the only directory in another one."""
    (found,) = (entry for entry in path.iterdir() if entry.is_dir())
    return found


# --- the password ---

AUTH_PART: Final = re.compile(rb'(?s)\r\nContent-Disposition: form-data; name="auth"\r\n.*?\r\n\r\n(.*?)\r\n--')


def without_password(request: bytes) -> tuple[int, bytes]:
    """
    Return how often a request has the password where it belongs, and all of the request but that.

    It belongs into the authHeader: of the SOAP header, or alone in the part "auth" (PROTOCOL 1.4, 2.1).
    """
    head, _, body = request.partition(b"\r\n\r\n")
    if b"/UploadFile" in head.partition(b"\r\n")[0]:
        found = AUTH_PART.search(body)
        if found is None:
            return 0, request
        root = etree.fromstring(found.group(1))
        rest = body[: found.start(1)] + body[found.end(1) :]
        headers = [root] if etree.QName(root).localname == "authHeader" else []
    else:
        root = etree.fromstring(body)
        rest = b""
        headers = root.xpath("/*/*[local-name() = 'Header']/*[local-name() = 'authHeader']")
    passwords = [child for header in headers for child in header if etree.QName(child).localname == "password"]
    right = [child for child in passwords if child.text == PASSWORD]
    for child in right:
        child.text = ""
    return len(right), head + rest + etree.tostring(root)


@contextmanager
def watched_processes(pid: int) -> Iterator[dict[str, bytes]]:
    """Note the arguments of a process, and arguments and environments of all it starts, while the context is open."""
    seen: dict[str, bytes] = {}
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.002):
            with suppress(OSError):
                children = [Path(task, "children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
                for child in {number for numbers in children for number in numbers}:
                    with suppress(OSError):
                        line = Path(f"/proc/{child}/cmdline").read_bytes()
                        seen[f"{child} arguments {line!r}"] = line
                        seen[f"{child} environment"] = Path(f"/proc/{child}/environ").read_bytes()

    seen[f"{pid} arguments"] = Path(f"/proc/{pid}/cmdline").read_bytes()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


@pytest.mark.parametrize("source", ["file", "environment"])
def test_the_password_stands_in_two_places_of_the_protocol_only(trap: Trap, images: list[bytes], source: str) -> None:
    """Also while answers break, the server repeats it, and a lack of descriptors ends everything in errors."""
    place = trap.place
    trap.configure(
        {"name": "hot", "receipts": True, "contact": "us"},
        upload={"files_per_post": 3},
        ledger={"url": "sqlite:///ledger.db"},
    )
    environment = {}
    if source == "environment":
        environment = {"HOTFOLDER_PASSWORD": PASSWORD}
        settings = tomllib.loads(place.config.read_text("utf-8"))
        del settings["server"]["password_file"]
        place.config.write_bytes(tomli_w.dumps(settings).encode())
        (place.root / "password").unlink()
    said = f"Not as ingest with {PASSWORD}!"
    for fault in (
        {"do": "upload-error", "message": said, "file": "log.jpg"},
        {"do": "upload-warning", "message": said},
    ):
        place.box.add_fault(**fault)
    place.box.add_fault(on="UploadFile", do="fault", code=30001, reason=said, file="post.jpg")
    place.box.add_fault(on="UploadFile", do="swallow-after", nth=2)
    place.box.add_fault(on="getActiveJobs", do="fault", code=30000, reason=said, nth=1)
    place.box.add_fault(on="getActiveJobs", do="garbage", nth=2)
    place.box.add_fault(on="getJobLogDetails", do="html", nth=1)
    names = ("post.jpg", "log.jpg", "good.jpg", "sub/fine.jpg")
    with trap.daemon(**environment) as process, watched_processes(process.pid) as processes:
        for name, image in zip(names, images[::2], strict=False):
            place.drop(f"hot/{name}", image)
        for name in names:
            process.await_event("drop.filed", path=name)
        with no_more_files(process.pid):
            place.drop("hot/late.jpg", images[100])
            process.await_event("folder.degraded")
        process.await_event("drop.filed", path="late.jpg")
        trap.baits.append(place.hot("hot") / "good.jpg")
        trap.listen(process)
        assert any(picture.startswith(b"\xff\xd8") for picture in trap.pictures.values())
        ended = process.end()

    found = trap.search(ended)
    assert not (leaks := holders(PASSWORD, found | processes)), leaks[:5]
    assert any(b"thumbnailer" in data for data in processes.values())
    whole = [request for request in trap.proxy.requests if request]
    assert {b"UploadFile", b"IpsApiService"} <= {part for request in whole for part in re.findall(rb"\w+", request)}
    for request in whole:
        count, rest = without_password(request)
        assert count == 1, request[:2000]
        assert not (leaks := holders(PASSWORD, {"the rest of a request": rest})), leaks[:5]
