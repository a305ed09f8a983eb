"""
The life of upload jobs (PROTOCOL 2.4, 4.1): open, running, done.

    first POST --> WaitingClient --endJob, or job_timeout without a POST--> Running --last file worked through--> Done

Time passes when someone asks: `advance` carries out everything that is due by the monotonic clock, in the order in
which it fell due, and dates it as of then. So no thread runs while nobody looks, and tests move the clock instead of
sleeping. A running job works through `speed` files per second; 0 means at once. With `serial` jobs run one after the
other, as they may on the real server (PROTOCOL 7); one that waits for its turn is WaitingCoordinator.
The idle timer starts when a POST has been received in full and does not fire while one is under way.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotfolder.sandbox.clock import Clock
from hotfolder.sandbox.documents import Tree
from hotfolder.sandbox.errors import invalid_parameter
from hotfolder.sandbox.ingest import Ingest, LogRow, PostedFile, insert_rows
from hotfolder.sandbox.names import Target
from hotfolder.sandbox.publishing import PUBLISH, Publishes
from hotfolder.sandbox.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """What the first POST says of its job."""

    name: str
    locale: str | None
    description: str
    options: Tree  # UploadPostJob as read
    client: str  # appName and appVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedFile:
    """One file part, received in full."""

    target: Target
    size_bytes: int
    sha256: str
    problem: str | None
    content: str  # name below incoming/


@dataclass(slots=True)
class _Waiting:
    """An open job."""

    deadline: float  # monotonic
    posts_under_way: int = 0


@dataclass(slots=True)
class _Run:
    """A job that is worked through."""

    started: float  # monotonic
    name: str
    options: Tree
    files: list[PostedFile]
    done: int = 0


class Post:
    """One POST under way; `commit` makes it count, leaving the context without it leaves no trace."""

    def __init__(self, jobs: "Jobs", peer: tuple[str, int], job: NewJob | int) -> None:
        self._jobs = jobs
        self.peer = peer
        self.job = job  # a number of the index, or what is to be opened
        self.is_overlapped = False

    def commit(self, files: Sequence[ReceivedFile], *, end_job: bool) -> str:
        """Take the files into the job, which is made if it is new; gives its handle."""
        return self._jobs.commit(self, files, end_job=end_job)


class Jobs:
    """All jobs of the company; every public method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        clock: Clock,
        *,
        company_number: str,
        speed: float,
        timeout_s: float,
        publishes: Publishes,
        serial: bool = False,
    ) -> None:
        self.publishes = publishes
        self._store = store
        self._ingest = ingest
        self._clock = clock
        self._company_number = company_number
        self._speed = speed
        self._timeout_s = timeout_s
        self._serial = serial
        self._waiting: dict[int, _Waiting] = {}
        self._running: dict[int, _Run] = {}
        self._resume()

    def _resume(self) -> None:
        """Unfinished jobs as the index has them: idle time by the wall clock, files from where they stopped."""
        now, at = self._clock.monotonic(), self._clock.now()
        self._waiting.clear()
        self._running.clear()
        with self._store.lock:
            self.publishes.resume(now)
            rows = self._store.db.execute(
                "select * from job where type <> ? and ended_at is null order by number", (PUBLISH,)
            ).fetchall()
            for row in rows:
                if row["run_at"] is None:
                    idle_s = max(0.0, (at - datetime.fromisoformat(row["last_post_at"])).total_seconds())
                    self._waiting[row["number"]] = _Waiting(deadline=now + self._timeout_s - idle_s)
                else:
                    self._running[row["number"]] = self._run_of(row, now)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; if it fails, the open and running jobs are again what the index says."""
        try:
            with self._store.transaction() as db:
                yield db
        except BaseException:
            self._resume()
            raise

    @contextmanager
    def post(self, peer: tuple[str, int], job: NewJob | str) -> Iterator[Post]:
        """A POST for a new job or for the open one with this handle; fault 30001 if it may not be."""
        with self._store.lock:
            self.advance()
            post = Post(self, peer, job if isinstance(job, NewJob) else self._open_job(job, peer))
            waiting = self._waiting[post.job] if isinstance(post.job, int) else None
            if waiting is not None:
                post.is_overlapped = waiting.posts_under_way > 0
                waiting.posts_under_way += 1
        try:
            yield post
        finally:
            if waiting is not None:
                with self._store.lock:
                    waiting.posts_under_way -= 1

    def _open_job(self, handle: str, peer: tuple[str, int]) -> int:
        row = self._store.db.execute("select number, peer from job where handle = ?", (handle,)).fetchone()
        if row is None:
            raise invalid_parameter(f"Unknown job handle: {handle}")
        number: int = row["number"]
        if number not in self._waiting:
            raise invalid_parameter(f"The job has ended: {handle}")
        if row["peer"] != peer[0]:
            raise invalid_parameter(f"All POSTs of a job must come from one address, found {peer[0]}: {handle}")
        return number

    def commit(self, post: Post, files: Sequence[ReceivedFile], *, end_job: bool) -> str:
        """See `Post.commit`."""
        with self._store.lock:
            if isinstance(post.job, int) and post.job not in self._waiting:
                raise invalid_parameter("The job has ended while this POST came in")
            with self._changing() as db:
                return self._take(db, post, files, end_job=end_job)

    def _take(self, db: sqlite3.Connection, post: Post, files: Sequence[ReceivedFile], *, end_job: bool) -> str:
        now, at = self._clock.monotonic(), self._clock.now()
        number = post.job if isinstance(post.job, int) else self._insert_job(db, post.job, post.peer[0], at)
        position, seen = db.execute(
            """
            select (select coalesce(max(position) + 1, 0) from post where job = ?1),
                   (select coalesce(max(position) + 1, 0) from received where job = ?1)
            """,
            (number,),
        ).fetchone()
        names = [file.target.folder + file.target.file_name for file in files]
        db.execute(
            "insert into post values (?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                position,
                at.isoformat(),
                f"{post.peer[0]}:{post.peer[1]}",
                end_job,
                post.is_overlapped,
                json.dumps(names, ensure_ascii=False),
            ),
        )
        db.executemany(
            "insert into received values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [
                (
                    number,
                    seen + index,
                    file.target.folder,
                    file.target.file_name,
                    file.target.asset_name,
                    file.size_bytes,
                    file.sha256,
                    file.problem,
                    file.content,
                )
                for index, file in enumerate(files)
            ],
        )
        db.execute(
            "update job set last_post_at = ?, bytes_total = bytes_total + ? where number = ?",
            (at.isoformat(), sum(file.size_bytes for file in files), number),
        )
        waiting = self._waiting.setdefault(number, _Waiting(deadline=0.0))
        waiting.deadline = now + self._timeout_s
        if end_job:
            self._start(db, number, now, at, is_timed_out=False)
        handle: str = db.execute("select handle from job where number = ?", (number,)).fetchone()["handle"]
        return handle

    def _insert_job(self, db: sqlite3.Connection, new: NewJob, peer: str, at: datetime) -> int:
        same_name = [row["handle"] for row in db.execute("select handle from job where name = ?", (new.name,))]
        last = db.execute("select seq from sqlite_sequence where name = 'job'").fetchone()
        number: int = 1 if last is None else last["seq"] + 1
        db.execute(
            """
            insert into job (number, name, handle, locale, description, options, client, peer, same_name,
                             opened_at, last_post_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                number,
                new.name,
                f"j|{self._company_number}||{new.name}|{number}",
                new.locale,
                new.description,
                json.dumps(new.options, ensure_ascii=False),
                new.client,
                peer,
                json.dumps(same_name),
                at.isoformat(),
                at.isoformat(),
            ),
        )
        insert_rows(
            db,
            number,
            [
                LogRow(log_type="BeginUpload", message=f"{new.name} begins", at=at),
                LogRow(log_type="OriginalJobName", message=new.name, at=at),
                LogRow(log_type="JobClient", message=new.client, at=at),
            ],
        )
        return number

    def submit(self, param: Tree, client: str) -> str:
        """Take a publish job; gives the handle of the scheduled form. Raises the fault."""
        with self._store.lock:
            self.advance()
            with self._changing() as db:
                return self.publishes.submit(db, param, client, self._clock.monotonic(), self._clock.now())

    def advance(self) -> None:
        """Carry out all that is due by now: time-outs of open jobs, files of running ones, publishes."""
        with self._store.lock:
            now, at = self._clock.monotonic(), self._clock.now()
            if self._next_due() > now:
                return
            with self._changing() as db:
                while (due := self._next_due()) <= now:
                    self._step(db, due, at - timedelta(seconds=now - due))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The index as of now, for queries."""
        with self._store.lock:
            self.advance()
            yield self._store.db

    def name_of(self, handle: str) -> str | None:
        """The name a job was opened with, None for an unknown handle."""
        with self._store.lock:
            row = self._store.db.execute("select name from job where handle = ?", (handle,)).fetchone()
        return None if row is None else row["name"]

    def trash(self, asset_name: str) -> bool:
        """Delete an asset; False if there is none."""
        with self._store.lock:
            self.advance()
            with self._store.transaction() as db:
                done = db.execute(
                    "update asset set trashed_at = ? where name = ? and trashed_at is null",
                    (self._clock.now().isoformat(), asset_name),
                )
                return done.rowcount == 1

    def file_progress(self, number: int) -> tuple[str, float] | None:
        """The file that a running job works on and how far it is (0 to 1); None if it works on none."""
        run = self._running.get(number)
        if run is None or run.done >= len(run.files) or self.is_queued(number):
            return None
        fraction = (self._clock.monotonic() - run.started) * self._speed - run.done
        return run.files[run.done].target.file_name, min(max(fraction, 0.0), 1.0)

    def _next_due(self) -> float:
        return min(
            min((job.deadline for job in self._waiting.values() if not job.posts_under_way), default=float("inf")),
            min(map(self._due, self._running.values()), default=float("inf")),
            self.publishes.next_due(),
        )

    def _due(self, run: _Run) -> float:
        """When the next file of a running job is finished, or the job is if none is left."""
        return run.started + self._offset(min(run.done + 1, len(run.files)))

    def _offset(self, files: int) -> float:
        return files / self._speed if self._speed else 0.0

    def _step(self, db: sqlite3.Connection, due: float, at: datetime) -> None:
        """Do the one thing that fell due at a moment; older jobs come first."""
        for number, waiting in self._waiting.items():
            if not waiting.posts_under_way and waiting.deadline == due:
                self._start(db, number, due, at, is_timed_out=True)
                return
        for number, run in self._running.items():
            if self._due(run) == due:
                self._work(db, number, run, at)
                return
        self.publishes.step(db, due, at)

    def _start(self, db: sqlite3.Connection, number: int, now: float, at: datetime, *, is_timed_out: bool) -> None:
        del self._waiting[number]
        db.execute(
            "update job set run_at = ?, is_timed_out = ? where number = ?", (at.isoformat(), is_timed_out, number)
        )
        row = db.execute("select * from job where number = ?", (number,)).fetchone()
        run = self._run_of(row, now)
        self._running[number] = run
        insert_rows(db, number, [LogRow(log_type="TotalFileCount", message=str(len(run.files)), at=at)])

    def _turn(self, now: float) -> float:
        """When a job that has its files may begin to run."""
        if not self._serial:
            return now
        ends = (run.started + self._offset(len(run.files)) for run in self._running.values())
        return max([now, *ends])

    def is_queued(self, number: int) -> bool:
        """Whether a job that has all its files waits for its turn."""
        run = self._running.get(number)
        return run is not None and run.started > self._clock.monotonic()

    def _run_of(self, row: sqlite3.Row, now: float) -> _Run:
        files = self._store.db.execute(
            "select * from received where job = ? and is_done = 0 order by position", (row["number"],)
        )
        return _Run(
            started=self._turn(now),
            name=row["name"],
            options=json.loads(row["options"]),
            files=[
                PostedFile(
                    job=file["job"],
                    position=file["position"],
                    target=Target(folder=file["folder"], file_name=file["file_name"]),
                    size_bytes=file["size_bytes"],
                    sha256=file["sha256"],
                    problem=file["problem"],
                    content=file["content"],
                )
                for file in files
            ],
        )

    def _work(self, db: sqlite3.Connection, number: int, run: _Run, at: datetime) -> None:
        """Finish the next file, and the job with its last one."""
        if run.done < len(run.files):
            file = run.files[run.done]
            run.done += 1
            rows = self._ingest.ingest(file, run.name, run.options, at)
            insert_rows(db, number, rows)
            db.execute("update received set is_done = 1 where job = ? and position = ?", (number, file.position))
            if any(row.log_type == "FatalError" for row in rows):
                self._give_up(db, number, run, at)
                return
        if run.done == len(run.files):
            insert_rows(db, number, [LogRow(log_type="EndUpload", message=f"{run.name} ends", at=at)])
            self._end(db, number, at)

    def _give_up(self, db: sqlite3.Connection, number: int, run: _Run, at: datetime) -> None:
        """A job that meets a fatal error ends: the rest of its files come to nothing."""
        for file in run.files[run.done :]:
            self._ingest.discard(file)
        db.execute("update received set is_done = 1 where job = ?", (number,))
        self._end(db, number, at)

    def _end(self, db: sqlite3.Connection, number: int, at: datetime) -> None:
        del self._running[number]
        db.execute("update job set ended_at = ? where number = ?", (at.isoformat(), number))
