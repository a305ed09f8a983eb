"""
The life of publish jobs (PROTOCOL 2.7, 4.1, 4.3, 4.5): submitted, one at a time, done.

    submitJob --> WaitingCoordinator --those before it are done--> Running --last asset published--> Done

An incremental publish takes what is marked and has changed since it was last published, a full one all that is marked;
both as of the moment when they begin to run. They publish `speed` assets per second, as jobs work through files.
Time passes as in `jobs`, which calls `step` when something is due.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from hotfolder.sandbox.documents import Tree, text_of
from hotfolder.sandbox.errors import invalid_parameter, missing_parameter
from hotfolder.sandbox.faults import FaultScript
from hotfolder.sandbox.ingest import LogRow, asset_handle, insert_rows
from hotfolder.sandbox.store import Store

PUBLISH = "ImageServingPublish"
"""The type of these jobs (PROTOCOL 4.1)."""

_UNSUPPORTED = ("execTime", "execSchedule")
_UNSUPPORTED_OPTIONS = ("httpCompletionUrl", "contextHandle")


@dataclass(slots=True)
class _Run:
    """A publish that waits for its turn, or has it."""

    number: int
    started: float | None = None  # monotonic; None = it waits
    assets: list[int] | None = None  # what it takes, once it has begun
    done: int = 0


class Publishes:
    """All publish jobs of the company; to be used under the lock of the store only."""

    def __init__(self, store: Store, script: FaultScript, *, company_number: str, speed: float) -> None:
        self._store = store
        self._script = script
        self._company_number = company_number
        self._speed = speed
        self._queue: list[_Run] = []  # the first has its turn

    def resume(self, now: float) -> None:
        """Unfinished ones as the index has them; one that was running begins again."""
        rows = self._store.db.execute(
            "select number from job where type = ? and ended_at is null order by number", (PUBLISH,)
        )
        self._queue = [_Run(row["number"]) for row in rows]
        self._next_turn(now)

    def submit(self, db: sqlite3.Connection, param: Tree, client: str, now: float, at: datetime) -> str:
        """Take a job as checked by its schema; gives the handle of the scheduled form. Raises the fault."""
        name = text_of(param, "jobName") or ""
        if not name or "|" in name:
            raise invalid_parameter(f"jobName: found {name!r}, wanted a name without |")
        options = param.get("imageServingPublishJob")
        if not isinstance(options, dict):
            raise missing_parameter("submitJob needs a job, and this server knows imageServingPublishJob only")
        for given, unsupported in ((param, _UNSUPPORTED), (options, _UNSUPPORTED_OPTIONS)):
            for element in unsupported:
                if element in given:
                    raise invalid_parameter(f"{element}: this server publishes at once, everything, and calls nobody")
        number = self._insert(db, name, param, options, client, at)
        self._queue.append(_Run(number))
        if len(self._queue) == 1:
            self._next_turn(now)
        return f"j|{self._company_number}|{name}||"

    def _insert(self, db: sqlite3.Connection, name: str, param: Tree, options: Tree, client: str, at: datetime) -> int:
        same_name = [row["handle"] for row in db.execute("select handle from job where name = ?", (name,))]
        last = db.execute("select seq from sqlite_sequence where name = 'job'").fetchone()
        number: int = 1 if last is None else last["seq"] + 1
        run_name = f"{name}_{at:%Y-%m-%d-%H:%M:%S}.{at.microsecond // 1000:03d}"  # PROTOCOL 2.7
        db.execute(
            """
            insert into job (number, type, name, run_name, handle, locale, description, options, client, peer,
                             same_name, opened_at, last_post_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?)
            """,
            (
                number,
                PUBLISH,
                name,
                run_name,
                f"j|{self._company_number}||{run_name}|{number}",
                text_of(param, "locale"),
                text_of(param, "description") or "",
                json.dumps(options, ensure_ascii=False),
                client,
                json.dumps(same_name),
                at.isoformat(),
                at.isoformat(),
            ),
        )
        facts = (("OriginalJobName", name), ("JobType", PUBLISH), ("JobClient", client))
        insert_rows(db, number, [LogRow(log_type=word, message=fact, at=at) for word, fact in facts])
        return number

    def next_due(self) -> float:
        """When there is something to do."""
        if not self._queue or self._queue[0].started is None:
            return float("inf")
        run = self._queue[0]
        if run.assets is None or not self._speed:
            return self._queue[0].started
        return self._queue[0].started + min(run.done + 1, len(run.assets)) / self._speed

    def step(self, db: sqlite3.Connection, due: float, at: datetime) -> None:
        """Do the one thing that fell due: begin, publish the next asset, end."""
        run = self._queue[0]
        row = db.execute("select * from job where number = ?", (run.number,)).fetchone()
        if run.assets is None:
            run.assets = _taken(db, json.loads(row["options"])["publishType"])
            db.execute("update job set run_at = ? where number = ?", (at.isoformat(), run.number))
            begins = [("Begin" + PUBLISH, f"{row['name']} begins"), ("TotalFileCount", str(len(run.assets)))]
            insert_rows(db, run.number, [LogRow(log_type=word, message=text, at=at) for word, text in begins])
        elif run.done < len(run.assets):
            insert_rows(db, run.number, [self._publish(db, run.assets[run.done], row["name"], at)])
            run.done += 1
        if run.done == len(run.assets):
            insert_rows(db, run.number, [LogRow(log_type="End" + PUBLISH, message=f"{row['name']} ends", at=at)])
            db.execute("update job set ended_at = ? where number = ?", (at.isoformat(), run.number))
            del self._queue[0]
            self._next_turn(due)

    def _next_turn(self, now: float) -> None:
        if self._queue:
            self._queue[0].started = now

    def _publish(self, db: sqlite3.Connection, number: int, job_name: str, at: datetime) -> LogRow:
        asset = db.execute("select * from asset where number = ?", (number,)).fetchone()
        fault = self._script.for_publish(asset["file_name"], job_name)
        if fault is None:
            db.execute(
                "update asset set published_at = ?, published_sha256 = sha256 where number = ?",
                (at.isoformat(), number),
            )
        return LogRow(
            log_type=PUBLISH + ("Success" if fault is None else "Error"),
            message=f"{asset['name']} was published" if fault is None else f"{asset['name']}: {fault.message}",
            at=at,
            asset_name=asset["name"],
            asset_type=asset["type"],
            asset_handle=asset_handle(number),
        )

    def progress(self, number: int) -> tuple[int, int] | None:
        """How many assets a running one has published, of how many; None while it waits for its turn."""
        run = next((run for run in self._queue if run.number == number), None)
        return None if run is None or run.assets is None else (run.done, len(run.assets))


def _taken(db: sqlite3.Connection, publish_type: str) -> list[int]:
    """The numbers of the assets that a publish takes."""
    changed = "and (published_at is null or published_at < modified_at or published_sha256 <> sha256)"
    changed = changed if publish_type == "Incremental" else ""
    rows = db.execute(f"select number from live_asset where is_ready = 1 {changed} order by number")  # noqa: S608
    return [row["number"] for row in rows]
