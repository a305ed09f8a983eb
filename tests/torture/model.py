"""
The IPS server as the simulation has it: what it holds, whoever asks, and however badly it answers.

Written from PROTOCOL alone. It uses the daemon's messages, since it has to fit its port, and none of its rules: names,
overwriting and logs are told again here.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from hotfolder.core.catalogue import Listed, Shelf
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
from tests.torture.moments import EndNow, Moments
from tests.torture.weather import Weather

COMPANY = Company(handle="c|1", name="Example Co", root_path="ExampleCo/")

TRIES = 5  # as the settings have it: after so many POSTs that came to nothing a file may be called failed

_REMOVED = str.maketrans("", "", "\\;/?:@&=+$,*\"<>|'{}%")  # PROTOCOL 6.2


def asset_of(file_name: str) -> str:
    """Return the asset ID of a file name (PROTOCOL 6.2)."""
    kept = file_name.translate(_REMOVED)
    return kept.rpartition(".")[0] or kept


@dataclass(frozen=True, slots=True)
class Received:
    """One file of a POST that arrived."""

    file_name: str
    sha256: str
    size_bytes: int


@dataclass(slots=True)
class Job:
    """One job."""

    handle: str
    name: str
    overwrite: bool
    opened_s: float
    shown_s: float  # from then on it is in the list and has a log
    log_lag_s: float  # its log has its end so much later than it is done
    log_is_lost: bool  # nobody will ever see its log
    files: list[Received] = field(default_factory=list)
    last_post_s: float = 0.0
    ended_s: float | None = None  # takes no more
    done_s: float | None = None
    rows: list[LogRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Copy:
    """One time that a file was made an asset."""

    asset: str
    sha256: str
    job: str


@dataclass(slots=True)
class Stored:
    """An asset as it is now."""

    handle: str
    size_bytes: int
    modified_at: datetime


class Model:
    """What the server holds; it outlives every daemon."""

    def __init__(self, clock: Clock, weather: Weather, *, job_timeout_s: float) -> None:
        self.clock = clock
        self.weather = weather
        self.job_timeout_s = job_timeout_s
        self.jobs: dict[str, Job] = {}
        self.assets: dict[str, Stored] = {}
        self.copies: list[Copy] = []
        self.witness: Callable[[PostRequest], None] = lambda request: None  # sees every POST before a byte of it leaves
        self.wire = bytearray()  # every byte of content that was sent to it
        self.faults: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()  # by SHA-256: POSTs without a good answer
        self.excuses: defaultdict[str, set[str]] = defaultdict(set)  # by SHA-256: why a file may not be stored
        self._numbers = count(1)
        self._late: list[tuple[float, Callable[[], object]]] = []  # what arrives later than anybody waits for it

    def now(self) -> datetime:
        """Read the server's own clock."""
        return self.clock.now() + timedelta(seconds=self.weather.skew_s)

    # --- time ---

    def work(self) -> None:
        """Let everything happen whose time has come, in its order."""
        now_s = self.clock.monotonic()
        due = sorted((late for late in self._late if late[0] <= now_s), key=lambda late: late[0])
        self._late = [late for late in self._late if late[0] > now_s]
        for _, arrive in due:
            try:
                arrive()
            except RemoteError:
                self.faults["arrived too late to be taken"] += 1
        for job in self.jobs.values():
            if job.ended_s is None and now_s - job.last_post_s >= self.job_timeout_s:
                job.ended_s = job.last_post_s + self.job_timeout_s
            if job.ended_s is not None and job.done_s is None and now_s - job.ended_s >= self.weather.work_s:
                job.done_s = now_s
                for position, file in enumerate(job.files):
                    job.rows += self._ingest(job, position, file)
                if self.weather.is_now("odd rows"):
                    job.rows = self.weather.shuffled([*job.rows, *job.rows[:1]])
                    job.rows.append(LogRow(log_type="FleEnd", message="a word from elsewhere"))

    def is_at_rest(self) -> bool:
        """Return whether nothing will happen here by itself."""
        return not self._late and all(job.done_s is not None for job in self.jobs.values())

    # --- POSTs ---

    def take(self, request: PostRequest, files: Sequence[Received]) -> str:
        """Process one whole POST; raises `RemoteError` with the fault that a server answers."""
        self.work()
        now_s = self.clock.monotonic()
        if request.job_handle is None:
            options = json.loads(request.options or "{}")
            handle = f"j|1||{request.job_name}|{next(self._numbers)}"
            twin = next((job for job in self.jobs.values() if job.name == request.job_name), None)
            job = self.jobs[handle] = Job(
                handle=handle,
                name=request.job_name or "",
                overwrite=bool(options.get("overwrite")),
                opened_s=now_s,
                # of two that one request has opened, sent twice on the way, one is not shown much later than the other
                shown_s=twin.shown_s if twin else now_s + self.weather.lag_s("shown late"),
                log_lag_s=self.weather.lag_s("log late"),
                log_is_lost=twin.log_is_lost if twin else self.weather.is_now("log lost"),
            )
        else:
            found = self.jobs.get(request.job_handle)
            if found is None or found.ended_s is not None:
                raise RemoteError(Trouble(kind=Kind.PERMANENT, text="no such open job", code=30001))
            job = found
        job.files += files
        job.last_post_s = now_s
        if request.end_job:
            job.ended_s = now_s
        return job.handle

    def take_later(self, after_s: float, request: PostRequest, files: Sequence[Received]) -> None:
        """Process a POST when everybody has given it up."""
        self._late.append((self.clock.monotonic() + after_s, lambda: self.take(request, files)))

    # --- ingesting ---

    def _ingest(self, job: Job, position: int, file: Received) -> list[LogRow]:
        name = asset_of(file.file_name)
        copies = len(self.copies)
        rows = self._ingested(job, position, file, name)
        if len(rows) != 1 or len(self.copies) == copies or rows[0].asset_name != name:
            self.excuses[file.sha256].add("not stored, or not said to be")
        if job.log_is_lost:
            self.excuses[file.sha256].add("nobody saw the log")
        return rows

    def _ingested(self, job: Job, position: int, file: Received, name: str) -> list[LogRow]:
        if any(asset_of(earlier.file_name) == name for earlier in job.files[:position]):
            return [LogRow(log_type="DuplicateSkipped", message=f"{name} came before", asset_name=name)]
        if self.weather.is_now("upload error"):
            return [LogRow(log_type="UploadError", message=f"{file.file_name}: unreadable", asset_name=name)]
        if self.weather.is_now("vanish"):
            return []
        known = self.assets.get(name)
        if known is not None and not job.overwrite:
            return [LogRow(log_type="DuplicateSkipped", message=f"{name} exists", asset_name=name)]
        log_type = "UploadSuccess" if known is None else "FileUpdated"
        stored_as = name
        if self.weather.is_now("renamed"):
            stored_as = next(f"{name}-{n}" for n in count(1) if f"{name}-{n}" not in self.assets)
            log_type = "UploadSuccess"
        asset = self.assets.setdefault(stored_as, Stored(f"a|{next(self._numbers)}", 0, self.now()))
        asset.size_bytes, asset.modified_at = file.size_bytes, self.now()
        self.copies.append(Copy(stored_as, file.sha256, job.handle))
        if stored_as == name and self.weather.is_now("no row"):
            return []
        row = LogRow(
            log_type=log_type,
            message=f"ExampleCo/{file.file_name} was processed into IPS",
            asset_name=stored_as,
            asset_handle=asset.handle,
            at=self.now(),
        )
        if self.weather.is_now("warning"):
            row = replace(row, log_type="UploadWarning")
        return [row]


class Line:
    """One daemon's line to the server; fits `ports.Remote`."""

    def __init__(self, model: Model, moments: Moments) -> None:
        self._model = model
        self._weather = model.weather
        self._moments = moments

    def sign_in(self) -> Company:
        """Find the company."""
        self._ask("sign in")
        return COMPANY

    def password_expires(self) -> datetime | None:
        """Return None: it does not tell."""
        self._ask("expiry")
        return None

    def credentials_changed(self) -> bool:
        """Return False: who is refused has to wait."""
        return False

    # --- POST ---

    def post(self, request: PostRequest, progress: Progress) -> PostAnswer:
        """Send one POST and have it go as the weather is."""
        self._model.witness(request)
        files, sent = self._read(request)
        what = request.job_name or request.job_handle or ""
        try:
            self._moments.tick(f"POST to {what}")
            mood = self._weather.of_post(request)
            self._model.faults[f"POST: {mood}"] += mood != "fine"
            try:
                handle = self._deliver(mood, request, files)
            except RemoteError as error:
                raise RemoteError(error.trouble, files=sent) from error
            finally:
                self._moments.tick(f"answer to the POST to {what}")
        except EndNow:
            self._has_no_answer(files, "the process ended in the middle of it")
            raise
        if handle is None:
            trouble = self._trouble(mood)
            self._has_no_answer(files, trouble.text, is_told=trouble.code is not None)
            raise RemoteError(trouble, files=sent)
        progress(sum(file.size_bytes for file in files))
        return PostAnswer(job_handle=handle, files=sent)

    def _has_no_answer(self, files: Sequence[Received], why: str, *, is_told: bool = False) -> None:
        """Count a POST without a good answer; the last of a file's tries is a reason why it may not be stored."""
        for file in files:
            self._model.lost[file.sha256] += 1
            if is_told or self._model.lost[file.sha256] >= TRIES:
                self._model.excuses[file.sha256].add(why)

    def _read(self, request: PostRequest) -> tuple[list[Received], tuple[SentFile, ...]]:
        files: list[Received] = []
        sent: list[SentFile] = []
        for file in request.files:
            try:
                reader = file.open()
            except ChangedError as error:
                trouble = Trouble(kind=Kind.TRANSIENT, text=f"nothing was sent: {error}")
                raise RemoteError(trouble, changed=(file.drop,)) from error
            try:
                content = b"".join(bytes(block) for block in reader.blocks())
                if len(content) != file.size_bytes or not reader.check_unchanged():
                    trouble = Trouble(kind=Kind.UNKNOWN, text="the POST was cut off: the file changed")
                    raise RemoteError(trouble, files=tuple(sent), changed=(file.drop,))
            except ChangedError as error:
                trouble = Trouble(kind=Kind.UNKNOWN, text=f"the POST was cut off: {error}")
                raise RemoteError(trouble, files=tuple(sent), changed=(file.drop,)) from error
            finally:
                reader.close()
            self._model.wire += content
            digest = hashlib.sha256(content).hexdigest()
            files.append(Received(request.file_name or file.header_name, digest, len(content)))
            sent.append(SentFile(drop=file.drop, sha256=digest, size_bytes=len(content)))
        return files, tuple(sent)

    def _deliver(self, mood: str, request: PostRequest, files: Sequence[Received]) -> str | None:
        """Bring a POST to the server; return the handle if the answer comes back."""
        model = self._model
        match mood:
            case "fine":
                return model.take(request, files)
            case "replayed":
                handle = model.take(request, files)
                self._replay(request, files)
                return handle
            case "replayed, second answer":
                model.take(request, files)
                return model.take(request, files)  # which may be a fault: the first of the two ended the job
            case "replayed, answer lost":
                model.take(request, files)
                self._replay(request, files)
            case "swallowed after" | "page instead of the answer":
                model.take(request, files)
            case "busy, yet taken":
                model.take(request, files)
            case "arrives late":
                model.take_later(self._weather.lateness_s(), request, files)
            case _:
                model.work()  # it never arrives
        return None

    def _replay(self, request: PostRequest, files: Sequence[Received]) -> str | None:
        try:
            return self._model.take(request, files)
        except RemoteError:  # the first of the two ended the job
            return None

    def _trouble(self, mood: str) -> Trouble:
        match mood:
            case "not sent":
                return Trouble(kind=Kind.TRANSIENT, text="no connection", reached=False)
            case "busy" | "busy, yet taken":
                return Trouble(kind=Kind.TRANSIENT, text="HTTP 503", status=503, retry_after_s=2.0)
            case "refused for now":
                return Trouble(kind=Kind.TRANSIENT, text="internal trouble", code=30000)
            case "refused":
                return Trouble(kind=Kind.PERMANENT, text="bad value", code=30001)
            case "not let in":
                return Trouble(kind=Kind.FATAL, text="wrong password", code=10001)
            case _:
                return Trouble(kind=Kind.UNKNOWN, text=f"no answer ({mood})")

    # --- reading ---

    def _ask(self, what: str) -> None:
        self._moments.tick(what)
        self._model.work()
        mood = self._weather.of_read(what)
        self._model.faults[f"read: {mood}"] += mood != "fine"
        if mood == "not let in":
            raise RemoteError(Trouble(kind=Kind.FATAL, text="wrong password", code=10001))
        if mood != "fine":
            raise RemoteError(Trouble(kind=Kind.TRANSIENT, text="no answer", reached=mood != "not sent"))

    def active_jobs(self, company: Company, *, original_name: str | None = None) -> list[ActiveJob]:
        """Return the jobs in progress (PROTOCOL 4.1)."""
        self._ask("active jobs")
        now_s = self._model.clock.monotonic()
        return [
            ActiveJob(
                handle=job.handle,
                original_name=job.name,
                state="WaitingClient" if job.ended_s is None else self._weather.state_word(),
                progress=0.5,
            )
            for job in self._model.jobs.values()
            if job.done_s is None and job.shown_s <= now_s and original_name in (None, job.name)
        ]

    def job_logs(
        self, company: Company, *, handle: str | None = None, original_name: str | None = None
    ) -> list[JobLog]:
        """Return logs (PROTOCOL 4.3), those of running jobs too."""
        self._ask("job logs")
        now_s = self._model.clock.monotonic()
        return [
            self._log(job, now_s)
            for job in self._model.jobs.values()
            if not job.log_is_lost
            and job.shown_s <= now_s
            and (handle in (None, job.handle))
            and (original_name in (None, job.name))
        ]

    def _log(self, job: Job, now_s: float) -> JobLog:
        has_end = job.done_s is not None and now_s >= job.done_s + job.log_lag_s
        rows = tuple(job.rows) if has_end else tuple(job.rows[: len(job.rows) // 2])
        ended_at = self._model.clock.now() - timedelta(seconds=now_s - (job.done_s or 0.0) - self._weather.skew_s)
        return JobLog(
            handle=job.handle,
            original_name=job.name,
            ended_at=ended_at if has_end and job.done_s is not None else None,
            rows=rows,
            is_complete=has_end or not job.rows,
            success_count=len(rows),
        )

    def assets(self, company: Company, names: Sequence[str]) -> list[Asset]:
        """Return the assets of these IDs."""
        self._ask("assets")
        if self._weather.hides_assets:
            raise RemoteError(Trouble(kind=Kind.PERMANENT, text="the server does not tell about assets", code=20003))
        return [
            Asset(
                name=name,
                handle=asset.handle,
                folder="",
                file_name=name,
                size_bytes=asset.size_bytes,
                modified_at=asset.modified_at,
            )
            for name, asset in self._model.assets.items()
            if name in names
        ]

    def names_in_use(self, company: Company, names: Sequence[str]) -> set[str]:
        """Return those of the asset IDs that are taken."""
        self._ask("names in use")
        return self._model.assets.keys() & set(names)

    def listed(self, company: Company, shelf: Shelf) -> list[Listed]:
        """Return nothing: there are no names that options could hold."""
        self._ask(f"list of {shelf}")
        return []

    def publish(self, company: Company, name: str) -> None:
        """Nobody publishes here."""
        raise AssertionError(f"{name}: nothing was to be published")

    def close(self) -> None:
        """Nothing is open."""
