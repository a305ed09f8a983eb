"""
A model of the IPS server in memory: fits `ports.Remote`, outlives simulated crashes, and fails as it is told.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hotfolder.core.catalogue import Listed, Shelf
from hotfolder.core.naming import asset_id
from hotfolder.core.server import (
    ActiveJob,
    Asset,
    Company,
    JobLog,
    Kind,
    LogRow,
    PostAnswer,
    RemoteError,
    SentFile,
    Trouble,
)
from hotfolder.ports import ChangedError, Clock, PostRequest, Progress
from hotfolder.testing.perils import Perils

OUR_ADDRESS = "192.0.2.1"

COMPANY = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")


@dataclass(slots=True)
class ModelJob:
    """One job on the model server."""

    handle: str
    name: str
    overwrite: bool
    projects: tuple[str, ...] = ()  # handles
    is_ready: bool = False  # marks what it stores for the next publish
    files: list[tuple[str, str, int]] = field(default_factory=list)  # asset ID, digest, size
    last_post_s: float = 0.0
    ended_s: float | None = None
    rows: list[LogRow] = field(default_factory=list)
    ended_at: datetime | None = None


@dataclass(slots=True)
class ModelAsset:
    """One asset and every content it ever had, oldest first."""

    handle: str
    contents: list[str] = field(default_factory=list)
    projects: set[str] = field(default_factory=set)  # handles
    size_bytes: int = 0
    modified_at: datetime | None = None
    is_ready: bool = False
    live: int = 0  # so many of its contents, from the oldest, had been there when one of them was last published


@dataclass(slots=True)
class ModelPublish:
    """One publish of the model server; they are worked on one after the other."""

    handle: str
    name: str
    mood: str  # "fails", "misses" = one of its assets, "drags" = it takes an hour, anything else = well
    begun_s: float
    taken: dict[str, int] | None = None  # assets it publishes, with how many contents each had when it began
    rows: list[LogRow] = field(default_factory=list)
    ended_at: datetime | None = None


class ModelServer:
    """What the server holds, whoever asks."""

    def __init__(self, clock: Clock, *, work_s: float = 3.0, job_timeout_s: float = 60.0) -> None:
        self.clock = clock
        self.work_s = work_s
        self.job_timeout_s = job_timeout_s
        self.jobs: dict[str, ModelJob] = {}
        self.assets: dict[str, ModelAsset] = {}
        self.shelves: dict[Shelf, dict[str, str]] = {}  # what options can name: names to handles
        self.untold: dict[Shelf, Trouble] = {}  # why a list is not given
        self.publishes: list[ModelPublish] = []
        self.requests: list[str] = []
        self.password_expires: datetime | None = None
        self.company = COMPANY
        self.max_post_bytes: int | None = None  # what it tells of its limit
        self.away_until_s = 0.0  # nobody signs in before
        self.names_asked: list[tuple[str, ...]] = []  # each question which names are taken
        self.names_trouble: Trouble | None = None  # what such a question ends in
        self._numbers = itertools.count(1)

    def work(self) -> None:
        """Let jobs end and be worked through, as far as their time has come."""
        now_s = self.clock.monotonic()
        for job in self.jobs.values():
            if job.ended_s is None and now_s - job.last_post_s >= self.job_timeout_s:
                job.ended_s = now_s
            if job.ended_s is not None and job.ended_at is None and now_s - job.ended_s >= self.work_s:
                for name, digest, size in job.files:
                    job.rows.append(self._ingest(job, name, digest, size))
                job.ended_at = self.clock.now()
        for publish in self.publishes:
            self._work_on(publish, now_s)

    def _work_on(self, publish: ModelPublish, now_s: float) -> None:
        if publish.taken is None and now_s >= publish.begun_s:
            publish.taken = {
                name: len(asset.contents)
                for name, asset in self.assets.items()
                if asset.is_ready and asset.live < len(asset.contents)
            }
        work_s = 3600.0 if publish.mood == "drags" else self.work_s
        if publish.ended_at is not None or publish.taken is None or now_s < publish.begun_s + work_s:
            return
        publish.ended_at = self.clock.now()
        if publish.mood == "fails":
            publish.rows.append(LogRow(log_type="ImageServingPublishError", message="the publish server is full"))
            return
        missed = min(publish.taken, default=None) if publish.mood == "misses" else None
        for name, count in publish.taken.items():
            word = "Error" if name == missed else "Success"
            publish.rows.append(LogRow(log_type=f"imageServingPublish{word}", message=word, asset_name=name))
            if name != missed:
                self.assets[name].live = count
        publish.rows.append(LogRow(log_type="EndImageServingPublish"))

    def submit(self, name: str, mood: str) -> None:
        """Take a publish: it begins when those before it are done."""
        self.work()
        now_s = self.clock.monotonic()
        begun_s = max([now_s, *(each.begun_s + self.work_s for each in self.publishes)])
        handle = f"j|1||{name}_2026-03-01-09:00:00.000|{next(self._numbers)}"  # as the running one shows itself
        self.publishes.append(ModelPublish(handle, name, mood, begun_s))
        self.work()

    def _ingest(self, job: ModelJob, name: str, digest: str, size: int) -> LogRow:
        known = self.assets.get(name)
        if known is not None and not job.overwrite:
            return LogRow(log_type="DuplicateSkipped", message=f"{name} exists", asset_name=name)
        kind = "UploadSuccess" if known is None else "FileUpdated"
        asset = self.assets.setdefault(name, ModelAsset(f"a|{next(self._numbers)}"))
        asset.contents.append(digest)
        asset.projects.update(job.projects)
        asset.size_bytes, asset.modified_at = size, self.clock.now()
        asset.is_ready = job.is_ready
        return LogRow(log_type=kind, message=f"{name} was taken in", asset_name=name, asset_handle=asset.handle)

    def take(self, request: PostRequest, contents: Sequence[tuple[str, str, int]]) -> str:
        """Process one whole POST; raises `RemoteError` with the fault a real server would answer."""
        self.work()
        if request.job_handle is None:
            options = json.loads(request.options or "{}")
            projects = tuple(options.get("projectHandleArray", ()))
            for project in projects:
                if project not in self.shelves.get(Shelf.PROJECTS, {}).values():
                    raise RemoteError(Trouble(kind=Kind.PERMANENT, text=f"no such project: {project}", code=30001))
            handle = f"j|1||{request.job_name}|{next(self._numbers)}"
            job = ModelJob(handle, request.job_name or "", bool(options.get("overwrite")), projects)
            job.is_ready = bool(options.get("readyForPublish"))
            self.jobs[handle] = job
        else:
            found = self.jobs.get(request.job_handle)
            if found is None or found.ended_s is not None:
                raise RemoteError(Trouble(kind=Kind.PERMANENT, text="no such open job", code=30001))
            job = found
        job.files += contents
        job.last_post_s = self.clock.monotonic()
        if request.end_job:
            job.ended_s = job.last_post_s
        return job.handle


class ModelRemote:
    """
    The daemon's line to the model server.

    `weather` says how each POST goes, `publish_weather` how each publish, `cut` what keeps any call from it.
    """

    def __init__(
        self,
        server: ModelServer,
        perils: Perils,
        weather: Callable[[PostRequest], str],
        cut: Callable[[], Trouble | None] = lambda: None,
        publish_weather: Callable[[str], str] = lambda name: "ok",
    ) -> None:
        self._server = server
        self._perils = perils
        self._weather = weather
        self._cut = cut
        self._publish_weather = publish_weather

    def sign_in(self) -> Company:
        """Find the company."""
        self._ask("sign in")
        if self._server.clock.monotonic() < self._server.away_until_s:
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="no connection", reached=False))
        return replace(self._server.company, max_post_bytes=self._server.max_post_bytes)

    def password_expires(self) -> datetime | None:
        """Return what the server was told to say."""
        self._ask("expiry")
        return self._server.password_expires

    def credentials_changed(self) -> bool:
        """Return False: nothing is refused here."""
        return False

    def post(self, request: PostRequest, progress: Progress) -> PostAnswer:
        """
        Take a POST as the weather has it.

        "ok", "moved" (not the first: our address is another one), "not sent",
        "swallow before", "swallow after", "busy" (503), "fault" (30000), "refuse" (30001), and
        "poison", which refuses any POST that holds a file whose content begins with b"poison".
        """
        sent: list[SentFile] = []
        contents: list[tuple[str, str, int]] = []
        poisoned = False
        for file in request.files:
            try:
                reader = file.open()
            except ChangedError as error:
                trouble = Trouble(kind=Kind.TRANSIENT, text=str(error), reached=False)
                raise RemoteError(trouble, changed=(file.drop,)) from error
            content = b"".join(bytes(block) for block in reader.blocks())
            reader.close()
            digest = hashlib.sha256(content).hexdigest()
            name = request.file_name or file.header_name
            contents.append((asset_id(name), digest, len(content)))
            sent.append(SentFile(drop=file.drop, sha256=digest, size_bytes=len(content)))
            poisoned = poisoned or content.startswith(b"poison")
        self._perils.tick(f"before posting to {request.job_name or request.job_handle}")
        self._check_line()
        weather = self._weather(request)
        self._server.requests.append(f"post {weather}")
        if weather == "moved" and request.source_address is not None:
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="our address is gone", reached=False, has_moved=True))
        if weather == "not sent":
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="no connection", reached=False))
        if weather == "swallow before":
            raise RemoteError(Trouble(kind=Kind.UNKNOWN, text="answer lost"), files=tuple(sent))
        if weather == "busy":
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503, retry_after_s=2.0))
        if weather == "fault":
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="internal trouble", code=30000))
        if weather == "refuse" or (weather == "poison" and poisoned):
            raise RemoteError(Trouble(kind=Kind.PERMANENT, text="bad value", code=30001))
        handle = self._server.take(request, contents)
        self._perils.tick(f"after posting to {request.job_name or request.job_handle}")
        if weather == "swallow after":
            raise RemoteError(Trouble(kind=Kind.UNKNOWN, text="answer lost"), files=tuple(sent))
        if request.job_handle is not None and request.files and request.source_address != OUR_ADDRESS:
            raise AssertionError(f"a POST that may leave from anywhere: {request}")
        progress(sum(size for _, _, size in contents))
        return PostAnswer(job_handle=handle, files=tuple(sent), our_address=OUR_ADDRESS)

    def close(self) -> None:
        """Nothing is kept open."""

    def _check_line(self) -> None:
        trouble = self._cut()
        if trouble is not None:
            raise RemoteError(trouble)

    def _ask(self, what: str) -> None:
        self._perils.tick(what)
        self._check_line()
        self._server.requests.append(what)
        self._server.work()

    def active_jobs(self, company: Company, *, original_name: str | None = None) -> list[ActiveJob]:
        """Return jobs that are not worked through."""
        self._ask("active jobs")
        return [
            ActiveJob(
                handle=job.handle,
                original_name=job.name,
                state="WaitingClient" if job.ended_s is None else "Running",
                progress=0.5,
            )
            for job in self._server.jobs.values()
            if job.ended_at is None and original_name in (None, job.name)
        ] + [
            ActiveJob(
                handle=publish.handle,
                original_name=publish.name,
                state="WaitingCoordinator" if publish.taken is None else "Running",
            )
            for publish in self._server.publishes
            if publish.ended_at is None and original_name in (None, publish.name)
        ]

    def job_logs(
        self, company: Company, *, handle: str | None = None, original_name: str | None = None
    ) -> list[JobLog]:
        """Return logs, of running jobs as well."""
        self._ask("job logs")
        return [
            JobLog(
                handle=job.handle,
                original_name=job.name,
                ended_at=job.ended_at,
                rows=tuple(job.rows),
                is_complete=True,
                success_count=len(job.rows),
            )
            for job in self._server.jobs.values()
            if handle == job.handle or (original_name is not None and original_name == job.name)
        ] + [
            JobLog(
                handle=publish.handle,
                original_name=publish.name,
                ended_at=publish.ended_at,
                rows=tuple(publish.rows),
                is_complete=True,
            )
            for publish in self._server.publishes
            if handle == publish.handle or (original_name is not None and original_name == publish.name)
        ]

    def assets(self, company: Company, names: Sequence[str]) -> list[Asset]:
        """Return the assets of these IDs."""
        self._ask("assets")
        return [
            Asset(
                name=name,
                handle=asset.handle,
                folder="",
                file_name=name,
                size_bytes=asset.size_bytes,
                modified_at=asset.modified_at,
            )
            for name, asset in self._server.assets.items()
            if name in names
        ]

    def names_in_use(self, company: Company, names: Sequence[str]) -> set[str]:
        """Return the IDs that assets have, unless told not to."""
        self._ask("names")
        self._server.names_asked.append(tuple(names))
        if self._server.names_trouble is not None:
            raise RemoteError(self._server.names_trouble)
        return self._server.assets.keys() & set(names)

    def listed(self, company: Company, shelf: Shelf) -> list[Listed]:
        """Return what options can name, unless the server is told to keep it to itself."""
        self._ask(f"list {shelf}")
        if shelf in self._server.untold:
            raise RemoteError(self._server.untold[shelf])
        return [Listed(handle=handle, name=name) for name, handle in self._server.shelves.get(shelf, {}).items()]

    def publish(self, company: Company, name: str) -> None:
        """
        Take a publish as the weather has it.

        "ok", "fails", "misses" and "drags" (see `ModelPublish`), "not sent", "swallow before", "swallow after",
        "forget" (taken, and never seen again), "busy" (503), "fault" (30000), and "refuse" (the role may not).
        """
        self._perils.tick(f"before submitting {name}")
        weather = self._publish_weather(name)
        self._server.requests.append(f"publish {weather}")
        if weather == "not sent":
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="no connection", reached=False))
        if weather == "swallow before":
            raise RemoteError(Trouble(kind=Kind.UNKNOWN, text="answer lost"))
        if weather == "busy":
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503))
        if weather == "fault":
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="a publish is under way", code=30000))
        if weather == "refuse":
            raise RemoteError(Trouble(kind=Kind.PERMANENT, text="the role may not publish", code=20003))
        if weather != "forget":
            self._server.submit(name, weather)
        self._perils.tick(f"after submitting {name}")
        if weather == "swallow after":
            raise RemoteError(Trouble(kind=Kind.UNKNOWN, text="answer lost"))
