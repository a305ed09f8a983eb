"""
What the page and the JSON show: all assets and all jobs, as plain values.
"""

import json
import sqlite3
from collections import defaultdict
from datetime import datetime
from typing import Any, TypeAlias

from hotfolder.sandbox.ingest import asset_handle
from hotfolder.sandbox.publishing import PUBLISH

View: TypeAlias = dict[str, Any]
"""A JSON object; times are RFC 3339 in UTC."""


def asset_views(db: sqlite3.Connection, newest: int | None = None) -> list[View]:
    """All assets in the order they were first stored, or the newest of them."""
    projects = defaultdict(list)
    for row in db.execute("select asset, project from asset_project order by project"):
        projects[row["asset"]].append(row["project"])
    rows = db.execute(
        """
        select asset.*, job.name as job_name, job.handle as job_handle, options
        from live_asset as asset join job on job = job.number
        where asset.number > ? order by asset.number
        """,
        (_before(db, "asset", newest),),
    )
    return [
        {
            "name": row["name"],
            "asset_handle": asset_handle(row["number"]),
            "type": row["type"],
            "folder": row["folder"],
            "file_name": row["file_name"],
            "size_bytes": row["size_bytes"],
            "sha256": row["sha256"],
            "ready_for_publish": bool(row["is_ready"]),
            "published_at": _utc(row["published_at"]),
            "published_sha256": row["published_sha256"],
            "versions": row["versions"],
            "created_at": _utc(row["created_at"]),
            "modified_at": _utc(row["modified_at"]),
            "job": row["job_name"],
            "job_handle": row["job_handle"],
            "options": json.loads(row["options"]),
            "projects": projects[row["number"]],
        }
        for row in rows
    ]


def job_views(db: sqlite3.Connection, newest: int | None = None) -> list[View]:
    """All jobs, oldest first, or the newest of them."""
    before = _before(db, "job", newest)
    posts = defaultdict(list)
    for row in db.execute("select * from post where job > ? order by job, position", (before,)):
        posts[row["job"]].append(
            {
                "at": _utc(row["at"]),
                "peer": row["peer"],
                "files": json.loads(row["files"]),
                "end_job": bool(row["end_job"]),
                "overlapped": bool(row["is_overlapped"]),
            }
        )
    log = defaultdict(list)
    for row in db.execute("select * from log where job > ? order by number", (before,)):
        log[row["job"]].append(
            {
                "type": row["log_type"],
                "message": row["message"],
                "at": _utc(row["at"]),
                "asset_name": row["asset_name"],
                "asset_type": row["asset_type"],
                "asset_handle": row["asset_handle"],
            }
        )
    return [
        {
            "type": row["type"],
            "name": row["name"],
            "handle": row["handle"],
            "state": _state(row),
            "locale": row["locale"],
            "description": row["description"],
            "client": row["client"],
            "same_name_as": json.loads(row["same_name"]),
            "timed_out": bool(row["is_timed_out"]),
            "opened_at": _utc(row["opened_at"]),
            "last_post_at": _utc(row["last_post_at"]),
            "run_at": _utc(row["run_at"]),
            "ended_at": _utc(row["ended_at"]),
            "options": json.loads(row["options"]),
            "posts": posts[row["number"]],
            "log": log[row["number"]],
        }
        for row in db.execute("select * from job where number > ? order by number", (before,))
    ]


def _before(db: sqlite3.Connection, table: str, newest: int | None) -> int:
    """The number below the newest so-many of a table; 0 for all."""
    if newest is None:
        return 0
    last = db.execute("select seq from sqlite_sequence where name = ?", (table,)).fetchone()
    return 0 if last is None else int(last["seq"]) - newest


def _state(row: sqlite3.Row) -> str:
    if row["ended_at"] is not None:
        return "Done"
    if row["type"] == PUBLISH:
        return "WaitingCoordinator" if row["run_at"] is None else "Running"
    return "WaitingClient" if row["run_at"] is None else "Running"


def _utc(text: str | None) -> str | None:
    """As written in the index, with Z."""
    return None if text is None else datetime.fromisoformat(text).isoformat().replace("+00:00", "Z")
